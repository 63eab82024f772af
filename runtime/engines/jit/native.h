/* Native: one program's machine code and the LLVM session that made it. A session of its own for
   each program, so that freeing the program frees everything and several can live at once.
   Nothing here knows of heads or models. */
#ifndef RASPC_JIT_NATIVE_H
#define RASPC_JIT_NATIVE_H

#include "runtime/base/buffer.h"

#include <llvm-c/Core.h>
#include <stdbool.h>

typedef struct Native Native;

/* cpu: a processor of cpus.def ("x86-64-v3"), or NULL or "native" for this machine's with all that
   it can do. NULL on failure, and then *why says what went wrong. */
Native *native_new(const char *cpu, Buffer *why);
void native_free(Native *native); /* NULL is fine; the code goes too */

/* What the code is written into: owned by the session, gone after native_link. */
LLVMContextRef native_context(Native *native);
LLVMModuleRef native_module(Native *native);

/* Makes function name callable from the code at the given address. Before native_link. */
bool native_define(Native *native, const char *name, void *address, Buffer *why);

/* Optimises the module (loops made vectors when asked for), makes it machine code and returns the
   address of the function entry; NULL on failure (*why). Once. */
void *native_link(Native *native, const char *entry, bool vectors, Buffer *why);

#endif
