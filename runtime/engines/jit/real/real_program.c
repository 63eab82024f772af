/* Compiling: the plan's functions, written into one module and linked. */
#include "runtime/engines/jit/real/real_program.h"

#include "runtime/engines/jit/object_cache.h"
#include "runtime/engines/jit/real/accumulate_emit.h"
#include "runtime/engines/jit/real/duel_emit.h"
#include "runtime/engines/jit/real/nearest_emit.h"
#include "runtime/engines/jit/real/outer_emit.h"
#include "runtime/engines/jit/real/run.h"
#include "runtime/engines/jit/real/screen_emit.h"
#include "runtime/engines/jit/real/softmax_emit.h"
#include "runtime/engines/jit/real/weigh_emit.h"

#include <stdio.h>

enum { NAME_BYTES = 16 };

static void function_name(char *name, uint32_t number) {
    snprintf(name, NAME_BYTES, "f%u", number);
}

/* Of keys in a column; fused, of weights in tiles (weigh_emit.h). */
static void emit_outer(Kernel *kernel, const char *name, const RealPlan *plan,
                       const RealHead *head) {
    OuterShape shape = {0};
    if (head->source) {
        shape.key_stride = weigh_rows(plan, head->source);
    } else {
        const ScoreTerm *term = &head->form.terms[0];
        shape = (OuterShape){.key_doubles = graph_node(plan->graph, term->key)->type != TYPE_VECTOR,
                             .key_stride = 1,
                             .tail = term->width % plan->unit.tile_keys,
                             .magnitudes = true};
    }
    if (head->plan == HEAD_ACCUMULATE) {
        const Node *value = graph_node(plan->graph, head->value);
        shape.value_doubles = value->type != TYPE_VECTOR;
        shape.width = value->width ? value->width : 1;
    }
    outer_emit(kernel, name, &shape);
}

/* The functions of a head, and which numbers they have. */
static void emit_head(Kernel *kernel, const RealPlan *plan, const RealHead *head,
                      uint8_t *emitted) {
    char name[NAME_BYTES];
    bool vectors = graph_node(plan->graph, head->node)->type == TYPE_VECTOR;
    function_name(name, head->kernel);
    emitted[head->kernel] = 1;
    if (head->plan == HEAD_ACCUMULATE || head->source)
        emit_outer(kernel, name, plan, head);
    else if ((head->plan == HEAD_GROUP || head->plan == HEAD_UNIFORM) && vectors)
        accumulate_emit(kernel, name, graph_node(plan->graph, head->value)->width);
    else if (head->plan == HEAD_SOFTMAX)
        softmax_emit(kernel, name, plan, head);
    else
        emitted[head->kernel] = 0;
    if (head->follower_count == 0) return;
    function_name(name, head->weigh_kernel);
    emitted[head->weigh_kernel] = 1;
    weigh_emit(kernel, name, plan, head);
}

static void emit_assignment(Kernel *kernel, const Assignment *assignment, uint8_t *emitted) {
    char name[NAME_BYTES];
    const TileShape *shape = &assignment->head->form.shape;
    function_name(name, assignment->kernel);
    emitted[assignment->kernel] = 1;
    nearest_emit(kernel, name, shape);
    if (!assignment->screened) return;
    function_name(name, assignment->pack);
    screen_pack_emit(kernel, name, shape);
    function_name(name, assignment->screen);
    screen_emit(kernel, name, shape);
    function_name(name, assignment->duel);
    duel_emit(kernel, name, &assignment->head->form);
    emitted[assignment->pack] = emitted[assignment->screen] = emitted[assignment->duel] = 1;
}

/* The functions of element-wise code, whose loops the optimiser makes nothing of, and of tiles. */
static void emit_all(Native *native, RealPlan *plan, uint8_t *emitted) {
    char name[NAME_BYTES];
    Kernel kernel = kernel_begin(native, plan->unit, plan->single);
    for (uint32_t e = 0; e < plan->element_count; e++) {
        function_name(name, plan->elements[e].function);
        emitted[plan->elements[e].function] = 1;
        element_emit(&kernel, name, plan, &plan->elements[e]);
    }
    for (uint32_t a = 0; a < plan->assignment_count; a++)
        emit_assignment(&kernel, &plan->assignments[a], emitted);
    for (uint32_t h = 0; h < plan->head_count; h++)
        if (plan->heads[h].plan != HEAD_NEAREST && plan->heads[h].plan != HEAD_ROWS)
            emit_head(&kernel, plan, &plan->heads[h], emitted);
    kernel_end(&kernel);
}

/* The object file of the module, from the directory or for it. That it can't be written there is
   worth a warning. Fused loops say what can go wrong as they are written, so that is done either
   way; it takes less time than what follows. */
static bool cached_code(RealProgram *program, const char *directory, Span span, Diagnostics *diags,
                        Buffer *object, Buffer *why) {
    Buffer text = {0}, target = {0}, path = {0};
    Stages stages = {.arena = program->arena};
    Columns columns = {0};
    const char *trouble;
    native_print_module(program->native, &text);
    native_print_target(program->native, &target);
    object_cache_path(directory, &text, &target, &path);
    bool done = object_cache_read(path.data, &stages, &columns, object);
    if (!done) {
        done = native_object(program->native, false, object, why);
        if (done && !object_cache_write(directory, path.data, &stages, &columns, object, &trouble))
            diag_warning(diags, DIAG_FILE, span, "can't keep native code in '%s': %s", directory,
                         trouble);
    }
    buffer_free(&text);
    buffer_free(&target);
    buffer_free(&path);
    return done;
}

static bool load(RealProgram *program, const char *cache, Span span, Diagnostics *diags,
                 Buffer *why) {
    RealPlan *plan = program->plan;
    Buffer object = {0};
    char name[NAME_BYTES];
    if (plan->function_count == 0) return true;
    uint8_t *emitted = ARENA_ARRAY(program->arena, uint8_t, plan->function_count);
    emit_all(program->native, plan, emitted);
    bool done = cache && *cache ? cached_code(program, cache, span, diags, &object, why)
                                : native_object(program->native, false, &object, why);
    program->functions = ARENA_ARRAY(program->arena, void *, plan->function_count);
    bool linked = false;
    for (uint32_t f = 0; f < plan->function_count && done; f++) {
        if (!emitted[f]) continue;
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
    program->kept = ARENA_NEW(arena, struct Block * _Atomic);
    program->plan = real_plan(arena, graph, outputs, count, options->single,
                              vector_unit(options->cpu), span, diags);
    bool done = program->plan != NULL;
    if (done) {
        program->native = native_new(options->cpu, &why);
        done = program->native != NULL && load(program, options->cache, span, diags, &why);
        if (!done) diag_error(diags, DIAG_NO_JIT, span, "the jit can't compile this: %s", why.data);
    }
    buffer_free(&why);
    if (done) return (JitReal *)program;
    real_free((JitReal *)program);
    return NULL;
}

void real_free(JitReal *base) {
    RealProgram *program = (RealProgram *)base;
    run_free_kept(program);
    native_free(program->native);
    arena_free(program->arena);
}

void real_explain(const JitReal *base, Buffer *out) {
    real_plan_print(((const RealProgram *)base)->plan, out);
}
