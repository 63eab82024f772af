/* The plan of a program over real vectors: what lower_real makes of the graph before anything has a
   layer or a place in the stream.

   nodes -> forms over values, and the items that write values   element.c, attend.c, loop.c
         -> integers that floats would round                     whole.c
         -> ReLUs alone: what each value may be, how far off     terms.c, bounds.c, bounds_item.c
         -> the items that are needed                            live.c
         -> their layers                                         phase.c, layout.c, update.c
         -> places in the stream                                 places.c
         -> the model                                            emit.c, relus.c, choices.c

   A region is 0, or 1 + a loop: where something is computed anew in every round.
   Owns nothing: everything lives in `scratch`, which goes when the model is made. */
#ifndef RASPC_LOWER_REAL_PLAN_H
#define RASPC_LOWER_REAL_PLAN_H

#include "compiler/lower/lower_real.h"
#include "compiler/lower/real/interpolate.h"
#include "runtime/value/atom_set.h"

typedef uint32_t ValueId; /* a number or vector at every position */
typedef uint32_t ItemId;
typedef uint32_t PatternId;
#define NO_VALUE UINT32_MAX
#define NO_ITEM UINT32_MAX
#define NO_LAYER UINT32_MAX

/* --- affine forms (form.c) -------------------------------------------------------------------- */

/* Adds to rows row .. row + rows - 1: matrix times the value; without a matrix factor times the
   value, component by component, or its one number in every row. */
typedef struct Block {
    ValueId value;
    uint32_t row, rows;
    double factor;
    const double *matrix; /* (rows, width of the value), or NULL */
} Block;

/* constant + the sum of the blocks, at one position. rows == 0: there is no such form (something
   was refused, or it is no number). Blocks are sorted by value, row, rows; no two agree in all. */
typedef struct Form {
    uint32_t rows;
    const double *constant; /* (rows), or NULL: 0 */
    uint32_t count;
    const Block *blocks; /* (count) */
} Form;

/* --- values and items ------------------------------------------------------------------------- */

typedef enum ValueKind {
    VALUE_INPUT,    /* an input of the program */
    VALUE_POSITION, /* a function of the position alone */
    VALUE_WRITTEN,  /* what an item writes */
    VALUE_STATE,    /* a loop's state, as a round finds it */
    VALUE_RESULT,   /* another value (`of`) as the loop's last round left it */
} ValueKind;

typedef struct Value {
    ValueKind kind;
    NodeId node; /* that it was made for */
    uint32_t width;
    uint32_t region;       /* that reads it where it is computed; RESULT: around the loop */
    ItemId writer;         /* WRITTEN */
    ValueId of;            /* RESULT; POSITION: the one before, or NO_VALUE */
    ValueId after;         /* as its loop leaves it: the RESULT, or NO_VALUE */
    uint32_t loop, state;  /* STATE, RESULT: the loop; STATE: its number there */
    const double *numbers; /* POSITION; STATE that the embedding brings: (max_length, width) */
    ValueId place;         /* the value whose place it shares, itself at first; update.c */
    bool live, kept;       /* kept: in a loop's list */
} Value;

typedef enum ItemKind { ITEM_UNIT, ITEM_MOVE } ItemKind;

/* A unit, or a move of a head. Items stand behind those that write what they read; those that
   update.c adds, for the end of a round, behind everything. */
typedef struct Item {
    ItemKind kind;
    NodeId node;
    ValueId target;
    uint32_t region;
    GraphOp op; /* UNIT */
    uint32_t argument_count;
    Form arguments[3];      /* MOVE: the value */
    PatternId pattern;      /* MOVE */
    bool by_truth;          /* OP_CHOOSE: the condition is 0 or 1 */
    const double *fallback; /* MOVE: (rows of the value), on `null`; or NULL: 0 */
    bool live;
    uint32_t phase;  /* how many loops of its region are over */
    uint32_t number; /* phase.c: among the items of the phase */
    uint32_t layer;
} Item;

typedef struct PatternGate {
    GateKind kind;
    Relation relation;
    Form key, query;
    uint32_t a, b;
    NodeId node;
} PatternGate;

typedef struct PatternScore {
    Form key, query;
} PatternScore;

/* How a query weighs keys; with its moves of one layer it is a head. No two are equal. */
typedef struct Pattern {
    NodeId node; /* the first that it was made for */
    Normaliser normaliser;
    uint32_t gate_count;
    const PatternGate *gates;
    uint32_t score_count;
    const PatternScore *scores;
    ValueId empty; /* 1 where the query found nothing, or NO_VALUE: nobody asked */
    uint64_t hash;
} Pattern;

typedef struct PlanTrap {
    NodeId node;
    DiagId id;
    const char *why;
    Form number;
    double limit; /* as RealTrap's */
    uint32_t region, phase, layer;
} PlanTrap;

/* --- loops ------------------------------------------------------------------------------------ */

typedef struct StatePlan {
    NodeId node;
    ValueId value, after; /* as a round finds it; as the last one leaves it */
    Form next;            /* rows 0: nothing asked for the loop's results yet */
    ItemId init;          /* writes it before the loop; not live: the embedding does */
    ItemId update;        /* writes it in a round; NO_ITEM: it stays as it is */
    uint32_t erased;      /* the layer that erases the old value; NO_LAYER: it stays */
} StatePlan;

typedef struct LoopPlan {
    uint32_t outer; /* region */
    uint32_t depth; /* loops around it */
    uint32_t state_count;
    StatePlan *states;
    bool closed; /* its ends are planned */
    Form until;  /* of one row; rows 0: none */
    uint32_t kept_count, kept_capacity;
    ValueId *kept; /* (kept_count) what a round's units write and the next one erases */
    bool live;
    uint32_t rank;         /* among the live loops of its region */
    uint32_t first, count; /* layers */
} LoopPlan;

/* --- ReLUs alone ------------------------------------------------------------------------------ */

/* What one number may be, in the program and in the model alike, whatever the input; low > high:
   nothing is known yet. `error`: the greatest difference between the two, when `inexact`. */
typedef struct Bound {
    double low, high, error;
    bool inexact;
    bool whole; /* in the model it is an integer, right or wrong */
} Bound;

/* A part of what an item computes: adds factor * curve(x) to a row of its target. */
typedef struct CurveTerm {
    Curve curve;
    Form x; /* one row */
    double factor;
    uint32_t row;
    Interval over;       /* that its knots take in, once x has bounds; low > high: none yet */
    double error, slope; /* of its chords then; infinite: there are none */
} CurveTerm;

typedef struct CurveTerms {
    uint32_t count;
    CurveTerm *terms; /* (count), or NULL: the item is no sum of curves */
} CurveTerms;

/* --- the whole -------------------------------------------------------------------------------- */

typedef enum Dependence { DEPENDS_NOT, DEPENDS_POSITION, DEPENDS_INPUT } Dependence;

typedef struct RealPlan {
    Arena *arena, *scratch; /* the model's; the plan's */
    const Graph *graph;
    const NodeId *outputs; /* (output_count) */
    uint32_t output_count;
    const RealLowerOptions *options;
    Diagnostics *diags;
    bool refused;    /* and reported */
    bool rounded;    /* a factor that was folded is rounded, or a function of the position */
    bool irrational; /* an operation leaves the fractions */

    uint8_t *needed;      /* (graph count) */
    uint8_t *dependence;  /* (graph count) Dependence */
    NodeId *owners;       /* (graph count) the nearest node with a name that needs it, or NO_NODE */
    Form *forms;          /* (graph count) s-ops */
    bool *formed;         /* (graph count): constants and positions have forms when asked for */
    ValueId *squares;     /* (graph count): |node|^2, or NO_VALUE */
    AtomSet **words;      /* (graph count) of an input of strings, or NULL; */
    ValueId *text_values; /* (graph count) and its one-hot, once somebody asked, or NO_VALUE */
    uint32_t *state_loop; /* (graph count): an OP_STATE's loop, */
    uint32_t *state_number; /* (graph count): and its number there */
    uint32_t *stamps;       /* (graph count) the last walk that met the node; walks count from 1 */
    uint32_t walks;
    uint32_t *part_number; /* (graph count) where the last list of parts has the node */
    ValueId indices;       /* the positions themselves, or NO_VALUE */
    ValueId last_position; /* the latest VALUE_POSITION, or NO_VALUE */

    Value *values;
    uint32_t value_count, value_capacity;
    Item *items;
    uint32_t item_count, item_capacity;
    Pattern *patterns;
    uint32_t pattern_count, pattern_capacity;
    PatternId *pattern_slots; /* (pattern_slot_count, a power of two) by hash, or NO_ITEM */
    uint32_t pattern_slot_count;
    PatternId *pattern_of;     /* (graph count) of a pattern node or a selector, or NO_ITEM */
    PatternId *raw_pattern_of; /* (graph count) of a selector that weighs by 1 */
    PlanTrap *traps;
    uint32_t trap_count, trap_capacity;
    LoopPlan *loops; /* (graph loop_count) */

    /* layout.c: the live items by region, in the order of the plan. Loops in a loop have the
       numbers behind its own, so the items of a region and of all inside it are one run. What
       update.c adds comes at the end of `items`. */
    ItemId *by_region;
    uint32_t *region_items; /* (regions + 1) where each region's items begin */
    uint32_t sorted_items;  /* how many items there were then */
    uint32_t *last_reads;   /* (value_count) plan_real_last_reads */

    /* ReLUs alone. What update.c adds later copies. */
    uint32_t bounded_items;
    CurveTerms *terms; /* (bounded_items) */
    Bound **bounds;    /* (value_count)(width) */

    uint32_t *layer_regions; /* (layer_count) */
    uint32_t layer_count, layer_capacity;
} RealPlan;

/* A list of node ids, each once, in id order. */
typedef struct NodeList {
    NodeId *ids; /* (count) */
    uint32_t count, capacity;
} NodeList;

/* lower_real.c */
/* The nodes of that kind which root is made of, through nodes of that kind alone; root last.
   part_number says where each is. */
NodeList plan_real_parts(RealPlan *plan, NodeId root, OpKind kind);
/* Reports (the first time only) that the node can't be lowered. */
void plan_real_refuse(RealPlan *plan, NodeId node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* (count) numbers, 0; NULL, reported, when that is more than a plan may take. */
double *plan_real_numbers(RealPlan *plan, NodeId node, uint64_t count);
ValueId plan_real_value(RealPlan *plan, const Value *value);
/* Adds an item that writes a new value of that width, which is returned. Its region is the
   innermost of what it reads. */
ValueId plan_real_item(RealPlan *plan, Item item, uint32_t width);
/* A unit of one or two arguments. */
ValueId plan_real_unit(RealPlan *plan, NodeId node, GraphOp op, const Form *a, const Form *b,
                       uint32_t width);
/* Is `region` this one or inside it? */
bool plan_real_within(const RealPlan *plan, uint32_t region, uint32_t around);

/* form.c. What rounds says so in the plan; the node is for what is too large. */
Form form_constants(uint32_t rows, const double *numbers);
Form form_number(RealPlan *plan, double number);
Form form_value(RealPlan *plan, ValueId value);
bool form_is_constant(const Form *form);
/* Is it the value and nothing else? */
bool form_is_value(const RealPlan *plan, const Form *form, ValueId *value);
Form form_spread(RealPlan *plan, NodeId node, const Form *form, uint32_t rows);
Form form_add(RealPlan *plan, NodeId node, const Form *a, const Form *b);
Form form_scale(RealPlan *plan, NodeId node, const Form *form, double factor);
/* Row r times factors[r]. */
Form form_scale_rows(RealPlan *plan, NodeId node, const Form *form, const double *factors);
Form form_row(RealPlan *plan, NodeId node, const Form *form, uint32_t row);
Form form_join(RealPlan *plan, NodeId node, const Form *a, const Form *b);
Form form_matmul(RealPlan *plan, NodeId node, const double *matrix, uint32_t rows, const Form *of);
bool form_equal(const RealPlan *plan, const Form *a, const Form *b);
/* What it is at a position, where all its values depend on the position alone: (rows). */
void form_at_position(const RealPlan *plan, const Form *form, uint32_t position, double *out);
bool form_is_finite(const RealPlan *plan, const Form *form);
/* The block as a matrix of (rows, width of its value), added to out, whose rows are `stride` long
   and begin at the block's first row. */
void block_add_to(const RealPlan *plan, const Block *block, double *out, uint32_t stride);

/* position.c */
void plan_real_dependences(RealPlan *plan);
/* The form of an s-op, which is found now if it depends on the position alone. rows 0: strings. */
Form plan_real_form(RealPlan *plan, NodeId node);
/* The same for an argument of the node that must be a number or vector: else it is refused. */
Form plan_real_argument(RealPlan *plan, NodeId node, int argument);
/* The constant's numbers, or NULL. */
const double *plan_real_constant(const Form *form, double *zero);

/* words.c */
/* The words of every input of strings. */
void plan_real_words(RealPlan *plan);
/* An input of strings: it has no form of its own. */
bool plan_real_is_text(const RealPlan *plan, NodeId id);
/* 1 where the input is the word, else 0. The word is one that the graph compares it with. */
Form plan_real_is_word(RealPlan *plan, NodeId user, NodeId text, Atom word);
/* Does the node compare an input of strings? Then *is_equal is 1 where they are equal; rows 0:
   refused. */
bool plan_real_compares_text(RealPlan *plan, NodeId id, Form *is_equal);

/* element.c */
Form plan_real_element(RealPlan *plan, NodeId node);
/* The program fails where the form, of one row or none, is 0: a diagnostic if that is everywhere.
 */
void plan_real_trap(RealPlan *plan, NodeId node, DiagId id, const char *why, const Form *divisor);
/* Nothing is promised where the form, of one row, is the limit or more in magnitude, if it is
   computed at all. */
void plan_real_limit(RealPlan *plan, NodeId node, const char *why, const Form *form, double limit);
/* Truth of an s-op as 0 and 1: whether a number is not 0. */
Form plan_real_truth(RealPlan *plan, NodeId user, int argument);
Form plan_real_truth_of(RealPlan *plan, NodeId node, const Form *form); /* form: the node's */

/* selector.c: the gates of a selector; a count of 0: every key. False: refused. */
bool plan_real_gates(RealPlan *plan, NodeId selector, Pattern *pattern);
/* score.c: the terms of a score under the pattern's normaliser. False: refused. */
bool plan_real_scores(RealPlan *plan, NodeId score, Pattern *pattern);

/* attend.c */
Form plan_real_attention(RealPlan *plan, NodeId node);

/* loop.c */
void plan_real_loops(RealPlan *plan);
Form plan_real_state(RealPlan *plan, NodeId node);
Form plan_real_result(RealPlan *plan, NodeId node);

/* whole.c: refuses integers that the floats would round, and traps those that may come to that. */
void plan_real_whole(RealPlan *plan);

/* live.c: marks what the outputs and traps need, and lets the embedding bring the states that it
   can. */
void plan_real_live(RealPlan *plan);

/* reads.c: calls visit for every value that the item or the form reads. */
typedef void (*VisitValue)(void *state, ValueId value);
void form_reads(const Form *form, VisitValue visit, void *state);
void item_reads(const RealPlan *plan, const Item *item, VisitValue visit, void *state);
/* For every value (value_count) the layer from which on nobody reads it any more in its region:
   that of its last reader, or the first behind the loop in its region that reads it; NO_LAYER:
   nobody reads it. `within`: only what is read in that region is looked at, all of which has
   layers. */
const uint32_t *plan_real_last_reads(RealPlan *plan, uint32_t within);
/* The first region behind `region` that is not inside it. */
uint32_t plan_real_region_end(const RealPlan *plan, uint32_t region);

/* phase.c: layers for the live items of a region and phase, from layer `start` on. Returns how many
   layers they take. items: (count) in the order of the plan. */
uint32_t plan_real_phase(RealPlan *plan, const ItemId *items, uint32_t count, uint32_t start);

/* layout.c: layers for everything. */
void plan_real_layout(RealPlan *plan);
/* The region's first layer at `least` or after. Where there is none: NO_LAYER, or, append, a new
   one, for the region is the one that is laid out. */
uint32_t plan_real_layer_of(RealPlan *plan, uint32_t region, uint32_t least, bool append);
/* The first layer whose units can read the form. */
uint32_t plan_real_readable(const RealPlan *plan, const Form *form);

/* update.c: the end of a loop's round, when everything else in the loop has layers. */
void plan_real_updates(RealPlan *plan, uint32_t loop);

/* places.c: which subspace holds which value, and where it is erased. */
typedef struct Erasure {
    uint32_t layer;
    ValueId value;
} Erasure;
typedef struct Places {
    SpaceId *spaces; /* (value_count) the value's subspace, or NO_SPACE */
    uint32_t space_count;
    ValueId *first; /* (space_count) the first value there, of those with a name if there is one */
    uint32_t erase_count, erase_capacity;
    Erasure *erasures; /* (erase_count) */
} Places;
Places plan_real_places(RealPlan *plan);

/* terms.c: the item as curves of one number each, where it is made of such. */
CurveTerms plan_real_terms(RealPlan *plan, const Item *item);

/* bounds.c: bounds and errors of all values; the traps that these prove to be idle go. */
void plan_real_bounds(RealPlan *plan);
/* The knots of the term's curve: in *count how many, 0 where it has none. */
const double *plan_real_knots(RealPlan *plan, const CurveTerm *term, uint32_t *count);
/* Of the form's rows, from what is known of the values that it reads. out: (rows) */
void form_bounds(const RealPlan *plan, const Form *form, Bound *out);
/* bounds_item.c: of what the item writes, from those. out: (width of its target). With errors these
   too, else they are 0. */
void item_bounds(const RealPlan *plan, ItemId item, bool errors, Arena *work, Bound *out);

/* relus.c: a unit's item as ReLUs. False: refused. */
typedef struct Relus {
    Form input;        /* (relus) rows */
    const double *out; /* (width of the item's target, relus) */
    double error;      /* of the curves */
} Relus;
bool plan_real_relus(RealPlan *plan, ItemId item, Relus *relus);
/* choices.c: the same for a choice. */
bool plan_real_choice(RealPlan *plan, const Item *item, Relus *relus);

/* emit.c */
RealModel *plan_real_emit(RealPlan *plan, const Places *places);

#endif
