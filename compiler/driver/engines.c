#include "compiler/driver/engines.h"

#include "compiler/driver/engine_interp.h"
#include "compiler/driver/engine_jit.h"

#include "runtime/base/text.h"

#include <string.h>

static const Engine engines[] = {
    {"eval", NULL, apply_eval, NULL, NULL, NULL},
    {"interp", open_interp, apply_interp, close_interp, NULL, trace_interp},
    {"jit", open_jit, apply_jit, close_jit, explain_jit, NULL},
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
    if (nearest == NULL)
        driver_usage(driver, "--engine is eval, interp or jit, not '%s'", name);
    else
        driver_usage(driver, "there is no engine '%s'; did you mean '%s'?", name, nearest);
    return NULL;
}
