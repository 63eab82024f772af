/* Productions of selectors. */
#include "tests/random/generator.h"

static Made selector(const char *text) { return made(text, true, 0); }

/* All six comparisons; computed keys and queries, often positions, often a constant on one side. */
static Made selector_compare(Generator *generator, uint32_t depth) {
    static const char *const ops[] = {"==", "==", "==", "<", "<=", ">", ">=", "!="};
    static const Kind kinds[] = {KIND_INT,    KIND_INT,    KIND_STRING,
                                 KIND_STRING, KIND_NUMBER, KIND_BOOL};
    Kind kind = kinds[below(generator, 6)];
    const char *op = ops[below(generator, 8)];
    Made key = chance(generator, 25) && kind == KIND_INT ? made("indices", true, 0)
                                                         : make_expression(generator, kind, depth);
    Made query = chance(generator, 25) ? make_constant(generator, kind)
                 : chance(generator, 25) && kind == KIND_INT
                     ? made("indices", true, 0)
                     : make_expression(generator, kind, depth);
    if (!key.sop && !query.sop) return not_here();
    if (chance(generator, 10)) {
        Made swap = key;
        key = query;
        query = swap;
    }
    return selector(make_text(generator, "select(%s, %s, %s)", key.text, query.text, op));
}

/* Equality of different kinds: never of a string and a number. */
static Made selector_mixed(Generator *generator, uint32_t depth) {
    Made key = make_sop(generator, chance(generator, 50) ? KIND_NUMBER : KIND_BOOL, depth);
    Made query = make_expression(generator, chance(generator, 80) ? KIND_INT : KIND_STRING, depth);
    const char *op = chance(generator, 60) ? "==" : "!=";
    return selector(make_text(generator, "select(%s, %s, %s)", key.text, query.text, op));
}

static Made selector_and(Generator *generator, uint32_t depth) {
    Made a = make_expression(generator, KIND_SELECTOR, depth),
         b = make_expression(generator, KIND_SELECTOR, depth);
    Made result = selector(make_text(generator, "(%s and %s)", a.text, b.text));
    result.single = a.single || b.single;
    return result;
}

static Made selector_or(Generator *generator, uint32_t depth) {
    Made a = make_expression(generator, KIND_SELECTOR, depth),
         b = make_expression(generator, KIND_SELECTOR, depth);
    return selector(make_text(generator, "(%s or %s)", a.text, b.text));
}

static Made selector_not(Generator *generator, uint32_t depth) {
    return selector(
        make_text(generator, "(not %s)", make_expression(generator, KIND_SELECTOR, depth).text));
}

const Production selector_productions[] = {
    {50, selector_compare}, {4, selector_mixed}, {18, selector_and},
    {10, selector_or},      {10, selector_not},  {8, make_single},
    {3, idiom_by_rank},     {3, idiom_nth},      {0, NULL},
};
