#include "runtime/engines/jit/real/follow.h"

#include "runtime/engines/jit/real/accumulate_emit.h"

#include <string.h>

static double mean_position(const KeyList *keys, const int32_t *tied, uint32_t count) {
    double sum = 0;
    for (uint32_t t = 0; t < count; t++)
        sum += keys->positions[tied[t]];
    return sum / count;
}

/* Room for one group more. A sum begins at -0.0, which added to the first value is that value. */
static bool room_for_group(Run *run, Sums *sums, size_t width) {
    if (sums->groups < sums->capacity) return true;
    int64_t capacity = 2 * sums->capacity;
    double *larger = run_take(run, (size_t)capacity * width, sizeof *larger);
    int64_t *counts = run_take(run, (size_t)capacity, sizeof *counts);
    if (!larger || !counts) return false;
    memcpy(larger, sums->sums, (size_t)sums->groups * width * sizeof *larger);
    memcpy(counts, sums->counts, (size_t)sums->groups * sizeof *counts);
    for (size_t i = (size_t)sums->groups * width; i < (size_t)capacity * width; i++)
        larger[i] = -0.0;
    run_give(run, sums->sums);
    run_give(run, sums->counts);
    sums->sums = larger;
    sums->counts = counts;
    sums->capacity = capacity;
    return true;
}

/* The group of the rows whose owner is that number: a key's is the key's number + 1; a position
   that is no key, as the mean of several keys or the default may be, gets one of its own. */
static int32_t group_of(Following *following, double owner) {
    Sums *sums = following->sums;
    if (!(owner >= 0 && owner < (double)following->run->n) || owner != floor(owner)) return 0;
    int32_t *group = &sums->group_of_position[(int64_t)owner];
    if (*group != 0 || !following->fine) return *group;
    size_t width = graph_node(following->run->graph, following->head->value)->width;
    if (room_for_group(following->run, sums, width))
        *group = (int32_t)sums->groups++;
    else
        following->fine = false;
    return *group;
}

static void add_rows(const Following *following, int64_t from, int64_t to) {
    AccumulateKernel *add =
        (AccumulateKernel *)(uintptr_t)following->run->program->functions[following->head->kernel];
    add(following->values, following->groups, following->sums->sums, following->sums->counts, NULL,
        from, to);
}

void follow_add(Following *following, int64_t from, int64_t to, const int32_t *slots,
                const Ties *ties) {
    const uint8_t *members = following->members;
    int32_t *groups = following->groups;
    for (int64_t i = from; i < to; i++) {
        int32_t slot = slots[i - from];
        groups[i - from] = slot < 0 || (members && !members[i]) ? 0 : slot + 1;
    }
    for (size_t t = 0; t < ties->count; t++) {
        const Tie *tie = &ties->rows[t];
        if (!members || members[tie->row])
            groups[tie->row - from] = group_of(
                following, mean_position(following->keys, ties->keys + tie->first, tie->count));
    }
    add_rows(following, from, to);
}

bool follow_add_defaults(Following *following) {
    Run *run = following->run;
    const uint8_t *members = following->members;
    Scalars owners = run_numbers(run, following->other);
    for (int64_t i = 0; i < run->n; i++)
        following->groups[i] =
            members && !members[i] ? 0 : group_of(following, number_at(&owners, i));
    add_rows(following, 0, run->n);
    return following->fine;
}

bool follow_begin(Following *following, Run *run, const Assignment *assignment, const KeyList *keys,
                  int64_t block_rows) {
    enum { SPARE = 16 }; /* groups of positions that are no keys */
    const RealHead *head = assignment->follow;
    Sums *sums = &run->sums[assignment - run->plan->assignments];
    KeyList members;
    if (!run_keys(run, head, &members)) return false;
    size_t width = graph_node(run->graph, head->value)->width;
    size_t most = (size_t)keys->count + 1 + SPARE;
    if (sums->group_of_position == NULL)
        sums->group_of_position = run_take(run, (size_t)run->n, sizeof(int32_t));
    if (sums->group_of_position == NULL) return false;
    if (sums->keys != keys->made || sums->groups > keys->count + 1) {
        memset(sums->group_of_position, 0, (size_t)run->n * sizeof(int32_t));
        for (int64_t j = 0; j < keys->count; j++)
            sums->group_of_position[keys->positions[j]] = (int32_t)j + 1;
        sums->keys = keys->made;
    }
    run_give(run, sums->sums);
    run_give(run, sums->counts);
    sums->groups = keys->count + 1;
    sums->sums = run_take(run, most * width, sizeof(double));
    sums->counts = run_take(run, most, sizeof(int64_t));
    if (!sums->sums || !sums->counts) return false;
    for (size_t i = 0; i < most * width; i++)
        sums->sums[i] = -0.0;
    sums->capacity = (int64_t)most;
    size_t size = run->plan->single ? sizeof(float) : sizeof(double);
    *following = (Following){.run = run,
                             .head = head,
                             .keys = keys,
                             .sums = sums,
                             .other = graph_node(run->graph, assignment->owner)->args[2],
                             .members = head->parts.key_count > 0 ? members.mask : NULL,
                             .values = run->columns[2 * (size_t)head->value],
                             .row_bytes = (int64_t)(width * size),
                             .groups = run_take_column(run, (size_t)block_rows, sizeof(int32_t)),
                             .fine = true};
    return following->groups != NULL;
}

void follow_end(Following *following) {
    if (following->run) run_release(following->run, following->groups);
}
