/* Progress of long work: one line on standard error, written over and over and wiped at the end; on
   a terminal only, and only when the work takes long enough to be wondered at. */
#ifndef RASPC_DRIVER_PROGRESS_H
#define RASPC_DRIVER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Progress {
    bool wanted;        /* standard error is a terminal */
    bool shown;         /* a line stands there */
    double start, last; /* seconds */
} Progress;

void progress_open(Progress *progress);
/* "round 12 of 30"; of: 0 where nobody knows. */
void progress_say(Progress *progress, const char *what, uint64_t done, uint64_t of);
void progress_close(Progress *progress);

#endif
