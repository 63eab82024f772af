/* Models over real vectors: their text, and what its reader and the verifier do not let pass. */
#include "runtime/real/real_model.h"
#include "tests/unit/real_texts.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static TextWorld world;

static void set_up(void) { text_world_open(&world); }
static void tear_down(void) { text_world_close(&world); }

static RealModel *parse(const char *text) { return real_text_model(&world, text); }

static const char tiny[] = "model real f64 length 1\n"
                           "basis\n"
                           "  one: one\n"
                           "  null: null\n"
                           "input\n"
                           "output\n"
                           "  x: float 1\n";

/* Everything else that a text may hold. */
static const char rich[] =
    "model real f32 length 3 approximate\n"
    "basis\n"
    "  one: one  # 0\n"
    "  null: null  # 1\n"
    "  a: real  # 2\n"
    "  v: real[3] for %7  # 3 and 2 more\n"
    "  trap: real  # 6\n"
    "  inf: real[2]  # 7 and 1 more\n"
    "  s: real  # 9\n"
    "  p: real[2]  # 10 and 1 more\n"
    "  t: real[3]  # 12 and 2 more\n"
    "  left: real[2]  # 15 and 1 more\n"
    "  q: real  # 17\n"
    "  kind: real[2]  # 18 and 1 more\n"
    "input\n"
    "  a: int -> a\n"
    "  kind: str [\"sale\", \"\\\"\\n\"] -> kind\n"
    "  v: vec[3] -> v\n"
    "  position: float -> trap\n"
    "  position -> p [0, 1, 0.5, 0.25*3]\n"
    "repeat 2 layers 3 times\n"
    "repeat 1 layers 2 times until a + 0.5*s + -2\n"
    "layer\n"
    "  head all: where True for %2, a < 3*a + 1 for %5, not 1, and 0 2, or 3 1, 2 always 1; "
    "score a + [0*3] by v and p by [1, 0, 0, 0.5, -1, 2]*v; linear; [0, 0] -> left; null -> q for "
    "%4\n"
    "  erase left\n"
    "  erase q\n"
    "  erase s\n"
    "  erase t\n"
    "  erase inf\n"
    "  relus inf: [1*3, 2*3]*v + [0, 1] out [1, 0, 0.5, 1] error 0.01 for %1\n"
    "  choose t: a, v + [1, 2, 4], 3*v\n"
    "  eq s: v, [1, 0*5, 1, 0, 0]*v\n"
    "layer\n"
    "  head sum: score 1 by 1; linear-raw; inf -> left\n"
    "  erase left\n"
    "  erase t\n"
    "  onehot t: trap\n"
    "output\n"
    "  x: bool|int s + -1\n"
    "  trap: vec[2] inf + [0.5, 1e-07] error 0.25 for %3\n"
    "  zero: vec[2] [0, 0]\n"
    "  trap E0402 \"can't divide by \\\"zero\\\"\" after 1: trap + -1\n"
    "  trap E0707 \"too large\" after 1: 2*trap + -1 below 16777216 for %3\n";

START_TEST(text_comes_back) {
    static const char *const texts[] = {real_dynamics, real_lloyd, rich};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        Buffer printed = {0};
        const RealModel *model = parse(texts[i]);
        ck_assert_msg(model != NULL, "%s", diagnostics_message(world.diags, 0));
        real_model_print(model, &printed);
        ck_assert_str_eq(printed.data, texts[i]);
        buffer_free(&printed);
    }
}
END_TEST

/* `dynamics` and `lloyd` with one part replaced, and what the reader then says. */
static const struct {
    const char *text, *part, *by, *says;
} mistakes[] = {
    {real_dynamics, "model real", "model", "expected 'real'"},
    {real_dynamics, "f64", "f16", "expected a type of floats"},
    {real_dynamics, "length 32", "length 0", "the greatest length is not from 1"},
    {real_dynamics, "length 32", "length 32 exact", "expected the end of the line"},
    {real_dynamics, "basis", "basics", "expected 'basis'"},
    {real_dynamics, "one: one", "one: real", "expected 'one'"},
    {real_dynamics, "null: null", "null: one", "expected 'null'"},
    {real_dynamics,
     "  null: null  # 1\n  z0: real[2] for %0  # 2 and 1 more\n  mean: real[2] for %4  # "
     "4 and 1 more\n  z: real[2] for %9  # 6 and 1 more\n",
     "", "no subspace is called 'z0'"},
    {tiny, "  null: null\n", "", "are missing"},
    {real_dynamics, "mean: real[2]", "mean: real[0]", "a width from 1"},
    {real_dynamics, "mean: real[2]", "mean: real[65537]", "a width from 1"},
    {tiny, "null: null", "one: null", "two subspaces are called 'one'"},
    {real_dynamics, "mean: real[2]", "mean: real[3]", "3 rows, where others have 2"},
    {real_dynamics, "z0 -> mean", "z0 + mean -> mean", "'mean' is read before it is written"},
    {real_dynamics, "z0: vec[2]", "z0: vec[3]", "'z0' has another width"},
    {real_dynamics, "z0: vec[2]", "z0: float", "'z0' has another width"},
    {real_dynamics, "z0: vec[2]", "z0: text", "expected a type"},
    {real_dynamics, "z0: vec[2]", "z0: str [\"a\"]", "'z0' has another width"},
    {real_dynamics, "z0: vec[2]", "z0: str [\"a\", 2]", "a word of 'z0' is no string"},
    {real_dynamics, "z0: vec[2]", "z0: str [\"a\", \"a\"]", "has not as many words"},
    {real_dynamics, "z: vec[2] z for", "z: str [\"a\", \"b\"] z for", "expected a type"},
    {real_dynamics, "z for %9\n", "z error -1 for %9\n", "an error that is none"},
    {real_dynamics, "z0: vec[2] -> z0\n", "z0: vec[2] -> z0\n  z0: vec[2] -> z\n",
     "two inputs are called 'z0'"},
    {real_dynamics, "z0: vec[2] -> z0\n", "z0: vec[2] -> z0\n  z1: vec[2] -> z0\n",
     "'z0' is written where it may not be 0"},
    {real_dynamics, "z0: vec[2] -> z0", "z0: float -> one", "no subspace to write"},
    {real_dynamics, "-> z0\n", "-> z1\n", "no subspace is called 'z1'"},
    {real_dynamics, "score z0 by z0", "score z0 by 1", "a key of 2 numbers and a query of 1"},
    {real_dynamics, "score z0 by z0", "score z0 of z0", "expected 'by'"},
    {real_dynamics, "score z0 by z0", "score z by z0", "'z' is read before it is written"},
    {real_dynamics, "score z0 by z0", "where z0 < 1",
     "a side of a comparison is one number, not 2"},
    {real_dynamics, "score z0 by z0", "where 1 never 1", "expected a comparison"},
    {real_dynamics, "score z0 by z0", "where not 0", "a gate of a later one"},
    {real_dynamics, "score z0 by z0", "where True, or 0 1", "a gate of a later one"},
    {real_dynamics, "hardmax", "hardest", "expected a normaliser"},
    {real_dynamics, "z0 -> mean", "1 -> mean", "'mean' gets a value of 1 numbers"},
    {real_dynamics, "z0 -> mean", "z0 -> one", "no subspace to write"},
    {real_dynamics, "z0 -> mean", "z0 -> z0", "'z0' is written where it may not be 0"},
    {real_dynamics, "div z:", "div mean:", "'mean' is written where it may not be 0"},
    {real_dynamics, "div z:", "divide z:", "expected a head, a unit"},
    {real_dynamics, "div z:", "concat z:", "no unit computes that"},
    {real_dynamics, "div z:", "div one:", "a unit without a target"},
    {real_dynamics, "div z:", "dot z:", "dot for 'z' has arguments of other widths"},
    {real_dynamics, "div z:", "eq z:", "eq for 'z' has arguments of other widths"},
    {real_dynamics, ", [1.5, 1.5]", "", "expected ','"},
    {real_dynamics, "[1.5, 1.5]", "1.5", "div for 'z' has arguments of other widths"},
    {real_dynamics, "[1.5, 1.5]", "[1.5, inf]", "a constant that is not finite"},
    {real_dynamics, "0.5*mean", "z0", "two terms on 'z0' in one sum"},
    {real_dynamics, "0.5*mean", "1e999*mean", "a factor of 'mean' that is not finite"},
    {real_dynamics, "0.5*mean", "[1, 2, 3]*mean", "the matrix has no rows of 2 numbers"},
    {real_dynamics, "0.5*mean", "[1, 2]*mean", "a matrix with other than 2 rows"},
    {real_dynamics, "0.5*mean", "[]*mean", "a list of no numbers"},
    {real_dynamics, "0.5*mean", "[1, 2] + 3", "two constants"},
    {real_dynamics, "0.5*mean", "[1..3]", "3 rows, where others have 2"},
    {real_dynamics, "0.5*mean", "1", "1 constants for 2 rows"},
    {real_dynamics, "z: vec[2] z", "z: vec[3] z", "the type has 3 components, the value 2"},
    {real_dynamics, "z: vec[2] z", "z: int|vec z", "expected a type"},
    {real_dynamics, "output\n  z: vec[2] z for %9\n", "output\n", "a model without outputs"},
    {real_dynamics, "z for %9\n", "z\n  z: vec[2] mean\n", "two outputs are called 'z'"},
    {real_dynamics, "z for %9\n", "z\n  trap E9999 \"\" after 0: 1\n", "no such diagnostic"},
    {real_dynamics, "z for %9\n", "z\n  trap E0402 \"\" after 1: 1\n", "a trap that is nowhere"},
    {real_dynamics, "z for %9\n", "z\n  trap E0402 \"\" after 0: z0\n",
     "what a trap looks at is one number"},
    {real_dynamics, "z for %9\n", "z\n  trap E0707 \"\" after 0: 1 below -1\n",
     "a trap with a negative limit"},
    {real_dynamics, "z for %9\n", "z\n  trap E0402 \"\" after 0: [1, 1]*z\n",
     "'z' is read before it is written"},
    {real_lloyd, "[0..11]", "[0..10]", "expected a value for each position"},
    {real_lloyd, "[0..11]", "[0..10, inf]", "a number of the positions that is not finite"},
    {real_lloyd, "repeat 3 layers", "repeat 4 layers", "a loop without layers or rounds"},
    {real_lloyd, "repeat 3 layers", "repeat 0 layers", "a loop without layers or rounds"},
    {real_lloyd, "10 times", "0 times", "a loop without layers or rounds"},
    {real_lloyd, "10 times", "10 times until mean", "a condition is one number, not 2"},
    {real_lloyd, "10 times", "10 times until nearest", "'nearest' is read before it is written"},
    {real_lloyd, "repeat 3 layers 10 times", "repeat 2 layers 2 times\nrepeat 3 layers 2 times",
     "loops cross"},
    /* What only a second round shows. */
    {real_lloyd, "  erase square\n", "", "'square' is written where it may not be 0"},
    {real_lloyd, "  erase owner\n", "", "'owner' is written where it may not be 0"},
    {real_lloyd, "  erase mean\n", "", "'mean' is written where it may not be 0"},
    {real_lloyd, "  choose c: is_centre + -1*none, mean, c\n", "",
     "'c' is read before it is written"},
};

START_TEST(mistake_is_found) {
    const char *text =
        real_text_with(&world, mistakes[_i].text, mistakes[_i].part, mistakes[_i].by);
    ck_assert_msg(parse(text) == NULL, "%s", text);
    ck_assert_uint_eq(diagnostics_count(world.diags), 1);
    ck_assert_msg(strstr(diagnostics_message(world.diags, 0), mistakes[_i].says) != NULL, "%s\n%s",
                  diagnostics_message(world.diags, 0), text);
}
END_TEST

/* A text that ends too early is no model, wherever it ends. */
START_TEST(cut_off) {
    size_t output = (size_t)(strstr(rich, "output\n  x") - rich) + strlen("output\n");
    for (size_t len = 0; len < output; len++) {
        char *start = arena_strndup(world.arena, rich, len);
        diagnostics_truncate(world.diags, 0);
        ck_assert_msg(parse(start) == NULL, "%zu", len);
        ck_assert_uint_eq(diagnostics_count(world.diags), 1);
    }
}
END_TEST

START_TEST(layers_are_counted) {
    ck_assert_uint_eq(real_attention_layers(parse(real_lloyd)), 20);
    ck_assert_uint_eq(real_layers_with_heads(parse(real_lloyd)), 2);
    ck_assert_uint_eq(real_attention_layers(parse(rich)), 9);
    ck_assert(real_unit_takes(OP_POS) && real_unit_takes(OP_ONEHOT) && real_unit_takes(OP_CHOOSE));
    ck_assert(!real_unit_takes(OP_MATMUL) && !real_unit_takes(OP_COMPONENT) &&
              !real_unit_takes(OP_CONST) && !real_unit_takes(OP_LOOKUP) &&
              !real_unit_takes(OP_WIDTH));
}
END_TEST

Suite *real_model_suite(void);

Suite *real_model_suite(void) {
    Suite *suite = suite_create("real_model");
    TCase *cases = tcase_create("real_model");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, text_comes_back);
    tcase_add_loop_test(cases, mistake_is_found, 0, sizeof mistakes / sizeof mistakes[0]);
    tcase_add_test(cases, cut_off);
    tcase_add_test(cases, layers_are_counted);
    suite_add_tcase(suite, cases);
    return suite;
}
