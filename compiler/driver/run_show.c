/* What a run gave, as text, as JSON or as numpy's arrays. */
#include "compiler/driver/run.h"
#include "compiler/driver/show.h"
#include "compiler/driver/show_trace.h"

#include "runtime/base/visible.h"
#include "runtime/value/npy.h"

static void show_traces_json(const Run *run, Input input, const Outcome *outcomes) {
    Buffer *out = &run->driver->out;
    const char *separator = "";
    buffer_text(out, ", \"traces\": {");
    for (size_t i = 0; i < run->targets.count; i++) {
        if (!outcomes[i].traced) continue;
        buffer_printf(out, "%s\"%s\": ", separator, run->targets.items[i].name);
        show_trace_json(out, &outcomes[i].trace, input);
        separator = ", ";
    }
    buffer_char(out, '}');
}

static void show_json(const Run *run, Input input, const Outcome *outcomes) {
    Buffer *out = &run->driver->out;
    buffer_text(out, "{\"input\": ");
    show_input_json(out, input);
    buffer_printf(out, ", \"engine\": \"%s\", \"results\": {", run->engine->name);
    for (size_t i = 0; i < run->targets.count; i++) {
        buffer_printf(out, "%s\"%s\": ", i > 0 ? ", " : "", run->targets.items[i].name);
        if (outcomes[i].value.kind == VALUE_SOP)
            sequence_format_json(out, outcomes[i].sequence);
        else if (outcomes[i].value.kind == VALUE_SELECTOR)
            matrix_format_json(out, outcomes[i].matrix);
        else
            show_value_json(out, session_graph(run->session), outcomes[i].value);
    }
    buffer_char(out, '}');
    if (run->trace) show_traces_json(run, input, outcomes);
    buffer_text(out, "}\n");
}

static void show_sequence(Buffer *out, Sequence sequence) {
    Buffer raw = {0};
    sequence_format(&raw, sequence);
    visible_text(out, raw.data, raw.len);
    buffer_free(&raw);
}

/* hist("aab") = [2, 2, 1] (ints) */
static void show_text(const Run *run, Target target, const Outcome *outcome, Input input) {
    enum { MATRIX_INDENT = 4 };
    Buffer *out = &run->driver->out;
    buffer_text(out, target.name);
    if (target_is_node(target)) {
        buffer_char(out, '(');
        show_input(out, input);
        buffer_char(out, ')');
    }
    buffer_text(out, outcome->value.kind == VALUE_SELECTOR ? " =\n" : " = ");
    if (outcome->value.kind == VALUE_SELECTOR)
        show_matrix(out, outcome->matrix, input, MATRIX_INDENT);
    else if (outcome->value.kind == VALUE_SOP)
        show_sequence(out, outcome->sequence);
    else
        show_value(out, session_graph(run->session), outcome->value);
    if (outcome->value.kind != VALUE_SELECTOR) buffer_char(out, '\n');
}

/* Below the result, if there is one. */
static void show_trace_text(const Run *run, Target target, const Outcome *outcome, Input input) {
    Buffer *out = &run->driver->out;
    if (outcome->value.kind == VALUE_ERROR) {
        buffer_printf(out, "%s(", target.name);
        show_input(out, input);
        buffer_text(out, ") has no value\n");
    }
    show_trace(out, &outcome->trace, input);
}

static bool show_npy(const Run *run, const Outcome *outcome) {
    uint32_t bad;
    if (npy_write_sequence(&run->driver->out, outcome->sequence, &bad)) return true;
    diag_error(session_diagnostics(run->session), DIAG_NO_RESULT, (Span){0},
               "position %u: the value does not fit 64 bits, which is what .npy holds", bad);
    return false;
}

bool run_show(const Run *run, size_t index, const Outcome *outcomes) {
    Input input = run->reader.inputs[index].input;
    bool all = true;
    for (size_t i = 0; i < run->targets.count; i++) {
        Target target = run->targets.items[i];
        bool done = outcomes[i].value.kind != VALUE_ERROR;
        all = all && done;
        bool again =
            !target_is_node(target) && run->before + index > 0; /* a constant is said once */
        if (done && run->format == RUN_TEXT && !again) show_text(run, target, &outcomes[i], input);
        if (outcomes[i].traced && run->format == RUN_TEXT)
            show_trace_text(run, target, &outcomes[i], input);
    }
    if (all && run->format == RUN_JSON) show_json(run, input, outcomes);
    if (all && run->format == RUN_NPY) all = show_npy(run, &outcomes[0]);
    return all;
}
