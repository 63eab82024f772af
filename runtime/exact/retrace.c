#include "runtime/exact/retrace.h"

#include "runtime/exact/eval_exact.h"
#include "runtime/exact/run_exact.h"
#include "runtime/exact/score_rounding.h"
#include "runtime/exact/stream_rounding.h"

#include <math.h>

typedef struct Tracer {
    const FloatRun *run;
    uint32_t step; /* of the record: the stream that the pass has */
    uint64_t ties; /* rows with a choice */
} Tracer;

/* Are they the same but for the rounding of numbers so large? */
static bool is_rounded(const Tracer *tracer, double number, double other, double magnitude) {
    if (!isfinite(number) || !isfinite(other)) return !isfinite(number) && !isfinite(other);
    return fabs(number - other) <= tracer->run->tolerance * fmax(magnitude, fabs(other));
}

static bool is_near(const Tracer *tracer, double number, double other) {
    return is_rounded(tracer, number, other, 1);
}

static double to_double(const mpq_t x) {
    return rational_is_undefined(x) ? (double)NAN : rational_to_double(x);
}

/* Is the pass's stream the one that the run had there, but for rounding? Then it is that one. */
static bool take_over(const Tracer *tracer, ExactPass *pass, const double *stream,
                      const StreamRounding *rounding) {
    for (uint32_t i = 0; i < pass->n; i++) {
        mpq_t *row = pass_row(pass, i);
        for (uint32_t c = 0; c < pass->width; c++) {
            size_t at = (size_t)c * pass->n + i;
            if (!is_rounded(tracer, to_double(row[c]), stream[at], rounding->magnitudes[at]))
                return false;
            rational_set_double(row[c], stream[at]);
        }
    }
    return true;
}

/* What the layer's heads, or units, made of the stream. */
typedef void Writers(StreamRounding *rounding, const RealLayer *layer, const double *stream);

static bool take_over_written(const Tracer *tracer, ExactPass *pass, const RealLayer *layer,
                              Writers *writers, const double *from, const double *to) {
    Arena *arena = arena_new(0);
    StreamRounding rounding = stream_rounding(pass->model, pass->n, from, arena);
    writers(&rounding, layer, from);
    bool taken = take_over(tracer, pass, to, &rounding);
    arena_free(arena);
    return taken;
}

static bool take_over_embedding(const Tracer *tracer, ExactPass *pass, const double *stream) {
    Arena *arena = arena_new(0);
    StreamRounding rounding = stream_rounding(pass->model, pass->n, stream, arena);
    bool taken = take_over(tracer, pass, stream, &rounding);
    arena_free(arena);
    return taken;
}

/* --- which keys the run may have taken -------------------------------------------------------- */

/* A head whose rows are gone after. */
typedef struct TracedHead {
    ExactHead exact;
    ScoreRounding rounding;
    bool *whole; /* (n) is the score of the row's key the exact one? */
} TracedHead;

static void keep(TracedHead *head, uint32_t i, uint32_t *kept) {
    ExactRow *row = &head->exact.row;
    uint32_t to = (*kept)++;
    row->keys[to] = row->keys[i];
    head->whole[to] = head->whole[i];
    mpq_swap(row->scores[to], row->scores[i]);
}

/* The number in the row of a key with the highest score, among those whose scores are exact, or
   among all; row.count: there is none. */
static uint32_t highest_of(const TracedHead *head, bool whole) {
    const ExactRow *row = &head->exact.row;
    uint32_t highest = row->count;
    for (uint32_t i = 0; i < row->count; i++) {
        if (whole && !head->whole[i]) continue;
        if (highest == row->count || mpq_cmp(row->scores[i], row->scores[highest]) > 0) highest = i;
    }
    return highest;
}

/* Leaves the keys whose scores are as near to the highest as rounding moves the two. */
static void keep_nearest(TracedHead *head, uint32_t query) {
    ExactRow *row = &head->exact.row;
    uint32_t highest = highest_of(head, false), kept = 0;
    double error = score_error(&head->rounding, query, row->keys[highest]);
    mpq_t most, lead;
    mpq_inits(most, lead, NULL);
    mpq_set(most, row->scores[highest]);
    for (uint32_t i = 0; i < row->count; i++) {
        mpq_sub(lead, most, row->scores[i]);
        if (rational_to_double(lead) <= error + score_error(&head->rounding, query, row->keys[i]))
            keep(head, i, &kept);
    }
    row->count = kept;
    mpq_clears(most, lead, NULL);
}

/* Of those whose scores are exact, the highest alone. */
static void keep_highest_exact(TracedHead *head, uint32_t query) {
    ExactRow *row = &head->exact.row;
    for (uint32_t i = 0; i < row->count; i++)
        head->whole[i] = score_is_exact(&head->rounding, query, row->keys[i]);
    uint32_t highest = highest_of(head, true), kept = 0;
    if (highest == row->count) return;
    mpq_t most;
    mpq_init(most);
    mpq_set(most, row->scores[highest]);
    for (uint32_t i = 0; i < row->count; i++)
        if (!head->whole[i] || mpq_equal(row->scores[i], most)) keep(head, i, &kept);
    row->count = kept;
    mpq_clear(most);
}

/* --- which keys the run took ------------------------------------------------------------------ */

/* Do the head's keys read the same there? Then their scores are rounded alike. */
static bool are_same(const ExactPass *pass, const RealHead *head, uint32_t a, uint32_t b) {
    for (uint32_t s = 0; s < head->score_count; s++) {
        const Affine *key = &head->scores[s].key;
        for (uint32_t t = 0; t < key->count; t++) {
            const RealSpace *space = &pass->model->spaces[key->terms[t].space];
            for (uint32_t c = space->offset; c < space->offset + space->width; c++) {
                const mpq_t *x = &pass_row(pass, a)[c], *y = &pass_row(pass, b)[c];
                if (rational_is_undefined(*x) || rational_is_undefined(*y) || !mpq_equal(*x, *y))
                    return false;
            }
        }
    }
    return true;
}

/* The near keys of a row, those together that are the same or have exact scores, which are equal.
 */
typedef struct Choice {
    uint32_t count;  /* classes */
    uint32_t *of;    /* (keys) the class of each */
    uint32_t *first; /* (classes) its first key, as a number in the row */
} Choice;

static Choice choice_of(const ExactPass *pass, const TracedHead *head, Arena *arena) {
    const ExactRow *row = &head->exact.row;
    Choice choice = {.of = ARENA_ARRAY(arena, uint32_t, row->count),
                     .first = ARENA_ARRAY(arena, uint32_t, row->count)};
    for (uint32_t i = 0; i < row->count; i++) {
        uint32_t c = 0;
        while (c < choice.count && !(head->whole[i] && head->whole[choice.first[c]]) &&
               !are_same(pass, head->exact.head, row->keys[choice.first[c]], row->keys[i]))
            c++;
        if (c == choice.count) choice.first[choice.count++] = i;
        choice.of[i] = c;
    }
    return choice;
}

/* Is what the run moved the average of the keys that are taken? */
static bool is_average(const Tracer *tracer, const ExactPass *pass, const TracedHead *head,
                       uint32_t query, const bool *taken) {
    const ExactRow *row = &head->exact.row;
    const RealHead *at = head->exact.head;
    const double *heads = tracer->run->record.steps[tracer->step + 1].heads;
    for (uint32_t m = 0; m < at->move_count; m++) {
        uint32_t rows = at->moves[m].value.rows;
        uint32_t first = pass->model->spaces[at->moves[m].target].offset;
        for (uint32_t r = 0; r < rows; r++) {
            double sum = 0, count = 0;
            for (uint32_t i = 0; i < row->count; i++) {
                if (!taken[i]) continue;
                sum += to_double(head->exact.value[m][(size_t)row->keys[i] * rows + r]);
                count++;
            }
            double moved = heads[(size_t)(first + r) * pass->n + query];
            if (!is_near(tracer, sum / count, moved)) return false;
        }
    }
    return true;
}

/* Sets which keys are taken when these classes are (bits); of HARDMAX_FIRST the first key of them.
 */
static void take_classes(const TracedHead *head, const Choice *choice, uint64_t classes,
                         bool *taken) {
    bool first = head->exact.head->normaliser == NORMALISER_HARDMAX_FIRST, any = false;
    for (uint32_t i = 0; i < head->exact.row.count; i++) {
        taken[i] = (classes >> choice->of[i] & 1) && !(first && any);
        any = any || taken[i];
    }
}

/* The keys that the run took, where some are found that explain what it moved. */
static bool find_taken(const Tracer *tracer, const ExactPass *pass, const TracedHead *head,
                       uint32_t query, const Choice *choice, bool *taken) {
    enum { ALL_SETS = 10, MOST = 63 }; /* classes: all sets are tried; all, and each alone */
    if (choice->count > MOST) return false;
    uint64_t all = (UINT64_C(1) << choice->count) - 1;
    for (uint64_t set = all; set > 0; set--) {
        take_classes(head, choice, set, taken);
        if (is_average(tracer, pass, head, query, taken)) return true;
        if (choice->count > ALL_SETS) break;
    }
    for (uint32_t c = 0; choice->count > ALL_SETS && c < choice->count; c++) {
        take_classes(head, choice, UINT64_C(1) << c, taken);
        if (is_average(tracer, pass, head, query, taken)) return true;
    }
    return false;
}

/* Leaves in the row the keys that the run took. False: none explain what it moved. */
static bool choose_keys(Tracer *tracer, const ExactPass *pass, TracedHead *head, uint32_t query) {
    ExactRow *row = &head->exact.row;
    Arena *arena = arena_new(0);
    Choice choice = choice_of(pass, head, arena);
    bool *taken = ARENA_ARRAY(arena, bool, row->count);
    bool found = true;
    if (choice.count > 1) {
        tracer->ties++;
        found = find_taken(tracer, pass, head, query, &choice, taken);
    } else {
        take_classes(head, &choice, 1, taken);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < row->count; i++)
        if (taken[i]) row->keys[kept++] = row->keys[i];
    row->count = kept;
    arena_free(arena);
    return found;
}

/* --- a layer ---------------------------------------------------------------------------------- */

static bool has_undefined(const ExactRow *row) {
    bool any = false;
    for (uint32_t i = 0; i < row->count; i++)
        any = any || rational_is_undefined(row->scores[i]);
    return any;
}

static bool trace_row(Tracer *tracer, ExactPass *pass, TracedHead *head, uint32_t query) {
    const RealHead *at = head->exact.head;
    ExactRow *row = &head->exact.row;
    bool highest =
        at->normaliser == NORMALISER_HARDMAX || at->normaliser == NORMALISER_HARDMAX_FIRST;
    if (!pass_look_at_keys(pass, &head->exact, query)) return false;
    if (!highest || at->score_count == 0 || row->count < 2 || has_undefined(row))
        return pass_weigh(pass, &head->exact, query);
    keep_nearest(head, query);
    keep_highest_exact(head, query);
    if (!choose_keys(tracer, pass, head, query))
        return pass_fail(pass, EXACT_UNDEFINED, NO_NODE, query);
    row_average(row);
    pass_move(pass, &head->exact, query, true);
    return true;
}

static bool trace_head(Tracer *tracer, ExactPass *pass, const RealHead *at) {
    if (at->normaliser == NORMALISER_SOFTMAX)
        return pass_fail(pass, EXACT_NOT_RATIONAL, NO_NODE, 0);
    TracedHead head;
    pass_open_head(pass, at, &head.exact);
    head.rounding = score_rounding(pass, &head.exact);
    head.whole = ARENA_ARRAY(head.exact.arena, bool, pass->n);
    bool fine = true;
    for (uint32_t query = 0; query < pass->n && fine; query++)
        fine = trace_row(tracer, pass, &head, query);
    pass_close_head(&head.exact);
    return fine;
}

static bool trace_heads(Tracer *tracer, ExactPass *pass, const RealLayer *layer) {
    for (uint32_t h = 0; h < layer->head_count; h++)
        if (!trace_head(tracer, pass, &layer->heads[h])) return false;
    if (layer->head_count > 0) pass_add_update(pass);
    return true;
}

static bool is_lost(ExactPass *pass) { return pass_fail(pass, EXACT_UNDEFINED, NO_NODE, 0); }

static bool trace_layer(ExactPass *pass, uint32_t l, void *state) {
    Tracer *tracer = state;
    const RunRecord *record = &tracer->run->record;
    const RealLayer *layer = &pass->model->layers[l];
    if (tracer->step + 1 >= record->count) return is_lost(pass);
    const RunStep *step = &record->steps[tracer->step + 1];
    const double *before = record->steps[tracer->step].stream;
    if (step->layer != 1 + l || !step->heads) return is_lost(pass);
    if (tracer->step == 0 && !take_over_embedding(tracer, pass, before)) return is_lost(pass);
    if (!trace_heads(tracer, pass, layer)) return false;
    if (!take_over_written(tracer, pass, layer, stream_rounding_heads, before, step->heads))
        return is_lost(pass);
    if (!pass_check_traps(pass, l) || !pass_run_units(pass, layer) || !pass_check_size(pass))
        return false;
    tracer->step++;
    return take_over_written(tracer, pass, layer, stream_rounding_units, step->heads,
                             step->stream) ||
           is_lost(pass);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* As outputs are read: truths and integers are the nearest. */
static double number_of(const Sequence *sequence, size_t i) {
    double number = (double)NAN;
    if (sequence->numbers) return sequence->numbers[i];
    (void)atom_as_double(sequence->atoms[i], &number);
    return number;
}

static bool gave_that(const Tracer *tracer, const ExactResult *result, uint32_t n) {
    bool all = result->end == EXACT_DONE;
    for (uint32_t o = 0; all && o < result->count; o++) {
        const Sequence *gave = &tracer->run->gave[o];
        uint32_t width = gave->numbers ? gave->width : 1;
        all = gave->n == n && width == result->widths[o];
        for (size_t i = 0; all && i < (size_t)n * width; i++) {
            double number = number_of(gave, i);
            all = isfinite(number) && is_near(tracer, to_double(result->outputs[o][i]), number);
        }
    }
    return all;
}

static bool is_traced(const FloatRun *run, const ExactRequest *request, Arena *arena,
                      uint64_t *work) {
    Tracer tracer = {.run = run};
    ExactResult result = pass_run(run->model, request, trace_layer, &tracer, arena);
    *work += result.work;
    return tracer.step + 1 == run->record.count && tracer.ties > 0 &&
           gave_that(&tracer, &result, run->input->n);
}

static bool is_right(const FloatRun *run, const ExactRequest *request, Arena *arena,
                     uint64_t *work) {
    ExactDifference where;
    ExactResult model = run_exact(run->model, request, arena);
    *work += model.work;
    if (model.end != EXACT_DONE) return false;
    ExactResult graph = eval_exact(run->graph, run->nodes, run->count, request, arena);
    *work += graph.work;
    return graph.end == EXACT_DONE && exact_equal(&graph, &model, run->input->n, &where);
}

bool rounding_decides(const FloatRun *run, uint64_t *work) {
    if (run->model->float_type != FLOAT_64 || !run->model->exact ||
        run->model->output_count != run->count ||
        exact_refuses(run->graph, run->nodes, run->count) != NO_NODE)
        return false;
    Exact pool = {0};
    Arena *arena = arena_new(0);
    ExactInput input;
    ExactRequest request = {.input = &input, .pool = &pool};
    bool yes = exact_input_of(&pool, arena, run->input, &input) &&
               is_traced(run, &request, arena, work) && is_right(run, &request, arena, work);
    exact_free(&pool);
    arena_free(arena);
    return yes;
}
