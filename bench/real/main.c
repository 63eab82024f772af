/* bench-real: one iteration of Lloyd or EM and softmax attention as native code, and the machine's
   peak. What compare.py runs. */
#include "bench/measure.h"
#include "bench/real/peak.h"
#include "compiler/elaborate/elaborate.h"
#include "runtime/base/file.h"
#include "runtime/engines/jit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first points are the centres' starts: see programs/clustering. */
static const char lloyd[] = "input x: vec[%u]; input mark: bool;\n"
                            "c = x;\n"
                            "repeat %u {\n"
                            "  near = hardmax_first(-distance(c, x), select(mark, True, ==));\n"
                            "  owner = aggregate(near, indices);\n"
                            "  members = select(owner, indices, ==) and select(mark, False, ==);\n"
                            "  c = aggregate(members, x, c) if mark else c;\n"
                            "}\n"
                            "output owner;\n";
static const char attention[] = "input q: vec[%u]; input k: vec[%u]; input v: vec[%u];\n"
                                "y = aggregate(softmax(score(k, q, *) / %u), v);\n"
                                "output y;\n";

/* The means start at the first points, the variances at 1: as programs/clustering/em_diagonal. */
static const char em[] =
    "input x: vec[%u]; input mark: bool;\n"
    "centres = select(mark, True, ==); points = select(mark, False, ==);\n"
    "id = onehot(selector_width(centres and select(indices, indices, <)), %u);\n"
    "mean = x; variance = 1 + 0 * x; weight = 1 / %u;\n"
    "repeat %u {\n"
    "  bias = log(weight) - sum(mean * mean / variance + log(2 * 3.141592653589793 * variance)) / "
    "2;\n"
    "  component = concat(mean / variance, -1 / (2 * variance), bias);\n"
    "  y = aggregate(softmax(score(component, concat(x, x * x, 1), *), centres), id);\n"
    "  own = linear(score(y, id, *), points);\n"
    "  mean = aggregate(own, x, mean) if mark else mean;\n"
    "  square = aggregate(own, x * x, variance + mean * mean);\n"
    "  variance = square - mean * mean if mark else variance;\n"
    "  weight = dot(aggregate(points, y), id) if mark else weight;\n"
    "}\n"
    "output mean, variance, weight;\n";

typedef struct Program {
    Session *session;
    NodeId node;
    JitReal *code;
} Program;

static Program compile(const Jit *jit, const char *text, const JitOptions *options) {
    Program program = {.session = session_new(&(SessionOptions){0})};
    Diagnostics *diags = session_diagnostics(program.session);
    const String *name;
    if (session_run_text(program.session, "bench.rasp", text, strlen(text), NULL) &&
        session_output_count(program.session) > 0) {
        program.node = session_output(program.session, 0, &name).as.node;
        program.code = jit_compile_real(jit, session_graph(program.session), &program.node, 1,
                                        options, (Span){0}, diags);
    }
    if (program.code == NULL) {
        fprintf(stderr, "bench-real: %s\n",
                diagnostics_count(diags) ? diagnostics_message(diags, 0) : "no program");
        exit(1);
    }
    return program;
}

static double seconds_of(const Program *program, const Input *input, bool wall) {
    Arena *arena = arena_new(0);
    Sequence out;
    double start = wall ? wall_seconds() : cpu_seconds();
    ApplyRequest request = {
        .input = *input, .arena = arena, .diags = session_diagnostics(program->session)};
    if (!jit_real_run(program->code, &request, &out)) {
        fprintf(stderr, "bench-real: %s\n",
                diagnostics_message(session_diagnostics(program->session), 0));
        exit(1);
    }
    double seconds = (wall ? wall_seconds() : cpu_seconds()) - start;
    arena_free(arena);
    return seconds;
}

static void *read_all(const char *path, size_t *count) {
    Buffer text = {0};
    const char *why;
    if (!file_read(path, (size_t)4 << 30, &text, &why)) {
        fprintf(stderr, "bench-real: %s: %s\n", path, why);
        exit(1);
    }
    *count = text.len / sizeof(double);
    return text.data;
}

static InputColumn vectors(Arena *arena, const char *name, uint32_t width, const double *numbers) {
    return (InputColumn){
        .name = string_new(arena, name, strlen(name)), .width = width, .numbers = numbers};
}

/* A program whose text says how often it repeats. */
typedef void Text(char *text, size_t room, uint32_t k, uint32_t d, unsigned rounds);

static void lloyd_text(char *text, size_t room, uint32_t k, uint32_t d, unsigned rounds) {
    (void)k;
    snprintf(text, room, lloyd, d, rounds);
}

static void em_text(char *text, size_t room, uint32_t k, uint32_t d, unsigned rounds) {
    snprintf(text, room, em, d, k, k, rounds);
}

/* Many rounds less few, a round: what reading and answering take goes out, and so do the first
   runs, which find no memory that was touched before. */
static void bench_rounds(const Jit *jit, Arena *arena, const JitOptions *options, Text *text_of,
                         uint32_t k, uint32_t d, const char *path) {
    enum { FEW = 2, MANY = 12 };
    size_t count;
    double *x = read_all(path, &count), samples[RUNS];
    uint32_t n = (uint32_t)(count / d);
    Atom *mark = ARENA_ARRAY(arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        mark[i] = atom_bool(i < k);
    InputColumn columns[2] = {vectors(arena, "x", d, x),
                              {.name = string_new(arena, "mark", 4), .atoms = mark}};
    Input input = {.n = n, .column_count = 2, .columns = columns};
    char text[sizeof em + 64];
    text_of(text, sizeof text, k, d, FEW);
    Program few = compile(jit, text, options);
    text_of(text, sizeof text, k, d, MANY);
    Program many = compile(jit, text, options);
    bool wall = options->threads != 1;
    seconds_of(&few, &input, wall);
    seconds_of(&many, &input, wall);
    for (int r = 0; r < RUNS; r++)
        samples[r] =
            (seconds_of(&many, &input, wall) - seconds_of(&few, &input, wall)) / (MANY - FEW);
    printf("%.6g\n", middle(samples, RUNS));
    free(x);
}

static void bench_attention(const Jit *jit, Arena *arena, const JitOptions *options, uint32_t d,
                            const char *path) {
    size_t count;
    double *x = read_all(path, &count), samples[RUNS];
    uint32_t n = (uint32_t)(count / d / 3), scale = 1;
    while (scale * scale < d)
        scale++;
    InputColumn columns[3] = {vectors(arena, "q", d, x), vectors(arena, "k", d, x + (size_t)n * d),
                              vectors(arena, "v", d, x + 2 * (size_t)n * d)};
    Input input = {.n = n, .column_count = 3, .columns = columns};
    char text[sizeof attention + 64];
    snprintf(text, sizeof text, attention, d, d, d, scale);
    Program program = compile(jit, text, options);
    seconds_of(&program, &input, options->threads != 1);
    for (int r = 0; r < RUNS; r++)
        samples[r] = seconds_of(&program, &input, options->threads != 1);
    printf("%.6g\n", median(samples, RUNS));
    free(x);
}

/* bench-real lloyd|em|attention f32|f64 K D THREADS FILE: seconds, of CPU for one thread. FILE:
   doubles; for lloyd and em the first K points are the centres' starts. bench-real peak f32|f64:
   operations a second. */
int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "peak") == 0) {
        printf("%.6g\n", strcmp(argv[2], "f32") == 0 ? peak_single() : peak_double());
        return 0;
    }
    if (argc != 7) return 2;
    Session *session = session_new(&(SessionOptions){0});
    Arena *arena = arena_new(0);
    Jit *jit = jit_open((Span){0}, session_diagnostics(session));
    if (jit == NULL) return 1;
    JitOptions options = {.single = strcmp(argv[2], "f32") == 0,
                          .threads = (uint32_t)atoi(argv[5])};
    if (strcmp(argv[1], "lloyd") == 0)
        bench_rounds(jit, arena, &options, lloyd_text, (uint32_t)atoi(argv[3]),
                     (uint32_t)atoi(argv[4]), argv[6]);
    else if (strcmp(argv[1], "em") == 0)
        bench_rounds(jit, arena, &options, em_text, (uint32_t)atoi(argv[3]),
                     (uint32_t)atoi(argv[4]), argv[6]);
    else
        bench_attention(jit, arena, &options, (uint32_t)atoi(argv[4]), argv[6]);
    return 0;
}
