#include "bench/native/loops.h"

void loop_histogram(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    (void)space;
    for (int32_t i = 0; i < n; i++) {
        int32_t count = 0;
        for (int32_t j = 0; j < n; j++)
            count += tokens[j] == tokens[i];
        out[i] = count;
    }
}

void loop_reverse(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    (void)space;
    for (int32_t i = 0; i < n; i++) {
        int32_t sum = 0;
        for (int32_t j = 0; j < n; j++)
            sum += j == n - 1 - i ? tokens[j] : 0;
        out[i] = 'a' + sum;
    }
}

void loop_shift(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    (void)space;
    for (int32_t i = 0; i < n; i++) {
        int32_t sum = 0, count = 0;
        for (int32_t j = 0; j < n; j++) {
            sum += j + 1 == i ? tokens[j] : 0;
            count += j + 1 == i;
        }
        out[i] = count ? 'a' + sum : '-';
    }
}

void loop_running_mean(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    (void)space;
    for (int32_t i = 0; i < n; i++) {
        int32_t sum = 0, count = 0;
        for (int32_t j = 0; j < n; j++) {
            sum += j <= i ? tokens[j] : 0;
            count += j <= i;
        }
        out[i] = (double)sum / count;
    }
}

/* out[i] = what the key at place i holds */
static void fetch(const int32_t *place, const int32_t *value, const int32_t *takes_part, int32_t n,
                  int32_t none, double *out) {
    for (int32_t i = 0; i < n; i++) {
        int32_t sum = 0, count = 0;
        for (int32_t j = 0; j < n; j++) {
            int32_t here = (place[j] == i) & (takes_part[j] > 0);
            sum += here ? value[j] : 0;
            count += here;
        }
        out[i] = count ? sum : none;
    }
}

void loop_sort(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    int32_t *place = space, *all = space + n;
    for (int32_t i = 0; i < n; i++) {
        int32_t count = 0;
        for (int32_t j = 0; j < n; j++)
            count += (tokens[j] < tokens[i]) | ((tokens[j] == tokens[i]) & (j < i));
        place[i] = count;
        all[i] = 1;
    }
    fetch(place, tokens, all, n, 0, out);
}

/* sums[i] = the sum of values[j], j <= i */
static void sum_up_to(const int32_t *values, int32_t n, int32_t *sums) {
    for (int32_t i = 0; i < n; i++) {
        int32_t sum = 0;
        for (int32_t j = 0; j < n; j++)
            sum += j <= i ? values[j] : 0;
        sums[i] = sum;
    }
}

static void verdicts(const int32_t *lost, const int32_t *depth, int32_t n, double *out) {
    for (int32_t i = 0; i < n; i++)
        out[i] = lost[i] > 0 ? 'F' : depth[i] == 0 ? 'T' : 'P';
}

void loop_dyck1(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    int32_t *depth = space, *lost = space + n, *values = space + 2 * n;
    for (int32_t i = 0; i < n; i++)
        values[i] = 1 - 2 * tokens[i];
    sum_up_to(values, n, depth);
    for (int32_t i = 0; i < n; i++)
        values[i] = depth[i] < 0;
    sum_up_to(values, n, lost);
    verdicts(lost, depth, n, out);
}

/* Tokens: ( { [ and then ) } ]. */
void loop_dyck3(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    int32_t *depth = space, *level = space + n, *number = space + 2 * n, *values = space + 3 * n;
    for (int32_t i = 0; i < n; i++)
        values[i] = tokens[i] < 3 ? 1 : -1;
    sum_up_to(values, n, depth);
    for (int32_t i = 0; i < n; i++)
        level[i] = depth[i] + (tokens[i] >= 3);
    for (int32_t i = 0; i < n; i++) {
        int32_t count = 0;
        for (int32_t j = 0; j < n; j++)
            count += (level[j] == level[i]) & (j <= i);
        number[i] = count;
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t opener = -1;
        for (int32_t j = 0; j < n; j++) {
            int32_t partner = (level[j] == level[i]) & (number[j] == number[i] - 1);
            opener = (partner & (tokens[j] < 3)) ? tokens[j] : opener;
        }
        int32_t closes = tokens[i] >= 3;
        values[i] = (closes & (opener != tokens[i] - 3)) | (depth[i] < 0);
    }
    sum_up_to(values, n, number);
    verdicts(number, depth, n, out);
}

static void count_tokens(const int32_t *tokens, int32_t n, int32_t *count, int32_t *before) {
    for (int32_t i = 0; i < n; i++) {
        int32_t all = 0, earlier = 0;
        for (int32_t j = 0; j < n; j++) {
            all += tokens[j] == tokens[i];
            earlier += (tokens[j] == tokens[i]) & (j < i);
        }
        count[i] = all;
        before[i] = earlier;
    }
}

void loop_double_histogram(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    int32_t *count = space, *before = space + n;
    count_tokens(tokens, n, count, before);
    for (int32_t i = 0; i < n; i++) {
        int32_t kinds = 0;
        for (int32_t j = 0; j < n; j++)
            kinds += (count[j] == count[i]) & (before[j] == 0);
        out[i] = kinds;
    }
}

void loop_most_frequent(const int32_t *tokens, int32_t n, double *out, int32_t *space) {
    int32_t *count = space, *before = space + n, *place = space + 2 * n, *letter = space + 3 * n;
    count_tokens(tokens, n, count, before);
    for (int32_t i = 0; i < n; i++) {
        count[i] = before[i] > 0 ? 0 : count[i];
        letter[i] = 'a' + tokens[i];
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t sum = 0;
        for (int32_t j = 0; j < n; j++)
            sum += (count[j] > count[i]) | ((count[j] == count[i]) & (j < i));
        place[i] = sum;
    }
    fetch(place, letter, count, n, '-', out);
}
