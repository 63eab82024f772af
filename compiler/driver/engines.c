#include "compiler/driver/engines.h"

#include "compiler/driver/engine_interp.h"
#include "compiler/driver/engine_jit.h"

#include "runtime/base/text.h"

#include <string.h>

static ApplyStatus apply_outputs_eval(void *state, const ApplyRequest *request, const NodeId *nodes,
                                      uint32_t count, Sequence *out) {
    (void)state;
    return eval_all(request, nodes, count, out) ? APPLY_OK : APPLY_FAILED;
}

static const Engine engines[] = {
    {.name = "eval", .apply = apply_eval, .apply_outputs = apply_outputs_eval},
    {.name = "interp",
     .open = open_interp,
     .apply = apply_interp,
     .apply_all = apply_all_interp,
     .apply_outputs = apply_outputs_interp,
     .trace_outputs = trace_outputs_interp,
     .errors = errors_interp,
     .close = close_interp,
     .trace = trace_interp},
    {.name = "jit",
     .quick_from = 1000,
     .open = open_jit,
     .apply = apply_jit,
     .apply_outputs = apply_outputs_jit,
     .close = close_jit,
     .explain = explain_jit},
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

void engine_apply_all(const Engine *engine, void *state, const ApplyRequest *requests,
                      uint32_t count, Applied *out) {
    if (engine->apply_all != NULL && count > 1) {
        engine->apply_all(state, requests, count, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (Applied){.diagnostic = diagnostics_count(requests[i].diags)};
        out[i].status = engine->apply(state, &requests[i], &out[i].sequence, &out[i].matrix);
    }
}
