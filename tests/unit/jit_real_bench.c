#include "tests/unit/jit_real_bench.h"

#include "runtime/base/random.h"
#include "runtime/engines/eval.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

bool bench_open(Bench *bench, const Subject *subject) {
    *bench = (Bench){
        .subject = subject, .session = session_new(&(SessionOptions){0}), .arena = arena_new(0)};
    bench->diags = session_diagnostics(bench->session);
    bool ran =
        session_run_text(bench->session, subject->name, subject->text, strlen(subject->text), NULL);
    ck_assert_msg(ran, "%s: %s", subject->name,
                  diagnostics_count(bench->diags) ? diagnostics_message(bench->diags, 0) : "?");
    size_t count = session_output_count(bench->session);
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_le(count, OUTPUTS);
    for (size_t o = 0; o < count; o++) {
        const String *name;
        Value value;
        value = session_output(bench->session, o, &name);
        ck_assert_int_eq(value.kind, VALUE_SOP);
        bench->outputs[bench->count++] = value.as.node;
    }
    bench->jit = jit_open((Span){0}, bench->diags);
    if (bench->jit) return true;
    ck_assert_int_eq(diagnostics_id(bench->diags, 0), DIAG_NO_JIT);
    return false;
}

void bench_close(Bench *bench) {
    jit_close(bench->jit);
    arena_free(bench->arena);
    session_free(bench->session);
}

static double draw(Random *random, Flavour flavour) {
    double unit = (double)random_below(random, 1u << 30) / (1 << 30);
    switch (flavour) {
    case SMOOTH: return 4 * unit - 2;
    case GRID: return (double)random_below(random, 5) - 2; /* ties and duplicates */
    default: return random_below(random, 2) ? 0.5 : -0.5;
    }
}

/* Few or many, with the empty one, beginnings of others, and letters that are no ASCII. */
static const Atom *draw_words(Arena *arena, uint32_t n, Flavour flavour, Random *random) {
    static const char *const words[] = {"b", "", "a", "aa", "\xc3\xa9t\xc3\xa9", "zebra", "sale"};
    Atom *atoms = ARENA_ARRAY(arena, Atom, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t which = random_below(random, flavour == FEW ? 3 : 7);
        char text[32];
        int len = flavour == SMOOTH && which < 3
                      ? snprintf(text, sizeof text, "b%u", random_below(random, 1000))
                      : snprintf(text, sizeof text, "%s", words[which]);
        atoms[i] = atom_string(string_new(arena, text, (size_t)len));
    }
    return atoms;
}

Input bench_input(Bench *bench, uint32_t n, Flavour flavour, uint64_t seed) {
    Random random = random_of(seed, 0);
    uint32_t width = bench->subject->width;
    InputColumn *columns = ARENA_ARRAY(bench->arena, InputColumn, COLUMNS);
    double *x = ARENA_ARRAY(bench->arena, double, (size_t)n *width);
    Atom *atoms[3];
    for (int c = 0; c < 3; c++)
        atoms[c] = ARENA_ARRAY(bench->arena, Atom, n);
    for (size_t i = 0; i < (size_t)n * width; i++)
        x[i] = draw(&random, flavour);
    for (uint32_t i = 0; i < n; i++) {
        atoms[0][i] = atom_bool(random_below(&random, 4) == 0);
        atoms[1][i] = atom_float(draw(&random, flavour));
        atoms[2][i] = atom_int((int64_t)random_below(&random, 7) - 2);
    }
    static const char *const names[COLUMNS] = {"mark", "a", "k", "x", "s"};
    for (int c = 0; c < COLUMNS; c++)
        columns[c] = (InputColumn){.name = string_new(bench->arena, names[c], strlen(names[c])),
                                   .atoms = c < 3 ? atoms[c] : NULL};
    columns[3].numbers = x;
    columns[3].width = width;
    columns[4].atoms = draw_words(bench->arena, n, flavour, &random);
    return (Input){.n = n, .column_count = COLUMNS, .columns = columns};
}

/* --- comparing ---------------------------------------------------------------------------------
 */

static bool same_bits(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

void bench_same(const Bench *bench, const char *how, uint32_t o, const Sequence *wanted,
                const Sequence *got) {
    const char *name = bench->subject->name;
    ck_assert_msg(wanted->type == got->type && wanted->n == got->n, "%s %s, output %u: %s, not %s",
                  name, how, o, sequence_type_name(got->type), sequence_type_name(wanted->type));
    for (uint32_t i = 0; i < wanted->n && wanted->type != SEQUENCE_VECTORS; i++) {
        if (atom_identical(wanted->atoms[i], got->atoms[i])) continue;
        Buffer a = {0}, b = {0};
        atom_format_repr(&a, wanted->atoms[i]);
        atom_format_repr(&b, got->atoms[i]);
        ck_abort_msg("%s %s, n = %u, output %u at %u: %s, not %s", name, how, wanted->n, o, i,
                     b.data, a.data);
    }
    for (size_t i = 0; wanted->type == SEQUENCE_VECTORS && i < (size_t)wanted->n * wanted->width;
         i++)
        ck_assert_msg(same_bits(wanted->numbers[i], got->numbers[i]),
                      "%s %s, n = %u, output %u, row %zu component %zu: %.17g, not %.17g", name,
                      how, wanted->n, o, i / wanted->width, i % wanted->width, got->numbers[i],
                      wanted->numbers[i]);
}

bool bench_run(const Bench *bench, const JitReal *program, Input input, Sequence *out) {
    ApplyRequest request = {.input = input, .arena = bench->arena, .diags = bench->diags};
    return jit_real_run(program, &request, out);
}

void bench_compare(Bench *bench, const JitReal *program, const char *how, Input input) {
    Sequence wanted[OUTPUTS], got[OUTPUTS];
    ApplyRequest request = {.graph = session_graph(bench->session),
                            .input = input,
                            .arena = bench->arena,
                            .diags = bench->diags};
    size_t before = diagnostics_count(bench->diags);
    bool fine = eval_all(&request, bench->outputs, bench->count, wanted);
    size_t between = diagnostics_count(bench->diags);
    bool ran = bench_run(bench, program, input, got);
    if (!fine) {
        ck_assert_msg(!ran, "%s %s: eval fails, the jit does not", bench->subject->name, how);
        ck_assert_str_eq(diagnostics_message(bench->diags, between),
                         diagnostics_message(bench->diags, before));
        return;
    }
    ck_assert_msg(ran, "%s %s: %s", bench->subject->name, how,
                  ran ? "" : diagnostics_message(bench->diags, between));
    for (uint32_t o = 0; o < bench->count; o++)
        bench_same(bench, how, o, &wanted[o], &got[o]);
}

JitReal *bench_compile(Bench *bench, const char *cpu, uint32_t threads, bool single) {
    JitOptions options = {.cpu = cpu, .threads = threads, .single = single};
    size_t before = diagnostics_count(bench->diags);
    JitReal *program = jit_compile_real(bench->jit, session_graph(bench->session), bench->outputs,
                                        bench->count, &options, (Span){0}, bench->diags);
    if (program == NULL && strstr(diagnostics_message(bench->diags, before), "this machine can't"))
        return NULL;
    ck_assert_msg(program != NULL, "%s: %s", bench->subject->name,
                  program ? "" : diagnostics_message(bench->diags, before));
    return program;
}
