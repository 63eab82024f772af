#include "runtime/engines/jit/real/share.h"

#include "runtime/engines/jit/real/accumulate_emit.h"

/* Rows of a share's list at a time. */
enum { CHUNK = 2048 };

typedef struct Shares {
    const Run *run;
    const Addition *addition;
    uint32_t count;       /* threads */
    int64_t *first_group; /* (count + 1) */
    int32_t *lists;       /* (count, CHUNK + ACCUMULATE_AHEAD) */
} Shares;

static void add(const Run *run, const Addition *addition, const int32_t *list, int64_t from,
                int64_t to) {
    AccumulateKernel *kernel =
        (AccumulateKernel *)(uintptr_t)run->program->functions[addition->kernel];
    kernel(addition->values, addition->groups, addition->sums, addition->counts, list, from, to);
}

/* Cuts the groups so that the shares have about as many of the rows that are counted in sizes. */
static void cut(const Shares *shares, const int64_t *sizes) {
    int64_t groups = shares->addition->group_count, all = 0, before = 0, group = 1;
    for (int64_t g = 1; g < groups; g++)
        all += sizes[g];
    for (uint32_t s = 0; s < shares->count; s++) {
        int64_t end = all * (s + 1) / shares->count;
        shares->first_group[s] = group;
        while (group < groups && (before < end || s + 1 == shares->count))
            before += sizes[group++];
    }
    shares->first_group[shares->count] = groups;
}

static void add_share(void *state, uint32_t share) {
    const Shares *shares = state;
    const int32_t *groups = shares->addition->groups;
    int32_t first = (int32_t)shares->first_group[share];
    uint32_t groups_of_it = (uint32_t)(shares->first_group[share + 1] - first);
    int32_t *list = shares->lists + (size_t)share * (CHUNK + ACCUMULATE_AHEAD);
    int64_t n = shares->run->n;
    for (int64_t from = 0; from < n; from += CHUNK) {
        int64_t to = from + CHUNK < n ? from + CHUNK : n, count = 0;
        for (int64_t i = from; i < to; i++) {
            list[count] = (int32_t)i; /* kept or written over: a jump could not be foreseen */
            count += (uint32_t)(groups[i] - first) < groups_of_it;
        }
        for (int a = 0; a < ACCUMULATE_AHEAD; a++)
            list[count + a] = (int32_t)(to - 1);
        add(shares->run, shares->addition, list, 0, count);
    }
}

/* Some rows tell how many the groups have: that moves the cuts, never a result. */
static void count_some(const Shares *shares, int64_t *sizes) {
    enum { SAMPLE = 4096 };
    int64_t n = shares->run->n, step = n / SAMPLE + 1;
    for (int64_t i = 0; i < n; i += step)
        sizes[shares->addition->groups[i]]++;
}

bool run_add_rows(Run *run, const Addition *addition) {
    if (run->threads == 1) {
        add(run, addition, NULL, 0, run->n);
        return true;
    }
    Shares shares = {.run = run, .addition = addition, .count = run->threads};
    int64_t *sizes = run_take(run, (size_t)addition->group_count, sizeof(int64_t));
    shares.first_group = run_take(run, (size_t)shares.count + 1, sizeof(int64_t));
    shares.lists = run_take(run, shares.count, (CHUNK + ACCUMULATE_AHEAD) * sizeof(int32_t));
    bool fine = sizes && shares.first_group && shares.lists;
    if (fine) {
        count_some(&shares, sizes);
        cut(&shares, sizes);
        run_pieces(run, add_share, &shares, shares.count);
    }
    run_give(run, sizes);
    run_give(run, shares.first_group);
    run_give(run, shares.lists);
    return fine;
}
