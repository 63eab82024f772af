/* Read-outs with steps: bit for bit what eval computes, from a model and from its text. */
#include "runtime/engines/eval.h"
#include "runtime/engines/interp.h"
#include "tests/unit/world.h"

#include <check.h>
#include <string.h>

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

enum { LENGTH = 48, TRIALS = 40 };

static World world;

static void set_up(void) { world_open(&world); }
static void tear_down(void) { world_close(&world); }

#define MEANS                                                                                      \
    "up = select(indices, indices, <=);\n"                                                         \
    "a = aggregate(up, indicator(tokens == \"a\"));\n"                                             \
    "b = aggregate(up, indicator(tokens == \"b\"));\n"                                             \
    "c = aggregate(full_s, indicator(tokens == \"c\"));\n"                                         \
    "d = aggregate(select(tokens, tokens, ==), indices);\n"

#define NUMBERS                                                                                    \
    MEANS "odd = {\"a\": 1, \"b\": -7, \"c\": 1001}[tokens];\n"                                    \
          "half = {\"a\": 0.5, \"b\": -2.25, \"c\": 1.0}[tokens];\n"                               \
          "large = {\"a\": 16777217, \"b\": 123456789, \"c\": -5}[tokens];\n"

/* Of too many values to list, each with a number of readings and steps. */
typedef struct Program {
    const char *text;
    uint32_t readings, steps;
} Program;

static const Program programs[] = {
    {MEANS "result = a - b;", 2, 1},
    {MEANS "result = a - a * c + b / 3;", 3, 5},
    {MEANS "result = (a + b) / c;", 3, 2}, /* fails where there is no c */
    {MEANS "result = -a + round(d * 7) - (a > c) * 2;", 3, 6},
    {MEANS "result = a < c and not c == b;", 4, 3},
    {MEANS "result = a if a > c else 7;", 2, 3},
    {MEANS "result = round(100 * (a - c));", 2, 4},
    {MEANS "result = d - c;", 2, 1},
    {MEANS "result = aggregate(up, tokens == \"a\") - aggregate(up, tokens == \"b\");", 2, 1},
    {MEANS "result = a + b * length - c * indices;", 5, 4},
    /* Totals, as eval rounds them. */
    {MEANS "result = (indices + 1) * a;", 2, 6},
    {MEANS "result = (indices + 1) * a - (indices + 1) * b;", 3, 13},
    {NUMBERS "result = length * aggregate(full_s, odd);", 2, 6},
    {NUMBERS "result = length * aggregate(full_s, odd + indices * indices);", 2, 6},
    /* Halves, quarters: a mean of whole numbers, made smaller. */
    {NUMBERS "result = aggregate(up, half);", 1, 2},
    {NUMBERS "result = aggregate(up, half) * 3 - a / 7;", 2, 7},
    {NUMBERS "result = length * aggregate(full_s, half);", 2, 3},
    {NUMBERS "result = aggregate(select(tokens, tokens, <), half, 0.25) < a;", 2, 3},
    /* Digits. */
    {NUMBERS "result = indices * 1000003 + large;", 2, 3},
    {NUMBERS "result = round(length * aggregate(full_s, large + indices));", 2, 3},
    {NUMBERS "result = length * aggregate(full_s, -large);", 3, 9},
    {NUMBERS "result = aggregate(select(indices, indices - 1, ==), large, 7) * 3 - indices;", 2, 3},
};

static Model *lowered(NodeId node) {
    Model *model = world_lower(&world, node, "abc", LENGTH, REGISTERS_AUTO);
    ck_assert_ptr_nonnull(model);
    return model;
}

static bool same_bits(Atom a, Atom b) {
    if (a.kind != b.kind) return false;
    return a.kind == ATOM_FLOAT ? memcmp(&a.as.real, &b.as.real, sizeof(double)) == 0
                                : atom_identical(a, b);
}

/* Random inputs of every length; at least one has a value. */
static void compare(const Model *model, NodeId node) {
    Interp *interp = interp_new(world.arena, model, (Span){0}, world.diags);
    Atom *letters = world_letters(world.arena, "abc", 3), tokens[LENGTH];
    uint32_t state = 9, values = 0;
    ck_assert_ptr_nonnull(interp);
    for (uint32_t t = 0; t < TRIALS; t++) {
        uint32_t n = t < 3 ? LENGTH : 1 + t % LENGTH;
        for (uint32_t i = 0; i < n; i++) {
            state = state * 1664525u + 1013904223u;
            tokens[i] = letters[(state >> 24) % 3];
        }
        Sequence expected, got;
        Input input = {.n = n, .tokens = tokens};
        size_t before = diagnostics_count(world.diags);
        bool defined = eval_sequence(session_graph(world.session), node, input, (Span){0},
                                     world.arena, world.diags, &expected);
        bool ran = interp_run(interp, input, (Span){0}, world.arena, world.diags, &got);
        ck_assert_int_eq(ran, defined);
        for (uint32_t i = 0; i < n && ran; i++)
            ck_assert_msg(same_bits(expected.atoms[i], got.atoms[i]), "position %u of %u", i, n);
        if (!ran)
            ck_assert_int_eq(diagnostics_id(world.diags, before),
                             diagnostics_id(world.diags, before + 1));
        values += ran;
        diagnostics_truncate(world.diags, before);
    }
    ck_assert_uint_gt(values, 0);
}

START_TEST(test_bits) {
    const Program *p = &programs[_i];
    NodeId node = world_program(&world, p->text);
    const Model *model = lowered(node);
    ck_assert_uint_eq(model->readout.reading_count, p->readings);
    ck_assert_uint_eq(model->readout.step_count, p->steps);
    compare(model, node);
}
END_TEST

START_TEST(test_text) {
    NodeId node = world_program(&world, programs[_i].text);
    Buffer first = {0}, second = {0};
    model_print(lowered(node), &first);
    const Model *again = world_parse(&world, first.data, first.len);
    ck_assert_ptr_nonnull(again);
    model_print(again, &second);
    ck_assert_str_eq(first.data, second.data);
    compare(again, node);
    buffer_free(&first);
    buffer_free(&second);
}
END_TEST

typedef struct Mistake {
    const char *output;
    const char *why;
} Mistake;

#define TWO "  out: 2 readings\n  reading integer 3\n  reading whole 4\n"
static const Mistake mistakes[] = {
    {"  out: 2 readings\n  reading integer 3\n  step neg 0\n", "as many"},
    {TWO, "expected a step"},
    {TWO "  step add 0 2\n", "later value"},
    {TWO "  step pow 0 1\n", "no reader computes"},
    {TWO "  step const [\"x\"]\n", "no number"},
    {TWO "  step const [1, 2]\n", "one constant"},
    {TWO "  step nothing\n", "what the step computes"},
    {"  out: 1 readings\n  reading atoms [\"x\"]\n  step not 0\n", "no number"},
};

START_TEST(test_mistakes) {
    Buffer text = {0};
    buffer_printf(&text,
                  "model length 2 vocabulary [\"a\"]\nbasis\n  one: one\n  null: null\n"
                  "embed\noutput\n%s",
                  mistakes[_i].output);
    ck_assert_ptr_null(world_parse(&world, text.data, text.len));
    const char *message = diagnostics_message(world.diags, 0);
    ck_assert_msg(strstr(message, mistakes[_i].why) != NULL, "%s", message);
    buffer_free(&text);
}
END_TEST

Suite *readout_suite(void);

Suite *readout_suite(void) {
    Suite *suite = suite_create("readout");
    TCase *steps = tcase_create("steps");
    tcase_add_checked_fixture(steps, set_up, tear_down);
    tcase_add_loop_test(steps, test_bits, 0, COUNT(programs));
    tcase_add_loop_test(steps, test_text, 0, COUNT(programs));
    tcase_add_loop_test(steps, test_mistakes, 0, COUNT(mistakes));
    suite_add_tcase(suite, steps);
    return suite;
}
