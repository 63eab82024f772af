/* The harness judged: the generator's programs, and engines that are wrong on purpose. */
#ifndef RASPC_RANDOM_SELF_H
#define RASPC_RANDOM_SELF_H

#include <stdbool.h>

/* Reports in TAP; false when a test failed. */
bool self_test(void);

#endif
