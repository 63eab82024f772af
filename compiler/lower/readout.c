/* What the logits say: the output's form as one reading or, where its values are too many to list
   or round as only doubles do, readings of what it is computed from, and the last element-wise
   operations as steps of whoever reads the logits. */
#include "compiler/lower/encode.h"

#include <math.h>

enum { READ_ATOMS = 256 }; /* changes of value that a reading lists, when steps would do without */

/* Greater whole numbers are not exact in doubles, with which some readers compute. */
#define READ_NUMBER ((double)((int64_t)1 << 53))

void plan_last_steps(Lowering *l) {
    l->last = ARENA_ARRAY(l->scratch, uint8_t, l->graph->count);
    for (NodeId id = 0; id <= l->output; id++)
        l->last[id] = l->needed[id] && readout_computes(graph_node(l->graph, id)->op);
    for (NodeId id = l->output + 1; id-- > 0;) {
        const Node *node = graph_node(l->graph, id);
        for (int i = 0; i < op_info(node->op)->arity && l->needed[id] && !l->last[id]; i++)
            l->last[node->args[i]] = 0;
    }
}

/* --- readings --------------------------------------------------------------------------------- */

/* Does an int (a bool) or a float stand for every value, the one where the kind is exact, the other
   elsewhere? Then the read-out can tell with one logit more. */
static bool kinds_are_plain(const Lowering *l, const Form *form) {
    if (form->kind != FORM_TABLE) return true;
    double value;
    bool ints = false, bools = false;
    for (uint32_t v = 0; v < form_count(l, form); v++) {
        Atom floating = form->atoms[v], exact = form->alternative[v];
        ints = ints || exact.kind == ATOM_INT;
        bools = bools || exact.kind == ATOM_BOOL;
        if (atom_failed(floating)) continue;
        if (floating.kind != ATOM_FLOAT) return false;
        bool whole = atom_whole(floating, &value);
        bool number = exact.kind == ATOM_INT || exact.kind == ATOM_BOOL;
        if (!number && (whole || !atom_identical(floating, exact))) return false;
    }
    if (ints && bools) return false;
    DecodeKind decode = readout_decode(l, form);
    return decode == DECODE_WHOLE || decode == DECODE_FRACTION;
}

/* The same values, the kind chosen only where that makes a difference: then elsewhere an int can
   stand for every whole value, and the kinds are plain more often. The mean of floats with the
   default 0 is an int at one value of thousands. */
static Form narrow_choice(Lowering *l, const Form *form) {
    uint32_t count = form_count(l, form);
    uint8_t *differs = ARENA_ARRAY(l->scratch, uint8_t, count);
    Atom *alternative = ARENA_ARRAY(l->scratch, Atom, count);
    bool bools = false;
    for (uint32_t v = 0; v < count; v++) {
        differs[v] = !atom_identical(form->alternative[v], form->atoms[v]);
        bools = bools || (differs[v] && form->alternative[v].kind == ATOM_BOOL);
    }
    for (uint32_t v = 0; v < count; v++) {
        double value;
        alternative[v] = form->alternative[v];
        if (differs[v] || !atom_whole(form->atoms[v], &value)) continue;
        alternative[v] = bools ? atom_bool(value != 0) : atom_int((int64_t)value);
    }
    Form narrow = *form;
    Bits exact =
        plan_both(l, l->output, (Bits){form->chooser, form->exact}, (Bits){form->var, differs});
    narrow.chooser = exact.var;
    narrow.exact = exact.bits;
    narrow.alternative = alternative;
    return narrow;
}

/* The output, said plainly if it can be. */
static void settle_choice(Lowering *l, Form *form) {
    if (form->kind != FORM_TABLE || form->var == NO_VAR || !form->exact || kinds_are_plain(l, form))
        return;
    Form narrow = narrow_choice(l, form);
    if (kinds_are_plain(l, &narrow)) *form = narrow;
}

static bool is_text(const Lowering *l, const Form *form) {
    for (uint32_t v = 0; form->kind == FORM_TABLE && v < form_count(l, form); v++) {
        if (form->atoms[v].kind == ATOM_STRING) return true;
        if (form->exact && form->alternative[v].kind == ATOM_STRING) return true;
    }
    return false;
}

/* Do the logits say the form's value, whatever its kind? */
static bool can_be_read(const Lowering *l, const Form *form) {
    if (form->kind == FORM_NONE || form->kind == FORM_REFUSED || form->kind_unknown) return false;
    return form->noise == NOISE_NONE && (!form->exact || kinds_are_plain(l, form));
}

static bool is_long_list(const Lowering *l, const Form *form) {
    uint32_t changes = 0;
    if (readout_decode(l, form) != DECODE_ATOMS) return false;
    for (uint32_t v = 1; v < form_count(l, form); v++)
        changes += !atom_identical(form->atoms[v - 1], form->atoms[v]);
    return changes >= READ_ATOMS;
}

/* A reading for a step: a number, without a long list. */
static bool is_reading(const Lowering *l, const Form *form) {
    return can_be_read(l, form) && !is_text(l, form) && !is_long_list(l, form);
}

/* --- ranges ----------------------------------------------------------------------------------- */

typedef struct Range {
    double low, high;
} Range;

static Range form_range(const Lowering *l, const Form *form) {
    Range range = {form->low, form->high};
    if (form->kind == FORM_FRACTION)
        return (Range){fmin(form->low, form->extra), fmax(form->high, form->extra)};
    if (form->kind != FORM_TABLE) return range;
    range = (Range){INFINITY, -INFINITY};
    for (uint32_t v = 0; v < form_count(l, form); v++) {
        double value;
        if (atom_failed(form->atoms[v]) || !atom_as_double(form->atoms[v], &value)) continue;
        range = (Range){fmin(range.low, value), fmax(range.high, value)};
    }
    return range.low <= range.high ? range : (Range){0, 0};
}

/* The least and the greatest of four. */
static Range range_of_ends(double a, double b, double c, double d) {
    if (isnan(a + b + c + d)) return (Range){-INFINITY, INFINITY};
    return (Range){fmin(fmin(a, b), fmin(c, d)), fmax(fmax(a, b), fmax(c, d))};
}

static Range step_range(const ReadStep *step, const Range *ranges) {
    Range a = ranges[step->args[0]], b = ranges[step->args[1]], c = ranges[step->args[2]];
    double value = 0;
    switch (step->op) {
    case OP_CONST: (void)atom_as_double(step->atom, &value); return (Range){value, value};
    case OP_POS: return a;
    case OP_NEG: return (Range){-a.high, -a.low};
    case OP_ROUND: return (Range){nearbyint(a.low), nearbyint(a.high)};
    case OP_ADD: return (Range){a.low + b.low, a.high + b.high};
    case OP_SUB: return (Range){a.low - b.high, a.high - b.low};
    case OP_MUL:
        return range_of_ends(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high);
    case OP_DIV:
        if (b.low <= 0 && b.high >= 0) return (Range){-INFINITY, INFINITY};
        return range_of_ends(a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high);
    case OP_CHOOSE: return (Range){fmin(b.low, c.low), fmax(b.high, c.high)};
    default: return (Range){0, 1};
    }
}

/* --- steps ------------------------------------------------------------------------------------ */

typedef struct Steps {
    Lowering *l;
    PlanReadout out;
    uint32_t *value_of; /* (graph count): the number of a node's value */
} Steps;

typedef enum Wanted { WANTED_NOT, WANTED_STEP, WANTED_READING } Wanted;

/* A mean that its other readers only compare is not listed, nor is its kind known: the output's
   reader takes it as it is. */
static void settle_mean(Lowering *l, NodeId id) {
    if (graph_node(l->graph, id)->op == OP_AGGREGATE && l->forms[id].kind == FORM_FRACTION &&
        mean_use(l, id) == MEAN_PERHAPS)
        l->forms[id] = form_aggregate_listed(l, id);
}

/* Which nodes are steps (until they turn out to be readings). False: there is no way. */
static bool choose_readings(Steps *s, uint8_t *wanted) {
    Lowering *l = s->l;
    wanted[l->output] = WANTED_STEP;
    for (NodeId id = l->output + 1; id-- > 0;) {
        if (!wanted[id]) continue;
        settle_mean(l, id);
        const Node *node = graph_node(l->graph, id);
        const Form *form = &l->forms[id];
        if (node->op != OP_CONST && is_reading(l, form)) {
            if (s->out.reading_count++ == MODEL_READINGS) return false;
            wanted[id] = WANTED_READING;
            continue;
        }
        if (!l->last[id] || s->out.step_count == MODEL_STEPS) return false;
        s->out.step_count++;
        for (int i = 0; i < op_info(node->op)->arity; i++)
            wanted[node->args[i]] = WANTED_STEP;
    }
    return true;
}

static void number_readings(Steps *s, const uint8_t *wanted) {
    uint32_t count = 0;
    for (NodeId id = 0; id <= s->l->output; id++) {
        if (wanted[id] != WANTED_READING) continue;
        s->out.readings[count] = s->l->forms[id];
        s->value_of[id] = count++;
    }
}

static void write_steps(Steps *s, const uint8_t *wanted) {
    Lowering *l = s->l;
    uint32_t count = 0;
    s->out.steps = ARENA_ARRAY(l->arena, ReadStep, s->out.step_count);
    for (NodeId id = 0; id <= l->output; id++) {
        if (wanted[id] != WANTED_STEP) continue;
        const Node *node = graph_node(l->graph, id);
        ReadStep *step = &s->out.steps[count];
        *step = (ReadStep){.op = node->op, .node = id, .span = node->span};
        if (node->op == OP_CONST) step->atom = atom_copy(l->arena, node->atom);
        for (int i = 0; i < op_info(node->op)->arity; i++)
            step->args[i] = s->value_of[node->args[i]];
        s->value_of[id] = s->out.reading_count + count++;
    }
}

/* Are ints exact in doubles, everywhere, and is the output of kinds that files can tell? */
static bool steps_are_exact(const Steps *s, const Readout *readout) {
    const PlanReadout *out = &s->out;
    uint32_t kinds[MODEL_READINGS + MODEL_STEPS], count = out->reading_count + out->step_count;
    Range ranges[MODEL_READINGS + MODEL_STEPS];
    readout_kinds(readout, kinds);
    for (uint32_t r = 0; r < out->reading_count; r++)
        ranges[r] = form_range(s->l, &out->readings[r]);
    for (uint32_t v = out->reading_count; v < count; v++)
        ranges[v] = step_range(&out->steps[v - out->reading_count], ranges);
    for (uint32_t v = 0; v < count; v++) {
        if (kinds[v] & READ_OTHER) return false;
        if (kinds[v] & (READ_INT | READ_BOOL) &&
            !(ranges[v].low >= -READ_NUMBER && ranges[v].high <= READ_NUMBER))
            return false;
    }
    uint32_t last = kinds[count - 1];
    return !(last & READ_BOOL) || last == READ_BOOL;
}

/* The readings' kinds as they will be read; their features are of no matter. */
static Readout sketch(const Steps *s) {
    Lowering *l = s->l;
    Reading *readings = ARENA_ARRAY(l->scratch, Reading, s->out.reading_count);
    for (uint32_t r = 0; r < s->out.reading_count; r++) {
        const Form *form = &s->out.readings[r];
        readings[r].decode = readout_decode(l, form);
        readings[r].mixed = form->exact != NULL;
        readings[r].mixed_with_bools = form->exact && form_has_bools(l, form);
        if (readings[r].decode != DECODE_ATOMS) continue;
        readings[r].atoms = form->atoms;
        readings[r].atom_count = form_count(l, form);
    }
    return (Readout){.reading_count = s->out.reading_count,
                     .readings = readings,
                     .step_count = s->out.step_count,
                     .steps = s->out.steps};
}

static bool plan_steps(Lowering *l) {
    Steps s = {.l = l, .value_of = ARENA_ARRAY(l->scratch, uint32_t, l->graph->count)};
    uint8_t *wanted = ARENA_ARRAY(l->scratch, uint8_t, l->graph->count);
    if (!choose_readings(&s, wanted) || s.out.step_count == 0 || s.out.reading_count == 0)
        return false;
    number_readings(&s, wanted);
    write_steps(&s, wanted);
    Readout readout = sketch(&s);
    if (!steps_are_exact(&s, &readout)) return false;
    l->readout = s.out;
    return true;
}

bool form_has_bools(const Lowering *l, const Form *form) {
    for (uint32_t v = 0; form->kind == FORM_TABLE && v < form_count(l, form); v++) {
        if (form->alternative[v].kind == ATOM_BOOL) return true;
    }
    return false;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* One reading of the output's form, as it can be said. */
static bool plan_single(Lowering *l, Form *form) {
    if (form->kind == FORM_REFUSED) return false;
    if (form->noise != NOISE_NONE)
        *form = form_refused(l->output,
                             plan_text(l,
                                       "%s is a count times a mean, which rounds twice (49 * (1 / "
                                       "49) is not 1), so that it is not always the sum; round() "
                                       "it, or use a smaller greatest length",
                                       plan_name(l, l->output)));
    else if (form->kind_unknown)
        *form = form_refused(l->output, plan_text(l,
                                                  "%s is an int where it comes from one position "
                                                  "and a float where it is a mean, and here that "
                                                  "can't be told; round() it",
                                                  plan_name(l, l->output)));
    else if (form->exact && !kinds_are_plain(l, form))
        *form = form_choose_kind(l, l->output, form);
    if (form->kind == FORM_REFUSED) return false;
    l->readout = (PlanReadout){.reading_count = 1, .readings = {*form}};
    return true;
}

bool plan_readout(Lowering *l) {
    Form *form = &l->forms[l->output];
    settle_choice(l, form);
    bool plain = can_be_read(l, form) && !is_long_list(l, form);
    if (!plain && l->last[l->output] && plan_steps(l)) return true;
    return plan_single(l, form);
}
