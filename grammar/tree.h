/* The tree: what was written, with spans. One shape of node for every kind (tree.def says what the
   children are), so that printing, parsing back and walking are one loop each.
   Owns nothing: nodes and texts live in the arena given to the parser.
   Always holds: depth <= LIMIT_NESTING, so recursion over a tree is safe; children are as tree.def
   says; TREE_ERROR stands for whole statements only. */
#ifndef RASPC_TREE_H
#define RASPC_TREE_H

#include "runtime/base/diag.h"
#include "runtime/base/text.h"

typedef enum TreeKind {
#define TREE(id, name, children) id,
#include "grammar/tree.def"
#undef TREE
    TREE_KIND_COUNT
} TreeKind;

typedef enum Operator {
#define OPERATOR(id, text, level) id,
#include "grammar/operators.def"
#undef OPERATOR
    OPERATOR_COUNT
} Operator;

enum { WHICH_BOTH, WHICH_SOP, WHICH_SELECTOR };

typedef struct Tree Tree;
struct Tree {
    TreeKind kind;
    uint8_t op;     /* Operator, or WHICH_... */
    uint8_t detail; /* see tree.def */
    uint32_t depth; /* 1 + the deepest child's */
    Span span;
    Span name_span;     /* DEF: its name; LOAD: the file; AGGREGATE, SELECT, ...: the keyword */
    const String *text; /* see tree.def */
    uint32_t count;
    Tree **child; /* (count) */
};

const char *tree_kind_name(TreeKind kind);
const char *operator_text(Operator op);

/* Parses a whole file. Always returns a TREE_PROGRAM of what could be read; mistakes are reported
   (every independent one) and leave TREE_ERROR behind or nothing. */
Tree *parse_program(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags);

typedef enum ParseStatus { PARSE_OK, PARSE_INCOMPLETE, PARSE_FAILED } ParseStatus;
/* Parses one REPL entry (any number of statements, the REPL's own included). PARSE_INCOMPLETE: the
   text ends inside a statement, nothing was reported, more input is wanted. */
ParseStatus parse_entry(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags,
                        Tree **out);

/* S-expressions, a statement a line (nested blocks indented):
     (assign (names (name "x")) (expressions (binary "+" (name "y") (int "1"))))              */
void tree_print(const Tree *tree, Buffer *out);
/* Reads what tree_print writes; spans then point into that text. NULL after reporting a mistake. */
Tree *tree_parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags);

/* The source again, laid out: comments kept, one statement a line, four blanks a level. */
void tree_format(const Tree *program, const Sources *sources, uint32_t file, Buffer *out);

#endif
