/* Strings as numbers. A program's own words are those that it writes: the empty one is 0, the
   others, in order, are 1, 2, ... What else an input holds lies between them, in order too. So
   strings compare as their numbers do, and code can be written before any input is known.
   LIMIT_LIST_ITEMS words leave doubles enough between two of them for LIMIT_INPUT_TOKENS strings.
 */
#include "runtime/engines/jit/real/run.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/value/atom_set.h"

#include <stdlib.h>

/* --- of the program --------------------------------------------------------------------------- */

static void add_word(AtomSet *set, Atom atom) {
    if (atom.kind == ATOM_STRING && atom.as.string->len > 0) atom_set_add(set, atom);
}

static void add_words(AtomSet *set, const Node *node) {
    if (node->op == OP_CONST || node->op == OP_AGGREGATE) add_word(set, node->atom);
    if (node->op != OP_MEMBER && node->op != OP_LOOKUP && node->op != OP_ITEM) return;
    for (uint32_t i = 0; i < node->table->count; i++) {
        if (node->table->keys) add_word(set, node->table->keys[i]);
        if (node->table->values) add_word(set, node->table->values[i]);
    }
}

static int by_string(const void *left, const void *right) {
    const Atom *a = left, *b = right;
    return string_compare(a->as.string, b->as.string);
}

void real_plan_words(RealPlan *plan) {
    AtomSet set = atom_set_new(plan->arena, 16);
    for (NodeId id = 0; id < plan->graph->count; id++)
        if (plan->needed[id]) add_words(&set, graph_node(plan->graph, id));
    if (set.count > 0) qsort(set.atoms, set.count, sizeof(Atom), by_string);
    plan->words = set.atoms;
    plan->word_count = set.count;
}

/* How many of the program's words come before the string, and whether it is the next one. */
static uint32_t words_before(const RealPlan *plan, const String *string, bool *known) {
    uint32_t from = 0, to = plan->word_count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (string_compare(plan->words[middle].as.string, string) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    *known = from < plan->word_count && string_equal(plan->words[from].as.string, string);
    return from;
}

double real_number(const RealPlan *plan, Atom atom) {
    double number;
    bool known;
    if (atom.kind == ATOM_STRING) {
        if (atom.as.string->len == 0) return 0;
        uint32_t before = words_before(plan, atom.as.string, &known);
        if (!known) BUG("a word that is not the program's");
        return before + 1;
    }
    if (!atom_as_double(atom, &number)) BUG("a constant that is neither a number nor a string");
    return number;
}

int real_atom_tag(Atom atom) {
    switch (atom.kind) {
    case ATOM_FLOAT: return TAG_FLOAT;
    case ATOM_BOOL: return TAG_BOOL;
    case ATOM_STRING: return TAG_STRING;
    default: return TAG_INT;
    }
}

/* --- of a run --------------------------------------------------------------------------------- */

/* All strings of a run, in order, and their numbers. */
struct Words {
    Arena *arena;
    AtomSet set;     /* in the order of their coming */
    double *number;  /* (set.count) of each of the set's */
    Atom *sorted;    /* (set.count) */
    double *numbers; /* (set.count) ascending: of the sorted ones */
};

static bool is_of_strings(const Node *node) {
    return node->op == OP_INPUT && node->type == TYPE_STRING;
}

static bool add_column(Run *run, Words *words, NodeId node, const InputColumn *given) {
    for (int64_t i = 0; i < run->n; i++) {
        if (given->atoms == NULL || given->atoms[i].kind != ATOM_STRING)
            return run_fail(run, node, DIAG_BAD_INPUT, "the input '%s' holds no strings",
                            given->name->bytes);
        atom_set_add(&words->set, given->atoms[i]);
        if (arena_exhausted(words->arena))
            return run_fail(run, node, DIAG_LIMIT_MEMORY, "too many different strings");
    }
    return true;
}

/* Strings between two words of the program share what lies between their numbers evenly. */
static void give_numbers(const RealPlan *plan, Words *words) {
    uint32_t count = words->set.count;
    for (uint32_t i = 0; i < count; i++)
        words->sorted[i] = words->set.atoms[i];
    qsort(words->sorted, count, sizeof(Atom), by_string);
    for (uint32_t first = 0, end; first < count; first = end) {
        bool known;
        const String *string = words->sorted[first].as.string;
        uint32_t before = words_before(plan, string, &known);
        end = first + 1;
        if (known || string->len == 0) {
            words->numbers[first] = string->len == 0 ? 0 : before + 1;
            continue;
        }
        bool other = false;
        while (end < count && !other &&
               words_before(plan, words->sorted[end].as.string, &other) == before && !other)
            end++;
        for (uint32_t i = first; i < end; i++)
            words->numbers[i] = before + (double)(i - first + 1) / (end - first + 1);
    }
    for (uint32_t i = 0; i < count; i++)
        words->number[atom_set_find(&words->set, words->sorted[i])] = words->numbers[i];
}

bool run_find_words(Run *run) {
    const RealPlan *plan = run->plan;
    bool any = plan->word_count > 0;
    for (NodeId id = 0; id < run->graph->count && !any; id++)
        any = plan->needed[id] && graph_node(run->graph, id)->type == TYPE_STRING;
    if (!any) return true;
    Arena *arena = arena_new(LIMIT_EVALUATION_BYTES);
    Words *words = ARENA_NEW(arena, Words);
    *words = (Words){.arena = arena, .set = atom_set_new(arena, plan->word_count + 16)};
    run->words = words;
    atom_set_add(&words->set, atom_string(string_from(arena, "")));
    for (uint32_t w = 0; w < plan->word_count; w++)
        atom_set_add(&words->set, plan->words[w]);
    for (NodeId id = 0; id < run->graph->count; id++) {
        const Node *node = graph_node(run->graph, id);
        if (!plan->needed[id] || !is_of_strings(node)) continue;
        const InputColumn *given = input_column(run->input, node->atom.as.string);
        if (given != NULL && !add_column(run, words, id, given)) return false;
    }
    words->number = ARENA_ARRAY(arena, double, words->set.count);
    words->numbers = ARENA_ARRAY(arena, double, words->set.count);
    words->sorted = ARENA_ARRAY(arena, Atom, words->set.count);
    give_numbers(plan, words);
    return true;
}

void run_forget_words(Run *run) {
    if (run->words) arena_free(run->words->arena);
    run->words = NULL;
}

double run_word(const Run *run, Atom string) {
    uint32_t number = atom_set_find(&run->words->set, string);
    if (number == UINT32_MAX) BUG("a string that is not the run's");
    return run->words->number[number];
}

Atom run_atom(const Run *run, double number, uint8_t tag) {
    if (tag == TAG_FLOAT) return atom_float(number);
    if (tag == TAG_BOOL) return atom_bool(number != 0);
    if (tag == TAG_INT) return atom_int((int64_t)number);
    const Words *words = run->words;
    uint32_t from = 0, to = words->set.count - 1;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (words->numbers[middle] < number)
            from = middle + 1;
        else
            to = middle;
    }
    if (words->numbers[from] != number) BUG("%g is the number of no string", number);
    return words->sorted[from];
}
