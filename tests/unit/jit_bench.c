#include "tests/unit/jit_bench.h"

#include "runtime/engines/eval.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

const Subject subjects[SUBJECTS] = {
    {"histogram", "hist = selector_width(select(tokens, tokens, ==));", "abc", "group by", LONGEST},
    {"reverse", "r = aggregate(select(indices, length - indices - 1, ==), tokens);", "abc",
     "gather", LONGEST},
    {"sort",
     "smaller = select(tokens_int, tokens_int, <) or\n"
     "    (select(tokens_int, tokens_int, ==) and select(indices, indices, <));\n"
     "place = selector_width(smaller);\n"
     "s = aggregate(select(place, indices, ==), tokens_int);",
     NULL, "counting sort", 600},
    {"dyck1",
     "up = select(indices, indices, <=);\n"
     "opens = (indices + 1) * aggregate(up, indicator(tokens == \"(\"));\n"
     "closes = (indices + 1) * aggregate(up, indicator(tokens == \")\"));\n"
     "bad = selector_width(select(opens - closes, 0, <) and up) > 0;\n"
     "d = \"F\" if bad else (\"T\" if opens == closes else \"P\");",
     "()x", "running sums", 600},
    {"running mean", "m = aggregate(select(indices, indices, <=), tokens_int);", NULL, "running",
     600},
    {"mean of smaller ones", "m = aggregate(select(tokens_int, tokens_int, <), tokens_int, -1);",
     NULL, "counting sort", 600},
    {"occurrence number",
     "o = selector_width(select(tokens, tokens, ==) and select(indices, indices, <=));", "abc",
     "running group by", LONGEST},
    {"later smaller ones",
     "w = selector_width(select(tokens_int, tokens_int, <) and select(indices, indices, >));", NULL,
     "sweep", 600},
    {"other ones before",
     "w = selector_width(select(tokens, tokens, !=) and select(indices, indices, <));", "abc",
     "running", 600},
    {"smaller and not far",
     "w = selector_width(select(tokens_int, tokens_int, <) and select(indices, tokens_int, >));",
     NULL, "tiles", 100},
    {"as many equal ones",
     "h = selector_width(select(tokens_int, tokens_int, ==));\n"
     "w = selector_width(select(tokens_int, tokens_int, ==) and select(h, h, ==)\n"
     "                   and select(indices, indices, <=));",
     NULL, "running group by", 600},
    {"one more of them",
     "h = selector_width(select(tokens_int, tokens_int, ==));\n"
     "w = selector_width(select(tokens_int, tokens_int + 3, ==) and select(h, h - 1, ==));",
     NULL, "group by", 600},
    {"share", "f = aggregate(full_s, indicator(tokens == \"a\"));", "abc", "all", 40},
    {"neighbours", "n = aggregate(select(indices, indices - 1, ==), tokens, \"-\");", "abc",
     "gather", LONGEST},
    {"signs of a wide sum",
     "same = selector_width(select(tokens_int, tokens_int, ==));\n"
     "less = selector_width(select(tokens_int, tokens_int, <));\n"
     "above = 1000003 * same - 1000000 * less + indices > 999999 * tokens_int;\n"
     "many = selector_width(select(above, True, ==));",
     NULL, "all", 600},
};

static bool open_jit(Bench *bench) {
    Diagnostics *diags = session_diagnostics(bench->session);
    bench->jit = jit_open((Span){0}, diags);
    if (bench->jit != NULL) return true;
    const char *message = diagnostics_message(diags, diagnostics_count(diags) - 1);
    ck_assert_msg(strstr(message, "without LLVM") != NULL, "%s", message);
    printf("# skipped: %s\n", message);
    return false;
}

void close_bench(Bench *bench) {
    jit_free(bench->program);
    for (int o = 0; o < BENCH_OTHERS; o++)
        jit_free(bench->others[o]);
    jit_close(bench->jit);
    arena_free(bench->arena);
    session_free(bench->session);
}

static const Atom *vocabulary_of(const Subject *subject, uint32_t count, Arena *arena) {
    Atom *tokens = ARENA_ARRAY(arena, Atom, count);
    for (uint32_t i = 0; i < count; i++)
        tokens[i] = subject->alphabet ? atom_string(string_new(arena, &subject->alphabet[i], 1))
                                      : atom_int((int64_t)i * 3 - 2);
    return tokens;
}

static void compile_others(Bench *bench, const Model *model) {
    static const JitOptions options[BENCH_OTHERS] = {
        {.by_stages = true},
#if defined(__x86_64__)
        {.cpu = "x86-64"},
        {.cpu = "x86-64-v3"},
#endif
    };
    Diagnostics *diags = session_diagnostics(bench->session);
    for (int o = 0; o < BENCH_OTHERS; o++) {
#if defined(__x86_64__)
        bool wide = options[o].cpu && strcmp(options[o].cpu, "x86-64-v3") == 0;
        if (wide && !__builtin_cpu_supports("x86-64-v3")) continue;
#endif
        bench->others[o] = jit_compile(bench->jit, model, &options[o], (Span){0}, diags);
        ck_assert_ptr_nonnull(bench->others[o]);
    }
}

bool open_bench(Bench *bench, const Subject *subject, uint32_t vocabulary_count,
                uint32_t max_length) {
    *bench = (Bench){.session = session_new(&(SessionOptions){0}),
                     .arena = arena_new(0),
                     .vocabulary_count = vocabulary_count,
                     .max_length = max_length};
    if (!open_jit(bench)) return false;
    Diagnostics *diags = session_diagnostics(bench->session);
    const String *name;
    Value value;
    ck_assert(session_run_text(bench->session, subject->name, subject->text, strlen(subject->text),
                               NULL));
    ck_assert(session_main_output(bench->session, &name, &value) && value.kind == VALUE_SOP);
    bench->node = value.as.node;
    bench->vocabulary = vocabulary_of(subject, vocabulary_count, bench->arena);
    LowerOptions options = {.vocabulary_count = vocabulary_count,
                            .vocabulary = bench->vocabulary,
                            .max_length = max_length,
                            .registers = REGISTERS_AUTO};
    Model *model = lower(bench->arena, session_graph(bench->session), bench->node, &options, diags);
    if (model != NULL) bench->program = jit_compile(bench->jit, model, NULL, (Span){0}, diags);
    ck_assert_msg(bench->program != NULL, "%s: %s", subject->name,
                  diagnostics_count(diags) ? diagnostics_message(diags, 0) : "no diagnostic");
    if (max_length <= JIT_SHORT_MOST) compile_others(bench, model);
    return true;
}

static void compare_one(const JitProgram *program, const char *name, Input input,
                        const Sequence *wanted, Diagnostics *diags) {
    Arena *arena = arena_new(0);
    Sequence got;
    ck_assert(jit_run(program, input, (Span){0}, arena, diags, &got));
    ck_assert_uint_eq(got.n, input.n);
    for (uint32_t i = 0; i < input.n; i++) {
        if (atom_identical(got.atoms[i], wanted->atoms[i])) continue;
        Buffer text = {0};
        buffer_printf(&text, "%s, position %u of %u: ", name, i, input.n);
        atom_format_repr(&text, got.atoms[i]);
        buffer_text(&text, ", not ");
        atom_format_repr(&text, wanted->atoms[i]);
        ck_abort_msg("%s", text.data);
    }
    ck_assert_int_eq(got.type, wanted->type);
    arena_free(arena);
}

void compare(Bench *bench, const Subject *subject, const uint32_t *numbers, uint32_t n) {
    Arena *arena = arena_new(0);
    Diagnostics *diags = session_diagnostics(bench->session);
    Atom *tokens = ARENA_ARRAY(arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = bench->vocabulary[numbers[i]];
    Input input = {.n = n, .tokens = tokens};
    Sequence wanted;
    ck_assert(eval_sequence(session_graph(bench->session), bench->node, input, (Span){0}, arena,
                            diags, &wanted));
    compare_one(bench->program, subject->name, input, &wanted, diags);
    for (int o = 0; o < BENCH_OTHERS; o++)
        if (bench->others[o]) compare_one(bench->others[o], subject->name, input, &wanted, diags);
    arena_free(arena);
}

uint32_t next_random(uint64_t *state, uint32_t below) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % below;
}
