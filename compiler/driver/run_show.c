/* What a run gave, as text, as JSON or as numpy's arrays. */
#include "compiler/driver/run.h"
#include "compiler/driver/show.h"
#include "compiler/driver/show_trace.h"
#include "compiler/driver/show_weights.h"

#include "runtime/base/visible.h"

#include <unistd.h>

/* Positions after which the output is looked at: is there much of it? */
enum { SHOWN_TOGETHER = 4096 };

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

static void show_elements_json(Run *run, Sequence sequence) {
    Buffer *out = &run->driver->out;
    for (uint32_t from = 0, to; from < sequence.n; from = to) {
        to = sequence.n - from < SHOWN_TOGETHER ? sequence.n : from + SHOWN_TOGETHER;
        sequence_json_elements(out, sequence, from, to);
        run_drain(run);
    }
}

/* A row a query. */
static void show_pattern_json(Run *run, Sequence weights) {
    buffer_text(&run->driver->out, "{\"kind\": \"pattern\", \"rows\": [");
    show_elements_json(run, weights);
    buffer_text(&run->driver->out, "]}");
}

static void show_sequence_json(Run *run, Sequence sequence) {
    sequence_json_open(&run->driver->out, sequence);
    show_elements_json(run, sequence);
    sequence_json_close(&run->driver->out);
}

/* {"x": [[0.0, 0.0]], "is_centre": [true]} */
static void show_named_json(Run *run, Input input) {
    Buffer *out = &run->driver->out;
    for (uint32_t i = 0; i < input.column_count; i++) {
        buffer_printf(out, "%s\"%s\": [", i > 0 ? ", " : "{", input.columns[i].name->bytes);
        show_elements_json(run, column_sequence(&input.columns[i], input.n));
        buffer_char(out, ']');
    }
    buffer_char(out, '}');
}

static void show_json(Run *run, Input input, const Outcome *outcomes) {
    Buffer *out = &run->driver->out;
    buffer_text(out, "{\"input\": ");
    if (run->named)
        show_named_json(run, input);
    else
        show_input_json(out, input);
    buffer_printf(out, ", \"engine\": \"%s\", \"results\": {", run->engine->name);
    for (size_t i = 0; i < run->targets.count; i++) {
        buffer_printf(out, "%s\"%s\": ", i > 0 ? ", " : "", run->targets.items[i].name);
        if (outcomes[i].value.kind == VALUE_SOP)
            show_sequence_json(run, outcomes[i].sequence);
        else if (outcomes[i].value.kind == VALUE_SELECTOR)
            matrix_format_json(out, outcomes[i].matrix);
        else if (outcomes[i].value.kind == VALUE_PATTERN)
            show_pattern_json(run, outcomes[i].sequence);
        else
            show_value_json(out, session_graph(run->session), outcomes[i].value);
    }
    buffer_char(out, '}');
    const Buffer *stream = &run->stream_text.out;
    if (run->trace && run->named) {
        buffer_text(out, ", \"trace\": [");
        buffer_add(out, stream->data, stream->len);
        buffer_char(out, ']');
    } else if (run->trace)
        show_traces_json(run, input, outcomes);
    buffer_text(out, "}\n");
}

/* As sequence_format has it, the first count elements alone, in pieces. */
static void show_sequence(Run *run, Sequence sequence, uint32_t count) {
    Buffer *out = &run->driver->out, raw = {0};
    bool repeated = sequence_repeats(sequence);
    uint32_t shown = repeated ? 1 : count;
    buffer_char(out, '[');
    for (uint32_t from = 0, to; from < shown; from = to) {
        to = shown - from < SHOWN_TOGETHER ? shown : from + SHOWN_TOGETHER;
        sequence_format_elements(&raw, sequence, from, to);
        visible_text(out, raw.data, raw.len);
        raw.len = 0;
        run_drain(run);
    }
    if (!repeated && count < sequence.n) buffer_printf(out, ", and %u more", sequence.n - count);
    buffer_char(out, ']');
    if (repeated) buffer_printf(out, "*%u", sequence.n);
    buffer_printf(out, " (%s)\n", sequence_type_name(sequence.type));
    buffer_free(&raw);
}

/* What fits some lines of a terminal. */
static uint32_t shown_at_once(const Run *run, Sequence sequence) {
    enum { NUMBERS = 100, SLACK = 2 };
    bool terminal = run->path == NULL && isatty(STDOUT_FILENO);
    uint32_t width = sequence.type == SEQUENCE_VECTORS ? sequence.width : 1;
    uint32_t most = width >= NUMBERS ? 1 : NUMBERS / width;
    return terminal && sequence.n > SLACK * most ? most : sequence.n;
}

/* What heads a matrix where there are no tokens: the positions. */
static Input indices(const Run *run, uint32_t n) {
    Atom *positions = ARENA_ARRAY(run->data.arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        positions[i] = atom_int(i);
    return (Input){.n = n, .tokens = positions};
}

/* hist("aab") = [2, 2, 1] (ints); c = [[0.5, 1.0], [2.0, 3.0]] (vectors): which input that is of
   is known. */
static void show_text(Run *run, Target target, const Outcome *outcome, Input input) {
    enum { MATRIX_INDENT = 4 };
    Buffer *out = &run->driver->out;
    Sequence sequence = outcome->sequence;
    buffer_text(out, target.name);
    if (run_applies(target) && !run->named) {
        buffer_char(out, '(');
        show_input(out, input);
        buffer_char(out, ')');
    }
    bool pattern = outcome->value.kind == VALUE_PATTERN;
    buffer_text(out, pattern || outcome->value.kind == VALUE_SELECTOR ? " =\n" : " = ");
    if (pattern) {
        show_weights(out, "    ", &sequence);
    } else if (outcome->value.kind == VALUE_SELECTOR) {
        show_matrix(out, outcome->matrix, run->named ? indices(run, input.n) : input,
                    MATRIX_INDENT);
    } else if (outcome->value.kind == VALUE_SOP) {
        show_sequence(run, sequence, run->named ? shown_at_once(run, sequence) : sequence.n);
    } else {
        show_value(out, session_graph(run->session), outcome->value);
        buffer_char(out, '\n');
    }
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

bool run_show(Run *run, size_t index, const Outcome *outcomes) {
    Input input = run->reader.inputs[index].input;
    bool all = true;
    for (size_t i = 0; i < run->targets.count; i++) {
        Target target = run->targets.items[i];
        bool done = outcomes[i].value.kind != VALUE_ERROR;
        all = all && done;
        bool again = !run_applies(target) && run->before + index > 0; /* a constant is said once */
        if (done && run->format == RUN_TEXT && !again) show_text(run, target, &outcomes[i], input);
        if (outcomes[i].traced && run->format == RUN_TEXT)
            show_trace_text(run, target, &outcomes[i], input);
    }
    const Buffer *stream = &run->stream_text.out;
    if (run->format == RUN_TEXT && stream->len > 0)
        buffer_add(&run->driver->out, stream->data, stream->len);
    if (all && run->format == RUN_JSON) show_json(run, input, outcomes);
    return all;
}
