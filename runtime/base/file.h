/* Files: read whole, written whole or not at all. Errors come back as a message (the world is
   wrong), never as a diagnostic. */
#ifndef RASPC_FILE_H
#define RASPC_FILE_H

#include "runtime/base/buffer.h"

#include <stdbool.h>

/* Appends the file ("-" is standard input) to out. On failure returns false and *why is a static
   or strerror text. Refuses more than limit bytes and directories. */
bool file_read(const char *path, size_t limit, Buffer *out, const char **why);
/* Writes to a temporary file beside path and renames it into place ("-" is standard output). */
bool file_write(const char *path, const char *bytes, size_t len, const char **why);

/* Adds the path of something that is installed with raspc: relative is to the directory of the
   running program or, when raspc is a library in it, of that library. False when it is unknown. */
bool file_beside_program(const char *relative, Buffer *out);

#endif
