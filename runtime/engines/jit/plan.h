/* The plan of a program: what native code computes a model's symbolic view, head by head and unit
   group by unit group. Printable (plan_print); LLVM does not come into it.
   Made in three steps, a layer at a time: values.c says what each subspace is in columns and writes
   features as operands, plan_terms.c and plan_head.c classify heads, plan_units.c plans unit
   groups. Everything lives in the arena. Ranges are worked out here and never taken from the
   model's word, because classes index memory. */
#ifndef RASPC_JIT_PLAN_H
#define RASPC_JIT_PLAN_H

#include "runtime/engines/jit/attend.h"
#include "runtime/engines/jit/stage.h"

/* --- numbers ---------------------------------------------------------------------------------- */

/* What a feature is at a position: (whole * under + over) / (scale * under), or whole / scale when
   there is no under; all exact. Or a double. */
typedef struct Number {
    bool is_real;
    Operand real;
    Operand whole, over;
    BufferId under; /* >= 1 */
    int64_t scale;  /* >= 1 */
} Number;

/* --- units ------------------------------------------------------------------------------------ */

typedef enum UnitPlanKind {
    UNIT_PLAN_CLAMP,  /* the input, held in [0, most] */
    UNIT_PLAN_TABLE,  /* table[input] */
    UNIT_PLAN_SEARCH, /* how many entries of the table, ascending, are below the input */
} UnitPlanKind;

typedef struct UnitPlan {
    UnitPlanKind kind;
    const UnitGroup *group;
    Operand input;
    TableId table;
    int64_t most;
    uint32_t levels; /* SEARCH: the table has 2^levels - 1 entries, infinity at the end */
    BufferId target;
} UnitPlan;

/* --- programs --------------------------------------------------------------------------------- */

typedef struct LayerPlan {
    Attend *heads; /* (layer's head_count) */
    uint32_t unit_count;
    UnitPlan
        *units; /* (unit_count): the layer's groups that compute; erasing has no meaning here */
} LayerPlan;

/* A reading as a column: result is (n) of i32 for the number of an atom, of i64 for an integer,
   of f64 otherwise. A number that is real is written as it is, for decode_column to round. */
typedef struct ReadingPlan {
    Number number; /* DECODE_ATOMS: whole is the number of the atom */
    BufferId result;
    Operand exact_from; /* of a mixed read-out: not 0 where the number is an int or a bool */
    BufferId exact;     /* (n) i32 of it, or NO_BUFFER */
} ReadingPlan;

typedef struct OutputPlan {
    ReadingPlan *readings; /* (reading_count of the read-out) */
    BufferId result;       /* where there are steps: (n) i64 or f64, what the last one gives */
    BufferId exact;        /* the same: (n) i32, not 0 where it is an int or a bool */
    Operand *traps;        /* (trap_count of the read-out) not 0 where the program fails */
    BufferId
        trapped; /* (trap_count, CHUNKS) the first of the chunk's positions where it does, else n */
} OutputPlan;

typedef struct Plan {
    const Model *model;
    Columns columns;
    LayerPlan *layers; /* (layer_count of the model) */
    OutputPlan output;
} Plan;

/* NULL with a message in why when the model has something that can't be planned. */
Plan *plan_model(const Model *model, Arena *arena, Buffer *why);
/* Whether some head looks at every pair of positions. */
bool plan_is_quadratic(const Plan *plan);
/* One line a head: its layer, name, plan, cost and reason. */
void plan_print(const Plan *plan, Buffer *out);

/* --- inside the planner ----------------------------------------------------------------------- */

typedef enum ValueKind {
    VALUE_UNWRITTEN,
    VALUE_EXACT, /* (constant + leaf) / (scale * under) */
    VALUE_REAL,  /* the leaf, a double */
} ValueKind;

/* What a subspace holds. A leaf's own under and scale are the divisor. */
typedef struct SubspaceValue {
    ValueKind kind;
    int64_t constant; /* only without under */
    Leaf leaf;
    const Embed *embed; /* what the embedding writes, as long as nobody asked; else NULL */
} SubspaceValue;

/* Numbers that are whole over one scale, where they are exact. */
typedef struct NumberList {
    const double *values; /* (count) the model's */
    uint32_t count;
    bool exact;
    int64_t scale;
    double greatest; /* magnitude */
    bool affine;     /* whole numbers: first + v * step, where step is not 0 */
    int64_t first, step;
} NumberList;

/* A list of numbers by the values of a coded subspace, times a scale, as an operand. */
typedef struct Lookup {
    SubspaceId subspace;
    const double *values; /* (count of the subspace) the model's */
    int64_t scale;
    Operand operand;
} Lookup;

typedef struct Planner {
    const Model *model;
    Plan *plan;
    Arena *arena;
    SubspaceValue *values; /* (subspace_count) */
    Renumber *renumbers;   /* (renumber_count) of all heads so far, which may share them */
    uint32_t renumber_count;
    NumberList *lists; /* (list_count) looked at so far */
    uint32_t list_count, list_capacity;
    Lookup *lookups; /* (lookup_count) made so far */
    uint32_t lookup_count, lookup_capacity;
    Buffer *why; /* set when something can't be planned */
} Planner;

/* values.c */
void values_begin(Planner *planner); /* constants and the embedding */
const SubspaceValue *value_of(Planner *planner, SubspaceId subspace);
void value_set_column(Planner *planner, SubspaceId subspace, BufferId column, int64_t low,
                      int64_t high);
Operand operand_of_leaf(Planner *planner, Leaf leaf, int64_t constant);
/* The index of a coded subspace. */
Operand index_operand(Planner *planner, SubspaceId subspace);
/* values[index of the subspace]; (count of the subspace) */
Operand lookup_operand(Planner *planner, SubspaceId subspace, const int64_t *values);
/* Looked at once, as features share lists. Stands until the next is looked at. */
const NumberList *number_list(Planner *planner, const double *values, uint32_t count);
/* Exact wherever the feature's constants are fractions that a double can stand for. */
Number feature_number(Planner *planner, const Feature *feature);
Operand number_real(Planner *planner, const Number *number);                /* as a real operand */
Operand operand_plus(Planner *planner, const Operand *a, const Operand *b); /* integers */
/* operand * factor + plus, integers; false when it may overflow. */
bool operand_scale(Planner *planner, Operand *operand, int64_t factor, int64_t plus);
/* A fraction p / q with q at most 2^20 that is the double, exactly as division rounds. */
bool rational_of(double value, int64_t *p, int64_t *q);

bool operand_same(const Operand *a, const Operand *b);

void plan_head(Planner *planner, const Head *head, Attend *attend); /* plan_head.c */
/* plan_terms.c: what a term asks of keys and queries, and what the head's moves add up. */
void plan_term(Planner *planner, Attend *attend, const HeadTerm *term);
void plan_condition(Planner *planner, Attend *attend, Condition condition);
void plan_moves(Planner *planner, const Head *head, Attend *attend);
/* The numbering of the head's conditions [first, count): one that is there, or a new one, which is
   the head's to make. */
const Renumber *renumber_of(Planner *planner, Attend *attend, uint32_t first); /* plan_renumber.c */
/* plan_lanes.c: whether the head's tiles can go in vectors; makes their columns. */
bool lanes_can(const Attend *attend);
void lanes_plan(Planner *planner, Attend *attend);
void plan_units(Planner *planner, const UnitGroup *group, UnitPlan *unit); /* plan_units.c */

#endif
