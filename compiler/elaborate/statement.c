/* Statements: one function a kind of tree. Each returns false when it failed (and reported). */
#include "compiler/elaborate/internal.h"

#include "runtime/base/bug.h"

void add_result(Session *session, Result result) {
    Results *results = session->results;
    if (!results || !session->at_top) return;
    if (results->count == results->capacity) {
        uint32_t capacity = results->capacity ? results->capacity * 2 : 8;
        results->items =
            arena_grow(session->arena, results->items, results->count, capacity, sizeof(Result));
        results->capacity = capacity;
    }
    results->items[results->count++] = result;
}

static void set_out(Session *session, Environment *env, Value value) {
    environment_set(session->arena, env, session->out, value);
}

const Tree *inside_parens(const Tree *tree) {
    while (tree->kind == TREE_PAREN)
        tree = tree->child[0];
    return tree;
}

static bool expression_statement(Session *session, Environment *env, const Tree *tree) {
    Value value = elaborate(session, env, tree->child[0]);
    if (value.kind == VALUE_ERROR) return false;
    const Tree *inner = inside_parens(tree->child[0]);
    const String *name = inner->kind == TREE_NAME ? inner->text : session->out;
    set_out(session, env, value);
    add_result(session,
               (Result){.kind = RESULT_VALUE, .name = name, .value = value, .span = tree->span});
    if (session->at_top && env == session->program && value.kind == VALUE_SOP) {
        session->output_name = name;
        session->output = value;
    }
    return true;
}

/* In a file, a name whose statement failed is known to be wrong: its users stay silent. */
static void poison_names(Session *session, Environment *env, const Tree *names) {
    if (session->options.interactive) return;
    for (uint32_t i = 0; i < names->count; i++)
        if (!name_always_reserved(names->child[i]->text) &&
            !environment_own(session->library, names->child[i]->text))
            environment_set(session->arena, env, names->child[i]->text, value_error());
}

static void poison_name(Session *session, Environment *env, const Tree *tree) {
    Tree name = {.kind = TREE_NAME, .text = tree->text};
    Tree *child = &name;
    poison_names(session, env, &(Tree){.kind = TREE_NAMES, .count = 1, .child = &child});
}

void poison_block(Session *session, Environment *env, const Tree *block) {
    for (uint32_t i = 0; i < block->count; i++) {
        const Tree *statement = block->child[i];
        if (statement->kind == TREE_ASSIGN) poison_names(session, env, statement->child[0]);
        if (statement->kind == TREE_FOR) poison_block(session, env, statement->child[2]);
        if (statement->kind == TREE_REPEAT) poison_block(session, env, statement->child[1]);
    }
}

static bool assign_statement(Session *session, Environment *env, const Tree *tree) {
    const Tree *names = tree->child[0];
    Value value = elaborate_values(session, env, tree->child[1]);
    if (value.kind == VALUE_ERROR ||
        !assign_names(session, env, names, value, tree->child[1]->span)) {
        poison_names(session, env, names);
        return false;
    }
    for (uint32_t i = 0; i < names->count; i++) {
        const String *name = names->child[i]->text;
        Value given = *environment_own(env, name);
        if (i + 1 == names->count) set_out(session, env, given);
        add_result(
            session,
            (Result){.kind = RESULT_VALUE, .name = name, .value = given, .span = tree->span});
    }
    return true;
}

static bool def_statement(Session *session, Environment *env, const Tree *tree) {
    const Tree *names = tree->child[0];
    for (uint32_t i = 0; i < names->count; i++) {
        const Tree *name = names->child[i];
        if (!name_always_reserved(name->text)) continue;
        report(session, DIAG_RESERVED, name->span, "'%s' is reserved and can't be a parameter",
               name->text->bytes);
        return false;
    }
    Function *function = ARENA_NEW(session->arena, Function);
    *function = (Function){
        .name = tree->text, .origin = env->origin, .definition = tree, .environment = env};
    Value value = {.kind = VALUE_FUNCTION, .as.function = function};
    Tree name = {.kind = TREE_NAME, .text = tree->text, .span = tree->name_span};
    if (!assign_name(session, env, &name, value)) return false;
    add_result(
        session,
        (Result){.kind = RESULT_VALUE, .name = tree->text, .value = value, .span = tree->span});
    return true;
}

static bool for_statement(Session *session, Environment *env, const Tree *tree) {
    const Tree *names = tree->child[0], *iterable = tree->child[1], *block = tree->child[2];
    Value source = elaborate(session, env, iterable);
    List over;
    bool good = loop_items(session, source, iterable->span, &over);
    for (uint32_t i = 0; good && i < over.count; i++)
        good = assign_names(session, env, names, over.items[i], iterable->span) &&
               elaborate_block(session, env, block);
    if (!good) poison_block(session, env, block);
    return good;
}

static bool draw_statement(Session *session, Environment *env, const Tree *tree) {
    Value input = session->examples.sop;
    if (tree->count > 1) input = elaborate(session, env, tree->child[1]);
    Value value = elaborate(session, env, tree->child[0]);
    if (value.kind == VALUE_ERROR || input.kind == VALUE_ERROR) return false;
    if (value.kind != VALUE_SOP) {
        report(session, DIAG_NOT_SOP, tree->child[0]->span, "draw takes an s-op, not %s (%s)",
               value_kind_name(value), show(session, value));
        return false;
    }
    add_result(session, (Result){.kind = RESULT_DRAW,
                                 .value = value,
                                 .input = input,
                                 .name = graph_name_of(session->graph, value.as.node),
                                 .span = tree->span});
    return true;
}

static bool set_example_statement(Session *session, Environment *env, const Tree *tree) {
    Value value = elaborate(session, env, tree->child[0]);
    Input input;
    if (value.kind == VALUE_ERROR || !session_input(session, value, tree->child[0]->span, &input))
        return false;
    if (tree->op != WHICH_SELECTOR) session->examples.sop = value;
    if (tree->op != WHICH_SOP) session->examples.selector = value;
    return true;
}

static void examples_statement(Session *session, const Tree *tree) {
    if (tree->op != WHICH_SELECTOR) session->examples.show_sop = tree->detail;
    if (tree->op != WHICH_SOP) session->examples.show_selector = tree->detail;
}

static bool declaration_statement(Session *session, Environment *env, const Tree *tree) {
    bool good = tree->kind == TREE_INPUT ? elaborate_input(session, env, tree)
                                         : elaborate_param(session, env, tree);
    if (!good) poison_name(session, env, tree);
    return good;
}

static bool dispatch(Session *session, Environment *env, const Tree *tree) {
    switch (tree->kind) {
    case TREE_EXPRESSION: return expression_statement(session, env, tree);
    case TREE_ASSIGN: return assign_statement(session, env, tree);
    case TREE_DEF: return def_statement(session, env, tree);
    case TREE_FOR: return for_statement(session, env, tree);
    case TREE_REPEAT: return elaborate_repeat(session, env, tree);
    case TREE_INPUT:
    case TREE_PARAM: return declaration_statement(session, env, tree);
    case TREE_OUTPUT: return elaborate_output(session, env, tree);
    case TREE_REQUIRE: return elaborate_require(session, env, tree);
    case TREE_LOAD: return elaborate_load(session, env, tree);
    case TREE_CHECK: return elaborate_check(session, env, tree);
    case TREE_DRAW: return draw_statement(session, env, tree);
    case TREE_SET_EXAMPLE: return set_example_statement(session, env, tree);
    case TREE_SHOW_EXAMPLE:
        add_result(session,
                   (Result){.kind = RESULT_SHOW_EXAMPLE, .which = tree->op, .span = tree->span});
        return true;
    case TREE_EXAMPLES: examples_statement(session, tree); return true;
    case TREE_FULL_DISPLAY: session->examples.full_display = tree->detail; return true;
    case TREE_EXIT:
        session->exiting = true;
        add_result(session, (Result){.kind = RESULT_EXIT, .span = tree->span});
        return true;
    case TREE_ERROR: return false;
    default: BUG("%s is no statement", tree_kind_name(tree->kind));
    }
}

static bool elaborate_statement(Session *session, Environment *env, const Tree *tree) {
    bool good = step_in(session, tree->span) && dispatch(session, env, tree);
    step_out(session);
    return good;
}

/* The statements of a function or a loop: the first that fails ends it. */
bool elaborate_block(Session *session, Environment *env, const Tree *block) {
    bool at_top = session->at_top;
    session->at_top = false;
    bool good = true;
    for (uint32_t i = 0; good && i < block->count && !session->exiting; i++)
        good = elaborate_statement(session, env, block->child[i]);
    session->at_top = at_top;
    return good;
}

bool elaborate_program(Session *session, Environment *env, const Tree *program) {
    bool good = true;
    for (uint32_t i = 0; i < program->count && !session->exiting && !session->stopped; i++) {
        session->at_top = true;
        if (session->load_depth == 0) session->unwinding = false;
        good = elaborate_statement(session, env, program->child[i]) && good;
    }
    return good;
}
