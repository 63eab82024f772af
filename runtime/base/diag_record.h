/* What a diagnostic holds: shared by diag.c, which collects, and diag_render.c, which shows. */
#ifndef RASPC_DIAG_RECORD_H
#define RASPC_DIAG_RECORD_H

#include "runtime/base/diag.h"

#include <stdbool.h>

typedef struct DiagNote {
    Span span; /* file 0: no place of its own */
    char *message;
} DiagNote;

struct Diagnostic {
    DiagId id;
    bool warning;
    Span span;
    char *message;
    DiagNote *notes; /* (note_count) */
    size_t note_count, note_capacity;
    char **help; /* (help_count) */
    size_t help_count, help_capacity;
};

struct Diagnostics {
    const Sources *sources;
    Diagnostic **records; /* (count), in the order of reporting */
    size_t count, capacity;
    size_t errors; /* among the records */
    /* Beyond LIMIT_DIAGNOSTIC_RECORDS messages are only counted; spare takes the notes that
       still come for them. */
    Diagnostic *spare;
    size_t uncounted, uncounted_errors;
};

#endif
