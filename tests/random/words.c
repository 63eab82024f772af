/* Productions of bools and of strings. */
#include "tests/random/generator.h"

static Kind some_kind(Generator *generator) {
    static const Kind kinds[] = {KIND_INT, KIND_INT, KIND_NUMBER, KIND_STRING, KIND_BOOL};
    return kinds[below(generator, 5)];
}

/* --- bools ------------------------------------------------------------------------------------ */

static Made bool_compare(Generator *generator, uint32_t depth) {
    static const char *const ops[] = {"==", "<", "<=", ">", ">="};
    Kind kind = some_kind(generator);
    Made a = make_expression(generator, kind, depth), b = make_expression(generator, kind, depth);
    const char *text = make_text(generator, "(%s %s %s)", a.text, ops[below(generator, 5)], b.text);
    return made(text, a.sop || b.sop, 1);
}

/* Values of different kinds are never equal, unless they are numbers. */
static Made bool_mixed_equal(Generator *generator, uint32_t depth) {
    Made a = make_expression(generator, some_kind(generator), depth);
    Made b = make_expression(generator, some_kind(generator), depth);
    return made(make_text(generator, "(%s == %s)", a.text, b.text), a.sop || b.sop, 1);
}

/* Of anything: what is empty or 0 is false. */
static Made bool_not(Generator *generator, uint32_t depth) {
    Made a =
        make_expression(generator, chance(generator, 75) ? KIND_BOOL : some_kind(generator), depth);
    return made(make_text(generator, "(not %s)", a.text), a.sop, 1);
}

static Made bool_join(Generator *generator, uint32_t depth) {
    bool bools = chance(generator, 80);
    /* On constants `and` gives an operand, which must then be a bool. */
    Made a = bools ? make_expression(generator, KIND_BOOL, depth)
                   : make_sop(generator, some_kind(generator), depth);
    Made b = bools ? make_expression(generator, KIND_BOOL, depth)
                   : make_sop(generator, some_kind(generator), depth);
    const char *op = chance(generator, 50) ? "and" : "or";
    return made(make_text(generator, "(%s %s %s)", a.text, op, b.text), a.sop || b.sop, 1);
}

static Made bool_member(Generator *generator, uint32_t depth) {
    Kind kind = some_kind(generator);
    Made a = make_expression(generator, kind, depth);
    uint32_t count = below(generator, 4);
    Buffer list = {0};
    buffer_text(&list, "");
    for (uint32_t i = 0; i < count; i++) {
        buffer_printf(&list, "%s%s", i > 0 ? ", " : "", make_constant(generator, kind).text);
    }
    Made result =
        made(make_text(generator, "(%s in [%s])", a.text, count > 0 ? list.data : ""), a.sop, 1);
    buffer_free(&list);
    return result;
}

static Made bool_contains(Generator *generator, uint32_t depth) {
    Kind kind = some_kind(generator);
    Made seq = make_sop(generator, kind, depth), what = make_constant(generator, kind);
    bool word = chance(generator, 50);
    const char *text = word ? make_text(generator, "(%s in %s)", what.text, seq.text)
                            : make_text(generator, "contains(%s, %s)", seq.text, what.text);
    return made(text, true, 1);
}

static Made bool_mark(Generator *generator, uint32_t depth) {
    Kind kind = chance(generator, 70) ? KIND_STRING : some_kind(generator);
    Made seq = make_sop(generator, kind, depth), what = make_constant(generator, kind);
    const char *which = chance(generator, 50) ? "first" : "last";
    return made(make_text(generator, "mark_%s_instance(%s, %s)", which, seq.text, what.text), true,
                1);
}

static Made bool_focus(Generator *generator, uint32_t depth) {
    return made(make_text(generator, "has_focus(%s)",
                          make_expression(generator, KIND_SELECTOR, depth).text),
                true, 1);
}

static Made bool_choose(Generator *generator, uint32_t depth) {
    Made a = make_expression(generator, KIND_BOOL, depth),
         b = make_expression(generator, KIND_BOOL, depth);
    Made condition =
        make_expression(generator, chance(generator, 80) ? KIND_BOOL : some_kind(generator), depth);
    const char *text = make_text(generator, "(%s if %s else %s)", a.text, condition.text, b.text);
    return made(text, condition.sop || (a.sop && b.sop), 1);
}

static Made bool_fetch(Generator *generator, uint32_t depth) {
    Made value = make_sop(generator, KIND_BOOL, depth),
         otherwise = make_constant(generator, KIND_BOOL);
    Made single = make_single(generator, depth);
    const char *text =
        make_text(generator, "aggregate(%s, %s, %s)", single.text, value.text, otherwise.text);
    return made(text, true, 1);
}

const Production bool_productions[] = {
    {30, bool_compare}, {3, bool_mixed_equal},     {8, bool_not},
    {14, bool_join},    {8, bool_member},          {5, bool_contains},
    {4, bool_mark},     {10, bool_focus},          {5, bool_choose},
    {6, bool_fetch},    {7, idiom_means_compared}, {0, NULL},
};

/* --- strings ---------------------------------------------------------------------------------- */

enum { LONGEST_STRING = 6 };

static Made string_choose(Generator *generator, uint32_t depth) {
    Made a = make_expression(generator, KIND_STRING, depth),
         b = make_expression(generator, KIND_STRING, depth);
    Made condition = make_expression(generator, KIND_BOOL, depth);
    const char *text = make_text(generator, "(%s if %s else %s)", a.text, condition.text, b.text);
    return made(text, condition.sop || (a.sop && b.sop), larger(a.size, b.size));
}

/* Where failing is welcome, more than one key may be selected, or the default be left out. */
static Made string_fetch(Generator *generator, uint32_t depth) {
    Made value = make_sop(generator, KIND_STRING, depth),
         otherwise = make_constant(generator, KIND_STRING);
    double size = larger(value.size, otherwise.size);
    bool careless = generator->risky && chance(generator, 30);
    Made selector =
        careless ? make_expression(generator, KIND_SELECTOR, depth) : make_single(generator, depth);
    if (careless && chance(generator, 30))
        return made(make_text(generator, "aggregate(%s, %s)", selector.text, value.text), true,
                    size);
    const char *text =
        make_text(generator, "aggregate(%s, %s, %s)", selector.text, value.text, otherwise.text);
    return made(text, true, size);
}

static Made string_shift(Generator *generator, uint32_t depth) {
    Made value = make_sop(generator, KIND_STRING, depth),
         filler = make_constant(generator, KIND_STRING);
    int steps = (int)below(generator, 5) - 2;
    const char *text = make_text(generator, "shift(%s, (%d), %s)", value.text, steps, filler.text);
    return made(text, true, larger(value.size, filler.size));
}

static Made string_end(Generator *generator, uint32_t depth) {
    Made value = make_sop(generator, KIND_STRING, depth);
    return made(make_text(generator, "%s[%s]", value.text, chance(generator, 50) ? "0" : "(-1)"),
                true, value.size);
}

static Made string_sorted(Generator *generator, uint32_t depth) {
    Made value = make_sop(generator, KIND_STRING, depth);
    Made key = make_sop(generator, chance(generator, 50) ? KIND_STRING : KIND_INT, depth);
    return made(make_text(generator, "sort(%s, %s)", value.text, key.text), true, value.size);
}

static Made string_concat(Generator *generator, uint32_t depth) {
    Made a = make_expression(generator, KIND_STRING, depth),
         b = make_expression(generator, KIND_STRING, depth);
    if (a.size + b.size > LONGEST_STRING) return not_here();
    return made(make_text(generator, "(%s + %s)", a.text, b.text), a.sop || b.sop, a.size + b.size);
}

static Made string_repeat(Generator *generator, uint32_t depth) {
    Made a = make_expression(generator, KIND_STRING, depth),
         times = make_expression(generator, KIND_INT, depth);
    if (a.size * times.size > LONGEST_STRING) return not_here();
    return made(make_text(generator, "(%s * %s)", a.text, times.text), a.sop || times.sop,
                a.size * times.size);
}

static Made string_list(Generator *generator, uint32_t depth) {
    Made index = make_sop(generator, KIND_INT, depth);
    Made a = make_constant(generator, KIND_STRING), b = make_constant(generator, KIND_STRING);
    return made(make_text(generator, "[%s, %s][(%s %% 2)]", a.text, b.text, index.text), true,
                larger(a.size, b.size));
}

static Made string_dict(Generator *generator, uint32_t depth) {
    Buffer rows = {0};
    bool by_number = chance(generator, 40);
    uint32_t count = by_number ? 3 : generator->vocabulary.count;
    for (uint32_t i = 0; i < count; i++) {
        if (by_number)
            buffer_printf(&rows, "%s%u: %s", i > 0 ? ", " : "", i,
                          make_constant(generator, KIND_STRING).text);
        else
            buffer_printf(&rows, "%s%s: %s", i > 0 ? ", " : "", generator->words[i],
                          make_constant(generator, KIND_STRING).text);
    }
    const char *key =
        by_number ? make_text(generator, "(%s %% 3)", make_sop(generator, KIND_INT, depth).text)
                  : "tokens";
    const char *text = make_text(generator, "{%s}[%s]", rows.data, key);
    buffer_free(&rows);
    return made(text, true, larger(generator->tokens.length, 2));
}

const Production string_productions[] = {
    {18, string_choose}, {22, string_fetch}, {10, string_shift}, {5, string_end},
    {8, string_sorted},  {6, string_concat}, {2, string_repeat}, {6, string_list},
    {8, string_dict},    {0, NULL},
};
