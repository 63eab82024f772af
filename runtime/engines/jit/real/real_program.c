/* Compiling: the plan's functions, written into one module and linked. */
#include "runtime/engines/jit/real/real_program.h"

#include "runtime/engines/jit/real/accumulate_emit.h"
#include "runtime/engines/jit/real/nearest_emit.h"
#include "runtime/engines/jit/real/run.h"
#include "runtime/engines/jit/real/softmax_emit.h"

#include <stdio.h>

enum { NAME_BYTES = 16 };

static void function_name(char *name, uint32_t number) {
    snprintf(name, NAME_BYTES, "f%u", number);
}

static void emit_head(Kernel *kernel, const RealPlan *plan, const RealHead *head) {
    char name[NAME_BYTES];
    function_name(name, head->kernel);
    bool vectors = graph_node(plan->graph, head->node)->type == TYPE_VECTOR;
    if ((head->plan == HEAD_GROUP || head->plan == HEAD_UNIFORM) && vectors)
        accumulate_emit(kernel, name, graph_node(plan->graph, head->value)->width);
    if (head->plan == HEAD_SOFTMAX)
        softmax_emit(kernel, name, &head->form.shape, graph_node(plan->graph, head->value)->width);
}

/* The functions of element-wise code, whose loops the optimiser makes nothing of, and of tiles. */
static void emit_all(Native *native, RealPlan *plan) {
    char name[NAME_BYTES];
    Kernel kernel = kernel_begin(native, plan->unit, plan->single);
    for (uint32_t e = 0; e < plan->element_count; e++) {
        function_name(name, plan->elements[e].function);
        element_emit(&kernel, name, plan, &plan->elements[e]);
    }
    for (uint32_t a = 0; a < plan->assignment_count; a++) {
        function_name(name, plan->assignments[a].kernel);
        nearest_emit(&kernel, name, &plan->assignments[a].head->form.shape);
    }
    for (uint32_t h = 0; h < plan->head_count; h++)
        emit_head(&kernel, plan, &plan->heads[h]);
    kernel_end(&kernel);
}

/* Heads without a kernel have a number all the same, and no function. */
static bool has_function(const RealPlan *plan, uint32_t number) {
    for (uint32_t h = 0; h < plan->head_count; h++) {
        const RealHead *head = &plan->heads[h];
        if (head->kernel != number || head->plan == HEAD_NEAREST || head->plan == HEAD_ROWS)
            continue;
        if (head->plan == HEAD_SOFTMAX) return true;
        if (number > 0 || head->plan == HEAD_GROUP || head->plan == HEAD_UNIFORM)
            return graph_node(plan->graph, head->node)->type == TYPE_VECTOR;
    }
    return true;
}

static bool load(RealProgram *program, Buffer *why) {
    RealPlan *plan = program->plan;
    Buffer object = {0};
    char name[NAME_BYTES];
    if (plan->function_count == 0) return true;
    emit_all(program->native, plan);
    bool done = native_object(program->native, false, &object, why);
    program->functions = ARENA_ARRAY(program->arena, void *, plan->function_count);
    bool linked = false;
    for (uint32_t f = 0; f < plan->function_count && done; f++) {
        if (!has_function(plan, f)) continue;
        function_name(name, f);
        program->functions[f] =
            linked ? native_find(program->native, name, why)
                   : native_load(program->native, object.data, object.len, name, why);
        linked = true;
        done = program->functions[f] != NULL;
    }
    buffer_free(&object);
    return done;
}

JitReal *real_compile(const JitModule *module, const Graph *graph, const NodeId *outputs,
                      uint32_t count, const JitOptions *options, Span span, Diagnostics *diags) {
    static const JitOptions none = {0};
    if (options == NULL) options = &none;
    Arena *arena = arena_new(0);
    RealProgram *program = ARENA_NEW(arena, RealProgram);
    Buffer why = {0};
    program->module = module;
    program->arena = arena;
    program->threads = options->threads;
    program->plan = real_plan(arena, graph, outputs, count, options->single,
                              vector_unit(options->cpu), span, diags);
    bool done = program->plan != NULL;
    if (done) {
        program->native = native_new(options->cpu, &why);
        done = program->native != NULL && load(program, &why);
        if (!done) diag_error(diags, DIAG_NO_JIT, span, "the jit can't compile this: %s", why.data);
    }
    buffer_free(&why);
    if (done) return (JitReal *)program;
    real_free((JitReal *)program);
    return NULL;
}

void real_free(JitReal *base) {
    RealProgram *program = (RealProgram *)base;
    native_free(program->native);
    arena_free(program->arena);
}

void real_explain(const JitReal *base, Buffer *out) {
    real_plan_print(((const RealProgram *)base)->plan, out);
}
