/* What tree.def says about children, read as a pattern. */
#include "grammar/tree_shape.h"

#include <string.h>

TreeDetail tree_detail(TreeKind kind) {
    switch (kind) {
    case TREE_LOAD:
    case TREE_DEF:
    case TREE_INPUT:
    case TREE_PARAM:
    case TREE_TYPE:
    case TREE_NAMED:
    case TREE_NAME:
    case TREE_INT:
    case TREE_FLOAT:
    case TREE_STRING: return DETAIL_TEXT;
    case TREE_SELECT:
    case TREE_OPERATOR:
    case TREE_UNARY:
    case TREE_BINARY: return DETAIL_OPERATOR;
    case TREE_SET_EXAMPLE:
    case TREE_SHOW_EXAMPLE: return DETAIL_WHICH;
    case TREE_EXAMPLES: return DETAIL_WHICH_SWITCH;
    case TREE_FULL_DISPLAY: return DETAIL_SWITCH;
    default: return DETAIL_NONE;
    }
}

static bool is_statement(TreeKind kind) {
    return (kind > TREE_PROGRAM && kind < TREE_BLOCK) ||
           (kind > TREE_EXPRESSIONS && kind < TREE_NAME) || kind == TREE_ERROR;
}

static bool is_expression(TreeKind kind) { return kind >= TREE_NAME && kind < TREE_ERROR; }

/* --- children --------------------------------------------------------------------------------- */

/* A word of a pattern of tree.def, of length len, and a child. Words that name no kind stand for
   any expression: "value", "left", "condition", ... */
static bool word_fits(const char *word, size_t len, TreeKind kind) {
    static const struct {
        const char *word;
        TreeKind kind;
    } kinds[] = {
        {"names", TREE_NAMES}, {"values", TREE_EXPRESSIONS}, {"expressions", TREE_EXPRESSIONS},
        {"block", TREE_BLOCK}, {"name", TREE_NAME},          {"type", TREE_TYPE},
    };
    if (len == strlen("statement") && memcmp(word, "statement", len) == 0)
        return is_statement(kind);
    if (len == strlen("argument") && memcmp(word, "argument", len) == 0)
        return is_expression(kind) || kind == TREE_NAMED || kind == TREE_OPERATOR;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].word) == len && memcmp(word, kinds[i].word, len) == 0)
            return kind == kinds[i].kind;
    return is_expression(kind);
}

static size_t word_length(const char *pattern) { return strcspn(pattern, " []()*"); }

/* The pattern is read left to right: `a b` one each, `[c]` at most one, `d*` and `(e f)*` any
   number up to the end. */
bool tree_children_fit(const Tree *tree) {
    static const char *const patterns[] = {
#define TREE(id, name, children) children,
#include "grammar/tree.def"
#undef TREE
    };
    const char *pattern = patterns[tree->kind];
    uint32_t i = 0;
    while (*pattern != '\0') {
        if (*pattern == ' ' || *pattern == ']') {
            pattern++;
        } else if (*pattern == '[') {
            if (i == tree->count) return true;
            pattern++;
        } else if (*pattern == '(') { /* a pair; the only such pattern */
            size_t first = word_length(pattern + 1);
            const char *second = pattern + 1 + first + 1;
            if ((tree->count - i) % 2 != 0) return false;
            for (; i < tree->count; i += 2)
                if (!word_fits(pattern + 1, first, tree->child[i]->kind) ||
                    !word_fits(second, word_length(second), tree->child[i + 1]->kind))
                    return false;
            return true;
        } else {
            size_t len = word_length(pattern);
            if (pattern[len] == '*') {
                for (; i < tree->count; i++)
                    if (!word_fits(pattern, len, tree->child[i]->kind)) return false;
                return true;
            }
            if (i == tree->count || !word_fits(pattern, len, tree->child[i++]->kind)) return false;
            pattern += len;
        }
    }
    return i == tree->count;
}

/* --- texts and operators ---------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(const String *text) {
    if (text->len == 0 || !is_letter(text->bytes[0])) return false;
    for (uint32_t i = 1; i < text->len; i++)
        if (!is_letter(text->bytes[i]) && !is_digit(text->bytes[i])) return false;
    return true;
}

static bool is_digits(const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (!is_digit(bytes[i])) return false;
    return len > 0;
}

static bool is_float(const String *text) {
    const char *point = memchr(text->bytes, '.', text->len);
    if (point == NULL) return false;
    size_t before = (size_t)(point - text->bytes);
    return is_digits(text->bytes, before) && is_digits(point + 1, text->len - before - 1);
}

static bool is_string(const String *text) {
    size_t bad;
    for (uint32_t i = 0; i < text->len; i++)
        if (strchr("\"\r\n", text->bytes[i]) != NULL) return false; /* finds NUL too */
    return utf8_valid(text->bytes, text->len, &bad);
}

static bool operator_fits(TreeKind kind, Operator op) {
    bool comparison = op >= OPERATOR_EQ && op <= OPERATOR_GE;
    switch (kind) {
    case TREE_SELECT: return comparison;
    case TREE_OPERATOR: return op == OPERATOR_ADD || op == OPERATOR_SUB || op == OPERATOR_MUL;
    case TREE_UNARY: return op == OPERATOR_NOT || op == OPERATOR_SUB || op == OPERATOR_ADD;
    default: return op != OPERATOR_NOT && op != OPERATOR_NE;
    }
}

bool tree_detail_fits(const Tree *tree) {
    switch (tree->kind) {
    case TREE_NAME:
    case TREE_INPUT:
    case TREE_PARAM:
    case TREE_TYPE:
    case TREE_NAMED:
    case TREE_DEF: return is_name(tree->text);
    case TREE_INT: return is_digits(tree->text->bytes, tree->text->len);
    case TREE_FLOAT: return is_float(tree->text);
    case TREE_STRING:
    case TREE_LOAD: return is_string(tree->text);
    case TREE_SELECT:
    case TREE_OPERATOR:
    case TREE_UNARY:
    case TREE_BINARY: return operator_fits(tree->kind, tree->op);
    default: return true;
    }
}
