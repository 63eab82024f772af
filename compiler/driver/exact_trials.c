#include "compiler/driver/exact_trials.h"

#include "runtime/base/random.h"
#include "runtime/exact/eval_exact.h"

#include <stdlib.h>

enum { ATTEMPTS = 64 }; /* at an input that the program takes */

/* An input being made. */
typedef struct Drawing {
    Random random;
    bool bends; /* the program may want something else than what most programs take */
    uint32_t n;
} Drawing;

/* Numbers are multiples of 1 / grain, from -range, or 0, to range. */
typedef struct Grid {
    uint32_t grain, range;
    bool positive;
} Grid;

static Grid choose_grid(Drawing *drawing) {
    static const uint32_t grains[] = {1, 1, 2, 4, 3, 5, 6};
    Random *random = &drawing->random;
    Grid grid = {.grain = grains[random_below(random, sizeof grains / sizeof grains[0])]};
    grid.range = 1 + random_below(random, 4);
    if (drawing->bends && random_chance(random, 50)) grid.range = 1;
    grid.positive = drawing->bends && random_chance(random, 50);
    return grid;
}

static void random_number(Random *random, Grid grid, mpq_t out) {
    long most = (long)grid.grain * grid.range;
    long number = (long)random_below(random, (uint32_t)(2 * most + 1)) - most;
    if (grid.positive) number = labs(number);
    mpq_set_si(out, number, grid.grain);
    mpq_canonicalize(out);
}

/* One-hots in order, then zeros: what numbers the first positions. */
static void one_hots(ExactColumn *column, uint32_t n) {
    for (uint32_t i = 0; i < n && i < column->width; i++)
        mpq_set_ui(column->numbers[(size_t)i * column->width + i], 1, 1);
}

static void random_vectors(Drawing *drawing, ExactColumn *column) {
    enum { ONE_HOT = 30, DUPLICATE = 25 }; /* percent */
    Random *random = &drawing->random;
    uint32_t n = drawing->n;
    Grid grid = choose_grid(drawing);
    if (column->width > 1 && random_chance(random, ONE_HOT)) {
        one_hots(column, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        mpq_t *row = column->numbers + (size_t)i * column->width;
        bool copies = i > 0 && random_chance(random, DUPLICATE);
        uint32_t other = copies ? random_below(random, i) : 0;
        for (uint32_t c = 0; c < column->width; c++) {
            if (copies)
                mpq_set(row[c], column->numbers[(size_t)other * column->width + c]);
            else
                random_number(random, grid, row[c]);
        }
    }
}

/* The first few, or each with some chance. */
static void random_bools(Drawing *drawing, ExactColumn *column) {
    static const uint32_t percents[] = {10, 30, 70};
    Random *random = &drawing->random;
    uint32_t n = drawing->n;
    if (drawing->bends && random_chance(random, 30)) { /* one */
        rational_set_truth(column->numbers[random_below(random, n)], true);
        return;
    }
    uint32_t style = random_below(random, 6);
    uint32_t first = style < 3 ? 1 + random_below(random, n < 6 ? n : 6) : 0;
    for (uint32_t i = 0; i < n; i++) {
        bool truth = style < 3 ? i < first : random_chance(random, percents[style - 3]);
        rational_set_truth(column->numbers[i], truth);
    }
}

/* From -1, or 0, or 1 on. */
static void random_ints(Drawing *drawing, ExactColumn *column) {
    Random *random = &drawing->random;
    uint32_t most = random_chance(random, 50) ? drawing->n : 4;
    long least = drawing->bends ? (long)random_below(random, 3) - 1 : -1;
    for (uint32_t i = 0; i < drawing->n; i++)
        mpq_set_si(column->numbers[i], (long)random_below(random, most + 2) + least, 1);
}

static void random_column(Drawing *drawing, ExactColumn *column) {
    Grid grid = choose_grid(drawing);
    switch (column->type) {
    case TYPE_VECTOR: random_vectors(drawing, column); return;
    case TYPE_BOOL: random_bools(drawing, column); return;
    case TYPE_INT: random_ints(drawing, column); return;
    default:
        for (uint32_t i = 0; i < drawing->n; i++)
            random_number(&drawing->random, grid, column->numbers[i]);
    }
}

static uint32_t random_length(Random *random, uint32_t max_length, uint64_t index) {
    enum { FEW = 8 };
    if (index == 0) return 1;
    if (index == 1) return max_length;
    bool few = random_chance(random, 50) && max_length > FEW;
    return 1 + random_below(random, few ? FEW : max_length);
}

/* Attempt 0 is what it is whatever the program requires. */
static void draw(const ExactTrials *trials, uint64_t index, uint32_t attempt, Exact *pool,
                 Arena *arena, ExactInput *out) {
    Drawing drawing = {.random = random_of(trials->seed, index + ((uint64_t)attempt << 40)),
                       .bends = attempt > 0};
    size_t declared_count = session_declared_count(trials->session);
    ExactColumn *columns = ARENA_ARRAY(arena, ExactColumn, declared_count);
    drawing.n = random_length(&drawing.random, trials->max_length, index);
    *out = (ExactInput){.n = drawing.n, .columns = columns};
    for (size_t i = 0; i < declared_count; i++) {
        Declared declared = session_declared(trials->session, i);
        /* Nothing rational depends on a string. */
        if (declared.is_param || declared.type.atoms == TYPE_STRING) continue;
        bool vectors = declared.type.dimensions > 0;
        uint32_t width = vectors ? declared.type.columns : 1;
        ExactColumn *column = &columns[out->count++];
        *column = (ExactColumn){.name = declared.name,
                                .type = vectors ? TYPE_VECTOR : declared.type.atoms,
                                .width = width,
                                .numbers = exact_array(pool, (size_t)out->n * width)};
        random_column(&drawing, column);
    }
}

/* --- what the program requires ---------------------------------------------------------------- */

static bool all_true(const ExactResult *result, uint32_t n) {
    bool all = result->end == EXACT_DONE;
    for (uint32_t o = 0; all && o < result->count; o++)
        for (uint32_t i = 0; all && i < n; i++)
            all = rational_is_true(result->outputs[o][i]);
    return all;
}

/* What is not rational is asked of the nearest doubles. */
static bool is_taken(const ExactTrials *trials, const ExactInput *input, Exact *pool, Arena *arena,
                     uint64_t *work) {
    const Graph *graph = session_graph(trials->session);
    Diagnostics *diags = session_diagnostics(trials->session);
    uint32_t count;
    const Requirement *required = session_requirements(trials->session, &count);
    if (count == 0) return true;
    NodeId *nodes = ARENA_ARRAY(arena, NodeId, count);
    for (uint32_t i = 0; i < count; i++)
        nodes[i] = required[i].node;
    if (exact_refuses(graph, nodes, count) == NO_NODE) {
        ExactRequest request = {.input = input, .pool = pool};
        ExactResult result = eval_exact(graph, nodes, count, &request, arena);
        *work += result.work;
        return all_true(&result, input->n);
    }
    ApplyRequest request = {.graph = graph, .diags = diags};
    size_t before = diagnostics_count(diags);
    (void)exact_input_round(arena, input, &request.input);
    *work += (uint64_t)input->n * input->n;
    bool taken = session_takes(trials->session, &request, NULL, NULL);
    diagnostics_truncate(diags, before);
    return taken;
}

bool exact_trial(const ExactTrials *trials, uint64_t index, Exact *pool, Arena *arena,
                 ExactInput *out, uint64_t *work) {
    bool taken = false;
    for (uint32_t attempt = 0; attempt < ATTEMPTS && !taken; attempt++) {
        Exact numbers = {0};
        Arena *scratch = arena_new(0);
        draw(trials, index, attempt, &numbers, scratch, out);
        taken = is_taken(trials, out, &numbers, scratch, work);
        exact_free(&numbers);
        arena_free(scratch);
        if (taken) draw(trials, index, attempt, pool, arena, out);
    }
    return taken;
}

/* --- showing ---------------------------------------------------------------------------------- */

static void show_numbers(Buffer *out, mpq_t *numbers, uint32_t width) {
    for (uint32_t c = 0; c < width; c++) {
        if (c > 0) buffer_text(out, ", ");
        rational_format(out, numbers[c]);
    }
}

static void show_element(Buffer *out, const ExactColumn *column, uint32_t position) {
    mpq_t *numbers = column->numbers + (size_t)position * column->width;
    if (column->type == TYPE_BOOL) {
        buffer_text(out, rational_is_true(*numbers) ? "True" : "False");
    } else if (column->type == TYPE_VECTOR) {
        buffer_char(out, '[');
        show_numbers(out, numbers, column->width);
        buffer_char(out, ']');
    } else {
        show_numbers(out, numbers, 1);
    }
}

void exact_input_show(Buffer *out, const ExactInput *input) {
    enum { SHOWN = 50 }; /* positions */
    for (uint32_t k = 0; k < input->count; k++) {
        const ExactColumn *column = &input->columns[k];
        buffer_printf(out, "%s%s = [", k > 0 ? ", " : "", column->name->bytes);
        for (uint32_t i = 0; i < input->n && i < SHOWN; i++) {
            if (i > 0) buffer_text(out, ", ");
            show_element(out, column, i);
        }
        buffer_text(out, input->n > SHOWN ? ", ...]" : "]");
    }
}
