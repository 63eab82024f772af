/* Runs programs over real vectors on many inputs in one process, each compiled once for its params:
   what bench/papers/sweep would else start 16,000 processes for.

   A request on standard input is a line
       PATH N WIDTH CENTRES OUTPUT NAME=NUMBER...
   (words without blanks; a line of 4,094 bytes at most) and N * WIDTH doubles: the input x;
   is_centre is true at the first CENTRES positions. The answer on standard output is N * WIDTH
   doubles: the output, which is as wide as x. Ends with the input, or with status 1 and a
   message. */
#include "compiler/elaborate/elaborate.h"
#include "runtime/base/file.h"
#include "runtime/engines/jit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 4096 };

/* A program, compiled for the params of its line's end. */
typedef struct Served {
    const char *path, *output, *params; /* as they were written */
    Session *session;
    Arena *arena; /* it lives there */
    JitReal *code;
    struct Served *next;
} Served;

static void fail(const char *what, const Diagnostics *diags) {
    size_t count = diags ? diagnostics_count(diags) : 0;
    fprintf(stderr, "serve-papers: %s%s%s\n", what, count ? ": " : "",
            count ? diagnostics_message(diags, 0) : "");
    exit(1);
}

/* NAME=NUMBER: a number with a point is a float. */
static ParamGiven param_of(Arena *arena, char *word) {
    char *value = strchr(word, '=');
    if (!value) fail("a param without a number", NULL);
    *value++ = '\0';
    Atom *atom = ARENA_NEW(arena, Atom);
    *atom =
        strchr(value, '.') ? atom_float(strtod(value, NULL)) : atom_int(strtoll(value, NULL, 10));
    return (ParamGiven){.name = word, .rows = 1, .columns = 1, .atoms = atom};
}

static Served *compile(const Jit *jit, const char *path, const char *output, const char *params) {
    Arena *arena = arena_new(0);
    Served *served = ARENA_NEW(arena, Served);
    *served = (Served){.path = string_from(arena, path)->bytes,
                       .output = string_from(arena, output)->bytes,
                       .params = string_from(arena, params)->bytes,
                       .arena = arena};
    Buffer text = {0};
    const char *why = "";
    if (!file_read(path, 1 << 20, &text, &why)) fail(path, NULL);
    /* Each has a byte at least, and all but the last a blank behind it. */
    ParamGiven *given = ARENA_ARRAY(arena, ParamGiven, strlen(params) / 2 + 1);
    char *words = arena_strndup(arena, params, strlen(params)), *rest = NULL;
    uint32_t count = 0;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        given[count++] = param_of(arena, word);
    served->session = session_new(&(SessionOptions){.params = given, .param_count = count});
    Diagnostics *diags = session_diagnostics(served->session);
    if (!session_run_text(served->session, path, text.data, text.len, NULL)) fail(path, diags);
    NodeId node = NO_NODE;
    for (uint32_t o = 0; o < session_output_count(served->session); o++) {
        const String *name;
        NodeId at = session_output(served->session, o, &name).as.node;
        if (strcmp(name->bytes, output) == 0) node = at;
    }
    if (node == NO_NODE) fail("no such output", NULL);
    served->code = jit_compile_real(jit, session_graph(served->session), &node, 1,
                                    &(JitOptions){.threads = 1}, (Span){0}, diags);
    if (!served->code) fail(path, diags);
    buffer_free(&text);
    return served;
}

static void answer(const Served *served, uint32_t n, uint32_t width, uint32_t centres) {
    Arena *arena = arena_new(0);
    Diagnostics *diags = session_diagnostics(served->session);
    double *x = ARENA_ARRAY(arena, double, (size_t)n *width);
    Atom *is_centre = ARENA_ARRAY(arena, Atom, n);
    if (fread(x, sizeof *x, (size_t)n * width, stdin) != (size_t)n * width)
        fail("the input ends within a request", NULL);
    for (uint32_t i = 0; i < n; i++)
        is_centre[i] = atom_bool(i < centres);
    InputColumn columns[] = {{.name = string_new(arena, "x", 1), .width = width, .numbers = x},
                             {.name = string_new(arena, "is_centre", 9), .atoms = is_centre}};
    ApplyRequest request = {
        .input = {.n = n, .column_count = 2, .columns = columns}, .arena = arena, .diags = diags};
    Sequence out;
    if (!jit_real_run(served->code, &request, &out)) fail(served->path, diags);
    if (out.type != SEQUENCE_VECTORS || out.width != width) fail("the output is not as x", NULL);
    fwrite(out.numbers, sizeof(double), (size_t)n * width, stdout);
    fflush(stdout);
    arena_free(arena);
}

int main(void) {
    Session *session = session_new(&(SessionOptions){0});
    Jit *jit = jit_open((Span){0}, session_diagnostics(session));
    if (!jit) fail("no jit", session_diagnostics(session));
    Served *first = NULL;
    char line[LINE_BYTES], path[LINE_BYTES], output[LINE_BYTES];
    while (fgets(line, sizeof line, stdin)) {
        uint32_t n, width, centres;
        int end = 0;
        if (strchr(line, '\n') == NULL) fail("a request that is too long, or ends early", NULL);
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%s %u %u %u %s %n", path, &n, &width, &centres, output, &end) != 5 ||
            n == 0 || n > 1u << 24 || width == 0 || width > 1u << 12)
            fail("a request that is none", NULL);
        Served *served = first;
        while (served && (strcmp(served->path, path) != 0 || strcmp(served->output, output) != 0 ||
                          strcmp(served->params, line + end) != 0))
            served = served->next;
        if (!served) {
            served = compile(jit, path, output, line + end);
            served->next = first;
            first = served;
        }
        answer(served, n, width, centres);
    }
    while (first) {
        Served *next = first->next;
        jit_real_free(first->code);
        session_free(first->session);
        arena_free(first->arena);
        first = next;
    }
    jit_close(jit);
    session_free(session);
    return 0;
}
