/* require: what a program asks of its inputs (language II.5), so that data which contradict it are
   an error with a place and not a result that means nothing. It is asked wherever something is
   applied to an input; a transformer asks only with --require, as that takes heads. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/limits.h"

#include <stdio.h>

/* --- statements ------------------------------------------------------------------------------- */

/* Does the tree name it? A tree is no deeper than LIMIT_NESTING. */
static bool names_it(const Tree *tree, const String *name) {
    if (tree->kind == TREE_NAME && string_equal(tree->text, name)) return true;
    for (uint32_t i = 0; i < tree->count; i++)
        if (names_it(tree->child[i], name)) return true;
    return false;
}

/* "k is 2, d is 3" of the params that the tree names; NULL: none. */
static const char *params_of(Session *session, const Tree *tree) {
    Buffer text = {0};
    for (uint32_t i = 0; i < session->declared_count; i++) {
        const Declared *declared = &session->declared[i];
        if (!declared->is_param || declared->type.dimensions > 0) continue;
        const Value *value = session_lookup(session, declared->name->bytes);
        if (value == NULL || !names_it(tree, declared->name)) continue;
        buffer_printf(&text, "%s%s is %s", text.len > 0 ? ", " : "", declared->name->bytes,
                      show(session, *value));
    }
    const char *params = text.len == 0 ? NULL : arena_strndup(session->arena, text.data, text.len);
    buffer_free(&text);
    return params;
}

/* False after reporting that the message is none. */
static bool read_message(Session *session, Environment *env, const Tree *tree,
                         const String **message) {
    *message = NULL;
    if (tree->count < 2) return true;
    Value value = elaborate(session, env, tree->child[1]);
    if (value.kind == VALUE_ERROR) return false;
    if (value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_STRING) {
        *message = value.as.atom.as.string;
        return true;
    }
    report(session, DIAG_DECLARATION, tree->child[1]->span,
           "what a requirement says is a string, not %s (%s)", value_kind_name(value),
           show(session, value));
    return false;
}

static void add_requirement(Session *session, Requirement requirement) {
    if (session->requirement_count == session->requirement_capacity) {
        uint32_t capacity = session->requirement_capacity ? session->requirement_capacity * 2 : 4;
        session->requirements =
            arena_grow(session->arena, session->requirements, session->requirement_count, capacity,
                       sizeof(Requirement));
        session->requirement_capacity = capacity;
    }
    session->requirements[session->requirement_count++] = requirement;
}

/* asked_at: where an input was given in a program; file 0: elsewhere. */
static bool does_not_hold(const Requirement *requirement, Diagnostics *diags, const char *where,
                          Span asked_at) {
    const String *message = requirement->message;
    Diagnostic *diag = diag_error(diags, DIAG_REQUIREMENT, requirement->span, "%s%s%s",
                                  message ? "the program requires: " : "this does not hold",
                                  message ? message->bytes : "", where);
    if (asked_at.file != 0) diag_note(diag, asked_at, "evaluated here");
    if (requirement->params) diag_help(diag, "%s; --param changes that", requirement->params);
    return false;
}

bool elaborate_require(Session *session, Environment *env, const Tree *tree) {
    const Tree *claim = tree->child[0];
    Requirement requirement = {.span = claim->span};
    if (!at_own_level(session, env, tree)) return false;
    Value value = elaborate(session, env, claim);
    if (value.kind == VALUE_ERROR || !read_message(session, env, tree, &requirement.message))
        return false;
    requirement.params = params_of(session, claim);
    if (value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_BOOL) {
        /* It is about params alone. */
        return value.as.atom.as.boolean ||
               does_not_hold(&requirement, session->diags, "", (Span){0});
    }
    if (value.kind != VALUE_SOP || graph_node(session->graph, value.as.node)->type != TYPE_BOOL) {
        report(session, DIAG_DECLARATION, claim->span,
               "what is required is True or False at every position, not %s (%s)",
               value_kind_name(value), show(session, value));
        return false;
    }
    if (!session_has_inputs(session)) {
        report(session, DIAG_DECLARATION, claim->span,
               "a requirement is of inputs that have names, and none is declared before it");
        return false;
    }
    requirement.node = value.as.node;
    add_requirement(session, requirement);
    return true;
}

static bool reads_input(const Graph *graph, NodeId reader, const String *name) {
    Arena *scratch = arena_new(0);
    const uint8_t *needed = graph_needed(graph, reader, scratch);
    bool reads = false;
    for (NodeId id = 0; id <= reader && !reads; id++) {
        const Node *node = graph_node(graph, id);
        reads = needed[id] && node->op == OP_INPUT && string_equal(node->atom.as.string, name);
    }
    arena_free(scratch);
    return reads;
}

void forget_requirements(Session *session, const String *input) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < session->requirement_count; i++)
        if (!reads_input(session->graph, session->requirements[i].node, input))
            session->requirements[kept++] = session->requirements[i];
    session->requirement_count = kept;
}

const Requirement *session_requirements(const Session *session, uint32_t *count) {
    *count = session->requirement_count;
    return session->requirements;
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* The first position where it is that; n: it is so nowhere. */
static uint32_t first_of(const Sequence *sequence, bool wanted) {
    uint32_t i = 0;
    while (i < sequence->n && atom_truth(sequence->atoms[i]) != wanted)
        i++;
    return i;
}

/* Those that can be asked of the input, as they read nothing else: asked (requirement_count). */
static uint32_t askable(const Session *session, const Input *input, const Requirement **asked) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < session->requirement_count; i++)
        if (!input_missing(session, session->requirements[i].node, input))
            asked[count++] = &session->requirements[i];
    return count;
}

bool session_takes(const Session *session, const ApplyRequest *request, ApplyOutputs apply,
                   void *state) {
    if (session->requirement_count == 0) return true;
    ApplyRequest asking = *request;
    asking.arena = arena_new(LIMIT_EVALUATION_BYTES);
    const Requirement **asked =
        ARENA_ARRAY(asking.arena, const Requirement *, session->requirement_count);
    uint32_t count = askable(session, &request->input, asked);
    NodeId *nodes = ARENA_ARRAY(asking.arena, NodeId, count);
    Sequence *held = ARENA_ARRAY(asking.arena, Sequence, count);
    for (uint32_t i = 0; i < count; i++)
        nodes[i] = asked[i]->node;
    size_t before = diagnostics_count(request->diags);
    ApplyStatus status = APPLY_OK;
    if (count > 0) status = apply ? apply(state, &asking, nodes, count, held) : APPLY_REFUSED;
    if (status == APPLY_REFUSED) {
        diagnostics_truncate(request->diags, before);
        status = eval_all(&asking, nodes, count, held) ? APPLY_OK : APPLY_FAILED;
    }
    bool all = status == APPLY_OK;
    for (uint32_t i = 0; all && i < count; i++) {
        uint32_t at = first_of(&held[i], false);
        if (at == held[i].n) continue;
        bool everywhere = first_of(&held[i], true) == held[i].n;
        char where[32] = "";
        if (!everywhere) snprintf(where, sizeof where, " (position %u)", at);
        all = does_not_hold(asked[i], request->diags, where, request->span);
    }
    arena_free(asking.arena);
    return all;
}
