#include "compiler/driver/trials.h"

#include "runtime/base/bug.h"
#include "runtime/base/random.h"

uint64_t trials_all(const Vocabulary *vocabulary) {
    uint64_t all = 0, of_length = 1;
    for (uint32_t n = 1; n <= vocabulary->max_len; n++) {
        if (__builtin_mul_overflow(of_length, vocabulary->count, &of_length) ||
            __builtin_add_overflow(all, of_length, &all))
            return UINT64_MAX;
    }
    return all;
}

/* --- edge cases ---------------------------------------------------------------------------------
 */

/* How one edge case fills its positions; V tokens, n positions, variant v. */
typedef enum TrialShape {
    SHAPE_EQUAL,     /* token v everywhere */
    SHAPE_CYCLE,     /* v, v + 1, ...: all distinct where there are enough tokens */
    SHAPE_BACK,      /* ..., v + 1, v */
    SHAPE_ALTERNATE, /* v, v + 1, v, ... */
    SHAPE_ONE_FIRST, /* v + 1 at the first position, v elsewhere */
    SHAPE_ONE_LAST,  /* v + 1 at the last */
    SHAPE_HALVES,    /* v, then v + 1 */
    SHAPE_COUNT
} TrialShape;

static uint32_t token_at(TrialShape shape, uint32_t variant, uint32_t i, uint32_t n,
                         uint32_t count) {
    switch (shape) {
    case SHAPE_EQUAL: return variant % count;
    case SHAPE_CYCLE: return (variant + i) % count;
    case SHAPE_BACK: return (variant + (n - 1 - i)) % count;
    case SHAPE_ALTERNATE: return (variant + i % 2) % count;
    case SHAPE_ONE_FIRST: return (variant + (i == 0)) % count;
    case SHAPE_ONE_LAST: return (variant + (i == n - 1)) % count;
    case SHAPE_HALVES: return (variant + (i >= n / 2)) % count;
    case SHAPE_COUNT: break;
    }
    BUG("no such shape of input");
}

enum {
    VARIANTS = 3, /* of each shape */
    LENGTHS = 6,
    SINGLE_TOKENS = 16, /* inputs of one token */
};

/* The lengths at which the shapes are tried: the ends, and around what is often off by one. */
static uint32_t edge_length(const Vocabulary *vocabulary, uint32_t which) {
    uint32_t longest = vocabulary->max_len, n;
    switch (which) {
    case 0: n = longest; break;
    case 1: n = longest > 1 ? longest - 1 : 1; break;
    case 2: n = 2; break;
    case 3: n = 3; break;
    case 4: n = vocabulary->count; break; /* every token once */
    default: n = longest / 2; break;
    }
    if (n < 1) return 1;
    return n > longest ? longest : n;
}

static uint32_t single_count(const Vocabulary *vocabulary) {
    return vocabulary->count < SINGLE_TOKENS ? vocabulary->count : SINGLE_TOKENS;
}

static uint32_t edge_input(const Vocabulary *vocabulary, uint64_t index, Atom *tokens) {
    uint32_t singles = single_count(vocabulary);
    if (index < singles) {
        tokens[0] = vocabulary->tokens[index];
        return 1;
    }
    uint32_t rest = (uint32_t)(index - singles);
    TrialShape shape = rest % SHAPE_COUNT;
    uint32_t n = edge_length(vocabulary, rest / SHAPE_COUNT % LENGTHS);
    uint32_t variant = rest / SHAPE_COUNT / LENGTHS;
    for (uint32_t i = 0; i < n; i++) {
        tokens[i] = vocabulary->tokens[token_at(shape, variant, i, n, vocabulary->count)];
    }
    return n;
}

/* --- random inputs -------------------------------------------------------------------------------
 */

/* A third at the greatest length; half with few different tokens, so that there are ties. */
static uint32_t random_input(const Trials *trials, uint64_t index, Atom *tokens) {
    const Vocabulary *vocabulary = &trials->vocabulary;
    Random random = random_of(trials->seed, index);
    uint32_t n = random_chance(&random, 33) ? vocabulary->max_len
                                            : 1 + random_below(&random, vocabulary->max_len);
    enum { FEW = 4 };
    uint32_t few[FEW], some = 1 + random_below(&random, FEW);
    for (uint32_t i = 0; i < some; i++)
        few[i] = random_below(&random, vocabulary->count);
    bool any = random_chance(&random, 50);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t token =
            any ? random_below(&random, vocabulary->count) : few[random_below(&random, some)];
        tokens[i] = vocabulary->tokens[token];
    }
    return n;
}

/* Shortest first; within a length the last position counts fastest. */
static uint32_t exhaustive_input(const Vocabulary *vocabulary, uint64_t index, Atom *tokens) {
    uint64_t of_length = vocabulary->count;
    uint32_t n = 1;
    for (; index >= of_length; n++) {
        index -= of_length;
        of_length *= vocabulary->count;
    }
    for (uint32_t i = n; i-- > 0; index /= vocabulary->count) {
        tokens[i] = vocabulary->tokens[index % vocabulary->count];
    }
    return n;
}

/* --- all -------------------------------------------------------------------------------------- */

Trials trials_exhaustive(const Vocabulary *vocabulary) {
    return (Trials){.vocabulary = *vocabulary, .exhaustive = true, .count = trials_all(vocabulary)};
}

Trials trials_sampled(const Vocabulary *vocabulary, uint64_t samples, uint64_t seed) {
    Trials trials = {.vocabulary = *vocabulary, .seed = seed};
    trials.longest = single_count(vocabulary);
    trials.edges = trials.longest + (uint64_t)SHAPE_COUNT * LENGTHS * VARIANTS;
    trials.count = trials.edges + samples;
    return trials;
}

uint32_t trial_input(const Trials *trials, uint64_t index, Atom *tokens) {
    if (index >= trials->count)
        BUG("trial %llu of %llu", (unsigned long long)index, (unsigned long long)trials->count);
    if (trials->exhaustive) return exhaustive_input(&trials->vocabulary, index, tokens);
    if (index < trials->edges) return edge_input(&trials->vocabulary, index, tokens);
    return random_input(trials, index, tokens);
}
