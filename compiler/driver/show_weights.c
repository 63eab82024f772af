#include "compiler/driver/show_weights.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static int number_width(double number) { return snprintf(NULL, 0, "%.2f", number); }

/* Of a column: the least and the greatest weight take the most room. */
static int column_width(const Sequence *weights) {
    enum { LEAST = 4 }; /* of 0.25 */
    double least = 0, greatest = 0;
    for (size_t i = 0; i < (size_t)weights->n * weights->n; i++) {
        least = fmin(least, weights->numbers[i]);
        greatest = fmax(greatest, weights->numbers[i]);
    }
    int low = number_width(least), high = number_width(greatest);
    int key = snprintf(NULL, 0, "%" PRIu32, weights->n - 1);
    int widest = low > high ? low : high;
    if (key > widest) widest = key;
    return widest > LEAST ? widest : LEAST;
}

void show_weights(Buffer *out, const char *indent, const Sequence *weights) {
    uint32_t n = weights->n;
    int width = column_width(weights), head = snprintf(NULL, 0, "%2" PRIu32, n - 1);
    buffer_printf(out, "%s%*s  ", indent, head, "");
    for (uint32_t key = 0; key < n; key++)
        buffer_printf(out, " %*" PRIu32, width, key);
    buffer_char(out, '\n');
    for (uint32_t query = 0; query < n; query++) {
        buffer_printf(out, "%s%*" PRIu32 " |", indent, head, query);
        size_t blanks = 0; /* none at a line's end */
        for (uint32_t key = 0; key < n; key++) {
            double weight = weights->numbers[(size_t)query * n + key];
            blanks += 1 + (size_t)width;
            if (weight == 0) continue;
            buffer_repeat(out, ' ', blanks - (size_t)width);
            buffer_printf(out, "%*.2f", width, weight);
            blanks = 0;
        }
        buffer_char(out, '\n');
    }
}
