/* Strings and tables of constants in native code over real vectors: eval's results, and its words
   where it fails. */
#include "tests/unit/jit_real_bench.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const Subject subjects[] = {
    {"comparisons", 1,
     "input s: str; input k: int;\n"
     "o0 = s == \"a\"; o1 = s < \"b\"; o2 = s <= \"b\"; o3 = s > \"\"; o4 = s >= \"sale\";\n"
     "o5 = \"zz\" < s; o6 = indicator(s); o7 = not s; o8 = s and k > 0; o9 = s or k > 0;\n"
     "o10 = s if k > 0 else \"other\"; o11 = o10 == s; o12 = s; o13 = o10 < \"p\";\n"
     "output o0, o1, o2, o3, o4, o5, o6, o7, o8, o9, o10, o11, o12, o13;",
     ""},
    {"selectors", 2,
     "input s: str; input x: vec[2]; input mark: bool;\n"
     "same = select(s, s, ==); before = select(s, s, <);\n"
     "o0 = selector_width(same); o1 = selector_width(before); o2 = aggregate(same, x);\n"
     "o3 = selector_width(select(s, s, !=) and select(indices, indices, <));\n"
     "o4 = selector_width(select(s, \"a\", ==)); o5 = selector_width(select(\"b\", s, >=));\n"
     "o6 = aggregate(same, indicator(mark)); o7 = total(same and select(mark, True, ==), x);\n"
     "o8 = aggregate(select(s, s, >), x, x);\n"
     "output o0, o1, o2, o3, o4, o5, o6, o7, o8;",
     "sums by group"},
    {"strings that are moved", 2,
     "input s: str; input x: vec[2]; input mark: bool;\n"
     "o0 = aggregate(select(indices, indices - 1, ==), s, \"none\");\n"
     "o1 = aggregate(hardmax_first(-distance(x, x), select(s, s, !=)), s, \"nobody\");\n"
     "o2 = aggregate(hardmax_first(score(indices, 1, *), select(mark, True, ==)), s, \"\");\n"
     "last = s;\n"
     "repeat 3 { last = aggregate(select(indices, indices - 1, ==), last, \"start\"); }\n"
     "until_a = s;\n"
     "repeat 9 until (until_a == \"a\") { until_a = \"a\" if until_a == \"b\" else \"b\"; }\n"
     "o3 = last == \"start\";\n"
     "output o0, o1, o2, last, until_a, o3;",
     ""},
    {"tables", 1,
     "input s: str; input k: int; input a: float;\n"
     "o0 = s in [\"a\", \"sale\", \"\", \"b7\"]; o1 = s in [1, 2]; o2 = k in [1, 2.0, \"a\"]; o3 = "
     "a in [0.5, 1];\n"
     "key = s if s in [\"a\", \"b\", \"\"] else \"rest\";\n"
     "o4 = {\"a\": 1, \"b\": 2.5, \"\": True, \"rest\": 0}[key];\n"
     "o5 = {\"a\": \"first\", \"b\": \"b\", \"\": \"a\", \"rest\": \"zebra\"}[key]; o6 = o5 == s; "
     "o7 = o5 < s;\n"
     "o8 = {i: i * i for i in range(-2, 5)}[k]; o9 = [\"x\", \"yy\", \"\"][k % 3];\n"
     "o10 = [i / 4 for i in range(30)][k]; o11 = [0, 1.5, True][-1 if k > 0 else 0]; o12 = k in "
     "[];\n"
     "output o0, o1, o2, o3, o4, o5, o6, o7, o8, o9, o10, o11, o12;",
     ""},
    {"a missing key", 1, "input s: str; y = {\"a\": 1, \"b\": 2}[s]; output y;", ""},
    {"a missing number", 1, "input a: float; y = {0.5: \"half\", -1: \"less\"}[a]; output y;", ""},
    {"an index out of range", 1, "input k: int; y = [\"a\", \"b\"][k]; output y;", ""},
    {"a mean of strings by group", 1,
     "input s: str; y = aggregate(select(s, s, ==), s, \"-\"); output y;", "sums by group"},
    {"a mean of all strings", 1, "input s: str; y = aggregate(full_s, s, \"-\"); output y;", ""},
    {"a mean of the strings before", 1,
     "input s: str; y = aggregate(select(s, s, <), s, \"-\"); output y;", ""},
    {"a mean of the nearest strings", 2,
     "input s: str; input x: vec[2];\n"
     "y = aggregate(hardmax(-distance(x, x)), s, \"-\"); output y;",
     ""},
};
enum { SUBJECTS = sizeof subjects / sizeof subjects[0] };

START_TEST(strings_are_evals) {
    static const uint32_t lengths[] = {1, 2, 7, 33, 100, 300};
    Bench bench;
    if (bench_open(&bench, &subjects[_i])) {
        for (uint32_t threads = 1; threads <= 3; threads += 2) {
            JitReal *program = bench_compile(&bench, NULL, threads, false);
            for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++)
                for (int f = 0; f < FLAVOURS; f++) {
                    char how[64];
                    snprintf(how, sizeof how, "%u threads, length %u, flavour %d", threads,
                             lengths[l], f);
                    bench_compare(&bench, program, how,
                                  bench_input(&bench, lengths[l], (Flavour)f, 7 * l + (size_t)f));
                }
            Buffer plans = {0};
            jit_real_explain(program, &plans);
            buffer_char(&plans, '\n');
            ck_assert_ptr_nonnull(strstr(plans.data, subjects[_i].plan));
            buffer_free(&plans);
            jit_real_free(program);
        }
    }
    bench_close(&bench);
}
END_TEST

START_TEST(new_strings_are_refused) {
    static const struct {
        const char *text, *why;
    } refused[] = {
        {"input s: str; y = s + \"!\"; output y;", "it computes with strings"},
        {"input s: str; input k: int; y = s == k; output y;", "it compares strings with numbers"},
        {"input s: str; y = aggregate(select(s, s, ==), s); output y;",
         "its default is a number, and all else strings; give a string as the default"},
        {"input s: str; input k: int; y = s if k > 0 else 1; output y;",
         "it may be a string or a number"},
        {"input k: int; y = k in [9007199254740993]; output y;", "an integer of 2^53 or more"},
    };
    for (size_t r = 0; r < sizeof refused / sizeof refused[0]; r++) {
        Bench bench;
        Subject subject = {refused[r].text, 1, refused[r].text, ""};
        if (bench_open(&bench, &subject)) {
            ck_assert_ptr_null(jit_compile_real(bench.jit, session_graph(bench.session),
                                                bench.outputs, bench.count, NULL, (Span){0},
                                                bench.diags));
            ck_assert_int_eq(diagnostics_id(bench.diags, 0), DIAG_CANNOT_LOWER);
            ck_assert_ptr_nonnull(strstr(diagnostics_message(bench.diags, 0), refused[r].why));
        }
        bench_close(&bench);
    }
}
END_TEST

Suite *jit_real_words_suite(void);
Suite *jit_real_words_suite(void) {
    Suite *suite = suite_create("jit_real_words");
    TCase *tests = tcase_create("strings and tables");
    enum { SECONDS = 120 };
    tcase_set_timeout(tests, SECONDS);
    tcase_add_loop_test(tests, strings_are_evals, 0, SUBJECTS);
    tcase_add_test(tests, new_strings_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
