/* A run of a program on one input: its columns, and how its steps go on. All memory is the run's
   and goes with it. What a run gives does not depend on how many threads it has: they share
   positions where each position is computed by itself, and components or groups where sums go over
   positions. */
#ifndef RASPC_JIT_REAL_RUN_H
#define RASPC_JIT_REAL_RUN_H

#include "runtime/engines/jit/pool.h"
#include "runtime/engines/jit/real/program.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

typedef struct RealProgram {
    const JitModule *module; /* first, as JitReal */
    Arena *arena;
    RealPlan *plan;
    Native *native;
    void **functions;            /* (plan->function_count) */
    struct Block *_Atomic *kept; /* memory for the next run (run_memory.c), or NULL */
    uint32_t threads;
} RealProgram;

/* The greater one; not a number where either is not. */
static inline double greatest_of(double a, double b) { return isnan(a) || a >= b ? a : b; }

/* The keys that a selector lets through whatever the query is. */
typedef struct KeyList {
    bool known;
    uint64_t made; /* which of the run's lists it is: each has another number */
    int64_t count;
    int32_t *positions;  /* (count), in order */
    const uint8_t *mask; /* (n), or NULL: all */
} KeyList;

/* A row of an arg-max whose winners are several. */
typedef struct Tie {
    int64_t row;
    size_t first; /* of its winners in Ties.keys */
    uint32_t count;
} Tie;

typedef struct Ties {
    Tie *rows; /* (count) */
    size_t count, capacity;
    int32_t *keys; /* (key_count) the winners' numbers, row after row */
    size_t key_count, key_capacity;
} Ties;

/* What an arg-max found. */
typedef struct Winners {
    int32_t *slots; /* (n, and a tile more) the key's number in the list; below 0: -1 - its tie's */
    KeyList keys;
    Ties ties;
    struct Screen *screen; /* screen.h; NULL: none yet, or none at all */
    bool screening;        /* in this round */
} Winners;

/* Sums by group: group 0 is that of the rows that belong to none. */
typedef struct Sums {
    int64_t groups, capacity;   /* those that there are, number 0 included; room for so many */
    double *sums;               /* (groups, width) */
    int64_t *counts;            /* (groups) */
    uint64_t keys;              /* the list of keys that group_of_position was made for */
    int32_t *group_of_position; /* (n) the group of the value that is this position, or 0 */
} Sums;

/* Sums of outer products of keys and values (products.h). */
typedef struct Products {
    int64_t keys;       /* components of a key, with those that fill a block */
    uint32_t width;     /* of the values; 0: none */
    double *sums;       /* (keys, width) */
    double *ones;       /* (keys) the keys' own sums */
    double *magnitudes; /* (keys) the sums of their magnitudes, where they are wanted */
} Products;

typedef struct Words Words; /* words.c */

typedef struct Run {
    const RealProgram *program;
    const RealPlan *plan;
    const Graph *graph;
    const Input *input;
    int64_t n;
    Words *words;        /* of a program that has strings, else NULL */
    void **columns;      /* (2 * graph->count) data and tags of each node */
    int32_t **rows;      /* (row_set_count) positions of each row set, or NULL */
    int32_t **places;    /* (row_set_count) each position's place among them, once asked for */
    int64_t *row_counts; /* (row_set_count) */
    Winners *winners;    /* (assignment_count) */
    Sums *sums;          /* (assignment_count) of those that a sum follows */
    Products *products;  /* (head_count) of heads that follow a softmax, until their step */
    KeyList *keys;       /* (head_count) of heads whose keys no loop changes */
    void **spare;        /* (2 * graph->count) a state's other columns */
    uint64_t lists_made;
    struct Block *blocks; /* all memory */
    struct Block *unused; /* columns that nobody reads any more */
    struct Block *kept;   /* given back, for whoever asks for as much */
    size_t bytes, kept_bytes;
    bool short_of_memory; /* that is on record, and the run ends */
    Pool *pool;
    bool sharing; /* several threads are at work: what they look at stays */
    uint32_t threads;
    const Cancel *cancel;     /* or NULL */
    const EvalRounds *rounds; /* or NULL */
    pthread_t caller;         /* who alone asks whether the run is still wanted */
    atomic_bool stopped;
    Span span;
    Diagnostics *diags;
} Run;

/* Asks whether the run is still wanted; where it is not, steps are left undone. Costs as much as a
   system call. */
bool run_goes_on(Run *run);

bool run_fail(Run *run, NodeId node, DiagId id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* work(state, piece) for pieces [0, count): on the run's threads. */
void run_pieces(Run *run, void (*work)(void *state, uint32_t piece), void *state, uint32_t count);

/* How many rows the set has; their positions (NULL: each its own). */
int64_t run_row_count(const Run *run, uint32_t rows);
const int32_t *run_rows(const Run *run, uint32_t rows);
/* Finds them; and the places of positions among them. What they depend on no loop changes. */
bool run_find_rows(Run *run, uint32_t rows);
bool run_find_places(Run *run, uint32_t rows);
/* Where a position's value stands in the node's column. */
static inline int64_t run_place(const Run *run, NodeId node, int64_t position) {
    uint32_t rows = run->plan->rows[node];
    return rows ? run->places[rows][position] : position;
}

/* --- memory (run_memory.c) -------------------------------------------------------------------- */

/* Zeroed memory that lasts until the run ends; NULL after reporting that there is none. */
void *run_take(Run *run, size_t count, size_t size);
/* Gives it back before; all that there is. */
void run_give(Run *run, void *memory);
void run_give_all(Run *run);
/* First and last of a run: what the program's last one kept; all memory back, some of it for the
   next one. And with the program, what it keeps. */
void run_take_kept(Run *run);
void run_keep_all(Run *run);
void run_free_kept(const RealProgram *program);
/* The same of a column, for the next one of its size: as it is left, not zeroed. */
void run_release(Run *run, void *memory);
void *run_take_column(Run *run, size_t count, size_t size);
/* Zeroed memory that the run can do without: *holder is NULL where there is no room for it, and as
   soon as run_take needs that room for something else, though not while several threads are at
   work. */
void run_take_optional(Run *run, size_t bytes, void **holder);

/* --- columns (columns.c) ---------------------------------------------------------------------- */

/* The numbers of a scalar node. */
typedef struct Scalars {
    const double *numbers; /* NULL: constant, or the position itself */
    const uint8_t *tags;   /* or NULL */
    double constant;
    bool is_index;
    uint8_t tag; /* where there are no tags */
} Scalars;
Scalars run_numbers(const Run *run, NodeId node);
static inline double number_at(const Scalars *numbers, int64_t position) {
    if (numbers->numbers) return numbers->numbers[position];
    return numbers->is_index ? (double)position : numbers->constant;
}
static inline uint8_t tag_at(const Scalars *numbers, int64_t position) {
    return numbers->tags ? numbers->tags[position] : numbers->tag;
}
/* Component c of row `row` of a node's column, of a vector or number. */
double run_component(const Run *run, NodeId node, int64_t row, uint32_t c);
/* Row `row` of a node's column as doubles: (width or 1). */
void run_vector(const Run *run, NodeId node, int64_t row, double *out);
/* Sets the node's column at a row. */
void run_set_number(Run *run, NodeId node, int64_t row, double number, uint8_t tag);
void run_set_vector(Run *run, NodeId node, int64_t row, const double *numbers);
/* Makes the node's column, if it has none. */
bool run_make_column(Run *run, NodeId node);
bool run_read_inputs(Run *run);
/* What the round left, to who looks on (watch.c). */
bool run_show_round(Run *run, uint32_t loop, uint32_t round);
/* A column of all positions as a sequence, finite or not, in the arena. */
Sequence run_sequence(const Run *run, NodeId node, Arena *arena);
/* The results, in the arena; false after reporting one that is not finite. */
bool run_results(Run *run, Arena *arena, Sequence *out);

/* --- strings (words.c) ------------------------------------------------------------------------ */

/* Numbers all strings of the input and of the program; false after reporting. */
bool run_find_words(Run *run);
void run_forget_words(Run *run);
double run_word(const Run *run, Atom string);
/* What a scalar's number and tag stand for; a string is the run's. */
Atom run_atom(const Run *run, double number, uint8_t tag);

/* --- heads ------------------------------------------------------------------------------------ */

/* The keys of a head (keys.c). */
bool run_keys(Run *run, const RealHead *head, KeyList *out);
/* Bytes (n): which positions a selector lets through that looks at one side alone. */
uint8_t *run_mask(Run *run, const NodeId *parts, uint32_t count);

bool run_assign(Run *run, uint32_t assignment);     /* nearest.c */
bool run_nearest(Run *run, const RealHead *head);   /* nearest.c: gathers by an assignment */
bool run_uniform(Run *run, const RealHead *head);   /* group.c */
bool run_group(Run *run, const RealHead *head);     /* group.c */
bool run_rows_head(Run *run, const RealHead *head); /* rows.c */
bool run_softmax(Run *run, const RealHead *head);   /* softmax.c */
bool run_head(Run *run, const RealHead *head);      /* run.c: whichever it is */

/* --- states that change in place (run.c) -------------------------------------------------------
 */

/* The state whose next value is that node; NULL: none that changes in place. */
const LoopState *run_in_place(const Run *run, uint32_t loop, NodeId next, const StatePlan **plan);
/* The node's values at the set's rows, into a column of all positions, or of those rows. */
void run_write_rows(Run *run, NodeId from, uint32_t set, bool whole, void *data);
/* The state at all positions, with what `changed` holds at its rows. */
void run_whole_state(Run *run, const LoopState *state, const StatePlan *plan, NodeId changed,
                     void *data);
bool run_weigh(Run *run, const RealHead *head);      /* weigh.c: what follows a softmax */
bool run_accumulate(Run *run, const RealHead *head); /* accumulate.c */
/* rows.c: those of the head's rows that are marked (NULL: all), as eval computes them. */
bool run_some_rows(Run *run, const RealHead *head, const uint8_t *marks);

/* The row in that place, whose value is a mean of strings: reports it as eval does (rows.c). Always
   false. */
bool run_fail_strings(Run *run, const RealHead *head, int64_t at);

/* The default of a row of the head; it stands in the row set's place `at`, position `position`. */
void run_give_default(Run *run, const RealHead *head, int64_t at, int64_t position);

#endif
