#include "bench/native/programs.h"

#include "bench/measure.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/engines/jit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAMS_MOST = 500, MAX_LENGTH = 32 };

/* Digits as integers, or the letters and some brackets: one of them suits most programs. */
static LowerOptions options_of(Arena *arena, bool letters) {
    static const char texts[] = "abcdefghijklmnopqrstuvwxyz()[]{}";
    uint32_t count = letters ? sizeof texts - 1 : 10;
    Atom *atoms = ARENA_ARRAY(arena, Atom, count);
    for (uint32_t v = 0; v < count; v++)
        atoms[v] = letters ? atom_string(string_new(arena, texts + v, 1)) : atom_int(v);
    return (LowerOptions){.vocabulary_count = count, .vocabulary = atoms, .max_length = MAX_LENGTH};
}

static double compile_seconds(const Jit *jit, const Model *model, const char *cache,
                              Diagnostics *diags) {
    double samples[RUNS];
    JitOptions options = {.cache = cache};
    for (int run = -1; run < RUNS; run++) { /* one more at first, which fills the cache */
        double start = cpu_seconds();
        JitProgram *program = jit_compile(jit, model, &options, (Span){0}, diags);
        if (run >= 0) samples[run] = program ? cpu_seconds() - start : -1;
        jit_free(program);
    }
    return median(samples, RUNS);
}

/* Both times; false when the program has no model over these tokens. */
static bool program_seconds(const char *path, bool letters, const char *cache, double *fresh,
                            double *cached) {
    Buffer text = {0};
    const char *why;
    const String *name;
    Value value;
    Session *session = session_new(&(SessionOptions){0});
    Arena *arena = arena_new(0);
    Diagnostics *diags = session_diagnostics(session);
    LowerOptions options = options_of(arena, letters);
    Model *model = NULL;
    if (file_read(path, LIMIT_SOURCE_BYTES, &text, &why) &&
        session_run_text(session, path, text.data, text.len, NULL) &&
        session_main_output(session, &name, &value) && value.kind == VALUE_SOP)
        model = lower(arena, session_graph(session), value.as.node, &options, diags);
    Jit *jit = model ? jit_open((Span){0}, diags) : NULL;
    if (jit) {
        *fresh = compile_seconds(jit, model, NULL, diags);
        *cached = compile_seconds(jit, model, cache, diags);
    }
    bool done = jit && *fresh >= 0 && *cached >= 0;
    jit_close(jit);
    arena_free(arena);
    session_free(session);
    buffer_free(&text);
    return done;
}

static void empty(const char *directory) {
    Buffer pattern = {0};
    glob_t files;
    buffer_printf(&pattern, "%s/*", directory);
    if (glob(pattern.data, 0, NULL, &files) == 0) {
        for (size_t f = 0; f < files.gl_pathc; f++)
            unlink(files.gl_pathv[f]);
        globfree(&files);
    }
    rmdir(directory);
    buffer_free(&pattern);
}

void bench_programs(void) {
    char cache[] = "/tmp/bench-raspc-XXXXXX";
    double fresh[PROGRAMS_MOST], cached[PROGRAMS_MOST];
    size_t count = 0, found = 0;
    glob_t files;
    if (mkdtemp(cache) == NULL || glob("programs/*/*.rasp", 0, NULL, &files) != 0) return;
    for (; found < files.gl_pathc && count < PROGRAMS_MOST; found++)
        if (program_seconds(files.gl_pathv[found], true, cache, &fresh[count], &cached[count]) ||
            program_seconds(files.gl_pathv[found], false, cache, &fresh[count], &cached[count]))
            count++;
    globfree(&files);
    empty(cache);
    if (count == 0) return;
    double middle = median(fresh, count) * 1e3, cached_middle = median(cached, count) * 1e3;
    printf("compiling %zu of the %zu programs, up to %d tokens: median %.3g ms, longest %.3g ms; "
           "cached %.3g and %.3g ms\n",
           count, found, MAX_LENGTH, middle, fresh[count - 1] * 1e3, cached_middle,
           cached[count - 1] * 1e3);
}
