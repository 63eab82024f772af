/* The formatter: statements, blocks and comments.
   A comment stays where it says something: behind its statement, or on a line of its own. A
   statement with comments in its midst keeps the lines that its author gave it. */
#include "grammar/format.h"
#include "grammar/tree_shape.h"
#include "runtime/base/bug.h"
#include "runtime/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A line that is finished but for its comment: comments of neighbouring lines stand in a column. */
typedef struct Remark {
    size_t at;      /* where in out the line's code ends */
    size_t columns; /* the code's width on that line */
    Span comment;
} Remark;

typedef struct Layout {
    const Sources *sources;
    const char *text;
    size_t len;
    uint32_t file;
    Buffer *out;
    size_t indent;
    Span *comments; /* all of the file, without line ends */
    size_t comment_count, comment_capacity, next_comment;
    uint32_t last_line; /* of the source, where what was written last ends; 0: a block begins */
    Remark *remarks;    /* of the lines just written, one below the other */
    size_t remark_count, remark_capacity;
} Layout;

/* --- comments --------------------------------------------------------------------------------- */

static size_t line_end(const Layout *layout, size_t at) {
    while (at < layout->len && layout->text[at] != '\r' && layout->text[at] != '\n')
        at++;
    return at;
}

static void find_comments(Layout *layout) {
    for (size_t at = 0; at < layout->len; at++) {
        if (layout->text[at] == '"') {
            size_t end = line_end(layout, at);
            const char *quote = memchr(layout->text + at + 1, '"', end > at ? end - at - 1 : 0);
            at = quote != NULL ? (size_t)(quote - layout->text) : end;
        } else if (layout->text[at] == '#') {
            size_t end = line_end(layout, at), last = end;
            while (layout->text[last - 1] == ' ' || layout->text[last - 1] == '\t')
                last--;
            layout->comments = memory_reserve(layout->comments, &layout->comment_capacity,
                                              layout->comment_count + 1, sizeof(Span));
            layout->comments[layout->comment_count++] =
                (Span){layout->file, (uint32_t)at, (uint32_t)last};
            at = end;
        }
    }
}

static uint32_t line_of(const Layout *layout, uint32_t at) {
    uint32_t line, column;
    sources_position(layout->sources, (Span){layout->file, at, at}, &line, &column);
    return line;
}

/* The next comment if it begins before limit. */
static const Span *comment_before(const Layout *layout, uint32_t limit) {
    if (layout->next_comment == layout->comment_count) return NULL;
    const Span *comment = &layout->comments[layout->next_comment];
    return comment->start < limit ? comment : NULL;
}

static void write_comment(Layout *layout, Span comment) {
    buffer_add(layout->out, layout->text + comment.start, comment.end - comment.start);
}

/* Puts the comments of neighbouring lines into their column; long lines stand aside. */
static void settle_remarks(Layout *layout) {
    enum { LONG = 60 };
    size_t column = 0;
    for (size_t i = 0; i < layout->remark_count; i++)
        if (layout->remarks[i].columns > column && layout->remarks[i].columns <= LONG)
            column = layout->remarks[i].columns;
    if (layout->remark_count > 0) {
        Buffer settled = {0};
        size_t first = layout->remarks[0].at, from = first;
        for (size_t i = 0; i < layout->remark_count; i++) {
            const Remark *remark = &layout->remarks[i];
            buffer_add(&settled, layout->out->data + from, remark->at - from);
            from = remark->at;
            size_t gap = remark->columns < column ? column - remark->columns : 0;
            buffer_repeat(&settled, ' ', gap + FORMAT_COMMENT_GAP);
            buffer_add(&settled, layout->text + remark->comment.start,
                       remark->comment.end - remark->comment.start);
        }
        buffer_add(&settled, layout->out->data + from, layout->out->len - from);
        layout->out->len = first;
        buffer_add(layout->out, settled.data, settled.len);
        buffer_free(&settled);
    }
    layout->remark_count = 0;
}

/* --- lines of the source ---------------------------------------------------------------------- */

/* Before what stands at start in the source: a blank line where its author left some. */
static void begin_item(Layout *layout, uint32_t start) {
    uint32_t line = line_of(layout, start);
    if (layout->last_line > 0 && line > layout->last_line + 1) {
        settle_remarks(layout);
        buffer_char(layout->out, '\n');
    }
    layout->last_line = line;
}

/* Ends the line of what ends at end in the source, with the comment behind it, if any; one behind
   limit belongs to what follows. */
static void end_item(Layout *layout, uint32_t end, uint32_t limit) {
    layout->last_line = line_of(layout, end > 0 ? end - 1 : 0);
    const Span *comment = comment_before(layout, limit);
    if (comment != NULL && line_of(layout, comment->start) == layout->last_line) {
        size_t start = layout->out->len;
        while (start > 0 && layout->out->data[start - 1] != '\n')
            start--;
        size_t columns = utf8_columns(layout->out->data + start, layout->out->len - start);
        layout->remarks = memory_reserve(layout->remarks, &layout->remark_capacity,
                                         layout->remark_count + 1, sizeof(Remark));
        layout->remarks[layout->remark_count++] = (Remark){layout->out->len, columns, *comment};
        layout->next_comment++;
    } else {
        settle_remarks(layout);
    }
    buffer_char(layout->out, '\n');
}

/* Comments before limit, each on a line of its own. */
static void own_lines(Layout *layout, uint32_t limit) {
    const Span *comment;
    while ((comment = comment_before(layout, limit)) != NULL) {
        begin_item(layout, comment->start);
        settle_remarks(layout);
        buffer_repeat(layout->out, ' ', layout->indent);
        write_comment(layout, *comment);
        buffer_char(layout->out, '\n');
        layout->next_comment++;
    }
}

/* --- statements ------------------------------------------------------------------------------- */

static const char *which_text(unsigned which) {
    return which == WHICH_SOP ? "s-op " : which == WHICH_SELECTOR ? "selector " : "";
}

static void declaration(Line *line, const Tree *tree) {
    line_text(line, tree->kind == TREE_INPUT ? "input " : "param ");
    line_bytes(line, tree->text->bytes, tree->text->len);
    line_text(line, ": ");
    format_type(line, tree->child[0]);
    if (tree->count == 1) return;
    line_text(line, " = ");
    format_expression(line, tree->child[1]);
}

/* Statements of one line. */
static void statement_line(Line *line, const Tree *tree) {
    switch (tree->kind) {
    case TREE_EXPRESSION: format_expression(line, tree->child[0]); break;
    case TREE_ASSIGN:
        format_expressions(line, tree->child[0]);
        line_text(line, " = ");
        format_expressions(line, tree->child[1]);
        break;
    case TREE_DRAW: format_draw(line, tree); break;
    case TREE_LOAD:
        line_text(line, "load \"");
        line_bytes(line, tree->text->bytes, tree->text->len);
        line_text(line, "\"");
        break;
    case TREE_CHECK:
        line_text(line, "check ");
        format_expression(line, tree->child[0]);
        if (tree->count == 2) {
            line_break(line, 0);
            line_text(line, "~= ");
            format_expression(line, tree->child[1]);
        }
        break;
    case TREE_INPUT:
    case TREE_PARAM: declaration(line, tree); break;
    case TREE_OUTPUT:
        line_text(line, "output ");
        format_expressions(line, tree->child[0]);
        break;
    case TREE_REQUIRE:
        line_text(line, "require ");
        format_expression(line, tree->child[0]);
        if (tree->count == 2) {
            line_text(line, ",");
            line_break(line, 0);
            format_expression(line, tree->child[1]);
        }
        break;
    default: BUG("%s is no statement of one line", tree_kind_name(tree->kind));
    }
    line_text(line, ";");
}

/* The REPL's statements end with their line, so they are never broken. */
static bool console_statement(const Tree *tree, Buffer *out) {
    Line line = line_new();
    switch (tree->kind) {
    case TREE_SET_EXAMPLE:
        buffer_printf(out, "set %sexample ", which_text(tree->op));
        format_expression(&line, tree->child[0]);
        for (size_t i = 0, at = 0; i <= line.break_count; i++) {
            size_t to = i < line.break_count ? line.breaks[i].at : line.text.len;
            buffer_add(out, line.text.data + at, to - at);
            if (i < line.break_count) buffer_char(out, ' ');
            at = to;
        }
        break;
    case TREE_SHOW_EXAMPLE: buffer_printf(out, "show %sexample", which_text(tree->op)); break;
    case TREE_EXAMPLES:
        buffer_printf(out, "%sexamples %s", which_text(tree->op), tree->detail ? "on" : "off");
        break;
    case TREE_FULL_DISPLAY:
        buffer_printf(out, "full seq display %s", tree->detail ? "on" : "off");
        break;
    case TREE_EXIT: buffer_text(out, "exit"); break;
    default: line_free(&line); return false;
    }
    line_free(&line);
    return true;
}

/* As it was written, but for blanks at the ends of lines: it holds comments. */
static void verbatim(Layout *layout, Span span) {
    buffer_repeat(layout->out, ' ', layout->indent);
    for (size_t at = span.start; at < span.end;) {
        size_t end = line_end(layout, at);
        size_t stop = end < span.end ? end : span.end, last = stop;
        while (last > at && (layout->text[last - 1] == ' ' || layout->text[last - 1] == '\t'))
            last--;
        buffer_add(layout->out, layout->text + at, last - at);
        at = stop;
        if (at >= span.end) break;
        buffer_char(layout->out, '\n');
        at += layout->text[at] == '\r' && at + 1 < layout->len && layout->text[at + 1] == '\n' ? 2
                                                                                               : 1;
    }
    while (comment_before(layout, span.end) != NULL)
        layout->next_comment++;
}

static void block(Layout *layout, const Tree *body, const Tree *returned, uint32_t end);

static void head(Line *line, const Tree *tree) {
    switch (tree->kind) {
    case TREE_DEF:
        line_text(line, "def ");
        line_bytes(line, tree->text->bytes, tree->text->len);
        line_text(line, "(");
        format_expressions(line, tree->child[0]);
        line_text(line, ")");
        break;
    case TREE_FOR:
        line_text(line, "for ");
        format_expressions(line, tree->child[0]);
        line_text(line, " in ");
        format_expression(line, tree->child[1]);
        break;
    default:
        line_text(line, "repeat ");
        format_expression(line, tree->child[0]);
        if (tree->count < 3) break;
        line_text(line, " until (");
        format_expression(line, tree->child[2]);
        line_text(line, ")");
    }
    line_text(line, " {");
}

/* The head of a def, for or repeat, its block, and what the def returns. */
static void compound(Layout *layout, const Tree *tree, uint32_t limit) {
    bool is_def = tree->kind == TREE_DEF;
    const Tree *body = tree->child[tree->kind == TREE_FOR ? 2 : 1];
    own_lines(layout, body->span.start);
    settle_remarks(layout);
    Line line = line_new();
    head(&line, tree);
    line_fill(&line, layout->indent, layout->out);
    line_free(&line);
    block(layout, body, is_def ? tree->child[2] : NULL, tree->span.end - 1);
    buffer_repeat(layout->out, ' ', layout->indent);
    buffer_char(layout->out, '}');
    end_item(layout, tree->span.end, limit);
}

static void statement(Layout *layout, const Tree *tree, uint32_t limit) {
    own_lines(layout, tree->span.start);
    begin_item(layout, tree->span.start);
    if (tree->kind == TREE_DEF || tree->kind == TREE_FOR || tree->kind == TREE_REPEAT) {
        compound(layout, tree, limit);
        return;
    }
    if (tree->kind == TREE_ERROR || comment_before(layout, tree->span.end) != NULL) {
        verbatim(layout, tree->span);
    } else {
        size_t start = layout->out->len;
        buffer_repeat(layout->out, ' ', layout->indent);
        if (!console_statement(tree, layout->out)) {
            layout->out->len = start;
            Line line = line_new();
            statement_line(&line, tree);
            line_fill(&line, layout->indent, layout->out);
            line_free(&line);
        }
    }
    end_item(layout, tree->span.end, limit);
}

/* Statements up to end; a comment behind one and before the next belongs to the first if on its
 * line. */
static void statements(Layout *layout, const Tree *body, uint32_t end) {
    for (uint32_t i = 0; i < body->count; i++)
        statement(layout, body->child[i],
                  i + 1 < body->count ? body->child[i + 1]->span.start : end);
}

/* From behind the '{' to before the '}' at end. */
static void block(Layout *layout, const Tree *body, const Tree *returned, uint32_t end) {
    uint32_t first = body->count > 0    ? body->child[0]->span.start
                     : returned != NULL ? returned->span.start
                                        : end;
    end_item(layout, body->span.start + 1, first);
    settle_remarks(layout);
    layout->indent += FORMAT_INDENT;
    layout->last_line = 0;
    statements(layout, body, returned != NULL ? returned->span.start : end);
    if (returned != NULL) {
        own_lines(layout, returned->span.start);
        begin_item(layout, returned->span.start);
        own_lines(layout, returned->span.end);
        Line line = line_new();
        line_text(&line, "return ");
        format_expressions(&line, returned);
        line_text(&line, ";");
        line_fill(&line, layout->indent, layout->out);
        line_free(&line);
        end_item(layout, returned->span.end, end);
    }
    own_lines(layout, end);
    layout->indent -= FORMAT_INDENT;
}

void tree_format(const Tree *program, const Sources *sources, uint32_t file, Buffer *out) {
    Layout layout = {.sources = sources, .file = file, .out = out};
    layout.text = sources_text(sources, file, &layout.len);
    find_comments(&layout);
    statements(&layout, program, (uint32_t)layout.len);
    own_lines(&layout, (uint32_t)layout.len + 1);
    settle_remarks(&layout);
    free(layout.comments);
    free(layout.remarks);
}
