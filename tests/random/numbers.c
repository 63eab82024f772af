/* Productions of ints and of numbers. Values stay small: a product is only made of small factors.
 */
#include "tests/random/generator.h"

enum { LARGEST = 400 }; /* no number is meant to be farther from 0 */

static Kind either(Generator *generator) { return chance(generator, 50) ? KIND_INT : KIND_NUMBER; }

/* --- arithmetic, of either kind --------------------------------------------------------------- */

static Made add(Generator *generator, Kind kind, uint32_t depth) {
    Made a = make_expression(generator, kind, depth), b = make_expression(generator, kind, depth);
    if (a.size + b.size > LARGEST) return not_here();
    const char *op = chance(generator, 50) ? "+" : "-";
    return made(make_text(generator, "(%s %s %s)", a.text, op, b.text), a.sop || b.sop,
                a.size + b.size);
}

static Made multiply(Generator *generator, Kind kind, uint32_t depth) {
    Made a = make_expression(generator, kind, depth), b = make_expression(generator, kind, depth);
    if (a.size * b.size > LARGEST) return not_here();
    return made(make_text(generator, "(%s * %s)", a.text, b.text), a.sop || b.sop, a.size * b.size);
}

static Made remainder_of(Generator *generator, Kind kind, uint32_t depth) {
    Made a = make_expression(generator, kind, depth);
    if (generator->risky && chance(generator, 30)) {
        Made b = make_expression(generator, kind, depth);
        if (!b.sop) return not_here();
        return made(make_text(generator, "(%s %% %s)", a.text, b.text), true, b.size);
    }
    static const char *const divisors[] = {"2", "3", "4", "5", "(-3)"};
    return made(make_text(generator, "(%s %% %s)", a.text, divisors[below(generator, 5)]), a.sop,
                5);
}

static Made sign(Generator *generator, Kind kind, uint32_t depth) {
    Made a = make_expression(generator, kind, depth);
    return made(make_text(generator, "(%c%s)", chance(generator, 75) ? '-' : '+', a.text), a.sop,
                a.size);
}

static Made choose(Generator *generator, Kind kind, uint32_t depth) {
    Made a = make_expression(generator, kind, depth), b = make_expression(generator, kind, depth);
    Made condition = make_expression(generator, KIND_BOOL, depth);
    const char *text = make_text(generator, "(%s if %s else %s)", a.text, condition.text, b.text);
    return made(text, condition.sop || (a.sop && b.sop), larger(a.size, b.size));
}

static Made extreme(Generator *generator, Kind kind, uint32_t depth) {
    Made a = make_expression(generator, kind, depth), b = make_expression(generator, kind, depth);
    const char *name = chance(generator, 50) ? "max" : "min";
    return made(make_text(generator, "%s(%s, %s)", name, a.text, b.text), a.sop && b.sop,
                larger(a.size, b.size));
}

/* A value out of a list, by a number that is never outside it (unless that is welcome). */
static Made from_list(Generator *generator, Kind kind, uint32_t depth) {
    Made index = make_sop(generator, KIND_INT, depth);
    if (chance(generator, 15)) {
        const char *text =
            make_text(generator, "[k * 3 %% 5 for k in range(6)][(%s %% 6)]", index.text);
        return made(text, true, 15);
    }
    uint32_t count = 2 + below(generator, 3);
    Buffer list = {0};
    double size = 0;
    for (uint32_t i = 0; i < count; i++) {
        Made item = make_constant(generator, kind);
        buffer_printf(&list, "%s%s", i > 0 ? ", " : "", item.text);
        size = larger(size, item.size);
    }
    bool safe = !generator->risky || chance(generator, 70);
    const char *text = safe ? make_text(generator, "[%s][(%s %% %u)]", list.data, index.text, count)
                            : make_text(generator, "[%s][%s]", list.data, index.text);
    buffer_free(&list);
    return made(text, true, size);
}

/* A dict with a row for each token (or, where failing is welcome, for all but the last). */
static Made from_dict(Generator *generator, Kind kind, uint32_t depth) {
    (void)depth;
    Buffer rows = {0};
    double size = 0;
    uint32_t count = generator->vocabulary.count;
    if (generator->risky && count > 1 && chance(generator, 30)) count--;
    for (uint32_t i = 0; i < count; i++) {
        Made item = make_constant(generator, kind);
        buffer_printf(&rows, "%s%s: %s", i > 0 ? ", " : "", generator->words[i], item.text);
        size = larger(size, item.size);
    }
    const char *text = make_text(generator, "{%s}[tokens]", rows.data);
    buffer_free(&rows);
    return made(text, true, size);
}

/* The value of the only selected key. */
static Made fetch(Generator *generator, Kind kind, uint32_t depth) {
    Made value = make_sop(generator, kind, depth), otherwise = make_constant(generator, kind);
    double size = larger(value.size, otherwise.size);
    switch (below(generator, 5)) {
    case 0:
        return made(
            make_text(generator, "%s[%s]", value.text, chance(generator, 50) ? "0" : "(-1)"), true,
            size);
    case 1: {
        Made where = make_sop(generator, KIND_INT, depth);
        return made(make_text(generator, "load_from_location(%s, %s)", value.text, where.text),
                    true, size);
    }
    case 2: {
        int steps = (int)below(generator, 5) - 2;
        const char *text =
            make_text(generator, "shift(%s, (%d), %s)", value.text, steps, otherwise.text);
        return made(text, true, size);
    }
    default: {
        Made single = make_single(generator, depth);
        if (chance(generator, 20))
            return made(make_text(generator, "aggregate(%s, %s)", single.text, value.text), true,
                        size);
        const char *text =
            make_text(generator, "aggregate(%s, %s, %s)", single.text, value.text, otherwise.text);
        return made(text, true, size);
    }
    }
}

static Made sorted(Generator *generator, Kind kind, uint32_t depth) {
    Made value = make_sop(generator, kind, depth);
    Made key = chance(generator, 40) ? value : make_sop(generator, either(generator), depth);
    return made(make_text(generator, "sort(%s, %s)", value.text, key.text), true, value.size);
}

static Made square(Generator *generator, Kind kind, uint32_t depth) {
    Made a = make_expression(generator, kind, depth);
    if (a.size * a.size > LARGEST) return not_here();
    return made(make_text(generator, "(%s ^ 2)", a.text), a.sop, a.size * a.size);
}

/* --- ints ------------------------------------------------------------------------------------- */

static Made int_add(Generator *g, uint32_t depth) { return add(g, KIND_INT, depth); }
static Made int_multiply(Generator *g, uint32_t depth) { return multiply(g, KIND_INT, depth); }
static Made int_remainder(Generator *g, uint32_t depth) { return remainder_of(g, KIND_INT, depth); }
static Made int_sign(Generator *g, uint32_t depth) { return sign(g, KIND_INT, depth); }
static Made int_choose(Generator *g, uint32_t depth) { return choose(g, KIND_INT, depth); }
static Made int_extreme(Generator *g, uint32_t depth) { return extreme(g, KIND_INT, depth); }
static Made int_list(Generator *g, uint32_t depth) { return from_list(g, KIND_INT, depth); }
static Made int_dict(Generator *g, uint32_t depth) { return from_dict(g, KIND_INT, depth); }
static Made int_fetch(Generator *g, uint32_t depth) { return fetch(g, KIND_INT, depth); }
static Made int_sorted(Generator *g, uint32_t depth) { return sorted(g, KIND_INT, depth); }
static Made int_square(Generator *g, uint32_t depth) { return square(g, KIND_INT, depth); }

static Made int_width(Generator *generator, uint32_t depth) {
    Made selector = make_expression(generator, KIND_SELECTOR, depth);
    const char *text = make_text(generator, "selector_width(%s)", selector.text);
    return made(text, true, generator->vocabulary.max_len);
}

static Made int_count(Generator *generator, uint32_t depth) {
    Kind kind = chance(generator, 60) ? KIND_STRING : either(generator);
    Made seq = make_sop(generator, kind, depth), what = make_constant(generator, kind);
    const char *text = make_text(generator, "count(%s, %s)", seq.text, what.text);
    return made(text, true, generator->vocabulary.max_len);
}

static Made int_round(Generator *generator, uint32_t depth) {
    Made a = make_expression(generator, KIND_NUMBER, depth);
    return made(make_text(generator, "round(%s)", a.text), a.sop, a.size + 1);
}

static Made int_indicator(Generator *generator, uint32_t depth) {
    static const Kind others[] = {KIND_INT, KIND_NUMBER, KIND_STRING};
    Made a =
        make_sop(generator, chance(generator, 80) ? KIND_BOOL : others[below(generator, 3)], depth);
    return made(make_text(generator, "indicator(%s)", a.text), true, 1);
}

/* More than float32 holds; what is made of it counts as large. */
static Made int_large(Generator *generator, uint32_t depth) {
    static const char *const much[] = {"* 1000003", "* 65536", "+ 16777217"};
    Made a = make_expression(generator, KIND_INT, depth);
    return made(make_text(generator, "(%s %s)", a.text, much[below(generator, 3)]), a.sop,
                LARGEST / 2);
}

/* True + 1 is 2. */
static Made int_of_bools(Generator *generator, uint32_t depth) {
    Made a = make_sop(generator, KIND_BOOL, depth),
         b = make_expression(generator, KIND_BOOL, depth);
    return made(make_text(generator, "(%s + %s)", a.text, b.text), true, 2);
}

const Production int_productions[] = {
    {14, int_add},       {6, int_multiply},    {8, int_remainder},
    {3, int_sign},       {10, int_choose},     {4, int_extreme},
    {5, int_list},       {4, int_dict},        {10, int_fetch},
    {3, int_sorted},     {2, int_square},      {14, int_width},
    {5, int_count},      {8, int_round},       {8, int_indicator},
    {2, int_of_bools},   {4, idiom_rank},      {4, idiom_number},
    {5, idiom_total},    {3, idiom_quotient},  {1, idiom_signed_bool},
    {2, idiom_int_item}, {2, idiom_made_dict}, {1, int_large},
    {0, NULL},
};

/* --- numbers ---------------------------------------------------------------------------------- */

static Made number_add(Generator *g, uint32_t depth) { return add(g, KIND_NUMBER, depth); }
static Made number_multiply(Generator *g, uint32_t depth) {
    return multiply(g, KIND_NUMBER, depth);
}
static Made number_remainder(Generator *g, uint32_t depth) {
    return remainder_of(g, KIND_NUMBER, depth);
}
static Made number_sign(Generator *g, uint32_t depth) { return sign(g, KIND_NUMBER, depth); }
static Made number_choose(Generator *g, uint32_t depth) { return choose(g, KIND_NUMBER, depth); }
static Made number_extreme(Generator *g, uint32_t depth) { return extreme(g, KIND_NUMBER, depth); }
static Made number_list(Generator *g, uint32_t depth) { return from_list(g, KIND_NUMBER, depth); }
static Made number_dict(Generator *g, uint32_t depth) { return from_dict(g, KIND_NUMBER, depth); }
static Made number_fetch(Generator *g, uint32_t depth) { return fetch(g, KIND_NUMBER, depth); }
static Made number_sorted(Generator *g, uint32_t depth) { return sorted(g, KIND_NUMBER, depth); }
static Made number_square(Generator *g, uint32_t depth) { return square(g, KIND_NUMBER, depth); }
static Made number_int(Generator *g, uint32_t depth) { return make_expression(g, KIND_INT, depth); }

static Made number_mean(Generator *generator, uint32_t depth) {
    Made selector = make_expression(generator, KIND_SELECTOR, depth);
    Kind kind = chance(generator, 25) ? KIND_BOOL : chance(generator, 60) ? KIND_INT : KIND_NUMBER;
    Made value = make_sop(generator, kind, depth);
    if (chance(generator, 50))
        return made(make_text(generator, "aggregate(%s, %s)", selector.text, value.text), true,
                    value.size);
    Made otherwise = make_constant(generator, KIND_NUMBER);
    const char *text =
        make_text(generator, "aggregate(%s, %s, %s)", selector.text, value.text, otherwise.text);
    return made(text, true, larger(value.size, otherwise.size));
}

static Made number_average(Generator *generator, uint32_t depth) {
    Made value = make_sop(generator, either(generator), depth);
    return made(make_text(generator, "average(%s)", value.text), true, value.size);
}

/* A mean times its own count: a sum. */
static Made number_sum(Generator *generator, uint32_t depth) {
    Made value = make_sop(generator, KIND_INT, depth);
    double size = value.size * generator->vocabulary.max_len;
    if (size > LARGEST * (chance(generator, 50) ? 1 : LARGEST)) return not_here();
    if (size > LARGEST) size = LARGEST;
    if (chance(generator, 50))
        return made(make_text(generator, "(length * average(%s))", value.text), true, size);
    const char *text = make_text(
        generator, "((indices + 1) * aggregate(select(indices, indices, <=), %s))", value.text);
    return made(text, true, size);
}

static Made number_divide(Generator *generator, uint32_t depth) {
    static const char *const divisors[] = {"2", "3", "4", "0.5", "length", "(indices + 1)"};
    Made a = make_expression(generator, either(generator), depth);
    if (generator->risky && chance(generator, 40)) {
        Made b = make_sop(generator, KIND_INT, depth);
        return made(make_text(generator, "(%s / %s)", a.text, b.text), true, a.size);
    }
    uint32_t which = below(generator, 6);
    const char *text = make_text(generator, "(%s / %s)", a.text, divisors[which]);
    return made(text, a.sop || which >= 4, 2 * a.size);
}

/* Powers of a constant, negative exponents included; a root. */
static Made number_power(Generator *generator, uint32_t depth) {
    enum { LARGEST_EXPONENT = 8 };
    Made a = make_sop(generator, KIND_INT, depth);
    if (a.size <= LARGEST_EXPONENT && chance(generator, 75))
        return made(make_text(generator, "(2 ^ %s)", a.text), true, 1 << LARGEST_EXPONENT);
    return made("((indices + 1) ^ 0.5)", true, generator->vocabulary.max_len);
}

const Production number_productions[] = {
    {12, number_int},  {8, number_add},           {5, number_multiply},   {3, number_remainder},
    {2, number_sign},  {7, number_choose},        {3, number_extreme},    {3, number_list},
    {3, number_dict},  {6, number_fetch},         {2, number_sorted},     {1, number_square},
    {24, number_mean}, {5, number_average},       {6, number_sum},        {10, number_divide},
    {2, number_power}, {2, idiom_float_quotient}, {1, idiom_number_item}, {0, NULL},
};
