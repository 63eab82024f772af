/* Plots: convex hulls, and pictures of data that is hard to draw. */
#include "runtime/draw/plot.h"

#include <check.h>
#include <float.h>
#include <string.h>

static void hull_is(const double *points, uint32_t count, const char *expected) {
    uint32_t corners[16];
    Buffer text = {0};
    buffer_add(&text, "", 0);
    uint32_t size = plot_hull(points, count, corners);
    for (uint32_t i = 0; i < size; i++)
        buffer_printf(&text, "%u ", corners[i]);
    ck_assert_str_eq(text.data, expected);
    buffer_free(&text);
}

START_TEST(a_hull_has_its_corners_in_order) {
    hull_is((const double[]){0, 0, 1, 1, 2, 0, 2, 2, 0, 2, 1, 0}, 6, "0 2 3 4 ");
    hull_is((const double[]){0, 0, 1, 1, 2, 2}, 3, "0 2 ");
    hull_is((const double[]){3, 3, 3, 3}, 2, "0 ");
    hull_is((const double[]){5, 1, 5, 1, 0, 0}, 3, "2 0 ");
    hull_is(NULL, 0, "");
}
END_TEST

/* Well-formed as far as numbers go, and the same again. */
static void draws(const double *numbers, uint32_t count) {
    PlotPoint points[8];
    PlotPath paths[8];
    for (uint32_t i = 0; i < count; i++) {
        points[i] = (PlotPoint){numbers[2 * i], numbers[2 * i + 1], i == 0 ? PLOT_NO_COLOUR : i};
        paths[i] = (PlotPath){numbers, i + 1, i, i % 2 == 1};
    }
    Plot plot = {.title = "a < b",
                 .across = "x[0]",
                 .up = "x[1]",
                 .points = points,
                 .point_count = count,
                 .all_points = count,
                 .paths = paths,
                 .path_count = count,
                 .all_paths = count,
                 .path_word = "token",
                 .hull = true};
    Buffer once = {0}, again = {0};
    plot_svg(&plot, &once);
    plot_svg(&plot, &again);
    ck_assert_str_eq(once.data, again.data);
    ck_assert_ptr_null(strstr(once.data, "nan"));
    ck_assert_ptr_null(strstr(once.data, "inf"));
    ck_assert_ptr_nonnull(strstr(once.data, "a &lt; b"));
    ck_assert_ptr_nonnull(strstr(once.data, "</svg>"));
    buffer_free(&once);
    buffer_free(&again);
}

START_TEST(any_numbers_are_drawn) {
    draws(NULL, 0);
    draws((const double[]){3, 4}, 1);
    draws((const double[]){0, 0, 0, 0}, 2);
    draws((const double[]){-DBL_MAX, DBL_MAX, DBL_MAX, -DBL_MAX}, 2);
    draws((const double[]){0, 0, 5e-324, 5e-324}, 2);
    draws((const double[]){1, 1, 1 + DBL_EPSILON, 1}, 2);
    draws((const double[]){1e18, 0, 1e18 + 4096, 1}, 2);
    draws((const double[]){0, 0, 1, 0, 1, 1, 0, 1, 0.5, 0.5}, 5);
}
END_TEST

Suite *plot_suite(void);

Suite *plot_suite(void) {
    Suite *suite = suite_create("plot");
    TCase *cases = tcase_create("plot");
    tcase_add_test(cases, a_hull_has_its_corners_in_order);
    tcase_add_test(cases, any_numbers_are_drawn);
    suite_add_tcase(suite, cases);
    return suite;
}
