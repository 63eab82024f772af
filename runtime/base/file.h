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

/* A file's bytes, for reading: mapped, so that they take no memory of their own and are read when
   they are looked at; what can't be mapped (a pipe) is read. */
typedef struct FileView {
    const char *bytes;
    size_t len;
    bool mapped;
} FileView;
/* False with *why. A pipe or standard input ("-") of more than limit bytes is refused. */
bool file_view(const char *path, size_t limit, FileView *out, const char **why);
void file_view_close(FileView *view);

/* A file that is written piece by piece and is there whole or not at all, as with file_write. */
typedef struct FileStream FileStream;
FileStream *file_stream_open(const char *path, const char **why); /* NULL with *why */
bool file_stream_write(FileStream *stream, const char *bytes, size_t len, const char **why);
/* Puts the file into place, or with keep false leaves what was there; frees the stream either way.
 */
bool file_stream_close(FileStream *stream, bool keep, const char **why);

/* Adds the path of something that is installed with raspc: relative is to the directory of the
   running program or, when raspc is a library in it, of that library. False when it is unknown. */
bool file_beside_program(const char *relative, Buffer *out);

#endif
