/* Productions that real programs are full of and that chance would seldom put together: ranks,
   running totals, numbered occurrences, quotients, means of one selector compared. */
#include "tests/random/generator.h"

enum { LARGEST = 400 }; /* as in numbers.c */

static double longest(const Generator *generator) { return generator->vocabulary.max_len; }

/* A selector that is written twice must be the same text, so that it is one node. */
static const char *some_selector(Generator *generator, uint32_t depth) {
    static const char *const some[] = {
        "full_s",
        "select(indices, indices, <=)",
        "select(indices, indices, <)",
        "select(tokens, tokens, ==)",
        "select(tokens, tokens, !=)",
    };
    if (chance(generator, 70)) return some[below(generator, 5)];
    return make_expression(generator, KIND_SELECTOR, depth).text;
}

/* --- ints ---------------------------------------------------------------------------------------
 */

Made idiom_rank(Generator *generator, uint32_t depth) {
    Kind kind = chance(generator, 40)   ? KIND_STRING
                : chance(generator, 70) ? KIND_INT
                                        : KIND_NUMBER;
    const char *key = make_sop(generator, kind, depth).text;
    const char *text = make_text(generator,
                                 "selector_width(select(%s, %s, %s) or (select(%s, %s, ==) and "
                                 "select(indices, indices, <)))",
                                 key, key, chance(generator, 70) ? "<" : ">", key, key);
    return made(text, true, longest(generator));
}

/* The how manieth of its kind each position is. */
Made idiom_number(Generator *generator, uint32_t depth) {
    const char *is_one = make_sop(generator, KIND_BOOL, depth).text;
    const char *text = make_text(
        generator, "selector_width(select(%s, True, ==) and select(indices, indices, %s))", is_one,
        chance(generator, 70) ? "<=" : "<");
    return made(text, true, longest(generator));
}

/* A mean times its own count, rounded: the sum. */
Made idiom_total(Generator *generator, uint32_t depth) {
    Made value = make_sop(generator, chance(generator, 80) ? KIND_INT : KIND_BOOL, depth);
    double size = value.size * longest(generator);
    if (size > LARGEST) return not_here();
    switch (below(generator, 3)) {
    case 0:
        return made(make_text(generator, "round(average(%s) * length)", value.text), true, size);
    case 1: {
        const char *before = chance(generator, 60) ? "<=" : "<";
        const char *count = *before == '<' && before[1] == '=' ? "(indices + 1)" : "indices";
        return made(make_text(generator, "round(%s * aggregate(select(indices, indices, %s), %s))",
                              count, before, value.text),
                    true, size);
    }
    default: {
        const char *selector = some_selector(generator, depth);
        return made(make_text(generator, "round(selector_width(%s) * aggregate(%s, %s))", selector,
                              selector, value.text),
                    true, size);
    }
    }
}

/* Division without remainder: a float as it is written, an int once it is rounded. */
static const char *quotient(Generator *generator, Made a) {
    uint32_t by = 2 + below(generator, 3);
    return make_text(generator, "((%s - %s %% %u) / %u)", a.text, a.text, by, by);
}

Made idiom_quotient(Generator *generator, uint32_t depth) {
    Made a = make_sop(generator, KIND_INT, depth);
    return made(make_text(generator, "round%s", quotient(generator, a)), true, a.size);
}

Made idiom_float_quotient(Generator *generator, uint32_t depth) {
    Made a = make_sop(generator, KIND_INT, depth);
    return made(quotient(generator, a), true, a.size);
}

/* Arithmetic on what is no number by itself: -True is -1. */
Made idiom_signed_bool(Generator *generator, uint32_t depth) {
    Made a = make_sop(generator, KIND_BOOL, depth);
    return made(make_text(generator, "(%c%s)", chance(generator, 50) ? '-' : '+', a.text), true, 1);
}

/* The value at a constant position: 0 outside of the input. */
static Made item(Generator *generator, Kind kind, uint32_t depth) {
    Made value = make_sop(generator, kind, depth);
    uint32_t at = below(generator, generator->vocabulary.max_len + 1);
    const char *sign = chance(generator, 40) ? "-" : "";
    if (at == 0) sign = "";
    return made(make_text(generator, "%s[%s%u]", value.text, sign, at), true, value.size);
}

Made idiom_int_item(Generator *g, uint32_t depth) { return item(g, KIND_INT, depth); }
Made idiom_number_item(Generator *g, uint32_t depth) { return item(g, KIND_NUMBER, depth); }

/* A dict made by a comprehension, read at a number that it has. */
Made idiom_made_dict(Generator *generator, uint32_t depth) {
    Made index = make_sop(generator, KIND_INT, depth);
    uint32_t count = 2 + below(generator, 4), by = 1 + below(generator, 5);
    const char *text = make_text(generator, "{k: (k * %u) %% 7 for k in range(%u)}[%s %% %u]", by,
                                 count, index.text, count);
    return made(text, true, 6);
}

/* --- bools --------------------------------------------------------------------------------------
 */

/* Two means of one selector, or one and a constant. */
Made idiom_means_compared(Generator *generator, uint32_t depth) {
    static const char *const ops[] = {"==", "<", "<=", ">", ">="};
    const char *selector = some_selector(generator, depth);
    Made a = make_sop(generator, KIND_INT, depth);
    const char *default_of_a = make_constant(generator, KIND_NUMBER).text;
    const char *op = ops[below(generator, 5)];
    if (chance(generator, 40))
        return made(make_text(generator, "(aggregate(%s, %s, %s) %s %s)", selector, a.text,
                              default_of_a, op, make_constant(generator, KIND_NUMBER).text),
                    true, 1);
    Made b = make_sop(generator, chance(generator, 70) ? KIND_INT : KIND_BOOL, depth);
    const char *default_of_b =
        chance(generator, 60) ? default_of_a : make_constant(generator, KIND_NUMBER).text;
    return made(make_text(generator, "(aggregate(%s, %s, %s) %s aggregate(%s, %s, %s))", selector,
                          a.text, default_of_a, op, selector, b.text, default_of_b),
                true, 1);
}

/* --- selectors ----------------------------------------------------------------------------------
 */

/* Where the keys are a ranking each position finds one. */
Made idiom_by_rank(Generator *generator, uint32_t depth) {
    const char *rank = idiom_rank(generator, depth).text;
    Made result = made(make_text(generator,
                                 chance(generator, 70) ? "select(%s, indices, ==)"
                                                       : "select(%s, length - 1 - "
                                                         "indices, ==)",
                                 rank),
                       true, 0);
    result.single = true;
    return result;
}

/* The n-th of those that hold. */
Made idiom_nth(Generator *generator, uint32_t depth) {
    const char *is_one = make_sop(generator, KIND_BOOL, depth).text;
    const char *text =
        make_text(generator,
                  "(select(selector_width(select(%s, True, ==) and select(indices, indices, <=)), "
                  "indices + 1, ==) and select(%s, True, ==))",
                  is_one, is_one);
    Made result = made(text, true, 0);
    result.single = true;
    return result;
}
