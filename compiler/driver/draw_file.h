/* Pictures as files, for `raspc draw` and the REPL's draw(). */
#ifndef RASPC_DRIVER_DRAW_FILE_H
#define RASPC_DRIVER_DRAW_FILE_H

#include "compiler/elaborate/value.h"

/* Writes the picture of a node on an input to path, whole or not at all ("-": standard output); its
   title is name(input). False after reporting. */
bool draw_file(const Graph *graph, NodeId node, const char *name, Input input, const char *path,
               Diagnostics *diags);

#endif
