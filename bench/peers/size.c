#include "bench/peers/size.h"

#include "bench/measure.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/model/weights.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A run that takes longer than this is not repeated. */
#define LONG_RUN 0.2
/* And one that takes longer than this is given up. */
enum { PATIENCE_SECONDS = 120 };

static void count_layers(const Model *model, Size *size) {
    size->layers = model->layer_count;
    for (uint32_t i = 0; i < model->layer_count; i++) {
        if (model->layers[i].head_count > size->heads) size->heads = model->layers[i].head_count;
    }
    size->width = model->width;
    size->parameters = model_parameters(model);
}

static void lower_and_weigh(Session *session, NodeId node, const LowerOptions *options,
                            Arena *arena, Size *size) {
    Diagnostics *diags = session_diagnostics(session);
    const Model *model = lower(arena, session_graph(session), node, options, diags);
    size->lowered = model != NULL;
    if (!model) return;
    size->dense = model_weights(arena, model, (Span){0}, diags) != NULL;
    count_layers(model, size);
}

static void compile_text(const char *path, const Buffer *text, const char *name,
                         const char *letters, uint32_t max_length, Size *size) {
    Arena *arena = arena_new(0);
    uint32_t count = (uint32_t)strlen(letters);
    Atom *tokens = ARENA_ARRAY(arena, Atom, count);
    for (uint32_t i = 0; i < count; i++)
        tokens[i] = atom_string(string_new(arena, letters + i, 1));
    LowerOptions options = {.vocabulary_count = count,
                            .vocabulary = tokens,
                            .max_length = max_length,
                            .registers = REGISTERS_AUTO};
    Session *session = session_new(&(SessionOptions){0});
    const Value *value = NULL;
    if (session_run_text(session, path, text->data, text->len, NULL))
        value = session_lookup(session, name);
    if (value && value->kind == VALUE_SOP)
        lower_and_weigh(session, value->as.node, &options, arena, size);
    const Diagnostics *diags = session_diagnostics(session);
    if (!size->dense)
        snprintf(size->why, sizeof size->why, "%s",
                 diagnostics_count(diags) ? diagnostics_message(diags, 0) : "no such s-op");
    session_free(session);
    arena_free(arena);
}

static Size compile_repeatedly(const char *path, const char *name, const char *letters,
                               uint32_t max_length) {
    Size size = {0};
    Buffer text = {0};
    const char *why;
    double samples[RUNS];
    size_t runs = 0;
    if (!file_read(path, LIMIT_SOURCE_BYTES, &text, &why)) {
        snprintf(size.why, sizeof size.why, "%s: %s", path, why);
        buffer_free(&text);
        return size;
    }
    do {
        size = (Size){0};
        double start = wall_seconds();
        compile_text(path, &text, name, letters, max_length, &size);
        samples[runs] = wall_seconds() - start;
    } while (samples[runs++] < LONG_RUN && runs < RUNS);
    size.seconds = median(samples, runs);
    buffer_free(&text);
    return size;
}

Size size_measure(const char *path, const char *name, const char *letters, uint32_t max_length) {
    Size size = {.why = "the measurement did not come to an end"};
    int ends[2];
    if (pipe(ends) != 0) return size;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(PATIENCE_SECONDS);
        Size own = compile_repeatedly(path, name, letters, max_length);
        _exit(write(ends[1], &own, sizeof own) == (ssize_t)sizeof own ? 0 : 1);
    }
    close(ends[1]);
    Size read_back;
    if (child > 0 && read(ends[0], &read_back, sizeof read_back) == (ssize_t)sizeof read_back)
        size = read_back;
    close(ends[0]);
    struct rusage usage;
    int status;
    if (child > 0 && wait4(child, &status, 0, &usage) == child) size.kilobytes = usage.ru_maxrss;
    return size;
}
