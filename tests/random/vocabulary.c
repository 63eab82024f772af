/* Vocabularies, greatest lengths and literals. */
#include "tests/random/generator.h"

#include <math.h>

/* One family of tokens that go well together. */
typedef struct Family {
    uint32_t weight, count;
    const char *json[26]; /* (count) as JSON; an element alone means the same as in --vocab */
} Family;

static const Family families[] = {
    {30,
     10,
     {"\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\"", "\"f\"", "\"g\"", "\"h\"", "\"i\"", "\"j\""}},
    {4, 26, {"\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\"", "\"f\"", "\"g\"", "\"h\"", "\"i\"",
             "\"j\"", "\"k\"", "\"l\"", "\"m\"", "\"n\"", "\"o\"", "\"p\"", "\"q\"", "\"r\"",
             "\"s\"", "\"t\"", "\"u\"", "\"v\"", "\"w\"", "\"x\"", "\"y\"", "\"z\""}},
    {4,
     18,
     {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "15", "20", "-5", "-1",
      "16"}},
    {12,
     10,
     {"\"0\"", "\"1\"", "\"2\"", "\"3\"", "\"4\"", "\"5\"", "\"6\"", "\"7\"", "\"8\"", "\"9\""}},
    {8, 8, {"\"(\"", "\")\"", "\"[\"", "\"]\"", "\"{\"", "\"}\"", "\"<\"", "\">\""}},
    {18, 9, {"1", "2", "3", "0", "-1", "4", "-2", "5", "7"}},
    {8, 2, {"false", "true"}},
    {10, 7, {"0.5", "1.0", "-1.5", "0.25", "2.0", "0.1", "0.0"}},
    {6, 6, {"\"cat\"", "\"\"", "\"dog\"", "\"a\"", "\"ca\"", "\"Cat\""}},
    {4, 5, {"\"\u00e9\"", "\"e\"", "\"\u65e5\"", "\"\U0001f600\"", "\" \""}},
    {5, 6, {"1", "1.0", "true", "0", "false", "2.5"}},
    {3, 5, {"1", "\"1\"", "\"a\"", "2.5", "true"}},
};
enum { FAMILY_COUNT = sizeof families / sizeof families[0] };

static const Family *choose_family(Generator *generator) {
    uint32_t total = 0;
    for (uint32_t i = 0; i < FAMILY_COUNT; i++)
        total += families[i].weight;
    uint32_t at = below(generator, total);
    for (uint32_t i = 0;; i++) {
        if (at < families[i].weight) return &families[i];
        at -= families[i].weight;
    }
}

static Atom read_token(Generator *generator, const char *json) {
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    InputReader reader = {.arena = generator->arena, .sources = sources, .diags = diags};
    Buffer list = {0};
    buffer_printf(&list, "[%s]", json);
    uint32_t file = sources_add(sources, "<token>", list.data, list.len);
    Atom token = input_read_json(&reader, file) ? reader.inputs[0].input.tokens[0] : atom_int(0);
    input_reader_free(&reader);
    buffer_free(&list);
    diagnostics_free(diags);
    sources_free(sources);
    return token;
}

static uint32_t choose_length(Generator *generator) {
    uint32_t range = below(generator, 100);
    if (range < 3) return 1;
    if (range < 70) return 2 + below(generator, 5);
    if (range < 91) return 7 + below(generator, 10);
    if (range < 98) return 17 + below(generator, 24);
    return 41 + below(generator, 60);
}

static Kind kind_of(Atom atom) {
    switch (atom.kind) {
    case ATOM_BOOL: return KIND_BOOL;
    case ATOM_INT: return KIND_INT;
    case ATOM_FLOAT: return KIND_NUMBER;
    default: return KIND_STRING;
    }
}

/* The kind that holds both, or KIND_COUNT. */
static Kind join(Kind a, Kind b) {
    if (a == b) return a;
    if (a == KIND_STRING || b == KIND_STRING || a == KIND_COUNT) return KIND_COUNT;
    return KIND_NUMBER;
}

static void learn(Generator *generator) {
    TokenFacts facts = {.have_int = true, .have_float = true};
    generator->words = ARENA_ARRAY(generator->arena, const char *, generator->vocabulary.count);
    for (uint32_t i = 0; i < generator->vocabulary.count; i++) {
        Atom token = generator->vocabulary.tokens[i], whole;
        double real = 0;
        facts.have_int = facts.have_int && atom_to_int(generator->arena, token, &whole);
        bool converts = atom_to_float(token, &real);
        facts.have_float = facts.have_float && converts;
        if (converts) facts.size = larger(facts.size, fabs(real));
        facts.asis = i == 0 ? kind_of(token) : join(facts.asis, kind_of(token));
        Atom text = atom_to_string(generator->arena, token);
        facts.length =
            larger(facts.length, (double)utf8_count(text.as.string->bytes, text.as.string->len));
        generator->words[i] = make_text(generator, "\"%s\"", text.as.string->bytes);
    }
    generator->tokens = facts;
}

void choose_vocabulary(Generator *generator) {
    const Family *family = choose_family(generator);
    uint32_t most = chance(generator, 85) && family->count > 4 ? 4 : family->count;
    uint32_t count = 1 + below(generator, most);
    if (count == 1 && chance(generator, 70)) count = 2; /* one token says little */
    Atom *tokens = ARENA_ARRAY(generator->arena, Atom, count);
    uint32_t first = below(generator, family->count);
    for (uint32_t i = 0; i < count; i++) {
        tokens[i] = read_token(generator, family->json[(first + i) % family->count]);
    }
    generator->vocabulary =
        (Vocabulary){.tokens = tokens, .count = count, .max_len = choose_length(generator)};
    learn(generator);
}

/* --- literals --------------------------------------------------------------------------------- */

static Made constant_string(Generator *generator) {
    static const char *const others[] = {"\"-\"", "\"\"", "\"zz\"", "\"a\""};
    const char *text = chance(generator, 70)
                           ? generator->words[below(generator, generator->vocabulary.count)]
                           : others[below(generator, 4)];
    return made(text, false, larger(generator->tokens.length, 2));
}

static Made constant_float(Generator *generator) {
    static const char *const values[] = {"0.5", "1.0", "0.25",   "0.1",
                                         "1.5", "2.0", "(-0.5)", "0.0"};
    return made(values[below(generator, 8)], false, 2);
}

Made make_constant(Generator *generator, Kind kind) {
    if (kind == KIND_STRING) return constant_string(generator);
    if (kind == KIND_BOOL) return made(chance(generator, 50) ? "True" : "False", false, 1);
    if (kind == KIND_NUMBER && chance(generator, 40)) return constant_float(generator);
    uint32_t range = below(generator, 10);
    if (range == 0) return made(make_text(generator, "(-%u)", 1 + below(generator, 3)), false, 3);
    uint32_t bound = range < 8 ? 4 : generator->vocabulary.max_len + 3;
    uint32_t value = below(generator, bound);
    return made(make_text(generator, "%u", value), false, value);
}
