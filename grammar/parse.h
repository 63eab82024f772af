/* Inside the grammar form only: what the scanner, the Bison grammar, the constructors (tree.c) and
   the driver (parse.c) share. Users of the form include grammar/tree.h.
   A Parser owns its vector of pending list items (malloc); the tree itself is the arena's. */
#ifndef RASPC_PARSE_H
#define RASPC_PARSE_H

#include "grammar/tree.h"

/* A run of nodes still being collected: items start .. start + count of Parser.pending. */
typedef struct TreeList {
    uint32_t start, count;
} TreeList;

/* The statements of a block so far, and its return. */
typedef struct Statements {
    TreeList list;
    Tree *returned; /* EXPRESSIONS, or NULL */
    Span return_span;
    Span after_return; /* the first statement or second return behind it; file 0: none */
    bool broken;       /* a mistake in it was reported: a missing return may follow from that */
} Statements;

struct TokenStream;

typedef struct Parser {
    Arena *arena;
    const Sources *sources;
    uint32_t file;
    Diagnostics *diags;
    const struct TokenStream *tokens; /* what is open, for messages */
    Tree *program;                    /* set when the whole text was reduced */

    Tree **pending; /* items of the lists that are not finished yet, innermost last */
    uint32_t pending_count;
    size_t pending_capacity;

    uint32_t node_count, error_count;
    bool want_more;    /* the text may end inside a statement: say so instead of reporting */
    bool incomplete;   /* it did */
    bool quiet;        /* the rest follows from a reported mistake: report nothing more */
    bool stop;         /* a limit was reached: give up */
    bool failed;       /* something was reported */
    bool syntax_error; /* Bison met a mistake in the token just pushed */
} Parser;

/* Every report goes through here: NULL when nothing is to be said (quiet). */
Diagnostic *parser_error(Parser *parser, DiagId id, Span span, const char *message);

/* --- constructors, one call an action (tree.c) ------------------------------------------------ */

/* Its text is what span holds; a string's, what its quotes hold. */
Tree *build_leaf(Parser *parser, TreeKind kind, Span span);
Tree *build_load(Parser *parser, Span span, Span file);
/* One to three children; a NULL child ends them. */
Tree *build_node(Parser *parser, TreeKind kind, Span span, Tree *a, Tree *b, Tree *c);
Tree *build_list(Parser *parser, TreeKind kind, Span span, TreeList list);
/* first stands before the items of list (the callee of a call). */
Tree *build_call(Parser *parser, Span span, Tree *callee, TreeList arguments);
/* name=value, and an operator by itself, among the arguments of a call. */
Tree *build_named(Parser *parser, Span span, Span name, Tree *value);
Tree *build_operator(Parser *parser, Span span, Operator op);
Tree *build_unary(Parser *parser, Span span, Operator op, Tree *value);
Tree *build_binary(Parser *parser, Span span, Operator op, Tree *left, Tree *right);
/* A form that begins with a word: select, aggregate, range, ... */
Tree *build_form(Parser *parser, TreeKind kind, Span span, Span word, Tree *a, Tree *b, Tree *c);
Tree *build_form_list(Parser *parser, TreeKind kind, Span span, Span word, TreeList list);
Tree *build_select(Parser *parser, Span span, Span word, Tree *key, Tree *query, Operator op);
Tree *build_dict_for(Parser *parser, Span span, Tree *key, Tree *value, Tree *names,
                     Tree *iterable);

Tree *build_program(Parser *parser, Span span, Statements statements);
Tree *build_def(Parser *parser, Span span, Span name_span, Tree *names, Span block_span,
                Statements body);
Tree *build_for(Parser *parser, Span span, Tree *names, Tree *iterable, Span block_span,
                Statements body);
/* input, param: value is NULL or what the param is. */
Tree *build_declaration(Parser *parser, TreeKind kind, Span span, Span name, Tree *type,
                        Tree *value);
Tree *build_type(Parser *parser, Span span, Span name, TreeList sizes);
/* until may be NULL. */
Tree *build_repeat(Parser *parser, Span span, Span word, Tree *times, Tree *until, Span block_span,
                   Statements body);
/* The REPL's statements. */
Tree *build_repl(Parser *parser, TreeKind kind, Span span, int which, int detail, Tree *value);
Tree *build_error(Parser *parser, Span span);

TreeList list_start(Parser *parser);
TreeList list_add(Parser *parser, TreeList list, Tree *item);
TreeList list_pair(Parser *parser, TreeList list, Tree *first, Tree *second);

Statements statements_start(Parser *parser);
Statements statements_add(Parser *parser, Statements statements, Tree *statement);
Statements statements_return(Statements statements, Span span, Tree *values);

/* The parser's stack is full, or a tree passes LIMIT_NESTING. */
void parser_too_deep(Parser *parser, Span span);
/* What Bison saw and what it would have taken, as the tokens' names. */
void parser_unexpected(Parser *parser, Span span, const char *found, const char *const *expected,
                       int expected_count);

#endif
