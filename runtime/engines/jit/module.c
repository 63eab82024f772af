/* What the module offers through its one symbol: compile, run, explain, free. */
#include "runtime/engines/jit.h"

#include "runtime/engines/jit/program_emit.h"
#include "runtime/engines/jit/runner.h"

#include <stdint.h>

extern const JitModule raspc_jit_module __attribute__((visibility("default")));

static void module_free(JitProgram *program) {
    Compiled *compiled = (Compiled *)program;
    native_free(compiled->native);
    arena_free(compiled->arena);
}

static bool make_native(Compiled *compiled, const char *cpu, Buffer *why) {
    compiled->native = native_new(cpu, why);
    if (compiled->native == NULL) return false;
    Buffer object = {0};
    compiled->stages.arena = compiled->arena;
    program_emit(compiled->native, compiled->plan, &compiled->stages);
    void *address = NULL;
    if (native_object(compiled->native, plan_is_quadratic(compiled->plan), &object, why))
        address = native_load(compiled->native, object.data, object.len, PROGRAM_ENTRY, why);
    compiled->code = (Code)(uintptr_t)address;
    buffer_free(&object);
    return address != NULL;
}

static JitProgram *module_compile(const Model *model, const JitOptions *options, Span span,
                                  Diagnostics *diags) {
    Arena *arena = arena_new(0);
    Compiled *compiled = ARENA_NEW(arena, Compiled);
    Buffer why = {0};
    compiled->base.module = &raspc_jit_module;
    compiled->arena = arena;
    compiled->threads = options ? options->threads : 0;
    compiled->tokens = token_index_new(model, arena);
    compiled->plan = plan_model(model, arena, &why);
    bool done = compiled->plan != NULL;
    if (!done) {
        diag_error(diags, DIAG_CANNOT_LOWER, span, "the jit has no plan for %s", why.data);
    } else if (!make_native(compiled, options ? options->cpu : NULL, &why)) {
        diag_error(diags, DIAG_NO_JIT, span, "the jit can't compile this: %s", why.data);
        done = false;
    }
    buffer_free(&why);
    if (done) return &compiled->base;
    module_free(&compiled->base);
    return NULL;
}

static void module_explain(const JitProgram *program, Buffer *out) {
    plan_print(((const Compiled *)program)->plan, out);
}

const JitModule raspc_jit_module = {
    .version = JIT_MODULE_VERSION,
    .compile = module_compile,
    .free = module_free,
    .run = runner_run_input,
    .runner_new = runner_new,
    .runner_free = runner_free,
    .numbers = runner_numbers,
    .runner_run = runner_run,
    .explain = module_explain,
};
