/* Results as tables and arrays: --output FILE.csv, NAME=FILE.npy. */
#include "compiler/driver/run.h"

#include "runtime/value/csv.h"
#include "runtime/value/npy.h"

#include <string.h>
#include <sys/stat.h>

enum { PIECE_BYTES = 1 << 20 }; /* written at a time */

/* --- what is asked for ------------------------------------------------------------------------ */

static bool ends_with(const char *path, const char *ending) {
    size_t len = strlen(path), end = strlen(ending);
    return len > end && strcmp(path + len - end, ending) == 0;
}

/* One --output. */
static bool choose(Run *run, const char *value) {
    size_t name_len = columns_name_length(value);
    const char *path = name_len == 0 ? value : value + name_len + 1;
    bool csv = ends_with(path, ".csv");
    if (csv || ends_with(path, ".npy")) {
        run->files[run->file_count++] =
            (ResultFile){path, name_len == 0 ? NULL : value, name_len, csv};
        return true;
    }
    if (name_len > 0) {
        driver_usage(run->driver, "--output: one result is written as .csv or .npy, not to '%s'",
                     path);
        return false;
    }
    bool json = ends_with(value, ".jsonl") || ends_with(value, ".json");
    if (!json && !ends_with(value, ".txt")) {
        driver_usage(run->driver,
                     "--output: the file's name ends in .csv, .npy, .jsonl or .txt, which says "
                     "what is written");
        return false;
    }
    if (run->path != NULL) {
        driver_usage(run->driver, "--output: '%s' holds all results already", run->path);
        return false;
    }
    run->format = json ? RUN_JSON : RUN_TEXT;
    run->path = value;
    return true;
}

bool run_choose_files(Run *run) {
    const Options *options = &run->driver->options;
    bool json = option_given(options, OPT_JSON), standard = false;
    run->files = ARENA_ARRAY(run->data.arena, ResultFile, options->count);
    for (size_t i = 0; i < options->count; i++) {
        GivenOption given = options->given[i];
        if (given.id != OPT_RESULTS) continue;
        if (strcmp(given.value, "-") == 0)
            standard = true;
        else if (!choose(run, given.value))
            return false;
    }
    if (run->path == NULL)
        run->format = json ? RUN_JSON : run->file_count > 0 && !standard ? RUN_NOTHING : RUN_TEXT;
    return true;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool stat_directory(const char *path, struct stat *out) {
    Buffer directory = {0};
    buffer_add(&directory, path, (size_t)(last_part(path) - path));
    buffer_text(&directory, "."); /* "a/.", or "." alone */
    bool found = stat(directory.data, out) == 0;
    buffer_free(&directory);
    return found;
}

/* Also where one of them is written in another way: ./c.csv and c.csv. */
static bool same_file(const char *a, const char *b) {
    struct stat in_a, in_b;
    if (strcmp(a, b) == 0) return true;
    return strcmp(last_part(a), last_part(b)) == 0 && stat_directory(a, &in_a) &&
           stat_directory(b, &in_b) && in_a.st_dev == in_b.st_dev && in_a.st_ino == in_b.st_ino;
}

bool run_paths_differ(const Run *run) {
    const char **paths = ARENA_ARRAY(run->data.arena, const char *, run->file_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < run->file_count; i++)
        paths[count++] = run->files[i].path;
    if (run->path != NULL) paths[count++] = run->path;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (!same_file(paths[i], paths[k])) continue;
            driver_usage(run->driver, "'%s' can't be written twice", paths[i]);
            return false;
        }
    }
    return true;
}

/* --- can it be? ------------------------------------------------------------------------------- */

static bool is_named(Target target, const ResultFile *file) {
    return file->name == NULL || (strlen(target.name) == file->name_len &&
                                  memcmp(target.name, file->name, file->name_len) == 0);
}

static bool check_file(const Run *run, const ResultFile *file) {
    Diagnostics *diags = session_diagnostics(run->session);
    const char *why = NULL;
    size_t count = 0;
    for (size_t i = 0; i < run->targets.count; i++) {
        if (!is_named(run->targets.items[i], file)) continue;
        count++;
        ValueKind kind = run->targets.items[i].value.kind;
        if (kind != VALUE_SOP && kind != VALUE_PATTERN)
            why = "that is neither an s-op nor a pattern";
    }
    if (count == 0) {
        Diagnostic *diag =
            diag_error(diags, DIAG_NO_RESULT, (Span){0}, "--output: '%.*s' is none of the results",
                       (int)file->name_len, file->name);
        diag_help(diag, "ask for it with -o %.*s", (int)file->name_len, file->name);
        return false;
    }
    if (!file->csv && count > 1) why = "several names are asked for";
    if (run->reader.count > 1) why = "there are several inputs";
    if (why == NULL) return true;
    Diagnostic *diag =
        diag_error(diags, DIAG_NO_RESULT, (Span){0},
                   file->csv ? "%s: a .csv file holds s-ops and patterns on one input, and %s"
                             : "%s: an .npy file holds one s-op or pattern on "
                               "one input, and %s",
                   file->path, why);
    if (!file->csv && count > 1)
        diag_help(diag, "give each its own: --output %s=FILE.npy", run->targets.items[0].name);
    return false;
}

bool run_check_files(const Run *run) {
    bool all = true;
    for (size_t i = 0; i < run->file_count; i++)
        all = check_file(run, &run->files[i]) && all;
    return all;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool cannot_write(const Run *run, const ResultFile *file, const char *why) {
    diag_error(session_diagnostics(run->session), DIAG_FILE, (Span){0}, "can't write '%s': %s",
               file->path, why);
    return false;
}

/* Positions that take about one piece. */
static uint32_t rows_together(const CsvColumn *columns, size_t count) {
    enum { CELL_BYTES = 8 };
    uint64_t cells = 0;
    for (size_t i = 0; i < count; i++)
        cells += columns[i].sequence.type == SEQUENCE_VECTORS ? columns[i].sequence.width : 1;
    uint64_t rows = PIECE_BYTES / (CELL_BYTES * cells);
    return rows == 0 ? 1 : (uint32_t)rows;
}

static bool write_rows(const Run *run, const ResultFile *file, FileStream *stream,
                       const CsvColumn *columns, size_t count) {
    Buffer piece = {0};
    const char *why = NULL;
    uint32_t n = columns[0].sequence.n, step = rows_together(columns, count), bad;
    bool fits = true, written = true;
    if (file->csv)
        csv_header(&piece, columns, count);
    else
        npy_sequence_header(&piece, columns[0].sequence);
    for (uint32_t from = 0, to; from < n && fits && written; from = to) {
        to = n - from < step ? n : from + step;
        if (file->csv)
            csv_add_rows(&piece, columns, count, from, to);
        else
            fits = npy_add_elements(&piece, columns[0].sequence, from, to, &bad);
        written = !fits || file_stream_write(stream, piece.data, piece.len, &why);
        piece.len = 0;
    }
    buffer_free(&piece);
    if (!fits)
        diag_error(session_diagnostics(run->session), DIAG_NO_RESULT, (Span){0},
                   "position %u: the value does not fit 64 bits, which is what .npy holds", bad);
    return fits && (written || cannot_write(run, file, why));
}

static bool write_file(const Run *run, const ResultFile *file, FileStream *stream,
                       const Outcome *outcomes, Arena *arena) {
    CsvColumn *columns = ARENA_ARRAY(arena, CsvColumn, run->targets.count);
    size_t count = 0;
    for (size_t i = 0; i < run->targets.count; i++)
        if (is_named(run->targets.items[i], file))
            columns[count++] = (CsvColumn){run->targets.items[i].name, outcomes[i].sequence};
    return write_rows(run, file, stream, columns, count);
}

bool run_write_files(const Run *run, const Outcome *outcomes) {
    Arena *arena = arena_new(0);
    FileStream **streams = ARENA_ARRAY(arena, FileStream *, run->file_count + 1);
    size_t opened = 0;
    bool all = true;
    for (const char *why; all && opened < run->file_count; opened += all) {
        streams[opened] = file_stream_open(run->files[opened].path, &why);
        all = streams[opened] != NULL || cannot_write(run, &run->files[opened], why);
    }
    for (size_t i = 0; all && i < opened; i++)
        all = write_file(run, &run->files[i], streams[i], outcomes, arena);
    /* The last first: each holds signals back until it is there. */
    for (size_t i = opened; i-- > 0;) {
        const char *why = NULL;
        bool closed = file_stream_close(streams[i], all, &why);
        if (all && !closed) all = cannot_write(run, &run->files[i], why);
    }
    arena_free(arena);
    return all;
}
