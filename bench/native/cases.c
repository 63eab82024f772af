#include "bench/native/cases.h"

#include <string.h>

#define ALPHABET "abcdefghijklmnopqrstuvwxyz"

const Case cases[] = {
    {"histogram", "programs/counting/histogram.rasp", "hist", ALPHABET, 0, loop_histogram},
    {"reverse", "programs/basics/reverse.rasp", "reverse", ALPHABET, 0, loop_reverse},
    {"shift", "programs/basics/shift_right.rasp", "before", ALPHABET, 0, loop_shift},
    {"running mean", "programs/statistics/running_mean.rasp", "running_mean", NULL, 100,
     loop_running_mean},
    {"sort", "programs/sorting/sort.rasp", "ascending", NULL, 1000, loop_sort},
    {"Dyck-1", "programs/brackets/dyck1.rasp", "dyck1", "()", 0, loop_dyck1},
    {"Dyck-3", "programs/brackets/dyck_k.rasp", "dyck3", "({[)}]", 0, loop_dyck3},
    {"double histogram", "programs/counting/double_histogram.rasp", "double_hist", ALPHABET, 0,
     loop_double_histogram},
    {"most frequent", "programs/sorting/most_frequent.rasp", "most_frequent", ALPHABET, 0,
     loop_most_frequent},
};
const int case_count = sizeof cases / sizeof cases[0];

const Atom *case_vocabulary(const Case *subject, Arena *arena, uint32_t *count) {
    *count = subject->letters ? (uint32_t)strlen(subject->letters) : subject->integers;
    Atom *atoms = ARENA_ARRAY(arena, Atom, *count);
    for (uint32_t v = 0; v < *count; v++)
        atoms[v] = subject->letters ? atom_string(string_new(arena, subject->letters + v, 1))
                                    : atom_int(v);
    return atoms;
}

void case_input(uint32_t n, uint32_t kinds, uint32_t *numbers) {
    uint64_t state = 12345;
    for (uint32_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        numbers[i] = (uint32_t)(state >> 33) % kinds;
    }
}
