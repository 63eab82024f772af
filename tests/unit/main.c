/* Runs every unit suite with Check and reports in TAP. tests.mk collects the suites: a file
   test_NAME.c defines `Suite *NAME_suite(void)`. `test-unit NAME...` runs the named suites only.
   CK_FORK=no runs the tests in one process, for debuggers and leak reports. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#define SUITE(name) Suite *name##_suite(void);
#include "tests/unit/suites.def"
#undef SUITE

static const struct {
    const char *name;
    Suite *(*make)(void);
} suites[] = {
#define SUITE(name) {#name, name##_suite},
#include "tests/unit/suites.def"
#undef SUITE
};

static int is_wanted(const char *name, int count, char **wanted) {
    if (count == 0) return 1;
    for (int i = 0; i < count; i++)
        if (strcmp(name, wanted[i]) == 0) return 1;
    return 0;
}

int main(int argc, char **argv) {
    SRunner *runner = srunner_create(NULL);
    int found = 0;
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        if (!is_wanted(suites[i].name, argc - 1, argv + 1)) continue;
        srunner_add_suite(runner, suites[i].make());
        found++;
    }
    if (found == 0) {
        fprintf(stderr, "no such suite\n");
        srunner_free(runner);
        return 2;
    }
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
