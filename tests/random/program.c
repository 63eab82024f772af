/* From a seed to a program: statements, each with a fresh name, and a last one that is the output.
 */
#include "tests/random/generator.h"

#include <string.h>

void model_line(Buffer *out, const Vocabulary *vocabulary) {
    buffer_printf(out, "# model: --max-len %u --vocab '[", vocabulary->max_len);
    for (uint32_t i = 0; i < vocabulary->count; i++) {
        if (i > 0) buffer_text(out, ", ");
        atom_format_json(out, vocabulary->tokens[i]);
    }
    buffer_text(out, "]'\n");
}

static void define(Generator *generator, const char *name, Kind kind, Made value) {
    if (generator->variable_count == VARIABLES_AT_MOST) return;
    generator->variables[generator->variable_count++] =
        (Variable){.name = name, .kind = kind, .made = value};
}

static Kind choose_kind(Generator *generator) {
    static const Kind kinds[] = {KIND_NUMBER,   KIND_NUMBER,  KIND_INT,    KIND_INT,
                                 KIND_INT,      KIND_BOOL,    KIND_STRING, KIND_STRING,
                                 KIND_SELECTOR, KIND_SELECTOR};
    return kinds[below(generator, 10)];
}

static const char *new_name(Generator *generator, const char *stem) {
    return make_text(generator, "%s%u", stem, ++generator->names);
}

static const char *stem_of(Kind kind) {
    static const char *const stems[KIND_COUNT] = {"is_", "i", "x", "word", "see"};
    return stems[kind];
}

static void add_assignment(Generator *generator, Buffer *text, uint32_t depth) {
    Kind kind = choose_kind(generator);
    Made value = kind == KIND_SELECTOR && chance(generator, 25) ? make_single(generator, depth)
                                                                : make_sop(generator, kind, depth);
    const char *name = new_name(generator, stem_of(kind));
    buffer_printf(text, "%s = %s;\n", name, value.text);
    define(generator, name, kind, value);
}

/* def f1(a, b) { c = ...; return ...; } -- its arguments are s-ops of at most 20. */
static void add_function(Generator *generator, Buffer *text, uint32_t depth) {
    static const Kind kinds[] = {KIND_INT, KIND_NUMBER, KIND_BOOL, KIND_STRING};
    if (generator->function_count == FUNCTIONS_AT_MOST) return;
    if (generator->variable_count + PARAMETERS + 1 > VARIABLES_AT_MOST) return;
    RandomFunction function = {.name = new_name(generator, "f"),
                               .result = kinds[below(generator, 4)]};
    uint32_t before = generator->hidden, count = generator->variable_count;
    generator->hidden = count; /* the body sees its parameters alone */
    const char *const parameters[PARAMETERS] = {"a", "b"};
    for (int i = 0; i < PARAMETERS; i++) {
        function.parameter[i] = kinds[below(generator, 4)];
        double size = function.parameter[i] == KIND_STRING ? generator->tokens.length : 20;
        define(generator, parameters[i], function.parameter[i], made(parameters[i], true, size));
    }
    Kind inner = kinds[below(generator, 4)];
    Made local = make_sop(generator, inner, depth);
    define(generator, "c", inner, local);
    Made result = make_sop(generator, function.result, depth);
    generator->hidden = before;
    generator->variable_count = count;
    function.size = result.size;
    buffer_printf(text, "def %s(a, b) {\n    c = %s;\n    return %s;\n}\n", function.name,
                  local.text, result.text);
    generator->functions[generator->function_count++] = function;
}

/* A loop that adds up: it is unrolled when the program is read. */
static void add_loop(Generator *generator, Buffer *text, uint32_t depth) {
    const char *name = new_name(generator, "i");
    Made start = make_expression(generator, KIND_INT, depth / 2),
         seq = make_sop(generator, KIND_INT, depth);
    enum { TURNS = 3 };
    buffer_printf(text, "%s = %s;\nfor k in [%u, %u, %u] {\n    %s = %s + indicator(%s == k);\n}\n",
                  name, start.text, below(generator, 4), below(generator, 4), below(generator, 4),
                  name, name, seq.text);
    define(generator, name, KIND_INT, made(name, true, start.size + TURNS));
}

/* A loop over pairs. */
static void add_zip_loop(Generator *generator, Buffer *text, uint32_t depth) {
    enum { TURNS = 3, LARGEST_STEP = 4 };
    const char *name = new_name(generator, "i");
    Kind kind = chance(generator, 60) ? KIND_STRING : KIND_INT;
    Made seq = make_sop(generator, kind, depth);
    buffer_printf(text, "%s = 0;\nfor k, w in zip([%u, %u, %u], [%s, %s, %s]) {\n", name,
                  below(generator, LARGEST_STEP + 1), below(generator, LARGEST_STEP + 1),
                  below(generator, LARGEST_STEP + 1), make_constant(generator, kind).text,
                  make_constant(generator, kind).text, make_constant(generator, kind).text);
    buffer_printf(text, "    %s = %s + k * indicator(%s == w);\n}\n", name, name, seq.text);
    define(generator, name, KIND_INT, made(name, true, TURNS * LARGEST_STEP));
}

/* A list of s-ops by a comprehension, and two of them together. */
static void add_comprehension(Generator *generator, Buffer *text, uint32_t depth) {
    const char *list = new_name(generator, "near"), *name = new_name(generator, "i");
    Made seq = make_sop(generator, KIND_INT, depth), filler = make_constant(generator, KIND_INT);
    buffer_printf(text, "%s = [shift(%s, k, %s) for k in [%u, (-1), %u]];\n", list, seq.text,
                  filler.text, below(generator, 3), 1 + below(generator, 2));
    buffer_printf(text, "%s = %s[0] %c %s[%s];\n", name, list, chance(generator, 50) ? '+' : '-',
                  list, chance(generator, 50) ? "1" : "-1");
    double size = seq.size > filler.size ? seq.size : filler.size;
    define(generator, name, KIND_INT, made(name, true, 2 * size));
}

/* A function that ends by a ternary on a constant, and what it gives. */
static void add_recursion(Generator *generator, Buffer *text, uint32_t depth) {
    enum { MODULUS = 5 };
    const char *function = new_name(generator, "f"), *name = new_name(generator, "i");
    Made seq = make_sop(generator, KIND_INT, depth);
    const char *step = chance(generator, 50) ? "shift(x, 1, n)" : "x * 2";
    buffer_printf(text,
                  "def %s(n, x) {\n    return x if n < 1 else %s(n - 1, (%s + n) %% %u);\n}\n",
                  function, function, step, MODULUS);
    buffer_printf(text, "%s = %s(%u, %s);\n", name, function, 1 + below(generator, 2), seq.text);
    define(generator, name, KIND_INT, made(name, true, seq.size > MODULUS ? seq.size : MODULUS));
}

/* A function of a selector that returns two s-ops. */
static void add_pair(Generator *generator, Buffer *text, uint32_t depth) {
    const char *function = new_name(generator, "f"), *count = new_name(generator, "i"),
               *mean = new_name(generator, "x");
    Made seq = make_sop(generator, KIND_INT, depth),
         selector = make_expression(generator, KIND_SELECTOR, depth);
    buffer_printf(text,
                  "def %s(s, x) {\n    near = s and select(indices, indices, %s);\n"
                  "    return selector_width(near), aggregate(near, x, %s);\n}\n",
                  function,
                  chance(generator, 50) ? "<=" : "!=", make_constant(generator, KIND_INT).text);
    buffer_printf(text, "%s, %s = %s(%s, %s);\n", count, mean, function, selector.text, seq.text);
    define(generator, count, KIND_INT, made(count, true, generator->vocabulary.max_len));
    define(generator, mean, KIND_NUMBER,
           made(mean, true, seq.size + generator->vocabulary.max_len + 3));
}

static uint32_t count_unused(const Generator *generator) {
    uint32_t unused = 0;
    for (uint32_t i = 0; i < generator->variable_count; i++)
        unused += !generator->variables[i].used;
    return unused;
}

/* Of several, the one that leaves the fewest variables unused. */
static const char *make_output(Generator *generator, uint32_t depth) {
    enum { ATTEMPTS = 6 };
    bool used[VARIABLES_AT_MOST];
    for (uint32_t i = 0; i < generator->variable_count; i++)
        used[i] = generator->variables[i].used;
    const char *best = NULL;
    uint32_t fewest = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        for (uint32_t i = 0; i < generator->variable_count; i++)
            generator->variables[i].used = used[i];
        Kind kind;
        do
            kind = choose_kind(generator);
        while (kind == KIND_SELECTOR);
        const char *text = make_sop(generator, kind, depth).text;
        uint32_t unused = count_unused(generator);
        if (best != NULL && unused >= fewest) continue;
        best = text;
        fewest = unused;
    }
    return best;
}

static void add_statement(Generator *generator, Buffer *text, uint32_t depth) {
    switch (below(generator, 24)) {
    case 0: add_function(generator, text, depth); break;
    case 1: add_loop(generator, text, depth); break;
    case 2: add_zip_loop(generator, text, depth); break;
    case 3: add_comprehension(generator, text, depth); break;
    case 4: add_recursion(generator, text, depth); break;
    case 5: add_pair(generator, text, depth); break;
    default: add_assignment(generator, text, depth);
    }
}

RandomProgram random_program(Arena *arena, uint64_t seed, uint32_t size) {
    Generator generator = {.random = random_of(seed, size), .arena = arena};
    choose_vocabulary(&generator);
    generator.risky = chance(&generator, 20);
    uint32_t depth = 1 + size / 6, statements = below(&generator, size + 1);
    Buffer text = {0};
    model_line(&text, &generator.vocabulary);
    buffer_printf(&text, "# seed %llu, size %u\n", (unsigned long long)seed, size);
    for (uint32_t i = 0; i < statements; i++)
        add_statement(&generator, &text, depth);
    buffer_printf(&text, "result = %s;\n", make_output(&generator, depth + 1));
    RandomProgram program = {arena_strndup(arena, text.data, text.len), generator.vocabulary};
    buffer_free(&text);
    return program;
}
