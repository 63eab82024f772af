/* JSON through cJSON, with what it lacks: texts that hold NUL, and atoms. */
#ifndef RASPC_VALUE_JSON_H
#define RASPC_VALUE_JSON_H

#include "runtime/value/atoms.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Each adds to an object under name, or with name NULL to an array. */
void json_add_text(cJSON *to, const char *name, const char *text, size_t len);
void json_add_string(cJSON *to, const char *name, const String *text);
void json_add_atom(cJSON *to, const char *name, Atom atom); /* as atom_format_json has it */
void json_add_float(cJSON *to, const char *name, double number);

cJSON *json_atoms(Atoms atoms, uint32_t count); /* a list */

/* Appends the value as text, with a line end when it is laid out, and frees it. */
void json_print(Buffer *out, cJSON *value, bool laid_out);

#endif
