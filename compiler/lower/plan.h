/* The plan: what the lowering works on between the graph and the model.

   A *variable* is something that the residual stream will carry: the token, the position, what a
   head moved, a stepped number, or a table over several variables. It has a finite domain. Every
   graph node is a *form* over variables: a table over one of them (which costs nothing: any
   function of one coded variable is linear), a sum of such tables (nothing either), or a new
   variable. Selectors are *formulas*: signed sums of conjunctions of literals.

   Planning goes through the graph once, in the order of ids. Then the encodings are chosen from
   what is asked of each variable, and the model is written (encode.c).

   Phases: 0 is the embedding, phase p is the p-th attention layer and the feed-forward work on
   it. */
#ifndef RASPC_PLAN_H
#define RASPC_PLAN_H

#include "compiler/lower/lower.h"
#include "runtime/base/keep.h"
#include "runtime/base/limits.h"
#include "runtime/value/atoms.h"

typedef uint32_t VarId;
#define NO_VAR UINT32_MAX

enum {
    PLAN_DOMAIN = 1 << 22,        /* values of one variable */
    PLAN_FRACTIONS = 300000,      /* values of one mean */
    PLAN_SOURCES = MODEL_SOURCES, /* variables that one table looks at */
    PLAN_CELLS = 20000,           /* cells of one table over several variables, */
    PLAN_CELLS_OF_POSITION = 4,   /* or so many for each position of the longest input */
    PLAN_LAST_CELLS = 512,        /* the same where the output's reader can compute instead */
    PLAN_PRODUCTS = 64,           /* conjunctions of one formula */
    PLAN_LITERALS = 32,           /* literals of one conjunction */
    PLAN_TOTAL_VALUES = 16,       /* distinct values whose total is taken by counting each */
};

/* The greatest whole number that is computed with: what floats are exact for is the weights'
   matter, but doubles carry the plan. */
#define PLAN_NUMBER ((double)((int64_t)1 << 40))

/* --- variables ----------------------------------------------------------------------------------
 */

typedef struct PlanTerm {
    VarId var;
    const double *values; /* (count of the variable) */
} PlanTerm;

typedef struct PlanFeature {
    double constant;
    uint32_t count;
    const PlanTerm *terms; /* (count), by rising variable */
} PlanFeature;

typedef enum VarKind {
    VAR_TOKEN,
    VAR_POSITION,
    VAR_MOVED,
    VAR_STEPPED,
    VAR_BANDED,
    VAR_LOOKUP
} VarKind;

typedef struct PlanLookup {
    uint32_t source_count;
    VarId sources[PLAN_SOURCES];
    uint32_t class_counts[PLAN_SOURCES];
    const uint32_t *classes[PLAN_SOURCES]; /* (count of the source) */
    const uint32_t *result;                /* (product of class_counts) */
} PlanLookup;

typedef struct Var {
    VarKind kind;
    NodeId node;
    uint32_t phase;
    uint32_t count;
    Atoms domain; /* (count); none: fractions that are not listed */
    /* What a number register holds for each value, ascending; NULL: coded from the start. */
    const double *readings;
    double error;   /* how far from its reading the float type may leave the register */
    double shift;   /* VAR_MOVED means: register = mean - shift, so that no reading is negative */
    bool length;    /* the length of the input */
    bool fractions; /* every value is S / c with c up to the greatest length */
    double unit;    /* a mean: its values are the readings (with shift) times this power of two */
    PlanFeature input; /* VAR_STEPPED */
    /* VAR_STEPPED, VAR_BANDED: value v is any of the sum's, or of the source's, from readings[v] to
       highs[v]; its atom stands for them all, for tests that can't tell them apart. */
    const double *highs; /* (count) */
    VarId source;        /* VAR_BANDED */
    PlanLookup lookup;   /* VAR_LOOKUP */
    uint32_t head, move; /* VAR_MOVED */
} Var;

/* --- forms ------------------------------------------------------------------------------------ */

typedef enum FormKind { FORM_NONE, FORM_REFUSED, FORM_TABLE, FORM_SUM, FORM_FRACTION } FormKind;

/* `count * mean` rounds twice where the sum it stands for does not: 49 * (1 / 49) is not 1. A noisy
   form is off by a relative 2^-50 or so where the definition computes it; a test on it is lowered
   only when the noise cannot change the outcome. */
typedef enum Noise { NOISE_NONE, NOISE_NOT_AT_ZERO, NOISE_ANYWHERE } Noise;

typedef struct Form {
    FormKind kind;
    VarId var;        /* TABLE: NO_VAR: a constant; FRACTION */
    Atoms atoms;      /* TABLE: (count of var, or 1); ATOM_OPAQUE where the program fails */
    PlanFeature sum;  /* SUM: whole numbers */
    double low, high; /* SUM; FRACTION: of what the mean is taken of */
    double extra;     /* FRACTION: the one other value that it can have: the default */
    bool floating;    /* SUM: floats, not ints */
    /* A mean of one number is that number, of its own kind; of several it is a float: 1 or 1.0.
       Where exact holds for the chooser (how many were selected), the value is alternative (TABLE),
       or an int (SUM, floating). exact is NULL where the kind is known. */
    VarId chooser;
    const uint8_t *exact; /* (count of chooser) */
    Atoms alternative;    /* TABLE: (count of var, or 1) */
    bool kind_unknown;    /* an int or a float, and nothing says which */
    Noise noise;
    NodeId counter;    /* noisy: the selector whose count was multiplied in */
    NodeId refused_at; /* REFUSED */
    const char *why;
} Form;

/* --- formulas --------------------------------------------------------------------------------- */

typedef enum LiteralKind { LITERAL_COMPARE, LITERAL_KEY, LITERAL_QUERY } LiteralKind;

typedef struct Literal {
    LiteralKind kind;
    NodeId node;         /* the selector */
    NodeId key, query;   /* COMPARE: the nodes compared */
    Relation relation;   /* COMPARE */
    VarId var;           /* KEY, QUERY */
    const uint8_t *bits; /* KEY, QUERY: (count of var) */
} Literal;

/* All literals hold, and low <= key position - query position <= high. */
typedef struct Conjunction {
    int32_t low, high;
    uint32_t count;
    const Literal *literals; /* (count), sorted, no two on the same comparison or variable */
} Conjunction;

typedef struct Product {
    int64_t coefficient;
    Conjunction conjunction;
} Product;

typedef struct Formula {
    bool known;
    uint32_t count;
    const Product *products; /* (count): their sum is 1 where selected, else 0 */
    NodeId refused_at;       /* NO_NODE: none */
    const char *why;
} Formula;

/* --- heads ------------------------------------------------------------------------------------ */

typedef struct PlanTermOfHead {
    TermKind kind;
    NodeId node;
    Relation relation;
    PlanFeature key, query, key_square, query_square;
    uint8_t squared;
    uint32_t key_count, query_count;
    const uint8_t *table;
} PlanTermOfHead;

typedef struct PlanMove {
    MoveKind kind;
    NodeId node;
    VarId target;
    PlanFeature value; /* REAL */
    VarId source;      /* CODED */
    double default_value;
    uint32_t default_index;
    bool live;
} PlanMove;

typedef struct PlanHead {
    NodeId selector;
    uint32_t phase;
    Conjunction conjunction; /* what it realises; for merging */
    bool whole_formula;      /* realises a formula of several conjunctions: merged by selector */
    uint32_t term_count;
    const PlanTermOfHead *terms;
    HeadMask mask;
    NullPolicy null_policy;
    uint32_t move_count, move_capacity;
    PlanMove *moves;
} PlanHead;

typedef struct PlanTrap {
    NodeId node;
    VarId var; /* NO_VAR: always */
    const uint8_t *bits;
    DiagId id;
    const String *why;
} PlanTrap;

/* What the output is read off from: forms, and what their reader computes with their values. */
typedef struct PlanReadout {
    uint32_t reading_count;
    Form readings[MODEL_READINGS];
    uint32_t step_count;
    ReadStep *steps; /* (step_count) in the model's arena; see Readout */
} PlanReadout;

/* first, first + step, ..., or their squares: listed once. */
typedef struct Progression {
    double first, step;
    bool squared;
    uint32_t count;
    const double *values; /* (count) */
} Progression;

typedef struct Lowering {
    Arena *arena;   /* the model's */
    Arena *scratch; /* the plan's */
    const Graph *graph;
    NodeId output;
    const LowerOptions *options;
    Diagnostics *diags;
    const uint8_t *needed; /* (graph count): the output needs it */
    uint8_t *last;         /* (graph count): an operation that the output's reader can compute, as
                              all that follow it; where it is refused, that need not be the end */
    bool reader_computes;  /* some operations may be left to the output's reader */
    PlanReadout readout;
    Form *forms;       /* (graph count) */
    Formula *composed; /* (graph count): of every selector, from those of its arguments */
    Formula *formulas; /* (graph count): what heads realise; causal: up to the query alone */
    bool looks_ahead;  /* it was reported that a selector does, and causal forbids it */
    Var *vars;
    uint32_t var_count, var_capacity;
    PlanHead *heads;
    uint32_t head_count, head_capacity;
    PlanTrap *traps;
    uint32_t trap_count, trap_capacity;
    Keeper kept; /* long tables in scratch */
    Progression *progressions;
    uint32_t progression_count, progression_capacity;
} Lowering;

/* --- domain.c: variables and features --------------------------------------------------------- */

VarId plan_var(Lowering *l, const Var *var);
static inline const Var *plan_get(const Lowering *l, VarId id) { return &l->vars[id]; }
VarId plan_token(Lowering *l);    /* always variable 0 */
VarId plan_position(Lowering *l); /* always variable 1 */
PlanFeature feature_constant(double value);
PlanFeature feature_table(Lowering *l, VarId var, const double *values);
/* The same of values just made in scratch, which nobody else has: equal ones are kept once. */
PlanFeature feature_own(Lowering *l, VarId var, double *values);
/* Of atoms just made in scratch, which nobody else has: a run, or equal ones kept before. */
Atoms plan_keep_atoms(Lowering *l, Atom *atoms, uint32_t count);
/* Numbers first + v * step, all of them whole, or their squares. */
const double *plan_progression(Lowering *l, double first, double step, bool squared,
                               uint32_t count);
/* What plan_progression gave, not squared, as whose values these are; NULL: they are other ones. */
const Progression *progression_of(const Lowering *l, const double *values);
const double *plan_keep_numbers(Lowering *l, double *numbers, uint32_t count);
/* a * x + b * y */
PlanFeature feature_combine(Lowering *l, double a, PlanFeature x, double b, PlanFeature y);
bool feature_equal(const Lowering *l, PlanFeature x, PlanFeature y);
/* The least and greatest value; knows that a position is below the length. */
void feature_range(const Lowering *l, PlanFeature feature, double *low, double *high);
uint32_t feature_phase(const Lowering *l, PlanFeature feature); /* the greatest of its variables */
/* The variable that steps make of a sum of whole numbers; NO_VAR: too many values. */
VarId plan_stepped(Lowering *l, NodeId node, PlanFeature input, double low, double high,
                   bool floating);
/* The same for what asks for its sign alone: all that are below 0 may be one value, and all above.
   Of a wide range too, which the steps of float32 can't tell apart from 0. */
VarId plan_signs(Lowering *l, NodeId node, PlanFeature input, double low, double high,
                 bool floating);
VarId plan_wide_signs(Lowering *l, NodeId node, PlanFeature input, double low, double high,
                      bool floating);
/* Every S / c with c in 1..max_length and S / c in low..high, ascending, with extra put in (if not
   NULL). 0: more than PLAN_FRACTIONS. */
uint32_t plan_fractions(Lowering *l, int64_t low, int64_t high, const double *extra,
                        const double **readings);

/* --- band.c: means that are compared with constants ------------------------------------------- */

/* What the output's other nodes do with a mean: */
typedef enum MeanUse {
    MEAN_COMPARED, /* nothing but comparing it with constants */
    MEAN_PERHAPS,  /* that, or multiplying it, perhaps by its own count, or comparing it with
                      another mean: its values may be needed */
    MEAN_VALUES,   /* its values are needed */
    MEAN_SIGN,     /* whether it is below 0, 0 or above */
} MeanUse;
MeanUse mean_use(const Lowering *l, NodeId mean);
/* A TABLE over what the constants tell apart of the FRACTION, the form of node. It may be read by
   comparisons with constants only: by the reader, or if that is NO_NODE by those of all readers.
   NONE: the reader is no such comparison. */
Form form_bands(Lowering *l, NodeId node, const Form *mean, NodeId reader);
/* The same for a reader that compares with 0. */
Form form_sign(Lowering *l, NodeId node, const Form *mean);

/* --- refuse.c: what it would take ----------------------------------------------------------------
 */

Form form_refused(NodeId at, const char *why);
/* Whether the node is an int or a float decides, and that can't be told. */
Form form_refuse_kind(Lowering *l, NodeId node);
/* One variable of a look-up that would be too large, and how many of its values differ there. */
typedef struct PlanSide {
    VarId var;
    uint32_t classes;
    bool chooses_kind; /* it says no more than whether an argument is an int or a float */
} PlanSide;
Form form_refuse_cells(Lowering *l, NodeId node, const PlanSide *sides, uint32_t count);
/* why: what is in the way of a head for the selector `node`. */
Form form_refuse_selector(Lowering *l, NodeId node, const char *why);
/* The node needs a table of the SUM, the form of the node `of`, with too many values. */
Form form_refuse_values(Lowering *l, NodeId node, NodeId of, const Form *sum);
const char *plan_count(Lowering *l, double count); /* 26,624 */

/* --- form.c: forms, and one as another of the same values ----------------------------------- */

Form form_constant(Lowering *l, Atom atom);
Form form_table(VarId var, Atoms atoms);
Form form_of_sum(Lowering *l, PlanFeature sum, bool floating);
uint32_t form_count(const Lowering *l, const Form *form); /* TABLE: 1 or the variable's count */
/* Which kind its numbers have, and what says so. */
void form_copy_kind(Form *to, const Form *from);
/* A TABLE of whole numbers in a run, none beyond the bound? */
bool form_is_run_within(const Lowering *l, const Form *form, double bound);
/* A SUM of the same values, when they are whole numbers. */
bool form_as_sum(Lowering *l, const Form *form, Form *sum);
/* A TABLE of the same values; false: too many. */
bool form_as_table(Lowering *l, NodeId node, const Form *form, Form *table);
/* A TABLE of numbers with the same signs, as numbers of the same kinds; false: too many. */
bool form_as_signs(Lowering *l, NodeId node, const Form *form, Form *table);
bool form_as_wide_signs(Lowering *l, NodeId node, const Form *form, Form *table);

/* --- trap.c: where the program fails -------------------------------------------------------- */

/* Remembers where the node's table first fails (values that its arguments did not fail on). */
void plan_trap(Lowering *l, NodeId node, const Form *form, const uint8_t *bits, DiagId id,
               const String *why);
/* The reasons for which one operation fails, on other values for another. */
enum { PLAN_REASONS = 8 };
typedef struct Failures {
    uint32_t count;
    DiagId ids[PLAN_REASONS];
    const String *why[PLAN_REASONS];
} Failures;
void failures_add(Failures *failures, Atom failed, DiagId id);
/* A trap for each diagnostic, of the form's values where the bit is set. */
void plan_traps(Lowering *l, NodeId node, const Form *form, const uint8_t *bits,
                const Failures *failures);

/* --- element.c: forms of element-wise nodes --------------------------------------------------- */

Form form_element(Lowering *l, NodeId node);
/* apply.c: one element-wise operation on atoms. Where it fails the result is ATOM_OPAQUE with the
   reason, and *id is how eval reports it. */
Atom element_apply(Arena *arena, const Node *node, const Atom *args, DiagId *id);
/* Some of the values, those of arguments whose kind is unknown, may be ints or floats: does it
   depend on that whether the operation fails? */
bool kind_decides(Arena *arena, const Node *node, const Form *args, int arity, const Atom *values);
bool atom_failed(Atom a);
Atom atom_failure(Arena *arena, const char *why);
/* A whole number or a bool; -0.0 is none, as no sum and no rounding gives it back. */
bool atom_whole(Atom a, double *value);
bool atom_is_minus_zero(Atom a);
/* The same bits? False: it can't be told without looking closer. */
bool atoms_alike(Atom a, Atom b);

/* --- lookup.c: functions of several variables ------------------------------------------------- */

/* The element-wise node, its arguments given as TABLEs; REFUSED: too many combinations. */
Form form_lookup(Lowering *l, NodeId node, const Form *args, int arity);
/* How many cells a table over several variables may have. */
uint32_t plan_most_cells(const Lowering *l);
/* The same values over one new variable, each with its own kind; REFUSED: too many. */
Form form_choose_kind(Lowering *l, NodeId node, const Form *form);
/* How many cells form_lookup would need; UINT32_MAX: too many. */
uint32_t form_lookup_cells(Lowering *l, NodeId node, const Form *args, int arity);
/* The table over several variables. classes: the sources' classes; those that no value is in are
   left out, as the model's text counts them by the greatest. */
VarId plan_lookup(Lowering *l, NodeId node, const PlanLookup *lookup, uint32_t count, Atoms domain);

/* --- factor.c: functions of several numbers, by functions of one -------------------------------
 */

/* The element-wise node as a sum, without a table over all its arguments; NONE: it is none. */
Form form_factored(Lowering *l, NodeId node, const Form *args, int arity);
/* A TABLE that compares with 0 as the first argument does with the second; NONE: there is none. */
Form form_compare_ranks(Lowering *l, NodeId node, const Form *args);
/* round() of a number and whole numbers added up, where the sum has no form; NONE: it is none. */
Form form_rounded_sum(Lowering *l, NodeId node);

/* --- selector.c: formulas --------------------------------------------------------------------- */

Formula formula_of(Lowering *l, NodeId selector); /* from those of its arguments */
Formula formula_true(Lowering *l);
/* The formula where low <= key position - query position <= high. */
Formula formula_within(Lowering *l, NodeId node, const Formula *formula, int32_t low, int32_t high);
/* The formula and a literal on the key: its variable is in the set. */
Formula formula_and_key(Lowering *l, const Formula *formula, NodeId node, VarId var,
                        const uint8_t *bits);
bool conjunction_equal(const Lowering *l, const Conjunction *a, const Conjunction *b);
bool conjunction_is_mask(const Conjunction *c); /* no literals */
/* Whether key stands in the relation to query; *fails where they have no order. */
bool relation_holds(Relation relation, Atom key, Atom query, bool *fails);

/* ahead.c: what a causal head realises of a selector: the formula where the key is not after the
   query. That is all of it, or looks_ahead is set after reporting. */
Formula formula_causal(Lowering *l, NodeId selector);
/* The mask of a head that needs none of its own. */
static inline HeadMask plan_open_mask(const Lowering *l) {
    return (HeadMask){INT32_MIN, l->options->causal ? 0 : INT32_MAX};
}

/* --- heads.c: heads, and what they move ------------------------------------------------------- */

/* Sets the head's phase: the one after those of its terms and of the value that it moves. */
void plan_head_phase(const Lowering *l, PlanHead *head, uint32_t value);
/* The variable that the head's move writes: an equal move's of an equal head, or var, made new. The
   head's phase and terms are set. */
VarId plan_move(Lowering *l, const PlanHead *head, PlanMove move, Var var);

/* --- width.c, attend.c: nodes that heads compute ---------------------------------------------- */

Form form_width(Lowering *l, NodeId node, NodeId selector, const Formula *formula);
Form form_aggregate(Lowering *l, NodeId node);
/* The same with every value of a mean listed, where they are not too many. */
Form form_aggregate_listed(Lowering *l, NodeId node);
/* A TABLE whose values have the signs of the means of value, at node; not a TABLE: there is none.
 */
Form form_sign_of_mean(Lowering *l, NodeId node, NodeId selector, const Form *value, Atom nothing);
/* Two means of the same selector compared, as they are or by the sign of their difference: that is
   the sign of one mean, of the difference. A TABLE that compares with 0 as the node's arguments
   compare (zero_first: as 0 does with it), or NONE: the node is no such comparison. */
Form form_mean_comparison(Lowering *l, NodeId node, bool *zero_first); /* contrast.c */
/* kinds.c: is a mean, at node, of one number (that number, an int perhaps) or of several (a float)?
 */
typedef struct Selection {
    NodeId node, selector;
    const Form *value;
    Atom nothing; /* the default */
    bool hits;    /* every row selects something */
} Selection;
typedef struct Bits {
    VarId var; /* NO_VAR: bits[0] everywhere */
    const uint8_t *bits;
} Bits;
typedef enum MeanKind {
    MEAN_FLOAT,  /* always a float, and not -0.0 */
    MEAN_OWN,    /* always what is selected itself, and that is no float or -0.0 */
    MEAN_CHOSEN, /* as exact tells */
    MEAN_UNKNOWN
} MeanKind;
MeanKind kind_of_mean(Lowering *l, const Selection *s, Bits *exact);
/* Sets the kind of form, a TABLE of floats that ascend or a FRACTION; sum: the value as a sum. */
void settle_kind_of_mean(Lowering *l, const Selection *s, const Form *sum, Form *form);
/* The same of a TABLE whose atoms where at most one is selected are own. */
void settle_kind_of_constant(Lowering *l, const Selection *s, const Atom *own, Form *form);
/* How many are selected, as a TABLE; REFUSED when that can't be told. Costs nothing unless asked.
 */
Form selected_count(Lowering *l, NodeId node, NodeId selector);
/* Of a count: 1 where it is between the two. */
const uint8_t *count_between(Lowering *l, const Form *count, double least, double most);
/* Both bits at once: a look-up of four cells, when they are of different variables. */
Bits plan_both(Lowering *l, NodeId node, Bits a, Bits b);
/* single.c: can no row select two positions? Does every row select exactly one? False: not known.
 */
bool selects_at_most_one(Lowering *l, const Conjunction *c);
bool selects_exactly_one(Lowering *l, const Conjunction *c);

/* parts.c: the table's numbers as whole multiples of the unit, a power of two. False: there is
 * none.
 */
bool form_as_parts(Lowering *l, const Form *table, Form *sum, double *unit);
/* What node averages is no table of such numbers. */
Form form_refuse_rounding(Lowering *l, NodeId node, const Form *values);

/* total.c: count * aggregate, when one factor is the aggregate's own count: a total. FORM_NONE: it
 * is not. */
Form form_total(Lowering *l, NodeId node);
/* The count among the product's factors; NO_NODE: it is no total. */
NodeId total_factor(Lowering *l, NodeId node);

/* terms.c: numbers that compare as the atoms do, whole ones. False: *why says what is in the way.
 */
typedef struct Codes {
    const double *key, *query; /* (count of each side's variable) */
} Codes;
bool compare_codes(Lowering *l, const Form *key, const Form *query, bool needs_order, Codes *codes,
                   const char **why);
/* terms.c: from a conjunction or a formula to a head's terms. False: *why says what is in the way.
   counted: the null key will be among the selected. *hits: every row selects something. */
bool terms_of_conjunction(Lowering *l, const Conjunction *c, bool counted, bool *hits,
                          PlanHead *head, const char **why);
bool terms_of_formula(Lowering *l, const Formula *formula, NodeId selector, PlanHead *head,
                      const char **why);

/* --- readout.c: what the logits say ----------------------------------------------------------- */

void plan_last_steps(Lowering *l); /* sets last */
/* Sets readout. False: the output's form is REFUSED. */
bool plan_readout(Lowering *l);
bool form_has_bools(const Lowering *l, const Form *form); /* where its kind is exact */

/* --- encode.c: from the plan to the model ----------------------------------------------------- */

Model *plan_encode(Lowering *l);

/* A message in the plan's arena. */
const char *plan_text(Lowering *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How people call the node, in quotes: its name, or its formula. */
const char *plan_name(Lowering *l, NodeId node);

#endif
