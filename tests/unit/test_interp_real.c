/* The dense weights of models over real vectors, run: against values worked out by hand. */
#include "runtime/engines/interp_real.h"
#include "tests/unit/real_texts.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static TextWorld world;

static void set_up(void) { text_world_open(&world); }
static void tear_down(void) { text_world_close(&world); }

static RealModel *parse(const char *text) { return real_text_model(&world, text); }

static const String *name(const char *text) { return string_from(world.arena, text); }

static InputColumn vectors(const char *text, uint32_t width, const double *numbers) {
    return (InputColumn){.name = name(text), .width = width, .numbers = numbers};
}

static InputColumn floats(const char *text, uint32_t n, const double *numbers) {
    Atom *atoms = ARENA_ARRAY(world.arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        atoms[i] = atom_float(numbers[i]);
    return (InputColumn){.name = name(text), .atoms = atoms};
}

/* Every output, or NULL after a diagnostic. */
static Sequence *run(const char *text, Input input) {
    const RealModel *model = parse(text);
    ck_assert_msg(model != NULL, "%s", diagnostics_message(world.diags, 0));
    const InterpReal *interp = interp_real_new(world.arena, model, (Span){0}, world.diags);
    if (!interp) return NULL;
    Sequence *out = ARENA_ARRAY(world.arena, Sequence, model->output_count);
    RealRequest request = {.input = &input, .arena = world.arena, .diags = world.diags};
    bool done = interp_real_run(interp, &request, out);
    ck_assert_uint_eq(diagnostics_count(world.diags), done ? 0 : 1);
    return done ? out : NULL;
}

static Sequence *run_on(const char *text, uint32_t n, InputColumn column) {
    return run(text, (Input){.n = n, .column_count = 1, .columns = &column});
}

/* Bit by bit. */
static void check_vectors(Sequence got, const double *expected) {
    ck_assert_int_eq(got.type, SEQUENCE_VECTORS);
    for (uint32_t i = 0; i < got.n * got.width; i++)
        ck_assert_msg(got.numbers[i] == expected[i], "number %u: %.17g, not %.17g", i,
                      got.numbers[i], expected[i]);
}

static const char *with(const char *text, const char *part, const char *by) {
    return real_text_with(&world, text, part, by);
}

/* One step from the golden points of arXiv 2407.01602: the leaders, 0 and 2, stay. */
START_TEST(hardmax_dynamics) {
    static const double start[] = {1,   1. / 3, -1. / 12, 1. / 12, -1, -1, 0,  .25,
                                   -.3, -.7,    -.6,      -.9,     .8, .1, .6, .15};
    static const uint32_t leader[] = {0, 2, 2, 0, 2, 2, 0, 0};
    double expected[16];
    for (uint32_t i = 0; i < 8; i++) {
        /* The key with the greatest product. */
        uint32_t best = 0;
        for (uint32_t j = 1; j < 8; j++) {
            const double *q = start + 2 * i, *k = start + 2 * j, *b = start + 2 * best;
            if (q[0] * k[0] + q[1] * k[1] > q[0] * b[0] + q[1] * b[1]) best = j;
        }
        if (i != 1) ck_assert_uint_eq(best, leader[i]);
        for (uint32_t c = 0; c < 2; c++)
            expected[2 * i + c] = (start[2 * i + c] + 0.5 * start[2 * best + c]) / 1.5;
    }
    Sequence *out = run_on(real_dynamics, 8, vectors("z0", 2, start));
    ck_assert_ptr_nonnull(out);
    check_vectors(out[0], expected);
    Sequence *narrow = run_on(with(real_dynamics, "f64", "f32"), 8, vectors("z0", 2, start));
    ck_assert_ptr_nonnull(narrow);
    for (uint32_t i = 0; i < 16; i++)
        ck_assert_double_eq_tol(narrow[0].numbers[i], expected[i], 2e-7);
    ck_assert_double_eq_tol(out[0].numbers[0], 1, 1e-15);
    ck_assert_double_eq_tol(out[0].numbers[4], -1, 1e-15);
}
END_TEST

static const double points[] = {0, 0, 1, 0, 9, 0, /* centres */
                                0, 0, 1, 0, 0, 2, 5, 5, 6, 5, 5, 7, 9, 0, 8, 1, 20, 20};

static Sequence *run_lloyd(const char *text, uint32_t rounds) {
    Atom centre[12];
    for (uint32_t i = 0; i < 12; i++)
        centre[i] = atom_bool(i < 3);
    InputColumn columns[] = {vectors("x", 2, points), {.name = name("is_centre"), .atoms = centre}};
    char times[] = "10 times";
    snprintf(times, sizeof times, "%u times", rounds);
    return run(with(text, "10 times", times),
               (Input){.n = 12, .column_count = 2, .columns = columns});
}

/* The golden centres, by the first nearest centre and by the mean of several nearest. */
START_TEST(lloyd_iterations) {
    static const double first[][6] = {{0, 1, 11. / 3, 4, 43. / 4, 13. / 2},
                                      {1. / 3, 2. / 3, 33. / 5, 18. / 5, 20, 20},
                                      {1. / 3, 2. / 3, 33. / 5, 18. / 5, 20, 20}};
    for (uint32_t t = 0; t < 3; t++) {
        Sequence *out = run_lloyd(real_lloyd, t + 1);
        ck_assert_ptr_nonnull(out);
        for (uint32_t i = 0; i < 6; i++)
            ck_assert_double_eq_tol(out[0].numbers[i], first[t][i], 1e-14);
        ck_assert_int_eq(out[1].type, SEQUENCE_INTS);
        ck_assert_int_eq(out[1].atoms[11].as.integer, 2);
    }
    ck_assert_int_eq(run_lloyd(real_lloyd, 1)[1].atoms[6].as.integer, 1); /* the tie: (5, 5) */
}
END_TEST

/* A condition ends a loop after the round in which it holds everywhere. */
START_TEST(loop_until) {
    static const char counting[] = "model real f64 length 4\n"
                                   "basis\n"
                                   "  one: one\n"
                                   "  null: null\n"
                                   "  x: real\n"
                                   "  full: real\n"
                                   "  rounds: real\n"
                                   "input\n"
                                   "  x: float -> x\n"
                                   "layer\n"
                                   "  pos rounds: 0\n"
                                   "  pos full: 0\n"
                                   "repeat 2 layers 100 times\n"
                                   "repeat 2 layers 5 times until full\n"
                                   "layer\n"
                                   "  erase rounds\n"
                                   "  add rounds: rounds, 1\n"
                                   "layer\n"
                                   "  erase full\n"
                                   "  ge full: rounds, x\n"
                                   "output\n"
                                   "  rounds: int rounds\n";
    static const double need[] = {1, 7, 3};
    const char *once = with(counting, "repeat 2 layers 100 times\n", "");
    ck_assert_int_eq(run_on(once, 3, floats("x", 3, need))[0].atoms[0].as.integer, 5);
    ck_assert_int_eq(run_on(once, 1, floats("x", 1, need))[0].atoms[0].as.integer, 1);
    ck_assert_int_eq(run_on(once, 2, floats("x", 2, need + 1))[0].atoms[1].as.integer, 5);
    /* Five rounds, then two until it holds, then one in each of the outer loop's other 98. */
    ck_assert_int_eq(run_on(counting, 3, floats("x", 3, need))[0].atoms[2].as.integer, 105);
}
END_TEST

/* Each normaliser over keys 0 .. 3 with the scores that they are, those below a bound of the
   query. */
static const char weighted[] =
    "model real f64 length 8\n"
    "basis\n"
    "  one: one\n"
    "  null: null\n"
    "  s: real\n"
    "  p: real\n"
    "  got: real\n"
    "  none: real\n"
    "input\n"
    "  s: float -> s\n"
    "  position -> p [0..7]\n"
    "layer\n"
    "  head h: where p < p; score s by 1; hardmax; 1 + s + 7*null -> got; "
    "null -> none\n"
    "output\n"
    "  got: float got\n"
    "  none: float none\n";

START_TEST(normalisers) {
    static const double scores[] = {2, 5, 5, -7, 0};
    static const struct {
        const char *name;
        double expected[5];
    } cases[] = {
        {"hardmax", {7, 3, 6, 6, 6}},
        {"hardmax-first", {7, 3, 6, 6, 6}},
        {"linear", {7, 3, (2 * 3 + 5 * 6) / 7., (2 * 3 + 5 * 6 + 5 * 6) / 12., 108 / 5.}},
        {"linear-raw", {0, 2 * 3, 2 * 3 + 5 * 6, 2 * 3 + 5 * 6 + 5 * 6, 66 + -7 * -6}},
        {"sparsemax", {7, 3, 6, 6, 6}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        Sequence *out = run_on(with(weighted, "hardmax", cases[c].name), 5, floats("s", 5, scores));
        ck_assert_ptr_nonnull(out);
        bool raw = strcmp(cases[c].name, "linear-raw") == 0;
        for (uint32_t i = 0; i < 5; i++) {
            ck_assert_msg(out[0].atoms[i].as.real == cases[c].expected[i],
                          "%s, %u: %.17g, not %.17g", cases[c].name, i, out[0].atoms[i].as.real,
                          cases[c].expected[i]);
            ck_assert(out[1].atoms[i].as.real == (i == 0 && !raw));
        }
    }
    Sequence *out = run_on(with(weighted, "hardmax", "softmax"), 5, floats("s", 5, scores));
    double w = exp(2 - 5.), v = exp(-7 - 5.);
    ck_assert(out[0].atoms[0].as.real == 7 && out[0].atoms[1].as.real == 3);
    ck_assert_double_eq_tol(out[0].atoms[2].as.real, (w * 3 + 6) / (w + 1), 1e-15);
    ck_assert_double_eq_tol(out[0].atoms[4].as.real, (w * 3 + 12 + v * -6) / (w + 2 + v), 1e-14);
}
END_TEST

/* The first of equals against their mean; a sum of 0; sparsemax with two keys. */
START_TEST(normalisers_part) {
    static const char *const text = weighted;
    static const double equal[] = {1, 1, 0}, opposite[] = {3, -3, 0}, close[] = {1, .5, 0};
    const char *by_position = with(text, "1 + s + 7*null", "p");
    ck_assert(run_on(by_position, 3, floats("s", 3, equal))[0].atoms[2].as.real == 0.5);
    const char *first = with(by_position, "hardmax", "hardmax-first");
    ck_assert(run_on(first, 3, floats("s", 3, equal))[0].atoms[2].as.real == 0);
    Sequence *out = run_on(with(text, "hardmax", "linear"), 3, floats("s", 3, opposite));
    ck_assert(out[0].atoms[2].as.real == 7 && out[1].atoms[2].as.real == 1);
    const char *sparse = with(by_position, "hardmax", "sparsemax");
    ck_assert(run_on(sparse, 3, floats("s", 3, close))[0].atoms[2].as.real == 0.25);
}
END_TEST

/* Gates: each relation, and the formulas. */
START_TEST(gates) {
    static const struct {
        const char *gate;
        double count[4]; /* of the keys that each query looks at */
    } cases[] = {
        {"p < p", {0, 1, 2, 3}},
        {"p <= p", {1, 2, 3, 4}},
        {"p == p", {1, 1, 1, 1}},
        {"p != p", {3, 3, 3, 3}},
        {"p >= p", {4, 3, 2, 1}},
        {"p > p", {3, 2, 1, 0}},
        {"p always p", {4, 4, 4, 4}},
        {"True", {4, 4, 4, 4}},
        {"p < 2", {2, 2, 2, 2}},
        {"p < p, not 0", {4, 3, 2, 1}},
        {"p < p, p < 2, and 0 1", {0, 1, 2, 2}},
        {"p < p, p < 2, or 0 1", {2, 2, 2, 3}},
        {"2 < p, p < 2, and 1 0", {0, 0, 0, 2}},
        {"p < 2, p < p, and 0 1, p > 0, not 3, and 2 4", {0, 1, 1, 1}},
        {"p < 2, not 0, p == 0, or 1 2", {3, 3, 3, 3}},
    };
    static const double any[4] = {0};
    const char *count =
        with(weighted, "score s by 1; hardmax; 1 + s + 7*null", "score 1 by 1; linear-raw; 1");
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        Sequence *out = run_on(with(count, "p < p", cases[c].gate), 4, floats("s", 4, any));
        ck_assert_ptr_nonnull(out);
        for (uint32_t i = 0; i < 4; i++)
            ck_assert_msg(out[0].atoms[i].as.real == cases[c].count[i], "%s, %u: %g", cases[c].gate,
                          i, out[0].atoms[i].as.real);
    }
}
END_TEST

/* One unit over x and a vector of width 3. */
static const char one_unit[] = "model real f64 length 4\n"
                               "basis\n"
                               "  one: one\n"
                               "  null: null\n"
                               "  v: real[3]\n"
                               "  y: real\n"
                               "  w: real[3]\n"
                               "input\n"
                               "  v: vec[3] -> v\n"
                               "layer\n"
                               "  UNIT\n"
                               "output\n"
                               "  y: vec[WIDTH] RESULT\n";

START_TEST(units) {
    static const double v[] = {3, -4, 0.5};
    static const struct {
        const char *unit;
        double expected[3]; /* y: one number; w: three */
    } cases[] = {
        {"neg w: v", {-3, 4, -0.5}},
        {"pos w: 2*v", {6, -8, 1}},
        {"round w: v", {3, -4, 0}},
        {"not w: v", {0, 1, 1}},
        {"indicator w: v", {1, 0, 0}},
        {"add w: v, [1, 2, 3]", {4, -2, 3.5}},
        {"sub w: v, v", {0, 0, 0}},
        {"mul w: v, v", {9, 16, 0.25}},
        {"div w: v, [2, 2, 0.25]", {1.5, -2, 2}},
        {"mod w: v, [2, 3, -3]", {1, 2, -2.5}},
        {"pow w: v, [2, 3, 2]", {9, -64, 0.25}},
        {"lt w: v, [3, 0, 1]", {0, 1, 1}},
        {"le w: v, [3, 0, 0]", {1, 1, 0}},
        {"gt w: v, [3, 0, 0]", {0, 0, 1}},
        {"ge w: v, [3, 0, 1]", {1, 0, 0}},
        {"and w: [1, 1, 0], [1, 0, 0]", {1, 0, 0}},
        {"or w: [1, 1, 0], [1, 0, 0]", {1, 1, 0}},
        {"eq y: v, [3, -4, 0.5]", {1}},
        {"eq y: v, [3, -4, 0.25]", {0}},
        {"choose w: [1, 0, 1], v, [7, 8, 9]", {3, 8, 0.5}},
        {"choose w: [1, 0, 0]*v, v, [7, 8, 9]", {3, -4, 0.5}},
        {"dot y: v, [1, 2, 4]", {-3}},
        {"sum y: v", {-0.5}},
        {"norm y: [1, 0, 0, 0, 1, 0]*v", {5}},
        {"argmin y: v", {1}},
        {"argmax y: v", {0}},
        {"onehot w: [0, 0, 4]*v", {0, 0, 1}},
        {"onehot w: [0, 0, 1]*v", {0, 0, 0}},
        {"layernorm w: [1, 3, 5]", {-2 / 1.632993161855452, 0, 2 / 1.632993161855452}},
        {"rmsnorm w: [1, 5, 7]", {.2, 1, 1.4}},
        {"unit w: [2, 3, 6]", {2 / 7., 3 / 7., 6 / 7.}},
        {"exp w: [0, 0, 1]", {1, 1, 2.718281828459045}},
        {"log w: [1, 1, 4]", {0, 0, 1.3862943611198906}},
        {"sqrt w: [0, 4, 2]", {0, 2, 1.4142135623730951}},
        {"abs w: v", {3, 4, 0.5}},
        {"floor w: v", {3, -4, 0}},
        {"ceil w: v", {3, -4, 1}},
        {"sin w: [0, 0, 1]", {0, 0, 0.8414709848078965}},
        {"cos w: [0, 0, 1]", {1, 1, 0.5403023058681398}},
        {"tanh w: [0, 0, 1]", {0, 0, 0.7615941559557649}},
        {"relu w: v", {3, 0, 0.5}},
        {"sign w: v", {1, -1, 1}},
        {"relus w: [1, 0, 0, 0, -1, 0]*v + [0, -1] out [1, 0, 0, 1, 1, 1]", {3, 3, 6}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        bool one = strstr(cases[c].unit, " y:") != NULL;
        const char *text = with(one_unit, "UNIT", cases[c].unit);
        text = with(with(text, "WIDTH", one ? "1" : "3"), "RESULT", one ? "y" : "w");
        Sequence *out = run_on(text, 1, vectors("v", 3, v));
        ck_assert_msg(out != NULL, "%s: %s", cases[c].unit, diagnostics_message(world.diags, 0));
        for (int i = 0; i < (one ? 1 : 3); i++)
            ck_assert_msg(fabs(out[0].numbers[i] - cases[c].expected[i]) <= 4e-16, "%s: %.17g",
                          cases[c].unit, out[0].numbers[i]);
    }
}
END_TEST

/* What is infinite or no number in between hurts nobody who does not look at it. */
START_TEST(not_finite_between) {
    static const char text[] = "model real f64 length 4\n"
                               "basis\n"
                               "  one: one\n"
                               "  null: null\n"
                               "  x: real\n"
                               "  log: real\n"
                               "  mean: real\n"
                               "  y: real\n"
                               "input\n"
                               "  x: float -> x\n"
                               "layer\n"
                               "  log log: x\n"
                               "layer\n"
                               "  head h: where x > 0; hardmax; log + x -> mean\n"
                               "  choose y: x, log, -1\n"
                               "output\n"
                               "  y: float y\n"
                               "  mean: float mean\n"
                               "  log: float x\n";
    static const double x[] = {0, 1, -1};
    Sequence *out = run_on(text, 3, floats("x", 3, x));
    ck_assert_ptr_nonnull(out);
    ck_assert(out[0].atoms[0].as.real == -1 && out[0].atoms[1].as.real == 0 &&
              out[0].atoms[2].as.real == -1);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert(out[1].atoms[i].as.real == 1);
    ck_assert_ptr_null(run_on(with(text, "log: float x", "log: float log"), 3, floats("x", 3, x)));
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_NOT_FINITE);
    ck_assert_str_eq(diagnostics_message(world.diags, 0), "position 0 of 'log' is infinite");
    diagnostics_truncate(world.diags, 0);
    ck_assert_ptr_null(
        run_on(with(text, "where x > 0", "where x <= 0; score log by 1"), 3, floats("x", 3, x)));
    ck_assert_str_eq(diagnostics_message(world.diags, 0),
                     "position 0: the score of key 2 is not a number, so no score is the highest");
}
END_TEST

START_TEST(traps) {
    static const char text[] = "model real f64 length 4\n"
                               "basis\n"
                               "  one: one\n"
                               "  null: null\n"
                               "  x: real\n"
                               "  y: real\n"
                               "input\n"
                               "  x: float -> x\n"
                               "layer\n"
                               "  div y: 1, x + -2\n"
                               "output\n"
                               "  y: float y\n"
                               "  trap E0402 \"division by zero\" after 0: x + -2\n";
    static const double x[] = {1, 3, 2};
    ck_assert(run_on(text, 2, floats("x", 2, x))[0].atoms[0].as.real == -1);
    ck_assert_ptr_null(run_on(text, 3, floats("x", 3, x)));
    ck_assert_str_eq(diag_code(diagnostics_id(world.diags, 0)), "E0402");
    ck_assert_str_eq(diagnostics_message(world.diags, 0), "position 2: division by zero");
}
END_TEST

/* A number that the floats might have rounded, whatever its sign, is none that the program gave. */
START_TEST(limits) {
    static const char *text = "model real f64 length 4\n"
                              "basis\n"
                              "  one: one\n"
                              "  null: null\n"
                              "  x: real\n"
                              "input\n"
                              "  x: float -> x\n"
                              "layer\n"
                              "output\n"
                              "  x: float x\n"
                              "  trap E0707 \"too large\" after 0: 2*x below 10\n";
    static const double fine[] = {4.5, -4.5, 0}, above[] = {0, 5}, below[] = {0, 0, -6};
    ck_assert(run_on(text, 3, floats("x", 3, fine))[0].atoms[1].as.real == -4.5);
    ck_assert_ptr_null(run_on(text, 2, floats("x", 2, above)));
    ck_assert_str_eq(diagnostics_message(world.diags, 0), "position 1: too large");
    diagnostics_truncate(world.diags, 0);
    ck_assert_ptr_null(run_on(text, 3, floats("x", 3, below)));
    ck_assert_str_eq(diagnostics_message(world.diags, 0), "position 2: too large");
}
END_TEST

/* What the model does not take. */
START_TEST(refused_inputs) {
    static const double z[80] = {0};
    static const double large[] = {1e300, 0};
    struct {
        uint32_t n;
        InputColumn column;
        const char *text, *says;
    } cases[] = {
        {0, vectors("z0", 2, z), real_dynamics, "at least one element"},
        {33, vectors("z0", 2, z), real_dynamics, "33 elements, but the model takes at most 32"},
        {2, vectors("z1", 2, z), real_dynamics, "the input gives no 'z0'"},
        {2, vectors("z0", 3, z), real_dynamics, "'z0' is vec[2] here, and the input gives vec[3]"},
        {2, floats("z0", 2, z), real_dynamics, "'z0' is vec[2] here, and the input gives floats"},
        {1, vectors("z0", 2, large), with(real_dynamics, "f64", "f32"),
         "position 0 of 'z0' is beyond the greatest float32"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        diagnostics_truncate(world.diags, 0);
        ck_assert_ptr_null(run_on(cases[c].text, cases[c].n, cases[c].column));
        ck_assert_msg(strstr(diagnostics_message(world.diags, 0), cases[c].says) != NULL, "%s",
                      diagnostics_message(world.diags, 0));
    }
}
END_TEST

START_TEST(weights) {
    const RealModel *model = parse(real_dynamics);
    const DenseRealModel *dense = real_model_weights(world.arena, model, (Span){0}, world.diags);
    ck_assert_ptr_nonnull(dense);
    const DenseRealHead *head = &dense->layers[0].heads[0];
    ck_assert_uint_eq(head->width, 2);
    ck_assert_uint_eq(head->values, 2);
    for (uint32_t d = 0; d < 8; d++) {
        for (uint32_t c = 0; c < 2; c++) {
            ck_assert(head->w_q.f64[2 * d + c] == (d == 2 + c));
            ck_assert(head->w_v.f64[2 * d + c] == (d == 2 + c));
            ck_assert(head->w_o.f64[8 * c + d] == (d == 4 + c));
            ck_assert(dense->layers[0].units[0].w_in[0].f64[2 * d + c] ==
                      (d == 2 + c) + (d == 4 + c) * 0.5);
            ck_assert(dense->layers[0].units[0].w_in[1].f64[2 * d + c] == (d == 0) * 1.5);
        }
    }
    /* W_E and W_P; Q, K, V, O; two arguments; W_U. */
    ck_assert_uint_eq(real_model_parameters(model), 8 * (2 + 2 + 4 * 2 + 2 * 2 + 2));
    const char *huge = with(real_dynamics, "0.5*mean", "1e300*mean");
    ck_assert_ptr_nonnull(real_model_weights(world.arena, parse(huge), (Span){0}, world.diags));
    ck_assert_ptr_null(
        real_model_weights(world.arena, parse(with(huge, "f64", "f32")), (Span){0}, world.diags));
    ck_assert_str_eq(diagnostics_message(world.diags, 0),
                     "a number of the weights is beyond the greatest float32");
}
END_TEST

/* Dense weights that do not fit are refused before they are made. */
START_TEST(weights_too_large) {
    const char *text = with(real_dynamics, "length 32", "length 100000000");
    text = with(text, "  z: real[2]", "  far: real\n  z: real[2]");
    text = with(text, "-> z0\n", "-> z0\n  position -> far [0*30000000]\n");
    text = with(text, "length 100000000", "length 30000000");
    const RealModel *model = parse(text);
    ck_assert_msg(model != NULL, "%s", diagnostics_message(world.diags, 0));
    ck_assert_ptr_null(real_model_weights(world.arena, model, (Span){0}, world.diags));
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_TOO_LARGE_FOR_DENSE);
    ck_assert_ptr_nonnull(
        strstr(diagnostics_message(world.diags, 0), "hold 270000153 numbers, 2059 MiB"));
}
END_TEST

typedef struct Seen {
    uint32_t layers[8];
    uint32_t count;
    double mean;
} Seen;

static void see(void *state, const RealStream *stream) {
    Seen *seen = state;
    ck_assert_uint_eq(stream->step, seen->count);
    seen->layers[seen->count++] = stream->layer;
    if (stream->layer == 1) seen->mean = real_stream_at(stream, 4, 1);
}

START_TEST(trace) {
    static const double z[] = {1, 0, 2, 0, -1, 0};
    InputColumn column = vectors("z0", 2, z);
    Input input = {.n = 3, .column_count = 1, .columns = &column};
    const RealModel *model = parse(real_dynamics);
    const InterpReal *interp = interp_real_new(world.arena, model, (Span){0}, world.diags);
    Seen seen = {0};
    Sequence out;
    RealViewer viewer = {.see = see, .state = &seen};
    RealRequest request = {
        .input = &input, .viewer = &viewer, .arena = world.arena, .diags = world.diags};
    ck_assert(interp_real_run(interp, &request, &out));
    ck_assert_uint_eq(seen.count, 2);
    ck_assert(seen.layers[0] == 0 && seen.layers[1] == 1 && seen.mean == 2);
}
END_TEST

Suite *interp_real_suite(void);

Suite *interp_real_suite(void) {
    Suite *suite = suite_create("interp_real");
    TCase *running = tcase_create("weights");
    tcase_add_checked_fixture(running, set_up, tear_down);
    tcase_add_test(running, hardmax_dynamics);
    tcase_add_test(running, lloyd_iterations);
    tcase_add_test(running, loop_until);
    tcase_add_test(running, normalisers);
    tcase_add_test(running, normalisers_part);
    tcase_add_test(running, gates);
    tcase_add_test(running, units);
    tcase_add_test(running, not_finite_between);
    tcase_add_test(running, traps);
    tcase_add_test(running, limits);
    tcase_add_test(running, refused_inputs);
    tcase_add_test(running, weights);
    tcase_add_test(running, weights_too_large);
    tcase_add_test(running, trace);
    suite_add_tcase(suite, running);
    return suite;
}
