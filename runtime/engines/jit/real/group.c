/* Selectors whose rows are few: one for all queries, or one for each value of a key's feature. A
   group's sum goes over its keys from left to right, as eval's. */
#include "runtime/engines/jit/real/products.h"
#include "runtime/engines/jit/real/share.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

/* --- what a group of numbers comes to ----------------------------------------------------------
 */

/* Scalars of one group so far. */
typedef struct Tally {
    int64_t count;
    double sum, only; /* only: the last one */
    uint8_t tag;      /* the last one's */
    bool floats;      /* there is a float among them */
    bool beyond;      /* a sum of ints reached 2^53 */
} Tally;

static void tally_add(Tally *tally, double number, uint8_t tag) {
    tally->count++;
    tally->only = number;
    tally->tag = tag;
    tally->floats = tally->floats || tag == TAG_FLOAT;
    tally->sum += number;
    if (!tally->floats && fabs(tally->sum) > REAL_INTEGER_MOST) tally->beyond = true;
}

static bool fail_beyond(Run *run, const RealHead *head, int64_t position) {
    return run_fail(
        run, head->node, DIAG_INTEGER_ROUNDED,
        "position %lld: a sum of integers reaches 2^53, which the jit can't hold exactly; "
        "--engine eval can",
        (long long)position);
}

/* The head's number at a row: the tally's mean, or total, or how many they are. */
static bool give_tally(Run *run, const RealHead *head, const Tally *tally, int64_t at,
                       int64_t position) {
    GraphOp op = graph_node(run->graph, head->node)->op;
    if (op == OP_WIDTH) {
        run_set_number(run, head->node, at, (double)tally->count, TAG_INT);
    } else if (op == OP_TOTAL) {
        if (tally->beyond) return fail_beyond(run, head, position);
        uint8_t tag = tally->floats ? TAG_FLOAT : TAG_INT;
        run_set_number(run, head->node, at, tally->sum, tag);
    } else if (tally->count == 0) {
        run_give_default(run, head, at, position);
    } else if (tally->count == 1) {
        run_set_number(run, head->node, at, tally->only, tally->tag);
    } else if (tally->tag == TAG_STRING) {
        return run_fail_strings(run, head, at);
    } else {
        if (tally->beyond) return fail_beyond(run, head, position);
        run_set_number(run, head->node, at, tally->sum / (double)tally->count, TAG_FLOAT);
    }
    return true;
}

/* The same of vectors: sum (width) began at -0.0; scratch: (width). */
static void give_vector(Run *run, const RealHead *head, const double *sum, int64_t count,
                        int64_t at, int64_t position, double *scratch) {
    uint32_t width = graph_node(run->graph, head->node)->width;
    bool total = graph_node(run->graph, head->node)->op == OP_TOTAL;
    if (count == 0 && !total) {
        run_give_default(run, head, at, position);
        return;
    }
    for (uint32_t c = 0; c < width; c++)
        scratch[c] = total ? sum[c] + 0.0 : count == 1 ? sum[c] : (sum[c] + 0.0) / (double)count;
    run_set_vector(run, head->node, at, scratch);
}

/* --- groups ------------------------------------------------------------------------------------
 */

/* Scalars to groups: open addressing. */
typedef struct Groups {
    double *numbers; /* (mask + 1) */
    int32_t *groups; /* (mask + 1) 0: an empty place */
    size_t mask;
    int32_t count;
} Groups;

static size_t hash(double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    bits *= 0x9e3779b97f4a7c15u;
    return (size_t)(bits ^ bits >> 32);
}

/* The number's group, new when asked for; 0 for none and for what is not a number. */
static int32_t group_of(Groups *groups, double number, bool add) {
    if (isnan(number)) return 0;
    number += 0.0; /* -0.0 and 0.0 are equal */
    size_t place = hash(number) & groups->mask;
    for (; groups->groups[place] != 0; place = (place + 1) & groups->mask)
        if (groups->numbers[place] == number) return groups->groups[place];
    if (!add) return 0;
    groups->numbers[place] = number;
    return groups->groups[place] = ++groups->count;
}

static bool make_groups(Run *run, int64_t keys, Groups *groups) {
    size_t places = 64;
    while (places < 2 * (size_t)keys)
        places *= 2;
    *groups = (Groups){run_take(run, places, sizeof(double)),
                       run_take(run, places, sizeof(int32_t)), places - 1, 0};
    return groups->numbers && groups->groups;
}

typedef struct Grouping {
    Run *run;
    const RealHead *head;
    KeyList keys;
    Groups groups;
    int32_t *group_of_key; /* (n) 0: not a key */
    const uint8_t *asks;   /* (n) which queries the selector lets ask, or NULL */
    double *sums;
    int64_t *counts;
    Tally *tallies;
    int64_t group_count;
} Grouping;

/* Uniform heads have one group, number 1. */
static bool number_keys(Grouping *grouping) {
    Run *run = grouping->run;
    const RealHead *head = grouping->head;
    bool uniform = head->plan == HEAD_UNIFORM;
    grouping->group_of_key = run_take(run, (size_t)run->n, sizeof(int32_t));
    if (!grouping->group_of_key ||
        !make_groups(run, uniform ? 1 : grouping->keys.count, &grouping->groups))
        return false;
    Scalars feature = {0};
    if (!uniform)
        feature = run_numbers(run, graph_node(run->graph, head->parts.equalities[0])->args[0]);
    for (int64_t j = 0; j < grouping->keys.count; j++) {
        int64_t key = grouping->keys.positions[j];
        grouping->group_of_key[key] =
            uniform ? 1 : group_of(&grouping->groups, number_at(&feature, key), true);
    }
    grouping->group_count = uniform ? 2 : (int64_t)grouping->groups.count + 1;
    return true;
}

static bool add_vectors(Grouping *grouping) {
    Run *run = grouping->run;
    size_t width = graph_node(run->graph, grouping->head->value)->width;
    size_t groups = (size_t)grouping->group_count;
    grouping->sums = run_take(run, groups * width, sizeof(double));
    grouping->counts = run_take(run, groups, sizeof(int64_t));
    if (!grouping->sums || !grouping->counts) return false;
    for (size_t i = 0; i < groups * width; i++)
        grouping->sums[i] = -0.0;
    return run_add_rows(run, &(Addition){.kernel = grouping->head->kernel,
                                         .values = run->columns[2 * (size_t)grouping->head->value],
                                         .groups = grouping->group_of_key,
                                         .sums = grouping->sums,
                                         .counts = grouping->counts,
                                         .group_count = grouping->group_count});
}

static bool add_numbers(Grouping *grouping) {
    Run *run = grouping->run;
    grouping->tallies = run_take(run, (size_t)grouping->group_count, sizeof(Tally));
    if (!grouping->tallies) return false;
    Scalars values = {.constant = 0, .tag = TAG_INT};
    if (grouping->head->value != NO_NODE) values = run_numbers(run, grouping->head->value);
    for (int64_t j = 0; j < grouping->keys.count; j++) {
        int64_t key = grouping->keys.positions[j];
        tally_add(&grouping->tallies[grouping->group_of_key[key]], number_at(&values, key),
                  tag_at(&values, key));
    }
    return true;
}

static int32_t group_of_query(Grouping *grouping, const Scalars *feature, int64_t position) {
    if (grouping->asks && !grouping->asks[position]) return -1;
    if (grouping->head->plan == HEAD_UNIFORM) return grouping->keys.count > 0 ? 1 : -1;
    int32_t group = group_of(&grouping->groups, number_at(feature, position), false);
    return group > 0 ? group : -1;
}

static bool give_groups(Grouping *grouping) {
    Run *run = grouping->run;
    const RealHead *head = grouping->head;
    const int32_t *rows = run_rows(run, head->rows);
    bool vectors = graph_node(run->graph, head->node)->type == TYPE_VECTOR;
    uint32_t width = graph_node(run->graph, head->node)->width;
    double *scratch = run_take(run, width + 1, sizeof *scratch);
    double *zeros = run_take(run, width + 1, sizeof *zeros);
    if (!scratch || !zeros) return false;
    const Tally nothing = {0};
    Scalars feature = {0};
    if (head->plan == HEAD_GROUP)
        feature = run_numbers(run, graph_node(run->graph, head->parts.equalities[0])->args[1]);
    bool fine = true;
    for (int64_t i = 0; i < run_row_count(run, head->rows) && fine; i++) {
        int64_t position = rows ? rows[i] : i;
        int32_t group = group_of_query(grouping, &feature, position);
        if (vectors)
            give_vector(run, head, group < 0 ? zeros : grouping->sums + (size_t)group * width,
                        group < 0 ? 0 : grouping->counts[group], i, position, scratch);
        else
            fine = give_tally(run, head, group < 0 ? &nothing : &grouping->tallies[group], i,
                              position);
    }
    run_give(run, scratch);
    run_give(run, zeros);
    return fine;
}

static bool run_groups(Run *run, const RealHead *head) {
    Grouping grouping = {.run = run, .head = head};
    bool vectors = graph_node(run->graph, head->node)->type == TYPE_VECTOR;
    if (!run_make_column(run, head->node) || !run_keys(run, head, &grouping.keys)) return false;
    if (head->parts.query_count > 0) {
        grouping.asks = run_mask(run, head->parts.queries, head->parts.query_count);
        if (!grouping.asks) return false;
    }
    bool fine = number_keys(&grouping) &&
                (vectors ? add_vectors(&grouping) : add_numbers(&grouping)) &&
                give_groups(&grouping);
    run_give(run, (void *)(uintptr_t)grouping.asks);
    run_give(run, grouping.groups.numbers);
    run_give(run, grouping.groups.groups);
    run_give(run, grouping.group_of_key);
    run_give(run, grouping.sums);
    run_give(run, grouping.counts);
    run_give(run, grouping.tallies);
    return fine;
}

bool run_uniform(Run *run, const RealHead *head) {
    if (!head->fused) return run_groups(run, head);
    Products *products = &run->products[head - run->plan->heads];
    bool fine = products_finish_uniform(run, head, products);
    products_give(run, products);
    return fine;
}

/* The sums are there: the assignment made them. */
static bool give_fused(Run *run, const RealHead *head) {
    const Sums *sums = &run->sums[head->assignment];
    const int32_t *rows = run_rows(run, head->rows);
    uint32_t width = graph_node(run->graph, head->node)->width;
    double *scratch = run_take(run, width, sizeof *scratch);
    double *zeros = run_take(run, width, sizeof *zeros);
    if (!scratch || !zeros || !run_make_column(run, head->node)) return false;
    for (int64_t i = 0; i < run_row_count(run, head->rows); i++) {
        int64_t position = rows ? rows[i] : i;
        int32_t group = sums->group_of_position[position];
        give_vector(run, head, group == 0 ? zeros : sums->sums + (size_t)group * width,
                    group == 0 ? 0 : sums->counts[group], i, position, scratch);
    }
    run_give(run, scratch);
    run_give(run, zeros);
    return true;
}

bool run_group(Run *run, const RealHead *head) {
    return head->fused ? give_fused(run, head) : run_groups(run, head);
}

/* --- defaults ----------------------------------------------------------------------------------
 */

void run_give_default(Run *run, const RealHead *head, int64_t at, int64_t position) {
    const Node *node = graph_node(run->graph, head->node);
    if (node->type != TYPE_VECTOR) {
        double number = 0;
        uint8_t tag = TAG_INT;
        if (head->other != NO_NODE) {
            Scalars other = run_numbers(run, head->other);
            int64_t row = run->plan->rows[head->other] == 0 ? position : at;
            number = number_at(&other, row);
            tag = tag_at(&other, row);
        } else if (node->op == OP_AGGREGATE) {
            number = real_number(run->plan, node->atom);
            tag = (uint8_t)real_atom_tag(node->atom);
        }
        run_set_number(run, head->node, at, number, tag);
        return;
    }
    if (head->other == NO_NODE) BUG("vectors without a default");
    int64_t row = run->plan->rows[head->other] == 0 ? position : at;
    void *column = run->columns[2 * (size_t)head->node];
    for (uint32_t c = 0; c < node->width; c++) {
        double number = run_component(run, head->other, row, c);
        size_t place = (size_t)at * node->width + c;
        if (run->plan->single)
            ((float *)column)[place] = (float)number;
        else
            ((double *)column)[place] = number;
    }
}
