/* Rational arithmetic: operations against fractions worked out by hand; Lloyd's algorithm and the
   hardmax dynamics, written here in plain loops, against the programs and their transformers at
   every round; a transformer that was broken on purpose. */
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower_real.h"
#include "runtime/base/random.h"
#include "runtime/exact/eval_exact.h"
#include "runtime/exact/run_exact.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

enum { MOST_OUTPUTS = 4, MOST_COLUMNS = 4 };
#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

typedef struct World {
    Session *session;
    Graph *graph;
    Arena *arena;
    Exact pool;
    NodeId outputs[MOST_OUTPUTS];
    uint32_t output_count;
    RealModel *model;
    ExactColumn columns[MOST_COLUMNS];
    ExactInput input;
} World;

static const char *message(const World *w) {
    Diagnostics *diags = session_diagnostics(w->session);
    size_t count = diagnostics_count(diags);
    return count ? diagnostics_message(diags, count - 1) : "no diagnostic";
}

static void read_world(World *w, const char *text) {
    *w = (World){.session = session_new(&(SessionOptions){0}), .arena = arena_new(0)};
    w->graph = session_graph(w->session);
    w->input.columns = w->columns;
    ck_assert_msg(session_run_text(w->session, "test.rasp", text, strlen(text), NULL), "%s\n%s",
                  text, message(w));
    w->output_count = (uint32_t)session_output_count(w->session);
    ck_assert_uint_le(w->output_count, MOST_OUTPUTS);
    for (uint32_t o = 0; o < w->output_count; o++) {
        const String *name;
        w->outputs[o] = session_output(w->session, o, &name).as.node;
    }
}

static void open_world(World *w, const char *text, uint32_t max_length) {
    read_world(w, text);
    RealLowerOptions options = {.max_length = max_length, .float_type = FLOAT_64};
    w->model = lower_real(w->arena, w->graph, w->outputs, w->output_count, &options,
                          session_diagnostics(w->session));
    ck_assert_msg(w->model != NULL, "%s\n%s", text, message(w));
    ck_assert_msg(w->model->exact, "%s\nis not exact", text);
}

static void close_world(World *w) {
    session_free(w->session);
    arena_free(w->arena);
    exact_free(&w->pool);
}

/* --- inputs ----------------------------------------------------------------------------------- */

static mpq_t *add_column(World *w, const char *name, TypeSet type, uint32_t width, uint32_t n) {
    mpq_t *numbers = exact_array(&w->pool, (size_t)n * width);
    w->columns[w->input.count++] = (ExactColumn){.name = string_new(w->arena, name, strlen(name)),
                                                 .type = type,
                                                 .width = width,
                                                 .numbers = numbers};
    w->input.n = n;
    return numbers;
}

/* "1/3 -2 3/2" */
static void read_numbers(const char *text, mpq_t *out, size_t count) {
    char copy[1024];
    ck_assert_uint_lt(strlen(text), sizeof copy);
    strcpy(copy, text);
    char *rest = copy;
    for (size_t i = 0; i < count; i++) {
        char *word = strtok_r(rest, " ", &rest);
        ck_assert_msg(word && mpq_set_str(out[i], word, 10) == 0, "'%s': number %zu", text, i);
        mpq_canonicalize(out[i]);
    }
}

static void give_column(World *w, const char *name, TypeSet type, uint32_t width, uint32_t n,
                        const char *text) {
    read_numbers(text, add_column(w, name, type, width, n), (size_t)n * width);
}

/* --- running ---------------------------------------------------------------------------------- */

static ExactResult run_program(World *w, uint32_t rounds) {
    ExactRequest request = {.input = &w->input, .most_rounds = rounds, .pool = &w->pool};
    return eval_exact(w->graph, w->outputs, w->output_count, &request, w->arena);
}

static ExactResult run_transformer(World *w, const RealModel *model, uint32_t rounds) {
    ExactRequest request = {.input = &w->input, .most_rounds = rounds, .pool = &w->pool};
    return run_exact(model, &request, w->arena);
}

/* Both, which must agree. */
static ExactResult run_both(World *w, uint32_t rounds) {
    ExactResult program = run_program(w, rounds), model = run_transformer(w, w->model, rounds);
    ExactDifference where = {0};
    ck_assert_int_eq(program.end, model.end);
    if (program.end != EXACT_DONE) return program;
    ck_assert_msg(exact_equal(&program, &model, w->input.n, &where),
                  "output %u, position %u, component %u", where.output, where.position,
                  where.component);
    return program;
}

static void check_numbers(mpq_t *found, size_t count, const char *expected, const char *what) {
    Exact pool = {0};
    mpq_t *wanted = exact_array(&pool, count);
    read_numbers(expected, wanted, count);
    for (size_t i = 0; i < count; i++) {
        Buffer text = {0};
        rational_format(&text, found[i]);
        ck_assert_msg(mpq_equal(found[i], wanted[i]), "%s\nnumber %zu is %s, not as in '%s'", what,
                      i, text.data, expected);
        buffer_free(&text);
    }
    exact_free(&pool);
}

/* --- operations ------------------------------------------------------------------------------- */

#define INPUTS "input x: vec[2]; input m: bool; input a: float; input k: int;\n"

typedef struct Case {
    const char *expression, *expected; /* at the three positions */
} Case;

/* x: (1/3, -2) (3/2, 2) (1/3, -2); m: True False True; a: 1/2 -5/2 7/3; k: 2 -1 0 */
static const Case cases[] = {
    {"a + k - 1", "3/2 -9/2 4/3"},
    {"a * a / 3", "1/12 25/12 49/27"},
    {"a % 2", "1/2 3/2 1/3"},
    {"k % -3", "-1 -1 0"},
    {"a ^ 3", "1/8 -125/8 343/27"},
    {"a ^ -2", "4 4/25 9/49"},
    {"-a", "-1/2 5/2 -7/3"},
    {"floor(a) * 100 + ceil(a) * 10 + round(a)", "10 -322 232"},
    {"abs(a) + relu(a) * 10 + sign(a) * 100", "211/2 -195/2 377/3"},
    {"a < k", "1 1 0"},
    {"a >= k or m", "1 0 1"},
    {"not m and k == -1", "0 1 0"},
    {"a if m else k", "1/2 -1 7/3"},
    {"x[0] + x[1]", "-5/3 7/2 -5/3"},
    {"sum(x * x)", "37/9 25/4 37/9"},
    {"dot(x, vec(a, 1))", "-11/6 -7/4 -11/9"},
    {"sum(matmul([[1, 2], [0, -1]], x))", "-5/3 7/2 -5/3"},
    {"argmax(concat(x, a)) * 10 + argmin(x)", "21 10 21"},
    {"sum(onehot(k + 1, 3) * [5, 7, 11])", "0 5 7"},
    {"(x == vec(1.5, 2)) + indices * 10", "0 11 20"},
    {"sum(x / 0 if False else x)", "-5/3 7/2 -5/3"},
    {"sum(vec(a, 1) / vec(k, 1)) if k < 0 else 5", "5 7/2 5"},
    {"(k in [0, 2]) + {2: 5, -1: 7, 0: 9}[k]", "6 7 10"},
    {"[4, 5, 6][k]", "6 6 4"},
    {"selector_width(select(a, a, <))", "1 0 2"},
    {"aggregate(select(a, a, <), k, 9)", "-1 9 1/2"},
    {"aggregate(select(indices, indices, <=) and not select(m, False, ==), a)", "1/2 1/2 17/12"},
    {"sum(aggregate(select(k, k, <), x, vec(a, 1)))", "11/12 -3/2 7/2"},
    {"total(select(a, k, >=), a)", "7/3 17/6 17/6"},
    {"aggregate(hardmax(score(a, k, *)), indices)", "2 1 1"},
    {"aggregate(hardmax_first(score(a, 0, *), select(m, True, ==)), indices)", "0 0 0"},
    {"aggregate(hardmax(-distance(x, x)), indices)", "1 1 1"},
    {"aggregate(best(select(k, k, <), score(a, 1, +)), a, 7)", "7/3 7 -5/2"},
    {"aggregate(linear(score(a, 1, *)), k)", "21/2 21/2 21/2"},
    {"aggregate(linear(score(a, 2, +) / 2 - score(1, 1, *)), k, 4)", "21/2 21/2 21/2"},
    {"aggregate(linear(score(a, 0, *)), k, 4)", "4 4 4"},
    {"aggregate(sparsemax(score(a, k, *)), indices)", "2 1 1"},
    {"aggregate(sparsemax(score(k, 1 / 4, *)), indices)", "1/2 1/2 1/2"},
};

static void give_numbers(World *w) {
    give_column(w, "x", TYPE_VECTOR, 2, 3, "1/3 -2 3/2 2 1/3 -2");
    give_column(w, "m", TYPE_BOOL, 1, 3, "1 0 1");
    give_column(w, "a", TYPE_FLOAT, 1, 3, "1/2 -5/2 7/3");
    give_column(w, "k", TYPE_INT, 1, 3, "2 -1 0");
}

START_TEST(operations_are_exact) {
    const Case *at = &cases[_i];
    char text[512];
    snprintf(text, sizeof text, INPUTS "y = %s; output y;", at->expression);
    World w;
    open_world(&w, text, 3);
    give_numbers(&w);
    ExactResult result = run_both(&w, 0);
    ck_assert_msg(result.end == EXACT_DONE, "%s ends as %d", at->expression, result.end);
    check_numbers(result.outputs[0], 3, at->expected, at->expression);
    close_world(&w);
}
END_TEST

typedef struct EndCase {
    const char *expression;
    ExactEnd end;
    uint32_t position;
} EndCase;

static const EndCase ends[] = {
    {"a / k", EXACT_FAILS, 2},
    {"a % (k + 1)", EXACT_FAILS, 1},
    {"k ^ -1", EXACT_FAILS, 2},
    {"x / k", EXACT_UNDEFINED, 2},
    {"{2: 5, -1: 7}[k]", EXACT_FAILS, 2},
    {"[4, 5][k]", EXACT_FAILS, 0},
    {"a ^ 0.5", EXACT_NOT_RATIONAL, 0},
    {"a ^ (10 ^ 9)", EXACT_TOO_LARGE, 0},
};

START_TEST(ends_are_told) {
    char text[512];
    snprintf(text, sizeof text, INPUTS "y = %s; output y;", ends[_i].expression);
    World w;
    read_world(&w, text);
    give_numbers(&w);
    ExactResult result = run_program(&w, 0);
    ck_assert_msg(result.end == ends[_i].end && result.position == ends[_i].position,
                  "%s ends as %d at %u", ends[_i].expression, result.end, result.position);
    close_world(&w);
}
END_TEST

START_TEST(division_by_zero_fails_in_both) {
    World w;
    open_world(&w, INPUTS "y = aggregate(select(k, k, ==), a) / k; output y;", 3);
    give_numbers(&w);
    ck_assert_int_eq(run_both(&w, 0).end, EXACT_FAILS);
    close_world(&w);
}
END_TEST

/* Every round squares: 2^20 digits are too many, and that is found in time. */
START_TEST(growth_is_bounded) {
    World w;
    open_world(&w, INPUTS "b = a; repeat 100 { b = b * b + 1 / 3; } output b;", 3);
    give_numbers(&w);
    ck_assert_int_eq(run_both(&w, 0).end, EXACT_TOO_LARGE);
    close_world(&w);
}
END_TEST

static const char *const refused[] = {
    "exp(a)",       "norm(x)",
    "sum(unit(x))", "aggregate(softmax(score(a, a, *)), k)",
    "a ^ 0.5",      "sin(a) if False else k",
};

START_TEST(what_is_not_rational_is_refused) {
    char text[512];
    snprintf(text, sizeof text, INPUTS "y = %s; output y;", refused[_i]);
    World w;
    read_world(&w, text);
    /* What folds away is not looked at. */
    ck_assert((exact_refuses(w.graph, w.outputs, 1) == NO_NODE) == (_i == COUNT(refused) - 1));
    close_world(&w);
}
END_TEST

/* --- Lloyd's algorithm, plainly --------------------------------------------------------------- */

typedef struct Lloyd {
    uint32_t points, centres, width;
    bool averaged;   /* a tie belongs to each centre with an equal part; else to the first */
    mpq_t *point;    /* (points, width) */
    mpq_t *centre;   /* (centres, width) */
    mpq_t *part;     /* (points, centres) of each point in each centre */
    mpq_t *distance; /* (centres) */
} Lloyd;

static void assign(Lloyd *l, uint32_t p) {
    mpq_t difference;
    mpq_init(difference);
    uint32_t nearest = 0, ties = 0;
    for (uint32_t k = 0; k < l->centres; k++) {
        mpq_set_ui(l->distance[k], 0, 1);
        for (uint32_t c = 0; c < l->width; c++) {
            mpq_sub(difference, l->point[p * l->width + c], l->centre[k * l->width + c]);
            mpq_mul(difference, difference, difference);
            mpq_add(l->distance[k], l->distance[k], difference);
        }
        if (mpq_cmp(l->distance[k], l->distance[nearest]) < 0) nearest = k;
    }
    for (uint32_t k = 0; k < l->centres; k++)
        ties += mpq_equal(l->distance[k], l->distance[nearest]) != 0;
    for (uint32_t k = 0; k < l->centres; k++) {
        bool has = l->averaged ? mpq_equal(l->distance[k], l->distance[nearest]) : k == nearest;
        mpq_set_ui(l->part[p * l->centres + k], has, has && l->averaged ? ties : 1);
    }
    mpq_clear(difference);
}

/* The mean of the points that belong to it the most. Without any the first rule keeps the centre;
   in the paper's all points are then the most. */
static void update(Lloyd *l, uint32_t k) {
    uint32_t most = 0, members = 0;
    for (uint32_t p = 1; p < l->points; p++)
        if (mpq_cmp(l->part[p * l->centres + k], l->part[most * l->centres + k]) > 0) most = p;
    if (l->points == 0 || (!l->averaged && mpq_sgn(l->part[most * l->centres + k]) == 0)) return;
    mpq_t *sum = l->centre + (size_t)k * l->width, count;
    mpq_init(count);
    for (uint32_t c = 0; c < l->width; c++)
        mpq_set_ui(sum[c], 0, 1);
    for (uint32_t p = 0; p < l->points; p++) {
        if (!mpq_equal(l->part[p * l->centres + k], l->part[most * l->centres + k])) continue;
        members++;
        for (uint32_t c = 0; c < l->width; c++)
            mpq_add(sum[c], sum[c], l->point[p * l->width + c]);
    }
    mpq_set_ui(count, members, 1);
    for (uint32_t c = 0; c < l->width; c++)
        mpq_div(sum[c], sum[c], count);
    mpq_clear(count);
}

static void lloyd_round(Lloyd *l) {
    for (uint32_t p = 0; p < l->points; p++)
        assign(l, p);
    for (uint32_t k = 0; k < l->centres; k++)
        update(l, k);
}

static Lloyd lloyd_new(Exact *pool, uint32_t centres, uint32_t points, bool averaged) {
    return (Lloyd){.points = points,
                   .centres = centres,
                   .width = 2,
                   .averaged = averaged,
                   .point = exact_array(pool, (size_t)points * 2),
                   .centre = exact_array(pool, (size_t)centres * 2),
                   .part = exact_array(pool, (size_t)points * centres),
                   .distance = exact_array(pool, centres)};
}

/* Tokens: the centres, then the points. */
#define FIRST                                                                                      \
    "input x: vec[2]; input is_centre: bool; c = x;\n"                                             \
    "repeat 100 until (settled) {\n"                                                               \
    "    near = hardmax_first(-distance(c, x), select(is_centre, True, ==));\n"                    \
    "    owner = aggregate(near, indices);\n"                                                      \
    "    members = select(owner, indices, ==) and select(is_centre, False, ==);\n"                 \
    "    moved = aggregate(members, x, c) if is_centre else c;\n"                                  \
    "    settled = moved == c;\n"                                                                  \
    "    c = moved;\n"                                                                             \
    "}\n"                                                                                          \
    "output c, owner;\n"

/* The paper's (arXiv 2506.19125): ties averaged on both sides. */
#define AVERAGED                                                                                   \
    "input x: vec[2]; input id: vec[3]; input is_centre: bool; z = x; y = id;\n"                   \
    "centres = select(is_centre, True, ==); points = select(is_centre, False, ==);\n"              \
    "repeat 10 {\n"                                                                                \
    "    number = aggregate(hardmax(-distance(z, z), centres), y);\n"                              \
    "    itself = select(indices, indices, ==);\n"                                                 \
    "    y = y if is_centre else (y - aggregate(itself, y)) + number;\n"                           \
    "    by_number = score(y, y, *);\n"                                                            \
    "    mean = aggregate(hardmax(by_number, points), z, z);\n"                                    \
    "    old = aggregate(hardmax(by_number, centres), z);\n"                                       \
    "    z = (z - old) + mean if is_centre else z;\n"                                              \
    "}\n"                                                                                          \
    "output z, y;\n"

static void give_tokens(World *w, const Lloyd *l) {
    uint32_t n = l->centres + l->points;
    w->input.count = 0;
    mpq_t *x = add_column(w, "x", TYPE_VECTOR, l->width, n),
          *is_centre = add_column(w, "is_centre", TYPE_BOOL, 1, n);
    for (uint32_t i = 0; i < n; i++) {
        mpq_t *from = i < l->centres ? l->centre + (size_t)i * l->width
                                     : l->point + (size_t)(i - l->centres) * l->width;
        for (uint32_t c = 0; c < l->width; c++)
            mpq_set(x[i * l->width + c], from[c]);
        mpq_set_ui(is_centre[i], i < l->centres, 1);
    }
    if (!l->averaged) return;
    mpq_t *id = add_column(w, "id", TYPE_VECTOR, l->centres, n);
    for (uint32_t k = 0; k < l->centres; k++)
        mpq_set_ui(id[k * l->centres + k], 1, 1);
}

/* The centres, and to whom each point belongs: its owner's number, or its parts. */
static void check_round(const Lloyd *l, const ExactResult *result, uint32_t round) {
    ck_assert_int_eq(result->end, EXACT_DONE);
    for (uint32_t i = 0; i < l->centres * l->width; i++)
        ck_assert_msg(mpq_equal(result->outputs[0][i], l->centre[i]), "round %u: centre %u", round,
                      i / l->width);
    for (uint32_t p = 0; p < l->points; p++) {
        for (uint32_t k = 0; k < l->centres; k++) {
            uint32_t token = l->centres + p;
            const mpq_t *part = &l->part[p * l->centres + k];
            bool same = l->averaged
                            ? mpq_equal(result->outputs[1][token * l->centres + k], *part)
                            : (mpq_cmp_ui(result->outputs[1][token], k, 1) == 0) == mpq_sgn(*part);
            ck_assert_msg(same, "round %u: point %u in centre %u", round, p, k);
        }
    }
}

/* Program and transformer against the plain algorithm after each of the rounds. */
static void follow(World *w, Lloyd *l, uint32_t rounds) {
    give_tokens(w, l);
    for (uint32_t round = 1; round <= rounds; round++) {
        ExactResult result = run_both(w, round);
        lloyd_round(l);
        check_round(l, &result, round);
    }
}

#define POINTS "0 0 1 0 0 2 5 5 6 5 5 7 9 0 8 1 20 20"
#define STARTS "0 0 1 0 9 0"

static const struct {
    bool averaged;
    const char *centres[3]; /* after each round */
} golden[] = {
    {false, {"0 1 11/3 4 43/4 13/2", "1/3 2/3 33/5 18/5 20 20", "1/3 2/3 33/5 18/5 20 20"}},
    {true, {"0 1 1 0 43/4 13/2", "0 2 1 0 53/6 19/3", "0 2 1/2 0 53/6 19/3"}},
};

START_TEST(lloyd_gives_the_golden_fractions) {
    World w;
    open_world(&w, golden[_i].averaged ? AVERAGED : FIRST, 12);
    Lloyd l = lloyd_new(&w.pool, 3, 9, golden[_i].averaged);
    read_numbers(POINTS, l.point, 18);
    read_numbers(STARTS, l.centre, 6);
    give_tokens(&w, &l);
    for (uint32_t round = 1; round <= 3; round++) {
        ExactResult result = run_both(&w, round);
        lloyd_round(&l);
        check_round(&l, &result, round);
        check_numbers(result.outputs[0], 6, golden[_i].centres[round - 1], "centres");
    }
    ck_assert(run_both(&w, 0).tied); /* (5, 5) */
    close_world(&w);
}
END_TEST

static void random_numbers(Random *random, mpq_t *out, size_t count, uint32_t grain) {
    for (size_t i = 0; i < count; i++) {
        mpq_set_si(out[i], (long)random_below(random, 6 * grain + 1) - 3 * (long)grain, grain);
        mpq_canonicalize(out[i]);
    }
}

/* Few places for many points: ties, duplicates and clusters without points. */
START_TEST(lloyd_equals_a_plain_one) {
    enum { TRIALS = 60, ROUNDS = 6 };
    bool averaged = _i == 1;
    World w;
    open_world(&w, averaged ? AVERAGED : FIRST, 30);
    uint32_t tied = 0, empty = 0;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        Random random = random_of(7, trial);
        uint32_t points = random_below(&random, 27), grain = 1 + trial % 3;
        uint32_t centres = averaged ? 3 : 1 + random_below(&random, 4);
        Lloyd l = lloyd_new(&w.pool, centres, points, averaged);
        random_numbers(&random, l.point, (size_t)points * 2, grain);
        random_numbers(&random, l.centre, (size_t)centres * 2, grain);
        follow(&w, &l, ROUNDS);
        ExactResult result = run_both(&w, 0);
        tied += result.tied;
        empty += result.empty;
    }
    ck_assert_uint_gt(tied, TRIALS / 4);
    if (!averaged) ck_assert_uint_gt(empty, TRIALS / 4);
    close_world(&w);
}
END_TEST

/* --- hardmax dynamics (arXiv 2407.01602) ------------------------------------------------------ */

#define DYNAMICS                                                                                   \
    "input z0: vec[2]; z = z0;\n"                                                                  \
    "repeat 8 { z = (z + 0.5 * aggregate(hardmax(score(z, z, *)), z)) / 1.5; } output z;"
#define TOKENS "1 1/3 -1/12 1/12 -1 -1 0 1/4 -3/10 -7/10 -6/10 -9/10 8/10 1/10 6/10 15/100"

/* One round of n tokens in the plane; the set of leaders as bits. */
static uint32_t dynamics_round(mpq_t *z, uint32_t n) {
    Exact pool = {0};
    mpq_t *next = exact_array(&pool, (size_t)n * 2), *product = exact_array(&pool, n + 2);
    mpq_t *best = &product[n], *scratch = &product[n + 1];
    uint32_t leaders = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t count = 0;
        for (uint32_t j = 0; j < n; j++) {
            mpq_mul(product[j], z[2 * i], z[2 * j]);
            mpq_mul(*scratch, z[2 * i + 1], z[2 * j + 1]);
            mpq_add(product[j], product[j], *scratch);
            if (j == 0 || mpq_cmp(product[j], *best) > 0) mpq_set(*best, product[j]);
        }
        for (uint32_t j = 0; j < n; j++) {
            if (!mpq_equal(product[j], *best)) continue;
            count++;
            mpq_add(next[2 * i], next[2 * i], z[2 * j]);
            mpq_add(next[2 * i + 1], next[2 * i + 1], z[2 * j + 1]);
        }
        if (count == 1 && mpq_equal(product[i], *best)) leaders |= 1u << i;
        for (uint32_t c = 2 * i; c < 2 * i + 2; c++) { /* (z + mean / 2) / (3 / 2) */
            mpq_set_ui(*scratch, 2 * count, 1);
            mpq_div(next[c], next[c], *scratch);
            mpq_add(next[c], next[c], z[c]);
            mpq_set_ui(*scratch, 2, 3);
            mpq_mul(next[c], next[c], *scratch);
        }
    }
    for (uint32_t c = 0; c < 2 * n; c++)
        mpq_set(z[c], next[c]);
    exact_free(&pool);
    return leaders;
}

START_TEST(dynamics_give_the_golden_leaders) {
    World w;
    open_world(&w, DYNAMICS, 8);
    give_column(&w, "z0", TYPE_VECTOR, 2, 8, TOKENS);
    mpq_t *z = exact_array(&w.pool, 16);
    read_numbers(TOKENS, z, 16);
    for (uint32_t round = 1; round <= 8; round++) {
        uint32_t leaders = dynamics_round(z, 8);
        ck_assert_uint_eq(leaders, round == 1 ? 5 : 7); /* {0, 2}, then {0, 1, 2} */
        ExactResult result = run_both(&w, round);
        for (uint32_t c = 0; c < 16; c++)
            ck_assert_msg(mpq_equal(result.outputs[0][c], z[c]), "round %u, number %u", round, c);
        check_numbers(result.outputs[0] + 2, 2, "-1/18 5/36", "token 1");
    }
    close_world(&w);
}
END_TEST

/* --- a broken transformer --------------------------------------------------------------------- */

/* The model with the first `from` of its text replaced. */
static RealModel *broken_model(World *w, const char *from, const char *to) {
    Buffer text = {0}, changed = {0};
    real_model_print(w->model, &text);
    char *at = strstr(text.data, from);
    ck_assert_msg(at != NULL, "no '%s' in\n%s", from, text.data);
    *at = '\0';
    buffer_printf(&changed, "%s%s%s", text.data, to, at + strlen(from));
    Sources *sources = session_sources(w->session);
    uint32_t file = sources_add(sources, "broken.model", changed.data, changed.len);
    RealModel *model = real_model_parse(w->arena, sources, file, session_diagnostics(w->session));
    ck_assert_msg(model != NULL, "%s\n%s", changed.data, message(w));
    buffer_free(&text);
    buffer_free(&changed);
    return model;
}

static const char *const breaks[][2] = {
    {"hardmax-first", "hardmax"}, /* seen by the tie of (5, 5) alone */
    {"== 0", "!= 0"},
    {"100 times", "1 times"},
};

START_TEST(a_broken_model_is_found) {
    World w;
    open_world(&w, FIRST, 12);
    Lloyd l = lloyd_new(&w.pool, 3, 9, false);
    read_numbers(POINTS, l.point, 18);
    read_numbers(STARTS, l.centre, 6);
    give_tokens(&w, &l);
    ExactDifference where = {0};
    ExactResult program = run_both(&w, 0);
    ExactResult model = run_transformer(&w, broken_model(&w, breaks[_i][0], breaks[_i][1]), 0);
    ck_assert(model.end == EXACT_DONE && !exact_equal(&program, &model, 12, &where));
    ck_assert_uint_lt(where.position, 12);
    close_world(&w);
}
END_TEST

/* --- doubles ---------------------------------------------------------------------------------- */

START_TEST(doubles_are_taken_exactly) {
    mpq_t x;
    mpq_init(x);
    rational_set_double(x, 0.1);
    Buffer text = {0};
    rational_format(&text, x);
    ck_assert_str_eq(text.data, "3602879701896397/36028797018963968");
    buffer_free(&text);
    mpq_set_si(x, -2, 3);
    ck_assert_double_eq(rational_to_double(x), -2.0 / 3);
    mpq_set_str(x, "10000000000000000000000/7", 10);
    ck_assert_double_eq(rational_to_double(x), 1e22 / 7);
    mpq_clear(x);
}
END_TEST

Suite *exact_suite(void);
Suite *exact_suite(void) {
    Suite *suite = suite_create("exact");
    TCase *all = tcase_create("exact");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, operations_are_exact, 0, COUNT(cases));
    tcase_add_loop_test(all, ends_are_told, 0, COUNT(ends));
    tcase_add_test(all, division_by_zero_fails_in_both);
    tcase_add_test(all, growth_is_bounded);
    tcase_add_loop_test(all, what_is_not_rational_is_refused, 0, COUNT(refused));
    tcase_add_loop_test(all, lloyd_gives_the_golden_fractions, 0, COUNT(golden));
    tcase_add_loop_test(all, lloyd_equals_a_plain_one, 0, 2);
    tcase_add_test(all, dynamics_give_the_golden_leaders);
    tcase_add_loop_test(all, a_broken_model_is_found, 0, COUNT(breaks));
    tcase_add_test(all, doubles_are_taken_exactly);
    suite_add_tcase(suite, all);
    return suite;
}
