/* Element-wise nodes between two heads: one loop over positions, in which every node is a value in
   registers (a vector is one value of all its components). All arithmetic is eval's, in its order
   and in doubles, so that results are the same bit for bit; functions are the C library's, as
   eval's are. */
#include "runtime/engines/jit/real/element_emit.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* --- values ----------------------------------------------------------------------------------- */

static LLVMValueRef tag_const(Elements *elements, int tag) {
    return LLVMConstInt(elements->kernel->emit.i8, (uint64_t)tag, false);
}

static ElementValue scalar(Elements *elements, LLVMValueRef number, int tag) {
    return (ElementValue){number, tag_const(elements, tag)};
}

LLVMValueRef element_splat(Elements *elements, const ElementValue *value, uint32_t width) {
    if (LLVMGetTypeKind(LLVMTypeOf(value->number)) == LLVMVectorTypeKind) return value->number;
    return kernel_splat(elements->kernel, value->number, width);
}

LLVMValueRef element_part(Elements *elements, LLVMValueRef vector, uint32_t component) {
    LLVMValueRef index = LLVMConstInt(elements->kernel->emit.i32, component, false);
    return LLVMBuildExtractElement(elements->kernel->emit.builder, vector, index, "");
}

static LLVMValueRef column_pointer(Elements *elements, NodeId node, uint32_t which) {
    Emit *emit = &elements->kernel->emit;
    return emit_load(emit, emit->pointer, elements->columns,
                     emit_int(emit, 2 * (int64_t)node + which));
}

/* The row of the node's column that belongs to this round of the loop. */
static LLVMValueRef row_of(Elements *elements, NodeId node) {
    return elements->plan->rows[node] == 0 ? elements->position : elements->row;
}

static ElementValue load_column(Elements *elements, NodeId node) {
    const Node *at = graph_node(elements->plan->graph, node);
    Kernel *kernel = elements->kernel;
    Emit *emit = &kernel->emit;
    LLVMValueRef column = column_pointer(elements, node, 0), row = row_of(elements, node);
    if (at->type == TYPE_VECTOR) {
        LLVMValueRef place = kernel_mul(kernel, row, emit_int(emit, at->width));
        LLVMValueRef value = kernel_load(kernel, LLVMVectorType(kernel->real, at->width),
                                         kernel->real, column, place);
        if (kernel->single)
            value = LLVMBuildFPExt(emit->builder, value, LLVMVectorType(emit->f64, at->width), "");
        return (ElementValue){value, NULL};
    }
    ElementValue value = {emit_load(emit, emit->f64, column, row), NULL};
    value.tag = real_is_tagged(elements->plan->graph, node)
                    ? emit_load(emit, emit->i8, column_pointer(elements, node, 1), row)
                    : tag_const(elements, real_tag(elements->plan->graph, node));
    return value;
}

static double atom_double(Atom atom) {
    double value;
    if (!atom_as_double(atom, &value)) BUG("a constant that is no number");
    return value;
}

static LLVMValueRef table_vector(Elements *elements, const Table *table, uint32_t first,
                                 uint32_t stride, uint32_t count) {
    LLVMValueRef *numbers = ARENA_ARRAY(elements->plan->arena, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] =
            emit_real(&elements->kernel->emit, atom_double(table->values[first + i * stride]));
    return LLVMConstVector(numbers, count);
}

ElementValue element_operand(Elements *elements, NodeId node) {
    node = real_seen(elements->plan, elements->step->rows, node);
    const Node *at = graph_node(elements->plan->graph, node);
    ElementValue *value = &elements->values[node];
    if (value->number != NULL) return *value;
    switch (at->op) {
    case OP_CONST:
        *value = scalar(elements,
                        emit_real(&elements->kernel->emit, real_number(elements->plan, at->atom)),
                        real_atom_tag(at->atom));
        break;
    case OP_INDICES:
        *value =
            scalar(elements, emit_to_real(&elements->kernel->emit, elements->position), TAG_INT);
        break;
    case OP_VECTOR:
        *value = (ElementValue){table_vector(elements, at->table, 0, 1, at->table->count), NULL};
        break;
    default: *value = load_column(elements, node);
    }
    return *value;
}

/* --- trouble ---------------------------------------------------------------------------------- */

/* Notes the position, where it is the first, and what the operands were. */
void element_trap(Elements *elements, LLVMValueRef condition, NodeId node, ElementValue a,
                  ElementValue b) {
    Kernel *kernel = elements->kernel;
    Emit *emit = &kernel->emit;
    RealPlan *plan = elements->plan;
    enum { WORDS = sizeof(TrapCell) / sizeof(int64_t) };
    if (plan->trap_count == plan->trap_capacity) {
        uint32_t capacity = plan->trap_capacity ? 2 * plan->trap_capacity : 16;
        plan->traps =
            arena_grow(plan->arena, plan->traps, plan->trap_count, capacity, sizeof(TrapSite));
        plan->trap_capacity = capacity;
    }
    uint32_t site = plan->trap_count++ - elements->step->first_trap;
    plan->traps[plan->trap_count - 1].node = node;
    LLVMValueRef cell = emit_int(emit, (int64_t)site * WORDS);
    Branch rare = branch_begin(emit, condition);
    LLVMValueRef old = emit_load(emit, emit->i64, elements->traps, cell);
    LLVMValueRef earlier = LLVMBuildICmp(emit->builder, LLVMIntSLT, elements->position, old, "");
    Branch first = branch_begin(emit, earlier);
    LLVMTypeRef i64 = emit->i64;
    emit_store(emit, i64, elements->traps, cell, elements->position);
    emit_store(emit, emit->f64, elements->traps, kernel_add(kernel, cell, emit_int(emit, 1)),
               a.number);
    emit_store(emit, emit->f64, elements->traps, kernel_add(kernel, cell, emit_int(emit, 2)),
               b.number);
    emit_store(emit, i64, elements->traps, kernel_add(kernel, cell, emit_int(emit, 3)),
               LLVMBuildZExt(emit->builder, a.tag, i64, ""));
    emit_store(emit, i64, elements->traps, kernel_add(kernel, cell, emit_int(emit, 4)),
               LLVMBuildZExt(emit->builder, b.tag, i64, ""));
    branch_end(emit, first);
    branch_end(emit, rare);
}

/* --- a step ----------------------------------------------------------------------------------- */

static void store_column(Elements *elements, NodeId node) {
    const Node *at = graph_node(elements->plan->graph, node);
    Kernel *kernel = elements->kernel;
    Emit *emit = &kernel->emit;
    ElementValue value = elements->values[node];
    LLVMValueRef column = column_pointer(elements, node, 0), row = row_of(elements, node);
    if (at->type == TYPE_VECTOR) {
        LLVMValueRef number = value.number;
        if (kernel->single)
            number = LLVMBuildFPTrunc(emit->builder, number,
                                      LLVMVectorType(kernel->real, at->width), "");
        kernel_store(kernel, kernel->real, column,
                     kernel_mul(kernel, row, emit_int(emit, at->width)), number);
        return;
    }
    emit_store(emit, emit->f64, column, row, value.number);
    if (real_is_tagged(elements->plan->graph, node))
        emit_store(emit, emit->i8, column_pointer(elements, node, 1), row, value.tag);
}

void element_emit(Kernel *kernel, const char *name, RealPlan *plan, ElementStep *step) {
    Emit *emit = &kernel->emit;
    kernel_function(kernel, name, "ppiip");
    Elements elements = {.kernel = kernel,
                         .plan = plan,
                         .step = step,
                         .columns = kernel->parameters[0],
                         .traps = kernel->parameters[4],
                         .values = ARENA_ARRAY(plan->arena, ElementValue, plan->graph->count)};
    step->first_trap = plan->trap_count;
    Loop loop = loop_begin(emit, kernel->parameters[2], kernel->parameters[3], 0, NULL);
    elements.row = elements.position = loop.index;
    if (step->rows != 0)
        elements.position =
            emit_to_int(emit, emit_load(emit, emit->i32, kernel->parameters[1], loop.index));
    for (uint32_t i = 0; i < step->count; i++) {
        NodeId node = step->nodes[i];
        ElementValue *value = &elements.values[node];
        if (value->number == NULL) *value = element_compute(&elements, node);
        /* What is stored in float32 is read as that, here too. */
        if (kernel->single && graph_node(plan->graph, node)->type == TYPE_VECTOR) {
            uint32_t width = graph_node(plan->graph, node)->width;
            LLVMValueRef rounded = LLVMBuildFPTrunc(emit->builder, value->number,
                                                    LLVMVectorType(kernel->real, width), "");
            value->number =
                LLVMBuildFPExt(emit->builder, rounded, LLVMVectorType(emit->f64, width), "");
        }
        if (plan->stored[node]) store_column(&elements, node);
    }
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
    step->trap_count = plan->trap_count - step->first_trap;
}

LLVMValueRef element_table(Elements *elements, const Table *table, uint32_t first, uint32_t stride,
                           uint32_t count) {
    return table_vector(elements, table, first, stride, count);
}
