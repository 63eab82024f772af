/* How long the programs of programs/ take to become native code. */
#ifndef RASPC_BENCH_PROGRAMS_H
#define RASPC_BENCH_PROGRAMS_H

/* Prints medians and the longest, from the model and from a cache. */
void bench_programs(void);

#endif
