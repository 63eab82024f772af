#include "compiler/driver/real_trials.h"

#include "runtime/base/limits.h"
#include "runtime/base/random.h"
#include "runtime/value/atom_set.h"

#include <math.h>
#include <stdlib.h>

/* How the numbers of one input are made. */
typedef enum DataKind {
    DATA_ZERO,
    DATA_SMALL,   /* integers from -2 to 2: ties */
    DATA_COPIES,  /* few different rows of reals */
    DATA_CLUSTER, /* reals around few centres */
    DATA_UNIFORM, /* reals from -1 to 1 */
    DATA_KINDS
} DataKind;

/* What is made of such numbers where an input of that kind was not taken. */
typedef enum DataBend {
    BEND_NOT,
    BEND_POSITIVE, /* their magnitudes */
    BEND_FRACTION, /* from 0 to 1, instead */
    BEND_ONE_HOT,  /* rows with a 1 or none, instead */
    DATA_BENDS
} DataBend;

typedef struct Filling {
    Arena *arena;
    Random random;
    DataKind kind;
    bool bends; /* the program may want something else than what the kind is */
    uint32_t n;
} Filling;

enum { LENGTHS = 5 };   /* of the edge cases */
enum { ATTEMPTS = 64 }; /* at an input that the program takes */

RealTrials real_trials(Session *session, uint32_t max_len, uint64_t samples, uint64_t seed) {
    RealTrials trials = {.session = session, .max_len = max_len, .seed = seed};
    trials.edges = LENGTHS * DATA_KINDS;
    trials.count = trials.edges + samples;
    return trials;
}

static uint32_t edge_length(uint32_t max_len, uint32_t which) {
    const uint32_t lengths[LENGTHS] = {1, 2, 3, max_len > 1 ? max_len - 1 : 1, max_len};
    return lengths[which] < max_len ? lengths[which] : max_len;
}

/* From 0 to below 1. */
static double fraction(Random *random) { return ldexp((double)(random_next(random) >> 11), -53); }

static double uniform(Random *random, double reach) { return reach * (2 * fraction(random) - 1); }

/* --- numbers ---------------------------------------------------------------------------------- */

/* (count, width): rows to copy, or to be near. */
static double *some_rows(Filling *filling, uint32_t count, uint32_t width, double reach) {
    double *rows = ARENA_ARRAY(filling->arena, double, (size_t)count *width);
    for (size_t i = 0; i < (size_t)count * width; i++)
        rows[i] = uniform(&filling->random, reach);
    return rows;
}

static DataBend choose_bend(Filling *filling) {
    return filling->bends ? (DataBend)random_below(&filling->random, DATA_BENDS) : BEND_NOT;
}

static void bend_row(Filling *filling, DataBend bend, double *row, uint32_t width) {
    uint32_t hot = bend == BEND_ONE_HOT ? random_below(&filling->random, width + 1) : 0;
    for (uint32_t c = 0; c < width; c++) {
        if (bend == BEND_POSITIVE) row[c] = fabs(row[c]);
        if (bend == BEND_FRACTION) row[c] = fraction(&filling->random);
        if (bend == BEND_ONE_HOT) row[c] = c == hot;
    }
}

/* (n, width) */
static const double *fill_numbers(Filling *filling, uint32_t width) {
    const double reach = 10, noise = 0.25;
    Random *random = &filling->random;
    uint32_t few = 1 + random_below(random, 4);
    bool copies = filling->kind == DATA_COPIES, clusters = filling->kind == DATA_CLUSTER;
    const double *rows = copies || clusters ? some_rows(filling, few, width, reach) : NULL;
    double *numbers = ARENA_ARRAY(filling->arena, double, (size_t)filling->n *width);
    DataBend bend = choose_bend(filling);
    for (size_t i = 0; i < filling->n; i++) {
        uint32_t row = random_below(random, few);
        for (uint32_t c = 0; c < width; c++) {
            double *number = &numbers[i * width + c];
            if (filling->kind == DATA_SMALL) *number = (double)random_below(random, 5) - 2;
            if (filling->kind == DATA_UNIFORM) *number = uniform(random, 1);
            if (rows) *number = rows[(size_t)row * width + c];
            if (clusters) *number += uniform(random, noise);
        }
        bend_row(filling, bend, numbers + i * width, width);
    }
    return numbers;
}

/* --- atoms ------------------------------------------------------------------------------------ */

/* One, or a few first ones. */
static void fill_few(Filling *filling, Atom *atoms) {
    enum { FEW = 4 };
    bool one = random_chance(&filling->random, 50);
    uint32_t first = one ? random_below(&filling->random, filling->n) : 0;
    uint32_t count = one ? 1 : 1 + random_below(&filling->random, FEW);
    for (uint32_t i = 0; i < filling->n; i++)
        atoms[i] = atom_bool(i >= first && i - first < count);
}

/* Some first positions, as those of centres; or each by chance. */
static void fill_bools(Filling *filling, Atom *atoms) {
    Random *random = &filling->random;
    if (filling->bends && random_chance(random, 50)) {
        fill_few(filling, atoms);
        return;
    }
    bool first = random_chance(random, 50);
    uint32_t count = random_below(random, filling->n + 1);
    for (uint32_t i = 0; i < filling->n; i++)
        atoms[i] = atom_bool((filling->kind != DATA_ZERO || filling->bends) &&
                             (first ? i < count : random_chance(random, 50)));
}

/* Positions, or small numbers. */
static void fill_ints(Filling *filling, Atom *atoms) {
    bool positions = random_chance(&filling->random, 50);
    bool zero = filling->kind == DATA_ZERO && !filling->bends;
    bool positive = choose_bend(filling) == BEND_POSITIVE;
    for (uint32_t i = 0; i < filling->n; i++) {
        int64_t number = positions ? (int64_t)random_below(&filling->random, filling->n)
                                   : (int64_t)random_below(&filling->random, 7) - 3;
        if (positive) number = 1 + llabs(number);
        atoms[i] = atom_int(zero ? 0 : number);
    }
}

static void add_strings(AtomSet *words, const Atom *atoms, uint32_t count) {
    for (uint32_t i = 0; atoms && i < count; i++)
        if (atoms[i].kind == ATOM_STRING) (void)atom_set_add(words, atoms[i]);
}

/* Mostly words that the program names, if it names any. */
static void fill_strings(Filling *filling, const Graph *graph, Atom *atoms) {
    AtomSet words = atom_set_new(filling->arena, 0);
    for (NodeId id = 0; id < graph->count; id++) {
        const Node *node = graph_node(graph, id);
        if (node->op == OP_CONST) add_strings(&words, &node->atom, 1);
        if (node->op == OP_MEMBER || node->op == OP_LOOKUP)
            add_strings(&words, node->table->keys, node->table->count);
    }
    uint32_t named = words.count;
    for (char letter = 'a'; letter <= 'c'; letter++) {
        Atom atom = atom_string(string_new(filling->arena, &letter, 1));
        add_strings(&words, &atom, 1);
    }
    bool others = named == 0 || random_chance(&filling->random, 30);
    for (uint32_t i = 0; i < filling->n; i++) {
        uint32_t word = random_below(&filling->random, others ? words.count : named);
        atoms[i] = words.atoms[filling->kind == DATA_ZERO ? 0 : word];
    }
}

static InputColumn fill_column(Filling *filling, const Graph *graph, Declared declared) {
    InputColumn column = {.name = declared.name};
    if (declared.type.dimensions > 0) {
        column.width = declared.type.columns;
        column.numbers = fill_numbers(filling, column.width);
        return column;
    }
    Atom *atoms = ARENA_ARRAY(filling->arena, Atom, filling->n);
    column.atoms = atoms;
    if (declared.type.atoms == TYPE_BOOL) fill_bools(filling, atoms);
    if (declared.type.atoms == TYPE_INT) fill_ints(filling, atoms);
    if (declared.type.atoms == TYPE_STRING) fill_strings(filling, graph, atoms);
    const double *numbers = declared.type.atoms == TYPE_FLOAT ? fill_numbers(filling, 1) : NULL;
    for (uint32_t i = 0; numbers && i < filling->n; i++)
        atoms[i] = atom_float(numbers[i]);
    return column;
}

/* Attempt 0 is of the trial's kind whatever the program requires. */
static Input draw(const RealTrials *trials, uint64_t index, uint32_t attempt, Arena *arena) {
    Filling filling = {.arena = arena,
                       .random = random_of(trials->seed, index + ((uint64_t)attempt << 40)),
                       .kind = (DataKind)(index % DATA_KINDS),
                       .bends = attempt > 0};
    if (index < trials->edges)
        filling.n = edge_length(trials->max_len, (uint32_t)index / DATA_KINDS);
    else
        filling.n = 1 + random_below(&filling.random, trials->max_len);
    size_t declared = session_declared_count(trials->session);
    const Graph *graph = session_graph(trials->session);
    InputColumn *columns = ARENA_ARRAY(arena, InputColumn, declared);
    Input input = {.n = filling.n, .columns = columns};
    for (size_t i = 0; i < declared; i++) {
        Declared one = session_declared(trials->session, i);
        if (!one.is_param) columns[input.column_count++] = fill_column(&filling, graph, one);
    }
    return input;
}

/* why: where it says so if not; or NULL. */
static bool is_taken(const RealTrials *trials, Input input, Buffer *why) {
    Diagnostics *diags = session_diagnostics(trials->session);
    size_t before = diagnostics_count(diags);
    ApplyRequest request = {
        .graph = session_graph(trials->session), .input = input, .diags = diags};
    bool taken = session_takes(trials->session, &request, NULL, NULL);
    if (!taken && why) buffer_text(why, diagnostics_message(diags, before));
    diagnostics_truncate(diags, before);
    return taken;
}

bool real_trial(const RealTrials *trials, uint64_t index, Arena *arena, Input *out,
                uint64_t *pairs) {
    bool taken = false;
    for (uint32_t attempt = 0; attempt < ATTEMPTS && !taken; attempt++) {
        Arena *scratch = arena_new(LIMIT_EVALUATION_BYTES);
        *out = draw(trials, index, attempt, scratch);
        *pairs += (uint64_t)out->n * out->n;
        taken = is_taken(trials, *out, NULL);
        arena_free(scratch);
        if (taken) *out = draw(trials, index, attempt, arena);
    }
    return taken;
}

void real_trials_refusal(const RealTrials *trials, Buffer *out) {
    Arena *scratch = arena_new(LIMIT_EVALUATION_BYTES);
    uint64_t longest = trials->edges - DATA_KINDS;
    (void)is_taken(trials, draw(trials, longest, 0, scratch), out);
    arena_free(scratch);
}
