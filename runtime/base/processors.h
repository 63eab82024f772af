/* Loops compiled for several generations of processors. */
#ifndef RASPC_PROCESSORS_H
#define RASPC_PROCESSORS_H

#include <limits.h> /* any header of the C library says whether that is glibc */

/* Before a function's definition: the loader takes the one that fits. What is computed is the same
   on all where the function says so. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define FOR_EACH_PROCESSOR                                                                         \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#endif
#ifndef FOR_EACH_PROCESSOR
#define FOR_EACH_PROCESSOR
#endif

#endif
