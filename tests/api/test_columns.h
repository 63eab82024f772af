/* The cases of programs with named inputs (test_columns.c), beside those over tokens (test_api.c).
 */
#ifndef RASPC_TESTS_API_COLUMNS_H
#define RASPC_TESTS_API_COLUMNS_H

#include <check.h>

TCase *columns_tests(void);

#endif
