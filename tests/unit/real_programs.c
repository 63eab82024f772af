#include "tests/unit/real_programs.h"

#include "runtime/base/random.h"

#include <stdio.h>

enum { MOST = 64, DIGITS = 40 };

typedef enum Kind { NUMBER, INTEGER, TRUTH, VECTOR } Kind;

typedef struct Variable {
    char name[16];
    Kind kind;
    bool exact;               /* computing it rounds nothing */
    uint32_t whole, fraction; /* binary digits before and behind the point, at most */
} Variable;

typedef struct Generator {
    Random random;
    Buffer text;
    Variable variables[MOST];
    uint32_t count, made;
    bool smooth; /* nothing that jumps, but for integers: what ReLUs can be */
} Generator;

static bool chance(Generator *g, uint32_t percent) { return random_chance(&g->random, percent); }
static uint32_t below(Generator *g, uint32_t bound) { return random_below(&g->random, bound); }

static bool fits(const Variable *v, Kind kind, bool exact) {
    bool number = kind == NUMBER && v->kind == INTEGER;
    return (v->kind == kind || number) && (v->exact || !exact);
}

/* One of that kind; the inputs are there for every kind. */
static const Variable *pick(Generator *g, Kind kind, bool exact) {
    for (;;) {
        /* Rather the latest. */
        uint32_t from = chance(g, 60) && g->count > 6 ? g->count - 6 : 0;
        const Variable *v = &g->variables[from + below(g, g->count - from)];
        if (fits(v, kind, exact)) return v;
    }
}

/* Begins `NAME = `; the variable counts from the end of the statement on. */
static Variable *begin(Generator *g, Kind kind) {
    Variable *v = &g->variables[g->count];
    *v = (Variable){.kind = kind, .exact = true, .whole = 1};
    snprintf(v->name, sizeof v->name, "t%u", g->made++);
    buffer_printf(&g->text, "%s = ", v->name);
    return v;
}

static void end(Generator *g, Variable *v) {
    buffer_text(&g->text, ";\n");
    if (v->whole + v->fraction > DIGITS) v->exact = false;
    g->count++;
}

static uint32_t greater(uint32_t a, uint32_t b) { return a > b ? a : b; }

static void as_sum(Variable *v, const Variable *a, const Variable *b) {
    v->exact = a->exact && b->exact;
    v->whole = greater(a->whole, b->whole) + 1;
    v->fraction = greater(a->fraction, b->fraction);
}

static void as_product(Variable *v, const Variable *a, const Variable *b) {
    v->exact = a->exact && b->exact;
    v->whole = a->whole + b->whole + 1;
    v->fraction = a->fraction + b->fraction;
}

static void as_either(Variable *v, const Variable *a, const Variable *b) {
    as_sum(v, a, b);
    v->whole--;
}

/* --- selectors and patterns ------------------------------------------------------------------- */

static void write_comparison(Generator *g) {
    static const char *const relations[] = {"==", "!=", "<", "<=", ">", ">="};
    Kind kind = chance(g, 25) ? TRUTH : chance(g, 50) ? INTEGER : NUMBER;
    if (g->smooth && kind == NUMBER) kind = INTEGER;
    buffer_printf(&g->text, "select(%s, %s, %s)", pick(g, kind, true)->name,
                  pick(g, kind, true)->name, relations[below(g, 6)]);
}

static void write_selector(Generator *g) {
    static const char *const joints[] = {"and", "or", "and not"};
    if (chance(g, 15)) {
        buffer_text(&g->text, "full_s");
        return;
    }
    buffer_text(&g->text, chance(g, 15) ? "(not " : "(");
    write_comparison(g);
    while (chance(g, 35)) {
        buffer_printf(&g->text, " %s ", joints[below(g, 3)]);
        write_comparison(g);
    }
    buffer_text(&g->text, ")");
}

static void write_score(Generator *g) {
    static const char *const scales[] = {"", "-", "2 * ", "-3 * "};
    buffer_text(&g->text, scales[below(g, 4)]);
    Kind kind = chance(g, 60) ? VECTOR : NUMBER;
    const char *key = pick(g, kind, true)->name, *query = pick(g, kind, true)->name;
    if (chance(g, 40))
        buffer_printf(&g->text, "distance(%s, %s)", key, query);
    else
        buffer_printf(&g->text, "score(%s, %s, %c)", key, query,
                      kind == VECTOR ? '*' : "+-*"[below(g, 3)]);
}

/* Softmax and the like round; hardmax and selectors give means. */
static void write_pattern(Generator *g) {
    static const char *const patterns[] = {"hardmax", "hardmax_first", "softmax", "sparsemax",
                                           "linear"};
    if (chance(g, 45)) {
        write_selector(g);
        return;
    }
    buffer_printf(&g->text, "%s(", patterns[below(g, 5)]);
    write_score(g);
    while (chance(g, 30)) {
        buffer_text(&g->text, chance(g, 50) ? " + " : " - ");
        write_score(g);
    }
    if (chance(g, 50)) {
        buffer_text(&g->text, ", ");
        write_selector(g);
    }
    buffer_text(&g->text, ")");
}

static void make_attention(Generator *g) {
    Kind kind = chance(g, 40) ? VECTOR : NUMBER;
    const Variable *value = pick(g, kind, false), *other = pick(g, kind, false);
    if (chance(g, 25)) {
        bool counts = chance(g, 40);
        const Variable *summed = pick(g, kind, true);
        Variable *v = begin(g, counts ? INTEGER : summed->kind);
        buffer_text(&g->text, counts ? "selector_width(" : "total(");
        write_selector(g);
        if (!counts) buffer_printf(&g->text, ", %s", summed->name);
        buffer_text(&g->text, ")");
        v->whole = (counts ? 0 : summed->whole) + 4;
        v->fraction = counts ? 0 : summed->fraction;
        end(g, v);
        return;
    }
    Variable *v = begin(g, kind);
    v->exact = false;
    buffer_text(&g->text, "aggregate(");
    write_pattern(g);
    buffer_printf(&g->text, ", %s", value->name);
    if (chance(g, 40))
        buffer_printf(&g->text, ", %s", other->name);
    else if (chance(g, 50))
        buffer_text(&g->text, ", 3");
    buffer_text(&g->text, ")");
    end(g, v);
}

/* --- position by position --------------------------------------------------------------------- */

static void make_number(Generator *g) {
    static const char *const functions[] = {"relu", "abs", "tanh", "sin", "sqrt(1 + abs", "floor"};
    const Variable *a = pick(g, NUMBER, false), *b = pick(g, NUMBER, false);
    const Variable *x = pick(g, VECTOR, false), *truth = pick(g, TRUTH, true);
    uint32_t choice = below(g, 8), function = below(g, g->smooth ? 5 : 6);
    if (choice == 7 && function == 5) a = pick(g, NUMBER, true);
    Variable *v = begin(g, NUMBER);
    switch (choice) {
    case 0:
        buffer_printf(&g->text, "%s + %s", a->name, b->name);
        as_sum(v, a, b);
        break;
    case 1:
        buffer_printf(&g->text, "%s - 3 * %s", a->name, b->name);
        as_sum(v, a, b);
        v->whole += 2;
        break;
    case 2:
        buffer_printf(&g->text, "%s * %s", a->name, b->name);
        as_product(v, a, b);
        break;
    case 3:
        buffer_printf(&g->text, "%s if %s else %s", a->name, truth->name, b->name);
        as_either(v, a, b);
        break;
    case 4:
        buffer_printf(&g->text, "%s[%u]", x->name, below(g, 2));
        as_either(v, x, x);
        break;
    case 5:
        buffer_printf(&g->text, "dot(%s, %s) / 8", x->name, x->name);
        as_product(v, x, x);
        v->fraction += 3;
        v->whole++;
        break;
    case 6:
        buffer_printf(&g->text, "%s / 3", a->name);
        v->exact = false;
        break;
    default:
        buffer_printf(&g->text, "%s(%s)%s", functions[function], a->name, function == 4 ? ")" : "");
        as_either(v, a, a);
        if (function >= 2 && function <= 4) v->exact = false;
    }
    end(g, v);
}

/* The sum of two integers, from 0 to 4. */
static void write_small(Generator *g, const char *a, const char *b) {
    buffer_printf(&g->text, g->smooth ? "min(max(%s + %s, 0), 4)" : "(%s + %s) %% 5", a, b);
}

static void make_integer(Generator *g) {
    const Variable *a = pick(g, INTEGER, true), *b = pick(g, INTEGER, true);
    const Variable *x = pick(g, VECTOR, true);
    uint32_t choice = g->smooth ? 2 * below(g, 2) : below(g, 3);
    Variable *v = begin(g, INTEGER);
    if (choice == 0) {
        write_small(g, a->name, b->name);
        v->whole = 3;
    } else if (choice == 1) {
        buffer_printf(&g->text, "argmax(%s)", x->name);
    } else {
        buffer_printf(&g->text, "%s * 2 - %s", a->name, b->name);
        as_sum(v, a, b);
        v->whole++;
    }
    end(g, v);
}

static void make_truth(Generator *g) {
    static const char *const relations[] = {"==", "<", "<=", ">", ">="};
    Kind kind = g->smooth ? INTEGER : NUMBER;
    const Variable *a = pick(g, kind, true), *b = pick(g, kind, true);
    const Variable *p = pick(g, TRUTH, true), *q = pick(g, TRUTH, true);
    uint32_t choice = below(g, 4), relation = below(g, 5);
    Variable *v = begin(g, TRUTH);
    if (choice < 2)
        buffer_printf(&g->text, "%s %s %s", a->name, relations[relation], b->name);
    else
        buffer_printf(&g->text, "%s%s %s %s", choice == 2 ? "" : "not ", p->name,
                      relation < 2 ? "and" : "or", q->name);
    end(g, v);
}

static void make_vector(Generator *g) {
    const Variable *x = pick(g, VECTOR, false), *y = pick(g, VECTOR, false);
    const Variable *a = pick(g, NUMBER, false), *b = pick(g, NUMBER, false);
    const Variable *truth = pick(g, TRUTH, true);
    uint32_t choice = below(g, 6);
    Variable *v = begin(g, VECTOR);
    switch (choice) {
    case 0:
        buffer_printf(&g->text, "%s - %s", x->name, y->name);
        as_sum(v, x, y);
        break;
    case 1:
        buffer_printf(&g->text, "%s * %s", a->name, x->name);
        as_product(v, a, x);
        break;
    case 2:
        buffer_printf(&g->text, "vec(%s, %s)", a->name, b->name);
        as_either(v, a, b);
        break;
    case 3:
        buffer_printf(&g->text, "%s if %s else %s", x->name, truth->name, y->name);
        as_either(v, x, y);
        break;
    case 4:
        buffer_printf(&g->text, "matmul([[1, -2], [0, 1]], %s)", x->name);
        as_sum(v, x, x);
        v->whole++;
        break;
    default: buffer_printf(&g->text, "onehot(%s, 2)", pick(g, INTEGER, true)->name);
    }
    end(g, v);
}

static void make_statement(Generator *g) {
    switch (below(g, 8)) {
    case 0:
    case 1: make_number(g); break;
    case 2: make_integer(g); break;
    case 3: make_truth(g); break;
    case 4:
    case 5: make_vector(g); break;
    default: make_attention(g); break;
    }
}

/* --- loops ------------------------------------------------------------------------------------ */

static void add(Generator *g, const char *name, Kind kind, uint32_t whole, uint32_t fraction,
                bool exact) {
    Variable *v = &g->variables[g->count++];
    *v = (Variable){.kind = kind, .exact = exact, .whole = whole, .fraction = fraction};
    snprintf(v->name, sizeof v->name, "%s", name);
}

/* A number, an integer and a vector are carried; the integer stays small, the others are bounded
   by what is exact no more. */
static void make_loop(Generator *g, uint32_t depth) {
    char s[16], i[16], v[16];
    uint32_t number = g->made++, before;
    snprintf(s, sizeof s, "s%u", number);
    snprintf(i, sizeof i, "i%u", number);
    snprintf(v, sizeof v, "v%u", number);
    buffer_printf(&g->text, "%s = %s + 0 * a;\n", s, pick(g, NUMBER, false)->name);
    buffer_printf(&g->text, "%s = ", i);
    write_small(g, pick(g, INTEGER, true)->name, "0");
    buffer_text(&g->text, ";\n");
    buffer_printf(&g->text, "%s = %s;\n", v, pick(g, VECTOR, false)->name);
    buffer_printf(&g->text, "repeat %u ", 1 + below(g, 4));
    if (chance(g, 30)) buffer_printf(&g->text, "until (%s %s 3) ", i, chance(g, 50) ? "==" : "-");
    buffer_text(&g->text, "{\n");
    before = g->count;
    add(g, s, NUMBER, 0, 0, false);
    add(g, i, INTEGER, 3, 0, true);
    add(g, v, VECTOR, 0, 0, false);
    for (uint32_t statements = 1 + below(g, 4); statements > 0; statements--)
        make_statement(g);
    if (depth < 2 && chance(g, 25)) make_loop(g, depth + 1);
    if (chance(g, 80))
        buffer_printf(&g->text, "%s = tanh(%s) + %s / 4;\n", s, pick(g, NUMBER, false)->name, s);
    if (chance(g, 80)) {
        buffer_printf(&g->text, "%s = ", i);
        write_small(g, i, pick(g, INTEGER, true)->name);
        buffer_text(&g->text, ";\n");
    }
    if (chance(g, 80))
        buffer_printf(&g->text, "%s = %s if %s else %s;\n", v, pick(g, VECTOR, false)->name,
                      pick(g, TRUTH, true)->name, v);
    buffer_text(&g->text, "}\n");
    /* Which of the body's variables are there afterwards: all, as the last round left them. */
    (void)before;
}

/* --- programs --------------------------------------------------------------------------------- */

static void make_program(Generator *g) {
    if (g->smooth)
        buffer_text(&g->text,
                    "input x0: vec[2]; input mark: bool; input a0: float; input k0: int;\n"
                    "x = 1 - relu(2.5 - relu(x0 + 1.5)); a = min(max(a0, -1), 1.5);\n"
                    "k = min(max(k0, -1), 2);\n");
    else
        buffer_text(&g->text, "input x: vec[2]; input mark: bool; input a: float; input k: int;\n");
    add(g, "x", VECTOR, 2, 2, true);
    add(g, "mark", TRUTH, 1, 0, true);
    add(g, "a", NUMBER, 2, 2, true);
    add(g, "k", INTEGER, 3, 0, true);
    add(g, "indices", INTEGER, 4, 0, true);
    uint32_t statements = 2 + below(g, 8);
    for (uint32_t i = 0; i < statements; i++)
        make_statement(g);
    if (chance(g, 50)) {
        make_loop(g, 0);
        for (uint32_t i = below(g, 3); i > 0; i--)
            make_statement(g);
    }
    buffer_text(&g->text, "output ");
    uint32_t outputs = 1 + below(g, 3), first = g->count - outputs;
    for (uint32_t o = 0; o < outputs; o++)
        buffer_printf(&g->text, "%s%s", o > 0 ? ", " : "", g->variables[first + o].name);
    buffer_text(&g->text, ";\n");
}

void real_program(Buffer *text, uint64_t seed, uint32_t number, bool smooth) {
    Generator g = {.random = random_of(seed, number), .smooth = smooth};
    make_program(&g);
    buffer_add(text, g.text.data, g.text.len);
    buffer_free(&g.text);
}
