/* The tree's tables and its constructors: one call for each action of the grammar. */
#include "grammar/parse.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"

#include <string.h>

const char *tree_kind_name(TreeKind kind) {
    static const char *const names[] = {
#define TREE(id, name, children) name,
#include "grammar/tree.def"
#undef TREE
    };
    return names[kind];
}

const char *operator_text(Operator op) {
    static const char *const texts[] = {
#define OPERATOR(id, text, level) text,
#include "grammar/operators.def"
#undef OPERATOR
    };
    return texts[op];
}

/* --- lists being collected -------------------------------------------------------------------- */

TreeList list_start(Parser *parser) { return (TreeList){parser->pending_count, 0}; }

TreeList list_add(Parser *parser, TreeList list, Tree *item) {
    /* What lies above this list was left by a statement that was given up. */
    parser->pending_count = list.start + list.count;
    parser->pending = memory_reserve(parser->pending, &parser->pending_capacity,
                                     (size_t)parser->pending_count + 1, sizeof *parser->pending);
    parser->pending[parser->pending_count++] = item;
    list.count++;
    return list;
}

TreeList list_pair(Parser *parser, TreeList list, Tree *first, Tree *second) {
    return list_add(parser, list_add(parser, list, first), second);
}

/* --- nodes ------------------------------------------------------------------------------------ */

static Tree *node_new(Parser *parser, TreeKind kind, Span span) {
    if (++parser->node_count > LIMIT_TREE_NODES && !parser->stop) {
        Diagnostic *diag =
            parser_error(parser, DIAG_LIMIT_PROGRAM, span, "the program is too long to be read");
        if (diag != NULL)
            diag_help(diag, "at most %d names, numbers and operators are read", LIMIT_TREE_NODES);
        parser->stop = true;
    }
    Tree *tree = ARENA_NEW(parser->arena, Tree);
    tree->kind = kind;
    tree->span = span;
    tree->depth = 1;
    return tree;
}

Tree *build_error(Parser *parser, Span span) { return node_new(parser, TREE_ERROR, span); }

/* Adopts the children. A tree that would be too deep is reported and becomes a TREE_ERROR; so does
   whatever holds it up to its statement, which leaves room for the program above. */
static Tree *adopt(Parser *parser, Tree *tree, Tree *const *children, uint32_t count) {
    bool holds_statements = tree->kind == TREE_PROGRAM || tree->kind == TREE_BLOCK;
    uint32_t limit = tree->kind == TREE_PROGRAM ? LIMIT_NESTING : LIMIT_NESTING - 1;
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (children[i]->kind == TREE_ERROR && !holds_statements)
            return build_error(parser, tree->span);
        if (children[i]->depth > deepest) deepest = children[i]->depth;
    }
    if (deepest >= limit) {
        parser_too_deep(parser, tree->span);
        return build_error(parser, tree->span);
    }
    tree->depth = deepest + 1;
    tree->count = count;
    tree->child = ARENA_ARRAY(parser->arena, Tree *, count);
    if (count > 0) memcpy(tree->child, children, count * sizeof *children);
    return tree;
}

static Tree *adopt_list(Parser *parser, Tree *tree, TreeList list) {
    return adopt(parser, tree, list.count > 0 ? parser->pending + list.start : NULL, list.count);
}

/* Up to four children; the first NULL ends them. */
static Tree *adopt_some(Parser *parser, Tree *tree, Tree *a, Tree *b, Tree *c, Tree *d) {
    Tree *children[] = {a, b, c, d};
    uint32_t count = 0;
    while (count < 4 && children[count] != NULL)
        count++;
    return adopt(parser, tree, children, count);
}

static const String *text_at(Parser *parser, uint32_t start, uint32_t end) {
    size_t len;
    const char *text = sources_text(parser->sources, parser->file, &len);
    return string_new(parser->arena, text + start, end - start);
}

static const String *quoted_at(Parser *parser, Span span) {
    return text_at(parser, span.start + 1, span.end - 1);
}

Tree *build_leaf(Parser *parser, TreeKind kind, Span span) {
    Tree *tree = node_new(parser, kind, span);
    tree->text =
        kind == TREE_STRING ? quoted_at(parser, span) : text_at(parser, span.start, span.end);
    return tree;
}

Tree *build_load(Parser *parser, Span span, Span file) {
    Tree *tree = node_new(parser, TREE_LOAD, span);
    tree->text = quoted_at(parser, file);
    tree->name_span = file;
    return tree;
}

Tree *build_node(Parser *parser, TreeKind kind, Span span, Tree *a, Tree *b, Tree *c) {
    return adopt_some(parser, node_new(parser, kind, span), a, b, c, NULL);
}

Tree *build_list(Parser *parser, TreeKind kind, Span span, TreeList list) {
    return adopt_list(parser, node_new(parser, kind, span), list);
}

/* select(k, q, ==) is a form of its own; score(k, q, *) is a call, since its name may be given
 * anew. */
static bool takes_operator(const Tree *callee) {
    return callee->kind == TREE_NAME && strcmp(callee->text->bytes, "score") == 0;
}

Tree *build_call(Parser *parser, Span span, Tree *callee, TreeList arguments) {
    const Tree *last =
        arguments.count > 0 ? parser->pending[arguments.start + arguments.count - 1] : NULL;
    if (last != NULL && last->kind == TREE_OPERATOR && !takes_operator(callee)) {
        Diagnostic *diag = parser_error(parser, DIAG_SYNTAX, last->span,
                                        "a value is wanted here, not an operator alone");
        if (diag != NULL)
            diag_help(diag, "only 'score(keys, queries, %s)' takes one", operator_text(last->op));
        return build_error(parser, span);
    }
    /* The callee was there first, but it is no item of the list: shift the items by one. */
    TreeList list = list_add(parser, arguments, callee);
    Tree **items = parser->pending + list.start;
    memmove(items + 1, items, arguments.count * sizeof *items);
    items[0] = callee;
    return build_list(parser, TREE_CALL, span, list);
}

static Tree *with_operator(Parser *parser, TreeKind kind, Span span, Operator op) {
    Tree *tree = node_new(parser, kind, span);
    tree->op = (uint8_t)op;
    return tree;
}

Tree *build_operator(Parser *parser, Span span, Operator op) {
    return with_operator(parser, TREE_OPERATOR, span, op);
}

Tree *build_unary(Parser *parser, Span span, Operator op, Tree *value) {
    return adopt_some(parser, with_operator(parser, TREE_UNARY, span, op), value, NULL, NULL, NULL);
}

Tree *build_binary(Parser *parser, Span span, Operator op, Tree *left, Tree *right) {
    return adopt_some(parser, with_operator(parser, TREE_BINARY, span, op), left, right, NULL,
                      NULL);
}

static Tree *with_word(Parser *parser, TreeKind kind, Span span, Span word) {
    Tree *tree = node_new(parser, kind, span);
    tree->name_span = word;
    return tree;
}

static Tree *with_name(Parser *parser, TreeKind kind, Span span, Span name) {
    Tree *tree = with_word(parser, kind, span, name);
    tree->text = text_at(parser, name.start, name.end);
    return tree;
}

Tree *build_named(Parser *parser, Span span, Span name, Tree *value) {
    return adopt_some(parser, with_name(parser, TREE_NAMED, span, name), value, NULL, NULL, NULL);
}

Tree *build_declaration(Parser *parser, TreeKind kind, Span span, Span name, Tree *type,
                        Tree *value) {
    return adopt_some(parser, with_name(parser, kind, span, name), type, value, NULL, NULL);
}

Tree *build_type(Parser *parser, Span span, Span name, TreeList sizes) {
    return adopt_list(parser, with_name(parser, TREE_TYPE, span, name), sizes);
}

Tree *build_form(Parser *parser, TreeKind kind, Span span, Span word, Tree *a, Tree *b, Tree *c) {
    return adopt_some(parser, with_word(parser, kind, span, word), a, b, c, NULL);
}

Tree *build_form_list(Parser *parser, TreeKind kind, Span span, Span word, TreeList list) {
    return adopt_list(parser, with_word(parser, kind, span, word), list);
}

Tree *build_select(Parser *parser, Span span, Span word, Tree *key, Tree *query, Operator op) {
    Tree *tree = with_word(parser, TREE_SELECT, span, word);
    tree->op = (uint8_t)op;
    return adopt_some(parser, tree, key, query, NULL, NULL);
}

Tree *build_dict_for(Parser *parser, Span span, Tree *key, Tree *value, Tree *names,
                     Tree *iterable) {
    return adopt_some(parser, node_new(parser, TREE_DICT_FOR, span), key, value, names, iterable);
}

Tree *build_repl(Parser *parser, TreeKind kind, Span span, int which, int detail, Tree *value) {
    Tree *tree = with_operator(parser, kind, span, OPERATOR_OR);
    tree->op = (uint8_t)which;
    tree->detail = (uint8_t)detail;
    return adopt_some(parser, tree, value, NULL, NULL, NULL);
}

/* --- statements ------------------------------------------------------------------------------- */

Statements statements_start(Parser *parser) { return (Statements){.list = list_start(parser)}; }

static void note_after_return(Statements *statements, Span span) {
    if (statements->returned != NULL && statements->after_return.file == 0)
        statements->after_return = span;
}

Statements statements_add(Parser *parser, Statements statements, Tree *statement) {
    note_after_return(&statements, statement->span);
    if (statement->kind == TREE_ERROR) statements.broken = true;
    statements.list = list_add(parser, statements.list, statement);
    return statements;
}

Statements statements_return(Statements statements, Span span, Tree *values) {
    note_after_return(&statements, span);
    if (statements.returned != NULL) return statements;
    statements.returned = values;
    statements.return_span = span;
    return statements;
}

/* Programs and the bodies of loops return nothing. */
static void expect_no_return(Parser *parser, Statements statements, const char *message) {
    if (statements.returned != NULL)
        parser_error(parser, DIAG_RETURN, statements.return_span, message);
}

/* A function returns once, at its end. */
static void expect_return(Parser *parser, Statements body, Span name, Span block) {
    Diagnostic *diag = NULL;
    if (body.returned == NULL && !body.broken) {
        Span end = {block.file, block.end - 1, block.end};
        diag = parser_error(parser, DIAG_RETURN, end, "this function ends without a 'return'");
        if (diag != NULL) diag_note(diag, name, "the function begins here");
    } else if (body.returned != NULL && body.after_return.file != 0) {
        diag = parser_error(parser, DIAG_RETURN, body.after_return,
                            "a function ends with its 'return'");
        if (diag != NULL) diag_note(diag, body.return_span, "the 'return' is here");
    }
}

Tree *build_program(Parser *parser, Span span, Statements statements) {
    expect_no_return(parser, statements, "'return' stands in functions only");
    return build_list(parser, TREE_PROGRAM, span, statements.list);
}

Tree *build_def(Parser *parser, Span span, Span name_span, Tree *names, Span block_span,
                Statements body) {
    expect_return(parser, body, name_span, block_span);
    if (body.returned == NULL) return build_error(parser, span);
    Tree *tree = with_name(parser, TREE_DEF, span, name_span);
    Tree *block = build_list(parser, TREE_BLOCK, block_span, body.list);
    return adopt_some(parser, tree, names, block, body.returned, NULL);
}

Tree *build_for(Parser *parser, Span span, Tree *names, Tree *iterable, Span block_span,
                Statements body) {
    expect_no_return(parser, body, "a loop can't return; its function does, at its end");
    Tree *block = build_list(parser, TREE_BLOCK, block_span, body.list);
    return build_node(parser, TREE_FOR, span, names, iterable, block);
}

Tree *build_repeat(Parser *parser, Span span, Span word, Tree *times, Tree *until, Span block_span,
                   Statements body) {
    expect_no_return(parser, body, "a loop can't return; its function does, at its end");
    Tree *block = build_list(parser, TREE_BLOCK, block_span, body.list);
    return build_form(parser, TREE_REPEAT, span, word, times, block, until);
}
