/* The lowering, top to bottom: a form for every node that the output needs, then encodings. */
#include "compiler/lower/lower.h"

#include "compiler/lower/encode.h"
#include "compiler/lower/registers.h"

#include "runtime/base/bug.h"

enum {
    FITTING_LENGTH = 4, /* the least length that a refusal recommends, */
    FITTING_PART = 16,  /* and the least part of the one asked for; */
    FITTING_STEPS = 8,  /* how often it looks for a longer one */
};

static void add_inputs(Lowering *l) {
    const LowerOptions *options = l->options;
    Var token = {.kind = VAR_TOKEN,
                 .node = NO_NODE,
                 .count = options->vocabulary_count,
                 .domain = atoms_listed(options->vocabulary)};
    Var position = {.kind = VAR_POSITION,
                    .node = NO_NODE,
                    .count = options->max_length,
                    .domain = atoms_run(0, 1, false)};
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

/* A sequence of strings and numbers is a failure, wherever it is used. Of the output the read-out
   sees that; of any other node no position can see what the others hold. */
static Form refuse_mixed(Lowering *l, NodeId id, Form form) {
    bool texts = false, others = false;
    if (form.kind != FORM_TABLE || form.var == NO_VAR || id == l->output) return form;
    for (uint32_t v = 0; v < form_count(l, &form); v++) {
        if (atom_failed(atoms_at(form.atoms, v))) continue;
        bool text = atoms_at(form.atoms, v).kind == ATOM_STRING;
        texts = texts || text;
        others = others || !text;
    }
    if (!texts || !others || l->options->max_length == 1) return form;
    return form_refused(id, plan_text(l,
                                      "%s can be a string at one position and a number at another, "
                                      "on which the program fails: give both the same type",
                                      plan_name(l, id)));
}

/* Marks (1) the selectors that heads are made for; the others are parts of those. */
static const uint8_t *attending_selectors(const Lowering *l) {
    uint8_t *attending = ARENA_ARRAY(l->scratch, uint8_t, l->graph->count);
    for (NodeId id = 0; id <= l->output; id++) {
        const Node *node = graph_node(l->graph, id);
        if (l->needed[id] && op_info(node->op)->kind == OPKIND_ATTENTION)
            attending[node->args[0]] = 1;
    }
    return attending;
}

static void plan_selector(Lowering *l, NodeId id, bool attending) {
    l->composed[id] = formula_of(l, id);
    l->formulas[id] = attending && l->options->causal ? formula_causal(l, id) : l->composed[id];
}

typedef enum Outcome { PLAN_MADE, PLAN_REFUSED, PLAN_FAILED /* reported */ } Outcome;

static Outcome plan_nodes(Lowering *l) {
    l->needed = graph_needed(l->graph, l->output, l->scratch);
    l->last = ARENA_ARRAY(l->scratch, uint8_t, l->graph->count);
    if (l->reader_computes) plan_last_steps(l);
    const uint8_t *attending = attending_selectors(l);
    for (NodeId id = 0; id <= l->output; id++) {
        if (!l->needed[id]) continue;
        if (op_info(graph_node(l->graph, id)->op)->kind == OPKIND_SELECTOR)
            plan_selector(l, id, attending[id]);
        else
            l->forms[id] = refuse_mixed(l, id, form_of(l, id));
        if (arena_exhausted(l->scratch)) {
            diag_error(l->diags, DIAG_CANNOT_LOWER, graph_node(l->graph, id)->span,
                       "lowering this takes more than %zu MiB", LIMIT_LOWERING_BYTES >> 20);
            return PLAN_FAILED;
        }
    }
    if (l->looks_ahead) return PLAN_FAILED;
    for (uint32_t t = 0; t < l->trap_count; t++) {
        const PlanTrap *trap = &l->traps[t];
        if (trap->var != NO_VAR) continue;
        diag_error(l->diags, trap->id, graph_node(l->graph, trap->node)->span,
                   "fails on every input: %s", trap->why->bytes);
        return PLAN_FAILED;
    }
    return plan_readout(l) ? PLAN_MADE : PLAN_REFUSED;
}

/* Makes the plan, in scratch. */
static Outcome plan(Lowering *l, bool reader_computes) {
    l->reader_computes = reader_computes;
    l->scratch = arena_new(LIMIT_LOWERING_BYTES);
    l->forms = ARENA_ARRAY(l->scratch, Form, l->graph->count);
    l->composed = ARENA_ARRAY(l->scratch, Formula, l->graph->count);
    l->formulas = ARENA_ARRAY(l->scratch, Formula, l->graph->count);
    add_inputs(l);
    return plan_nodes(l);
}

/* --- what would do ---------------------------------------------------------------------------- */

static bool would_do(const Lowering *begin, uint32_t length) {
    LowerOptions options = *begin->options;
    options.max_length = length;
    Arena *arena = arena_new(0);
    Diagnostics *unread = diagnostics_new(NULL);
    Outcome outcome = PLAN_REFUSED;
    for (int tries = 0; tries < 2 && outcome == PLAN_REFUSED; tries++) {
        Lowering l = *begin;
        l.arena = arena;
        l.options = &options;
        l.diags = unread;
        outcome = plan(&l, tries == 0);
        arena_free(l.scratch);
    }
    diagnostics_free(unread);
    arena_free(arena);
    return outcome == PLAN_MADE;
}

/* A greatest length, not much less than asked for, at which the program can be lowered. 0: none was
   found. Each try costs no more than the refused one; bytes: what that took. */
static uint32_t length_that_would_do(const Lowering *begin, size_t bytes) {
    uint32_t asked = begin->options->max_length, fits = asked / 2, step = asked / 4;
    if (bytes > LIMIT_LOWERING_BYTES / 8) return 0;
    while (fits >= FITTING_LENGTH && fits >= asked / FITTING_PART && !would_do(begin, fits)) {
        fits /= 2;
        step /= 2;
    }
    if (fits < FITTING_LENGTH || fits < asked / FITTING_PART) return 0;
    for (int tries = 0; tries < FITTING_STEPS && step > 0; tries++, step /= 2) {
        if (would_do(begin, fits + step)) fits += step;
    }
    return fits;
}

static void report_refusal(const Lowering *begin, const Lowering *l) {
    const Form *form = &l->forms[l->output];
    Diagnostic *diag = diag_error(l->diags, DIAG_CANNOT_LOWER,
                                  graph_node(l->graph, form->refused_at)->span, "%s", form->why);
    uint32_t fits = length_that_would_do(begin, arena_bytes(l->scratch));
    if (fits > 0)
        diag_help(diag, "up to length %u (--max-len %u) it can be a transformer", fits, fits);
}

/* --- the whole -------------------------------------------------------------------------------- */

static Outcome attempt(const Lowering *begin, bool reader_computes, Model **model) {
    Lowering l = *begin;
    Outcome outcome = plan(&l, reader_computes);
    if (outcome == PLAN_MADE) *model = plan_encode(&l);
    if (outcome == PLAN_REFUSED && !reader_computes) report_refusal(begin, &l);
    arena_free(l.scratch);
    return outcome;
}

/* Reports what the output needs of vectors, scores and loops. */
static bool has_reals(Arena *arena, const Graph *graph, NodeId output, Diagnostics *diags) {
    const uint8_t *needed = graph_needed(graph, output, arena);
    for (NodeId id = 0; id <= output; id++) {
        const Node *node = graph_node(graph, id);
        if (!needed[id] || (node->op < OP_INPUT && node->type != TYPE_VECTOR)) continue;
        diag_error(diags, DIAG_CANNOT_LOWER, node->span, "'%s' is not lowered yet",
                   op_info(node->op)->name);
        return true;
    }
    return false;
}

Model *lower(Arena *arena, const Graph *graph, NodeId output, const LowerOptions *options,
             Diagnostics *diags) {
    if (op_info(graph_node(graph, output)->op)->kind == OPKIND_SELECTOR)
        BUG("only s-ops are lowered");
    if (options->vocabulary_count == 0 || options->max_length == 0) BUG("an empty vocabulary");
    if (has_reals(arena, graph, output, diags)) return NULL;
    const Lowering begin = {
        .arena = arena, .graph = graph, .output = output, .options = options, .diags = diags};
    Model *model = NULL;
    /* Where the last operations can't be left to the reader of the logits they are lowered too. */
    if (attempt(&begin, true, &model) == PLAN_REFUSED) (void)attempt(&begin, false, &model);
    if (model) assign_registers(model, options->registers);
    Buffer why = {0};
    if (model && !model_verify(model, &why)) BUG("the lowering made no model: %s", why.data);
    buffer_free(&why);
    return model;
}
