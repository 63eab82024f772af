/* Random programs over real vectors in native code: eval's bits, but for softmax and linear
   attention, which are near. */
#include "runtime/engines/eval.h"
#include "tests/unit/jit_real_bench.h"
#include "tests/unit/real_programs.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PROGRAMS = 300, BATCH = 20 };

static const uint32_t lengths[] = {1, 2, 3, 7, 16, 33, 130};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

static double number_at(const Sequence *sequence, uint32_t i) {
    double number = NAN;
    if (sequence->type == SEQUENCE_VECTORS) return sequence->numbers[i];
    ck_assert(atom_as_double(sequence->atoms[i], &number));
    return number;
}

/* Within 1e-12 of eval, or both fail. */
static void compare_nearly(Bench *bench, const JitReal *program, Input input) {
    Sequence wanted[OUTPUTS], got[OUTPUTS];
    ApplyRequest request = {.graph = session_graph(bench->session),
                            .input = input,
                            .arena = bench->arena,
                            .diags = bench->diags};
    bool fine = eval_all(&request, bench->outputs, bench->count, wanted);
    bool ran = bench_run(bench, program, input, got);
    ck_assert_msg(fine == ran, "%s\nn = %u: eval %s, the jit %s: %s", bench->subject->text, input.n,
                  fine ? "runs" : "fails", ran ? "runs" : "fails",
                  diagnostics_count(bench->diags) ? diagnostics_message(bench->diags, 0) : "");
    for (uint32_t o = 0; o < bench->count && fine; o++) {
        uint32_t width = wanted[o].type == SEQUENCE_VECTORS ? wanted[o].width : 1;
        ck_assert(wanted[o].type == got[o].type && wanted[o].n == got[o].n);
        for (uint32_t i = 0; i < input.n * width; i++) {
            double a = number_at(&wanted[o], i), b = number_at(&got[o], i);
            ck_assert_msg(fabs(a - b) <= 1e-12 * fmax(1, fabs(a)),
                          "%s\nn = %u, output %u, number %u: eval says %.17g, the jit %.17g",
                          bench->subject->text, input.n, o, i, a, b);
        }
    }
}

static void compare_program(uint32_t number, const char *text) {
    /* Numbers that are long in binary are for programs whose every bit is promised. */
    bool near = strstr(text, "softmax(") || strstr(text, "linear(");
    char name[32];
    snprintf(name, sizeof name, "random program %u", number);
    Subject subject = {name, 2, text, NULL};
    Bench bench;
    if (!bench_open(&bench, &subject)) return;
    JitReal *program = bench_compile(&bench, NULL, 1 + number % 3, false);
    for (uint32_t l = 0; l < LENGTHS; l++) {
        Flavour flavour = near ? GRID + l % 2 : l % FLAVOURS;
        Input input = bench_input(&bench, lengths[l], flavour, number);
        if (near)
            compare_nearly(&bench, program, input);
        else
            bench_compare(&bench, program, text, input);
        diagnostics_truncate(bench.diags, 0);
    }
    jit_real_free(program);
    bench_close(&bench);
}

START_TEST(random_programs_give_the_values_of_eval) {
    for (uint32_t p = (uint32_t)_i * BATCH; p < ((uint32_t)_i + 1) * BATCH; p++) {
        Buffer text = {0};
        real_program(&text, 1, p, false);
        compare_program(p, text.data);
        buffer_free(&text);
    }
}
END_TEST

Suite *jit_real_random_suite(void);
Suite *jit_real_random_suite(void) {
    Suite *suite = suite_create("jit_real_random");
    TCase *tests = tcase_create("jit_real_random");
    tcase_add_loop_test(tests, random_programs_give_the_values_of_eval, 0, PROGRAMS / BATCH);
    suite_add_tcase(suite, tests);
    return suite;
}
