/* From a kind to an expression: variables and inputs at the leaves, productions above them. */
#include "tests/random/generator.h"

#include <stdarg.h>

const char *make_text(Generator *generator, const char *format, ...) {
    Buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    const char *kept = arena_strndup(generator->arena, text.data, text.len);
    buffer_free(&text);
    return kept;
}

/* --- leaves ----------------------------------------------------------------------------------- */

/* A variable of the kind; one that nobody used yet is six times as likely. */
static Made choose_variable(Generator *generator, Kind kind, bool single) {
    uint32_t total = 0, weight[VARIABLES_AT_MOST] = {0};
    for (uint32_t i = generator->hidden; i < generator->variable_count; i++) {
        const Variable *variable = &generator->variables[i];
        bool fits = variable->kind == kind || (kind == KIND_NUMBER && variable->kind <= KIND_INT);
        if (!fits || (single && !variable->made.single)) continue;
        weight[i] = variable->used ? 1 : 6;
        total += weight[i];
    }
    if (total == 0) return not_here();
    uint32_t at = below(generator, total), i = generator->hidden;
    for (; at >= weight[i]; i++)
        at -= weight[i];
    generator->variables[i].used = true;
    Made result = generator->variables[i].made;
    result.text = generator->variables[i].name;
    return result;
}

static Made int_input(Generator *generator) {
    double longest = generator->vocabulary.max_len;
    uint32_t which = below(generator, 10);
    if (which < 4 && generator->tokens.have_int)
        return made("tokens_int", true, generator->tokens.size);
    if (which < 2 && generator->tokens.asis == KIND_INT)
        return made("tokens_asis", true, generator->tokens.size);
    return which < 8 ? made("indices", true, longest - 1) : made("length", true, longest);
}

static Made bool_input(Generator *generator) {
    uint32_t which = below(generator, 10);
    if (which < 4 && generator->tokens.asis == KIND_BOOL) return made("tokens_asis", true, 1);
    if (which < 3) return made("tokens_bool", true, 1);
    const char *word = generator->words[below(generator, generator->vocabulary.count)];
    return made(make_text(generator, "(tokens == %s)", word), true, 1);
}

static Made number_input(Generator *generator) {
    uint32_t which = below(generator, 10);
    const TokenFacts *tokens = &generator->tokens;
    if (which < 3 && tokens->have_float) return made("tokens_float", true, tokens->size);
    if (which < 6 && tokens->asis <= KIND_NUMBER) return made("tokens_asis", true, tokens->size);
    return int_input(generator);
}

static Made string_input(Generator *generator) {
    double length = generator->tokens.length;
    if (generator->tokens.asis == KIND_STRING && chance(generator, 15))
        return made("tokens_asis", true, length);
    return made(chance(generator, 70) ? "tokens" : "tokens_str", true, length);
}

static Made simple_selector(Generator *generator) {
    static const char *const some[] = {
        "full_s",
        "select(indices, indices, <=)",
        "select(indices, indices, <)",
        "select(tokens, tokens, ==)",
        "select(indices, indices, >)",
    };
    return made(some[below(generator, 5)], true, 0);
}

static Made input_of(Generator *generator, Kind kind) {
    switch (kind) {
    case KIND_BOOL: return bool_input(generator);
    case KIND_INT: return int_input(generator);
    case KIND_NUMBER: return number_input(generator);
    case KIND_STRING: return string_input(generator);
    default: return simple_selector(generator);
    }
}

static Made make_leaf(Generator *generator, Kind kind, bool want_sop) {
    Made leaf = not_here();
    if (chance(generator, 70)) leaf = choose_variable(generator, kind, false);
    if (leaf.text == NULL && !want_sop && kind != KIND_SELECTOR && chance(generator, 20))
        leaf = make_constant(generator, kind);
    return leaf.text == NULL ? input_of(generator, kind) : leaf;
}

/* --- productions ------------------------------------------------------------------------------ */

static const Production *productions_of(Kind kind) {
    switch (kind) {
    case KIND_BOOL: return bool_productions;
    case KIND_INT: return int_productions;
    case KIND_NUMBER: return number_productions;
    case KIND_STRING: return string_productions;
    default: return selector_productions;
    }
}

static Made produce(Generator *generator, Kind kind, uint32_t depth) {
    const Production *list = productions_of(kind);
    uint32_t total = 0;
    for (const Production *p = list; p->weight > 0; p++)
        total += p->weight;
    uint32_t at = below(generator, total);
    const Production *chosen = list;
    for (; at >= chosen->weight; chosen++)
        at -= chosen->weight;
    return chosen->produce(generator, depth - 1);
}

/* A call of one of the program's own functions. */
static Made produce_call(Generator *generator, Kind kind, uint32_t depth) {
    enum { LARGEST_ARGUMENT = 20 }; /* what a function counts on (program.c) */
    uint32_t which = below(generator, FUNCTIONS_AT_MOST);
    if (which >= generator->function_count) return not_here();
    const RandomFunction *function = &generator->functions[which];
    if (function->result != kind) return not_here();
    Made a = make_sop(generator, function->parameter[0], depth - 1);
    Made b = make_sop(generator, function->parameter[1], depth - 1);
    if (a.size > LARGEST_ARGUMENT || b.size > LARGEST_ARGUMENT) return not_here();
    return made(make_text(generator, "%s(%s, %s)", function->name, a.text, b.text), true,
                function->size);
}

Made make_expression(Generator *generator, Kind kind, uint32_t depth) {
    enum { ATTEMPTS = 6 };
    if (depth == 0 || chance(generator, 12)) return make_leaf(generator, kind, false);
    for (int i = 0; i < ATTEMPTS; i++) {
        Made result = produce_call(generator, kind, depth);
        if (result.text == NULL) result = produce(generator, kind, depth);
        if (result.text != NULL) return result;
    }
    return make_leaf(generator, kind, false);
}

Made make_sop(Generator *generator, Kind kind, uint32_t depth) {
    enum { ATTEMPTS = 4 };
    for (int i = 0; i < ATTEMPTS && depth > 0; i++) {
        Made result = make_expression(generator, kind, depth);
        if (result.sop) return result;
    }
    Made leaf = make_leaf(generator, kind, true);
    return leaf.sop ? leaf : input_of(generator, kind);
}

Made make_single(Generator *generator, uint32_t depth) {
    Made variable =
        chance(generator, 30) ? choose_variable(generator, KIND_SELECTOR, true) : not_here();
    if (variable.text != NULL) return variable;
    const char *text;
    uint32_t which = below(generator, 10);
    if (which < 2) {
        text = make_text(generator, "select(indices, %s, ==)",
                         make_constant(generator, KIND_INT).text);
    } else if (which < 3 && chance(generator, 50)) {
        text = chance(generator, 60) ? idiom_by_rank(generator, depth / 2).text
                                     : idiom_nth(generator, depth / 2).text;
    } else if (which < 3) {
        text = make_text(generator, "select_next_identical(%s)",
                         make_sop(generator, KIND_STRING, depth / 2).text);
    } else if (which < 4) {
        const char *seq = make_sop(generator, KIND_STRING, depth / 2).text;
        text =
            make_text(generator, "select_from_%s(%s, %s)", chance(generator, 50) ? "last" : "first",
                      seq, make_constant(generator, KIND_STRING).text);
    } else {
        Made where = make_sop(generator, chance(generator, 80) ? KIND_INT : KIND_NUMBER, depth);
        bool plain = chance(generator, 70);
        text =
            make_text(generator, plain ? "select(indices, %s, ==)" : "select(indices + 1, %s, ==)",
                      where.text);
    }
    if (depth > 0 && chance(generator, 25)) {
        Made other = make_expression(generator, KIND_SELECTOR, depth - 1);
        text = make_text(generator, "(%s and %s)", text, other.text);
    }
    Made result = made(text, true, 0);
    result.single = true;
    return result;
}
