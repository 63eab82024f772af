/* Tables of constants: is it among the keys, the value of a key, an item of a list. Keys are sorted
   constants, in which every position looks by halves; the empty table has no code of its own. */
#include "runtime/engines/jit/real/element_emit.h"

#include "runtime/base/bug.h"

#include <stdlib.h>

#define B(elements) ((elements)->kernel->emit.builder)

/* An array of the module's. */
static LLVMValueRef constant_array(Elements *elements, LLVMTypeRef type, LLVMValueRef *values,
                                   uint32_t count) {
    LLVMValueRef data = LLVMConstArray(type, values, count);
    LLVMValueRef global = LLVMAddGlobal(elements->kernel->emit.module, LLVMTypeOf(data), "table");
    LLVMSetInitializer(global, data);
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    return global;
}

/* A key's number, and which of the table's it is. */
typedef struct Key {
    double number;
    uint32_t at;
} Key;

static int by_number(const void *left, const void *right) {
    double a = ((const Key *)left)->number, b = ((const Key *)right)->number;
    return (a > b) - (a < b);
}

/* Those that can be equal to what is looked up: strings, or numbers. */
static Key *sorted_keys(Elements *elements, const Table *table, bool strings, uint32_t *count) {
    Key *keys = ARENA_ARRAY(elements->plan->arena, Key, table->count);
    *count = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        if ((table->keys[i].kind == ATOM_STRING) != strings) continue;
        keys[(*count)++] = (Key){real_number(elements->plan, table->keys[i]), i};
    }
    if (*count > 0) qsort(keys, *count, sizeof *keys, by_number);
    return keys;
}

/* The number of the last key that is not above it (or 0); *found: it is that key. */
static LLVMValueRef find(Elements *elements, const Key *keys, uint32_t count, LLVMValueRef number,
                         LLVMValueRef *found) {
    Emit *emit = &elements->kernel->emit;
    LLVMValueRef *values = ARENA_ARRAY(elements->plan->arena, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++)
        values[i] = emit_real(emit, keys[i].number);
    LLVMValueRef array = constant_array(elements, emit->f64, values, count);
    LLVMValueRef at = emit_int(emit, 0);
    for (uint32_t left = count; left > 1; left -= left / 2) {
        LLVMValueRef next = kernel_add(elements->kernel, at, emit_int(emit, left / 2));
        LLVMValueRef key = emit_load(emit, emit->f64, array, next);
        LLVMValueRef not_above = LLVMBuildFCmp(B(elements), LLVMRealOLE, key, number, "");
        at = emit_choose(emit, not_above, next, at);
    }
    LLVMValueRef key = emit_load(emit, emit->f64, array, at);
    *found = LLVMBuildFCmp(B(elements), LLVMRealOEQ, key, number, "");
    return at;
}

/* The table's value that stands there; order: (count) which value stands where, NULL: each in its
   place. */
static ElementValue value_at(Elements *elements, const Table *table, const Key *order,
                             uint32_t count, LLVMValueRef at) {
    Emit *emit = &elements->kernel->emit;
    LLVMValueRef *numbers = ARENA_ARRAY(elements->plan->arena, LLVMValueRef, count);
    LLVMValueRef *tags = ARENA_ARRAY(elements->plan->arena, LLVMValueRef, count);
    for (uint32_t i = 0; i < count; i++) {
        Atom value = table->values[order ? order[i].at : i];
        numbers[i] = emit_real(emit, real_number(elements->plan, value));
        tags[i] = LLVMConstInt(emit->i8, (uint64_t)real_atom_tag(value), false);
    }
    return (ElementValue){
        emit_load(emit, emit->f64, constant_array(elements, emit->f64, numbers, count), at),
        emit_load(emit, emit->i8, constant_array(elements, emit->i8, tags, count), at)};
}

static ElementValue nothing(Elements *elements) {
    Emit *emit = &elements->kernel->emit;
    return (ElementValue){emit_real(emit, 0), LLVMConstInt(emit->i8, TAG_INT, false)};
}

static bool looks_up_strings(const Elements *elements, const Node *at) {
    return graph_node(elements->plan->graph, at->args[0])->type == TYPE_STRING;
}

LLVMValueRef table_member(Elements *elements, NodeId node, ElementValue a) {
    const Node *at = graph_node(elements->plan->graph, node);
    uint32_t count;
    const Key *keys = sorted_keys(elements, at->table, looks_up_strings(elements, at), &count);
    LLVMValueRef found = LLVMConstInt(elements->kernel->emit.i1, 0, false);
    if (count > 0) find(elements, keys, count, a.number, &found);
    return found;
}

ElementValue table_lookup(Elements *elements, NodeId node, ElementValue a) {
    const Node *at = graph_node(elements->plan->graph, node);
    uint32_t count;
    const Key *keys = sorted_keys(elements, at->table, looks_up_strings(elements, at), &count);
    LLVMValueRef found = LLVMConstInt(elements->kernel->emit.i1, 0, false);
    LLVMValueRef place = count > 0 ? find(elements, keys, count, a.number, &found) : NULL;
    element_trap(elements, LLVMBuildNot(B(elements), found, ""), node, a, a);
    return count > 0 ? value_at(elements, at->table, keys, count, place) : nothing(elements);
}

/* From the end where it is negative. */
ElementValue table_item(Elements *elements, NodeId node, ElementValue a) {
    const Node *at = graph_node(elements->plan->graph, node);
    Emit *emit = &elements->kernel->emit;
    uint32_t count = at->table->count;
    LLVMValueRef zero = emit_real(emit, 0), items = emit_real(emit, count);
    LLVMValueRef low = LLVMBuildFCmp(B(elements), LLVMRealOGE, a.number,
                                     LLVMBuildFNeg(B(elements), items, ""), "");
    LLVMValueRef high = LLVMBuildFCmp(B(elements), LLVMRealOLT, a.number, items, "");
    LLVMValueRef is_int =
        LLVMBuildICmp(B(elements), LLVMIntNE, a.tag, LLVMConstInt(emit->i8, TAG_FLOAT, false), "");
    LLVMValueRef good =
        LLVMBuildAnd(B(elements), LLVMBuildAnd(B(elements), low, high, ""), is_int, "");
    element_trap(elements, LLVMBuildNot(B(elements), good, ""), node, a, a);
    if (count == 0) return nothing(elements);
    LLVMValueRef number = emit_choose(emit, good, a.number, zero);
    LLVMValueRef negative = LLVMBuildFCmp(B(elements), LLVMRealOLT, number, zero, "");
    LLVMValueRef from_end = LLVMBuildFAdd(B(elements), number, items, "");
    number = emit_choose(emit, negative, from_end, number);
    LLVMValueRef place = LLVMBuildFPToSI(B(elements), number, emit->i64, "");
    return value_at(elements, at->table, NULL, count, place);
}
