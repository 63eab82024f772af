#include "bench/native/subject.h"

#include "bench/measure.h"
#include "runtime/base/file.h"
#include "runtime/base/limits.h"

enum { SAMPLES = 101, LEAST_SAMPLES = 5 };
#define SECONDS_OF_SAMPLES 0.5

bool subject_open(Subject *subject, const Case *case_, uint32_t n) {
    Buffer text = {0};
    const char *why;
    *subject = (Subject){.case_ = case_, .n = n};
    subject->session = session_new(&(SessionOptions){0});
    subject->diags = session_diagnostics(subject->session);
    subject->arena = arena_new(0);
    subject->options.max_length = n;
    subject->options.registers = REGISTERS_KEEP; /* as for the jit in the command */
    subject->options.vocabulary =
        case_vocabulary(case_, subject->arena, &subject->options.vocabulary_count);
    subject->numbers = ARENA_ARRAY(subject->arena, uint32_t, n);
    case_input(n, subject->options.vocabulary_count, subject->numbers);
    bool read = file_read(case_->path, LIMIT_SOURCE_BYTES, &text, &why) &&
                session_run_text(subject->session, case_->path, text.data, text.len, NULL);
    const Value *value = read ? session_lookup(subject->session, case_->name) : NULL;
    buffer_free(&text);
    if (value == NULL || value->kind != VALUE_SOP) return false;
    subject->node = value->as.node;
    return true;
}

void subject_close(Subject *subject) {
    arena_free(subject->arena);
    session_free(subject->session);
}

const char *subject_message(const Subject *subject) {
    return diagnostics_count(subject->diags) ? diagnostics_message(subject->diags, 0) : "";
}

double sample(double (*work)(void *state), void *state) {
    double samples[SAMPLES], total = 0;
    size_t count = 0;
    while (count < SAMPLES && (count < LEAST_SAMPLES || total < SECONDS_OF_SAMPLES)) {
        samples[count] = work(state);
        if (samples[count] < 0) return -1;
        total += samples[count++];
        if (total > 4 * SECONDS_OF_SAMPLES) break;
    }
    return median(samples, count);
}

uint32_t repeats(uint32_t n) {
    enum { POSITIONS = 20000 };
    return n < POSITIONS ? POSITIONS / n : 1;
}
