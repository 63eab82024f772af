#include "compiler/driver/exact_trials.h"

#include "runtime/base/random.h"

/* Numbers are multiples of 1 / grain, from -range to range. */
typedef struct Grid {
    uint32_t grain, range;
} Grid;

static Grid choose_grid(Random *random) {
    static const uint32_t grains[] = {1, 1, 2, 4, 3, 5, 6};
    return (Grid){grains[random_below(random, sizeof grains / sizeof grains[0])],
                  1 + random_below(random, 4)};
}

static void random_number(Random *random, Grid grid, mpq_t out) {
    long most = (long)grid.grain * grid.range;
    long number = (long)random_below(random, (uint32_t)(2 * most + 1)) - most;
    mpq_set_si(out, number, grid.grain);
    mpq_canonicalize(out);
}

/* One-hots in order, then zeros: what numbers the first positions. */
static void one_hots(ExactColumn *column, uint32_t n) {
    for (uint32_t i = 0; i < n && i < column->width; i++)
        mpq_set_ui(column->numbers[(size_t)i * column->width + i], 1, 1);
}

static void random_vectors(Random *random, ExactColumn *column, uint32_t n) {
    enum { ONE_HOT = 30, DUPLICATE = 25 }; /* percent */
    Grid grid = choose_grid(random);
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
static void random_bools(Random *random, ExactColumn *column, uint32_t n) {
    static const uint32_t percents[] = {10, 30, 70};
    uint32_t style = random_below(random, 6);
    uint32_t first = style < 3 ? 1 + random_below(random, n < 6 ? n : 6) : 0;
    for (uint32_t i = 0; i < n; i++) {
        bool truth = style < 3 ? i < first : random_chance(random, percents[style - 3]);
        rational_set_truth(column->numbers[i], truth);
    }
}

static void random_ints(Random *random, ExactColumn *column, uint32_t n) {
    uint32_t most = random_chance(random, 50) ? n : 4;
    for (uint32_t i = 0; i < n; i++)
        mpq_set_si(column->numbers[i], (long)random_below(random, most + 2) - 1, 1);
}

static void random_column(Random *random, ExactColumn *column, uint32_t n) {
    Grid grid = choose_grid(random);
    switch (column->type) {
    case TYPE_VECTOR: random_vectors(random, column, n); return;
    case TYPE_BOOL: random_bools(random, column, n); return;
    case TYPE_INT: random_ints(random, column, n); return;
    default:
        for (uint32_t i = 0; i < n; i++)
            random_number(random, grid, column->numbers[i]);
    }
}

static uint32_t random_length(Random *random, uint32_t max_length, uint64_t index) {
    enum { FEW = 8 };
    if (index == 0) return 1;
    if (index == 1) return max_length;
    bool few = random_chance(random, 50) && max_length > FEW;
    return 1 + random_below(random, few ? FEW : max_length);
}

void exact_trial(Exact *pool, Arena *arena, const Session *session, uint32_t max_length,
                 uint64_t seed, uint64_t index, ExactInput *out) {
    Random random = random_of(seed, index);
    size_t declared_count = session_declared_count(session);
    ExactColumn *columns = ARENA_ARRAY(arena, ExactColumn, declared_count);
    *out = (ExactInput){.n = random_length(&random, max_length, index), .columns = columns};
    for (size_t i = 0; i < declared_count; i++) {
        Declared declared = session_declared(session, i);
        /* Nothing rational depends on a string. */
        if (declared.is_param || declared.type.atoms == TYPE_STRING) continue;
        bool vectors = declared.type.dimensions > 0;
        uint32_t width = vectors ? declared.type.columns : 1;
        ExactColumn *column = &columns[out->count++];
        *column = (ExactColumn){.name = declared.name,
                                .type = vectors ? TYPE_VECTOR : declared.type.atoms,
                                .width = width,
                                .numbers = exact_array(pool, (size_t)out->n * width)};
        random_column(&random, column, out->n);
    }
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
