/* How long inputs may be before the numbers of the model no longer fit its floats. There is no
   closed form, so lengths are tried: twice the last good one until one fails, then by halves. */
#include "compiler/driver/report.h"

#include "runtime/model/weights.h"

#include <string.h>
#include <time.h>

enum {
    LONGEST = 1 << 14,      /* no greater length is tried */
    TRIAL_BYTES = 32 << 20, /* a model that takes more than this is the last */
};
#define LOOKING_SECONDS 1.0 /* a trial that has begun is finished */

typedef enum Fit { FIT_EXACT, FIT_ROUNDED, FIT_REFUSED } Fit;

typedef struct Search {
    Arena *arena; /* for the reason */
    const Graph *graph;
    NodeId node;
    const Sources *sources;
    LowerOptions options;
    clock_t end;
    size_t bytes; /* of the last model */
    ExactLength found;
} Search;

static Fit fit_at(Search *s, uint32_t length, Buffer *why) {
    Arena *arena = arena_new(0);
    Diagnostics *diags = diagnostics_new(s->sources);
    LowerOptions options = s->options;
    options.max_length = length;
    options.registers = REGISTERS_KEEP; /* places round nothing */
    const Model *model = lower(arena, s->graph, s->node, &options, diags);
    Fit fit = FIT_REFUSED;
    if (model)
        fit = model_fits(model, why) ? FIT_EXACT : FIT_ROUNDED;
    else if (diagnostics_count(diags) > 0)
        buffer_text(why, diagnostics_message(diags, 0));
    s->bytes = arena_bytes(arena);
    diagnostics_free(diags);
    arena_free(arena);
    return fit;
}

/* Keeps what came of a length. */
static bool keep(Search *s, uint32_t length, Fit fit, const Buffer *why) {
    if (fit == FIT_EXACT) {
        s->found.length = length;
    } else {
        s->found.beyond = length;
        s->found.refused = fit == FIT_REFUSED;
        s->found.why = arena_strndup(s->arena, why->data ? why->data : "", why->len);
    }
    return fit == FIT_EXACT;
}

static bool try_length(Search *s, uint32_t length) {
    Buffer why = {0};
    Fit fit = fit_at(s, length, &why);
    bool fits = keep(s, length, fit, &why);
    buffer_free(&why);
    return fits;
}

static bool may_go_on(const Search *s) { return clock() < s->end && s->bytes < TRIAL_BYTES; }

ExactLength exact_length(Arena *arena, const Graph *graph, NodeId node, const Sources *sources,
                         LowerOptions options) {
    Search s = {arena, graph, node, sources, options, 0, 0, {0}};
    s.end = clock() + (clock_t)(LOOKING_SECONDS * CLOCKS_PER_SEC);
    uint32_t length = options.max_length;
    bool fits = try_length(&s, length);
    while (fits && length < LONGEST && may_go_on(&s)) {
        length = length > LONGEST / 2 ? LONGEST : 2 * length;
        fits = try_length(&s, length);
    }
    while (s.found.beyond > s.found.length + 1 && may_go_on(&s))
        (void)try_length(&s, s.found.length + (s.found.beyond - s.found.length) / 2);
    return s.found;
}
