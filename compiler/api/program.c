/* Programs: a session behind a door that neither prints nor reads files by itself. */
#include "compiler/api/api.h"

#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/base/version.h"

#include <stdlib.h>
#include <string.h>

const char *raspc_version(void) { return RASPC_VERSION; }

/* --- reading files for `load` ------------------------------------------------------------------
 */

typedef struct FileReading {
    Buffer *out;
    size_t limit;
    bool too_large;
} FileReading;

static void add_bytes(void *to, const char *bytes, size_t length) {
    FileReading *reading = to;
    reading->too_large = reading->too_large || length > reading->limit - reading->out->len;
    if (!reading->too_large) buffer_add(reading->out, bytes, length);
}

static bool read_for_load(void *state, const char *path, size_t limit, Buffer *out,
                          const char **why) {
    const raspc_program *program = state;
    FileReading reading = {.out = out, .limit = limit};
    buffer_add(out, "", 0);
    bool read = program->read_file(program->read_state, path, add_bytes, &reading) != 0;
    *why = reading.too_large ? "it is too large" : "the caller can't read it";
    return read && !reading.too_large;
}

/* --- programs ----------------------------------------------------------------------------------
 */

raspc_status raspc_program_new(const raspc_program_options *options, raspc_program **program) {
    if (program == NULL) return RASPC_MISUSED;
    *program = NULL;
    raspc_program_options given = {0};
    if (options != NULL) {
        if (options->size == 0 || options->size > sizeof given) return RASPC_MISUSED;
        memcpy(&given, options, options->size);
    }
    raspc_program *made = memory_zeroed(sizeof *made);
    made->positions = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    made->read_file = given.read_file;
    made->read_state = given.read_state;
    SessionOptions session = {0};
    if (given.read_file != NULL) {
        session.read_file = read_for_load;
        session.read_state = made;
    }
    made->session = session_new(&session);
    *program = made;
    return RASPC_OK;
}

void raspc_program_free(raspc_program *program) {
    if (program == NULL) return;
    session_free(program->session);
    pthread_mutex_destroy(&program->positions);
    free(program);
}

/* --- params ------------------------------------------------------------------------------------
 */

static bool is_declared_param(const Session *session, const String *name, size_t from) {
    for (size_t i = from; i < session_declared_count(session); i++) {
        Declared declared = session_declared(session, i);
        if (declared.is_param && string_equal(declared.name, name)) return true;
    }
    return false;
}

static void note_param(raspc_program *program, const char *name) {
    Arena *arena = session_arena(program->session);
    if (program->param_count == program->param_capacity) {
        uint32_t capacity = program->param_capacity ? 2 * program->param_capacity : 4;
        program->params = arena_grow(arena, program->params, program->param_count, capacity,
                                     sizeof *program->params);
        program->param_capacity = capacity;
    }
    program->params[program->param_count++] = string_from(arena, name);
}

raspc_status raspc_program_param(raspc_program *program, const char *name,
                                 const raspc_value *values, size_t rows, size_t columns) {
    size_t line = columns == 0 ? 1 : columns, lines = rows == 0 ? 1 : rows;
    if (program == NULL || name == NULL || values == NULL || (rows > 0 && columns == 0) ||
        line > LIMIT_LIST_ITEMS || lines > LIMIT_LIST_ITEMS / line)
        return RASPC_MISUSED;
    Arena *arena = arena_new(0);
    Atom *atoms = ARENA_ARRAY(arena, Atom, lines * line);
    bool good = true;
    for (size_t i = 0; i < lines * line && good; i++)
        good = value_to_atom(arena, &values[i], &atoms[i]);
    ParamGiven given = {.name = name,
                        .dimensions = columns == 0 ? 0
                                      : rows == 0  ? 1
                                                   : 2,
                        .rows = (uint32_t)lines,
                        .columns = (uint32_t)line,
                        .atoms = atoms};
    if (good) session_give(program->session, &given);
    if (good) note_param(program, name);
    arena_free(arena);
    return good ? RASPC_OK : RASPC_MISUSED;
}

/* Those that were given for the text just read, and that it does not declare, are reported. before:
   what was declared when it began. */
static bool params_were_declared(raspc_program *program, size_t before) {
    bool all = true;
    for (uint32_t i = 0; i < program->param_count; i++) {
        if (is_declared_param(program->session, program->params[i], before)) continue;
        diag_error(session_diagnostics(program->session), DIAG_INPUT_NAME, (Span){0},
                   "the program has no param '%s'", program->params[i]->bytes);
        all = false;
    }
    return all;
}

raspc_status raspc_program_load(raspc_program *program, const char *name, const char *text,
                                size_t length) {
    if (program == NULL || name == NULL || (text == NULL && length > 0)) return RASPC_MISUSED;
    if (length > LIMIT_SOURCE_BYTES) {
        diag_error(session_diagnostics(program->session), DIAG_FILE, (Span){0},
                   "'%s': it is too large", name);
        return RASPC_WRONG;
    }
    if (text == NULL) text = "";
    program->name = arena_strndup(session_arena(program->session), name, strlen(name));
    program->text = arena_strndup(session_arena(program->session), text, length);
    program->text_len = length;
    size_t before = session_declared_count(program->session);
    bool good = session_run_text(program->session, name, program->text, length, NULL) &&
                params_were_declared(program, before);
    session_give_no_more(program->session);
    program->param_count = 0;
    return good ? RASPC_OK : RASPC_WRONG;
}

const char *raspc_program_main(const raspc_program *program) {
    const String *name;
    Value value;
    if (program == NULL || !session_main_output(program->session, &name, &value)) return NULL;
    return name->bytes;
}

/* --- diagnostics --------------------------------------------------------------------------------
 */

raspc_diagnostic diagnostic_of(raspc_program *program, Arena *arena, const Diagnostics *diags,
                               size_t index) {
    const Sources *sources = session_sources(program->session);
    Span span = diagnostics_span(diags, index);
    const char *message = diagnostics_message(diags, index);
    raspc_diagnostic out = {.id = diag_code(diagnostics_id(diags, index)),
                            .message = arena_strndup(arena, message, strlen(message)),
                            .file = ""};
    if (span.file == 0) return out;
    const char *file = sources_name(sources, span.file);
    out.file = arena_strndup(arena, file, strlen(file));
    pthread_mutex_lock(&program->positions);
    sources_position(sources, span, &out.line, &out.column);
    pthread_mutex_unlock(&program->positions);
    return out;
}

size_t raspc_program_diagnostics(const raspc_program *program) {
    return program == NULL ? 0 : diagnostics_count(session_diagnostics(program->session));
}

raspc_status raspc_program_diagnostic(const raspc_program *program, size_t index,
                                      raspc_diagnostic *diagnostic) {
    if (program == NULL || diagnostic == NULL || index >= raspc_program_diagnostics(program))
        return RASPC_MISUSED;
    /* The lock is the program's own, and asking changes nothing that a caller sees. */
    *diagnostic = diagnostic_of((raspc_program *)program, session_arena(program->session),
                                session_diagnostics(program->session), index);
    return RASPC_OK;
}

void raspc_program_forget(raspc_program *program) {
    if (program != NULL) diagnostics_truncate(session_diagnostics(program->session), 0);
}
