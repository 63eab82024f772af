/* BUG(): raspc itself is wrong. Prints where and aborts. Never for what a user wrote. */
#ifndef RASPC_BUG_H
#define RASPC_BUG_H

#include <stdio.h>
#include <stdlib.h>

#define BUG(...)                                                                                   \
    do {                                                                                           \
        fprintf(stderr, "raspc: internal error at %s:%d: ", __FILE__, __LINE__);                   \
        fprintf(stderr, __VA_ARGS__);                                                              \
        fputc('\n', stderr);                                                                       \
        abort();                                                                                   \
    } while (0)

#endif
