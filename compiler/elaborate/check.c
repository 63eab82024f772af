/* check e; check a ~= b: what a program says of itself, under the engine that is asked. */
#include "compiler/elaborate/internal.h"

#define CHECK_TOLERANCE 1e-9 /* of ~=, relative (language II.5) */

static void record(Session *session, CheckOutcome outcome, const Tree *tree, const String *reason) {
    if (session->check_count == session->check_capacity) {
        uint32_t capacity = session->check_capacity ? session->check_capacity * 2 : 8;
        session->checks = arena_grow(session->arena, session->checks, session->check_count,
                                     capacity, sizeof(CheckRecord));
        session->check_capacity = capacity;
    }
    session->checks[session->check_count++] =
        (CheckRecord){.outcome = outcome, .span = tree->span, .reason = reason};
}

static CheckOutcome compare(Session *session, const Tree *tree, Value got, Value wanted,
                            bool close) {
    if (got.kind == VALUE_ERROR || wanted.kind == VALUE_ERROR) return CHECK_WRONG;
    bool holds = close ? value_close(got, wanted, CHECK_TOLERANCE) : value_equal(got, wanted);
    if (holds) return CHECK_PASSED;
    Diagnostic *diag = report(session, DIAG_CHECK_FAILED, tree->span, "this check does not hold");
    diag_note(diag, (Span){0}, "got:      %s", show(session, got));
    diag_note(diag, (Span){0}, "expected: %s", show(session, wanted));
    return CHECK_FAILED;
}

static const char *first_input(const Session *session) {
    uint32_t i = 0;
    while (session->declared[i].is_param)
        i++;
    return session->declared[i].name->bytes;
}

/* Anything that is not a plain comparison: it must say True or False by itself. */
static CheckOutcome truth(Session *session, const Tree *tree, Value value) {
    if (value.kind == VALUE_ERROR) return CHECK_WRONG;
    if (value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_BOOL) {
        if (value.as.atom.as.boolean) return CHECK_PASSED;
        report(session, DIAG_CHECK_FAILED, tree->span, "this check does not hold");
        return CHECK_FAILED;
    }
    Diagnostic *diag = report(session, DIAG_CHECK_NOT_BOOL, tree->child[0]->span,
                              "a check says True or False, but this is %s (%s)",
                              value_kind_name(value), show(session, value));
    if (value.kind == VALUE_SOP && session->input_count > 0)
        diag_help(diag, "apply the s-op to inputs: check f(%s=[..]) == [..];",
                  first_input(session));
    else if (value.kind == VALUE_SOP)
        diag_help(diag, "apply the s-op to an input: check f(\"abc\") == [..];");
    return CHECK_WRONG;
}

static CheckOutcome run_check(Session *session, Environment *env, const Tree *tree) {
    const Tree *claim = inside_parens(tree->child[0]);
    if (tree->count > 1)
        return compare(session, tree, elaborate(session, env, tree->child[0]),
                       elaborate(session, env, tree->child[1]), true);
    if (claim->kind != TREE_BINARY || claim->op != OPERATOR_EQ)
        return truth(session, tree, elaborate(session, env, tree->child[0]));
    Value got = elaborate(session, env, claim->child[0]);
    Value wanted = elaborate(session, env, claim->child[1]);
    if (got.kind == VALUE_SOP || wanted.kind == VALUE_SOP)
        return truth(session, tree, apply_binary(session, claim, got, wanted));
    return compare(session, tree, got, wanted, false);
}

/* The engine's first message, kept as the reason; then the messages go: a refusal is no mistake. */
static const String *take_refusal(Session *session, size_t first) {
    Buffer text = {0};
    if (diagnostics_count(session->diags) > first)
        buffer_printf(&text, "%s: %s", diag_code(diagnostics_id(session->diags, first)),
                      diagnostics_message(session->diags, first));
    const String *reason = string_new(session->arena, text.data ? text.data : "", text.len);
    buffer_free(&text);
    diagnostics_truncate(session->diags, first);
    return reason;
}

bool elaborate_check(Session *session, Environment *env, const Tree *tree) {
    if (!session->options.run_checks || env != session->program) return true;
    size_t first = diagnostics_count(session->diags);
    session->checking = true;
    session->refused = false;
    CheckOutcome outcome = run_check(session, env, tree);
    session->checking = false;
    const String *reason = NULL;
    if (session->refused) {
        outcome = CHECK_REFUSED;
        reason = take_refusal(session, first);
    }
    record(session, outcome, tree, reason);
    return outcome == CHECK_PASSED || outcome == CHECK_REFUSED;
}

size_t session_check_count(const Session *session) { return session->check_count; }
CheckRecord session_check(const Session *session, size_t index) { return session->checks[index]; }
