/* One conformance case, run in a session of its own as the REPL would run it. */
#ifndef RASPC_CONFORMANCE_CASE_H
#define RASPC_CONFORMANCE_CASE_H

#include "compiler/elaborate/elaborate.h"
#include "tests/conformance/json.h"

typedef struct CaseRun {
    Session *session;
    const cJSON *files; /* the case's files, for load; may be NULL */
    size_t first_error; /* diagnostics before this one come from the case's program */
    bool has_value;
    Value value; /* of the expression, applied if the case has an input */
    Span span;   /* of the expression */
} CaseRun;

/* Runs the case's program, then its expression. Free with case_end. */
void case_run(CaseRun *run, const cJSON *json);
void case_end(CaseRun *run);

/* Runs every entry of the text, as typed; what there is to show is added to results (may be NULL).
 */
void case_type(CaseRun *run, const char *text, Results *results);

/* The value in the form of the conformance files; s-ops and selectors are shown on the running
   example. False when that fails, and then a diagnostic says why. */
bool case_describe(CaseRun *run, Value value, Buffer *out);

#endif
