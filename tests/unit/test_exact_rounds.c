/* Rational arithmetic round by round: Lloyd's algorithm and the hardmax dynamics, written here in
   plain loops, against the programs and their transformers; a transformer that was broken on
   purpose. */
#include "runtime/base/random.h"
#include "tests/unit/exact_world.h"

#include <check.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

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

static void give_tokens(ExactWorld *w, const Lloyd *l) {
    uint32_t n = l->centres + l->points;
    w->input.count = 0;
    mpq_t *x = exact_world_column(w, "x", TYPE_VECTOR, l->width, n),
          *is_centre = exact_world_column(w, "is_centre", TYPE_BOOL, 1, n);
    for (uint32_t i = 0; i < n; i++) {
        mpq_t *from = i < l->centres ? l->centre + (size_t)i * l->width
                                     : l->point + (size_t)(i - l->centres) * l->width;
        for (uint32_t c = 0; c < l->width; c++)
            mpq_set(x[i * l->width + c], from[c]);
        mpq_set_ui(is_centre[i], i < l->centres, 1);
    }
    if (!l->averaged) return;
    mpq_t *id = exact_world_column(w, "id", TYPE_VECTOR, l->centres, n);
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
static void follow(ExactWorld *w, Lloyd *l, uint32_t rounds) {
    give_tokens(w, l);
    for (uint32_t round = 1; round <= rounds; round++) {
        ExactResult result = exact_world_both(w, round);
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
    ExactWorld w;
    exact_world_open(&w, golden[_i].averaged ? AVERAGED : FIRST, 12);
    Lloyd l = lloyd_new(&w.pool, 3, 9, golden[_i].averaged);
    exact_read(POINTS, l.point, 18);
    exact_read(STARTS, l.centre, 6);
    give_tokens(&w, &l);
    for (uint32_t round = 1; round <= 3; round++) {
        ExactResult result = exact_world_both(&w, round);
        lloyd_round(&l);
        check_round(&l, &result, round);
        exact_same(result.outputs[0], 6, golden[_i].centres[round - 1], "centres");
    }
    ck_assert(exact_world_both(&w, 0).tied); /* (5, 5) */
    exact_world_close(&w);
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
    ExactWorld w;
    exact_world_open(&w, averaged ? AVERAGED : FIRST, 30);
    uint32_t tied = 0, empty = 0;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        Random random = random_of(7, trial);
        uint32_t points = random_below(&random, 27), grain = 1 + trial % 3;
        uint32_t centres = averaged ? 3 : 1 + random_below(&random, 4);
        Lloyd l = lloyd_new(&w.pool, centres, points, averaged);
        random_numbers(&random, l.point, (size_t)points * 2, grain);
        random_numbers(&random, l.centre, (size_t)centres * 2, grain);
        follow(&w, &l, ROUNDS);
        ExactResult result = exact_world_both(&w, 0);
        tied += result.tied;
        empty += result.empty;
    }
    ck_assert_uint_gt(tied, TRIALS / 4);
    if (!averaged) ck_assert_uint_gt(empty, TRIALS / 4);
    exact_world_close(&w);
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
    ExactWorld w;
    exact_world_open(&w, DYNAMICS, 8);
    exact_world_give(&w, "z0", TYPE_VECTOR, 2, 8, TOKENS);
    mpq_t *z = exact_array(&w.pool, 16);
    exact_read(TOKENS, z, 16);
    for (uint32_t round = 1; round <= 8; round++) {
        uint32_t leaders = dynamics_round(z, 8);
        ck_assert_uint_eq(leaders, round == 1 ? 5 : 7); /* {0, 2}, then {0, 1, 2} */
        ExactResult result = exact_world_both(&w, round);
        for (uint32_t c = 0; c < 16; c++)
            ck_assert_msg(mpq_equal(result.outputs[0][c], z[c]), "round %u, number %u", round, c);
        exact_same(result.outputs[0] + 2, 2, "-1/18 5/36", "token 1");
    }
    exact_world_close(&w);
}
END_TEST

/* --- a broken transformer --------------------------------------------------------------------- */

/* The model with the first `from` of its text replaced. */
static RealModel *broken_model(ExactWorld *w, const char *from, const char *to) {
    Buffer text = {0}, changed = {0};
    real_model_print(w->model, &text);
    char *at = strstr(text.data, from);
    ck_assert_msg(at != NULL, "no '%s' in\n%s", from, text.data);
    *at = '\0';
    buffer_printf(&changed, "%s%s%s", text.data, to, at + strlen(from));
    Sources *sources = session_sources(w->session);
    uint32_t file = sources_add(sources, "broken.model", changed.data, changed.len);
    RealModel *model = real_model_parse(w->arena, sources, file, session_diagnostics(w->session));
    ck_assert_msg(model != NULL, "%s\n%s", changed.data, exact_world_message(w));
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
    ExactWorld w;
    exact_world_open(&w, FIRST, 12);
    Lloyd l = lloyd_new(&w.pool, 3, 9, false);
    exact_read(POINTS, l.point, 18);
    exact_read(STARTS, l.centre, 6);
    give_tokens(&w, &l);
    ExactDifference where = {0};
    ExactResult program = exact_world_both(&w, 0);
    ExactResult model =
        exact_world_transformer(&w, broken_model(&w, breaks[_i][0], breaks[_i][1]), 0);
    ck_assert(model.end == EXACT_DONE && !exact_equal(&program, &model, 12, &where));
    ck_assert_uint_lt(where.position, 12);
    exact_world_close(&w);
}
END_TEST

Suite *exact_rounds_suite(void);
Suite *exact_rounds_suite(void) {
    Suite *suite = suite_create("exact_rounds");
    TCase *all = tcase_create("rounds");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, lloyd_gives_the_golden_fractions, 0, COUNT(golden));
    tcase_add_loop_test(all, lloyd_equals_a_plain_one, 0, 2);
    tcase_add_test(all, dynamics_give_the_golden_leaders);
    tcase_add_loop_test(all, a_broken_model_is_found, 0, COUNT(breaks));
    suite_add_tcase(suite, all);
    return suite;
}
