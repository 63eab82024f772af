/* Pictures as files, for `raspc draw`, `raspc run --plot` and the REPL's draw(). */
#ifndef RASPC_DRIVER_DRAW_FILE_H
#define RASPC_DRIVER_DRAW_FILE_H

#include "compiler/driver/driver.h"
#include "compiler/elaborate/value.h"

/* Writes the picture of a node on an input to path, whole or not at all ("-": standard output); its
   title is name(input). False after reporting. */
bool draw_file(const Graph *graph, NodeId node, const char *name, Input input, const char *path,
               Diagnostics *diags);

/* Is path the name of an SVG file? So is one without an ending (a pipe, a device). False after
   saying on standard error, for the option that names it, that it is not. */
bool draw_path_fits(const Driver *driver, const char *option, const char *path);

#endif
