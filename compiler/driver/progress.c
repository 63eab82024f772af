#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "compiler/driver/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const double before_first = 0.1, between = 0.1; /* seconds */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_open(Progress *progress) {
    const char *terminal = getenv("TERM");
    bool dumb = terminal != NULL && strcmp(terminal, "dumb") == 0;
    *progress = (Progress){.wanted = isatty(STDERR_FILENO) && !dumb, .start = now()};
}

void progress_say(Progress *progress, const char *what, uint64_t done, uint64_t of) {
    if (!progress->wanted) return;
    double time = now();
    if (time - progress->start < before_first || time - progress->last < between) return;
    progress->last = time;
    progress->shown = true;
    fprintf(stderr, "\r\033[K%s %llu", what, (unsigned long long)done);
    if (of != 0) fprintf(stderr, " of %llu", (unsigned long long)of);
    fflush(stderr);
}

void progress_close(Progress *progress) {
    if (progress->shown) fputs("\r\033[K", stderr);
    progress->shown = false;
}
