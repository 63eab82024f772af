/* The lowering, top to bottom: a form for every node that the output needs, then encodings. */
#include "compiler/lower/lower.h"

#include "compiler/lower/encode.h"

#include "runtime/base/bug.h"

static void add_inputs(Lowering *l) {
    const LowerOptions *options = l->options;
    Var token = {.kind = VAR_TOKEN,
                 .node = NO_NODE,
                 .count = options->vocabulary_count,
                 .domain = options->vocabulary};
    Atom *positions = ARENA_ARRAY(l->scratch, Atom, options->max_length);
    for (uint32_t i = 0; i < options->max_length; i++)
        positions[i] = atom_int(i);
    Var position = {
        .kind = VAR_POSITION, .node = NO_NODE, .count = options->max_length, .domain = positions};
    if (plan_var(l, &token) != plan_token(l) || plan_var(l, &position) != plan_position(l))
        BUG("the inputs are the first variables");
}

static Form form_of(Lowering *l, NodeId id) {
    const Node *node = graph_node(l->graph, id);
    if (node->op == OP_AGGREGATE) return form_aggregate(l, id);
    if (node->op == OP_WIDTH) return form_width(l, id, node->args[0], &l->formulas[node->args[0]]);
    Form total = form_total(l, id);
    return total.kind == FORM_NONE ? form_element(l, id) : total;
}

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

/* The output's form as the read-out can say it. */
static void settle_output(Lowering *l) {
    Form *form = &l->forms[l->output];
    if (form->kind == FORM_REFUSED) return;
    if (form->kind_unknown)
        *form = form_refused(l->output, plan_text(l,
                                                  "%s is an int where it comes from one position "
                                                  "and a float where it is a mean, and here that "
                                                  "can't be told; round() it",
                                                  plan_name(l, l->output)));
    else if (form->exact && !kinds_are_plain(l, form))
        *form = form_choose_kind(l, l->output, form);
}

/* A sequence of strings and numbers is a failure, wherever it is used. Of the output the read-out
   sees that; of any other node no position can see what the others hold. */
static Form refuse_mixed(Lowering *l, NodeId id, Form form) {
    bool texts = false, others = false;
    if (form.kind != FORM_TABLE || form.var == NO_VAR || id == l->output) return form;
    for (uint32_t v = 0; v < form_count(l, &form); v++) {
        if (atom_failed(form.atoms[v])) continue;
        bool text = form.atoms[v].kind == ATOM_STRING;
        texts = texts || text;
        others = others || !text;
    }
    if (!texts || !others || l->options->max_length == 1) return form;
    return form_refused(id, plan_text(l,
                                      "%s can be a string at one position and a number at another, "
                                      "on which the program fails: give both the same type",
                                      plan_name(l, id)));
}

static bool plan_nodes(Lowering *l) {
    l->needed = graph_needed(l->graph, l->output, l->scratch);
    for (NodeId id = 0; id <= l->output; id++) {
        if (!l->needed[id]) continue;
        if (op_info(graph_node(l->graph, id)->op)->kind == OPKIND_SELECTOR)
            l->formulas[id] = formula_of(l, id);
        else
            l->forms[id] = refuse_mixed(l, id, form_of(l, id));
        if (arena_exhausted(l->scratch)) {
            diag_error(l->diags, DIAG_CANNOT_LOWER, graph_node(l->graph, id)->span,
                       "lowering this takes more than %zu MiB", LIMIT_LOWERING_BYTES >> 20);
            return false;
        }
    }
    for (uint32_t t = 0; t < l->trap_count; t++) {
        const PlanTrap *trap = &l->traps[t];
        if (trap->var != NO_VAR) continue;
        diag_error(l->diags, trap->id, graph_node(l->graph, trap->node)->span,
                   "fails on every input: %s", trap->why->bytes);
        return false;
    }
    settle_output(l);
    const Form *form = &l->forms[l->output];
    if (form->kind != FORM_REFUSED) return true;
    diag_error(l->diags, DIAG_CANNOT_LOWER, graph_node(l->graph, form->refused_at)->span, "%s",
               form->why);
    return false;
}

Model *lower(Arena *arena, const Graph *graph, NodeId output, const LowerOptions *options,
             Diagnostics *diags) {
    if (op_info(graph_node(graph, output)->op)->kind == OPKIND_SELECTOR)
        BUG("only s-ops are lowered");
    if (options->vocabulary_count == 0 || options->max_length == 0) BUG("an empty vocabulary");
    Arena *scratch = arena_new(LIMIT_LOWERING_BYTES);
    Lowering l = {.arena = arena,
                  .scratch = scratch,
                  .graph = graph,
                  .output = output,
                  .options = options,
                  .diags = diags,
                  .forms = ARENA_ARRAY(scratch, Form, graph->count),
                  .formulas = ARENA_ARRAY(scratch, Formula, graph->count)};
    add_inputs(&l);
    Model *model = plan_nodes(&l) ? plan_encode(&l) : NULL;
    arena_free(scratch);
    Buffer why = {0};
    if (model && !model_verify(model, &why)) BUG("the lowering made no model: %s", why.data);
    buffer_free(&why);
    return model;
}
