/* Models: the lowering and interp against eval on whole sets of inputs, and the text form there and
   back. */
#include "runtime/engines/eval.h"
#include "runtime/engines/interp.h"
#include "runtime/model/weights.h"
#include "tests/unit/world.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static World world;

static void set_up(void) { world_open(&world); }
static void tear_down(void) { world_close(&world); }

static Model *lowered(NodeId node, const char *vocabulary, uint32_t max_length) {
    return world_lower(&world, node, vocabulary, max_length, REGISTERS_AUTO);
}

/* --- engines against eval --------------------------------------------------------------------- */

/* The same kind and value; floats within what a mean's summation order can change. */
static bool same_value(Atom a, Atom b) {
    if (a.kind != ATOM_FLOAT || b.kind != ATOM_FLOAT) return atom_identical(a, b);
    double x = a.as.real, y = b.as.real;
    return x == y || fabs(x - y) <= 1e-12 * fmax(fabs(x), fabs(y));
}

/* One input under both; they fail together or agree. */
static void compare(const Interp *interp, NodeId node, const char *text, uint32_t n) {
    Arena *arena = arena_new(0);
    Input input = {.n = n, .tokens = world_letters(arena, text, n)};
    Sequence expected, got;
    size_t before = diagnostics_count(world.diags);
    bool defined = eval_sequence(session_graph(world.session), node, input, (Span){0}, arena,
                                 world.diags, &expected);
    bool ran = interp_run(interp, input, (Span){0}, arena, world.diags, &got);
    ck_assert_msg(ran == defined, "\"%.*s\": eval %s, interp %s: %s", (int)n, text,
                  defined ? "runs" : "fails", ran ? "runs" : "fails", world_message(&world));
    for (uint32_t i = 0; ran && i < n; i++) {
        if (same_value(expected.atoms[i], got.atoms[i])) continue;
        Buffer a = {0}, b = {0};
        sequence_format(&a, expected);
        sequence_format(&b, got);
        ck_abort_msg("\"%.*s\": eval %s, interp %s", (int)n, text, a.data, b.data);
    }
    diagnostics_truncate(world.diags, before);
    arena_free(arena);
}

static void compare_all(const Interp *interp, NodeId node, const char *vocabulary,
                        uint32_t max_length) {
    char text[16] = "";
    uint32_t letters_count = (uint32_t)strlen(vocabulary), choice[16] = {0};
    for (uint32_t n = 1; n <= max_length; n++) {
        memset(choice, 0, sizeof choice);
        for (;;) {
            for (uint32_t i = 0; i < n; i++)
                text[i] = vocabulary[choice[i]];
            compare(interp, node, text, n);
            uint32_t at = 0;
            while (at < n && ++choice[at] == letters_count)
                choice[at++] = 0;
            if (at == n) break;
        }
    }
}

/* A small generator of its own: the same inputs everywhere. */
static uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static void compare_random(const Interp *interp, NodeId node, const char *vocabulary,
                           uint32_t max_length, uint32_t trials) {
    char *text = malloc(max_length);
    uint32_t count = (uint32_t)strlen(vocabulary);
    uint64_t state = 7;
    for (uint32_t t = 0; t < trials; t++) {
        uint32_t n = t < 4 ? max_length : 1 + next_random(&state) % max_length;
        uint32_t used = 1 + next_random(&state) % count; /* few letters: many ties */
        for (uint32_t i = 0; i < n; i++)
            text[i] = vocabulary[next_random(&state) % used];
        compare(interp, node, text, n);
    }
    /* Widths at the extremes: every number of equal letters, before one other. */
    for (uint32_t n = 1; n <= max_length; n++) {
        memset(text, vocabulary[0], n);
        compare(interp, node, text, n);
        text[n - 1] = vocabulary[count - 1];
        compare(interp, node, text, n);
    }
    free(text);
}

static Interp *interp_of(NodeId node, const char *vocabulary, uint32_t max_length) {
    Model *model = lowered(node, vocabulary, max_length);
    ck_assert_msg(model != NULL, "%s", world_message(&world));
    Interp *interp = interp_new(world.arena, model, (Span){0}, world.diags);
    ck_assert_msg(interp != NULL, "%s", world_message(&world));
    return interp;
}

typedef struct Program {
    const char *text;
    const char *vocabulary; /* of three letters, for all inputs to length 5 */
    uint32_t attention_layers;
    uint32_t longest; /* inputs compared; float32 does not carry every program to 64 */
} Program;

#define BOS_WIDTH                                                                                  \
    "def bos_width(s) { s = s or select(indices, 0, ==);"                                          \
    "  return round(1 / aggregate(s, indicator(indices == 0))) - 1; }\n"
#define RUNNING                                                                                    \
    "up = select(indices, indices, <=);"                                                           \
    "def so_far(x) { return (indices + 1) * aggregate(up, x); }\n"

/* Its argument: what a head moves is no matter of the output's reader. */
#define OWN "def own(x) { return aggregate(select(indices, indices, ==), x); }\n"

static const Program programs[] = {
    {"result = selector_width(select(tokens, tokens, ==));", "abc", 1, 64},
    {BOS_WIDTH "result = bos_width(select(tokens, tokens, ==));", "abc", 1, 64},
    {"hist = selector_width(select(tokens, tokens, ==));"
     "first = not has_focus(select(tokens, tokens, ==) and select(indices, indices, <));"
     "result = selector_width(select(hist, hist, ==) and select(first, True, ==));",
     "abc", 2, 64},
    {"result = aggregate(select(indices, length - 1 - indices, ==), tokens);", "abc", 2, 64},
    {"result = sort(tokens, tokens);", "abc", 2, 64},
    {RUNNING "balance = so_far(indicator(tokens == \"(\")) - so_far(indicator(tokens == \")\"));"
             "lost = so_far(indicator(balance < 0)) > 0;"
             "result = \"F\" if lost else (\"T\" if balance == 0 else \"P\");",
     "()x", 2, 64},
    {RUNNING "depth = round(so_far(indicator(tokens == \"a\") - indicator(tokens == \"b\")));"
             "result = depth;",
     "abc", 1, 64},
    {"result = aggregate(select(indices, indices, <=), indicator(tokens == \"a\"));", "abc", 1, 64},
    {"result = contains(tokens, \"b\") and not contains(tokens, \"c\");", "abc", 1, 64},
    {"result = aggregate(full_s, indicator(tokens == \"a\")) == 1;", "abc", 1, 64},
    {"result = shift(tokens, 2, \"-\");", "abc", 1, 64},
    {"result = selector_width(select(tokens, tokens, !=) or select(indices, indices, >));", "abc",
     1, 64},
    {"result = selector_width(not (select(tokens, tokens, <=) and select(indices, indices, <)));",
     "abc", 1, 64},
    {"result = count(tokens, \"a\") * 2 - indices + length;", "abc", 1, 64},
    {"result = aggregate(select(tokens, \"a\", ==) or select(indices, indices, <), indices, -1);",
     "abc", 1, 32},
    {"result = 1 / (count(tokens, \"a\") - 1);", "abc", 1, 64},         /* fails on some */
    {"result = {\"a\": 1, \"b\": 2}[tokens] + indices;", "abc", 0, 64}, /* fails on some */
    {"result = tokens + (\"!\" if indices % 2 == 0 else \"?\");", "abc", 0, 64},
    {"result = sort(tokens, -selector_width(select(tokens, tokens, ==)));", "abc", 3, 64},
    {"result = [5, 6, 7, 8, 9][indices];", "abc", 0, 5},
    {"result = aggregate(full_s, 3);", "abc", 1, 64},
    {"result = aggregate(select(tokens, \"a\", ==), tokens, \"none\");", "abc", 1, 64}, /* fails */
    {"result = aggregate(select(tokens, \"a\", ==), indices, -1) * 2 + 1;", "abc", 1, 20},
    {"m = aggregate(select(tokens, \"a\", ==), indices, -1);"
     "result = m if indices % 2 == 0 else 0;",
     "abc", 1, 16},
    {RUNNING "result = so_far(indicator(tokens == \"a\"));", "abc", 1, 48},
    {"result = aggregate(select(tokens, tokens, ==), tokens == \"a\", False);", "abc", 1, 64},
    /* an int where nothing is selected, one of 25,000 values */
    {"value = {\"a\": 0.0, \"b\": 1.0, \"c\": 20.0}[tokens];"
     "result = aggregate(select(indices, indices, <) and select(tokens, \"a\", !=), value);",
     "abc", 1, 64},
    {"result = sort(indices, tokens);", "abc", 2, 64},
    /* One position is selected, and the lowering knows it: no mean. */
    {"first = select_from_first(tokens, \"b\"); last = select_from_last(tokens, \"b\");"
     "result = aggregate(last, indices) - aggregate(first, indices, -1) * 2;",
     "abc", 2, 64},
    {"result = aggregate(select_next_identical(tokens), indices, -1) - indices;", "abc", 2, 64},
    {"earlier = select(tokens, tokens, ==) and select(indices, indices, <);"
     "beaten = has_focus(select(tokens, tokens, >) or earlier);"
     "result = aggregate(select(beaten, False, ==), indices) - indices;",
     "abc", 2, 64},
    /* Functions of several numbers: look-ups of up to 5 values, taken apart for 64. */
    {OWN "result = own((indices - 2) % length);", "abc", 2, 64},
    {OWN "result = own((3 * indices + 1) % (length + 3));", "abc", 2, 64},
    {OWN "result = own((-2 * indices) % length);", "abc", 2, 64},
    {OWN "result = own(indices * (length - count(tokens, \"a\")));", "abc", 2, 64},
    {OWN "result = own(max(indices, count(tokens, \"a\")) - min(length, 2 * indices));", "abc", 2,
     64},
    {OWN "result = own(length / 1 if indices % 3 == 0 else count(tokens, \"a\") - indices);", "abc",
     2, 64},
    {OWN "x = indices / 3; y = length / 5;"
         "result = own(\"<\" if x < y else \"=\" if x == y else \">\");",
     "abc", 2, 64},
    {OWN "result = own((indices - 3 and length - 4) or (indices - 1 and length - 3));", "abc", 2,
     64},
    {OWN "word = round(length * aggregate(full_s, indicator(tokens == \"a\")));"
         "result = own(round(length / 4 - indices) + round(indices / 2 - word - length));",
     "abc", 2, 64},
};

/* Every program in every float type. */
static const Program *program_of(int i) {
    world.float_type = (FloatType)(i / COUNT(programs));
    return &programs[i % COUNT(programs)];
}

static uint32_t sum_of_widths(const Model *model) {
    uint32_t sum = 0;
    for (uint32_t s = 0; s < model->subspace_count; s++)
        sum += model->subspaces[s].width;
    return sum;
}

START_TEST(test_small_inputs) {
    const Program *p = program_of(_i);
    NodeId node = world_program(&world, p->text);
    Model *model = lowered(node, p->vocabulary, 5);
    ck_assert_msg(model != NULL, "%s\n%s", p->text, world_message(&world));
    ck_assert_uint_eq(model_attention_layers(model), p->attention_layers);
    compare_all(interp_of(node, p->vocabulary, 5), node, p->vocabulary, 5);
}
END_TEST

START_TEST(test_long_inputs) {
    const Program *p = program_of(_i);
    NodeId node = world_program(&world, p->text);
    compare_random(interp_of(node, p->vocabulary, p->longest), node, p->vocabulary, p->longest, 30);
}
END_TEST

/* Places that are used again change nothing but the width, and never add a layer. */
START_TEST(test_registers) {
    const Program *p = &programs[_i];
    NodeId node = world_program(&world, p->text);
    uint32_t lengths[] = {4, p->longest};
    for (int l = 0; l < COUNT(lengths); l++) {
        Model *kept = world_lower(&world, node, p->vocabulary, lengths[l], REGISTERS_KEEP);
        Model *chosen = world_lower(&world, node, p->vocabulary, lengths[l], REGISTERS_AUTO);
        Model *reused = world_lower(&world, node, p->vocabulary, lengths[l], REGISTERS_REUSE);
        ck_assert_uint_eq(kept->width, sum_of_widths(kept));
        ck_assert_uint_le(chosen->width, kept->width);
        ck_assert_uint_le(reused->width, chosen->width);
        ck_assert(model_parameters(chosen) <= model_parameters(kept));
        ck_assert_uint_eq(reused->layer_count, kept->layer_count);
        Model *models[] = {kept, reused};
        for (int m = 0; m < COUNT(models); m++) {
            Interp *interp = interp_new(world.arena, models[m], (Span){0}, world.diags);
            if (l == 0)
                compare_all(interp, node, p->vocabulary, 4);
            else
                compare_random(interp, node, p->vocabulary, p->longest, 20);
        }
    }
}
END_TEST

/* Two codes of 9 values, one after the other, and a sum over both. */
START_TEST(test_registers_are_used) {
    NodeId node = world_program(&world, programs[4].text);
    ck_assert_uint_le(world_lower(&world, node, "abc", 8, REGISTERS_REUSE)->width + 10,
                      world_lower(&world, node, "abc", 8, REGISTERS_KEEP)->width);
}
END_TEST

/* Never more attention layers than the analysis of the graph. */
START_TEST(test_layers) {
    const Program *p = &programs[_i];
    NodeId node = world_program(&world, p->text);
    Layers layers = graph_layers(session_graph(world.session), node, world.arena);
    ck_assert_uint_le(model_attention_layers(lowered(node, p->vocabulary, 8)), layers.count);
}
END_TEST

/* --- refusals --------------------------------------------------------------------------------- */

typedef struct Refusal {
    const char *text;
    const char *why; /* part of the message */
} Refusal;

static const Refusal refusals[] = {
    {"result = aggregate(full_s, indices / 7);", "not whole"},
    {"sum = aggregate(full_s, indices) + aggregate(select(tokens, \"a\", ==), indices);\n"
     "result = aggregate(select(indices, sum, ==), tokens);",
     "(2 values) together: 260,047,876 combinations"},
    {"result = 1 / (indices - indices);", "divi"},
    {"result = average(1 / 3);", "adding them up rounds"},
};

START_TEST(test_refusals) {
    NodeId node = world_program(&world, refusals[_i].text);
    ck_assert_ptr_null(lowered(node, "abc", 30));
    ck_assert_uint_eq(diagnostics_count(world.diags), 1);
    ck_assert_msg(strstr(world_message(&world), refusals[_i].why) != NULL, "%s",
                  world_message(&world));
    ck_assert_uint_ne(diagnostics_span(world.diags, 0).file, 0);
}
END_TEST

START_TEST(test_inputs_refused) {
    NodeId node = world_program(&world, programs[0].text);
    Interp *interp = interp_of(node, "abc", 5);
    Sequence out;
    Input unknown = {.n = 2, .tokens = world_letters(world.arena, "ax", 2)},
          longer = {.n = 6, .tokens = world_letters(world.arena, "aaaaaa", 6)};
    ck_assert(!interp_run(interp, unknown, (Span){0}, world.arena, world.diags, &out));
    ck_assert(!interp_run(interp, longer, (Span){0}, world.arena, world.diags, &out));
    ck_assert(!interp_run(interp, (Input){.n = 0, .tokens = NULL}, (Span){0}, world.arena,
                          world.diags, &out));
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_INPUT_VOCAB);
    ck_assert_int_eq(diagnostics_id(world.diags, 1), DIAG_INPUT_LENGTH);
    ck_assert_int_eq(diagnostics_id(world.diags, 2), DIAG_BAD_INPUT);
}
END_TEST

/* The model of a million positions is there; its dense weights are not. */
START_TEST(test_too_large) {
    Model *model = lowered(world_program(&world, programs[0].text), "abc", 1000000);
    ck_assert_ptr_nonnull(model);
    ck_assert_ptr_null(interp_new(world.arena, model, (Span){0}, world.diags));
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_TOO_LARGE_FOR_DENSE);
}
END_TEST

/* Of numbers that are large beside their distance float32 loses the fraction where it adds them up
   again. */
START_TEST(test_mean_far_from_zero) {
    NodeId node =
        world_program(&world, "result = aggregate(select(tokens, tokens, ==), indices + 1000000);");
    ck_assert_ptr_null(interp_new(world.arena, lowered(node, "abc", 10), (Span){0}, world.diags));
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_TOO_LARGE_FOR_DENSE);
    world.float_type = FLOAT_64;
    compare_random(interp_of(node, "abc", 40), node, "abc", 40, 30);
}
END_TEST

/* --- widths ----------------------------------------------------------------------------------- */

/* Every step of 1 / (w + 1) is exactly 0 or 1, at every length it is offered for. */
START_TEST(test_width_steps) {
    const uint32_t lengths[] = {10, 32, 64, 128, 1024, 2047};
    for (int i = 0; i < COUNT(lengths); i++) {
        for (uint32_t w = 1; w <= lengths[i]; w++) {
            double slope, bias, below = (float)(1.0 / (w + 1)), above = (float)(1.0 / w);
            ck_assert(step_line(FLOAT_32, below, above, 1, &slope, &bias));
            for (uint32_t u = 0; u <= lengths[i]; u++) {
                volatile float x = 1.0f / (float)(u + 1), product = (float)slope * x;
                volatile float low = product + (float)bias, high = product + (float)(bias + 1);
                float step = fmaxf(high, 0) - fmaxf(low, 0);
                if (step != (u < w)) /* asserting writes to a file each time */
                    ck_abort_msg("length %u, %u at threshold %u: %g", lengths[i], u, w,
                                 (double)step);
            }
        }
    }
}
END_TEST

/* The same in float64, to lengths that float32 is far from: some thresholds, the values next to
   each, and values all over. */
START_TEST(test_width_steps_f64) {
    const uint32_t lengths[] = {10, 2047, 65536, 10000000};
    for (int i = 0; i < COUNT(lengths); i++) {
        uint32_t n = lengths[i], stride = n / 500 + 1;
        for (uint32_t w = n; w >= 1; w = w > stride ? w - stride : w - 1) {
            double slope, bias;
            ck_assert(step_line(FLOAT_64, 1.0 / (w + 1.0), 1.0 / w, 1, &slope, &bias));
            for (uint32_t k = 0; k < 600; k++) {
                uint32_t u = k < 10 ? w + k - 5 : (uint32_t)((uint64_t)k * n / 600);
                if (u > n) continue;
                volatile double product = slope * (1 / (u + 1.0));
                volatile double low = product + bias, high = product + (bias + 1);
                double step = fmax(high, 0) - fmax(low, 0);
                if (step != (u < w))
                    ck_abort_msg("length %u, %u at threshold %u: %g", n, u, w, step);
            }
        }
    }
}
END_TEST

/* --- the text form ---------------------------------------------------------------------------- */

START_TEST(test_round_trip) {
    const Program *p = program_of(_i);
    Buffer first = {0}, second = {0};
    NodeId node = world_program(&world, p->text);
    model_print(world_lower(&world, node, p->vocabulary, 5, REGISTERS_REUSE), &first);
    Model *again = world_parse(&world, first.data, first.len);
    ck_assert_msg(again != NULL, "%s\n%s", first.data, world_message(&world));
    model_print(again, &second);
    ck_assert_str_eq(first.data, second.data);
    /* What was read runs as what was written. */
    Interp *interp = interp_new(world.arena, again, (Span){0}, world.diags);
    compare_all(interp, node, p->vocabulary, 3);
    buffer_free(&first);
    buffer_free(&second);
}
END_TEST

Suite *model_suite(void);
Suite *model_suite(void) {
    Suite *suite = suite_create("model");
    TCase *lowering = tcase_create("lowering");
    tcase_add_checked_fixture(lowering, set_up, tear_down);
    tcase_set_timeout(lowering, 60);
    tcase_add_loop_test(lowering, test_small_inputs, 0, FLOAT_TYPE_COUNT * COUNT(programs));
    tcase_add_loop_test(lowering, test_long_inputs, 0, FLOAT_TYPE_COUNT * COUNT(programs));
    tcase_add_loop_test(lowering, test_registers, 0, COUNT(programs));
    tcase_add_test(lowering, test_registers_are_used);
    tcase_add_loop_test(lowering, test_layers, 0, COUNT(programs));
    tcase_add_loop_test(lowering, test_refusals, 0, COUNT(refusals));
    tcase_add_test(lowering, test_inputs_refused);
    tcase_add_test(lowering, test_too_large);
    tcase_add_test(lowering, test_mean_far_from_zero);
    tcase_add_test(lowering, test_width_steps);
    tcase_add_test(lowering, test_width_steps_f64);
    suite_add_tcase(suite, lowering);
    TCase *text = tcase_create("text");
    tcase_set_timeout(text, 60);
    tcase_add_checked_fixture(text, set_up, tear_down);
    tcase_add_loop_test(text, test_round_trip, 0, FLOAT_TYPE_COUNT * COUNT(programs));
    suite_add_tcase(suite, text);
    return suite;
}
