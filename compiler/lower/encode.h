/* Encodings: which directions each variable gets, from what is asked of it. */
#ifndef RASPC_ENCODE_H
#define RASPC_ENCODE_H

#include "compiler/lower/plan.h"

/* A variable on its way into the residual stream. */
typedef struct Encoded {
    bool live;                /* something that reaches the read-out asks for it */
    bool coded;               /* a table over it is asked for */
    uint8_t *cuts;            /* (count): 1: values v and v + 1 must be told apart */
    const uint32_t *class_of; /* (count): values that nobody tells apart share an index */
    const uint32_t *first;    /* (classes): the first value of each */
    uint32_t classes;
    SubspaceId code;     /* one-hot or steps; NO_SUBSPACE */
    SubspaceId number;   /* the register that a head writes; NO_SUBSPACE */
    uint32_t code_stage; /* the feed-forward stage of its phase that makes it; 0: the heads do */
} Encoded;

/* A function of the position is a direction of its own in the embedding. */
typedef struct PositionFunction {
    const double *values; /* (max_length) */
    SubspaceId subspace;
} PositionFunction;

/* Numbers of a variable's values, and the same by class, in the model. */
typedef struct ClassNumbers {
    VarId var;
    const double *values;   /* (count of var) the plan's */
    const double *by_class; /* (classes of var) */
} ClassNumbers;

typedef struct StagedUnits {
    uint32_t phase, stage;
    UnitGroup group;
} StagedUnits;

typedef struct Encoder {
    Lowering *l;
    Arena *arena;  /* the model's */
    Encoded *vars; /* (var_count) */
    bool *head_live;
    const String *const *head_names; /* (head_count); of those that are not live: NULL */
    PositionFunction *functions;
    uint32_t function_count, function_capacity;
    ClassNumbers *numbers; /* each once: features share the plan's tables */
    uint32_t numbers_count, numbers_capacity;
    Subspace *subspaces;
    uint32_t subspace_count, subspace_capacity, width;
    Embed *embeds;
    uint32_t embed_count, embed_capacity;
    StagedUnits *units;
    uint32_t unit_count, unit_capacity;
    Keeper kept;              /* long tables of the model */
    const uint32_t *counting; /* (counted) 0, 1, 2, ... */
    uint32_t counted;
} Encoder;

/* --- demand.c --------------------------------------------------------------------------------- */

/* number * factor + constant gives the values exactly, over the variable's register. */
bool values_from_register(const Lowering *l, VarId var, const double *values, double *factor,
                          double *constant);
/* Marks what the read-out needs and how finely. */
void encode_demands(Encoder *e);
/* How the output is read: the decode kind of its form. */
DecodeKind readout_decode(const Lowering *l, const Form *form);

/* --- name.c ----------------------------------------------------------------------------------- */

/* A name for every live head, each another, in the model's arena. */
const String *const *encode_head_names(Encoder *e);

/* --- emit.c ----------------------------------------------------------------------------------- */

/* Gives every live variable its directions, in order. */
void encode_variables(Encoder *e);
/* The feature over directions. coded: tables over codes only. *stage: raised to the stage of the
   phase after which it can be read. */
Feature encode_feature(Encoder *e, PlanFeature feature, bool coded, uint32_t phase,
                       uint32_t *stage);
SubspaceId encode_subspace(Encoder *e, Subspace subspace, NodeId node, const char *suffix);

#endif
