#include "runtime/engines/real/forward.h"

#include "runtime/base/bug.h"
#include "runtime/engines/real/attend.h"
#include "runtime/engines/real/units.h"

#include <string.h>

typedef struct PackedRealLayer {
    uint32_t head_count;
    const PackedRealHead *heads;
    PackedRealUnits units;
    uint64_t weights; /* products for each position */
} PackedRealLayer;

struct RealTransformer {
    const DenseRealModel *weights;
    RealShape shape;
    const PackedRealLayer *layers;
    Columns embedding, until, trap, unembedding;
};

/* A pass under way. */
typedef struct Pass {
    const RealTransformer *transformer;
    uint32_t n;
    Real *stream; /* (D, n) */
    Real *update; /* (D, n) zeros between layers */
    RealWork *work;
    const RealWatcher *watcher;
} Pass;

/* --- the weights ------------------------------------------------------------------------------ */

static PackedRealLayer pack_layer(Arena *arena, const DenseRealModel *weights, uint32_t l) {
    const DenseRealLayer *layer = &weights->layers[l];
    PackedRealHead *heads = ARENA_ARRAY(arena, PackedRealHead, layer->head_count);
    for (uint32_t h = 0; h < layer->head_count; h++)
        heads[h] = attend_pack(arena, &layer->heads[h], weights->w_p.REAL_MEMBER, weights->width);
    PackedRealUnits units = units_pack(arena, layer, weights->width);
    uint64_t count = units.weights;
    for (uint32_t h = 0; h < layer->head_count; h++)
        count += heads[h].weights;
    return (PackedRealLayer){layer->head_count, heads, units, count};
}

static const RealTransformer *pack_real_transformer(Arena *arena, const DenseRealModel *weights,
                                                    const RealShape *shape) {
    RealTransformer *transformer = ARENA_NEW(arena, RealTransformer);
    PackedRealLayer *layers = ARENA_ARRAY(arena, PackedRealLayer, weights->layer_count);
    for (uint32_t l = 0; l < weights->layer_count; l++)
        layers[l] = pack_layer(arena, weights, l);
    uint32_t width = weights->width;
    *transformer = (RealTransformer){
        .weights = weights,
        .shape = *shape,
        .layers = layers,
        .embedding = columns_pack(arena, weights->w_e, weights->inputs, width, false),
        .until = columns_pack(arena, weights->w_until, width, shape->loop_count, false),
        .trap = columns_pack(arena, weights->w_trap, width, shape->trap_count, false),
        .unembedding = columns_pack(arena, weights->w_u, width, weights->outputs, false)};
    return transformer;
}

/* --- layers ----------------------------------------------------------------------------------- */

/* One column of a matrix over the stream, in out (n). */
static void one_column(const Pass *pass, const Columns *columns, uint32_t column, Real *out) {
    Columns one = *columns;
    one.count = 1;
    one.start += column;
    columns_apply(&one, pass->stream, pass->n, pass->n, out, pass->n);
}

static bool check_traps(const Pass *pass, uint32_t layer) {
    const RealShape *shape = &pass->transformer->shape;
    Arena *scratch = arena_new(0);
    Real *number = NULL;
    for (uint32_t t = 0; t < shape->trap_count && pass->work->failure.end == REAL_DONE; t++) {
        if (shape->trap_layers[t] != layer) continue;
        if (!number) number = real_numbers(scratch, 1, pass->n);
        one_column(pass, &pass->transformer->trap, t, number);
        double limit = shape->trap_limits[t];
        uint32_t i = 0;
        while (i < pass->n && (limit > 0 ? !(fabs((double)number[i]) >= limit) : number[i] != 0))
            i++;
        if (i < pass->n)
            pass->work->failure = (RealFailure){REAL_TRAPPED, .position = i, .trap = t};
    }
    arena_free(scratch);
    return pass->work->failure.end == REAL_DONE;
}

static bool run_heads(const Pass *pass, uint32_t l) {
    const PackedRealLayer *layer = &pass->transformer->layers[l];
    size_t cells = (size_t)pass->n * pass->transformer->weights->width;
    for (uint32_t h = 0; h < layer->head_count; h++) {
        if (attend_run(&layer->heads[h], pass->stream, pass->n, pass->update, pass->work)) continue;
        pass->work->failure.layer = l;
        pass->work->failure.head = h;
        return false;
    }
    for (size_t i = 0; layer->head_count > 0 && i < cells; i++) {
        pass->stream[i] += pass->update[i];
        pass->update[i] = 0;
    }
    return true;
}

static void show(const Pass *pass, uint32_t layer, bool between) {
    if (!pass->watcher) return;
    Numbers stream = {.REAL_MEMBER = pass->stream};
    pass->watcher->after(pass->watcher->state, layer, between, stream);
}

static bool run_layer(const Pass *pass, uint32_t l) {
    const PackedRealLayer *layer = &pass->transformer->layers[l];
    const uint64_t overhead = 1000; /* what a layer costs however short the input is */
    uint64_t products = pass->n * (layer->weights + pass->transformer->weights->width);
    if (!real_work_on(pass->work, overhead + products / LANES) || !run_heads(pass, l) ||
        !check_traps(pass, l))
        return false;
    show(pass, l + 1, true);
    units_run(&layer->units, pass->stream, pass->n);
    show(pass, l + 1, false);
    return true;
}

/* --- loops ------------------------------------------------------------------------------------ */

/* The loops that the layer about to run is in, outermost first. */
typedef struct OpenLoops {
    uint32_t depth, next; /* next: the first loop that was not entered yet */
    uint32_t loop[REAL_LOOP_DEPTH], round[REAL_LOOP_DEPTH];
} OpenLoops;

static void enter_loops(OpenLoops *open, const RealShape *shape, uint32_t layer) {
    for (; open->next < shape->loop_count && shape->loops[open->next].first == layer;
         open->next++) {
        if (open->depth == REAL_LOOP_DEPTH) BUG("a model that was not verified");
        open->loop[open->depth] = open->next;
        open->round[open->depth++] = 0;
    }
}

/* Does the condition hold at every position? */
static bool is_over(const Pass *pass, uint32_t loop) {
    if (!pass->transformer->shape.loops[loop].has_until) return false;
    Arena *scratch = arena_new(0);
    Real *condition = real_numbers(scratch, 1, pass->n);
    one_column(pass, &pass->transformer->until, loop, condition);
    uint32_t i = 0;
    while (i < pass->n && condition[i] > (Real)0.5)
        i++;
    arena_free(scratch);
    return i == pass->n;
}

/* The layer that follows. */
static uint32_t leave_layer(const Pass *pass, OpenLoops *open, uint32_t layer) {
    for (; open->depth > 0; open->depth--) {
        uint32_t top = open->depth - 1, loop = open->loop[top];
        const RealLoopShape *shape = &pass->transformer->shape.loops[loop];
        if (shape->first + shape->count - 1 != layer) break;
        if (++open->round[top] < shape->times && !is_over(pass, loop)) {
            open->next = loop + 1;
            return shape->first;
        }
    }
    return layer + 1;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void embed(const Pass *pass, const Real *inputs) {
    const DenseRealModel *weights = pass->transformer->weights;
    const Columns *columns = &pass->transformer->embedding;
    for (uint32_t i = 0; i < pass->n; i++) {
        uint32_t row = weights->position_rows == 2 ? 1 : 1 + i;
        const Real *position = weights->w_p.REAL_MEMBER + (size_t)row * weights->width;
        columns_apply(columns, inputs + (size_t)i * weights->inputs, 1, 1, pass->stream + i,
                      pass->n);
        for (uint32_t c = 0; c < weights->width; c++)
            pass->stream[(size_t)c * pass->n + i] += position[c];
    }
}

static Numbers run_real(const RealTransformer *transformer, Numbers inputs, uint32_t n,
                        Arena *arena, RealWork *work, const RealWatcher *watcher) {
    const DenseRealModel *weights = transformer->weights;
    Arena *scratch = arena_new(0);
    Pass pass = {.transformer = transformer, .n = n, .work = work, .watcher = watcher};
    pass.stream = real_numbers(scratch, weights->width, n);
    pass.update = real_numbers(scratch, weights->width, n);
    embed(&pass, inputs.REAL_MEMBER);
    show(&pass, 0, false);
    OpenLoops open = {0};
    bool fine = true;
    for (uint32_t l = 0; l < weights->layer_count && fine;) {
        enter_loops(&open, &transformer->shape, l);
        fine = run_layer(&pass, l);
        if (fine) l = leave_layer(&pass, &open, l);
    }
    Real *outputs = fine ? real_numbers(arena, weights->outputs, n) : NULL;
    if (fine) columns_apply(&transformer->unembedding, pass.stream, n, n, outputs, n);
    arena_free(scratch);
    return (Numbers){.REAL_MEMBER = outputs};
}

static double bytes_of_real(const RealTransformer *transformer, uint32_t n) {
    const DenseRealModel *weights = transformer->weights;
    double widest = 0;
    for (uint32_t l = 0; l < weights->layer_count; l++) {
        const DenseRealLayer *layer = &weights->layers[l];
        for (uint32_t h = 0; h < layer->head_count; h++) {
            const DenseRealHead *head = &layer->heads[h];
            /* Keys and the values twice, before and after some are left out, and what is gathered;
               a row of scores, masks, weights. */
            double head_width = 3.0 * head->width + 3.0 * head->comparisons + 3.0 * head->values +
                                head->gate_count * 2.0 + 6;
            widest = fmax(widest, head_width);
        }
    }
    return (double)n * sizeof(Real) *
           (2.0 * weights->width + widest + weights->inputs + weights->outputs);
}

const RealForward REAL_NAME(real_forward) = {pack_real_transformer, bytes_of_real, run_real};
