/* Integers. In eval they are of any size; the model's floats hold all below 2^24 (float32) or 2^53
   in magnitude. So what the floats would round is refused here where it is known, and else trapped
   where it happens: no other integer comes out than the program's.

   Additions, subtractions and products of integers that are held are exact where the rounded result
   is below that limit: then so is the result, and it is held. A form of more parts is summed in any
   order: its parts must be so small that no order reaches the limit. So must be the values of a
   total, but where none is negative its result tells, since partial sums only grow. */
#include "compiler/lower/real/plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* What is known of a number whatever the input: it is an integer; it lies from low to high; no sum
   that its form goes through is greater in magnitude than `sums`. */
typedef struct Range {
    bool whole;
    double low, high, sums;
} Range;

typedef struct Wholes {
    RealPlan *plan;
    double limit;  /* float_whole */
    Range *ranges; /* (graph count) */
    Range *states; /* (graph count) of OP_STATE nodes, as far as rounds were looked at */
} Wholes;

static const Node *node_at(const Wholes *w, NodeId id) { return graph_node(w->plan->graph, id); }

static bool is_whole_type(TypeSet types) { return (types & ~(TypeSet)(TYPE_INT | TYPE_BOOL)) == 0; }

/* --- ranges ----------------------------------------------------------------------------------- */

static Range range(bool whole, double low, double high) {
    return (Range){whole, low, high, fmax(fabs(low), fabs(high))};
}

static Range anything(bool whole) { return range(whole, -INFINITY, INFINITY); }

static Range either(Range a, Range b) {
    return range(a.whole && b.whole, fmin(a.low, b.low), fmax(a.high, b.high));
}

/* 0 times infinity is 0: an infinite bound stands for any number below it. */
static double times(double a, double b) { return a == 0 || b == 0 ? 0 : a * b; }

static Range product(Range a, Range b) {
    double ends[] = {times(a.low, b.low), times(a.low, b.high), times(a.high, b.low),
                     times(a.high, b.high)};
    return range(a.whole && b.whole, fmin(fmin(ends[0], ends[1]), fmin(ends[2], ends[3])),
                 fmax(fmax(ends[0], ends[1]), fmax(ends[2], ends[3])));
}

static Range negated(Range a) { return (Range){a.whole, -a.high, -a.low, a.sums}; }

static Range sum(Range a, Range b) {
    Range out = range(a.whole && b.whole, a.low + b.low, a.high + b.high);
    out.sums = a.sums + b.sums;
    return out;
}

/* Of a list or dict; strings are refused elsewhere. */
static Range range_of_table(const Table *table, bool whole) {
    Range out = {whole, INFINITY, -INFINITY, 0};
    for (uint32_t i = 0; table->values && i < table->count; i++) {
        double number;
        if (table->values[i].kind == ATOM_STRING || !atom_as_double(table->values[i], &number))
            return anything(whole);
        out = either(out, range(whole, number, number));
    }
    return out;
}

static Range range_of_atom(Atom atom) {
    double number;
    if (atom.kind == ATOM_STRING || atom.kind == ATOM_OPAQUE || !atom_as_double(atom, &number))
        return anything(false);
    return range(atom.kind == ATOM_INT || atom.kind == ATOM_BOOL, number, number);
}

static Range remainder_range(Range a, Range b) {
    return range(a.whole && b.whole, fmin(b.low, 0), fmax(b.high, 0));
}

/* With an exponent that is an integer and not negative. */
static Range power_range(Range a, Range b) {
    if (!b.whole || b.low != b.high || b.low < 0) return anything(false);
    double most = pow(fmax(fabs(a.low), fabs(a.high)), b.low);
    return range(a.whole, fmod(b.low, 2) == 0 ? 0 : -most, most);
}

/* Steps between two constants are added to the lower one. */
static Range choice_range(Range a, Range b) {
    Range out = either(a, b);
    if (a.low == a.high && b.low == b.high) out.sums = fabs(b.low) + fabs(a.low - b.low);
    return out;
}

static Range total_range(const Wholes *w, Range value) {
    double most = w->plan->options->max_length;
    Range out =
        range(value.whole, times(most, fmin(value.low, 0)), times(most, fmax(value.high, 0)));
    out.sums = times(most, value.sums);
    return out;
}

/* Softmax and its like round what they add up: they may leave the hull of the values. */
static Range attended_range(const Wholes *w, const Node *node) {
    const Node *by = node_at(w, node->args[0]);
    bool hard = by->type == TYPE_SELECTOR || by->op == OP_HARDMAX || by->op == OP_HARDMAX_FIRST;
    Range hull = either(w->ranges[node->args[1]], w->ranges[node->args[2]]);
    hull.whole = false;
    return hard ? hull : anything(false);
}

static Range range_of(const Wholes *w, NodeId id) {
    const Node *node = node_at(w, id);
    bool whole = is_whole_type(node->type);
    int arity = op_info(node->op)->arity;
    Range a = arity > 0 ? w->ranges[node->args[0]] : anything(whole);
    Range b = arity > 1 ? w->ranges[node->args[1]] : anything(whole);
    if (node->type == TYPE_BOOL) return range(true, 0, 1);
    if (node->type == TYPE_VECTOR || !type_is_sop(node->type)) return anything(false);
    switch (node->op) {
    case OP_CONST: return range_of_atom(node->atom);
    case OP_INDICES: return range(true, 0, w->plan->options->max_length - 1);
    case OP_NEG: return negated(a);
    case OP_POS:
    case OP_RESULT: return a;
    case OP_INDICATOR: return range(true, 0, 1);
    case OP_SIGN: return range(true, -1, 1);
    case OP_ROUND:
    case OP_FLOOR:
    case OP_CEIL:
        if (a.whole) return a;
        return range(true, floor(a.low), ceil(a.high));
    case OP_ARGMIN:
    case OP_ARGMAX: return range(true, 0, node_at(w, node->args[0])->width - 1);
    case OP_ADD: return sum(a, b);
    case OP_SUB: return sum(a, negated(b));
    case OP_MUL: {
        Range out = product(a, b);
        if (a.low == a.high || b.low == b.high) out.sums = times(a.sums, b.sums);
        return out;
    }
    case OP_MOD: return remainder_range(a, b);
    case OP_POW: return power_range(a, b);
    case OP_CHOOSE: return choice_range(b, w->ranges[node->args[2]]);
    case OP_LOOKUP:
    case OP_ITEM: return range_of_table(node->table, whole);
    case OP_ABS: return range(a.whole, 0, fmax(fabs(a.low), fabs(a.high)));
    case OP_RELU: return range(a.whole, fmax(a.low, 0), fmax(a.high, 0));
    case OP_WIDTH: return range(true, 0, w->plan->options->max_length);
    case OP_TOTAL: return total_range(w, b);
    case OP_AGGREGATE: a = either(b, range_of_atom(node->atom)); break;
    case OP_ATTEND: a = attended_range(w, node); break;
    case OP_STATE: return w->states[id];
    default: return anything(whole);
    }
    a.whole = whole;
    return a;
}

/* Adds to what the states may be what a round leaves of them; anything, when that has no end.
   Returns whether something was added. */
static bool widen_states(Wholes *w, bool no_end) {
    bool wider = false;
    for (uint32_t l = 0; l < w->plan->graph->loop_count; l++) {
        const GraphLoop *loop = &w->plan->graph->loops[l];
        for (uint32_t s = 0; s < loop->state_count && loop->closed; s++) {
            const LoopState *state = &loop->states[s];
            Range *known = &w->states[state->state];
            /* Of a loop in another's body the init is what that one's states may be. */
            Range next = either(w->ranges[state->init], w->ranges[state->next]);
            if (!w->plan->needed[state->state]) continue;
            bool whole = known->whole && next.whole;
            if (next.low >= known->low && next.high <= known->high && whole == known->whole)
                continue;
            *known = no_end ? anything(whole) : either(*known, next);
            wider = true;
        }
    }
    return wider;
}

static void find_ranges(Wholes *w) {
    enum { LOOKED_AT = 8, MOST = 16 };
    const Graph *graph = w->plan->graph;
    for (uint32_t round = 0;; round++) {
        for (NodeId id = 0; id < graph->count; id++) {
            if (!w->plan->needed[id]) continue;
            if (round == 0 && node_at(w, id)->op == OP_STATE)
                w->states[id] = w->ranges[graph_state(graph, id)->init];
            w->ranges[id] = range_of(w, id);
        }
        if (round < MOST && widen_states(w, round >= LOOKED_AT)) continue;
        if (round < MOST) return;
        for (NodeId id = 0; id < graph->count; id++)
            if (node_at(w, id)->op == OP_STATE)
                w->states[id] = anything(is_whole_type(node_at(w, id)->type));
        if (round > MOST) return;
    }
}

/* --- what is known to be rounded -------------------------------------------------------------- */

/* Doubles were rounded before they came here. */
static bool is_held_number(const Wholes *w, double number) {
    return fabs(number) < float_whole(FLOAT_64) &&
           float_round(w->plan->options->float_type, number) == number;
}

static bool is_held(const Wholes *w, Atom atom) {
    double number;
    if (atom.kind != ATOM_INT) return true;
    return atom_as_double(atom, &number) && atom_equal(atom, atom_float(number)) &&
           float_round(w->plan->options->float_type, number) == number;
}

static void refuse_rounded(const Wholes *w, NodeId id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void refuse_rounded(const Wholes *w, NodeId id, const char *format, ...) {
    FloatType type = w->plan->options->float_type;
    char what[100];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    plan_real_refuse(w->plan, id, "%s is an integer that %s rounds%s", what,
                     float_name(type, FLOAT_LONG_NAME),
                     type == FLOAT_64 ? "" : " (use --dtype f64)");
}

static void check_atom(const Wholes *w, NodeId id, Atom atom) {
    if (is_held(w, atom)) return;
    Buffer text = {0};
    atom_format_json(&text, atom);
    refuse_rounded(w, id, "%s", text.data);
    buffer_free(&text);
}

static double constant_of(const Form *form) { return form->constant ? form->constant[0] : 0; }

static void check_argument(const Wholes *w, NodeId id, NodeId argument) {
    if (node_at(w, argument)->op == OP_CONST) {
        check_atom(w, id, node_at(w, argument)->atom);
        return;
    }
    if (w->plan->dependence[argument] != DEPENDS_NOT || !w->plan->formed[argument]) return;
    double number = constant_of(&w->plan->forms[argument]);
    if (!is_held_number(w, number)) refuse_rounded(w, id, "%.0f", number);
}

/* What an integer is looked up among, and what gives integers alone. */
static void check_table(const Wholes *w, NodeId id) {
    const Node *node = node_at(w, id);
    const Table *table = node->table;
    bool looks_up = w->ranges[node->args[0]].whole;
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->keys && looks_up) check_atom(w, id, table->keys[i]);
        if (table->values && (looks_up || w->ranges[id].whole)) check_atom(w, id, table->values[i]);
    }
}

/* The constants that the node computes or compares integers with. Beside floats they are floats. */
static void check_constants(const Wholes *w, NodeId id) {
    const Node *node = node_at(w, id);
    bool whole = true;
    OpKind kind = op_info(node->op)->kind;
    if (kind != OPKIND_ELEMENT && kind != OPKIND_SELECTOR) return;
    int first = node->op == OP_CHOOSE ? 1 : 0, arity = op_info(node->op)->arity;
    for (int i = first; i < arity; i++)
        whole = whole && w->ranges[node->args[i]].whole;
    for (int i = first; i < arity && whole; i++)
        check_argument(w, id, node->args[i]);
    if (node->op == OP_LOOKUP || node->op == OP_ITEM || node->op == OP_MEMBER) check_table(w, id);
}

/* Integers that the position alone decides: a column of them, or a line. */
static void check_positions(const Wholes *w, NodeId id) {
    const Form *form = &w->plan->forms[id];
    bool whole = w->ranges[id].whole && w->plan->formed[id] && form->rows == 1;
    if (!whole || w->ranges[id].sums < w->limit) return;
    for (uint32_t i = 0; i < w->plan->options->max_length; i++) {
        double number;
        form_at_position(w->plan, form, i, &number);
        if (is_held_number(w, number) && is_held_number(w, number - constant_of(form))) continue;
        refuse_rounded(w, id, "%.0f, at position %u,", number, i);
        return;
    }
}

/* --- what is seen to be rounded --------------------------------------------------------------- */

static void trap(const Wholes *w, NodeId id, const Form *form, double limit) {
    RealPlan *plan = w->plan;
    const char *type = float_name(plan->options->float_type, FLOAT_LONG_NAME);
    Buffer why = {0};
    buffer_printf(&why, "this integer, or a part of its sum, reaches %.0f; %s may round it", limit,
                  type);
    plan_real_limit(plan, id, arena_strndup(plan->scratch, why.data, why.len), form, limit);
    buffer_free(&why);
}

/* So many integers below it are below the limit together. (A limit of 0 would mean another thing.)
 */
static double share(double limit, uint32_t count) { return fmax(floor(limit / count), 1); }

static bool is_power_of_two(double number) {
    int exponent;
    return fabs(frexp(number, &exponent)) == 0.5;
}

static void trap_part(const Wholes *w, NodeId id, const Block *block, double limit) {
    Form part = {.rows = 1, .count = 1, .blocks = block};
    trap(w, id, &part, limit);
}

/* Is the part a factor where a comparison holds, else 0? Then nothing else of it need be known. */
static bool is_step(const Wholes *w, const Block *block) {
    const Value *value = &w->plan->values[block->value];
    if (block->matrix || value->kind != VALUE_WRITTEN) return false;
    const Item *item = &w->plan->items[value->writer];
    return item->kind == ITEM_UNIT && op_is_comparison(item->op);
}

/* Each part of a sum of many so small that all of them are below the limit together. */
static void trap_many(const Wholes *w, NodeId id, const Form *form) {
    double left = w->limit - fabs(constant_of(form)), steps = 0;
    uint32_t step_count = 0;
    for (uint32_t b = 0; b < form->count; b++) {
        if (!is_step(w, &form->blocks[b])) continue;
        steps += fabs(form->blocks[b].factor);
        step_count++;
    }
    bool known = steps < left && step_count < form->count;
    if (known) left -= steps;
    for (uint32_t b = 0; b < form->count; b++)
        if (!known || !is_step(w, &form->blocks[b]))
            trap_part(w, id, &form->blocks[b],
                      share(left, known ? form->count - step_count : form->count));
}

/* Parts of at most two, where a factor may round them. */
static void trap_factors(const Wholes *w, NodeId id, const Form *form) {
    for (uint32_t b = 0; b < form->count; b++) {
        const Block *block = &form->blocks[b];
        if (block->matrix || !is_power_of_two(block->factor)) trap_part(w, id, block, w->limit);
    }
}

/* An output is looked at when it is read. */
static bool is_read_out(const Wholes *w, NodeId id) {
    bool output = false;
    for (uint32_t o = 0; o < w->plan->output_count; o++)
        output = output || w->plan->outputs[o] == id;
    return output && is_whole_type(node_at(w, id)->type);
}

/* A sum of what is there: +, - and products with constants are folded into one. One part, unless
   its factor may round, is what an input or another node gives. */
static void trap_sum(const Wholes *w, NodeId id, const Form *form) {
    double constant = constant_of(form);
    uint32_t parts = form->count + (constant != 0);
    if (!is_held_number(w, constant) || (parts > 2 && fabs(constant) >= w->limit)) {
        refuse_rounded(w, id, "%.0f, which is added here,", constant);
    } else if (parts > 2) {
        trap_many(w, id, form);
    } else if (parts == 2 || !is_read_out(w, id)) {
        trap_factors(w, id, form);
        if (parts == 2 && !is_read_out(w, id)) trap(w, id, form, w->limit);
    }
}

/* What was computed for the node is a unit's result, or a sum. */
static void trap_arithmetic(const Wholes *w, NodeId id) {
    const Form *form = &w->plan->forms[id];
    ValueId value;
    if (form_is_value(w->plan, form, &value) && w->plan->values[value].kind == VALUE_WRITTEN) {
        const Item *item = &w->plan->items[w->plan->values[value].writer];
        if (item->kind == ITEM_UNIT && item->node == id && item->op != OP_POS) {
            if (!is_read_out(w, id)) trap(w, id, form, w->limit);
            return;
        }
        if (item->kind == ITEM_UNIT && item->node == id) form = &item->arguments[0];
    }
    trap_sum(w, id, form);
}

static void trap_total(const Wholes *w, NodeId id) {
    NodeId value = node_at(w, id)->args[1];
    if (w->ranges[value].low >= 0) {
        if (!is_read_out(w, id)) trap(w, id, &w->plan->forms[id], w->limit);
        return;
    }
    Form form = plan_real_form(w->plan, value);
    trap(w, id, &form, share(w->limit, w->plan->options->max_length));
}

/* An integer that was a float: eval's doubles are float64's. */
static void trap_whole_part(const Wholes *w, NodeId id) {
    if (w->plan->options->float_type == FLOAT_64 || w->ranges[node_at(w, id)->args[0]].whole)
        return;
    if (!is_read_out(w, id)) trap(w, id, &w->plan->forms[id], w->limit);
}

static void trap_node(const Wholes *w, NodeId id) {
    const Form *form = &w->plan->forms[id];
    if (form->rows != 1 || !w->ranges[id].whole || w->ranges[id].sums < w->limit) return;
    switch (node_at(w, id)->op) {
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_MOD:
    case OP_POW: trap_arithmetic(w, id); return;
    case OP_WIDTH:
        if (!is_read_out(w, id)) trap(w, id, form, w->limit);
        return;
    case OP_TOTAL: trap_total(w, id); return;
    case OP_FLOOR:
    case OP_CEIL:
    case OP_ROUND: trap_whole_part(w, id); return;
    default: return; /* hands on what it takes, or makes it less */
    }
}

void plan_real_whole(RealPlan *plan) {
    uint32_t count = plan->graph->count;
    Wholes w = {.plan = plan, .limit = float_whole(plan->options->float_type)};
    w.ranges = ARENA_ARRAY(plan->scratch, Range, count);
    w.states = ARENA_ARRAY(plan->scratch, Range, count);
    find_ranges(&w);
    for (NodeId id = 0; id < count && !plan->refused; id++) {
        if (!plan->needed[id]) continue;
        check_constants(&w, id);
        if (plan->dependence[id] == DEPENDS_INPUT)
            trap_node(&w, id);
        else if (plan->dependence[id] == DEPENDS_POSITION)
            check_positions(&w, id);
    }
}
