#include "runtime/engines/jit.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE_NAME "raspc-jit.so"

struct Jit {
    void *handle;
    const JitModule *module;
};

/* The directory of the running program, without a slash at the end; false when unknown. */
static bool program_directory(char *out, size_t size) {
    ssize_t len = readlink("/proc/self/exe", out, size - 1);
    if (len <= 0) return false;
    out[len] = '\0';
    char *slash = strrchr(out, '/');
    if (slash == NULL) return false;
    *slash = '\0';
    return true;
}

/* NULL when there is no such file or it does not load; only the second leaves a reason in why. */
static void *load(const char *directory, Buffer *why) {
    Buffer path = {0};
    buffer_printf(&path, "%s/%s", directory, MODULE_NAME);
    void *handle = NULL;
    if (access(path.data, R_OK) == 0) {
        /* Kept in memory once loaded: LLVM does not like to be unloaded. */
        handle = dlopen(path.data, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (handle == NULL) buffer_printf(why, "%s%s", why->len ? "; " : "", dlerror());
    }
    buffer_free(&path);
    return handle;
}

static void *find(Buffer *why) {
    char directory[PATH_MAX];
    void *handle = NULL;
    if (program_directory(directory, sizeof directory)) handle = load(directory, why);
    return handle ? handle : load(RASPC_LIBDIR, why);
}

static void refuse(Diagnostics *diags, Span asked_at, const char *why) {
    Diagnostic *diag;
    if (why == NULL) {
        diag = diag_error(diags, DIAG_NO_JIT, asked_at, "this raspc was built without LLVM");
        diag_help(diag, "'make deps' installs LLVM, 'make' then builds the jit beside raspc; "
                        "--engine interp runs the same model");
    } else {
        diag_error(diags, DIAG_NO_JIT, asked_at, "the jit does not load: %s", why);
    }
}

Jit *jit_open(Span asked_at, Diagnostics *diags) {
    Buffer why = {0};
    void *handle = find(&why);
    const JitModule *module = handle ? dlsym(handle, JIT_MODULE_SYMBOL) : NULL;
    if (handle && (module == NULL || module->version != JIT_MODULE_VERSION)) {
        buffer_text(&why, "it belongs to another version of raspc");
        module = NULL;
    }
    Jit *jit = module ? malloc(sizeof *jit) : NULL;
    if (jit) {
        *jit = (Jit){handle, module};
    } else {
        refuse(diags, asked_at, module ? "out of memory" : why.data);
        if (handle) dlclose(handle);
    }
    buffer_free(&why);
    return jit;
}

void jit_close(Jit *jit) {
    if (jit == NULL) return;
    dlclose(jit->handle);
    free(jit);
}

JitProgram *jit_compile(const Jit *jit, const Model *model, const JitOptions *options, Span span,
                        Diagnostics *diags) {
    return jit->module->compile(model, options, span, diags);
}

void jit_free(JitProgram *program) {
    if (program) program->module->free(program);
}

bool jit_run(const JitProgram *program, Input input, Span span, Arena *result_arena,
             Diagnostics *diags, Sequence *out) {
    return program->module->run(program, input, span, result_arena, diags, out);
}

void jit_explain(const JitProgram *program, Buffer *out) { program->module->explain(program, out); }
