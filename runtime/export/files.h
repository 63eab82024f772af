/* A set of files to be written: one alone, or a directory that is written whole or not at all. */
#ifndef RASPC_EXPORT_FILES_H
#define RASPC_EXPORT_FILES_H

#include "runtime/base/buffer.h"

#include <stdbool.h>

typedef struct Files {
    struct NamedFile {
        const char *name; /* a C constant, without directories; "" for a file alone */
        Buffer bytes;
    } *items; /* (count), malloc'd */
    size_t count, capacity;
} Files;

/* A new file to fill. The pointer holds until the next files_add. */
Buffer *files_add(Files *files, const char *name);
void files_drop_last(Files *files);
void files_free(Files *files);

/* Writes the directory at path: into a new directory beside it, which takes its place when all is
   there. A directory of that name is replaced only when it holds nothing but files that raspc wrote
   (it keeps a list of them, .raspc). False with *why: nothing has changed then, and nothing is
   left. Signals that would end the process wait until it is decided. */
bool files_write_directory(const Files *files, const char *path, const char **why);

#endif
