/* raspc check: every check statement of every program, under every engine.
   A program that is wrong is told apart from a check that does not hold by reading it first without
   its checks. */
#include "compiler/driver/engines.h"
#include "compiler/driver/program.h"
#include "compiler/driver/show.h"

#include "runtime/base/bug.h"
#include "runtime/base/memory.h"
#include "runtime/base/visible.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Checking {
    Driver *driver;
    const Engine *only; /* NULL: every engine */
    Vocabulary vocabulary;
    bool json;
    size_t programs, wrong_programs;
    size_t checks, failed_checks; /* a check that fails under two engines failed once */
} Checking;

/* What became of one program's checks under one engine. */
typedef struct Tally {
    size_t count, passed, failed, refused;
    const String *reason; /* of the first refusal; in the session's arena */
} Tally;

static bool has_failed(CheckRecord record) {
    return record.outcome == CHECK_FAILED || record.outcome == CHECK_WRONG;
}

static Tally tally_of(const Session *session) {
    Tally tally = {.count = session_check_count(session)};
    for (size_t i = 0; i < tally.count; i++) {
        CheckRecord record = session_check(session, i);
        if (record.outcome == CHECK_PASSED)
            tally.passed++;
        else if (has_failed(record))
            tally.failed++;
        else if (tally.refused++ == 0)
            tally.reason = record.reason;
    }
    return tally;
}

static void show_json(Buffer *out, const char *path, const Engine *engine, Tally tally) {
    buffer_text(out, "{\"program\": ");
    show_json_text(out, path);
    buffer_printf(out, ", \"engine\": \"%s\", \"passed\": %zu, \"failed\": %zu, \"refused\": %zu",
                  engine->name, tally.passed, tally.failed, tally.refused);
    if (tally.reason != NULL) {
        buffer_text(out, ", \"reason\": ");
        show_json_text(out, tally.reason->bytes);
    }
    buffer_text(out, "}\n");
}

/* "eval 5 passed", "interp 3 passed, 1 failed, 1 not run (E0701)" */
static void show_tally(Buffer *out, const Engine *engine, Tally tally) {
    buffer_text(out, engine->name);
    const char *before = " ";
    if (tally.passed != 0) {
        buffer_printf(out, "%s%zu passed", before, tally.passed);
        before = ", ";
    }
    if (tally.failed != 0) {
        buffer_printf(out, "%s%zu failed", before, tally.failed);
        before = ", ";
    }
    if (tally.refused == 0) return;
    size_t code = strcspn(tally.reason->bytes, ":"); /* "E0701: why" */
    buffer_printf(out, "%s%zu not run (%.*s)", before, tally.refused, (int)code,
                  tally.reason->bytes);
}

/* Notes which checks failed; true when one failed that no engine before had failed. */
static bool note_failures(const Session *session, bool *failed, size_t count) {
    bool new_failure = false;
    if (session_check_count(session) > count) BUG("more checks under an engine than there are");
    for (size_t i = 0; i < session_check_count(session); i++) {
        if (!has_failed(session_check(session, i))) continue;
        new_failure = new_failure || !failed[i];
        failed[i] = true;
    }
    return new_failure;
}

/* One program under one engine: adds to the line being made, and to `problems` what failed first
   under this engine. failed: (count), of the program's checks. */
static void check_under(Checking *checking, const Program *program, const Engine *engine,
                        bool *failed, size_t count, Buffer *problems) {
    Buffer *out = &checking->driver->out;
    void *state = engine_open(engine, &(EngineOptions){.vocabulary = &checking->vocabulary});
    Session *session = program_session(engine->apply, state);
    program_run(session, program);
    Tally tally = tally_of(session);
    if (checking->json)
        show_json(out, program->name, engine, tally);
    else {
        if (engine != engine_at(0) && checking->only == NULL) buffer_text(out, "; ");
        show_tally(out, engine, tally);
    }
    if (note_failures(session, failed, count)) {
        if (!checking->json) buffer_printf(problems, "under %s:\n", engine->name);
        diagnostics_render(session_diagnostics(session), 0, checking->driver->diag_style, problems);
    }
    session_free(session);
    engine_close(engine, state);
}

/* "1 check", "2 checks" */
static void add_count(Buffer *out, size_t count, const char *what) {
    buffer_printf(out, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

static void check_all(Checking *checking, const Program *program, size_t count) {
    Buffer *out = &checking->driver->out, problems = {0};
    bool *failed = memory_zeroed(count * sizeof *failed);
    if (!checking->json) {
        visible_text(out, program->name, strlen(program->name));
        buffer_text(out, ": ");
        add_count(out, count, "check");
        buffer_text(out, ": ");
    }
    for (size_t i = 0; i < engine_count(); i++) {
        const Engine *engine = engine_at(i);
        if (checking->only != NULL && checking->only != engine) continue;
        check_under(checking, program, engine, failed, count, &problems);
    }
    if (!checking->json) buffer_char(out, '\n');
    driver_flush(checking->driver);
    if (problems.len != 0) fwrite(problems.data, 1, problems.len, stderr);
    for (size_t i = 0; i < count; i++)
        checking->failed_checks += failed[i];
    checking->checks += count;
    buffer_free(&problems);
    free(failed);
}

/* Counts the program's check statements: as many as a session that refuses each of them records. */
static ApplyStatus refuse(void *state, const ApplyRequest *request, Sequence *sequence,
                          Matrix *matrix) {
    (void)state, (void)request, (void)sequence, (void)matrix;
    return APPLY_REFUSED;
}

static size_t count_checks(const Program *program) {
    Session *session = program_session(refuse, NULL);
    program_run(session, program);
    size_t count = session_check_count(session);
    session_free(session);
    return count;
}

static void check_program(Checking *checking, const char *path) {
    Program program = {0};
    Session *session = program_session(NULL, NULL);
    checking->programs++;
    bool right = program_fetch(path, session_diagnostics(session), &program) &&
                 program_run(session, &program);
    driver_show(checking->driver, session_diagnostics(session));
    session_free(session);
    if (!right)
        checking->wrong_programs++;
    else {
        size_t count = count_checks(&program);
        if (count != 0)
            check_all(checking, &program, count);
        else if (!checking->json)
            buffer_printf(&checking->driver->out, "%s: no checks\n", path);
    }
    program_free(&program);
}

static void summarise(Checking *checking) {
    Buffer *out = &checking->driver->out;
    add_count(out, checking->programs, "program");
    buffer_text(out, ", ");
    add_count(out, checking->checks, "check");
    if (checking->failed_checks == 0 && checking->wrong_programs == 0)
        buffer_text(out, ": all well");
    else
        buffer_printf(out, ": %zu failed", checking->failed_checks);
    if (checking->wrong_programs != 0) {
        buffer_text(out, ", ");
        add_count(out, checking->wrong_programs, "program");
        buffer_text(out, " wrong");
    }
    buffer_char(out, '\n');
}

/* The model's vocabulary and length where they are given; else each check's own input's. */
static bool read_vocabulary(Checking *checking, InputReader *reader) {
    VocabularyText text = vocabulary_text(&checking->driver->options);
    bool read = vocabulary_argument(reader, text, &checking->vocabulary);
    if (text.vocab == NULL) checking->vocabulary.count = 0;
    if (text.max_len == NULL) checking->vocabulary.max_len = 0;
    driver_show(checking->driver, reader->diags);
    return read;
}

ExitStatus cmd_check(Driver *driver) {
    const Options *options = &driver->options;
    Checking checking = {.driver = driver, .json = option_given(options, OPT_JSON)};
    if (options->operand_count == 0) return driver_usage(driver, "which program?");
    const char *engine = option_value(options, OPT_ENGINE);
    if (engine != NULL) checking.only = engine_find(driver, engine);
    if (engine != NULL && checking.only == NULL) return EXIT_USAGE;
    InputReader reader = {.arena = arena_new(0), .sources = sources_new()};
    reader.diags = diagnostics_new(reader.sources);
    bool ready = read_vocabulary(&checking, &reader);
    for (size_t i = 0; ready && i < options->operand_count; i++) {
        check_program(&checking, options->operands[i]);
    }
    if (ready && checking.programs > 1 && !checking.json) summarise(&checking);
    diagnostics_free(reader.diags);
    sources_free(reader.sources);
    arena_free(reader.arena);
    if (!ready || checking.wrong_programs != 0) return EXIT_WRONG;
    return checking.failed_checks != 0 ? EXIT_FAILED : EXIT_DONE;
}
