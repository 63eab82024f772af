/* From logits to the program's values. Every reading is decoded; a read-out's steps then compute in
   double precision, where whole numbers below 2^53 are exact. */
#include "runtime/export/onnx_writer.h"

#include "runtime/base/bug.h"
#include "runtime/export/config.h"

#include <string.h>

/* --- readings of atoms ------------------------------------------------------------------------ */

static bool is_opaque(Atom atom) { return atom.kind == ATOM_OPAQUE; }
static bool is_text(Atom atom) { return atom.kind == ATOM_STRING; }

static bool some(const Logits *logits, bool (*holds)(Atom)) {
    for (uint32_t i = 0; i < logits->count; i++) {
        if (holds(logits->atoms[i])) return true;
    }
    return false;
}

/* What a table over the logits has for the best one: (B, length) */
static Edge look_up(OnnxWriter *w, const Logits *logits, Edge name, Edge table_name, OnnxType type,
                    const void *table, Edge best) {
    uint64_t count = logits->count, size = type == ONNX_BOOL ? 1 : 8;
    Edge cells = onnx_tensor(&w->graph, table_name, type, &count, 1, table, size * count);
    return onnx_along(&w->graph, "Gather", name, "axis", 0, cells, best);
}

static Edge best_holds(OnnxWriter *w, const Logits *logits, const char *name,
                       const char *table_name, bool (*holds)(Atom), Edge best) {
    OnnxGraph *g = &w->graph;
    uint8_t *table = ARENA_ARRAY(g->arena, uint8_t, logits->count);
    for (uint32_t i = 0; i < logits->count; i++)
        table[i] = holds(logits->atoms[i]);
    return look_up(w, logits, onnx_name(g, "%s", name), onnx_name(g, "%s", table_name), ONNX_BOOL,
                   table, best);
}

/* The best logit's atom, where all atoms are of one kind that ONNX has. */
static Edge atom_value(OnnxWriter *w, const Logits *logits, Edge name, OnnxType type, Edge best) {
    uint32_t count = logits->count;
    int64_t *ints = ARENA_ARRAY(w->graph.arena, int64_t, count);
    double *reals = ARENA_ARRAY(w->graph.arena, double, count);
    uint8_t *bools = ARENA_ARRAY(w->graph.arena, uint8_t, count);
    for (uint32_t i = 0; i < count; i++) {
        Atom atom = logits->atoms[i];
        if (is_opaque(atom) || is_text(atom) || !atom_as_double(atom, &reals[i])) continue;
        if (atom.kind == ATOM_INT && !atom.big) ints[i] = atom.as.integer;
        if (atom.kind == ATOM_BOOL) bools[i] = atom.as.boolean;
    }
    const void *table = type == ONNX_INT64    ? (const void *)ints
                        : type == ONNX_DOUBLE ? (const void *)reals
                                              : (const void *)bools;
    return look_up(w, logits, name, onnx_name(&w->graph, "output/atoms"), type, table, best);
}

/* Strings and numbers in one sequence are a failure of all of it: (B, 1) */
static Edge mixes(OnnxWriter *w, const Logits *logits, Edge best) {
    OnnxGraph *g = &w->graph;
    Edge text = best_holds(w, logits, "output/is_text", "output/texts", is_text, best);
    Edge token = onnx_slice(w, "output/token", w->token, w->first_row, w->end, w->axis_1);
    Edge other = onnx_unary(g, "Not", "output/is_number", text);
    Edge any_text = onnx_cast(&w->graph, "output/text",
                              onnx_binary(g, "And", "output/text_token", text, token), ONNX_INT64);
    Edge any_other =
        onnx_cast(&w->graph, "output/other",
                  onnx_binary(g, "And", "output/number_token", other, token), ONNX_INT64);
    Edge both = onnx_binary(g, "Mul", "output/text_and_number",
                            onnx_greatest(w, "output/any_text", any_text, 1, true),
                            onnx_greatest(w, "output/any_number", any_other, 1, true));
    return onnx_cast(&w->graph, "output/mixes", both, ONNX_BOOL);
}

/* The number of the greatest logit. */
static Edge best_logit(OnnxWriter *w, const Logits *logits, Edge values, Edge name, Edge *unsure) {
    OnnxGraph *g = &w->graph;
    /* 1 where one value was gathered, less for a mixture. */
    *unsure = onnx_binary(g, "LessOrEqual", onnx_name(g, "output/mixed"),
                          onnx_greatest(w, onnx_name(g, "output/greatest"), values, 2, false),
                          onnx_float(g, onnx_name(g, "output/sure"), 0.75));
    Edge best = onnx_extreme(w, "ArgMax", name, values, false);
    if (!some(logits, is_opaque)) return best;
    Edge fails = best_holds(w, logits, "output/fails", "output/opaque", is_opaque, best);
    *unsure = onnx_binary(g, "Or", onnx_name(g, "output/no_atom"), *unsure, fails);
    return best;
}

/* The greatest logit's atom: a number or a truth value itself where all atoms are of that kind,
   else its place among the labels. */
static Edge decode_atoms(OnnxWriter *w, Edge values, Edge name, OnnxType *type, Edge *unsure) {
    OnnxGraph *g = &w->graph;
    const Logits *logits = &w->e->logits.readings[0];
    ExportValues kind = export_values(w->e);
    Edge best = best_logit(w, logits, values, kind == EXPORT_LABELS ? name : "output/best", unsure);
    if (kind == EXPORT_LABELS && some(logits, is_text))
        *unsure = onnx_binary(g, "Or", "output/no_sequence", *unsure, mixes(w, logits, best));
    *type = kind == EXPORT_FLOATS ? ONNX_DOUBLE : kind == EXPORT_BOOLS ? ONNX_BOOL : ONNX_INT64;
    return kind == EXPORT_LABELS ? best : atom_value(w, logits, name, *type, best);
}

/* --- readings of numbers ---------------------------------------------------------------------- */

/* The one number that is read: (B, length). */
static Edge single(OnnxWriter *w, Edge values) {
    return onnx_along(&w->graph, "Gather", onnx_name(&w->graph, "output/number"), "axis", 2, values,
                      w->zero);
}

/* 0.0 for -0.0, where the condition holds (NULL: everywhere). Not by adding 0, which a runtime may
   leave out. */
static Edge clear_zero(OnnxGraph *g, const char *name, Edge number, Edge zero, Edge condition) {
    Edge clear = onnx_binary(g, "Equal", onnx_name(g, "%s/is_zero", name), number, zero);
    if (condition) clear = onnx_binary(g, "And", onnx_name(g, "%s/clear", name), clear, condition);
    return onnx_node(g, "Where", onnx_name(g, "%s", name), NULL,
                     (const Edge[]){clear, zero, number, NULL});
}

/* The nearest integer; unsure from a quarter away on. Just below 0 it is 0.0. */
static Edge decode_whole(OnnxWriter *w, Edge values, Edge name, OnnxType type, Edge *unsure) {
    OnnxGraph *g = &w->graph;
    Edge number = single(w, values);
    Edge whole = onnx_unary(g, "Round", onnx_name(g, "output/whole"), number);
    Edge off = onnx_unary(g, "Abs", onnx_name(g, "output/off"),
                          onnx_binary(g, "Sub", onnx_name(g, "output/rest"), number, whole));
    *unsure = onnx_binary(g, "GreaterOrEqual", onnx_name(g, "output/no_whole"), off,
                          onnx_float(g, onnx_name(g, "output/quarter"), 0.25));
    if (type == ONNX_DOUBLE)
        whole = clear_zero(g, "output/plain", whole, onnx_float(g, onnx_name(g, "output/zero"), 0),
                           NULL);
    return onnx_cast(&w->graph, name, whole, type);
}

/* The fraction nearest to the number: for every denominator its nearest, and the best of them, the
   one of the smallest denominator where several are equal; just below 0 it is 0.0. In double
   precision, so that the result is the one that a division gives. */
static Edge decode_fraction(OnnxWriter *w, Edge values, uint64_t count, Edge name, Edge *unsure) {
    OnnxGraph *g = &w->graph;
    double *numbers = ARENA_ARRAY(g->arena, double, count);
    for (uint64_t d = 0; d < count; d++)
        numbers[d] = (double)d + 1;
    Edge last = onnx_ints(g, onnx_name(g, "output/axis"), 2);
    Edge number = single(w, values);
    Edge exact =
        onnx_binary(g, "Unsqueeze", onnx_name(g, "output/column"),
                    onnx_cast(&w->graph, onnx_name(g, "output/double"), number, ONNX_DOUBLE), last);
    Edge denominators = onnx_tensor(g, onnx_name(g, "output/denominators"), ONNX_DOUBLE, &count, 1,
                                    numbers, count * sizeof *numbers);
    Edge multiples = onnx_binary(g, "Mul", onnx_name(g, "output/multiples"), exact, denominators);
    Edge numerators = onnx_unary(g, "Round", onnx_name(g, "output/numerators"), multiples);
    Edge candidates =
        onnx_binary(g, "Div", onnx_name(g, "output/candidates"), numerators, denominators);
    Edge off = onnx_unary(g, "Abs", onnx_name(g, "output/off"),
                          onnx_binary(g, "Sub", onnx_name(g, "output/rest"), candidates, exact));
    Edge best = onnx_extreme(w, "ArgMin", onnx_name(g, "output/nearest"), off, true);
    Edge chosen = onnx_along(&w->graph, "GatherElements", onnx_name(g, "output/chosen"), "axis", 2,
                             candidates, best);
    *unsure = onnx_unary(g, "IsNaN", onnx_name(g, "output/not_a_number"), number);
    double zero = 0;
    Edge plain = clear_zero(
        g, "output/plain", chosen,
        onnx_tensor(g, onnx_name(g, "output/zero"), ONNX_DOUBLE, NULL, 0, &zero, sizeof zero),
        NULL);
    return onnx_binary(g, "Squeeze", name, plain, last);
}

/* True where the mixed reading's number is an int or a bool. */
static Edge exact_where(OnnxWriter *w, Edge rows, const Logits *logits, Edge name) {
    OnnxGraph *g = &w->graph;
    Edge number = onnx_along(&w->graph, "Gather", onnx_name(g, "output/exact_number"), "axis", 2,
                             rows, onnx_int(g, onnx_name(g, "output/exact_place"), logits->exact));
    return onnx_binary(g, "Greater", name, number,
                       onnx_float(g, onnx_name(g, "output/exact_half"), 0.5));
}

/* --- steps ------------------------------------------------------------------------------------ */

/* A value at every position: a number, or 0 and 1 for a bool. */
typedef struct Value {
    Edge number;    /* (B, length) or of rank 0, doubles */
    uint32_t kinds; /* KIND_ bits */
    Edge exact;     /* true where it is an int or a bool; NULL: kinds says so */
} Value;

typedef struct Steps {
    OnnxWriter *w;
    Edge zero, truth, falsehood; /* of rank 0 */
    Edge unsure;                 /* (B, length) */
    Value *values;
} Steps;

static bool may_be_exact(const Value *v) { return (v->kinds & (READ_INT | READ_BOOL)) != 0; }

static Edge is_exact(const Steps *s, const Value *v) {
    if (v->exact) return v->exact;
    return may_be_exact(v) ? s->truth : s->falsehood;
}

static Edge as_double(Steps *s, const char *name, Edge a) {
    return onnx_cast(&s->w->graph, onnx_name(&s->w->graph, "%s", name), a, ONNX_DOUBLE);
}

static Edge truth_of(Steps *s, const char *name, const Value *v) {
    OnnxGraph *g = &s->w->graph;
    Edge zero = onnx_binary(g, "Equal", onnx_name(g, "%s/is_zero", name), v->number, s->zero);
    return onnx_unary(g, "Not", onnx_name(g, "%s/holds", name), zero);
}

static Edge where(Steps *s, const char *name, Edge condition, Edge a, Edge b) {
    OnnxGraph *g = &s->w->graph;
    return onnx_node(g, "Where", onnx_name(g, "%s", name), NULL,
                     (const Edge[]){condition, a, b, NULL});
}

/* Ints have no negative zero. */
static void plain_zero(Steps *s, Value *v) {
    OnnxGraph *g = &s->w->graph;
    if (may_be_exact(v)) v->number = clear_zero(g, "plain", v->number, s->zero, v->exact);
}

/* The kind of a sum or a product: an int where both are exact. */
static Edge both_exact(Steps *s, const Value *a, const Value *b, uint32_t kinds) {
    OnnxGraph *g = &s->w->graph;
    if (kinds == READ_INT || kinds == READ_FLOAT) return NULL;
    return onnx_binary(g, "And", onnx_name(g, "exact"), is_exact(s, a), is_exact(s, b));
}

static Edge choose_exact(Steps *s, Edge condition, const Value *b, const Value *c, uint32_t kinds) {
    OnnxGraph *g = &s->w->graph;
    if (!(kinds & READ_FLOAT) || kinds == READ_FLOAT) return NULL;
    Edge other = onnx_unary(g, "Not", onnx_name(g, "otherwise"), condition);
    return onnx_binary(g, "Or", onnx_name(g, "exact"),
                       onnx_binary(g, "And", onnx_name(g, "exact_then"), condition, is_exact(s, b)),
                       onnx_binary(g, "And", onnx_name(g, "exact_else"), other, is_exact(s, c)));
}

static const char *operator_of(GraphOp op) {
    switch (op) {
    case OP_NEG: return "Neg";
    case OP_ROUND: return "Round";
    case OP_ADD: return "Add";
    case OP_SUB: return "Sub";
    case OP_MUL: return "Mul";
    case OP_DIV: return "Div";
    case OP_EQ: return "Equal";
    case OP_LT: return "Less";
    case OP_LE: return "LessOrEqual";
    case OP_GT: return "Greater";
    case OP_GE: return "GreaterOrEqual";
    case OP_AND: return "And";
    case OP_OR: return "Or";
    default: BUG("%s is no single operator", op_info(op)->name);
    }
}

static void write_arithmetic(Steps *s, GraphOp op, const Value *a, const Value *b, Value *out) {
    OnnxGraph *g = &s->w->graph;
    out->number = onnx_binary(g, operator_of(op), onnx_name(g, "value"), a->number, b->number);
    if (op == OP_DIV) {
        Edge zero = onnx_binary(g, "Equal", onnx_name(g, "by_zero"), b->number, s->zero);
        s->unsure = onnx_binary(g, "Or", onnx_name(g, "fails"), s->unsure, zero);
        return;
    }
    out->exact = both_exact(s, a, b, out->kinds);
    if (op == OP_MUL) plain_zero(s, out);
}

static void write_step(Steps *s, const ReadStep *step, Value *out) {
    OnnxGraph *g = &s->w->graph;
    const Value *a = &s->values[step->args[0]], *b = &s->values[step->args[1]];
    const Value *c = &s->values[step->args[2]];
    double constant = 0;
    Edge truth;
    switch (step->op) {
    case OP_CONST:
        if (!atom_as_double(step->atom, &constant)) BUG("a step's constant is no number");
        out->number =
            onnx_tensor(g, onnx_name(g, "value"), ONNX_DOUBLE, NULL, 0, &constant, sizeof constant);
        return;
    case OP_POS: *out = (Value){a->number, out->kinds, a->exact}; return;
    case OP_NEG:
    case OP_ROUND:
        out->number = onnx_unary(g, operator_of(step->op), onnx_name(g, "value"), a->number);
        if (step->op == OP_NEG) out->exact = a->exact;
        plain_zero(s, out);
        return;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV: write_arithmetic(s, step->op, a, b, out); return;
    case OP_EQ:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
        truth =
            onnx_binary(g, operator_of(step->op), onnx_name(g, "compares"), a->number, b->number);
        break;
    case OP_NOT:
        truth = onnx_binary(g, "Equal", onnx_name(g, "is_zero"), a->number, s->zero);
        break;
    case OP_INDICATOR: truth = truth_of(s, "a", a); break;
    case OP_AND:
    case OP_OR:
        truth = onnx_binary(g, operator_of(step->op), onnx_name(g, "both"), truth_of(s, "a", a),
                            truth_of(s, "b", b));
        break;
    case OP_CHOOSE:
        truth = truth_of(s, "a", a);
        out->number = where(s, "value", truth, b->number, c->number);
        out->exact = choose_exact(s, truth, b, c, out->kinds);
        return;
    default: BUG("%s is no step of a read-out", op_info(step->op)->name);
    }
    out->number = as_double(s, "value", truth);
}

static void write_reading(Steps *s, uint32_t r, Edge rows, Value *out) {
    OnnxWriter *w = s->w;
    OnnxGraph *g = &w->graph;
    const Reading *reading = &w->e->model->readout.readings[r];
    const Logits *logits = &w->e->logits.readings[r];
    Edge unsure, name = onnx_name(g, "value");
    Edge own = onnx_slice(w, onnx_name(g, "logits"), rows,
                          onnx_ints(g, onnx_name(g, "from"), logits->first),
                          onnx_ints(g, onnx_name(g, "to"), (int64_t)logits->first + logits->count),
                          onnx_ints(g, onnx_name(g, "logit_axis"), 2));
    if (reading->decode == DECODE_ATOMS) {
        Edge best = best_logit(w, logits, own, onnx_name(g, "output/best"), &unsure);
        out->number = atom_value(w, logits, name, ONNX_DOUBLE, best);
    } else if (reading->decode == DECODE_FRACTION) {
        out->number = decode_fraction(w, own, reading->denominator, name, &unsure);
    } else {
        out->number = decode_whole(w, own, name, ONNX_DOUBLE, &unsure);
    }
    if (reading->mixed) out->exact = exact_where(w, rows, logits, onnx_name(g, "exact"));
    s->unsure = s->unsure ? onnx_binary(g, "Or", onnx_name(g, "fails"), s->unsure, unsure) : unsure;
}

static bool is_number_atom(Atom atom) { return atom.kind == ATOM_INT || atom.kind == ATOM_BOOL; }

/* An atom's reading may hold ints beside floats. */
static void exact_atoms(Steps *s, uint32_t r, Value *out) {
    OnnxWriter *w = s->w;
    if (w->e->model->readout.readings[r].decode != DECODE_ATOMS || !(out->kinds & READ_FLOAT) ||
        !may_be_exact(out))
        return;
    out->exact = best_holds(w, &w->e->logits.readings[r], "exact", "exact_atoms", is_number_atom,
                            onnx_name(&w->graph, "output/best"));
}

static Value write_steps(OnnxWriter *w, Edge rows, Edge *unsure) {
    OnnxGraph *g = &w->graph;
    const Readout *readout = &w->e->model->readout;
    double zero = 0;
    uint8_t bits[2] = {0, 1};
    uint32_t count = readout->reading_count + readout->step_count;
    uint32_t *kinds = ARENA_ARRAY(g->arena, uint32_t, count);
    readout_kinds(readout, kinds);
    Steps s = {.w = w, .values = ARENA_ARRAY(g->arena, Value, count)};
    s.zero = onnx_tensor(g, "steps/zero", ONNX_DOUBLE, NULL, 0, &zero, sizeof zero);
    s.falsehood = onnx_tensor(g, "steps/false", ONNX_BOOL, NULL, 0, &bits[0], 1);
    s.truth = onnx_tensor(g, "steps/true", ONNX_BOOL, NULL, 0, &bits[1], 1);
    for (uint32_t v = 0; v < count; v++) {
        bool read = v < readout->reading_count;
        s.values[v].kinds = kinds[v];
        g->scope =
            onnx_name(g, read ? "readings/%u" : "steps/%u", read ? v : v - readout->reading_count);
        if (read) {
            write_reading(&s, v, rows, &s.values[v]);
            exact_atoms(&s, v, &s.values[v]);
        } else {
            write_step(&s, &readout->steps[v - readout->reading_count], &s.values[v]);
        }
        g->scope = NULL;
    }
    *unsure = s.unsure;
    return s.values[count - 1];
}

/* --- the outputs ------------------------------------------------------------------------------ */

/* True where the program fails by one of its traps, or unsure. */
static void write_undefined(OnnxWriter *w, Edge rows, Edge unsure) {
    static const OnnxDim dims[] = {{"batch", 0}, {"length", 0}};
    OnnxGraph *g = &w->graph;
    Edge undefined = "undefined";
    if (w->e->model->readout.trap_count == 0) {
        onnx_unary(g, "Identity", undefined, unsure);
    } else {
        int64_t first = w->e->logits.count, count = w->e->model->readout.trap_count;
        Edge from = onnx_ints(g, "output/first_trap", first);
        Edge to = onnx_ints(g, "output/after_traps", first + count);
        Edge traps =
            onnx_slice(w, "output/traps", rows, from, to, onnx_ints(g, "output/trap_axis", 2));
        Edge trapped = onnx_binary(g, "GreaterOrEqual", "output/trapped",
                                   onnx_greatest(w, "output/trap", traps, 2, false),
                                   onnx_float(g, "output/half", 0.5));
        onnx_binary(g, "Or", undefined, unsure, trapped);
    }
    onnx_output(g, undefined, ONNX_BOOL, dims, 2, "true where the program has no value");
}

static void output_exact(OnnxWriter *w) {
    static const OnnxDim dims[] = {{"batch", 0}, {"length", 0}};
    onnx_output(&w->graph, "exact", ONNX_BOOL, dims, 2, "true where the value is no mean");
}

/* The value under the output's name, in the type of its kind. */
static OnnxType name_value(OnnxWriter *w, const Value *value, Edge name) {
    OnnxGraph *g = &w->graph;
    if (value->exact) onnx_unary(g, "Identity", "exact", value->exact);
    OnnxType type = value->kinds & READ_FLOAT ? ONNX_DOUBLE
                    : value->kinds & READ_INT ? ONNX_INT64
                                              : ONNX_BOOL;
    onnx_cast(&w->graph, name, value->number, type);
    return type;
}

/* Decodes the only reading; returns the type of what is now called name. */
static OnnxType write_single(OnnxWriter *w, Edge values, Edge rows, Edge name, Edge *unsure) {
    const Reading *reading = &w->e->model->readout.readings[0];
    OnnxType type = reading->decode == DECODE_INTEGER ? ONNX_INT64 : ONNX_DOUBLE;
    if (reading->decode == DECODE_ATOMS)
        decode_atoms(w, values, name, &type, unsure);
    else if (reading->decode == DECODE_FRACTION)
        decode_fraction(w, values, reading->denominator, name, unsure);
    else
        decode_whole(w, values, name, type, unsure);
    if (reading->mixed) exact_where(w, rows, &w->e->logits.readings[0], "exact");
    return type;
}

void onnx_readout(OnnxWriter *w, Edge all) {
    OnnxGraph *g = &w->graph;
    const Readout *readout = &w->e->model->readout;
    uint64_t count = w->e->logits.count;
    Edge logits = onnx_slice(w, "logits", all, onnx_ints(g, "output/0", 0),
                             onnx_ints(g, "output/logits", (int64_t)count),
                             onnx_ints(g, "output/logit_axis", 2));
    Edge rows = onnx_slice(w, "output/rows", all, w->first_row, w->end, w->axis_1);
    Edge name = onnx_name(g, "%s", export_output_name(w->e)), unsure = NULL;
    bool exact = readout->readings[0].mixed;
    OnnxType type;
    if (readout->step_count == 0) {
        Edge values = onnx_slice(w, "output/values", logits, w->first_row, w->end, w->axis_1);
        type = write_single(w, values, rows, name, &unsure);
    } else {
        Value value = write_steps(w, rows, &unsure);
        type = name_value(w, &value, name);
        exact = value.exact != NULL;
    }
    const OnnxDim by_position[] = {{"batch", 0}, {"length", 0}};
    const OnnxDim by_logit[] = {{"batch", 0}, {"sequence", 0}, {NULL, count}};
    onnx_output(g, name, type, by_position, 2, "the program's values, BOS left out");
    write_undefined(w, rows, unsure);
    if (exact) output_exact(w);
    onnx_output(g, logits, onnx_float_type(g), by_logit, 3,
                "what the values are decoded from, BOS first");
}
