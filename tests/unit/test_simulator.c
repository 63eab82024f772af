/* The simulator of an attention head (programs/simulator/attention.rasp) against a plain head in C
   (plain_head.h): 1,000 random heads and more under every engine, within 1e-15 of the greatest
   value that the head mixes. A logit's rounding, which is of the logit's size, is a factor of its
   weight: so all have to add in the plain head's order, interp too, which does if the addends lie
   in the stream in theirs. The head is the program's input, so that an engine gets ready once for
   each size. Without LLVM there is no jit, and the other engines are tried. */
#include "runtime/base/file.h"
#include "runtime/engines/eval.h"
#include "runtime/engines/interp_real.h"
#include "runtime/engines/jit.h"
#include "tests/unit/plain_head.h"
#include "tests/unit/real_world.h"

#include <check.h>
#include <math.h>
#include <string.h>

/* 36 sizes, with logits as they are and divided: 1,008 heads. */
enum { HEADS_A_SIZE = 14, MOST = PLAIN_HEAD_MOST, MOST_NUMBERS = 4 * MOST * MOST };
#define PROGRAM "programs/simulator/attention.rasp"

typedef enum Engine { EVAL, INTERP, JIT, ENGINES } Engine;
static const char *const engine_names[ENGINES] = {"eval", "interp", "jit"};

/* --- the program, for heads of one size ------------------------------------------------------- */

typedef struct Simulator {
    RealWorld world;
    Engine engine;
    uint32_t n, d, length; /* of the head; of the input */
    bool scaled;
    InterpReal *interp; /* of that engine, else NULL */
    JitReal *code;
} Simulator;

static void open_program(Simulator *s) {
    Atom numbers[] = {atom_int(s->n), atom_int(s->d), atom_bool(s->scaled)};
    static const char *const names[] = {"n", "d", "scaled"};
    ParamGiven params[3];
    for (int p = 0; p < 3; p++)
        params[p] = (ParamGiven){.name = names[p], .rows = 1, .columns = 1, .atoms = &numbers[p]};
    Buffer text = {0};
    const char *why = "";
    ck_assert_msg(file_read(PROGRAM, 1 << 20, &text, &why), "%s: %s", PROGRAM, why);
    real_world_open_with(&s->world, text.data,
                         &(SessionOptions){.params = params, .param_count = 3});
    ck_assert_uint_eq(s->world.output_count, 1);
    buffer_free(&text);
}

/* Whoever multiplies the stream by the weights of a unit adds the unit's addends in order. */
static void check_order(const RealModel *model, const RealUnit *unit) {
    for (uint32_t a = 0; a < unit->argument_count; a++) {
        const Affine *sum = &unit->arguments[a];
        for (uint32_t t = 1; t < sum->count; t++)
            ck_assert_uint_lt(model->spaces[sum->terms[t - 1].space].offset,
                              model->spaces[sum->terms[t].space].offset);
    }
}

static void check_sums(const RealModel *model) {
    for (uint32_t l = 0; l < model->layer_count; l++)
        for (uint32_t u = 0; u < model->layers[l].unit_count; u++)
            check_order(model, &model->layers[l].units[u]);
}

static void open_simulator(Simulator *s, const Jit *jit) {
    RealWorld *w = &s->world;
    uint32_t given = s->n * s->d + 3 * s->d * s->d;
    s->length = given > s->n * s->n ? given : s->n * s->n;
    open_program(s);
    w->max_length = s->length;
    if (s->engine == INTERP) {
        RealModel *model = real_world_lower(w);
        ck_assert_msg(model != NULL, "%s", real_world_message(w));
        ck_assert_uint_eq(real_layers_with_heads(model), 4);
        check_sums(model);
        s->interp = interp_real_new(w->arena, model, (Span){0}, w->diags);
        ck_assert_msg(s->interp != NULL, "%s", real_world_message(w));
    }
    if (s->engine == JIT) {
        s->code = jit_compile_real(jit, w->graph, w->outputs, 1, NULL, (Span){0}, w->diags);
        ck_assert_msg(s->code != NULL, "%s", real_world_message(w));
    }
}

static void close_simulator(Simulator *s) {
    jit_real_free(s->code);
    real_world_close(&s->world);
}

static bool run(const Simulator *s, const Input *input, Arena *arena, Sequence *out) {
    const RealWorld *w = &s->world;
    ApplyRequest request = {.graph = w->graph, .input = *input, .arena = arena, .diags = w->diags};
    if (s->engine == EVAL) return eval_all(&request, w->outputs, 1, out);
    if (s->engine == JIT) return jit_real_run(s->code, &request, out);
    return interp_real_run(s->interp,
                           &(RealRequest){.input = input, .arena = arena, .diags = w->diags}, out);
}

/* --- heads ------------------------------------------------------------------------------------ */

/* Near a standard normal number: the sum of twelve uniform ones, of variance 1/12 each. */
static double draw_number(Random *random) {
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += (double)(random_next(random) >> 11) * 0x1p-53;
    return sum;
}

/* x, and three matrices that keep its size; then zeros. */
static void draw_head(const Simulator *s, Random *random, double *numbers) {
    uint32_t x = s->n * s->d, all = x + 3 * s->d * s->d;
    for (uint32_t i = 0; i < s->length; i++)
        numbers[i] = i < x ? draw_number(random) : i < all ? draw_number(random) / sqrt(s->d) : 0;
}

/* How far the simulator is from the plain head, of the head's scale. */
static double error_of(const Simulator *s, const double *numbers) {
    double y[MOST * MOST], farthest = 0;
    const double *weights = numbers + s->n * s->d;
    PlainHead head = {.n = (int)s->n,
                      .d = (int)s->d,
                      .scaled = s->scaled,
                      .x = numbers,
                      .w_query = weights,
                      .w_key = weights + s->d * s->d,
                      .w_value = weights + 2 * s->d * s->d};
    double scale = plain_head(&head, y);
    Arena *arena = arena_new(0);
    Atom atoms[MOST_NUMBERS];
    for (uint32_t i = 0; i < s->length; i++)
        atoms[i] = atom_float(numbers[i]);
    InputColumn column = {.name = string_new(arena, "v", 1), .atoms = atoms};
    Input input = {.n = s->length, .column_count = 1, .columns = &column};
    Sequence out;
    ck_assert_msg(run(s, &input, arena, &out), "%s", real_world_message(&s->world));
    ck_assert_uint_eq(out.n, s->length);
    for (uint32_t i = 0; i < s->length; i++) {
        double got = NAN, wanted = i < s->n * s->d ? y[i] : 0;
        ck_assert(atom_as_double(out.atoms[i], &got));
        farthest = fmax(farthest, isfinite(got) ? fabs(got - wanted) : INFINITY);
    }
    arena_free(arena);
    return farthest / scale;
}

static void simulate_size(Simulator *s, const Jit *jit) {
    Random random = random_of(1, (s->n * 8 + s->d) * 2 + s->scaled);
    open_simulator(s, jit);
    for (int h = 0; h < HEADS_A_SIZE; h++) {
        double numbers[MOST_NUMBERS];
        draw_head(s, &random, numbers);
        double error = error_of(s, numbers);
        ck_assert_msg(error <= 1e-15, "%s, n = %u, d = %u%s, head %d: off by %g of the scale",
                      engine_names[s->engine], s->n, s->d, s->scaled ? ", scaled" : "", h, error);
    }
    close_simulator(s);
}

/* --- tests ------------------------------------------------------------------------------------ */

/* Heads of one width, under one engine. */
START_TEST(simulates_random_heads) {
    Engine engine = (Engine)(_i % ENGINES);
    uint32_t d = 1 + (uint32_t)(_i / ENGINES);
    Session *session = session_new(&(SessionOptions){0});
    Jit *jit = engine == JIT ? jit_open((Span){0}, session_diagnostics(session)) : NULL;
    for (uint32_t n = 1; n <= MOST && (engine != JIT || jit); n++)
        for (int scaled = 0; scaled < 2; scaled++)
            simulate_size(&(Simulator){.engine = engine, .n = n, .d = d, .scaled = scaled == 1},
                          jit);
    jit_close(jit);
    session_free(session);
}
END_TEST

/* The plain one itself, by hand: unit vectors, so that W_Q holds the logits. */
START_TEST(the_plain_one_is_right) {
    double unit = _i ? sqrt(2) : 1, y[4];
    const double x[] = {1, 0, 0, 1}, values[] = {3, 0, 6, 4};
    const double logits[] = {0, unit * log(2), unit * log(3), 0};
    const double wanted[] = {5, 8. / 3, 15. / 4, 1}; /* weights 1/3, 2/3 and 3/4, 1/4 */
    PlainHead head = {.n = 2,
                      .d = 2,
                      .scaled = _i == 1,
                      .x = x,
                      .w_query = logits,
                      .w_key = x,
                      .w_value = values};
    ck_assert_double_eq(plain_head(&head, y), 6);
    for (int c = 0; c < 4; c++)
        ck_assert_msg(fabs(y[c] - wanted[c]) <= 6e-15, "%d: %.17g", c, y[c]);
}
END_TEST

Suite *simulator_suite(void);

Suite *simulator_suite(void) {
    Suite *suite = suite_create("simulator");
    TCase *tests = tcase_create("against a plain head");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, the_plain_one_is_right, 0, 2);
    tcase_add_loop_test(tests, simulates_random_heads, 0, MOST * ENGINES);
    suite_add_tcase(suite, tests);
    return suite;
}
