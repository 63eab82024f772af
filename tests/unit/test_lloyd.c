/* Lloyd's k-means as transformers against a plain one in C (plain_lloyd.h), at every round and
   under every engine: every point has the same owner, and the centres are within 1e-14, for points
   of size 1. The shortest program is equal to it bit for bit under eval and jit, ties, duplicates
   and empty clusters included. Without LLVM there is no jit, and the other engines are tried. */
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower_real.h"
#include "runtime/base/file.h"
#include "runtime/base/random.h"
#include "runtime/engines/eval.h"
#include "runtime/engines/interp_real.h"
#include "runtime/engines/jit.h"
#include "tests/unit/plain_lloyd.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { ROUNDS = 10, MOST_PARAMS = 4, MOST_INPUTS = 3 };
#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

/* --- data ------------------------------------------------------------------------------------- */

/* The tokens are k centres, at the first k points, and then the n points. */
typedef struct Points {
    int n, d, k;
    bool grid; /* few different coordinates: ties, duplicates, clusters that lose all points */
} Points;

static const Points smooth[] = {
    {60, 1, 3, false}, {200, 2, 5, false}, {250, 8, 8, false}, {120, 32, 20, false}};
static const Points grids[] = {{80, 2, 6, true}, {120, 3, 5, true}, {40, 1, 8, true}};

static double draw_unit(Random *random) { return (double)(random_next(random) >> 11) * 0x1p-53; }

/* (k + n, d), coordinates in -1 .. 1: blobs round k middles, or a grid. */
static double *draw_tokens(const Points *p, Arena *arena) {
    Random random = random_of(17, (uint64_t)(p->n * p->d + p->k));
    double *tokens = ARENA_ARRAY(arena, double, (size_t)(p->k + p->n) * (size_t)p->d);
    double *points = tokens + p->k * p->d;
    double *middles = ARENA_ARRAY(arena, double, (size_t)p->k *(size_t)p->d);
    for (int c = 0; c < p->k * p->d; c++)
        middles[c] = draw_unit(&random) - 0.5;
    for (int i = 0; i < p->n; i++) {
        const double *middle = middles + (int)random_below(&random, (uint32_t)p->k) * p->d;
        for (int c = 0; c < p->d; c++)
            points[i * p->d + c] = p->grid ? (random_below(&random, 5) - 2.0) / 2
                                           : middle[c] + draw_unit(&random) - 0.5;
    }
    memcpy(tokens, points, sizeof *tokens * (size_t)(p->k * p->d));
    return tokens;
}

/* --- the programs ----------------------------------------------------------------------------- */

/* The outputs are the centres, at the first k tokens, and the owners, at the others. */
typedef struct Form {
    const char *path;
    bool one_hot; /* an owner is a one-hot rather than a position */
} Form;

static const Form forms[] = {{"programs/clustering/lloyd.rasp", false},
                             {"programs/clustering/lloyd_paper.rasp", true},
                             {"programs/clustering/lloyd_dot.rasp", true},
                             {"programs/clustering/lloyd_relu.rasp", true}};

typedef struct World {
    const Points *points;
    const Form *form;
    Session *session;
    Diagnostics *diags; /* the session's */
    Arena *arena;
    Atom numbers[MOST_PARAMS]; /* of params */
    ParamGiven params[MOST_PARAMS];
    SessionOptions options;
    NodeId outputs[2];
    InputColumn columns[MOST_INPUTS];
    Input input;
} World;

static const char *message(const World *w) {
    size_t count = diagnostics_count(w->diags);
    return count ? diagnostics_message(w->diags, count - 1) : "no diagnostic";
}

static void give_param(World *w, const char *name, Atom value) {
    uint32_t p = w->options.param_count++;
    w->numbers[p] = value;
    w->params[p] = (ParamGiven){.name = name, .rows = 1, .columns = 1, .atoms = &w->numbers[p]};
}

static InputColumn *give_input(World *w, const char *name) {
    InputColumn *column = &w->columns[w->input.column_count++];
    column->name = string_new(w->arena, name, strlen(name));
    return column;
}

/* x, and both ways of telling centres from points; a program takes what it declares. */
static void give_inputs(World *w, const double *tokens) {
    uint32_t k = (uint32_t)w->points->k, n = k + (uint32_t)w->points->n;
    Atom *is_centre = ARENA_ARRAY(w->arena, Atom, n);
    double *id = ARENA_ARRAY(w->arena, double, (size_t)n *k);
    memset(id, 0, sizeof *id * n * k);
    for (uint32_t i = 0; i < n; i++) {
        is_centre[i] = atom_bool(i < k);
        if (i < k) id[i * k + i] = 1;
    }
    w->input = (Input){.n = n, .columns = w->columns};
    *give_input(w, "x") = (InputColumn){w->columns[0].name, NULL, (uint32_t)w->points->d, tokens};
    if (strstr(w->form->path, "paper"))
        *give_input(w, "id") = (InputColumn){w->columns[1].name, NULL, k, id};
    else
        *give_input(w, "is_centre") = (InputColumn){w->columns[1].name, is_centre, 0, NULL};
}

static void open_world(World *w, const Form *form, const Points *points, int rounds) {
    Buffer text = {0};
    const char *why = "";
    *w = (World){.points = points, .form = form, .arena = arena_new(0)};
    w->options.params = w->params;
    give_param(w, "d", atom_int(points->d));
    give_param(w, "k", atom_int(points->k));
    give_param(w, "rounds", atom_int(rounds));
    give_param(w, "averaged", atom_bool(false)); /* ties: the first centre, as in the plain one */
    w->session = session_new(&w->options);
    w->diags = session_diagnostics(w->session);
    ck_assert_msg(file_read(form->path, 1 << 20, &text, &why), "%s: %s", form->path, why);
    ck_assert_msg(session_run_text(w->session, form->path, text.data, text.len, NULL), "%s: %s",
                  form->path, message(w));
    ck_assert_uint_eq(session_output_count(w->session), 2);
    for (uint32_t o = 0; o < 2; o++) {
        const String *name;
        w->outputs[o] = session_output(w->session, o, &name).as.node;
    }
    buffer_free(&text);
}

static void close_world(World *w) {
    session_free(w->session);
    arena_free(w->arena);
}

/* --- the engines ------------------------------------------------------------------------------ */

typedef enum Engine { EVAL, INTERP, JIT, ENGINES } Engine;
static const char *const engine_names[ENGINES] = {"eval", "interp", "jit"};

static bool run_eval(World *w, Sequence *out) {
    ApplyRequest request = {.graph = session_graph(w->session),
                            .input = w->input,
                            .arena = w->arena,
                            .diags = w->diags};
    return eval_all(&request, w->outputs, 2, out);
}

static bool run_interp(World *w, Sequence *out) {
    RealLowerOptions options = {.max_length = w->input.n, .float_type = FLOAT_64};
    RealRequest request = {.input = &w->input, .arena = w->arena, .diags = w->diags};
    RealModel *model =
        lower_real(w->arena, session_graph(w->session), w->outputs, 2, &options, w->diags);
    InterpReal *interp = model ? interp_real_new(w->arena, model, (Span){0}, w->diags) : NULL;
    return interp && interp_real_run(interp, &request, out);
}

static bool run_jit(World *w, const Jit *jit, Sequence *out) {
    JitReal *program =
        jit_compile_real(jit, session_graph(w->session), w->outputs, 2, NULL, (Span){0}, w->diags);
    ApplyRequest request = {.input = w->input, .arena = w->arena, .diags = w->diags};
    bool ran = program && jit_real_run(program, &request, out);
    jit_real_free(program);
    return ran;
}

/* --- comparing -------------------------------------------------------------------------------- */

static int owner_of(const World *w, const Sequence *owners, uint32_t token) {
    double position = -1;
    if (!w->form->one_hot) {
        ck_assert(atom_as_double(owners->atoms[token], &position));
        return position == floor(position) ? (int)position : -1;
    }
    const double *row = owners->numbers + (size_t)token * owners->width;
    int owner = -1;
    for (uint32_t c = 0; c < owners->width; c++) {
        ck_assert_msg(row[c] == 0 || (row[c] == 1 && owner < 0), "%s: no one-hot", w->form->path);
        if (row[c] == 1) owner = (int)c;
    }
    return owner;
}

/* The farthest that a coordinate of a centre is from the plain one's. */
static double compare(const World *w, const char *how, int round, const Sequence *out,
                      const PlainLloyd *plain) {
    double farthest = 0;
    for (int i = 0; i < plain->n; i++) {
        int owner = owner_of(w, &out[1], (uint32_t)(plain->k + i));
        ck_assert_msg(owner == plain->owners[i], "%s, %s, round %d: point %d is %d's, not %d's",
                      w->form->path, how, round, i, owner, plain->owners[i]);
    }
    for (int c = 0; c < plain->k * plain->d; c++)
        farthest = fmax(farthest, fabs(out[0].numbers[c] - plain->centres[c]));
    return farthest;
}

/* Every round of the program under the engine; bound: of the centres. */
static void follow(const Form *form, const Points *points, Engine engine, double bound) {
    Arena *arena = arena_new(0);
    double *tokens = draw_tokens(points, arena);
    PlainLloyd plain = {.n = points->n,
                        .d = points->d,
                        .k = points->k,
                        .points = tokens + points->k * points->d,
                        .centres = ARENA_ARRAY(arena, double, (size_t)(points->k * points->d)),
                        .owners = ARENA_ARRAY(arena, int, (size_t)points->n)};
    memcpy(plain.centres, tokens, sizeof *tokens * (size_t)(points->k * points->d));
    Session *session = session_new(&(SessionOptions){0});
    Jit *jit = engine == JIT ? jit_open((Span){0}, session_diagnostics(session)) : NULL;
    for (int round = 1; round <= ROUNDS && (engine != JIT || jit); round++) {
        World world;
        Sequence out[2];
        open_world(&world, form, points, round);
        give_inputs(&world, tokens);
        bool ran = engine == EVAL     ? run_eval(&world, out)
                   : engine == INTERP ? run_interp(&world, out)
                                      : run_jit(&world, jit, out);
        ck_assert_msg(ran, "%s, %s: %s", form->path, engine_names[engine], message(&world));
        plain_lloyd_round(&plain);
        double farthest = compare(&world, engine_names[engine], round, out, &plain);
        ck_assert_msg(farthest <= bound, "%s, %s, n = %d, round %d: centres differ by %g",
                      form->path, engine_names[engine], points->n, round, farthest);
        close_world(&world);
    }
    jit_close(jit);
    session_free(session);
    arena_free(arena);
}

/* --- tests ------------------------------------------------------------------------------------ */

START_TEST(every_form_is_lloyds) {
    int form = _i / ENGINES;
    for (int p = form == 0 ? 0 : 1; p < COUNT(smooth); p += form == 0 ? 1 : 2)
        follow(&forms[form], &smooth[p], (Engine)(_i % ENGINES), 1e-14);
}
END_TEST

/* interp is not asked for this: where a point is as near to two means, rounding decides there. */
START_TEST(equal_bit_for_bit) {
    Engine engine = _i ? JIT : EVAL;
    for (int p = 0; p < COUNT(smooth); p++)
        follow(&forms[0], &smooth[p], engine, 0);
    for (int p = 0; p < COUNT(grids); p++)
        follow(&forms[0], &grids[p], engine, 0);
}
END_TEST

/* The plain one itself, by hand: the tie of (5, 5) goes to the first centre. */
START_TEST(the_plain_one_is_right) {
    static const double points[] = {0, 0, 1, 0, 0, 2, 5, 5, 6, 5, 5, 7, 9, 0, 8, 1, 20, 20};
    static const double rounds[][6] = {{0, 1, 11. / 3, 4, 43. / 4, 13. / 2},
                                       {1. / 3, 2. / 3, 33. / 5, 18. / 5, 20, 20},
                                       {1. / 3, 2. / 3, 33. / 5, 18. / 5, 20, 20}};
    double centres[] = {0, 0, 1, 0, 9, 0};
    int owners[9];
    PlainLloyd plain = {9, 2, 3, points, centres, owners};
    for (int r = 0; r < COUNT(rounds); r++) {
        plain_lloyd_round(&plain);
        for (int c = 0; c < 6; c++)
            ck_assert_msg(centres[c] == rounds[r][c], "round %d: %.17g", r + 1, centres[c]);
    }
}
END_TEST

Suite *lloyd_suite(void);

Suite *lloyd_suite(void) {
    Suite *suite = suite_create("lloyd");
    TCase *tests = tcase_create("against a plain Lloyd");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_plain_one_is_right);
    tcase_add_loop_test(tests, every_form_is_lloyds, 0, COUNT(forms) * ENGINES);
    tcase_add_loop_test(tests, equal_bit_for_bit, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
