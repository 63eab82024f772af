#include "compiler/driver/engines.h"

#include "compiler/driver/engine_interp.h"

#include "runtime/base/text.h"

#include <string.h>

static ApplyStatus refuse(const ApplyRequest *request, const char *name) {
    Diagnostic *diag = diag_error(request->diags, DIAG_CANNOT_LOWER, request->span,
                                  "%s can't run programs yet", name);
    diag_help(diag, "--engine eval runs every program");
    return APPLY_REFUSED;
}

static ApplyStatus apply_jit(void *state, const ApplyRequest *request, Sequence *sequence,
                             Matrix *matrix) {
    (void)state, (void)sequence, (void)matrix;
    return refuse(request, "jit");
}

static const Engine engines[] = {
    {"eval", NULL, apply_eval, NULL},
    {"interp", open_interp, apply_interp, close_interp},
    {"jit", NULL, apply_jit, NULL},
};

enum { ENGINE_COUNT = sizeof engines / sizeof engines[0] };

size_t engine_count(void) { return ENGINE_COUNT; }

const Engine *engine_at(size_t index) { return &engines[index]; }

const Engine *engine_find(const Driver *driver, const char *name) {
    if (name == NULL) return &engines[0];
    const char *names[ENGINE_COUNT];
    for (size_t i = 0; i < ENGINE_COUNT; i++) {
        names[i] = engines[i].name;
        if (strcmp(names[i], name) == 0) return &engines[i];
    }
    const char *nearest = spelling_nearest(name, names, ENGINE_COUNT);
    if (nearest == NULL) driver_usage(driver, "--engine is eval, interp or jit, not '%s'", name);
    else driver_usage(driver, "there is no engine '%s'; did you mean '%s'?", name, nearest);
    return NULL;
}
