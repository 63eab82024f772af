#include "runtime/engines/jit/real/share.h"

#include "runtime/engines/jit/real/accumulate_emit.h"

typedef struct Shares {
    Run *run;
    const Addition *addition;
    uint32_t count;       /* threads */
    int64_t *first_group; /* (count + 1) */
    int64_t *first_row;   /* (count) into rows */
    int32_t *rows;        /* (n + count) share by share, each in order, one place behind each */
} Shares;

static void add(const Run *run, const Addition *addition, const int32_t *list, int64_t from,
                int64_t to) {
    AccumulateKernel *kernel =
        (AccumulateKernel *)(uintptr_t)run->program->functions[addition->kernel];
    kernel(addition->values, addition->groups, addition->sums, addition->counts, list, from, to);
}

/* Cuts the groups so that the shares have about as many rows. sizes: (group_count) rows. */
static void cut(const Shares *shares, const int64_t *sizes) {
    int64_t groups = shares->addition->group_count, all = 0, before = 0, group = 1;
    for (int64_t g = 1; g < groups; g++)
        all += sizes[g];
    for (uint32_t s = 0; s < shares->count; s++) {
        int64_t end = all * (s + 1) / shares->count;
        shares->first_group[s] = group;
        shares->first_row[s] = before + s;
        while (group < groups && (before < end || s + 1 == shares->count))
            before += sizes[group++];
    }
    shares->first_group[shares->count] = groups;
}

static void add_share(void *state, uint32_t share) {
    const Shares *shares = state;
    const int32_t *groups = shares->addition->groups;
    int32_t first = (int32_t)shares->first_group[share];
    uint32_t count = (uint32_t)(shares->first_group[share + 1] - first);
    int64_t from = shares->first_row[share], to = from, n = shares->run->n;
    int32_t *rows = shares->rows;
    for (int64_t i = 0; i < n; i++) {
        rows[to] = (int32_t)i; /* kept or written over: a jump could not be foreseen */
        to += (uint32_t)(groups[i] - first) < count;
    }
    add(shares->run, shares->addition, rows, from, to);
}

static bool add_shares(Shares *shares, int64_t *sizes) {
    Run *run = shares->run;
    size_t ends = shares->count + 1;
    shares->rows = run_take(run, (size_t)run->n + shares->count, sizeof(int32_t));
    shares->first_group = run_take(run, ends, sizeof(int64_t));
    shares->first_row = run_take(run, ends, sizeof(int64_t));
    if (!shares->rows || !shares->first_group || !shares->first_row) return false;
    for (int64_t i = 0; i < run->n; i++)
        sizes[shares->addition->groups[i]]++;
    cut(shares, sizes);
    run_pieces(run, add_share, shares, shares->count);
    return true;
}

void run_add_block(const Run *run, const Addition *addition, int64_t from, int64_t to) {
    add(run, addition, NULL, from, to);
}

bool run_add_rows(Run *run, const Addition *addition) {
    if (run->threads == 1) {
        add(run, addition, NULL, 0, run->n);
        return true;
    }
    Shares shares = {.run = run, .addition = addition, .count = run->threads};
    int64_t *sizes = run_take(run, (size_t)addition->group_count, sizeof(int64_t));
    bool fine = sizes && add_shares(&shares, sizes);
    run_give(run, sizes);
    run_give(run, shares.rows);
    run_give(run, shares.first_group);
    run_give(run, shares.first_row);
    return fine;
}
