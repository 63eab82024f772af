/* Cases that are typed into the command itself, as a person would, and judged by what it prints. */
#ifndef RASPC_CONFORMANCE_REPL_H
#define RASPC_CONFORMANCE_REPL_H

#include "runtime/base/buffer.h"
#include "tests/conformance/json.h"

#include <stdbool.h>

/* A case of repl.jsonl: all lines are those of `stdout`, prompts aside. command is raspc's path;
   what was printed is added to got. */
bool repl_prints(const char *command, const cJSON *json, Buffer *got);
/* A case of values.jsonl: the last lines are those of `text`. */
bool repl_shows(const char *command, const cJSON *json, Buffer *got);

#endif
