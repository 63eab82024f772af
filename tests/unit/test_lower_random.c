/* Random programs over real vectors: their models compute what eval says; those that are rational
   also the same fractions; those of ReLUs alone keep to the bounds that they state. */
#include "tests/unit/real_programs.h"
#include "tests/unit/real_world.h"

#include <check.h>

enum {
    PROGRAMS = 400,
    BATCH = 40,
    SAMPLES = 4,
    RATIONAL = 10 /* in a batch, at least */
};

START_TEST(random_programs_compute_the_same) {
    uint32_t rational = 0;
    for (uint32_t p = (uint32_t)_i * BATCH; p < ((uint32_t)_i + 1) * BATCH; p++) {
        Buffer text = {0};
        RealWorld w;
        real_program(&text, 1, p, false);
        real_world_open(&w, text.data);
        RealModel *model = real_world_lower(&w);
        ck_assert_msg(model != NULL, "program %u: %s\n%s", p, text.data, real_world_message(&w));
        real_world_compare(&w, model, text.data, SAMPLES);
        rational += real_world_compare_exact(&w, model, text.data, SAMPLES);
        real_world_close(&w);
        buffer_free(&text);
    }
    ck_assert_uint_ge(rational, RATIONAL);
}
END_TEST

/* Most of them can be: what is refused has an error without bounds, and says where. */
START_TEST(random_programs_of_relus_keep_their_bounds) {
    uint32_t made = 0;
    for (uint32_t p = (uint32_t)_i * BATCH; p < ((uint32_t)_i + 1) * BATCH; p++) {
        Buffer text = {0};
        RealWorld w;
        real_program(&text, 2, p, true);
        real_world_open(&w, text.data);
        w.relu_only = true;
        w.knots = 20;
        RealModel *model = real_world_lower(&w);
        if (model != NULL) {
            made++;
            real_world_compare(&w, model, text.data, SAMPLES);
        } else {
            ck_assert_uint_eq(diagnostics_count(w.diags), 1);
            ck_assert_uint_ne(diagnostics_span(w.diags, 0).file, 0);
        }
        real_world_close(&w);
        buffer_free(&text);
    }
    ck_assert_uint_ge(made, BATCH / 2);
}
END_TEST

Suite *lower_random_suite(void);
Suite *lower_random_suite(void) {
    Suite *suite = suite_create("lower_random");
    TCase *tests = tcase_create("lower_random");
    tcase_add_loop_test(tests, random_programs_compute_the_same, 0, PROGRAMS / BATCH);
    tcase_add_loop_test(tests, random_programs_of_relus_keep_their_bounds, 0, PROGRAMS / BATCH);
    suite_add_tcase(suite, tests);
    return suite;
}
