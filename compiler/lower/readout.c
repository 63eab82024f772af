/* What the logits say: the output's form as one reading or, where its values are too many to list
   or round as only doubles do, readings of what it is computed from, and the last element-wise
   operations as steps of whoever reads the logits. */
#include "compiler/lower/encode.h"

#include <math.h>

enum { READ_DIGITS = 4 };

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
        Atom floating = atoms_at(form->atoms, v), exact = atoms_at(form->alternative, v);
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
        alternative[v] = atoms_at(form->alternative, v);
        differs[v] = !atom_identical(alternative[v], atoms_at(form->atoms, v));
        bools = bools || (differs[v] && alternative[v].kind == ATOM_BOOL);
    }
    for (uint32_t v = 0; v < count; v++) {
        double value;
        if (differs[v] || !atom_whole(atoms_at(form->atoms, v), &value)) continue;
        alternative[v] = bools ? atom_bool(value != 0) : atom_int((int64_t)value);
    }
    Form narrow = *form;
    Bits exact =
        plan_both(l, l->output, (Bits){form->chooser, form->exact}, (Bits){form->var, differs});
    narrow.chooser = exact.var;
    narrow.exact = exact.bits;
    narrow.alternative = atoms_listed(alternative);
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
        if (atoms_at(form->atoms, v).kind == ATOM_STRING) return true;
        if (form->exact && atoms_at(form->alternative, v).kind == ATOM_STRING) return true;
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
        changes += !atom_identical(atoms_at(form->atoms, v - 1), atoms_at(form->atoms, v));
    return changes >= READ_ATOMS;
}

/* A mean of parts of 1, as a mean of whole numbers that a step makes smaller. */
static bool mean_of_parts(const Lowering *l, const Form *form, Form *mean) {
    const Var *var = form->var == NO_VAR ? NULL : plan_get(l, form->var);
    *mean = *form;
    if (form->kind == FORM_FRACTION) return var->unit != 1;
    if (form->kind != FORM_TABLE || !var || var->kind != VAR_MOVED || var->unit == 1 ||
        !var->fractions || form->atoms.list == NULL || form->atoms.list != var->domain.list ||
        form->exact || !is_long_list(l, form))
        return false;
    mean->kind = FORM_FRACTION;
    return true;
}

/* A reading for a step: a number, without a long list. */
static bool is_reading(const Lowering *l, const Form *form) {
    Form mean;
    return can_be_read(l, form) && !is_text(l, form) &&
           (!is_long_list(l, form) || mean_of_parts(l, form, &mean));
}

/* --- ranges ----------------------------------------------------------------------------------- */

typedef struct Range {
    double low, high;
} Range;

static Range form_range(const Lowering *l, const Form *form) {
    Range range = {form->low, form->high};
    if (form->kind == FORM_FRACTION) {
        double unit = plan_get(l, form->var)->unit;
        return (Range){fmin(form->low, form->extra) * unit, fmax(form->high, form->extra) * unit};
    }
    if (form->kind != FORM_TABLE) return range;
    range = (Range){INFINITY, -INFINITY};
    for (uint32_t v = 0; v < form_count(l, form); v++) {
        double value;
        if (atom_failed(atoms_at(form->atoms, v)) ||
            !atom_as_double(atoms_at(form->atoms, v), &value))
            continue;
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

/* --- digits ----------------------------------------------------------------------------------- */

/* All whole numbers up to here are floats. */
static double whole_numbers(const Lowering *l) {
    return ldexp(1, float_info(l->options->float_type)->significand);
}

/* Is it too large for a reading? It is read digit by digit then. */
static bool is_large(const Lowering *l, const Form *form) {
    DecodeKind decode = readout_decode(l, form);
    if (decode != DECODE_INTEGER && decode != DECODE_WHOLE) return false;
    Range range = form_range(l, form);
    double most = whole_numbers(l) / 2;
    return range.low < -most || range.high > most;
}

/* A number as digits: value = sum of digit[i] << i * bits. */
typedef struct Digits {
    uint32_t count, bits; /* count 1: it is read as it is; 0: it can't be read */
    Form forms[READ_DIGITS];
} Digits;

/* Digit i of a whole number; the last one has the sign. */
static double digit_of(double value, uint32_t i, const Digits *digits) {
    double shifted = floor(ldexp(value, -(int)(i * digits->bits)));
    if (i + 1 == digits->count) return shifted;
    return shifted - ldexp(floor(ldexp(shifted, -(int)digits->bits)), (int)digits->bits);
}

/* The feature with one digit of each term's values: they add up as the values do. */
static PlanFeature digit_feature(Lowering *l, PlanFeature x, uint32_t i, const Digits *digits) {
    PlanFeature out = feature_constant(digit_of(x.constant, i, digits));
    for (uint32_t t = 0; t < x.count; t++) {
        uint32_t count = plan_get(l, x.terms[t].var)->count;
        double *values = ARENA_ARRAY(l->scratch, double, count);
        for (uint32_t v = 0; v < count; v++)
            values[v] = digit_of(x.terms[t].values[v], i, digits);
        out = feature_combine(l, 1, out, 1, feature_own(l, x.terms[t].var, values));
    }
    return out;
}

/* The form in as few digits as leave every sum of them room to be added in any order. */
static Digits digits_of(Lowering *l, const Form *form) {
    double most = whole_numbers(l) / 8;
    Digits digits = {.count = 1, .forms = {*form}};
    Form sum;
    if (!is_large(l, form)) return digits;
    if (!form_as_sum(l, form, &sum) || sum.kind_unknown) return (Digits){0};
    for (digits.count = 2; digits.count <= READ_DIGITS; digits.count++) {
        for (digits.bits = 20; digits.bits >= 10; digits.bits -= 2) {
            bool fits = true;
            for (uint32_t i = 0; i < digits.count && fits; i++) {
                Form *digit = &digits.forms[i];
                *digit = sum;
                digit->sum = digit_feature(l, sum.sum, i, &digits);
                feature_range(l, digit->sum, &digit->low, &digit->high);
                fits = fmax(fabs(digit->low), fabs(digit->high)) <= most;
            }
            if (fits) return digits;
        }
    }
    return (Digits){0};
}

/* --- steps ------------------------------------------------------------------------------------ */

typedef struct Steps {
    Lowering *l;
    PlanReadout out;
    uint32_t *value_of; /* (graph count): the number of a node's value */
    uint32_t written;   /* steps */
} Steps;

typedef enum Wanted {
    WANTED_NOT,
    WANTED_STEP,
    WANTED_READING,
    WANTED_TOTAL, /* count * mean, as eval rounds it: its total is a reading, its count a value */
} Wanted;

enum { TOTAL_STEPS = 6, DIGIT_STEPS = 3 /* for each but one */, PART_STEPS = 2 };

/* A mean that its other readers only compare is not listed, nor is its kind known: the output's
   reader takes it as it is. */
static void settle_mean(Lowering *l, NodeId id) {
    if (graph_node(l->graph, id)->op == OP_AGGREGATE && l->forms[id].kind == FORM_FRACTION &&
        mean_use(l, id) == MEAN_PERHAPS)
        l->forms[id] = form_aggregate_listed(l, id);
}

/* A total that is known exactly, which eval computes from a mean, rounding twice. */
static bool is_rounded_total(Lowering *l, NodeId id) {
    Form total = l->forms[id];
    if (total.noise != NOISE_NOT_AT_ZERO || total_factor(l, id) == NO_NODE) return false;
    total.noise = NOISE_NONE;
    return is_reading(l, &total);
}

static bool has_room(const Steps *s) {
    return s->out.reading_count <= MODEL_READINGS && s->out.step_count <= MODEL_STEPS;
}

static void count_reading(Steps *s, const Form *form) {
    uint32_t digits = digits_of(s->l, form).count;
    s->out.reading_count += digits > 0 ? digits : MODEL_READINGS + 1;
    s->out.step_count += digits > 0 ? DIGIT_STEPS * (digits - 1) : 0;
    Form mean;
    if (mean_of_parts(s->l, form, &mean)) s->out.step_count += PART_STEPS;
}

/* Which nodes are steps (until they turn out to be readings). False: there is no way. */
static bool choose_readings(Steps *s, uint8_t *wanted) {
    Lowering *l = s->l;
    wanted[l->output] = WANTED_STEP;
    for (NodeId id = l->output + 1; id-- > 0 && has_room(s);) {
        if (!wanted[id]) continue;
        settle_mean(l, id);
        const Node *node = graph_node(l->graph, id);
        const Form *form = &l->forms[id];
        if (node->op != OP_CONST && is_reading(l, form)) {
            count_reading(s, form);
            wanted[id] = WANTED_READING;
            continue;
        }
        if (is_rounded_total(l, id)) {
            s->out.step_count += TOTAL_STEPS;
            count_reading(s, form);
            wanted[id] = WANTED_TOTAL;
            wanted[total_factor(l, id)] = WANTED_STEP;
            continue;
        }
        if (!l->last[id] && node->op != OP_CONST) return false;
        s->out.step_count++;
        for (int i = 0; i < op_info(node->op)->arity; i++)
            wanted[node->args[i]] = WANTED_STEP;
    }
    return has_room(s);
}

/* The readings' forms, in the order of ids. */
static void number_readings(Steps *s, const uint8_t *wanted) {
    uint32_t count = 0;
    for (NodeId id = 0; id <= s->l->output; id++) {
        if (wanted[id] != WANTED_READING && wanted[id] != WANTED_TOTAL) continue;
        Form form;
        (void)mean_of_parts(s->l, &s->l->forms[id], &form);
        form.noise = NOISE_NONE;
        Digits digits = digits_of(s->l, &form);
        s->value_of[id] = count;
        for (uint32_t i = 0; i < digits.count; i++)
            s->out.readings[count++] = digits.forms[i];
    }
}

/* The number of the new step's value. */
static uint32_t add_step(Steps *s, NodeId id, ReadStep step) {
    step.node = id;
    step.span = graph_node(s->l->graph, id)->span;
    s->out.steps[s->written] = step;
    return s->out.reading_count + s->written++;
}

/* The readings of the node's digits, from the last one on: number * base + next. */
static uint32_t add_digits(Steps *s, NodeId id, const Digits *digits) {
    uint32_t first = s->value_of[id], number = first + digits->count - 1;
    for (uint32_t i = digits->count - 1; i-- > 0;) {
        ReadStep constant = {.op = OP_CONST, .atom = atom_int((int64_t)1 << digits->bits)};
        uint32_t base = add_step(s, id, constant);
        uint32_t shifted = add_step(s, id, (ReadStep){.op = OP_MUL, .args = {number, base}});
        number = add_step(s, id, (ReadStep){.op = OP_ADD, .args = {shifted, first + i}});
    }
    return number;
}

/* The reading of a mean of parts of 1, times the part. */
static uint32_t add_unit(Steps *s, NodeId id, const Form *mean) {
    ReadStep unit = {.op = OP_CONST, .atom = atom_float(plan_get(s->l, mean->var)->unit)};
    ReadStep product = {.op = OP_MUL, .args = {s->value_of[id], add_step(s, id, unit)}};
    return add_step(s, id, product);
}

/* total if count <= 1 else (total / count) * count: of one position the mean is the value itself,
   of none the product is 0. */
static uint32_t add_total(Steps *s, NodeId id) {
    uint32_t total = s->value_of[id], count = s->value_of[total_factor(s->l, id)];
    uint32_t one = add_step(s, id, (ReadStep){.op = OP_CONST, .atom = atom_int(1)});
    uint32_t some = add_step(s, id, (ReadStep){.op = OP_CHOOSE, .args = {count, count, one}});
    uint32_t mean = add_step(s, id, (ReadStep){.op = OP_DIV, .args = {total, some}});
    uint32_t product = add_step(s, id, (ReadStep){.op = OP_MUL, .args = {mean, count}});
    uint32_t single = add_step(s, id, (ReadStep){.op = OP_LE, .args = {count, one}});
    return add_step(s, id, (ReadStep){.op = OP_CHOOSE, .args = {single, total, product}});
}

static void write_steps(Steps *s, const uint8_t *wanted) {
    Lowering *l = s->l;
    s->out.steps = ARENA_ARRAY(l->arena, ReadStep, s->out.step_count);
    for (NodeId id = 0; id <= l->output; id++) {
        const Node *node = graph_node(l->graph, id);
        if (wanted[id] == WANTED_READING || wanted[id] == WANTED_TOTAL) {
            Digits digits = digits_of(l, &l->forms[id]);
            s->value_of[id] = add_digits(s, id, &digits);
            Form mean;
            if (mean_of_parts(l, &l->forms[id], &mean)) s->value_of[id] = add_unit(s, id, &mean);
        }
        if (wanted[id] == WANTED_TOTAL) s->value_of[id] = add_total(s, id);
        if (wanted[id] != WANTED_STEP) continue;
        ReadStep step = {.op = node->op};
        if (node->op == OP_CONST) step.atom = atom_copy(l->arena, node->atom);
        for (int i = 0; i < op_info(node->op)->arity; i++)
            step.args[i] = s->value_of[node->args[i]];
        s->value_of[id] = add_step(s, id, step);
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
        uint32_t count = form_count(l, form);
        Atom *atoms = ARENA_ARRAY(l->scratch, Atom, count);
        for (uint32_t v = 0; v < count; v++)
            atoms[v] = atoms_at(form->atoms, v);
        readings[r].atoms = atoms;
        readings[r].atom_count = count;
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
        if (atoms_at(form->alternative, v).kind == ATOM_BOOL) return true;
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
    else if (form->kind == FORM_FRACTION && plan_get(l, form->var)->unit != 1)
        *form = form_refused(l->output, plan_text(l, "%s is a mean with too many possible values",
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
    Form mean;
    bool plain = can_be_read(l, form) && !is_long_list(l, form) && !is_large(l, form) &&
                 !mean_of_parts(l, form, &mean);
    if (!plain && l->reader_computes && plan_steps(l)) return true;
    return plan_single(l, form);
}
