#include "compiler/driver/run.h"

#include "runtime/base/limits.h"

#include <stdio.h>

typedef enum LineStatus { LINE_READ, LINE_END, LINE_TOO_LONG, LINE_FAILED } LineStatus;

/* The next line, without its end. */
static LineStatus read_line(Buffer *line) {
    line->len = 0;
    for (int c = getc_unlocked(stdin);; c = getc_unlocked(stdin)) {
        if (c == EOF && ferror(stdin)) return LINE_FAILED;
        if (c == EOF && line->len == 0) return LINE_END;
        if (c == EOF || c == '\n') break;
        if (line->len >= LIMIT_SOURCE_BYTES) return LINE_TOO_LONG;
        buffer_char(line, (char)c);
    }
    if (line->len > 0 && line->data[line->len - 1] == '\r') line->len--;
    return LINE_READ;
}

/* One line in memory of its own. Its text stays among the sources when messages point into it. */
static bool run_line(Run *run, const Buffer *line, size_t number) {
    Sources *sources = session_sources(run->session);
    Diagnostics *diags = session_diagnostics(run->session);
    InputReader kept = run->reader; /* the vocabulary lives there */
    Buffer name = {0};
    buffer_printf(&name, "<stdin line %zu>", number);
    run->reader = (InputReader){.arena = arena_new(0), .sources = sources, .diags = diags};
    uint32_t file = sources_add(sources, name.data, line->data, line->len);
    bool done = input_read_word(&run->reader, file) && run_inputs(run, 0, 1);
    if (diagnostics_count(diags) > 0) {
        driver_show(run->driver, diags);
        diagnostics_truncate(diags, 0);
    }
    sources_remove_last(sources);
    input_reader_free(&run->reader);
    arena_free(run->reader.arena);
    run->reader = kept;
    buffer_free(&name);
    return done;
}

/* JSON values may go over several lines: the first line, and all the others. */
static bool run_json(Run *run, Buffer *text) {
    char block[64 * 1024];
    buffer_char(text, '\n');
    for (size_t got;
         text->len < LIMIT_SOURCE_BYTES && (got = fread(block, 1, sizeof block, stdin)) != 0;)
        buffer_add(text, block, got);
    uint32_t file = sources_add(session_sources(run->session), "<stdin>", text->data, text->len);
    bool all = input_read_json(&run->reader, file), written = true;
    for (size_t i = 0; i < run->reader.count && written; i++) {
        all = run_inputs(run, i, 1) && all;
        if (run->path == NULL) written = driver_flush(run->driver);
    }
    return all && written;
}

static bool cannot_read(Run *run, const char *why) {
    diag_error(session_diagnostics(run->session), DIAG_FILE, (Span){0},
               "can't read standard input: %s", why);
    return false;
}

bool run_stream(Run *run) {
    Buffer line = {0};
    bool all = true, written = true;
    buffer_add(&line, "", 0);
    LineStatus status = read_line(&line);
    if (status == LINE_READ && input_looks_like_json(line.data)) {
        all = run_json(run, &line);
        buffer_free(&line);
        return all;
    }
    if (status == LINE_END) all = cannot_read(run, "there is no input");
    for (; status == LINE_READ && written; status = read_line(&line)) {
        all = run_line(run, &line, ++run->before) && all;
        if (run->path == NULL) written = driver_flush(run->driver);
    }
    if (status == LINE_TOO_LONG) all = cannot_read(run, "a line is too long");
    if (status == LINE_FAILED) all = cannot_read(run, "reading failed");
    buffer_free(&line);
    return all && written;
}
