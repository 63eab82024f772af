/* The object cache: native code kept in a directory, a file for each program. A file's name is the
   hash of all that its code depends on: the model's text (over real vectors
   the code before it is optimised), the processor, LLVM, and this very build
   of the jit. Files are written whole (a temporary one is renamed), so that several processes may
   share a directory; one that is damaged counts as missing and is written anew. */
#ifndef RASPC_JIT_OBJECT_CACHE_H
#define RASPC_JIT_OBJECT_CACHE_H

#include "runtime/base/buffer.h"
#include "runtime/engines/jit/operand.h"
#include "runtime/engines/jit/stage.h"

/* The file's name in the directory. text: all of the program that the code depends on; target: what
   native_print_target says. */
void object_cache_path(const char *directory, const Buffer *text, const Buffer *target,
                       Buffer *path);
/* What program_emit leaves: the stages, the buffers' lengths, and the object file. False when there
   is no sound file for it; then nothing is changed. */
bool object_cache_read(const char *path, Stages *stages, Columns *columns, Buffer *object);
/* Makes the directory if need be. False on failure (*why). */
bool object_cache_write(const char *directory, const char *path, const Stages *stages,
                        const Columns *columns, const Buffer *object, const char **why);

#endif
