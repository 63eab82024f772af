/* f(a, b): a function with its arguments, or an s-op, selector or pattern applied to one input. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/limits.h"
#include "runtime/engines/eval.h"

/* --- inputs ----------------------------------------------------------------------------------- */

ApplyStatus apply_eval(void *state, const ApplyRequest *request, Sequence *sequence,
                       Matrix *matrix) {
    (void)state;
    return eval_request(request, sequence, matrix) ? APPLY_OK : APPLY_FAILED;
}

/* What stands for the elements of an input that has no tokens. */
static const Atom *positions(Session *session, uint32_t n) {
    Atom *atoms = ARENA_ARRAY(session->arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        atoms[i] = atom_int(i);
    return atoms;
}

NodeId session_applied(Session *session, Value callee, uint32_t n, Span span) {
    Buffer why = {0};
    NodeId node = callee.as.node;
    if (callee.kind == VALUE_PATTERN) {
        const String *name = graph_name_of(session->graph, node);
        node = graph_weights(session->graph, node, n, &why);
        if (node != NO_NODE && name && !graph_name_of(session->graph, node))
            graph_name(session->graph, name, node); /* as what was asked for is called */
    }
    if (node == NO_NODE)
        report(session, DIAG_TYPE, span, "the weights of %u positions: %s", n, why.data);
    buffer_free(&why);
    return node;
}

static Value apply_to(Session *session, Value callee, Input input, Span span) {
    ApplyRequest request = {.graph = session->graph,
                            .node = callee.as.node,
                            .input = input,
                            .span = span,
                            .arena = session->arena,
                            .diags = session->diags,
                            .cancel = session->options.cancel};
    const Node *node = graph_node(session->graph, callee.as.node);
    if (node->loop) {
        Diagnostic *diag = report(session, DIAG_LOOP, span,
                                  "this changes from round to round of a loop that is not over, so "
                                  "it can't be applied to an input here");
        diag_note(diag, session->graph->loops[node->loop - 1].span, "this loop");
        return value_error();
    }
    if (!input_suffices(session, callee, &input, span)) return value_error();
    request.node = session_applied(session, callee, input.n, span);
    if (request.node == NO_NODE) return value_error();
    Sequence *sequence = ARENA_NEW(session->arena, Sequence);
    Matrix *matrix = ARENA_NEW(session->arena, Matrix);
    ApplyFunction apply = apply_eval;
    void *state = NULL;
    if (session->checking && session->options.check_apply) {
        apply = session->options.check_apply;
        state = session->options.check_state;
    }
    bool taken = session_takes(session, &request, NULL, NULL);
    ApplyStatus status = taken ? apply(state, &request, sequence, matrix) : APPLY_FAILED;
    if (status == APPLY_REFUSED) session->refused = true;
    if (status == APPLY_FAILED && cancel_asked(session->options.cancel)) session->stopped = true;
    if (status != APPLY_OK) return value_error();
    sequence->input = matrix->input = input.tokens ? input.tokens : positions(session, input.n);
    if (callee.kind == VALUE_SELECTOR) return (Value){.kind = VALUE_MATRIX, .as.matrix = matrix};
    return (Value){.kind = VALUE_SEQUENCE, .as.sequence = sequence};
}

static Value apply_to_input(Session *session, Value callee, Value value, Span span) {
    Input input;
    if (!session_input(session, value, span, &input)) return value_error();
    return apply_to(session, callee, input, span);
}

bool session_accepts(Session *session, Value callee, Value value) {
    size_t first = diagnostics_count(session->diags);
    Input input;
    bool good = session_input(session, value, (Span){0}, &input) &&
                input_suffices(session, callee, &input, (Span){0});
    diagnostics_truncate(session->diags, first);
    return good;
}

bool session_apply(Session *session, Value callee, Value input, Span span, Value *out) {
    *out = apply_to_input(session, callee, input, span);
    return out->kind != VALUE_ERROR;
}

/* --- functions -------------------------------------------------------------------------------- */

static Value run_function(Session *session, const Function *function, const List *arguments) {
    const Tree *names = function->definition->child[0];
    const Tree *block = function->definition->child[1];
    const Tree *returned = function->definition->child[2];
    Environment *env = environment_new(session->arena, function->environment);
    for (uint32_t i = 0; i < names->count; i++)
        environment_set(session->arena, env, names->child[i]->text, arguments->items[i]);
    if (!elaborate_block(session, env, block)) return value_error();
    return elaborate_values(session, env, returned);
}

static Value call_function(Session *session, const Tree *tree, const Function *function,
                           const List *arguments) {
    const Tree *names = function->definition->child[0];
    if (arguments->count != names->count) {
        Diagnostic *diag = report(session, DIAG_ARGUMENTS, tree->span,
                                  "%s takes %u argument%s, not %u", function->name->bytes,
                                  names->count, names->count == 1 ? "" : "s", arguments->count);
        diag_note(diag, function->definition->name_span, "it is defined here");
        return value_error();
    }
    if (session->call_depth >= LIMIT_CALL_DEPTH) {
        if (session->unwinding) return value_error();
        Diagnostic *diag = report(session, DIAG_LIMIT_RECURSION, tree->span,
                                  "%s is called inside more than %d calls", function->name->bytes,
                                  LIMIT_CALL_DEPTH);
        diag_help(diag, "recursion ends through 'a if c else b' with a condition that is known "
                        "when the program is read, not through one on an s-op");
        session->unwinding = true;
        return value_error();
    }
    Frame frame = {.outer = session->frame, .call = tree->span, .name = function->name};
    session->frame = &frame;
    session->call_depth++;
    Value value = run_function(session, function, arguments);
    session->call_depth--;
    session->frame = frame.outer;
    return value;
}

/* The values of the arguments, named or not; *lone: the operator behind them. */
static bool call_arguments(Session *session, Environment *env, const Tree *tree, const List **out,
                           const Tree **lone) {
    bool good = true;
    uint32_t count = tree->count - 1;
    *lone = NULL;
    if (count > 0 && tree->child[count]->kind == TREE_OPERATOR) *lone = tree->child[count--];
    Value *items = ARENA_ARRAY(session->arena, Value, count);
    for (uint32_t i = 0; i < count; i++) {
        const Tree *argument = tree->child[1 + i];
        if (argument->kind == TREE_NAMED) argument = argument->child[0];
        items[i] = elaborate(session, env, argument);
        good = good && items[i].kind != VALUE_ERROR;
    }
    if (good) *out = list_new(session->arena, items, count);
    return good;
}

/* Names and lone operators have a meaning for few. */
static bool arguments_fit(Session *session, const Tree *tree, Value callee, const Tree *lone) {
    bool function = callee.kind == VALUE_FUNCTION;
    if (function && call_has_names(tree)) {
        report(session, DIAG_ARGUMENTS, tree->span,
               "a function's arguments have no names; only an s-op is applied to named inputs");
        return false;
    }
    if (!lone || (function && callee.as.function->builtin)) return true;
    report(session, DIAG_ARGUMENTS, lone->span,
           "'%s' is not the score of the language here, and "
           "takes no operator",
           tree->child[0]->text ? tree->child[0]->text->bytes : "this");
    return false;
}

static Value apply_node(Session *session, const Tree *tree, Value callee, const List *arguments) {
    if (call_has_names(tree)) {
        Input input;
        if (!named_input(session, tree, arguments, &input)) return value_error();
        return apply_to(session, callee, input, tree->span);
    }
    if (arguments->count == 1)
        return apply_to_input(session, callee, arguments->items[0], tree->span);
    report(session, DIAG_ARGUMENTS, tree->span, "%s is applied to one input, not to %u",
           value_kind_name(callee), arguments->count);
    return value_error();
}

Value elaborate_call(Session *session, Environment *env, const Tree *tree) {
    Value callee = elaborate(session, env, tree->child[0]);
    const List *arguments;
    const Tree *lone;
    if (!call_arguments(session, env, tree, &arguments, &lone)) return value_error();
    if (callee.kind == VALUE_ERROR || !arguments_fit(session, tree, callee, lone))
        return value_error();
    switch (callee.kind) {
    case VALUE_FUNCTION:
        if (callee.as.function->builtin)
            return builtin_call(session,
                                &(BuiltinCall){callee.as.function->builtin, tree, arguments, lone});
        return call_function(session, tree, callee.as.function, arguments);
    case VALUE_SOP:
    case VALUE_SELECTOR:
    case VALUE_PATTERN: return apply_node(session, tree, callee, arguments);
    default:
        report(session, DIAG_NOT_CALLABLE, tree->child[0]->span,
               "only functions, s-ops, selectors and patterns can be applied, not %s (%s)",
               value_kind_name(callee), show(session, callee));
        return value_error();
    }
}
