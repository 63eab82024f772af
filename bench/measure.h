/* Measuring: clocks, medians, and how long another program takes to start and to answer. */
#ifndef RASPC_BENCH_MEASURE_H
#define RASPC_BENCH_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

/* Every measurement is the median of this many runs. */
enum { RUNS = 11 };

double wall_seconds(void);
double cpu_seconds(void); /* of this process */
/* Sorts the samples. Negative when one of them is: a run that failed. */
double median(double *samples, size_t count);
/* The same of differences, of which some may be negative. */
double middle(double *samples, size_t count);

/* Runs argv to its end in directory (NULL: this one) with input as its standard input. Returns wall
   seconds; negative when it failed, or when wanted is not in what it wrote to standard output. */
double time_command(const char *const argv[], const char *directory, const char *input,
                    const char *wanted);

/* Starts argv on a terminal of its own. *prompt: seconds until the first prompt; *answer: the
   median of RUNS from a sent line to the next prompt. False when it does not show a prompt. */
bool time_prompt(const char *const argv[], const char *line, double *prompt, double *answer);

#endif
