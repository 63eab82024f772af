/* JSON with numbers kept as they are written: cJSON alone turns them into doubles, which loses
   1 against 1.0 and every digit after the 17th. */
#ifndef RASPC_CONFORMANCE_JSON_H
#define RASPC_CONFORMANCE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* A number N becomes a string: this character, then the digits of an integer, or the shortest text
   of a float (which always has a point, an exponent, "inf" or "nan" in it). */
#define NUMBER_MARK '\001'

/* NULL when the text is not JSON. Free with cJSON_Delete. */
cJSON *json_parse_exact(const char *text);
/* The digits or the float's text; NULL when the item is not a number. */
const char *json_number(const cJSON *item);
/* One line of JSON again. Free with cJSON_free. */
char *json_print_exact(const cJSON *item);

#endif
