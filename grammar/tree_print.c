/* The tree as S-expressions; tree_parse.c reads them back. */
#include "grammar/tree_shape.h"

static void print_quoted(const char *bytes, size_t len, Buffer *out) {
    buffer_char(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\') buffer_char(out, '\\');
        buffer_char(out, bytes[i]);
    }
    buffer_char(out, '"');
}

static const char *which_text(unsigned which) {
    return which == WHICH_SOP ? " s-op" : which == WHICH_SELECTOR ? " selector" : " both";
}

static void print_detail(const Tree *tree, Buffer *out) {
    switch (tree_detail(tree->kind)) {
    case DETAIL_NONE: break;
    case DETAIL_TEXT:
        buffer_char(out, ' ');
        print_quoted(tree->text->bytes, tree->text->len, out);
        break;
    case DETAIL_OPERATOR: buffer_printf(out, " \"%s\"", operator_text(tree->op)); break;
    case DETAIL_WHICH: buffer_text(out, which_text(tree->op)); break;
    case DETAIL_WHICH_SWITCH:
        buffer_text(out, which_text(tree->op));
        buffer_text(out, tree->detail ? " on" : " off");
        break;
    case DETAIL_SWITCH: buffer_text(out, tree->detail ? " on" : " off"); break;
    }
}

/* A block, what is in it and what stands behind it get lines of their own. */
static void print_node(const Tree *tree, unsigned level, Buffer *out) {
    buffer_printf(out, "(%s", tree_kind_name(tree->kind));
    print_detail(tree, out);
    bool new_lines = tree->kind == TREE_BLOCK;
    for (uint32_t i = 0; i < tree->count; i++) {
        new_lines = new_lines || tree->child[i]->kind == TREE_BLOCK;
        if (new_lines) {
            buffer_char(out, '\n');
            buffer_repeat(out, ' ', 2 * (level + 1));
        } else {
            buffer_char(out, ' ');
        }
        print_node(tree->child[i], level + 1, out);
    }
    buffer_char(out, ')');
}

void tree_print(const Tree *tree, Buffer *out) {
    if (tree->kind != TREE_PROGRAM) {
        print_node(tree, 0, out);
        buffer_char(out, '\n');
        return;
    }
    for (uint32_t i = 0; i < tree->count; i++) {
        print_node(tree->child[i], 0, out);
        buffer_char(out, '\n');
    }
}
