/* How many floating-point operations a second one core of this machine can do. */
#ifndef RASPC_BENCH_REAL_PEAK_H
#define RASPC_BENCH_REAL_PEAK_H

double peak_single(void);
double peak_double(void);

#endif
