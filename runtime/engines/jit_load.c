#include "runtime/engines/jit.h"

#include "runtime/base/file.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct Jit {
    void *handle;
    const JitModule *module;
};

/* NULL when there is no such file or it does not load; only the second leaves a reason in why. */
static void *load(const char *relative, Buffer *why) {
    Buffer path = {0};
    void *handle = NULL;
    if (file_beside_program(relative, &path) && access(path.data, R_OK) == 0) {
        /* Kept in memory once loaded: LLVM does not like to be unloaded. */
        handle = dlopen(path.data, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (handle == NULL) buffer_printf(why, "%s%s", why->len ? "; " : "", dlerror());
    }
    buffer_free(&path);
    return handle;
}

/* Beside the command or the library where they were built; and where each is installed, in
   PREFIX/bin and in PREFIX/lib. */
static void *find(Buffer *why) {
    static const char *const places[] = {"raspc-jit.so", "../lib/raspc/raspc-jit.so",
                                         "raspc/raspc-jit.so"};
    void *handle = NULL;
    for (size_t i = 0; handle == NULL && i < sizeof places / sizeof places[0]; i++)
        handle = load(places[i], why);
    return handle;
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

JitRunner *jit_runner_new(const JitProgram *program) {
    return program->module->runner_new(program);
}

void jit_runner_free(JitRunner *runner) {
    if (runner) runner->module->runner_free(runner);
}

bool jit_runner_run(JitRunner *runner, const uint32_t *numbers, uint32_t n, Span span,
                    Diagnostics *diags, JitColumn *out) {
    return runner->module->runner_run(runner, numbers, n, span, diags, out);
}

void jit_explain(const JitProgram *program, Buffer *out) { program->module->explain(program, out); }

bool jit_library(const Jit *jit, const Model *model, const JitOptions *options, const char *name,
                 Span span, Diagnostics *diags, Buffer *object, Buffer *header) {
    return jit->module->library(model, options, name, span, diags, object, header);
}

JitReal *jit_compile_real(const Jit *jit, const Graph *graph, const NodeId *outputs, uint32_t count,
                          const JitOptions *options, Span span, Diagnostics *diags) {
    return jit->module->real_compile(jit->module, graph, outputs, count, options, span, diags);
}

void jit_real_free(JitReal *program) {
    if (program) program->module->real_free(program);
}

bool jit_real_run(const JitReal *program, const ApplyRequest *request, Sequence *out) {
    return program->module->real_run(program, request, out);
}

void jit_real_explain(const JitReal *program, Buffer *out) {
    program->module->real_explain(program, out);
}
