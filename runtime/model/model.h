/* The model: a transformer whose every direction has a name.

   model   = vocabulary, basis, embedding, layers, read-out
   basis   = named subspaces of the residual stream
   layer   = attention heads, then feed-forward units (all of which read the stream after the
             heads); either part may be empty; residual connections throughout
   head    = a predicate on (key, query), a mask, what the null key does, a normaliser, moves
   unit    = a group of ReLUs that computes steps or a table, or erases

   The symbolic view is what this header describes: at each position a real subspace holds one
   number and a coded subspace (one-hot or steps) holds the number of a value in its domain. Every
   predicate, table and threshold reads those. The weights (weights.h) are made from it on demand.

   The stream has one row more than the input: row 0 is the null key, BOS. What always holds
   (model_verify checks the form; the tests check the weights):
   - BOS attends to itself alone. Every coded subspace and every real that a head reads is 0 there,
     because constants ride on `one`, which is 0 there.
   - Each subspace is written by exactly one writer: the embedding, one head or one unit group;
     it is read only after that.
   - A place in the stream is one subspace's at a time. Units can erase a subspace after its last
     reader, or a part of it, all in one layer; then another may have the place. A code may be
     erased by the very units that write another code there: the sum -1 + 1 is exact. Everything
     else comes to an empty place: numbers, and what heads write, one step later at least; and
     where a query may select nothing, the default is in the embedding, so that the place is
     taken from there on.
   - A key is selected when every term of its head holds and the mask lets it through. Selected
     keys have equal scores, and every other key a score lower by at least 1/2 (1 when there is
     no null key).

   Owns nothing: everything lives in the arena given to the builder. Ids count from 0. */
#ifndef RASPC_MODEL_H
#define RASPC_MODEL_H

#include "runtime/base/diag.h"
#include "runtime/graph/graph.h"
#include "runtime/model/float_type.h"
#include "runtime/value/atoms.h"

typedef uint32_t SubspaceId;
#define NO_SUBSPACE UINT32_MAX

typedef enum SubspaceKind {
#define SUBSPACE(id, name, text) id,
#include "runtime/model/subspaces.def"
#undef SUBSPACE
    SUBSPACE_KIND_COUNT
} SubspaceKind;

typedef enum TermKind {
#define TERM(id, name, text) id,
#include "runtime/model/terms.def"
#undef TERM
    TERM_KIND_COUNT
} TermKind;

typedef enum NullPolicy {
#define NULL_POLICY(id, name, text) id,
#include "runtime/model/nulls.def"
#undef NULL_POLICY
    NULL_POLICY_COUNT
} NullPolicy;

typedef enum Normaliser {
#define NORMALISER(id, name, scaled, text) id,
#include "runtime/model/normalisers.def"
#undef NORMALISER
    NORMALISER_COUNT
} Normaliser;

typedef enum MoveKind {
#define MOVE(id, name, text) id,
#include "runtime/model/moves.def"
#undef MOVE
    MOVE_KIND_COUNT
} MoveKind;

typedef enum UnitKind {
#define UNIT(id, name, text) id,
#include "runtime/model/units.def"
#undef UNIT
    UNIT_KIND_COUNT
} UnitKind;

typedef enum DecodeKind {
#define DECODE(id, name, text) id,
#include "runtime/model/decodes.def"
#undef DECODE
    DECODE_KIND_COUNT
} DecodeKind;

/* --- basis ------------------------------------------------------------------------------------ */

typedef struct Subspace {
    SubspaceKind kind;
    const String *name; /* unique in the model */
    NodeId node;        /* the graph node that it was made for, or NO_NODE */
    uint32_t offset;    /* first coordinate in the residual stream; not its own for ever */
    uint32_t width;     /* one-hot: count; steps: count - 1; otherwise 1 */
    /* Coded subspaces: the values; index v means number v of the domain. */
    uint32_t count;
    Atoms domain; /* (count) */
    /* Reals: the range, and how fine the values are: each is a multiple of 1/d for some d in
       1..denominator (1: integers); 0 when nothing is known. */
    double low, high;
    uint32_t denominator;
} Subspace;

static inline bool subspace_is_coded(const Subspace *s) {
    return s->kind == SUBSPACE_ONE_HOT || s->kind == SUBSPACE_STEPS;
}

/* A number at one position: constant + a sum of terms. A term over a real is factor * value, over a
   coded subspace values[index]. */
typedef struct FeatureTerm {
    SubspaceId subspace;
    double factor;        /* reals */
    const double *values; /* coded: (count of the subspace); NULL for reals */
} FeatureTerm;

typedef struct Feature {
    double constant;
    uint32_t count;
    const FeatureTerm *terms; /* (count), each of another subspace */
} Feature;

/* --- embedding -------------------------------------------------------------------------------- */

typedef enum EmbedKind { EMBED_TOKEN, EMBED_POSITION } EmbedKind;

/* What the embedding writes into one subspace: a real's number or a coded subspace's index, by
   token number or by position. (A constant at every position is a matter of its readers.) */
typedef struct Embed {
    EmbedKind kind;
    SubspaceId subspace;
    const double
        *values; /* (vocabulary_count) or (max_length); whole numbers for coded subspaces */
} Embed;

/* --- heads ------------------------------------------------------------------------------------ */

/* Which outcomes of comparing key with query hold: a set of these bits. */
typedef uint8_t Relation;
enum { RELATION_LT = 1, RELATION_EQ = 2, RELATION_GT = 4 };
/* Of a selection: how a key that it selects stands to its query. */
Relation relation_of(GraphOp selection);
const char *relation_text(Relation relation); /* "<", "<=", "==", ... */

typedef struct HeadTerm {
    TermKind kind;
    NodeId node;       /* the selector it comes from, or NO_NODE */
    Relation relation; /* TERM_COMPARE */
    Feature key;       /* COMPARE, KEY; TABLE: a class number */
    Feature query;     /* COMPARE, QUERY; TABLE: a class number */
    /* COMPARE with RELATION_EQ on whole numbers: the squares of the two features. With them
       the score is 2kq - k^2 - q^2: three directions for any domain. Without the query's square
       (squared == 1) the score is 2kq - k^2, for heads whose null policy is none. squared == 0:
       the score is a truth table over the key's classes. */
    uint8_t squared; /* 0, 1: key_square is there, 2: both are */
    Feature key_square, query_square;
    /* TABLE: (key_count, query_count) cells of 0 and 1 */
    uint32_t key_count, query_count;
    const uint8_t *table;
} HeadTerm;

/* Keys at positions query + low .. query + high are let through (positions of the input, from 0;
   the null key always is). Unbounded sides are INT32_MIN and INT32_MAX. */
typedef struct HeadMask {
    int32_t low, high;
} HeadMask;

typedef struct HeadMove {
    MoveKind kind;
    NodeId node; /* the aggregate or width it computes, or NO_NODE */
    SubspaceId target;
    Feature value;          /* MOVE_REAL */
    SubspaceId source;      /* MOVE_CODED: a subspace with as many values as target */
    double default_value;   /* MOVE_REAL */
    uint32_t default_index; /* MOVE_CODED */
} HeadMove;

typedef struct Head {
    const String *name; /* of the selector, for people */
    uint32_t term_count;
    const HeadTerm *terms; /* (term_count): all must hold; none: everything is selected */
    HeadMask mask;
    NullPolicy null_policy;
    Normaliser normaliser;
    double scale; /* softmax: scale * gap passes the float type's underflow, so that exp gives 0 */
    uint32_t move_count;
    const HeadMove *moves; /* (move_count) */
} Head;

/* --- feed-forward units ----------------------------------------------------------------------- */

typedef struct UnitGroup {
    UnitKind kind;
    NodeId node; /* what it computes, or NO_NODE */
    SubspaceId target;
    /* STEPS: target's index is the number of thresholds that input reaches. Threshold v lies
       between below[v] and above[v], neighbouring values of the input: it is <= below[v] or >=
       above[v]. (target's count - 1) each, ascending. */
    Feature input;
    const double *below, *above;
    double greatest; /* no input is greater in magnitude */
    double error;    /* how far the float type may leave the input from its value */
    /* LOOKUP: target's index is result[cell], cell = sum over s of class[s] * stride of s, the last
       source fastest; class[s] = classes[s][index of sources[s]], one of class_counts[s]. */
    uint32_t source_count;
    const SubspaceId *sources;      /* (source_count) coded */
    const uint32_t *class_counts;   /* (source_count) */
    const uint32_t *const *classes; /* (source_count)(count of the source) */
    const uint32_t *result;         /* (product of class_counts) */
    /* ERASE: coordinates erased_first .. erased_first + erased_count - 1 of target, which is not
       written here, become 0 at every row: relu(x) is taken away, and if either_sign is set
       relu(-x) is added. The one of the two that is not 0 is the value itself, so nothing is
       rounded. */
    uint32_t erased_first, erased_count;
    bool either_sign; /* the value may be below 0 */
} UnitGroup;

typedef struct Layer {
    uint32_t head_count;
    const Head *heads; /* (head_count) */
    uint32_t unit_count;
    const UnitGroup *units; /* (unit_count) groups */
} Layer;

/* --- read-out --------------------------------------------------------------------------------- */

/* Where the program fails for some value: at a position where the feature is 1 the result is
   undefined (a division by zero, say). */
typedef struct Trap {
    NodeId node;
    Span span;
    DiagId id;         /* how eval reports it */
    const String *why; /* "can't divide by zero" */
    Feature feature;   /* 0 or 1 */
} Trap;

/* One value that the logits say at a position. */
typedef struct Reading {
    DecodeKind decode;
    /* DECODE_ATOMS: the value is atoms[index of source], a coded subspace (NO_SUBSPACE: atoms[0]
       everywhere). Equal indices of atoms share one logit. */
    SubspaceId source;
    uint32_t atom_count;
    const Atom *atoms; /* (atom_count) */
    /* The others: the number. DECODE_FRACTION: its greatest denominator. */
    Feature number;
    uint32_t denominator;
    double error; /* how far the float type may leave the number from its value */
    /* WHOLE and FRACTION, mixed: where exact is 1 the number is an int, or a bool (one position was
       selected), elsewhere a float (a mean). */
    bool mixed, mixed_with_bools;
    Feature exact;
} Reading;

/* What whoever reads the logits computes from the readings, in doubles and ints, as eval does. The
   values are numbered: the readings', then one a step. */
typedef struct ReadStep {
    GraphOp op;       /* one that readout_computes */
    uint32_t args[3]; /* earlier values, as many as the operation takes */
    Atom atom;        /* OP_CONST: a number or a bool */
    NodeId node;
    Span span;
} ReadStep;

/* The value is that of the last step or, where there are none, of the only reading. Steps are the
   last element-wise operations of a program, on values that are too many to list, which no
   attention follows. */
typedef struct Readout {
    const String *name;
    NodeId node;
    uint32_t reading_count;
    const Reading *readings; /* (reading_count), at least one */
    uint32_t step_count;
    const ReadStep *steps; /* (step_count) */
    uint32_t trap_count;
    const Trap *traps; /* (trap_count) */
} Readout;

typedef struct Model {
    Arena *arena;
    FloatType float_type; /* what its weights are held in, and scales and thresholds made for */
    uint32_t vocabulary_count;
    const Atom *vocabulary; /* (vocabulary_count): what input elements are atom_identical to; each
                               once */
    uint32_t max_length;    /* of an input, BOS not counted */
    bool causal;            /* no head lets a key through that is after its query */
    uint32_t width;         /* of the residual stream */
    uint32_t subspace_count;
    const Subspace *subspaces; /* 0 is `one`, at 0, and 1 is `null`, at 1; they fill the stream */
    uint32_t embed_count;
    const Embed *embeds;
    uint32_t layer_count;
    const Layer *layers;
    Readout readout;
} Model;

enum {
    MODEL_SOURCES = 8,   /* what one look-up may look at */
    MODEL_READINGS = 16, /* of a read-out */
    MODEL_STEPS = 256,
};
enum { MODEL_ONE = 0, MODEL_NULL = 1 }; /* the ids of the two constant subspaces */

/* The number of the token in the vocabulary, or UINT32_MAX. */
uint32_t model_token(const Model *model, Atom token);
/* Are n tokens an input, 1 to max_length of them? False after reporting at span. */
bool model_takes_length(const Model *model, uint32_t n, Span span, Diagnostics *diags);
/* Checks an input: tokens in the vocabulary, 1 to max_length of them. Writes token numbers (n).
   Reports the first mistake at span and returns false. */
bool model_tokens(const Model *model, const Atom *tokens, uint32_t n, Span span, Diagnostics *diags,
                  uint32_t *numbers);
/* Layers that have heads. */
uint32_t model_attention_layers(const Model *model);

/* Can a read-out's step be this operation? Those that every reader computes alike: the four
   arithmetic operations, signs, rounding, comparisons, logic, choosing, and constants. */
bool readout_computes(GraphOp op);
/* What each value of the read-out, readings then steps, can be: a set of these bits. */
enum { READ_INT = 1, READ_FLOAT = 2, READ_BOOL = 4, READ_OTHER = 8 };
void readout_kinds(const Readout *readout, uint32_t *kinds);
/* The value of a read-out with steps; readings: (reading_count) numbers and bools. False where a
   step fails: *failed is the step, *why and *id how eval says so. */
bool readout_value(const Readout *readout, const Atom *readings, Arena *arena, Atom *value,
                   uint32_t *failed, const char **why, DiagId *id);

/* --- print, parse back, verify (model_print.c, model_parse.c, model_verify.c) ----------------- */

/* The text form, of a histogram over two letters (%N are nodes of the graph, what follows # is the
   place in the residual stream; a subspace that is not behind all before it says `at PLACE`, and
   units that erase are a line `erase tokens: 0..1`, with `either sign` where it applies):

     model length 3 vocabulary ["a", "b"]      (a causal one: model length 3 causal vocabulary ..)
     basis
       one: one  # 0
       null: null  # 1
       tokens: one-hot ["a", "b"]  # 2 and 1 more
       hist.x: real 0 to 1 / 4 for %2  # 4
       hist: steps [3..1] for %2  # 5 and 1 more
     embed
       tokens by token [0, 1]
     layer
       head same: compare tokens [0, 1] == tokens [0, 1] squares tokens [0, 1] with tokens [0, 1]
         for %1; null counted; softmax 256; null-weight -> hist.x for %2      (one line)
       steps hist: hist.x between [0.25, 0.3333333432674408, 0.5] greatest 0.5 for %2
     output
       hist: integer hist [3..1] for %2

   A read-out with steps names its readings, then its steps, whose arguments are earlier values:

     output
       balance: 2 readings for %9
       reading fraction a / 32 error 4e-06
       reading fraction b / 32 error 4e-06
       step sub 0 1 for %9

   A feature is a sum of numbers, FACTOR*REAL, REAL and CODE [a number for each value]. Lists
   abbreviate runs: a..b counts by one, v*n repeats. A model of another float type than f32 begins
   with its name: `model f64 length 3 ...`. */
void model_print(const Model *model, Buffer *out);
/* Reads what model_print writes. On any mistake reports it and returns NULL. */
Model *model_parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags);
/* True when everything that model.h promises of the form holds; else *why says what does not. */
bool model_verify(const Model *model, Buffer *why);

#endif
