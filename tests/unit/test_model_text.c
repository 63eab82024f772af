/* What the reader of a model's text and the verifier do not let pass. */
#include "runtime/model/weights.h"
#include "tests/unit/world.h"

#include <check.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static World world;

static void set_up(void) { world_open(&world); }
static void tear_down(void) { world_close(&world); }

static const char sound[] =
    "model length 2 vocabulary [\"a\", \"b\"]\n"
    "basis\n"
    "  one: one\n"
    "  null: null\n"
    "  tokens: one-hot [\"a\", \"b\"]\n"
    "  w.x: real 0 to 1 / 3\n"
    "  w: steps [2..0]\n"
    "  same: one-hot [true, false]\n"
    "embed\n"
    "  tokens by token [0, 1]\n"
    "layer\n"
    "  head h: key tokens [0, 1]; null counted; softmax 256; null-weight -> w.x\n"
    "  steps w: w.x between [0.25, 0.5, 1] greatest 1\n"
    "layer\n"
    "  lookup same: w [0, 1, 0], tokens [0, 1] gives [0, 0, 1, 1]\n"
    "output\n"
    "  out: atoms same [\"x\", \"y\"]\n";

/* Places that are used again: a code after a code at once, a number after a number a layer later.
 */
static const char reused[] =
    "model length 2 vocabulary [\"a\", \"b\"]\n"
    "basis\n"
    "  one: one\n"
    "  null: null\n"
    "  tokens: one-hot [\"a\", \"b\"]\n"
    "  w.x: real 0 to 1 / 3\n"
    "  w: steps [2..0] at 2\n"
    "  m: real 0 to 1 / 2 at 4\n"
    "embed\n"
    "  tokens by token [0, 1]\n"
    "layer\n"
    "  head h: key tokens [0, 1]; null counted; softmax 256; null-weight -> w.x\n"
    "  steps w: w.x between [0.25, 0.5, 1] greatest 1\n"
    "  erase tokens: 0..1\n"
    "  erase w.x: 0..0\n"
    "layer\n"
    "  head g: all; null none; softmax 256; mean w [0, 1, 0] default 0 -> m\n"
    "output\n"
    "  out: atoms w [\"x\", \"y\", \"z\"]\n";

/* A text with one part replaced. */
static Model *broken(const char *whole, const char *part, const char *by) {
    const char *at = strstr(whole, part);
    ck_assert_msg(at != NULL, "%s", part);
    Buffer text = {0};
    buffer_add(&text, whole, (size_t)(at - whole));
    buffer_text(&text, by);
    buffer_text(&text, at + strlen(part));
    Model *model = world_parse(&world, text.data, text.len);
    buffer_free(&text);
    return model;
}

static const char *const mistakes[][3] = {
    {"one: one", "one: real 0 to 1", "`one` and `null`"},
    {"same: one-hot", "tokens: one-hot", "no subspace"},
    {"same: one-hot [true, false]", "w: steps [1]", "no subspace"},
    {"same: one-hot [true, false]", "same: one-hot [true, false]\n  w: steps [1]", "two subspaces"},
    {"key tokens [0, 1]", "key w [0, 1, 0]", "before it is written"},
    {"key tokens [0, 1]", "key w.x", "before it is written"},
    {"key tokens [0, 1]", "key null", "not 0 at the null key"},
    {"key tokens [0, 1]", "key tokens [0, 1, 2]", "2 values, and here are 3"},
    {"key tokens [0, 1]", "compare tokens [0, 1] < 2*w.x", "before it is written"},
    {"key tokens [0, 1]", "compare tokens [0, 1] == tokens [0, 1] squares tokens [0, 1]",
     "no score to stand at"},
    {"key tokens [0, 1]", "table tokens [0, 2] by tokens [0, 1] [01, 10]", "no class 2"},
    {"key tokens [0, 1]", "table tokens [0, 1] by tokens [0, 1] [01, 1]", "all of one length"},
    {"null counted", "null none", "counts it"},
    {"null-weight -> w.x", "null-weight -> tokens", "written twice"},
    {"softmax 256", "softmax 0", "not positive"},
    {"softmax 256", "softmax 256; mean 1 default 0 -> w.x", "counts it"},
    {"[0.25, 0.5, 1]", "[0.25, 0.25, 1]", "do not rise"},
    {"[0.25, 0.5, 1]", "[0.25, 0.5]", "expected 3 numbers"},
    {"gives [0, 0, 1, 1]", "gives [0, 0, 1, 2]", "no value number 2"},
    {"gives [0, 0, 1, 1]", "gives [0, 0, 1]", "expected 4 cells"},
    {"same [\"x\", \"y\"]", "same [\"x\"]", "names 1 atoms of 2"},
    {"tokens by token [0, 1]", "tokens by token [0, 2]", "outside it"},
    {"tokens by token [0, 1]", "tokens by token [0, 1]\n  tokens by token [0, 1]", "written twice"},
    {"length 2", "length 0", "greatest length"},
    {"length 2", "length 2 causal", "of a causal model looks ahead"},
    {"vocabulary [\"a\", \"b\"]", "vocabulary [0*99999999999]", "expected"},
    {"vocabulary [\"a\", \"b\"]", "vocabulary [\"a\", \"a\"]", "comes twice"},
    {"gives [0, 0, 1, 1]", "gives [0*4000000000]", "more than"},
    {"out: atoms", "out: feathers", "expected how"},
    {"  steps w", "  stops w", "expected a head"},
};

static const char *const misplaced[][3] = {
    {"  erase tokens: 0..1\n", "", "'w' is written where 'tokens' still is"},
    {"tokens: 0..1", "tokens: 0..0", "'w' is written where 'tokens' still is"},
    {"tokens: 0..1", "tokens: 0..2", "expected coordinates of 'tokens'"},
    {"tokens: 0..1", "tokens: 1..0", "expected coordinates of 'tokens'"},
    {"tokens: 0..1", "tokens: 0..4294967294", "expected coordinates of 'tokens'"},
    {"  erase w.x: 0..0\n", "", "'m' is written where 'w.x' still is"},
    {"at 2", "at 3", "where a number is only being erased"},
    {"at 2", "at 1", "'w' is written where 'null' still is"},
    {"at 4", "at 3000000000", "too wide"},
    {"at 4", "at 7", "do not fill"},
    {"at 4", "at 2", "'m' is written where 'w' still is"},
    {"mean w [0, 1, 0]", "mean tokens [0, 1]", "'tokens' is read after it was erased"},
    {"erase w.x: 0..0", "erase m: 0..0", "'m' is erased before it is written"},
    {"erase w.x: 0..0", "erase one: 0..0", "always needed"},
    {"erase w.x: 0..0", "erase w.x: 0..0\n  erase w.x: 0..0", "'w.x' is erased twice"},
    {"w.x: real 0", "w.x: real -1", "'w.x' may be below 0"},
    {"null none; softmax 256; mean w [0, 1, 0] default 0",
     "null default; softmax 256; mean w [0, 1, 0] default 1",
     "'w.x' is written where 'm' still is"},
};

static void check_broken(const char *whole, const char *const mistake[3]) {
    Model *model = broken(whole, mistake[0], mistake[1]);
    ck_assert_msg(model == NULL, "%s", mistake[1]);
    ck_assert_uint_eq(diagnostics_count(world.diags), 1);
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_MODEL_TEXT);
    ck_assert_msg(strstr(world_message(&world), mistake[2]) != NULL, "%s: %s", mistake[1],
                  world_message(&world));
}

START_TEST(test_broken) { check_broken(sound, mistakes[_i]); }
END_TEST

START_TEST(test_misplaced) {
    ck_assert_msg(world_parse(&world, reused, strlen(reused)) != NULL, "%s", world_message(&world));
    check_broken(reused, misplaced[_i]);
}
END_TEST

/* Softmax alone has dense weights: other normalisers are refused, not written as what they are not.
 */
START_TEST(test_other_normalisers) {
    static const char *const names[] = {"hardmax", "hardmax-first", "linear", "linear-raw",
                                        "sparsemax"};
    const Model *model = broken(sound, "softmax 256", names[_i]);
    ck_assert_msg(model != NULL, "%s", world_message(&world));
    ck_assert_ptr_null(model_weights(world.arena, model, (Span){0}, world.diags));
    ck_assert_ptr_nonnull(strstr(world_message(&world), "only softmax has dense weights"));
}
END_TEST

/* A text cut off anywhere is a mistake, never a crash. */
START_TEST(test_cut_off) {
    const char *text = _i ? reused : sound;
    ck_assert_ptr_nonnull(world_parse(&world, text, strlen(text)));
    for (size_t len = 0; len + 1 < strlen(text); len++) {
        diagnostics_truncate(world.diags, 0);
        ck_assert_msg(world_parse(&world, text, len) == NULL, "%zu", len);
        ck_assert_uint_eq(diagnostics_count(world.diags), 1);
    }
}
END_TEST

Suite *model_text_suite(void);
Suite *model_text_suite(void) {
    Suite *suite = suite_create("model_text");
    TCase *text = tcase_create("text");
    tcase_set_timeout(text, 60);
    tcase_add_checked_fixture(text, set_up, tear_down);
    tcase_add_loop_test(text, test_broken, 0, COUNT(mistakes));
    tcase_add_loop_test(text, test_misplaced, 0, COUNT(misplaced));
    tcase_add_loop_test(text, test_other_normalisers, 0, 5);
    tcase_add_loop_test(text, test_cut_off, 0, 2);
    suite_add_tcase(suite, text);
    return suite;
}
