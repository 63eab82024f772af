/* f(a, b): a function with its arguments, or an s-op or selector applied to one input. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/limits.h"
#include "runtime/engines/eval.h"

/* --- inputs ----------------------------------------------------------------------------------- */

/* An element that is no atom keeps only its text and its truth (language I.5, tokens_str). */
static Atom opaque(Session *session, Value value) {
    Buffer text = {0};
    value_format_python(value, &text);
    Atom atom = {.kind = ATOM_OPAQUE, .truth = value_truth(value)};
    atom.as.string = string_new(session->arena, text.data ? text.data : "", text.len);
    buffer_free(&text);
    return atom;
}

bool session_input(Session *session, Value value, Span span, Input *out) {
    List items;
    if (!value_items(session->arena, value, &items)) {
        Diagnostic *diag = report(session, DIAG_BAD_INPUT, span,
                                  "an input is a string, a list or a dict, not %s (%s)",
                                  value_kind_name(value), show(session, value));
        if (value.kind == VALUE_SOP)
            diag_help(diag, "an s-op or selector is used by its name alone; with parentheses it is "
                            "applied to an input, such as \"abc\"");
        return false;
    }
    if (items.count == 0) {
        report(session, DIAG_BAD_INPUT, span, "an input has at least one element, and %s has none",
               show(session, value));
        return false;
    }
    Atom *tokens = ARENA_ARRAY(session->arena, Atom, items.count);
    for (uint32_t i = 0; i < items.count; i++) {
        Value item = items.items[i];
        if (item.kind != VALUE_ATOM && item.kind != VALUE_LIST && item.kind != VALUE_DICT &&
            item.kind != VALUE_SEQUENCE) {
            report(session, DIAG_BAD_INPUT, span, "element %u of this input is %s", i,
                   value_kind_name(item));
            return false;
        }
        tokens[i] = item.kind == VALUE_ATOM ? item.as.atom : opaque(session, item);
    }
    *out = (Input){.n = items.count, .tokens = tokens};
    return true;
}

ApplyStatus apply_eval(void *state, const ApplyRequest *request, Sequence *sequence,
                       Matrix *matrix) {
    (void)state;
    return eval_request(request, sequence, matrix) ? APPLY_OK : APPLY_FAILED;
}

static Value apply_to_input(Session *session, Value callee, Value input, Span span) {
    ApplyRequest request = {.graph = session->graph,
                            .node = callee.as.node,
                            .span = span,
                            .arena = session->arena,
                            .diags = session->diags,
                            .cancel = session->options.cancel};
    if (!session_input(session, input, span, &request.input)) return value_error();
    Sequence *sequence = ARENA_NEW(session->arena, Sequence);
    Matrix *matrix = ARENA_NEW(session->arena, Matrix);
    ApplyFunction apply = apply_eval;
    void *state = NULL;
    if (session->checking && session->options.check_apply) {
        apply = session->options.check_apply;
        state = session->options.check_state;
    }
    ApplyStatus status = apply(state, &request, sequence, matrix);
    if (status == APPLY_REFUSED) session->refused = true;
    if (status == APPLY_FAILED && cancel_asked(session->options.cancel)) session->stopped = true;
    if (status != APPLY_OK) return value_error();
    sequence->input = matrix->input = request.input.tokens;
    if (callee.kind == VALUE_SELECTOR) return (Value){.kind = VALUE_MATRIX, .as.matrix = matrix};
    return (Value){.kind = VALUE_SEQUENCE, .as.sequence = sequence};
}

bool session_apply(Session *session, Value callee, Value input, Span span, Value *out) {
    *out = apply_to_input(session, callee, input, span);
    return out->kind != VALUE_ERROR;
}

/* --- functions -------------------------------------------------------------------------------- */

static Value run_primitive(Session *session, const Tree *tree, const Function *function,
                           Value selector) {
    if (selector.kind == VALUE_SELECTOR)
        return node1(session, function->primitive, selector.as.node, tree->span);
    report(session, DIAG_NOT_SELECTOR, tree->child[1]->span, "%s takes a selector, not %s (%s)",
           function->name->bytes, value_kind_name(selector), show(session, selector));
    return value_error();
}

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
        if (!function->is_primitive)
            diag_note(diag, function->definition->name_span, "it is defined here");
        return value_error();
    }
    if (function->is_primitive) return run_primitive(session, tree, function, arguments->items[0]);
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

Value elaborate_call(Session *session, Environment *env, const Tree *tree) {
    Value callee = elaborate(session, env, tree->child[0]);
    const List *arguments;
    if (!elaborate_children(session, env, tree, 1, &arguments)) return value_error();
    switch (callee.kind) {
    case VALUE_ERROR: return callee;
    case VALUE_FUNCTION: return call_function(session, tree, callee.as.function, arguments);
    case VALUE_SOP:
    case VALUE_SELECTOR:
        if (arguments->count == 1)
            return apply_to_input(session, callee, arguments->items[0], tree->span);
        report(session, DIAG_ARGUMENTS, tree->span, "%s is applied to one input, not to %u",
               value_kind_name(callee), arguments->count);
        return value_error();
    default:
        report(session, DIAG_NOT_CALLABLE, tree->child[0]->span,
               "only functions, s-ops and selectors can be applied, not %s (%s)",
               value_kind_name(callee), show(session, callee));
        return value_error();
    }
}
