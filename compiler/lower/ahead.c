/* What a causal transformer allows: no selector that the output needs ever selects a key after its
   query. What is left of its formula beyond the query must then be empty. It is shown to be empty

   - by its sum: what is selected twice with opposite signs cancels;
   - by numbers: `key == query` selects nothing ahead where the query less its own position is
     never positive;
   - by going through pairs of positions, and through pairs of tokens where the formula looks at
     tokens. Tokens at two positions are independent, so what is found there some input does.

   What depends on anything else (a count, a mean, what a head moved) is taken to hold. */
#include "compiler/lower/plan.h"

#include "runtime/base/bug.h"
#include "runtime/graph/formula.h"

#include <math.h>

enum { AHEAD_WORK = 1 << 22 }; /* literals looked at for one selector */

/* --- by numbers ------------------------------------------------------------------------------- */

typedef struct Range {
    double low, high;
} Range;

/* Can a number within the range stand in the relation to 0? */
static bool may_relate(Relation relation, Range difference) {
    return (relation & RELATION_LT && difference.low < 0) ||
           (relation & RELATION_GT && difference.high > 0) ||
           (relation & RELATION_EQ && difference.low <= 0 && difference.high >= 0);
}

/* Of the whole numbers that a node holds, and of what is left of them less their own position. */
static bool ranges_of(Lowering *l, NodeId node, Range *all, Range *less_position) {
    Form sum;
    if (!form_as_sum(l, &l->forms[node], &sum)) return false;
    uint32_t count = plan_get(l, plan_position(l))->count;
    double *numbers = ARENA_ARRAY(l->scratch, double, count);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = i;
    PlanFeature own = feature_own(l, plan_position(l), numbers);
    feature_range(l, sum.sum, &all->low, &all->high);
    feature_range(l, feature_combine(l, 1, sum.sum, -1, own), &less_position->low,
                  &less_position->high);
    return true;
}

/* Could the comparison hold between a key and a query that are distance.low to distance.high apart?
 */
static bool comparison_may_hold(Lowering *l, const Literal *literal, Range distance) {
    Range key, key_less, query, query_less;
    if (!ranges_of(l, literal->key, &key, &key_less) ||
        !ranges_of(l, literal->query, &query, &query_less))
        return true;
    Range plain = {key.low - query.high, key.high - query.low};
    Range moved = {distance.low + key_less.low - query_less.high,
                   distance.high + key_less.high - query_less.low};
    return may_relate(literal->relation, plain) && may_relate(literal->relation, moved);
}

static bool conjunction_may_hold(Lowering *l, const Conjunction *c) {
    double far = (double)l->options->max_length - 1;
    Range distance = {fmax(c->low, -far), fmin(c->high, far)};
    if (distance.low > distance.high) return false;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->literals[i].kind == LITERAL_COMPARE &&
            !comparison_may_hold(l, &c->literals[i], distance))
            return false;
    }
    return true;
}

/* Without the conjunctions that never hold. */
static Formula without_impossible(Lowering *l, const Formula *formula) {
    Product *products = ARENA_ARRAY(l->scratch, Product, formula->count);
    Formula out = {.known = true, .products = products, .refused_at = NO_NODE};
    for (uint32_t i = 0; i < formula->count; i++) {
        if (conjunction_may_hold(l, &formula->products[i].conjunction))
            products[out.count++] = formula->products[i];
    }
    return out;
}

/* --- by going through positions and tokens ---------------------------------------------------- */

/* What is at one position: its own number, and its token's. */
typedef struct Place {
    uint32_t position, token;
} Place;

typedef struct Search {
    Lowering *l;
    const Formula *formula; /* of what is ahead */
    uint64_t work;
    bool reads_tokens;
    bool perhaps;     /* somewhere it depends on something else */
    Place key, query; /* found: it selects this key */
    bool found;
} Search;

static bool is_input(const Lowering *l, VarId var) {
    VarKind kind = plan_get(l, var)->kind;
    return kind == VAR_TOKEN || kind == VAR_POSITION;
}

static uint32_t input_at(const Lowering *l, VarId var, Place place) {
    return plan_get(l, var)->kind == VAR_TOKEN ? place.token : place.position;
}

/* What the node holds at a place; false: it depends on other variables. */
static bool value_at(const Lowering *l, NodeId node, Place place, Atom *out) {
    const Form *form = &l->forms[node];
    if (form->kind == FORM_TABLE && form->var == NO_VAR) {
        *out = atoms_at(form->atoms, 0);
        return true;
    }
    if (form->kind == FORM_TABLE && is_input(l, form->var)) {
        *out = atoms_at(form->atoms, input_at(l, form->var, place));
        return true;
    }
    if (form->kind != FORM_SUM) return false;
    double sum = form->sum.constant;
    for (uint32_t i = 0; i < form->sum.count; i++) {
        const PlanTerm *term = &form->sum.terms[i];
        if (!is_input(l, term->var)) return false;
        sum += term->values[input_at(l, term->var, place)];
    }
    *out = atom_float(sum);
    return true;
}

typedef enum Truth { TRUTH_NO, TRUTH_YES, TRUTH_PERHAPS } Truth;

static Truth literal_at(const Lowering *l, const Literal *literal, Place key, Place query) {
    Atom key_value, query_value;
    bool fails = false;
    switch (literal->kind) {
    case LITERAL_COMPARE:
        if (!value_at(l, literal->key, key, &key_value) ||
            !value_at(l, literal->query, query, &query_value))
            return TRUTH_PERHAPS;
        if (!relation_holds(literal->relation, key_value, query_value, &fails))
            return fails ? TRUTH_PERHAPS : TRUTH_NO;
        return TRUTH_YES;
    case LITERAL_KEY:
    case LITERAL_QUERY:
        if (!is_input(l, literal->var)) return TRUTH_PERHAPS;
        return literal->bits[input_at(l, literal->var, literal->kind == LITERAL_KEY ? key : query)]
                   ? TRUTH_YES
                   : TRUTH_NO;
    }
    BUG("no literal");
}

static Truth conjunction_at(Search *s, const Conjunction *c, Place key, Place query) {
    int64_t distance = (int64_t)key.position - query.position;
    if (distance < c->low || distance > c->high) return TRUTH_NO;
    Truth all = TRUTH_YES;
    for (uint32_t i = 0; i < c->count; i++) {
        Truth one = literal_at(s->l, &c->literals[i], key, query);
        s->work++;
        if (one == TRUTH_NO) return TRUTH_NO;
        if (one == TRUTH_PERHAPS) all = TRUTH_PERHAPS;
    }
    return all;
}

static void look_at(Search *s, Place key, Place query) {
    int64_t sum = 0;
    bool perhaps = false;
    for (uint32_t i = 0; i < s->formula->count; i++) {
        const Product *product = &s->formula->products[i];
        Truth truth = conjunction_at(s, &product->conjunction, key, query);
        s->work++;
        perhaps = perhaps || truth == TRUTH_PERHAPS;
        if (truth == TRUTH_YES) sum += product->coefficient;
    }
    s->perhaps = s->perhaps || perhaps;
    if (perhaps || sum == 0) return;
    s->found = true;
    s->key = key;
    s->query = query;
}

static void look_at_tokens(Search *s, uint32_t key, uint32_t query) {
    uint32_t tokens = s->reads_tokens ? s->l->options->vocabulary_count : 1;
    for (uint32_t k = 0; k < tokens && !s->found; k++) {
        for (uint32_t q = 0; q < tokens && !s->found && s->work < AHEAD_WORK; q++)
            look_at(s, (Place){key, k}, (Place){query, q});
    }
}

static bool node_reads_tokens(const Lowering *l, NodeId node) {
    const Form *form = &l->forms[node];
    if (form->kind == FORM_TABLE) return form->var == plan_token((Lowering *)l);
    for (uint32_t i = 0; form->kind == FORM_SUM && i < form->sum.count; i++) {
        if (plan_get(l, form->sum.terms[i].var)->kind == VAR_TOKEN) return true;
    }
    return false;
}

static bool formula_reads_tokens(const Lowering *l, const Formula *formula) {
    for (uint32_t i = 0; i < formula->count; i++) {
        const Conjunction *c = &formula->products[i].conjunction;
        for (uint32_t j = 0; j < c->count; j++) {
            const Literal *literal = &c->literals[j];
            bool reads =
                literal->kind == LITERAL_COMPARE
                    ? node_reads_tokens(l, literal->key) || node_reads_tokens(l, literal->query)
                    : plan_get(l, literal->var)->kind == VAR_TOKEN;
            if (reads) return true;
        }
    }
    return false;
}

/* Near pairs first, so that an example is short. */
static void search(Search *s) {
    uint32_t length = s->l->options->max_length;
    for (uint32_t key = 1; key < length; key++) {
        for (uint32_t query = 0; query < key; query++) {
            look_at_tokens(s, key, query);
            if (s->found) return;
            if (s->work < AHEAD_WORK) continue;
            s->perhaps = true; /* nobody looked any further */
            return;
        }
    }
}

/* --- what is said ----------------------------------------------------------------------------- */

/* A node of the file that the output is in: what the library selects is its caller's matter. */
static NodeId blamed(const Lowering *l, NodeId selector) {
    uint32_t file = graph_node(l->graph, l->output)->span.file;
    uint8_t *reads = ARENA_ARRAY(l->scratch, uint8_t, (size_t)l->output + 1);
    reads[selector] = 1;
    for (NodeId id = selector; id <= l->output; id++) {
        const Node *node = graph_node(l->graph, id);
        for (int i = 0; i < op_info(node->op)->arity; i++)
            reads[id] |= reads[node->args[i]];
        if (l->needed[id] && reads[id] && node->span.file == file) return id;
    }
    return selector;
}

/* Its name, or its formula. */
static const char *called(Lowering *l, NodeId selector) {
    if (graph_name_of(l->graph, selector)) return plan_name(l, selector);
    Buffer label = {0};
    graph_label(l->graph, selector, FORMULA_RASP, 60, &label);
    const char *text = plan_text(l, "`%s`", label.data);
    buffer_free(&label);
    return text;
}

static void report(Lowering *l, NodeId selector, const Search *s) {
    NodeId at = blamed(l, selector);
    const char *name = called(l, selector);
    Diagnostic *diag;
    if (!s->found) {
        diag = diag_error(l->diags, DIAG_LOOKS_AHEAD, graph_node(l->graph, at)->span,
                          "%s may look ahead: nothing says that it never selects a position after "
                          "its own",
                          name);
    } else if (!s->reads_tokens) {
        diag = diag_error(l->diags, DIAG_LOOKS_AHEAD, graph_node(l->graph, at)->span,
                          "%s looks ahead: position %u selects position %u", name,
                          s->query.position, s->key.position);
    } else {
        Buffer tokens = {0};
        atom_format_json(&tokens, l->options->vocabulary[s->query.token]);
        buffer_text(&tokens, " and ");
        atom_format_json(&tokens, l->options->vocabulary[s->key.token]);
        diag = diag_error(l->diags, DIAG_LOOKS_AHEAD, graph_node(l->graph, at)->span,
                          "%s looks ahead: position %u selects position %u where they hold %s",
                          name, s->query.position, s->key.position, tokens.data);
        buffer_free(&tokens);
    }
    if (at != selector) diag_note(diag, graph_node(l->graph, selector)->span, "it is made here");
    const Formula *all = &l->composed[selector];
    bool everything = all->count == 1 && all->products[0].conjunction.count == 0 &&
                      all->products[0].conjunction.low == INT32_MIN;
    if (everything)
        diag_help(diag, "a causal transformer can't see how long the input is; up to here it is "
                        "`indices + 1` long: select(indices, indices, <=)");
    else
        diag_help(diag, "add `and select(indices, indices, <=)` to what it selects, if what comes "
                        "later does not matter; or leave out --causal");
}

Formula formula_causal(Lowering *l, NodeId selector) {
    const Formula *formula = &l->composed[selector];
    if (formula->refused_at != NO_NODE) return *formula;
    Formula beyond = formula_within(l, selector, formula, 1, INT32_MAX);
    if (beyond.refused_at != NO_NODE) return beyond;
    beyond = without_impossible(l, &beyond);
    Search s = {.l = l, .formula = &beyond, .reads_tokens = formula_reads_tokens(l, &beyond)};
    if (beyond.count > 0) search(&s);
    if (!s.found && !s.perhaps) return formula_within(l, selector, formula, INT32_MIN, 0);
    report(l, selector, &s);
    l->looks_ahead = true;
    return *formula;
}
