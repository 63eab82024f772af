/* Reads the graph's text form back. Every node goes through graph_add, so that types and depths are
   inferred again, and the whole is verified: nothing in the text is believed. The first mistake
   ends the reading. */
#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/graph/graph.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* log10(2) is under 0.302: an integer of more digits has more bits than LIMIT_INTEGER_BITS. */
enum { MAX_DIGITS = (int)(LIMIT_INTEGER_BITS * 0.302), MAX_FLOAT_TEXT = 400 };

typedef struct Parser {
    Arena *arena;
    Graph *graph;
    Diagnostics *diags;
    const char *text; /* (len), NUL behind it */
    size_t len, at;
    uint32_t file;
} Parser;

static Span span_from(const Parser *parser, size_t start) {
    size_t end = parser->at > start ? parser->at : start + 1;
    if (end > parser->len) end = parser->len;
    return (Span){parser->file, (uint32_t)start, (uint32_t)end};
}

/* Reports a mistake that stands between start and the reading position. Always false. */
__attribute__((format(printf, 3, 4))) static bool fail(Parser *parser, size_t start,
                                                       const char *format, ...) {
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    diag_error(parser->diags, DIAG_GRAPH_TEXT, span_from(parser, start), "%s", message);
    return false;
}

/* --- characters and words --------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

/* The next character, NUL at the end (a NUL inside the text fits nothing either). */
static char peek(const Parser *parser) {
    return parser->at < parser->len ? parser->text[parser->at] : '\0';
}

static void skip_blanks(Parser *parser) {
    while (peek(parser) == ' ' || peek(parser) == '\t')
        parser->at++;
}

static bool take(Parser *parser, char c) {
    skip_blanks(parser);
    if (peek(parser) != c) return false;
    parser->at++;
    return true;
}

static bool expect(Parser *parser, char c, const char *where) {
    if (take(parser, c)) return true;
    return fail(parser, parser->at, "expected '%c' %s", c, where);
}

/* A name as an arena string; NULL when none begins here. */
static const String *take_name(Parser *parser) {
    skip_blanks(parser);
    size_t start = parser->at;
    if (!is_name_start(peek(parser))) return NULL;
    while (is_name_part(peek(parser)))
        parser->at++;
    return string_new(parser->arena, parser->text + start, parser->at - start);
}

/* %NUMBER, the number of a node. */
static bool take_number(Parser *parser, uint32_t *number) {
    skip_blanks(parser);
    size_t start = parser->at;
    if (!take(parser, '%') || !is_digit(peek(parser)))
        return fail(parser, start, "expected a node, such as %%0");
    uint64_t value = 0;
    while (is_digit(peek(parser))) {
        if (value < UINT32_MAX) value = value * 10 + (uint64_t)(peek(parser) - '0');
        parser->at++;
    }
    if (value >= LIMIT_GRAPH_NODES)
        return fail(parser, start, "a graph has at most %d nodes", LIMIT_GRAPH_NODES);
    *number = (uint32_t)value;
    return true;
}

/* A number without a sign, up to most. */
static bool take_count(Parser *parser, const char *what, uint32_t most, uint32_t *count) {
    skip_blanks(parser);
    size_t start = parser->at;
    uint64_t value = 0;
    while (is_digit(peek(parser))) {
        if (value <= UINT32_MAX) value = value * 10 + (uint64_t)(peek(parser) - '0');
        parser->at++;
    }
    if (parser->at == start) return fail(parser, start, "expected %s", what);
    if (value > most) return fail(parser, start, "%s is at most %" PRIu32, what, most);
    *count = (uint32_t)value;
    return true;
}

/* A node that stands on a line above. */
static bool take_node(Parser *parser, NodeId *id) {
    skip_blanks(parser);
    size_t start = parser->at;
    if (!take_number(parser, id)) return false;
    if (*id >= parser->graph->count)
        return fail(parser, start, "%%%" PRIu32 " does not stand above", *id);
    return true;
}

/* --- atoms ------------------------------------------------------------------------------------ */

static int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

/* Reads what stands behind a backslash. */
static bool take_escape(Parser *parser, Buffer *out) {
    size_t start = parser->at - 1;
    char c = peek(parser);
    if (c == '"' || c == '\\' || c == 'n') {
        parser->at++;
        buffer_char(out, c == 'n' ? '\n' : c);
        return true;
    }
    if (c == 'x' && parser->at + 2 < parser->len) {
        int high = hex_digit(parser->text[parser->at + 1]);
        int low = hex_digit(parser->text[parser->at + 2]);
        if (high >= 0 && high < 8 && low >= 0) { /* a byte of ASCII; the rest is written as it is */
            parser->at += 3;
            buffer_char(out, (char)(high * 16 + low));
            return true;
        }
    }
    return fail(parser, start, "an escape is \\\", \\\\, \\n or \\x00 to \\x7f");
}

static bool take_string_body(Parser *parser, size_t start, Buffer *out) {
    for (;;) {
        if (parser->at >= parser->len || peek(parser) == '\n')
            return fail(parser, start, "a string that does not end on its line");
        char c = parser->text[parser->at++];
        if (c == '"') return true;
        if (c != '\\')
            buffer_char(out, c);
        else if (!take_escape(parser, out))
            return false;
        if (out->len > LIMIT_STRING_BYTES) return fail(parser, start, "a string too long");
    }
}

static bool take_string(Parser *parser, Atom *atom) {
    size_t start = parser->at++;
    Buffer bytes = {0};
    bool ok = take_string_body(parser, start, &bytes);
    if (ok) *atom = atom_string(string_new(parser->arena, bytes.data ? bytes.data : "", bytes.len));
    buffer_free(&bytes);
    return ok;
}

/* opaque "text": a default that is no atom, and fails where it is used. */
static bool take_opaque(Parser *parser, Atom *atom) {
    skip_blanks(parser);
    if (peek(parser) != '"') return fail(parser, parser->at, "expected a string behind opaque");
    if (!take_string(parser, atom)) return false;
    atom->kind = ATOM_OPAQUE;
    return true;
}

static size_t skip_digits(Parser *parser) {
    size_t start = parser->at;
    while (is_digit(peek(parser)))
        parser->at++;
    return parser->at - start;
}

/* digits [. digits] [e [sign] digits]; with a point or an exponent it is a float. */
static bool take_magnitude(Parser *parser, size_t start, Atom *atom) {
    size_t first = parser->at;
    size_t digits = skip_digits(parser);
    if (digits == 0) return fail(parser, start, "expected a number");
    bool is_float = false;
    if (peek(parser) == '.') {
        parser->at++;
        is_float = true;
        if (skip_digits(parser) == 0)
            return fail(parser, start, "expected digits behind the point");
    }
    if (peek(parser) == 'e') {
        parser->at++;
        is_float = true;
        if (peek(parser) == '+' || peek(parser) == '-') parser->at++;
        if (skip_digits(parser) == 0) return fail(parser, start, "expected digits behind the e");
    }
    size_t len = parser->at - first;
    if (!is_float) {
        if (digits > MAX_DIGITS) return fail(parser, start, "an integer too large");
        *atom = atom_parse_int(parser->arena, parser->text + first, len);
        return true;
    }
    char copy[MAX_FLOAT_TEXT];
    if (len >= sizeof copy) return fail(parser, start, "a float of too many digits");
    memcpy(copy, parser->text + first, len);
    copy[len] = '\0';
    *atom = atom_float(strtod(copy, NULL));
    return true;
}

static bool take_number_atom(Parser *parser, Atom *atom) {
    size_t start = parser->at;
    bool negative = take(parser, '-');
    if (negative && is_name_start(peek(parser))) {
        const String *word = take_name(parser);
        *atom = atom_float(-(double)INFINITY);
        return strcmp(word->bytes, "inf") == 0 || fail(parser, start, "expected a number");
    }
    if (!take_magnitude(parser, start, atom)) return false;
    if (!negative) return true;
    Atom magnitude = *atom;
    return atom_unary(parser->arena, UNARY_NEG, magnitude, atom) == ARITH_OK ||
           fail(parser, start, "a number out of range");
}

static bool take_atom(Parser *parser, Atom *atom) {
    skip_blanks(parser);
    size_t start = parser->at;
    char c = peek(parser);
    if (c == '"') return take_string(parser, atom);
    if (c == '-' || is_digit(c)) return take_number_atom(parser, atom);
    const String *word = take_name(parser);
    if (word && strcmp(word->bytes, "True") == 0)
        *atom = atom_bool(true);
    else if (word && strcmp(word->bytes, "False") == 0)
        *atom = atom_bool(false);
    else if (word && strcmp(word->bytes, "inf") == 0)
        *atom = atom_float((double)INFINITY);
    else if (word && strcmp(word->bytes, "nan") == 0)
        *atom = atom_float((double)NAN);
    else if (word && strcmp(word->bytes, "opaque") == 0)
        return take_opaque(parser, atom);
    else
        return fail(parser, start, "expected an atom: a number, a string, True or False");
    return true;
}

/* --- tables ----------------------------------------------------------------------------------- */

typedef struct AtomList {
    Atom *atoms;
    uint32_t count, capacity;
} AtomList;

static void append(Arena *arena, AtomList *list, Atom atom) {
    if (list->count == list->capacity) {
        uint32_t larger = list->capacity ? list->capacity * 2 : 8;
        list->atoms = arena_grow(arena, list->atoms, list->count, larger, sizeof(Atom));
        list->capacity = larger;
    }
    list->atoms[list->count++] = atom;
}

/* [v, v, ...] into values, or {k: v, ...} into both. */
static bool take_items(Parser *parser, bool dict, AtomList *keys, AtomList *values) {
    char open = dict ? '{' : '[', close = dict ? '}' : ']';
    size_t start = parser->at;
    if (!expect(parser, open, "behind table")) return false;
    if (take(parser, close)) return true;
    do {
        Atom atom;
        if (dict) {
            if (!take_atom(parser, &atom) || !expect(parser, ':', "behind a key")) return false;
            append(parser->arena, keys, atom);
        }
        if (!take_atom(parser, &atom)) return false;
        append(parser->arena, values, atom);
        if (values->count > LIMIT_LIST_ITEMS)
            return fail(parser, start, "a table has at most %d items", LIMIT_LIST_ITEMS);
    } while (take(parser, ','));
    return expect(parser, close, "at the end of the table");
}

static bool take_table(Parser *parser, GraphOp op, const Table **out) {
    AtomList keys = {0}, values = {0};
    if (!take_items(parser, op == OP_LOOKUP, &keys, &values)) return false;
    Table *table = ARENA_NEW(parser->arena, Table);
    table->count = values.count;
    table->keys = op == OP_MEMBER ? values.atoms : keys.atoms;
    table->values = op == OP_MEMBER ? NULL : values.atoms;
    *out = table;
    return true;
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool expect_word(Parser *parser, const char *word) {
    skip_blanks(parser);
    size_t start = parser->at;
    const String *found = take_name(parser);
    if (found && strcmp(found->bytes, word) == 0) return true;
    return fail(parser, start, "expected '%s'", word);
}

/* A declared type: vec[2], int, float|str. */
static bool take_type(Parser *parser, Shape *shape) {
    do {
        skip_blanks(parser);
        size_t start = parser->at;
        const String *word = take_name(parser);
        if (word && strcmp(word->bytes, "vec") == 0 && shape->types == 0) {
            shape->types = TYPE_VECTOR;
            return expect(parser, '[', "behind vec") &&
                   take_count(parser, "a width", LIMIT_VECTOR_WIDTH, &shape->width) &&
                   expect(parser, ']', "behind the width") &&
                   (shape->width > 0 || fail(parser, start, "a vector of no numbers"));
        }
        TypeSet one = word ? type_of_word(word->bytes) : 0;
        if (one == 0) return fail(parser, start, "expected a type, such as int, int|str or vec[2]");
        shape->types |= one;
    } while (take(parser, '|'));
    return true;
}

/* The number of a loop whose line stands above; closed: whether it must have ended, too. */
static bool take_loop(Parser *parser, bool closed, uint32_t *loop) {
    skip_blanks(parser);
    size_t start = parser->at;
    if (!take_count(parser, "the number of a loop", UINT32_MAX, loop)) return false;
    if (*loop >= parser->graph->loop_count)
        return fail(parser, start, "loop %" PRIu32 " does not begin above", *loop);
    if (parser->graph->loops[*loop].closed == closed) return true;
    return fail(parser, start,
                closed ? "loop %" PRIu32 " has not ended" : "loop %" PRIu32 " is over", *loop);
}

static bool take_payload(Parser *parser, NodeSpec *spec) {
    uint32_t loop;
    switch (op_info(spec->op)->payload) {
    case PAYLOAD_NONE: return true;
    case PAYLOAD_ATOM:
        if (spec->op == OP_RESULT) {
            if (!expect_word(parser, "of") || !take_loop(parser, true, &loop)) return false;
            spec->atom = atom_int(loop);
            return true;
        }
        if (spec->op == OP_AGGREGATE && !expect_word(parser, "default")) return false;
        return take_atom(parser, &spec->atom);
    case PAYLOAD_DECLARED:
        skip_blanks(parser);
        if (peek(parser) != '"') return fail(parser, parser->at, "expected the input's name");
        return take_string(parser, &spec->atom) && take_type(parser, &spec->declared);
    case PAYLOAD_TABLE:
        return expect_word(parser, "table") && take_table(parser, spec->op, &spec->table);
    }
    BUG("payload of operation %d", (int)spec->op);
}

static bool add_node(Parser *parser, size_t start, const NodeSpec *spec) {
    Buffer why = {0};
    uint32_t expected = parser->graph->count;
    NodeId id = graph_add(parser->graph, spec, &why);
    bool ok = id == expected;
    if (id == NO_NODE)
        diag_error(parser->diags, DIAG_GRAPH_TEXT, span_from(parser, start), "%s",
                   why.data ? why.data : "not a node");
    else if (!ok)
        fail(parser, start, "%%%" PRIu32 " is equal to %%%" PRIu32, expected, id);
    buffer_free(&why);
    return ok;
}

/* state of LOOP from %INIT type: read up to its name. */
static bool parse_state(Parser *parser, size_t start) {
    uint32_t loop;
    NodeId init;
    Shape declared = {0};
    if (!expect_word(parser, "of") || !take_loop(parser, false, &loop) ||
        !expect_word(parser, "from") || !take_node(parser, &init) || !take_type(parser, &declared))
        return false;
    NodeId state = graph_loop_state(parser->graph, loop, init, declared, span_from(parser, start));
    return state != NO_NODE ||
           fail(parser, start, "a graph has at most %d nodes", LIMIT_GRAPH_NODES);
}

/* %N = operation arguments payload */
static bool parse_node(Parser *parser) {
    size_t start = parser->at;
    uint32_t number;
    if (!take_number(parser, &number)) return false;
    if (number != parser->graph->count)
        return fail(parser, start, "expected %%%" PRIu32 ": nodes are numbered in their order",
                    parser->graph->count);
    if (!expect(parser, '=', "behind the node's number")) return false;
    skip_blanks(parser);
    size_t op_start = parser->at;
    const String *name = take_name(parser);
    NodeSpec spec = {.args = {NO_NODE, NO_NODE, NO_NODE}};
    if (!name || !op_find(name->bytes, &spec.op))
        return fail(parser, op_start, "expected an operation");
    if (spec.op == OP_STATE) return parse_state(parser, start);
    for (int i = 0; i < op_info(spec.op)->arity; i++)
        if (!take_node(parser, &spec.args[i])) return false;
    if (!take_payload(parser, &spec)) return false;
    spec.span = span_from(parser, start);
    return add_node(parser, start, &spec);
}

/* loop N, loop N in OUTER: read up to its first word. */
static bool parse_loop(Parser *parser, size_t start) {
    uint32_t number, outer = 0;
    if (!take_count(parser, "the number of a loop", LIMIT_GRAPH_NODES, &number)) return false;
    if (number != parser->graph->loop_count)
        return fail(parser, start, "expected loop %" PRIu32 ": loops are numbered in their order",
                    parser->graph->loop_count);
    skip_blanks(parser);
    if (is_name_start(peek(parser))) {
        if (!expect_word(parser, "in") || !take_loop(parser, false, &outer)) return false;
        outer++;
    }
    int nesting = 0;
    for (uint32_t around = outer; around; around = parser->graph->loops[around - 1].outer)
        if (++nesting > LIMIT_NESTING)
            return fail(parser, start, "loops are inside one another %d times at most",
                        LIMIT_NESTING);
    graph_loop_begin(parser->graph, outer, span_from(parser, start));
    return true;
}

/* What the state is in the next round must be of a type that it is declared to hold. */
static bool take_next(Parser *parser, const LoopState *state, NodeId *next) {
    skip_blanks(parser);
    size_t start = parser->at;
    if (!take_node(parser, next)) return false;
    const Node *holds = graph_node(parser->graph, state->state);
    const Node *given = graph_node(parser->graph, *next);
    if ((given->type & ~holds->type) == 0 && given->width == holds->width) return true;
    return fail(parser, start, "%%%" PRIu32 " is not declared to hold %%%" PRIu32, state->state,
                *next);
}

/* end N times T until %C next %A %B ...: read up to its first word. */
static bool parse_end(Parser *parser) {
    uint32_t number, times;
    NodeId until = NO_NODE;
    if (!take_loop(parser, false, &number) || !expect_word(parser, "times") ||
        !take_count(parser, "how many rounds there are", INT32_MAX, &times))
        return false;
    if (times == 0) return fail(parser, parser->at, "a loop has at least one round");
    const GraphLoop *loop = &parser->graph->loops[number];
    NodeId *next = ARENA_ARRAY(parser->arena, NodeId, loop->state_count);
    skip_blanks(parser);
    if (peek(parser) == 'u' && (!expect_word(parser, "until") || !take_node(parser, &until)))
        return false;
    if (loop->state_count > 0 && !expect_word(parser, "next")) return false;
    for (uint32_t s = 0; s < loop->state_count; s++)
        if (!take_next(parser, &loop->states[s], &next[s])) return false;
    graph_loop_end(parser->graph, number, times, until, next);
    return true;
}

/* name = %N, or a loop's line */
static bool parse_name(Parser *parser) {
    size_t start = parser->at;
    const String *name = take_name(parser);
    NodeId node;
    skip_blanks(parser);
    if (peek(parser) != '=' && strcmp(name->bytes, "loop") == 0) return parse_loop(parser, start);
    if (peek(parser) != '=' && strcmp(name->bytes, "end") == 0) return parse_end(parser);
    if (!expect(parser, '=', "behind the name") || !take_node(parser, &node)) return false;
    graph_name(parser->graph, name, node);
    return true;
}

static bool parse_line(Parser *parser) {
    skip_blanks(parser);
    char c = peek(parser);
    if (c == '%') {
        if (!parse_node(parser)) return false;
    } else if (is_name_start(c)) {
        if (!parse_name(parser)) return false;
    }
    skip_blanks(parser);
    if (peek(parser) == '#')
        while (parser->at < parser->len && peek(parser) != '\n')
            parser->at++;
    if (peek(parser) == '\r') parser->at++;
    if (parser->at == parser->len) return true;
    if (peek(parser) != '\n')
        return fail(parser, parser->at, "expected a node, a name or the end of the line");
    parser->at++;
    return true;
}

static bool parse_lines(Parser *parser) {
    while (parser->at < parser->len) {
        if (!parse_line(parser)) return false;
        if (arena_exhausted(parser->arena))
            return fail(parser, parser->at, "the graph takes too much memory");
    }
    return true;
}

static bool check_graph(Parser *parser) {
    Buffer why = {0};
    bool ok = graph_verify(parser->graph, &why);
    if (!ok) diag_error(parser->diags, DIAG_GRAPH_TEXT, span_from(parser, 0), "%s", why.data);
    buffer_free(&why);
    return ok;
}

Graph *graph_parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags) {
    Parser parser = {.arena = arena, .graph = graph_new(arena), .diags = diags, .file = file};
    parser.text = sources_text(sources, file, &parser.len);
    size_t bad;
    if (!utf8_valid(parser.text, parser.len, &bad)) {
        fail(&parser, bad, "not UTF-8");
        return NULL;
    }
    return parse_lines(&parser) && check_graph(&parser) ? parser.graph : NULL;
}
