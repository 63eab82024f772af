/* What the module offers through its one symbol: compile, run, explain, free. */
#include "runtime/engines/jit.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/engines/jit/decode.h"
#include "runtime/engines/jit/program_emit.h"
#include "runtime/engines/jit/tokens.h"

#include <stdint.h>

typedef void (*Code)(const int32_t *tokens, int64_t n, void **columns);

typedef struct Compiled {
    JitProgram base; /* first */
    Arena *arena;
    Plan *plan;
    TokenIndex *tokens;
    Native *native;
    Code code;
} Compiled;

extern const JitModule raspc_jit_module __attribute__((visibility("default")));

static void module_free(JitProgram *program) {
    Compiled *compiled = (Compiled *)program;
    native_free(compiled->native);
    arena_free(compiled->arena);
}

static bool make_native(Compiled *compiled, const char *cpu, Buffer *why) {
    compiled->native = native_new(cpu, why);
    if (compiled->native == NULL) return false;
    program_emit(compiled->native, compiled->plan);
    void *address =
        native_link(compiled->native, PROGRAM_ENTRY, plan_is_quadratic(compiled->plan), why);
    compiled->code = (Code)(uintptr_t)address;
    return address != NULL;
}

static JitProgram *module_compile(const Model *model, const JitOptions *options, Span span,
                                  Diagnostics *diags) {
    Arena *arena = arena_new(0);
    Compiled *compiled = ARENA_NEW(arena, Compiled);
    Buffer why = {0};
    compiled->base.module = &raspc_jit_module;
    compiled->arena = arena;
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

/* --- running ---------------------------------------------------------------------------------- */

/* A column's bytes, a cache line each at least; false when they are too many to count. */
static bool buffer_bytes(const BufferSpec *spec, uint32_t n, size_t *bytes) {
    int64_t length;
    if (__builtin_mul_overflow(spec->length.per_position, (int64_t)n, &length) ||
        __builtin_add_overflow(length, spec->length.fixed, &length) || length < 0)
        return false;
    if (__builtin_mul_overflow((size_t)length, element_size(spec->type), bytes)) return false;
    *bytes += 64;
    return true;
}

static bool columns_fit(const Columns *columns, uint32_t n) {
    size_t total = 0, bytes;
    for (uint32_t b = 0; b < columns->buffer_count; b++)
        if (!buffer_bytes(&columns->buffers[b], n, &bytes) ||
            __builtin_add_overflow(total, bytes, &total) || total > LIMIT_EVALUATION_BYTES)
            return false;
    return true;
}

static void **columns_allocate(const Columns *columns, uint32_t n, Arena *arena) {
    void **list = ARENA_ARRAY(arena, void *, columns->buffer_count + columns->table_count + 1);
    for (uint32_t b = 0; b < columns->buffer_count; b++) {
        size_t bytes = 0;
        buffer_bytes(&columns->buffers[b], n, &bytes);
        list[b] = arena_alloc(arena, bytes);
    }
    for (uint32_t t = 0; t < columns->table_count; t++)
        list[columns->buffer_count + t] = (void *)(uintptr_t)columns->tables[t].data;
    return list;
}

/* Several strings were gathered, and strings have no mean. */
static bool check_gathered(const Plan *plan, void **columns, uint32_t n, Span span,
                           Diagnostics *diags) {
    for (uint32_t l = 0; l < plan->model->layer_count; l++) {
        for (uint32_t h = 0; h < plan->model->layers[l].head_count; h++) {
            const Attend *attend = &plan->layers[l].heads[h];
            for (uint32_t f = 0; f < attend->finish_count; f++) {
                BufferId several = attend->finishes[f].several;
                if (several == NO_BUFFER || *(const int64_t *)columns[several] >= n) continue;
                diag_error(diags, DIAG_MEAN_OF_STRINGS, span,
                           "position %lld selects several positions: strings have no mean",
                           (long long)*(const int64_t *)columns[several]);
                return false;
            }
        }
    }
    return true;
}

static bool check_traps(const Plan *plan, void **columns, uint32_t n, Span span,
                        Diagnostics *diags) {
    const Readout *readout = &plan->model->readout;
    const int64_t *trapped = columns[plan->output.trapped];
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        if (trapped[t] >= n) continue;
        const Trap *trap = &readout->traps[t];
        diag_error(diags, trap->id, trap->span.file ? trap->span : span, "position %lld: %s",
                   (long long)trapped[t], trap->why->bytes);
        return false;
    }
    return true;
}

static bool run_in(const Compiled *compiled, Input input, Span span, Arena *scratch,
                   Arena *result_arena, Diagnostics *diags, Sequence *out) {
    const Plan *plan = compiled->plan;
    uint32_t *tokens = ARENA_ARRAY(scratch, uint32_t, (size_t)input.n + 1);
    if (!token_index_numbers(compiled->tokens, input.tokens, input.n, span, diags, tokens))
        return false;
    if (!columns_fit(&plan->columns, input.n)) {
        diag_error(diags, DIAG_LIMIT_MEMORY, span, "an input of %u elements needs too much memory",
                   input.n);
        return false;
    }
    void **columns = columns_allocate(&plan->columns, input.n, scratch);
    compiled->code((const int32_t *)tokens, input.n, columns);
    if (!check_traps(plan, columns, input.n, span, diags) ||
        !check_gathered(plan, columns, input.n, span, diags))
        return false;
    return decode_output(plan, columns, input.n, span, result_arena, diags, out);
}

static bool module_run(const JitProgram *program, Input input, Span span, Arena *result_arena,
                       Diagnostics *diags, Sequence *out) {
    Arena *scratch = arena_new(0);
    bool done = run_in((const Compiled *)program, input, span, scratch, result_arena, diags, out);
    arena_free(scratch);
    return done;
}

static void module_explain(const JitProgram *program, Buffer *out) {
    plan_print(((const Compiled *)program)->plan, out);
}

const JitModule raspc_jit_module = {
    .version = JIT_MODULE_VERSION,
    .compile = module_compile,
    .free = module_free,
    .run = module_run,
    .explain = module_explain,
};
