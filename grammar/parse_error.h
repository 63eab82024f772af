/* Inside the grammar form only: a token that does not fit, between parse_error.c, which says what
   was found and what could stand there, and parse_help.c, which says what to do. */
#ifndef RASPC_PARSE_ERROR_H
#define RASPC_PARSE_ERROR_H

#include "grammar/parse.h"

typedef struct Misfit {
    const Parser *parser;
    Span span;
    const char *found; /* the token's name in the grammar: "a name", "'='" */
    const char *const *expected;
    int expected_count;
} Misfit;

bool misfit_expects(const Misfit *misfit, const char *name);
/* Adds what to do about it, where that is known. */
void misfit_help(const Misfit *misfit, Diagnostic *diag);

#endif
