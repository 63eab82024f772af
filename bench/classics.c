#include "bench/classics.h"

#include "bench/measure.h"
#include "compiler/elaborate/elaborate.h"
#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/engines/eval.h"

#include <stdio.h>
#include <string.h>

const Classic classics[] = {
    {"histogram", "programs/counting/histogram.rasp", "hist", "abcdefghijklmnopqrstuvwxyz", 6.5},
    {"library sort", "bench/sort.rasp", "sorted", "abcdefghijklmnopqrstuvwxyz", 11.9},
    {"Dyck-3", "programs/brackets/dyck_k.rasp", "dyck3", "(){}[]", 14.9},
};
const int classic_count = sizeof classics / sizeof classics[0];

bool classic_text(const Classic *classic, Buffer *out) {
    Buffer whole = {0};
    const char *why;
    if (!file_read(classic->path, LIMIT_SOURCE_BYTES, &whole, &why)) {
        fprintf(stderr, "%s: %s\n", classic->path, why);
        buffer_free(&whole);
        return false;
    }
    for (const char *line = whole.data; line && *line;) {
        size_t len = strcspn(line, "\n");
        len += line[len] == '\n';
        if (strncmp(line, "check ", 6) != 0) buffer_add(out, line, len);
        line += len;
    }
    buffer_free(&whole);
    return true;
}

void classic_input(const Classic *classic, uint32_t n, Buffer *out) {
    uint32_t state = 12345, kinds = (uint32_t)strlen(classic->letters);
    for (uint32_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        buffer_char(out, classic->letters[(state >> 16) % kinds]);
    }
}

static Input tokens_of(const char *letters, uint32_t n, Arena *arena) {
    Atom *tokens = ARENA_ARRAY(arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = atom_string(string_new(arena, letters + i, 1));
    return (Input){.n = n, .tokens = tokens};
}

static double eval_once(Session *session, NodeId node, Input input) {
    Arena *arena = arena_new(0);
    Sequence result;
    double start = cpu_seconds();
    bool fine = eval_sequence(session_graph(session), node, input, (Span){0}, arena,
                              session_diagnostics(session), &result);
    double seconds = cpu_seconds() - start;
    arena_free(arena);
    return fine ? seconds : -1;
}

double classic_eval(const Classic *classic, uint32_t n) {
    Buffer text = {0}, letters = {0};
    if (!classic_text(classic, &text)) return -1;
    SessionOptions options = {0};
    Session *session = session_new(&options);
    double seconds = -1;
    const Value *value = NULL;
    if (session_run_text(session, classic->path, text.data, text.len, NULL))
        value = session_lookup(session, classic->name);
    if (value && value->kind == VALUE_SOP) {
        classic_input(classic, n, &letters);
        Input input = tokens_of(letters.data, n, session_arena(session));
        double samples[RUNS];
        for (int run = 0; run < RUNS; run++)
            samples[run] = eval_once(session, value->as.node, input);
        seconds = median(samples, RUNS);
    }
    session_free(session);
    buffer_free(&text);
    buffer_free(&letters);
    return seconds;
}
