/* What verify --exact found, for people and programs. */
#include "compiler/driver/verify_exact.h"

#include "compiler/driver/show.h"

static const char *const reasons[] = {
    [EXACT_DONE] = "after so much work; --samples N compares N however long it takes",
    [EXACT_FAILS] = "",
    [EXACT_UNDEFINED] = "where something is not finite",
    [EXACT_NOT_RATIONAL] = "where something is not rational",
    [EXACT_TOO_LARGE] = "where numbers grow too large",
    [EXACT_TOO_LONG] = "which take too long",
};

static unsigned long long whole(uint64_t number) { return (unsigned long long)number; }

static void show_floats(const ExactFloats *floats, Buffer *out) {
    buffer_printf(out, "  eval    in doubles, on the %llu input%s that they hold: ",
                  whole(floats->inputs), floats->inputs == 1 ? "" : "s");
    if (floats->greatest == 0)
        buffer_text(out, "no difference");
    else
        buffer_printf(out, "a relative difference of %.2g at most", floats->greatest);
    if (floats->otherwise > 0)
        buffer_printf(out, "; on %llu rounding decides otherwise", whole(floats->otherwise));
    if (floats->fails > 0) buffer_printf(out, "; on %llu eval fails", whole(floats->fails));
    buffer_char(out, '\n');
}

void exact_report_text(const ExactReport *report, Buffer *out) {
    const ExactTally *tally = &report->tally;
    const ExactMismatch *mismatch = &report->mismatch;
    buffer_printf(out, "%s: %llu input%s compared in rational numbers, ", report->outputs,
                  whole(tally->inputs), tally->inputs == 1 ? "" : "s");
    if (report->given)
        buffer_text(out, "as given\n");
    else
        buffer_printf(out, "random ones of seed %llu: length 1 to %u\n", whole(report->seed),
                      report->max_length);
    for (int end = 0; end <= EXACT_TOO_LONG; end++)
        if (tally->left_out[end] > 0)
            buffer_printf(out, "  left out: %llu more, %s\n", whole(tally->left_out[end]),
                          reasons[end]);
    if (tally->not_taken > 0)
        buffer_printf(out, "  left out: %llu more, which the program does not take\n",
                      whole(tally->not_taken));
    if (tally->inputs == 0) {
        buffer_printf(out, "  nothing is compared%s\n",
                      report->given ? "" : "; -i compares an input of yours");
        return;
    }
    buffer_text(out, "  model   ");
    if (mismatch->found) buffer_text(out, "DIFFERS; before that ");
    buffer_printf(out, "equal on %llu", whole(tally->equal));
    if (tally->fails_too > 0)
        buffer_printf(out, ", fails where the program does on %llu", whole(tally->fails_too));
    buffer_printf(out, "; with ties %llu, with empty selections %llu\n", whole(tally->tied),
                  whole(tally->empty));
    if (mismatch->found) {
        buffer_printf(out,
                      "  first difference: %s\n    program %s\n    model   %s\n    input   %s\n",
                      mismatch->where, mismatch->program, mismatch->model, mismatch->input);
    }
    if (tally->floats.inputs > 0) show_floats(&tally->floats, out);
}

void exact_report_json(const ExactReport *report, Buffer *out) {
    const ExactTally *tally = &report->tally;
    const ExactMismatch *mismatch = &report->mismatch;
    uint64_t left_out = 0;
    for (int end = 0; end <= EXACT_TOO_LONG; end++)
        left_out += tally->left_out[end];
    buffer_text(out, "{\"outputs\": ");
    show_json_text(out, report->outputs);
    buffer_printf(out,
                  ", \"inputs\": %llu, \"given\": %s, \"seed\": %llu, \"max_len\": %u, "
                  "\"outcome\": \"%s\", \"equal\": %llu, \"failed_too\": %llu, \"ties\": %llu, "
                  "\"empty\": %llu, \"left_out\": %llu, \"not_taken\": %llu, ",
                  whole(tally->inputs), report->given ? "true" : "false", whole(report->seed),
                  report->max_length,
                  mismatch->found      ? "different"
                  : tally->inputs == 0 ? "nothing"
                                       : "equal",
                  whole(tally->equal), whole(tally->fails_too), whole(tally->tied),
                  whole(tally->empty), whole(left_out), whole(tally->not_taken));
    buffer_printf(out,
                  "\"doubles\": {\"inputs\": %llu, \"greatest_relative\": %.17g, "
                  "\"otherwise\": %llu, \"fails\": %llu}",
                  whole(tally->floats.inputs), tally->floats.greatest,
                  whole(tally->floats.otherwise), whole(tally->floats.fails));
    if (mismatch->found) {
        const char *const keys[] = {"where", "program", "model", "input"};
        const char *const texts[] = {mismatch->where, mismatch->program, mismatch->model,
                                     mismatch->input};
        buffer_text(out, ", \"difference\": {");
        for (int i = 0; i < 4; i++) {
            buffer_printf(out, "%s\"%s\": ", i > 0 ? ", " : "", keys[i]);
            show_json_text(out, texts[i]);
        }
        buffer_char(out, '}');
    }
    buffer_text(out, "}\n");
}
