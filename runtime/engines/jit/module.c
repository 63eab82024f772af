/* What the module offers through its one symbol: compile, run, explain, free. */
#include "runtime/engines/jit.h"

#include "runtime/engines/jit/library.h"
#include "runtime/engines/jit/object_cache.h"
#include "runtime/engines/jit/program_emit.h"
#include "runtime/engines/jit/real/real_program.h"
#include "runtime/engines/jit/runner.h"

#include <stdint.h>

extern const JitModule raspc_jit_module __attribute__((visibility("default")));

static void module_free(JitProgram *program) {
    Compiled *compiled = (Compiled *)program;
    native_free(compiled->native);
    arena_free(compiled->arena);
}

/* The object file of the plan, with its stages; false on failure (*why). */
static bool write_code(Compiled *compiled, bool by_stages, Buffer *object, Buffer *why) {
    if (!by_stages && short_emit(compiled->native, compiled->plan))
        return native_object(compiled->native, false, object, why);
    program_emit(compiled->native, compiled->plan, &compiled->stages);
    return native_object(compiled->native, plan_is_quadratic(compiled->plan), object, why);
}

/* The same, from the directory or for it. That it can't be written there is worth a warning. */
static bool cached_code(Compiled *compiled, const JitOptions *options, Span span,
                        Diagnostics *diags, Buffer *object, Buffer *why) {
    const char *directory = options->cache;
    Buffer text = {0}, target = {0}, path = {0};
    Columns *columns = &compiled->plan->columns;
    const char *trouble;
    native_print_target(compiled->native, &target);
    model_print(compiled->plan->model, &text);
    if (options->by_stages) buffer_text(&text, "by stages\n");
    object_cache_path(directory, &text, &target, &path);
    bool done = object_cache_read(path.data, &compiled->stages, columns, object);
    if (!done) {
        done = write_code(compiled, options->by_stages, object, why);
        if (done &&
            !object_cache_write(directory, path.data, &compiled->stages, columns, object, &trouble))
            diag_warning(diags, DIAG_FILE, span, "can't keep native code in '%s': %s", directory,
                         trouble);
    }
    buffer_free(&text);
    buffer_free(&target);
    buffer_free(&path);
    return done;
}

static bool make_native(Compiled *compiled, const JitOptions *options, Span span,
                        Diagnostics *diags, Buffer *why) {
    const char *cache = options ? options->cache : NULL;
    compiled->native = native_new(options ? options->cpu : NULL, why);
    if (compiled->native == NULL) return false;
    Buffer object = {0};
    compiled->stages.arena = compiled->arena;
    void *address = NULL;
    bool by_stages = options && options->by_stages;
    bool written = cache && *cache ? cached_code(compiled, options, span, diags, &object, why)
                                   : write_code(compiled, by_stages, &object, why);
    bool is_short = compiled->stages.count == 0;
    if (written)
        address = native_load(compiled->native, object.data, object.len,
                              is_short ? SHORT_ENTRY : PROGRAM_ENTRY, why);
    if (is_short)
        compiled->short_code = (ShortCode)(uintptr_t)address;
    else
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
    } else if (!make_native(compiled, options, span, diags, &why)) {
        diag_error(diags, DIAG_NO_JIT, span, "the jit can't compile this: %s", why.data);
        done = false;
    }
    buffer_free(&why);
    if (done) return &compiled->base;
    module_free(&compiled->base);
    return NULL;
}

static bool write_library(Arena *arena, Plan *plan, const JitOptions *options, const char *name,
                          Buffer *object, Buffer *why) {
    Stages stages = {.arena = arena};
    Native *native = native_new(options ? options->cpu : NULL, why);
    bool written = native != NULL;
    if (written) {
        program_emit(native, plan, &stages);
        library_emit(native, plan, name);
        written = native_object(native, plan_is_quadratic(plan), object, why);
    }
    native_free(native);
    return written;
}

static bool module_library(const Model *model, const JitOptions *options, const char *name,
                           Span span, Diagnostics *diags, Buffer *object, Buffer *header) {
    Arena *arena = arena_new(0);
    Buffer why = {0};
    Plan *plan = plan_model(model, arena, &why);
    bool done = plan != NULL && library_can(plan, &why);
    if (!done) {
        diag_error(diags, DIAG_CANNOT_LOWER, span, "this can't be a C function: %s", why.data);
    } else {
        library_header(plan, name, header);
        done = object == NULL || write_library(arena, plan, options, name, object, &why);
        if (!done) diag_error(diags, DIAG_NO_JIT, span, "the jit can't compile this: %s", why.data);
    }
    buffer_free(&why);
    arena_free(arena);
    return done;
}

static void module_explain(const JitProgram *program, Buffer *out) {
    const Compiled *compiled = (const Compiled *)program;
    plan_print(compiled->plan, out);
    if (compiled->short_code)
        buffer_printf(out,
                      "  inputs of up to %u are so short that all positions go side by side, in "
                      "vectors, instead\n",
                      compiled->plan->model->max_length);
}

const JitModule raspc_jit_module = {
    .version = JIT_MODULE_VERSION,
    .compile = module_compile,
    .free = module_free,
    .run = runner_run_input,
    .runner_new = runner_new,
    .runner_free = runner_free,
    .runner_run = runner_run,
    .explain = module_explain,
    .library = module_library,
    .real_compile = real_compile,
    .real_free = real_free,
    .real_run = real_run,
    .real_explain = real_explain,
};
