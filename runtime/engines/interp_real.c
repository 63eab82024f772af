#include "runtime/engines/interp_real.h"

#include "runtime/base/limits.h"
#include "runtime/engines/real/forward.h"
#include "runtime/value/atom_set.h"

#include <math.h>

struct InterpReal {
    const RealModel *model; /* its ends' names and types only */
    const DenseRealModel *weights;
    const RealForward *forward; /* in the weights' type */
    const RealTransformer *transformer;
};

/* One run of one input. */
typedef struct RealRun {
    const InterpReal *interp;
    const RealRequest *request;
    const Input *input; /* the request's */
    Span span;
    Diagnostics *diags;
    Arena *scratch;
    RealStream stream;
} RealRun;

static RealShape shape_of(Arena *arena, const RealModel *model) {
    RealLoopShape *loops = ARENA_ARRAY(arena, RealLoopShape, model->loop_count);
    uint32_t *trap_layers = ARENA_ARRAY(arena, uint32_t, model->trap_count);
    double *trap_limits = ARENA_ARRAY(arena, double, model->trap_count);
    for (uint32_t i = 0; i < model->loop_count; i++) {
        const RealLoop *loop = &model->loops[i];
        loops[i] = (RealLoopShape){loop->first, loop->count, loop->times, loop->has_until};
    }
    for (uint32_t t = 0; t < model->trap_count; t++) {
        trap_layers[t] = model->traps[t].layer;
        trap_limits[t] = model->traps[t].limit;
    }
    return (RealShape){model->loop_count, loops, model->trap_count, trap_layers, trap_limits};
}

InterpReal *interp_real_new(Arena *arena, const RealModel *model, Span span, Diagnostics *diags) {
    const DenseRealModel *weights = real_model_weights(arena, model, span, diags);
    if (!weights) return NULL;
    InterpReal *interp = ARENA_NEW(arena, InterpReal);
    const RealForward *forward = real_forward_of(weights->type);
    RealShape shape = shape_of(arena, model);
    *interp = (InterpReal){model, weights, forward, forward->pack(arena, weights, &shape)};
    return interp;
}

/* --- inputs ----------------------------------------------------------------------------------- */

static Shape given_shape(const InputColumn *column, uint32_t n) {
    if (column->numbers) return (Shape){TYPE_VECTOR, column->width};
    Shape given = {0};
    for (uint32_t i = 0; i < n; i++)
        given.types |= type_of_atom(column->atoms[i]);
    return given;
}

/* The column of that name, where it is what the model declares; NULL after reporting. */
static const InputColumn *take_column(const RealRun *run, const RealInput *input) {
    const InputColumn *column = input_column(run->input, input->name);
    if (!column) {
        diag_error(run->diags, DIAG_BAD_INPUT, run->span, "the input gives no '%.100s'",
                   input->name->bytes);
        return NULL;
    }
    Shape given = given_shape(column, run->input->n), declared = {input->types, 0};
    if (input->types == TYPE_VECTOR)
        declared.width = run->interp->model->spaces[input->space].width;
    if (given.types == declared.types && given.width == declared.width) return column;
    Buffer text = {0};
    shape_format(&text, declared);
    buffer_text(&text, " here, and the input gives ");
    shape_format(&text, given);
    diag_error(run->diags, DIAG_BAD_INPUT, run->span, "'%.100s' is %s", input->name->bytes,
               text.data);
    buffer_free(&text);
    return NULL;
}

static bool fail_number(const RealRun *run, const RealInput *input, DiagId id, uint32_t position,
                        const char *what) {
    FloatType type = run->interp->weights->type;
    Diagnostic *diag =
        diag_error(run->diags, id, run->span, "position %u of '%.100s' is %s %s", position,
                   input->name->bytes, what, float_name(type, FLOAT_LONG_NAME));
    if (type != FLOAT_64) diag_help(diag, "use --dtype f64");
    return false;
}

/* An integer that the weights' floats would round is another one. */
static bool holds(FloatType type, Atom atom, double number) {
    int64_t whole;
    if (atom.kind != ATOM_INT) return true;
    if (!atom_as_int64(atom, &whole) || fabs(number) > 9e18 || (int64_t)number != whole)
        return false;
    return type == FLOAT_64 || (double)(float)number == number;
}

/* Strings as the one-hots of their words. */
static void copy_words(const RealRun *run, const RealInput *input, const InputColumn *column,
                       double *numbers, uint32_t first) {
    AtomSet words = atom_set_new(run->scratch, 0);
    for (uint32_t w = 0; w < input->word_count; w++)
        (void)atom_set_add(&words, input->words[w]);
    for (uint32_t i = 0; i < run->input->n; i++) {
        uint32_t word = atom_set_find(&words, column->atoms[i]);
        double *row = numbers + (size_t)i * run->interp->weights->inputs + first;
        if (word < words.count) row[word] = 1;
    }
}

/* Writes the input into numbers (n, I), which are 0, from a column on. */
static bool copy_column(const RealRun *run, const RealInput *input, double *numbers,
                        uint32_t first) {
    const InputColumn *column = take_column(run, input);
    if (!column) return false;
    if (input->types == TYPE_STRING) {
        copy_words(run, input, column, numbers, first);
        return true;
    }
    uint32_t width = column->numbers ? column->width : 1, inputs = run->interp->weights->inputs;
    double greatest = float_greatest(run->interp->weights->type);
    for (uint32_t i = 0; i < run->input->n; i++) {
        for (uint32_t c = 0; c < width; c++) {
            double number = column->numbers ? column->numbers[(size_t)i * width + c] : 0;
            bool fits = column->numbers || atom_as_double(column->atoms[i], &number);
            if (!fits || !(fabs(number) <= greatest))
                return fail_number(run, input, DIAG_BAD_INPUT, i, "beyond the greatest");
            if (input->types == TYPE_INT &&
                !holds(run->interp->weights->type, column->atoms[i], number))
                return fail_number(run, input, DIAG_INTEGER_ROUNDED, i, "no integer of");
            numbers[(size_t)i * inputs + first + c] = number;
        }
    }
    return true;
}

static bool check_length(const RealRun *run) {
    uint32_t n = run->input->n, most = run->interp->weights->max_length;
    if (n == 0) {
        diag_error(run->diags, DIAG_BAD_INPUT, run->span, "an input has at least one element");
        return false;
    }
    if (n > most) {
        Diagnostic *diag = diag_error(run->diags, DIAG_INPUT_LENGTH, run->span,
                                      "%u elements, but the model takes at most %u", n, most);
        diag_help(diag, "make the model for longer inputs with --max-len %u", n);
        return false;
    }
    double bytes = run->interp->forward->bytes(run->interp->transformer, n);
    if (bytes <= (double)LIMIT_DENSE_BYTES) return true;
    diag_error(run->diags, DIAG_TOO_LARGE_FOR_DENSE, run->span,
               "running the dense weights on %u positions takes %.0f MiB; the limit is %zu MiB", n,
               bytes / (1 << 20), LIMIT_DENSE_BYTES >> 20);
    return false;
}

/* (n, I) in the weights' type. */
static bool take_inputs(const RealRun *run, Numbers *out) {
    const RealModel *model = run->interp->model;
    if (!check_length(run)) return false;
    size_t count = (size_t)run->input->n * run->interp->weights->inputs;
    double *numbers = ARENA_ARRAY(run->scratch, double, count);
    uint32_t first = 0;
    for (uint32_t i = 0; i < model->input_count; i++) {
        if (!copy_column(run, &model->inputs[i], numbers, first)) return false;
        first += model->spaces[model->inputs[i].space].width;
    }
    *out = numbers_hold(run->scratch, run->interp->weights->type, numbers, count);
    return true;
}

/* --- outputs ---------------------------------------------------------------------------------- */

/* Where the node is written, else where it was asked for. */
static Span place_of(const RealRun *run, NodeId node) {
    const Graph *graph = run->request->graph;
    bool known = graph != NULL && node < graph->count && graph_node(graph, node)->span.file != 0;
    return known ? graph_node(graph, node)->span : run->span;
}

static bool check_finite(const RealRun *run, const RealOutput *output, const double *numbers,
                         uint32_t width) {
    for (size_t i = 0; i < (size_t)run->input->n * width; i++) {
        if (isfinite(numbers[i])) continue;
        diag_error(run->diags, DIAG_NOT_FINITE, place_of(run, output->node),
                   "position %u of '%.100s' is %s", (uint32_t)(i / width), output->name->bytes,
                   isnan(numbers[i]) ? "not a number" : "infinite");
        return false;
    }
    return true;
}

static void fail_rounded(const RealRun *run, Span span, DiagId id, uint32_t position,
                         const char *why) {
    bool has_wider = run->interp->weights->type != FLOAT_64;
    Diagnostic *diag = diag_error(run->diags, id, span, "position %u: %s", position, why);
    diag_help(diag, has_wider ? "use --dtype f64" : "--engine eval has integers of any size");
}

static bool check_integers(const RealRun *run, const RealOutput *output, const double *numbers) {
    FloatType type = run->interp->weights->type;
    double limit = float_whole(type);
    uint32_t i = 0;
    while (i < run->input->n && fabs(numbers[i]) < limit)
        i++;
    if (i == run->input->n) return true;
    Buffer why = {0};
    buffer_printf(&why, "'%.100s' reaches %.0f, from where on %s rounds integers",
                  output->name->bytes, limit, float_name(type, FLOAT_LONG_NAME));
    fail_rounded(run, place_of(run, output->node), DIAG_INTEGER_ROUNDED, i, why.data);
    buffer_free(&why);
    return false;
}

static Atom read_number(const RealOutput *output, double number) {
    if (output->types == TYPE_BOOL) return atom_bool(number > 0.5);
    if (real_reads_integer(output)) return atom_int((int64_t)nearbyint(number));
    return atom_float(number);
}

/* all: (outputs, n); the output's columns begin at first. */
static bool read_output(const RealRun *run, const RealOutput *output, Numbers all, uint32_t first,
                        Sequence *out) {
    uint32_t n = run->input->n, width = output->value.rows, bad;
    double *numbers = ARENA_ARRAY(run->request->arena, double, (size_t)n *width);
    for (uint32_t c = 0; c < width; c++) {
        for (uint32_t i = 0; i < n; i++)
            numbers[(size_t)i * width + c] =
                numbers_at(run->interp->weights->type, all, (size_t)(first + c) * n + i);
    }
    if (!check_finite(run, output, numbers, width)) return false;
    if (output->types == TYPE_VECTOR) {
        *out = (Sequence){.n = n, .type = SEQUENCE_VECTORS, .width = width, .numbers = numbers};
        return true;
    }
    if (real_reads_integer(output) && !check_integers(run, output, numbers)) return false;
    Atom *atoms = ARENA_ARRAY(run->request->arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        atoms[i] = read_number(output, numbers[i]);
    *out = (Sequence){.n = n, .atoms = atoms};
    return sequence_type_of(atoms, n, &out->type, &bad);
}

static bool read_outputs(const RealRun *run, Numbers all, Sequence *out) {
    const RealModel *model = run->interp->model;
    uint32_t first = 0;
    for (uint32_t o = 0; o < model->output_count; o++) {
        if (!read_output(run, &model->outputs[o], all, first, &out[o])) return false;
        first += model->outputs[o].value.rows;
    }
    return true;
}

/* --- running ---------------------------------------------------------------------------------- */

static void report_trap(const RealRun *run, const RealTrap *trap, uint32_t position) {
    Span span = trap->span.file ? trap->span : run->span;
    if (trap->limit > 0)
        fail_rounded(run, span, trap->id, position, trap->why->bytes);
    else
        diag_error(run->diags, trap->id, span, "position %u: %s", position, trap->why->bytes);
}

/* What the head computes; it may also move what the program does not name. */
static NodeId failed_node(const RealRun *run, const RealFailure *failure) {
    const RealHead *head = &run->interp->model->layers[failure->layer].heads[failure->head];
    uint32_t m = 0;
    while (m < head->move_count && head->moves[m].node == NO_NODE)
        m++;
    return m < head->move_count ? head->moves[m].node : NO_NODE;
}

static void report_failure(const RealRun *run, const RealFailure *failure) {
    switch (failure->end) {
    case REAL_DONE: break;
    case REAL_STOPPED:
        diag_error(run->diags, DIAG_STOPPED, run->span, "stopped while this was computed");
        break;
    case REAL_TOO_LONG:
        diag_error(run->diags, DIAG_LIMIT_STEPS, run->span,
                   "interp looks at every pair of the %u positions, and stops at %llu pairs",
                   run->input->n, (unsigned long long)LIMIT_EVALUATION_PAIRS);
        break;
    case REAL_SCORE_NAN:
        diag_error(run->diags, DIAG_NOT_FINITE, place_of(run, failed_node(run, failure)),
                   "position %u: the score of key %u is not a number, so no score is the highest",
                   failure->position, failure->key);
        break;
    case REAL_TRAPPED:
        report_trap(run, &run->interp->model->traps[failure->trap], failure->position);
        break;
    }
}

static void show_stream(void *state, uint32_t layer, bool between, Numbers stream) {
    RealRun *run = state;
    const RealViewer *viewer = run->request->viewer;
    if (between && !viewer->between) return;
    run->stream.layer = layer;
    run->stream.between = between;
    run->stream.numbers = stream;
    viewer->see(viewer->state, &run->stream);
    if (!between) run->stream.step++;
}

static bool run_weights(RealRun *run, Sequence *out) {
    const InterpReal *interp = run->interp;
    Numbers inputs;
    if (!take_inputs(run, &inputs)) return false;
    run->stream = (RealStream){.model = interp->model, .n = run->input->n};
    RealWatcher watcher = {show_stream, run};
    RealWork work = {.cancel = run->request->cancel};
    Numbers all = interp->forward->run(interp->transformer, inputs, run->input->n, run->scratch,
                                       &work, run->request->viewer ? &watcher : NULL);
    report_failure(run, &work.failure);
    return work.failure.end == REAL_DONE && read_outputs(run, all, out);
}

bool interp_real_run(const InterpReal *interp, const RealRequest *request, Sequence *out) {
    RealRun run = {.interp = interp,
                   .request = request,
                   .input = request->input,
                   .span = request->span,
                   .diags = request->diags,
                   .scratch = arena_new(0)};
    bool done = run_weights(&run, out);
    arena_free(run.scratch);
    return done;
}
