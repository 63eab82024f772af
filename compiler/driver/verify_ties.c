#include "compiler/driver/verify_ties.h"

#include "runtime/exact/retrace.h"

enum { RECORD_BYTES = 256 << 20 };

typedef struct Recorder {
    Arena *arena;
    const RealModel *model;
    RunStep *steps;
    const double *heads; /* of the layer under way */
    uint32_t count;
    bool full;
} Recorder;

static double *copy_stream(Arena *arena, const RealStream *stream) {
    size_t numbers = (size_t)stream->model->width * stream->n;
    double *copy = ARENA_ARRAY(arena, double, numbers);
    for (size_t i = 0; i < numbers; i++)
        copy[i] = numbers_at(stream->model->float_type, stream->numbers, i);
    return copy;
}

static void see(void *state, const RealStream *stream) {
    Recorder *recorder = state;
    recorder->model = stream->model;
    recorder->full = recorder->full || arena_bytes(recorder->arena) > RECORD_BYTES;
    if (recorder->full) return;
    const double *copy = copy_stream(recorder->arena, stream);
    if (stream->between) {
        recorder->heads = copy;
        return;
    }
    uint32_t count = recorder->count++;
    if ((count & (count - 1)) == 0) /* room for 1, 2, 4, ... */
        recorder->steps = arena_grow(recorder->arena, recorder->steps, count, count ? 2 * count : 1,
                                     sizeof *recorder->steps);
    recorder->steps[count] = (RunStep){stream->layer, recorder->heads, copy};
}

bool is_rounding(const Engine *engine, void *state, const ApplyRequest *request,
                 const NodeId *nodes, uint32_t count, double tolerance, uint64_t *work) {
    if (engine->trace_outputs == NULL) return false;
    Recorder recorder = {.arena = arena_new(0)};
    RealViewer viewer = {.see = see, .state = &recorder, .between = true};
    Sequence *gave = ARENA_ARRAY(recorder.arena, Sequence, count);
    bool shown = engine->trace_outputs(state, request, nodes, count, &viewer, gave) == APPLY_OK &&
                 !recorder.full;
    if (shown) {
        FloatRun run = {.graph = request->graph,
                        .nodes = nodes,
                        .count = count,
                        .model = recorder.model,
                        .input = &request->input,
                        .record = {recorder.count, recorder.steps},
                        .gave = gave,
                        .tolerance = tolerance};
        shown = rounding_decides(&run, work);
    }
    arena_free(recorder.arena);
    return shown;
}
