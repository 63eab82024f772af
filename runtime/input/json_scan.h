/* Reading JSON token by token. Functions that return false have reported why, at its place. */
#ifndef RASPC_INPUT_JSON_SCAN_H
#define RASPC_INPUT_JSON_SCAN_H

#include "runtime/input/input.h"

typedef struct Json {
    InputReader *reader;
    const char *text;
    uint32_t file, len, at;
} Json;

/* At the beginning of a source. */
Json json_open(InputReader *reader, uint32_t file);
/* From there to where the reading is. */
Span json_from(const Json *json, uint32_t start);
void json_skip_blanks(Json *json);
/* The next byte that is no blank; 0 at the end. */
char json_peek(Json *json);
/* These report nothing. */
bool json_accept(Json *json, char c);
bool json_accept_word(Json *json, const char *word); /* without blanks before it */

/* At the opening quote. */
bool json_string(Json *json, Atom *out);
/* A string, a number, true or false; also NaN, Infinity and {"float": "inf"}. */
bool json_atom(Json *json, Atom *out);

#endif
