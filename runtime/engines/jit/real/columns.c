/* Columns: where a node's values lie, how inputs become them and how results are read off. */
#include "runtime/engines/jit/real/run.h"

#include "runtime/base/bug.h"
#include "runtime/base/processors.h"

#include <float.h>
#include <math.h>
#include <string.h>

static size_t real_size(const Run *run) {
    return run->plan->single ? sizeof(float) : sizeof(double);
}

/* --- conversion --------------------------------------------------------------------------------
 */

/* Numbers [from, from + count) of one array into another; returns how many are not finite there.
   They are counted: a jump would take longer than the rest. */
typedef size_t Convert(const void *source, void *target, size_t from, size_t count);

typedef struct Conversion {
    const void *source;
    void *target;
    Convert *convert;
} Conversion;

typedef struct Converting {
    const Conversion *conversion;
    size_t count;
    atomic_size_t others; /* not finite */
} Converting;

enum { PIECE_NUMBERS = 1 << 16 };

FOR_EACH_PROCESSOR
static size_t narrow(const void *source, void *target, size_t from, size_t count) {
    const double *restrict in = (const double *)source + from;
    float *restrict out = (float *)target + from;
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = (float)in[i];
        others += !(fabsf(out[i]) <= FLT_MAX);
    }
    return others;
}

FOR_EACH_PROCESSOR
static size_t widen(const void *source, void *target, size_t from, size_t count) {
    const float *restrict in = (const float *)source + from;
    double *restrict out = (double *)target + from;
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = (double)in[i];
        others += !(fabsf(in[i]) <= FLT_MAX);
    }
    return others;
}

FOR_EACH_PROCESSOR
static size_t copy_doubles(const void *source, void *target, size_t from, size_t count) {
    const double *restrict in = (const double *)source + from;
    double *restrict out = (double *)target + from;
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = in[i];
        others += !(fabs(in[i]) <= DBL_MAX);
    }
    return others;
}

static void convert_piece(void *state, uint32_t piece) {
    Converting *all = state;
    const Conversion *conversion = all->conversion;
    size_t from = (size_t)piece * PIECE_NUMBERS, count = all->count - from;
    if (count > PIECE_NUMBERS) count = PIECE_NUMBERS;
    atomic_fetch_add(&all->others,
                     conversion->convert(conversion->source, conversion->target, from, count));
}

/* By all threads. */
static size_t convert(Run *run, const Conversion *conversion, size_t count) {
    Converting all = {.conversion = conversion, .count = count};
    run_pieces(run, convert_piece, &all, (uint32_t)((count + PIECE_NUMBERS - 1) / PIECE_NUMBERS));
    return all.others;
}

/* --- numbers ---------------------------------------------------------------------------------- */

Scalars run_numbers(const Run *run, NodeId node) {
    const Node *at = graph_node(run->graph, node);
    Scalars numbers = {.tag = (uint8_t)real_tag(run->graph, node)};
    if (at->op == OP_CONST) {
        numbers.constant = real_number(run->plan, at->atom);
        numbers.tag = (uint8_t)real_atom_tag(at->atom);
    } else if (at->op == OP_INDICES) {
        numbers.is_index = true;
    } else {
        numbers.numbers = run->columns[2 * (size_t)node];
        if (numbers.numbers == NULL) BUG("node %u has no column", node);
        if (real_is_tagged(run->graph, node)) numbers.tags = run->columns[2 * (size_t)node + 1];
    }
    return numbers;
}

double run_component(const Run *run, NodeId node, int64_t row, uint32_t c) {
    const Node *at = graph_node(run->graph, node);
    if (at->type != TYPE_VECTOR) {
        Scalars numbers = run_numbers(run, node);
        return number_at(&numbers, row);
    }
    const void *column = run->columns[2 * (size_t)node];
    size_t place = (size_t)row * at->width + c;
    return run->plan->single ? (double)((const float *)column)[place]
                             : ((const double *)column)[place];
}

void run_vector(const Run *run, NodeId node, int64_t row, double *out) {
    uint32_t width = graph_node(run->graph, node)->width;
    if (width == 0) {
        *out = run_component(run, node, row, 0);
        return;
    }
    const void *column = run->columns[2 * (size_t)node];
    size_t place = (size_t)row * width;
    for (uint32_t c = 0; c < width; c++)
        out[c] = run->plan->single ? (double)((const float *)column)[place + c]
                                   : ((const double *)column)[place + c];
}

void run_set_number(Run *run, NodeId node, int64_t row, double number, uint8_t tag) {
    ((double *)run->columns[2 * (size_t)node])[row] = number;
    uint8_t *tags = run->columns[2 * (size_t)node + 1];
    if (tags) tags[row] = tag;
}

void run_set_vector(Run *run, NodeId node, int64_t row, const double *numbers) {
    uint32_t width = graph_node(run->graph, node)->width;
    void *column = run->columns[2 * (size_t)node];
    size_t place = (size_t)row * width;
    for (uint32_t c = 0; c < width; c++)
        if (run->plan->single)
            ((float *)column)[place + c] = (float)numbers[c];
        else
            ((double *)column)[place + c] = numbers[c];
}

bool run_make_column(Run *run, NodeId node) {
    const Node *at = graph_node(run->graph, node);
    void **column = &run->columns[2 * (size_t)node];
    if (column[0] != NULL) return true;
    size_t rows = (size_t)run_row_count(run, run->plan->rows[node]);
    if (at->type == TYPE_VECTOR) {
        column[0] = run_take_column(run, rows * at->width, real_size(run));
        return column[0] != NULL;
    }
    column[0] = run_take_column(run, rows, sizeof(double));
    if (real_is_tagged(run->graph, node)) column[1] = run_take_column(run, rows, 1);
    return column[0] != NULL && (!real_is_tagged(run->graph, node) || column[1] != NULL);
}

/* --- inputs ----------------------------------------------------------------------------------- */

static bool wrong_input(Run *run, NodeId node, const String *name, const char *what) {
    return run_fail(run, node, DIAG_BAD_INPUT, "the input '%s' %s", name->bytes, what);
}

/* Atoms as numbers. */
static bool read_scalars(Run *run, NodeId node, const InputColumn *given) {
    TypeSet types = graph_node(run->graph, node)->type;
    if (given->atoms == NULL) return wrong_input(run, node, given->name, "holds vectors");
    if (!run_make_column(run, node)) return false;
    for (int64_t i = 0; i < run->n && types == TYPE_STRING; i++)
        run_set_number(run, node, i, run_word(run, given->atoms[i]), TAG_STRING);
    for (int64_t i = 0; i < run->n && types != TYPE_STRING; i++) {
        Atom atom = given->atoms[i];
        double number;
        if (!atom_as_double(atom, &number))
            return wrong_input(run, node, given->name, "holds something that is no number");
        uint8_t tag = (uint8_t)real_atom_tag(atom);
        /* An int given for a float is one. */
        if (!(types & type_of_atom(atom)) && types == TYPE_FLOAT) tag = TAG_FLOAT;
        if (tag != TAG_FLOAT && fabs(number) > REAL_INTEGER_MOST)
            return run_fail(run, node, DIAG_INTEGER_ROUNDED,
                            "the input '%s' holds an integer of 2^53 or more, which the jit can't "
                            "hold exactly; --engine eval can",
                            given->name->bytes);
        run_set_number(run, node, i, number, tag);
    }
    return true;
}

/* Doubles stay where they are: the input may be a file in memory. */
static bool read_vectors(Run *run, NodeId node, const InputColumn *given) {
    uint32_t width = graph_node(run->graph, node)->width;
    if (given->numbers == NULL || given->width != width)
        return wrong_input(run, node, given->name, "has vectors of another width");
    if (!run->plan->single) {
        run->columns[2 * (size_t)node] = (void *)(uintptr_t)given->numbers;
        return true;
    }
    if (!run_make_column(run, node)) return false;
    const Conversion narrowing = {given->numbers, run->columns[2 * (size_t)node], narrow};
    return convert(run, &narrowing, (size_t)run->n * width) == 0 ||
           wrong_input(run, node, given->name, "holds a number beyond the greatest float32");
}

static bool fill_leaf(Run *run, NodeId node) {
    const Node *at = graph_node(run->graph, node);
    if (!run_make_column(run, node)) return false;
    if (at->op != OP_VECTOR) {
        Scalars numbers = run_numbers(run, node);
        numbers.numbers = NULL;
        for (int64_t i = 0; i < run->n; i++)
            run_set_number(run, node, i, number_at(&numbers, i), numbers.tag);
        return true;
    }
    double *row = run_take(run, at->width, sizeof *row);
    if (row == NULL) return false;
    for (uint32_t c = 0; c < at->width; c++)
        if (!atom_as_double(at->table->values[c], &row[c])) BUG("a vector of other things");
    for (int64_t i = 0; i < run->n; i++)
        run_set_vector(run, node, i, row);
    run_give(run, row);
    return true;
}

bool run_read_inputs(Run *run) {
    if (!run_find_words(run)) return false;
    for (NodeId id = 0; id < run->graph->count; id++) {
        const Node *node = graph_node(run->graph, id);
        if (!run->plan->needed[id]) continue;
        bool leaf = node->op == OP_CONST || node->op == OP_INDICES || node->op == OP_VECTOR;
        if (leaf && run->plan->stored[id] && !fill_leaf(run, id)) return false;
        if (node->op != OP_INPUT) continue;
        const InputColumn *given = input_column(run->input, node->atom.as.string);
        if (given == NULL)
            return run_fail(run, id, DIAG_BAD_INPUT, "no input '%s' is given",
                            node->atom.as.string->bytes);
        if (!(node->type == TYPE_VECTOR ? read_vectors(run, id, given)
                                        : read_scalars(run, id, given)))
            return false;
    }
    return true;
}

Sequence run_sequence(const Run *run, NodeId node, Arena *arena) {
    const Node *at = graph_node(run->graph, node);
    uint32_t bad, width = at->width;
    Sequence out = {.n = (uint32_t)run->n, .type = SEQUENCE_VECTORS, .width = width};
    if (at->type == TYPE_VECTOR) {
        double *numbers = ARENA_ARRAY(arena, double, (size_t)run->n *width);
        for (int64_t i = 0; i < run->n; i++)
            run_vector(run, node, i, numbers + (size_t)i * width);
        out.numbers = numbers;
        return out;
    }
    Scalars numbers = run_numbers(run, node);
    Atom *atoms = ARENA_ARRAY(arena, Atom, (size_t)run->n);
    for (int64_t i = 0; i < run->n; i++)
        atoms[i] = run_atom(run, number_at(&numbers, i), tag_at(&numbers, i));
    out.atoms = atoms;
    if (!sequence_type_of(atoms, out.n, &out.type, &bad)) BUG("numbers that are no sequence");
    return out;
}

/* --- results ---------------------------------------------------------------------------------- */

static bool not_finite(Run *run, NodeId node, int64_t position, double value) {
    const String *name = graph_name_of(run->graph, node);
    Buffer what = {0};
    if (name)
        buffer_printf(&what, "position %lld of '%s'", (long long)position, name->bytes);
    else
        buffer_printf(&what, "position %lld", (long long)position);
    run_fail(run, node, DIAG_NOT_FINITE, "%s %s", what.data,
             isnan(value) ? "is not a number" : "is infinite");
    buffer_free(&what);
    return false;
}

static bool read_vector_result(Run *run, NodeId node, Arena *arena, Sequence *out) {
    uint32_t width = graph_node(run->graph, node)->width;
    size_t count = (size_t)run->n * width;
    double *numbers = ARENA_ARRAY(arena, double, count);
    const Conversion result = {run->columns[2 * (size_t)node], numbers,
                               run->plan->single ? widen : copy_doubles};
    size_t others = convert(run, &result, count);
    for (size_t i = 0; others > 0 && i < count; i++)
        if (!isfinite(numbers[i])) return not_finite(run, node, (int64_t)(i / width), numbers[i]);
    *out = (Sequence){
        .n = (uint32_t)run->n, .type = SEQUENCE_VECTORS, .width = width, .numbers = numbers};
    return true;
}

/* The run's strings go with it; equal neighbours share theirs. */
static Atom result_string(Arena *arena, const Atom *atoms, int64_t i, Atom string) {
    bool again = i > 0 && string_equal(atoms[i - 1].as.string, string.as.string);
    return again ? atoms[i - 1] : atom_copy(arena, string);
}

static bool read_scalar_result(Run *run, NodeId node, Arena *arena, Sequence *out) {
    Scalars numbers = run_numbers(run, node);
    Atom *atoms = ARENA_ARRAY(arena, Atom, (size_t)run->n);
    for (int64_t i = 0; i < run->n; i++) {
        double number = number_at(&numbers, i);
        if (!isfinite(number)) return not_finite(run, node, i, number);
        Atom atom = run_atom(run, number, tag_at(&numbers, i));
        atoms[i] = atom.kind == ATOM_STRING ? result_string(arena, atoms, i, atom) : atom;
    }
    uint32_t bad;
    *out = (Sequence){.n = (uint32_t)run->n, .atoms = atoms};
    if (!sequence_type_of(atoms, out->n, &out->type, &bad)) BUG("numbers that are no sequence");
    return true;
}

bool run_results(Run *run, Arena *arena, Sequence *out) {
    for (uint32_t o = 0; o < run->plan->output_count; o++) {
        NodeId node = run->plan->outputs[o];
        bool vectors = graph_node(run->graph, node)->type == TYPE_VECTOR;
        if (!(vectors ? read_vector_result(run, node, arena, &out[o])
                      : read_scalar_result(run, node, arena, &out[o])))
            return false;
    }
    return true;
}
