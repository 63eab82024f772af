/* Native: one program's machine code and the LLVM session that makes and links it. A session of its
   own for each program, so that freeing the program frees everything and several can live at once.
   Nothing here knows of heads or models. */
#ifndef RASPC_JIT_NATIVE_H
#define RASPC_JIT_NATIVE_H

#include "runtime/base/buffer.h"

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Native Native;

/* cpu: a processor of cpus.def ("x86-64-v3"), or NULL or "native" for this machine's with all that
   it can do. NULL on failure, and then *why says what went wrong. */
Native *native_new(const char *cpu, Buffer *why);
void native_free(Native *native); /* NULL is fine; the code goes too */

/* What the code is written into: owned by the session. */
LLVMContextRef native_context(Native *native);
LLVMModuleRef native_module(Native *native);
/* That the processor's vectors of integers have; no more than 256. */
uint32_t native_vector_bits(const Native *native);

/* Adds what an object file depends on besides the code: processor, features, LLVM's version. */
void native_print_target(const Native *native, Buffer *out);
/* Adds the module's text, of which an object file is made with what is above. */
void native_print_module(const Native *native, Buffer *out);
/* Optimises the module (loops made vectors when asked for) and adds it to object as an object file,
   with position-independent code. Once. False on failure (*why). */
bool native_object(Native *native, bool vectors, Buffer *object, Buffer *why);
/* Links an object file (len bytes) into this process; the address of its function entry, or NULL on
   failure (*why). Once. */
void *native_load(Native *native, const char *object, size_t len, const char *entry, Buffer *why);
/* Another function of what native_load linked. */
void *native_find(Native *native, const char *name, Buffer *why);

#endif
