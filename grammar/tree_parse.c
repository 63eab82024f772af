/* Reads the S-expressions that tree_print writes. What it accepts has the shape that tree.def says,
   so whatever reads trees may rely on it. */
#include "grammar/tree_shape.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct TreeReader {
    Arena *arena;
    Diagnostics *diags;
    const char *text;
    uint32_t len, at, file;
    uint32_t node_count;
    Tree **pending; /* children of the nodes that are not finished, innermost last */
    size_t pending_count, pending_capacity;
    bool failed;
} TreeReader;

static void fail(TreeReader *reader, uint32_t start, const char *message) {
    if (!reader->failed) {
        Span span = {reader->file, start, reader->at > start ? reader->at : start};
        diag_error(reader->diags, DIAG_TREE_TEXT, span, "%s", message);
    }
    reader->failed = true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void skip_blanks(TreeReader *reader) {
    while (reader->at < reader->len && is_blank(reader->text[reader->at]))
        reader->at++;
}

static bool next_is(TreeReader *reader, char c) {
    skip_blanks(reader);
    return reader->at < reader->len && reader->text[reader->at] == c;
}

static bool take(TreeReader *reader, char c) {
    if (!next_is(reader, c)) return false;
    reader->at++;
    return true;
}

/* A word up to a blank, bracket or quote: where it begins, and its length. */
static const char *take_word(TreeReader *reader, size_t *len) {
    skip_blanks(reader);
    uint32_t start = reader->at;
    while (reader->at < reader->len && !is_blank(reader->text[reader->at]) &&
           strchr("()\"", reader->text[reader->at]) == NULL)
        reader->at++;
    *len = reader->at - start;
    return reader->text + start;
}

static bool word_is(const char *word, size_t len, const char *text) {
    return strlen(text) == len && memcmp(word, text, len) == 0;
}

static const String *take_quoted(TreeReader *reader) {
    skip_blanks(reader);
    uint32_t start = reader->at;
    if (!take(reader, '"')) {
        fail(reader, start, "a text in double quotes is wanted here");
        return NULL;
    }
    Buffer text = {0};
    const String *string = NULL;
    while (reader->at < reader->len && string == NULL) {
        char c = reader->text[reader->at++];
        if (c == '"')
            string = string_new(reader->arena, text.data == NULL ? "" : text.data, text.len);
        else if (c == '\\' && reader->at < reader->len)
            buffer_char(&text, reader->text[reader->at++]);
        else
            buffer_char(&text, c);
    }
    buffer_free(&text);
    if (string == NULL) fail(reader, start, "this text does not end");
    return string;
}

static void read_operator(TreeReader *reader, Tree *tree) {
    uint32_t start = reader->at;
    const String *text = take_quoted(reader);
    if (text == NULL) return;
    for (int op = 0; op < OPERATOR_COUNT; op++)
        if (word_is(text->bytes, text->len, operator_text((Operator)op))) {
            tree->op = (uint8_t)op;
            return;
        }
    fail(reader, start, "there is no such operator");
}

/* One of count words; its number. */
static uint8_t read_choice(TreeReader *reader, const char *const *words, size_t count) {
    skip_blanks(reader);
    uint32_t start = reader->at;
    size_t len;
    const char *word = take_word(reader, &len);
    for (size_t i = 0; i < count; i++)
        if (word_is(word, len, words[i])) return (uint8_t)i;
    fail(reader, start, "this word is not wanted here");
    return 0;
}

static void read_detail(TreeReader *reader, Tree *tree) {
    static const char *const which[] = {"both", "s-op", "selector"};
    static const char *const switches[] = {"off", "on"};
    TreeDetail detail = tree_detail(tree->kind);
    if (detail == DETAIL_TEXT) tree->text = take_quoted(reader);
    if (detail == DETAIL_OPERATOR) read_operator(reader, tree);
    if (detail == DETAIL_WHICH || detail == DETAIL_WHICH_SWITCH)
        tree->op = read_choice(reader, which, 3);
    if (detail == DETAIL_SWITCH || detail == DETAIL_WHICH_SWITCH)
        tree->detail = read_choice(reader, switches, 2);
}

static bool read_kind(TreeReader *reader, Tree *tree) {
    skip_blanks(reader);
    uint32_t start = reader->at;
    size_t len;
    const char *word = take_word(reader, &len);
    for (int kind = 0; kind < TREE_KIND_COUNT; kind++)
        if (word_is(word, len, tree_kind_name((TreeKind)kind))) {
            tree->kind = (TreeKind)kind;
            return true;
        }
    fail(reader, start, "there is no such kind of node");
    return false;
}

static Tree *read_node(TreeReader *reader, uint32_t level);

/* Children up to the ')' or, for a program, the end of the text. */
static void read_children(TreeReader *reader, Tree *tree, uint32_t level) {
    size_t first = reader->pending_count;
    while (!reader->failed && next_is(reader, '(')) {
        Tree *child = read_node(reader, level + 1);
        reader->pending = memory_reserve(reader->pending, &reader->pending_capacity,
                                         reader->pending_count + 1, sizeof *reader->pending);
        reader->pending[reader->pending_count++] = child;
    }
    if (reader->failed) return;
    tree->count = (uint32_t)(reader->pending_count - first);
    tree->child = ARENA_ARRAY(reader->arena, Tree *, tree->count);
    tree->depth = 1;
    for (uint32_t i = 0; i < tree->count; i++) {
        tree->child[i] = reader->pending[first + i];
        if (tree->depth <= tree->child[i]->depth) tree->depth = tree->child[i]->depth + 1;
    }
    reader->pending_count = first;
}

static Tree *read_node(TreeReader *reader, uint32_t level) {
    uint32_t start = reader->at;
    take(reader, '(');
    Tree *tree = ARENA_NEW(reader->arena, Tree);
    if (level >= LIMIT_NESTING || ++reader->node_count > LIMIT_TREE_NODES) {
        fail(reader, start,
             level >= LIMIT_NESTING ? "this is nested too deep" : "this is too long");
        return tree;
    }
    if (!read_kind(reader, tree)) return tree;
    read_detail(reader, tree);
    read_children(reader, tree, level);
    if (reader->failed) return tree;
    if (!take(reader, ')')) {
        fail(reader, start, "a ')' is missing at the end of this node");
        return tree;
    }
    tree->span = (Span){reader->file, start, reader->at};
    tree->name_span = tree->span;
    if (!tree_detail_fits(tree))
        fail(reader, start, "this text or operator does not belong to such a node");
    else if (!tree_children_fit(tree))
        fail(reader, start, "these children do not belong to such a node");
    return tree;
}

Tree *tree_parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags) {
    size_t len;
    const char *text = sources_text(sources, file, &len);
    TreeReader reader = {
        .arena = arena, .diags = diags, .text = text, .len = (uint32_t)len, .file = file};
    Tree *program = ARENA_NEW(arena, Tree);
    program->kind = TREE_PROGRAM;
    program->span = (Span){file, 0, (uint32_t)len};
    read_children(&reader, program, 0);
    skip_blanks(&reader);
    if (reader.at < reader.len)
        fail(&reader, reader.at, "a '(' is wanted here");
    else if (!reader.failed && !tree_children_fit(program))
        fail(&reader, 0, "a program holds statements");
    free(reader.pending);
    return reader.failed ? NULL : program;
}
