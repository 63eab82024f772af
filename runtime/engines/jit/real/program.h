/* A program over real vectors, planned: which columns there are and which steps fill them. Made
   from the graph once, run on many inputs. Everything lives in the program's arena.

   Scalars are doubles. An int is a double without a fraction, at most 2^53 in magnitude;
   what would pass that is refused where it happens. Where a scalar may be of several kinds, a
   column of tags says which. Components of vectors are reals: double, or float where asked for;
   whatever is computed is computed in double from them and rounded when it is stored.

   Always holds: a step's operands are filled by steps before it; nodes of a loop's body between its
   STEP_LOOP and its STEP_ROUND. */
#ifndef RASPC_JIT_REAL_PROGRAM_H
#define RASPC_JIT_REAL_PROGRAM_H

#include "runtime/engines/jit.h"
#include "runtime/engines/jit/real/kernel.h"
#include "runtime/engines/jit/real/tile_emit.h"
#include "runtime/graph/graph.h"

/* What a scalar is, where a column's numbers may be several. A string is a number too (words.c). */
enum { TAG_FLOAT = 0, TAG_INT = 1, TAG_BOOL = 2, TAG_STRING = 3 };
/* 2^53 - 1: an integer that comes out no greater in doubles is exact. 2^53 may be 2^53 + 1,
 * rounded. */
#define REAL_INTEGER_MOST 9007199254740991.0

/* Which positions a node is computed at: all of them, or those where a condition, which depends on
   no loop, is true (or false): then its column holds these rows alone, one after the other. */
typedef struct RowSet {
    NodeId condition; /* NO_NODE: all */
    bool negated;
} RowSet;

/* A conjunction's parts: a selector seen from its plan. */
typedef struct SelectorParts {
    NodeId node;  /* the selector; NO_NODE: everything */
    NodeId *keys; /* (key_count) parts that look at the key alone */
    uint32_t key_count;
    NodeId *queries; /* (query_count) parts that look at the query alone */
    uint32_t query_count;
    NodeId *equalities; /* (equality_count) select_eq of a key and a query feature */
    uint32_t equality_count;
    uint32_t other_count; /* parts that are none of these */
} SelectorParts;

typedef enum HeadPlan {
#define REAL_PLAN(id, name, cost) id,
#include "runtime/engines/jit/real/plans.def"
#undef REAL_PLAN
    HEAD_PLANS
} HeadPlan;

/* A vector term of a score: coefficient * |k - q|^2, or coefficient * <k, q>. */
typedef struct ScoreTerm {
    bool distance;
    double coefficient;
    NodeId key, query;
    uint32_t width;
} ScoreTerm;

/* A key and a query as the graph's score has them: computed as eval does. */
typedef struct ScoreLeaf {
    NodeId node; /* score_add, score_sub, score_mul or distance */
    NodeId key, query;
    uint32_t width; /* of the vectors; 1 for numbers */
    bool constant;  /* the query is this number everywhere */
    double number;
    uint32_t key_at;   /* where its components stand among all leaves' */
    uint32_t query_at; /* the same, without those of constants */
} ScoreLeaf;

/* A key's own part of a score: coefficient * k. */
typedef struct ScoreBias {
    double coefficient;
    NodeId key;
    double other; /* the query's constant, for the bound on rounding */
} ScoreBias;

/* What a score is multiplied with on its way to the whole is of a magnitude between this and one
   over it: so what over- or underflows in eval does so here, but for SCORE_FACTOR_MOST of the
   smallest normal numbers. */
#define SCORE_FACTOR_MOST 0x1p100

/* A score as a sum of terms that a tile of dot products computes. */
typedef struct ScoreForm {
    bool fits; /* it is such a sum, and no part of it takes away from another what both round */
    uint32_t term_count, bias_count, node_count;
    ScoreTerm terms[TILE_TERMS];
    ScoreBias *biases; /* (bias_count) */
    TileShape shape;
    ScoreLeaf *leaves; /* (leaf_count) terms and biases, from the last node to the first */
    uint32_t leaf_count, key_width; /* key_width: the leaves' components */
} ScoreForm;

/* A sum by owner that follows an arg-max: fused with it while the points are in the cache. */
typedef struct Follow {
    NodeId attend; /* the OP_ATTEND, or NO_NODE */
    NodeId values;
    SelectorParts members;
} Follow;

/* One attention. */
typedef struct RealHead {
    NodeId node;
    HeadPlan plan;
    GraphOp pattern;     /* OP_HARDMAX, ...; OP_COUNT: a selector */
    NodeId score;        /* of a pattern */
    NodeId value, other; /* NO_NODE: none */
    NodeId *operands;    /* (operand_count) every s-op that it reads, each once */
    uint32_t operand_count;
    SelectorParts parts;
    ScoreForm form;
    uint32_t rows;           /* row set */
    uint32_t key_rows;       /* of a pattern: the row set that all its keys are in */
    const char *why;         /* of a plan that looks at all pairs */
    uint32_t assignment;     /* hardmax: the number of the arg-max it gathers by */
    bool fused;              /* its sums are made by that assignment's step, or by the source's */
    struct RealHead *source; /* fused: the softmax whose weights it adds up; NULL: none */
    struct RealHead **followers; /* (follower_count) of a softmax: the heads that add it up */
    uint32_t follower_count;
    uint32_t weigh_kernel; /* with followers: the number of the code of the weights */
    bool late;             /* only what is fused with it and the loop's result look at it: not every
                              round needs it */
    bool unread;           /* late, and the loop's result does not look at it either */
    uint32_t kernel;       /* the number of the code that adds vectors or weighs them */
} RealHead;

/* The arg-max of a pattern's score, for all its heads. */
typedef struct Assignment {
    NodeId pattern;
    uint32_t kernel;             /* NEAREST's number among the program's functions */
    bool screened;               /* a screen looks first (screen.h) */
    uint32_t pack, screen, duel; /* its functions' numbers */
    bool rows_stay;              /* no loop changes the queries: they can be packed once in a run */
    RealHead *head;              /* the first one: its score, form and selector are all heads' */
    RealHead *follow;            /* sums by owner made at the same time, or NULL */
    NodeId owner;                /* with follow: the attend whose value is indices */
} Assignment;

/* What can go wrong in a fused loop: where, and with which values. */
typedef struct TrapSite {
    NodeId node;
} TrapSite;

typedef struct ElementStep {
    uint32_t rows; /* row set */
    NodeId *nodes; /* (count) ascending */
    uint32_t count, capacity;
    uint32_t first_trap, trap_count; /* of the program's sites */
    uint32_t function;
} ElementStep;

typedef enum StepKind { STEP_ELEMENTS, STEP_ASSIGN, STEP_HEAD, STEP_LOOP, STEP_ROUND } StepKind;
typedef struct Step {
    StepKind kind;
    uint32_t number; /* of elements, assignments, heads; of the loop */
    uint32_t target; /* ROUND: the step after its LOOP; LOOP: its ROUND */
    NodeId *dead; /* (dead_count) nodes whose columns nobody reads after it; of a ROUND, after the
                     last one */
    uint32_t dead_count;
} Step;

/* How a state takes its next value. */
typedef struct StatePlan {
    bool in_place; /* next is choose(condition, value, state): only those rows are written */
    uint32_t rows; /* in place: the row set of value */
    NodeId value;  /* in place: the column of those rows */
} StatePlan;

typedef struct LoopPlan {
    StatePlan *states; /* (state_count) */
} LoopPlan;

typedef struct RealPlan {
    Arena *arena;
    const Graph *graph;
    const NodeId *outputs; /* (output_count) */
    uint32_t output_count;
    const Atom *words; /* (word_count) the program's strings but the empty one, in order */
    uint32_t word_count;
    bool single;
    VectorUnit unit;
    uint8_t *needed;    /* (graph->count) */
    uint8_t *stored;    /* (graph->count) it has a column */
    uint32_t *rows;     /* (graph->count) row set of each s-op */
    RealHead **head_of; /* (graph->count) of attentions that are needed */
    RowSet *row_sets;   /* (row_set_count); number 0: all */
    uint32_t row_set_count;
    ElementStep *elements;
    uint32_t element_count, element_capacity;
    RealHead *heads;
    uint32_t head_count, head_capacity;
    Assignment *assignments;
    uint32_t assignment_count, assignment_capacity;
    LoopPlan *loops; /* (graph->loop_count) */
    Step *steps;
    uint32_t step_count, step_capacity;
    TrapSite *traps;
    uint32_t trap_count, trap_capacity;
    uint32_t function_count;
} RealPlan;

/* NULL after reporting what has no native code. */
RealPlan *real_plan(Arena *arena, const Graph *graph, const NodeId *outputs, uint32_t count,
                    bool single, VectorUnit unit, Span span, Diagnostics *diags);
/* A line a head: its plan and why. */
void real_plan_print(const RealPlan *plan, Buffer *out);

/* Which heads' sums are made by the step before them (plan_fuse.c). */
void real_plan_fuse(RealPlan *plan);
/* After which step each column is free (plan_live.c). */
void real_plan_live(RealPlan *plan);
/* The plan of one attention, but for its rows (heads.c). */
void real_plan_head(RealPlan *plan, RealHead *head, NodeId node);
/* Which nodes are computed at which positions, what changes in place, and which nodes nobody needs
   then (plan_rows.c). */
void real_plan_rows(RealPlan *plan);
/* The node that the row set sees in that one's place: a choice on its condition is what is chosen.
 */
NodeId real_seen(const RealPlan *plan, uint32_t rows, NodeId node);
/* Does a result want the node after its loop? */
bool real_is_wanted(const RealPlan *plan, NodeId node);
/* Is the node the next value of a state that changes in place? */
bool real_is_replaced(const RealPlan *plan, NodeId node);
/* Can the node's kind be anything but one? Then its column has tags. */
bool real_is_tagged(const Graph *graph, NodeId node);
/* The tag of a node that is not tagged. */
int real_tag(const Graph *graph, NodeId node);

/* The program's strings, whose numbers its code has (words.c). */
void real_plan_words(RealPlan *plan);
/* An atom of the program's as a number, and its tag. */
double real_number(const RealPlan *plan, Atom atom);
int real_atom_tag(Atom atom);

/* Writes the code of a fused loop, and says where it can fail (element_emit.c). */
void element_emit(Kernel *kernel, const char *name, RealPlan *plan, ElementStep *step);

/* Positions [from, to) of the step's row set; rows: their places, or NULL. columns: two a node,
   data and tags. traps: (trap_count) of the step. */
typedef struct TrapCell {
    int64_t position; /* n: none */
    double a, b;
    int64_t tag_a, tag_b;
} TrapCell;
typedef void ElementCode(void *const *columns, const int32_t *rows, int64_t from, int64_t to,
                         TrapCell *traps);

#endif
