#include "runtime/model/text_numbers.h"

#include "runtime/value/atom.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>

void text_number(Buffer *out, double value) {
    if (value == 0)
        buffer_text(out, signbit(value) ? "-0" : "0");
    else if (value == floor(value) && fabs(value) < 1e15)
        buffer_printf(out, "%" PRId64, (int64_t)value);
    else
        float_format_repr(out, value);
}

/* Writes ", " before all but the first. */
static void separate(Buffer *out, bool *first) {
    if (!*first) buffer_text(out, ", ");
    *first = false;
}

/* How many from here on count up or down by one (step), or stay the same (step 0). */
static uint32_t run_of(const double *values, uint32_t at, uint32_t count, double step) {
    uint32_t end = at + 1;
    while (end < count && values[end] == values[end - 1] + step)
        end++;
    return end - at;
}

void text_numbers(Buffer *out, const double *values, uint32_t count) {
    bool first = true;
    buffer_char(out, '[');
    for (uint32_t v = 0; v < count;) {
        separate(out, &first);
        text_number(out, values[v]);
        uint32_t same = run_of(values, v, count, 0), up = run_of(values, v, count, 1);
        uint32_t down = run_of(values, v, count, -1), step = up > down ? up : down;
        bool whole = values[v] == floor(values[v]);
        if (same >= TEXT_RUN) {
            buffer_printf(out, "*%" PRIu32, same);
            v += same;
        } else if (whole && step >= TEXT_RUN) {
            buffer_text(out, "..");
            text_number(out, values[v + step - 1]);
            v += step;
        } else {
            v++;
        }
    }
    buffer_char(out, ']');
}
