#include "compiler/driver/counts.h"

#include <inttypes.h>
#include <string.h>

enum { LONGEST_PATTERN = 8, LEAST_NUMBERS = 9 }; /* fewer numbers are written out */

/* How often in a row the first `pattern` of the numbers are there. */
static uint32_t times_of(const uint32_t *numbers, uint32_t count, uint32_t pattern) {
    uint32_t times = 1;
    while ((uint64_t)(times + 1) * pattern <= count &&
           memcmp(numbers, numbers + (size_t)times * pattern, pattern * sizeof *numbers) == 0)
        times++;
    return times;
}

/* The pattern that takes in most of what is next, of those that are worth it; 0: none. */
static uint32_t find_pattern(const uint32_t *numbers, uint32_t count, uint32_t *times) {
    uint32_t best = 0, most = LEAST_NUMBERS - 1;
    for (uint32_t pattern = 1; pattern <= LONGEST_PATTERN && 2 * pattern <= count; pattern++) {
        uint32_t here = times_of(numbers, count, pattern);
        if (here < 3 || here * pattern <= most) continue;
        most = here * pattern;
        best = pattern;
        *times = here;
    }
    return best;
}

void counts_show(Buffer *out, uint32_t count, const uint32_t *numbers) {
    for (uint32_t i = 0; i < count;) {
        uint32_t times = 1, pattern = find_pattern(numbers + i, count - i, &times);
        buffer_text(out, i == 0 ? " (" : ", ");
        if (pattern == 0) {
            buffer_printf(out, "%" PRIu32, numbers[i++]);
            continue;
        }
        buffer_printf(out, "%" PRIu32 " x ", times);
        for (uint32_t p = 0; p < pattern; p++)
            buffer_printf(out, "%c%" PRIu32, p == 0 ? '[' : ' ', numbers[i + p]);
        buffer_char(out, ']');
        i += times * pattern;
    }
    if (count > 0) buffer_char(out, ')');
}
