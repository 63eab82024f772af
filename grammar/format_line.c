/* Expressions as pieces of a line, and lines of a bearable length. */
#include "grammar/format.h"
#include "runtime/base/bug.h"
#include "runtime/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* --- lines ------------------------------------------------------------------------------------ */

Line line_new(void) { return (Line){.open = NO_BRACKET}; }

void line_bytes(Line *line, const char *bytes, size_t len) { buffer_add(&line->text, bytes, len); }

void line_text(Line *line, const char *text) { buffer_text(&line->text, text); }

void line_break(Line *line, uint32_t looseness) {
    line->breaks = memory_reserve(line->breaks, &line->break_capacity, line->break_count + 1,
                                  sizeof *line->breaks);
    line->breaks[line->break_count++] =
        (Break){line->text.len, line->nesting * 16 + looseness, line->open};
}

void line_free(Line *line) {
    buffer_free(&line->text);
    free(line->breaks);
    free(line->brackets);
}

/* Columns from offset from to offset to, with the blanks of the breaks first .. last - 1. */
static size_t width(const Line *line, size_t from, size_t to, size_t first, size_t last) {
    return utf8_columns(line->text.data + from, to - from) + (last - first);
}

/* Where the filling of a line has come to. */
typedef struct Filler {
    Line *line;
    Buffer *out;
    size_t at;      /* offset in the text */
    size_t column;  /* of what comes next */
    size_t bracket; /* the first one not passed */
} Filler;

/* Writes the text up to offset to, and the break's blank where there is one. */
static void write_piece(Filler *filler, size_t to, bool blank) {
    Line *line = filler->line;
    for (; filler->bracket < line->bracket_count; filler->bracket++) {
        Bracket *bracket = &line->brackets[filler->bracket];
        if (bracket->at > to) break;
        bracket->column = filler->column + width(line, filler->at, bracket->at, 0, 0);
    }
    filler->column += width(line, filler->at, to, 0, 0) + blank;
    buffer_add(filler->out, line->text.data + filler->at, to - filler->at);
    if (blank) buffer_char(filler->out, ' ');
    filler->at = to;
}

static void new_line(Filler *filler, uint32_t bracket, size_t indent) {
    filler->column = indent + FORMAT_INDENT;
    for (; bracket != NO_BRACKET; bracket = filler->line->brackets[bracket].outer) {
        size_t column = filler->line->brackets[bracket].column;
        if (column > indent + FORMAT_ALIGN_COLUMN) continue;
        filler->column = column;
        break;
    }
    buffer_char(filler->out, '\n');
    buffer_repeat(filler->out, ' ', filler->column);
}

/* The break to take when the text from at on, which follows break first - 1, does not fit: of those
   that still fit (or else the very next), the last one of lowest rank. */
static size_t choose_break(const Line *line, size_t at, size_t first, size_t room) {
    size_t chosen = first, columns = 0, from = at;
    for (size_t i = first; i < line->break_count; i++) {
        columns += width(line, from, line->breaks[i].at, i, i);
        from = line->breaks[i].at;
        if (columns > room) break;
        if (line->breaks[i].rank <= line->breaks[chosen].rank) chosen = i;
        columns++;
    }
    return chosen;
}

void line_fill(Line *line, size_t indent, Buffer *out) {
    Filler filler = {.line = line, .out = out, .column = indent};
    size_t next = 0;
    size_t left = width(line, 0, line->text.len, 0, line->break_count);
    buffer_repeat(out, ' ', indent);
    while (filler.column + left > FORMAT_COLUMNS && next < line->break_count) {
        size_t room = filler.column < FORMAT_COLUMNS ? FORMAT_COLUMNS - filler.column : 0;
        size_t chosen = choose_break(line, filler.at, next, room);
        const Break *at = &line->breaks[chosen];
        left -= width(line, filler.at, at->at, next, chosen) + 1;
        for (; next < chosen; next++)
            write_piece(&filler, line->breaks[next].at, true);
        write_piece(&filler, at->at, false);
        new_line(&filler, at->bracket, indent);
        next = chosen + 1;
    }
    for (; next < line->break_count; next++)
        write_piece(&filler, line->breaks[next].at, true);
    write_piece(&filler, line->text.len, false);
}

/* --- expressions ------------------------------------------------------------------------------ */

static void open_bracket(Line *line, const char *bracket) {
    line_text(line, bracket);
    line->brackets = memory_reserve(line->brackets, &line->bracket_capacity,
                                    line->bracket_count + 1, sizeof *line->brackets);
    line->brackets[line->bracket_count] = (Bracket){.at = line->text.len, .outer = line->open};
    line->open = (uint32_t)line->bracket_count++;
    line->nesting++;
}

static void close_bracket(Line *line, const char *bracket) {
    line->nesting--;
    line->open = line->brackets[line->open].outer;
    line_text(line, bracket);
}

static void comma(Line *line) {
    line_text(line, ",");
    line_break(line, 0);
}

/* Children from number first on, with commas. */
static void items(Line *line, const Tree *tree, uint32_t first) {
    for (uint32_t i = first; i < tree->count; i++) {
        if (i > first) comma(line);
        format_expression(line, tree->child[i]);
    }
}

void format_expressions(Line *line, const Tree *list) { items(line, list, 0); }

static void call(Line *line, const Tree *tree, uint32_t first) {
    open_bracket(line, "(");
    items(line, tree, first);
    close_bracket(line, ")");
}

void format_type(Line *line, const Tree *tree) {
    line_bytes(line, tree->text->bytes, tree->text->len);
    if (tree->count == 0) return;
    open_bracket(line, "[");
    items(line, tree, 0);
    close_bracket(line, "]");
}

void format_draw(Line *line, const Tree *tree) {
    line_text(line, "draw");
    call(line, tree, 0);
}

/* An operator in words or signs, between blanks; the line is broken before it. Operators of level 2
   bind tightest, `in` with level 10 loosest. */
static void infix(Line *line, const char *text, unsigned level) {
    line_break(line, 12 - level);
    line_text(line, text);
    line_text(line, " ");
}

static unsigned operator_level(Operator op) {
    static const uint8_t levels[] = {
#define OPERATOR(id, text, level) level,
#include "grammar/operators.def"
#undef OPERATOR
    };
    return levels[op];
}

static void comprehension(Line *line, const Tree *names, const Tree *iterable) {
    infix(line, "for", 10);
    format_expressions(line, names);
    line_text(line, " in ");
    format_expression(line, iterable);
}

static void dict(Line *line, const Tree *tree) {
    open_bracket(line, "{");
    for (uint32_t i = 0; i < tree->count; i += 2) {
        if (i > 0) comma(line);
        format_expression(line, tree->child[i]);
        line_text(line, ": ");
        format_expression(line, tree->child[i + 1]);
    }
    close_bracket(line, "}");
}

/* Bracketed forms other than calls. */
static void bracketed(Line *line, const Tree *tree) {
    Tree *const *child = tree->child;
    bool round = tree->kind == TREE_PAREN, curly = tree->kind == TREE_DICT_FOR;
    open_bracket(line, round ? "(" : curly ? "{" : "[");
    if (round) {
        format_expression(line, child[0]);
    } else if (tree->kind == TREE_LIST) {
        items(line, tree, 0);
    } else if (tree->kind == TREE_LIST_FOR) {
        format_expression(line, child[0]);
        comprehension(line, child[1], child[2]);
    } else {
        format_expression(line, child[0]);
        line_text(line, ": ");
        format_expression(line, child[1]);
        comprehension(line, child[2], child[3]);
    }
    close_bracket(line, round ? ")" : curly ? "}" : "]");
}

void format_expression(Line *line, const Tree *tree) {
    Tree *const *child = tree->child;
    switch (tree->kind) {
    case TREE_NAME:
    case TREE_INT:
    case TREE_FLOAT: line_bytes(line, tree->text->bytes, tree->text->len); break;
    case TREE_STRING:
        line_text(line, "\"");
        line_bytes(line, tree->text->bytes, tree->text->len);
        line_text(line, "\"");
        break;
    case TREE_NAMED:
        line_bytes(line, tree->text->bytes, tree->text->len);
        line_text(line, "=");
        format_expression(line, child[0]);
        break;
    case TREE_OPERATOR: line_text(line, operator_text(tree->op)); break;
    case TREE_PAREN:
    case TREE_LIST:
    case TREE_LIST_FOR:
    case TREE_DICT_FOR: bracketed(line, tree); break;
    case TREE_DICT: dict(line, tree); break;
    case TREE_SELECT:
        line_text(line, "select");
        open_bracket(line, "(");
        items(line, tree, 0);
        comma(line);
        line_text(line, operator_text(tree->op));
        close_bracket(line, ")");
        break;
    case TREE_AGGREGATE:
    case TREE_RANGE:
    case TREE_ZIP:
    case TREE_LEN:
    case TREE_ROUND:
    case TREE_INDICATOR:
        line_text(line, tree_kind_name(tree->kind));
        call(line, tree, 0);
        break;
    case TREE_CALL:
        format_expression(line, child[0]);
        call(line, tree, 1);
        break;
    case TREE_INDEX:
        format_expression(line, child[0]);
        open_bracket(line, "[");
        format_expression(line, child[1]);
        close_bracket(line, "]");
        break;
    case TREE_UNARY:
        line_text(line, operator_text(tree->op));
        if (tree->op == OPERATOR_NOT) line_text(line, " ");
        format_expression(line, child[0]);
        break;
    case TREE_BINARY:
        format_expression(line, child[0]);
        infix(line, operator_text(tree->op), operator_level(tree->op));
        format_expression(line, child[1]);
        break;
    case TREE_CHOOSE:
        format_expression(line, child[0]);
        infix(line, "if", 9);
        format_expression(line, child[1]);
        infix(line, "else", 9);
        format_expression(line, child[2]);
        break;
    case TREE_IN:
        format_expression(line, child[0]);
        infix(line, "in", 10);
        format_expression(line, child[1]);
        break;
    default: BUG("%s is no expression", tree_kind_name(tree->kind));
    }
}
