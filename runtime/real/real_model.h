/* The model of a program over real vectors: a transformer whose every direction has a name, as
   model.h's is, but for inputs that are numbers rather than tokens.

   model  = inputs, basis, layers, loops, outputs
   basis  = named subspaces of the residual stream, each of some width
   layer  = attention heads, then units (all of which read the stream after the heads); either part
            may be empty; residual connections throughout
   head   = a gate, which says which keys a query may look at; a score, bilinear in key and query; a
            normaliser; moves, affine in the key's stream
   unit   = a declared operation of affine functions of the stream: a gated product, a scalar
            function, a norm; ReLUs; or an erasure
   loop   = a run of layers with shared weights, repeated

   The stream has one row more than the input: row 0 is the null key, BOS. `one` is 1 at every input
   position and 0 there, `null` the other way round; constants ride on `one`. Heads and units write
   at input positions only: at BOS everything but `null` stays 0, so every affine function without
   a term on `null` is 0 there. A query with no key that its gate lets through
   (for the linear normaliser: whose scores sum to 0) attends to BOS; otherwise BOS has no weight.
   So a move's term on `null` is its default, and a move of `null` itself tells rows that found
   nothing.

   What always holds (real_model_verify checks the form; the tests check the weights):
   - a subspace is read only after it was written, and written while it is 0: by an input, a move or
   a unit, once between erasures. In every round of a loop: what a round leaves written is erased
   in the next before it is written again (to erase what is 0 changes nothing).
   - subspaces do not overlap.

   Sources: gated attention of this kind realises Lloyd's algorithm exactly (arXiv 2506.19125 with
   the identity in place of a finite-gamma self-attention), EM (arXiv 2502.06007) and hardmax
   dynamics (arXiv 2407.01602). Owns nothing: everything lives in the arena given to the builder.
   Ids count from 0. */
#ifndef RASPC_REAL_MODEL_H
#define RASPC_REAL_MODEL_H

#include "runtime/base/diag.h"
#include "runtime/graph/graph.h"
#include "runtime/model/model.h"

typedef uint32_t SpaceId;
#define NO_SPACE UINT32_MAX
enum { REAL_ONE = 0, REAL_NULL = 1 }; /* the two constant subspaces, of width 1 */

typedef struct RealSpace {
    const String *name; /* unique in the model */
    NodeId node;        /* the graph node that it was made for, or NO_NODE */
    uint32_t offset, width;
} RealSpace;

/* An affine function of one position's stream, `rows` numbers:
     row r = constant[r] * one + sum over terms of
             matrix  ? sum over c of matrix[r * width + c] * x[c]
             : width == 1 ? factor * x[0] : factor * x[r]                  x: the term's subspace
   A term without a matrix is on a subspace of width 1 (for every row) or of width `rows`. */
typedef struct AffineTerm {
    SpaceId space;
    double factor;        /* where there is no matrix */
    const double *matrix; /* (rows, width of the space), or NULL */
} AffineTerm;

typedef struct Affine {
    uint32_t rows;
    const double *constant; /* (rows), or NULL: 0 */
    uint32_t count;
    const AffineTerm *terms; /* (count), each on another subspace */
} Affine;

/* --- inputs ----------------------------------------------------------------------------------- */

/* What the embedding copies into a subspace: the input of that name, bools as 0 and 1. */
typedef struct RealInput {
    const String *name;
    TypeSet types; /* TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_VECTOR or TYPE_STRING */
    SpaceId space; /* of width 1, or the vector's; of a string a one-hot of words */
    uint32_t word_count;
    const Atom *words; /* (word_count) STRING: no two are equal; another string is all 0 */
} RealInput;

/* A function of the position alone. */
typedef struct RealPosition {
    SpaceId space;
    const double *values; /* (max_length, width of the space) */
} RealPosition;

/* --- heads ------------------------------------------------------------------------------------ */

typedef enum GateKind { GATE_TRUE, GATE_COMPARE, GATE_AND, GATE_OR, GATE_NOT } GateKind;

/* A formula over (key, query), its nodes in such an order that arguments come first; the last is
   the whole. A comparison is of two numbers k, q by the sign of the rank-2 form [k, one] . [one,
   -q]: one subtraction, so that its sign is right in floats. */
typedef struct Gate {
    GateKind kind;
    Relation relation; /* COMPARE: k relation q; with all three bits: True */
    Affine key, query; /* COMPARE: one row each */
    uint32_t a, b;     /* AND, OR: earlier nodes; NOT: a */
    NodeId node;       /* the selector it comes from, or NO_NODE */
} Gate;

/* Adds <key(stream of the key), query(stream of the query)> to the score. */
typedef struct ScoreTerm {
    Affine key, query; /* of as many rows */
} ScoreTerm;

typedef struct RealMove {
    NodeId node;    /* the aggregate or total it computes, or NO_NODE */
    SpaceId target; /* of as many numbers as value has rows */
    Affine value;   /* of the key's stream */
} RealMove;

typedef struct RealHead {
    const String *name; /* of the selector or pattern, for people */
    uint32_t gate_count;
    const Gate *gates; /* (gate_count); 0: every key is let through */
    uint32_t score_count;
    const ScoreTerm *scores; /* (score_count); none: the score is 0 everywhere */
    Normaliser normaliser; /* softmax has scale 1; hardmax without scores: equal weights; a total is
                              linear-raw with the score 1, for which an empty row gives 0 */
    uint32_t move_count;
    const RealMove *moves; /* (move_count) */
} RealHead;

/* --- units ------------------------------------------------------------------------------------ */

typedef enum RealUnitKind {
    REAL_OPERATION, /* target += op(arguments) */
    REAL_RELU,      /* target += out relu(argument 0) */
    REAL_ERASE,     /* target -= target, which is exactly 0; before the layer's other units add */
} RealUnitKind;

/* An operation takes its arguments component by component, or as ops.def says (dot, norms, argmax,
   one-hot; the equality of two vectors is one truth). real_unit_takes lists them: arithmetic,
   comparisons, logic, choose, the functions, the norms; OP_POS copies. Everything is as IEEE 754
   has it; `%` takes the divisor's sign; a condition holds where it is above 1/2, and a truth is 1
   or 0. choose takes one branch and never multiplies by the other; its condition may be one row for
   all. A unit may write what another unit of its layer erases, and both may read it: they see the
   stream after the heads. */
typedef struct RealUnit {
    RealUnitKind kind;
    NodeId node; /* what it computes, or NO_NODE */
    SpaceId target;
    GraphOp op;
    uint32_t argument_count;
    Affine arguments[3];
    uint32_t relus;    /* RELU: rows of argument 0 */
    const double *out; /* RELU: (width of target, relus) */
    double error;      /* RELU: the greatest difference from what the node means; 0: none */
} RealUnit;

typedef struct RealLayer {
    uint32_t head_count;
    const RealHead *heads;
    uint32_t unit_count;
    const RealUnit *units;
} RealLayer;

/* Layers first .. first + count - 1, times over. With until: no round follows one after which it is
   above 1/2 at every position of the input. Loops do not cross; they stand in the order of their
   first layers, an inner loop behind the one around it. */
enum { REAL_LOOP_DEPTH = 16 }; /* loops within one another */
typedef struct RealLoop {
    uint32_t first, count, times;
    bool has_until;
    Affine until; /* one row */
} RealLoop;

/* --- outputs ---------------------------------------------------------------------------------- */

/* What must hold at every position after that layer's heads, of a number, an affine function of one
   row. Limit 0: it is not 0, or the program fails (a division by 0; vectors divide as IEEE 754
   does). Else its magnitude is below the limit: an integer, or a part of its sum, that the floats
   might round; what comes out then is not said to be the program's. */
typedef struct RealTrap {
    uint32_t layer;
    NodeId node;
    Span span;
    DiagId id;
    const String *why;
    Affine number;
    double limit;
} RealTrap;

typedef struct RealOutput {
    const String *name;
    NodeId node;
    TypeSet types; /* a scalar: BOOL alone is read as its truth, INT, or INT and BOOL, as the
                      nearest integer, which must be below the float type's own (float_whole), else
                      a float; or TYPE_VECTOR */
    Affine value;
    double error; /* the greatest difference of what is read from the program's, in exact
                     arithmetic; 0: none */
} RealOutput;

typedef struct RealModel {
    Arena *arena;
    FloatType float_type;
    uint32_t max_length; /* of an input, BOS not counted */
    uint32_t width;      /* of the residual stream */
    uint32_t space_count;
    const RealSpace *spaces; /* they fill the stream */
    uint32_t input_count;
    const RealInput *inputs;
    uint32_t position_count;
    const RealPosition *positions;
    uint32_t layer_count;
    const RealLayer *layers;
    uint32_t loop_count;
    const RealLoop *loops;
    uint32_t trap_count;
    const RealTrap *traps;
    uint32_t output_count;
    const RealOutput *outputs;
    bool exact; /* in exact arithmetic the outputs are the program's */
} RealModel;

/* Can a unit be this operation? */
bool real_unit_takes(GraphOp op);
/* Is it read as an integer? */
static inline bool real_reads_integer(const RealOutput *output) {
    return (output->types & ~(TypeSet)(TYPE_INT | TYPE_BOOL)) == 0 && output->types != TYPE_BOOL;
}
/* May an output be off, even in exact arithmetic, because ReLUs interpolate? */
bool real_is_interpolated(const RealModel *model);
/* Layers that have heads, a loop's once for each time it may run; and as they stand. */
uint64_t real_attention_layers(const RealModel *model);
uint32_t real_layers_with_heads(const RealModel *model);

/* --- print, parse back, verify (real_print.c, real_parse.c, real_verify.c) -------------------- */

/* One step of the hardmax dynamics in two dimensions:

     model real f64 length 32
     basis
       one: one  # 0
       null: null  # 1
       z0: real[2] for %0  # 2 and 1 more
       mean: real[2] for %4  # 4 and 1 more
       z: real[2] for %9  # 6 and 1 more
     input
       z0: vec[2] -> z0
     layer
       head near: score z0 by z0; hardmax; z0 -> mean for %4
       div z: z0 + 0.5*mean, [1.5, 1.5] for %9
     output
       z: vec[2] z for %9

   An affine function is a sum of its constant (a list; a number where it has one row) and of terms
   `space`, `factor*space`, `[matrix row by row]*space`. The rest of what a text may hold:

       kind: str ["sale", "gift"] -> kind                   in `input`
       position -> pos [0..31]                              so too
     repeat 2 layers 10 times until done                    before the first of the layers
       head far: where x < y for %3, a == 1, and 0 1; softmax; 2*x -> s for %5; null -> none
       relus y: [1, 1]*x + [0, -1] out [1, -2] error 0.01   relu(x), relu(x - 1)
       erase z
     trap E0410 "division by zero" after 3: x for %7        after the outputs; 3: a layer
     trap E0707 "too large" after 3: 2*x below 16777216 for %8

   and `approximate` behind the length where the outputs are not exact; an output's line may end in
   `error 0.01`. Gates are numbered from 0:
   `and 0 1` is of the first two. */
void real_model_print(const RealModel *model, Buffer *out);
/* Does the text begin as one of these models, not one over tokens? */
bool real_model_is_text(const Sources *sources, uint32_t file);
/* Reads what real_model_print writes. On any mistake reports it and returns NULL. */
RealModel *real_model_parse(Arena *arena, const Sources *sources, uint32_t file,
                            Diagnostics *diags);
/* True when everything promised above of the form holds; else *why says what does not. */
bool real_model_verify(const RealModel *model, Buffer *why);

#endif
