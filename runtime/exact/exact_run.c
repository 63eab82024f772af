#include "runtime/exact/exact_run.h"

#include "runtime/base/limits.h"

/* --- inputs ----------------------------------------------------------------------------------- */

static bool column_of(Exact *pool, const InputColumn *column, uint32_t n, ExactColumn *out) {
    uint32_t width = column->numbers ? column->width : 1;
    *out = (ExactColumn){.name = column->name,
                         .type = column->numbers ? TYPE_VECTOR : 0,
                         .width = width,
                         .numbers = exact_array(pool, (size_t)n * width)};
    for (size_t i = 0; column->numbers && i < (size_t)n * width; i++)
        rational_set_double(out->numbers[i], column->numbers[i]);
    for (uint32_t i = 0; !column->numbers && i < n; i++) {
        if (!rational_set_atom(out->numbers[i], column->atoms[i])) return false;
        out->type |= type_of_atom(column->atoms[i]);
    }
    return true;
}

bool exact_input_of(Exact *pool, Arena *arena, const Input *input, ExactInput *out) {
    ExactColumn *columns = ARENA_ARRAY(arena, ExactColumn, input->column_count);
    *out = (ExactInput){.n = input->n, .count = input->column_count, .columns = columns};
    for (uint32_t i = 0; i < input->column_count; i++)
        if (!column_of(pool, &input->columns[i], input->n, &columns[i])) return false;
    return true;
}

static Atom atom_of(TypeSet type, double number) {
    switch (type) {
    case TYPE_BOOL: return atom_bool(number != 0);
    case TYPE_INT: return atom_int((int64_t)number);
    default: return atom_float(number);
    }
}

/* rounded: (n, width) doubles; true when all are the column's numbers. */
static bool round_column(const ExactColumn *column, uint32_t n, double *rounded) {
    bool same = true;
    mpq_t back;
    mpq_init(back);
    for (size_t i = 0; i < (size_t)n * column->width; i++) {
        rounded[i] = rational_to_double(column->numbers[i]);
        rational_set_double(back, rounded[i]);
        same = same && mpq_equal(back, column->numbers[i]);
    }
    mpq_clear(back);
    return same;
}

bool exact_input_round(Arena *arena, const ExactInput *input, Input *out) {
    InputColumn *columns = ARENA_ARRAY(arena, InputColumn, input->count);
    bool same = true;
    for (uint32_t c = 0; c < input->count; c++) {
        const ExactColumn *from = &input->columns[c];
        double *numbers = ARENA_ARRAY(arena, double, (size_t)input->n * from->width);
        same = round_column(from, input->n, numbers) && same;
        columns[c] = (InputColumn){.name = from->name};
        if (from->type == TYPE_VECTOR) {
            columns[c].width = from->width;
            columns[c].numbers = numbers;
            continue;
        }
        Atom *atoms = ARENA_ARRAY(arena, Atom, input->n);
        for (uint32_t i = 0; i < input->n; i++)
            atoms[i] = atom_of(from->type, numbers[i]);
        columns[c].atoms = atoms;
    }
    *out = (Input){.n = input->n, .column_count = input->count, .columns = columns};
    return same;
}

const ExactColumn *exact_column(const ExactInput *input, const String *name) {
    for (uint32_t i = 0; i < input->count; i++)
        if (string_equal(input->columns[i].name, name)) return &input->columns[i];
    return NULL;
}

/* --- work ------------------------------------------------------------------------------------- */

/* The greatest common divisors that keep fractions small take the square of their length. */
bool exact_work(ExactWork *work, uint64_t operations, size_t bits) {
    const uint64_t square = 128;
    uint64_t limbs = bits / 64;
    work->done += operations * (1 + limbs + limbs * limbs / square);
    return work->done <= LIMIT_EXACT_WORK;
}

size_t exact_widest(mpq_t *numbers, size_t count) {
    size_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t bits = rational_bits(numbers[i]);
        if (bits > widest) widest = bits;
    }
    return widest;
}

/* --- results ---------------------------------------------------------------------------------- */

void exact_check_outputs(ExactResult *result, uint32_t n) {
    for (uint32_t o = 0; o < result->count; o++) {
        for (size_t i = 0; i < (size_t)n * result->widths[o]; i++) {
            if (!rational_is_undefined(result->outputs[o][i])) continue;
            result->end = EXACT_UNDEFINED;
            result->position = (uint32_t)(i / result->widths[o]);
            return;
        }
    }
}

bool exact_equal(const ExactResult *a, const ExactResult *b, uint32_t n, ExactDifference *out) {
    for (uint32_t o = 0; o < a->count; o++) {
        uint32_t width = a->widths[o];
        *out = (ExactDifference){.output = o};
        if (b->count != a->count || b->widths[o] != width) return false;
        for (size_t i = 0; i < (size_t)n * width; i++) {
            if (mpq_equal(a->outputs[o][i], b->outputs[o][i])) continue;
            out->position = (uint32_t)(i / width);
            out->component = (uint32_t)(i % width);
            return false;
        }
    }
    return true;
}
