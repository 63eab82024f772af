/* bench-dense PROGRAM S-OP VOCABULARY: CPU seconds of one pass of interp over the letters on
   standard input, model and weights made before: the median of RUNS. */
#include "bench/measure.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/base/file.h"
#include "runtime/engines/interp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LETTERS = 1 << 16 };

static Atom *letters(Arena *arena, const char *text, size_t n) {
    Atom *atoms = ARENA_ARRAY(arena, Atom, n);
    for (size_t i = 0; i < n; i++)
        atoms[i] = atom_string(string_new(arena, text + i, 1));
    return atoms;
}

static double seconds_of_pass(const Interp *interp, Input input, Diagnostics *diags) {
    Arena *arena = arena_new(0);
    Sequence result;
    double start = cpu_seconds();
    bool ran = interp_run(interp, input, (Span){0}, arena, diags, &result);
    double seconds = ran ? cpu_seconds() - start : -1;
    arena_free(arena);
    return seconds;
}

int main(int argc, char **argv) {
    static char text[MOST_LETTERS];
    if (argc != 4) return 2;
    uint32_t n = (uint32_t)fread(text, 1, sizeof text, stdin);
    Session *session = session_new(&(SessionOptions){0});
    Arena *arena = arena_new(0);
    Diagnostics *diags = session_diagnostics(session);
    Buffer program = {0};
    const char *why;
    double samples[RUNS];
    size_t runs = 0;
    Interp *interp = NULL;
    if (n > 0 && file_read(argv[1], 1 << 20, &program, &why) &&
        session_run_text(session, argv[1], program.data, program.len, NULL)) {
        uint32_t count = (uint32_t)strlen(argv[3]);
        LowerOptions options = {.vocabulary_count = count,
                                .vocabulary = letters(arena, argv[3], count),
                                .max_length = n};
        Graph *graph = session_graph(session);
        NodeId node = graph_find(graph, argv[2]);
        Model *model = node == NO_NODE ? NULL : lower(arena, graph, node, &options, diags);
        interp = model == NULL ? NULL : interp_new(arena, model, (Span){0}, diags);
    }
    for (; interp != NULL && runs < RUNS; runs++)
        samples[runs] =
            seconds_of_pass(interp, (Input){.n = n, .tokens = letters(arena, text, n)}, diags);
    double seconds = interp == NULL ? -1 : median(samples, runs);
    printf("%.6f\n", seconds);
    buffer_free(&program);
    arena_free(arena);
    session_free(session);
    return seconds < 0;
}
