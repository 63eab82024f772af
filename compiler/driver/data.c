#include "compiler/driver/data.h"

#include "compiler/driver/input.h"
#include "compiler/elaborate/wants.h"

#include <string.h>

void data_open(Data *data, const Options *options) {
    *data = (Data){.sources = sources_new(), .arena = arena_new(0)};
    data->diags = diagnostics_new(data->sources);
    data->columns = columns_new(data->sources, data->diags, COLUMNS_OF_COMMAND);
    data->params = ARENA_ARRAY(data->arena, ParamGiven, options->count + 1);
    for (size_t i = 0; i < options->count; i++) {
        GivenOption given = options->given[i];
        if (given.id == OPT_INPUT && columns_name_length(given.value) != 0)
            columns_add(data->columns, given.value);
    }
}

void data_close(Data *data) {
    columns_free(data->columns);
    diagnostics_free(data->diags);
    sources_free(data->sources);
    arena_free(data->arena);
}

/* --- params ----------------------------------------------------------------------------------- */

static bool find_declared(const Session *session, const char *name, size_t len, bool is_param,
                          Declared *out) {
    for (size_t i = 0; i < session_declared_count(session); i++) {
        *out = session_declared(session, i);
        if (out->is_param == is_param && out->name->len == len &&
            memcmp(out->name->bytes, name, len) == 0)
            return true;
    }
    return false;
}

static void give(Data *data, ParamGiven given) { data->params[data->param_count++] = given; }

static bool is_given(const Data *data, const char *name) {
    for (uint32_t i = 0; i < data->param_count; i++)
        if (strcmp(data->params[i].name, name) == 0) return true;
    return false;
}

static bool not_a_param(Data *data, const Session *session, const char *argument, size_t len) {
    uint32_t file = sources_add(data->sources, "<param>", argument, strlen(argument));
    Diagnostic *diag = diag_error(data->diags, DIAG_INPUT_NAME, (Span){file, 0, (uint32_t)len},
                                  "the program has no param '%.*s'", (int)len, argument);
    size_t count = session_declared_count(session), params = 0;
    const char **names = ARENA_ARRAY(data->arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        if (session_declared(session, i).is_param)
            names[params++] = session_declared(session, i).name->bytes;
    const char *nearest =
        spelling_nearest(arena_strndup(data->arena, argument, len), names, params);
    Declared input;
    if (nearest != NULL)
        diag_help(diag, "did you mean '%s'?", nearest);
    else if (find_declared(session, argument, len, false, &input))
        diag_help(diag, "it is an input: -i %s=...", input.name->bytes);
    return false;
}

/* A list of numbers, or one row of a table, is a vec; what does not fit is told where the param is
   declared. */
static bool shape_param(Data *data, Declared declared, ParamValue value, const char *argument) {
    ParamGiven given = {.name =
                            arena_strndup(data->arena, declared.name->bytes, declared.name->len),
                        .dimensions = declared.type.dimensions,
                        .rows = value.n,
                        .columns = value.width,
                        .atoms = value.atoms};
    bool line = value.n == 1 || value.width == 1;
    if (given.dimensions == 0 && value.n != 1) {
        uint32_t file = sources_add(data->sources, "<param>", argument, strlen(argument));
        diag_error(data->diags, DIAG_INPUT_SHAPE, (Span){file, 0, (uint32_t)strlen(argument)},
                   "'%s' is one value, and these are %u", given.name, value.n);
        return false;
    }
    if (given.dimensions == 1 && line) {
        given.columns = value.n * value.width;
        given.rows = 1;
    } else if (given.dimensions == 1) {
        given.dimensions = 2;
    }
    give(data, given);
    return true;
}

static bool given_param(Data *data, const Session *session, const char *argument) {
    size_t len = columns_name_length(argument);
    Declared declared;
    if (len == 0) {
        uint32_t file = sources_add(data->sources, "<param>", argument, strlen(argument));
        diag_error(data->diags, DIAG_INPUT_SYNTAX, (Span){file, 0, (uint32_t)strlen(argument)},
                   "--param wants NAME=VALUE");
        return false;
    }
    if (!find_declared(session, argument, len, true, &declared))
        return not_a_param(data, session, argument, len);
    ColumnWant want = declared_want(declared);
    want.name = string_new(data->arena, argument, len); /* the session may end first */
    want.width = 0;
    ParamValue value;
    return columns_param(data->columns, argument, want, &value) &&
           shape_param(data, declared, value, argument);
}

static bool given_params(Data *data, const Session *session, const Options *options) {
    bool all = true;
    for (size_t i = 0; i < options->count; i++)
        if (options->given[i].id == OPT_PARAM)
            all = given_param(data, session, options->given[i].value) && all;
    return all;
}

/* The params that are widths of inputs and that nobody gave. An input that was not given is told
   of later. */
static bool widths_of_data(Data *data, const Session *session) {
    for (size_t i = 0; i < session_declared_count(session); i++) {
        Declared declared = session_declared(session, i);
        const String *width_name = declared.width_name;
        if (declared.is_param || width_name == NULL || is_given(data, width_name->bytes)) continue;
        if (!columns_given(data->columns, declared.name->bytes)) continue;
        uint32_t width;
        if (!columns_width(data->columns, declared.name->bytes, &width)) return false;
        Atom *atom = ARENA_NEW(data->arena, Atom);
        *atom = atom_int(width);
        give(data,
             (ParamGiven){.name = arena_strndup(data->arena, width_name->bytes, width_name->len),
                          .rows = 1,
                          .columns = 1,
                          .atoms = atom});
    }
    return true;
}

bool data_session(Data *data, const Options *options, const Program *program, Session **session) {
    *session = program_session(NULL, NULL);
    bool read = program == NULL || program_run(*session, program);
    if (!given_params(data, *session, options) || !widths_of_data(data, *session)) return false;
    if (data->param_count == 0) return read;
    /* Again, with the params that are known now; what was wrong without them is forgotten. */
    session_free(*session);
    *session = program_session_of(
        (SessionOptions){.params = data->params, .param_count = data->param_count});
    return program == NULL || program_run(*session, program);
}

bool data_program(Data *data, const Options *options, Program *program, Session **session) {
    bool given = options->operand_count > 0;
    *program = (Program){0};
    if (!given || program_fetch(options->operands[0], data->diags, program))
        return data_session(data, options, given ? program : NULL, session);
    *session = program_session(NULL, NULL);
    return false;
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* An input without a name is nobody's. */
static bool refuse_unnamed(Data *data, const Session *session, const char *text) {
    uint32_t file = sources_add(data->sources, "<input>", text, strlen(text));
    Buffer names = {0};
    for (size_t i = 0; i < session_declared_count(session); i++) {
        Declared declared = session_declared(session, i);
        if (declared.is_param) continue;
        buffer_printf(&names, "%s-i %s=...", names.len > 0 ? " " : "", declared.name->bytes);
    }
    Diagnostic *diag =
        diag_error(data->diags, DIAG_INPUT_NAME, (Span){file, 0, (uint32_t)strlen(text)},
                   "the program's inputs have names");
    diag_help(diag, "give each by its own: %s", names.data);
    buffer_free(&names);
    return false;
}

bool data_input(Data *data, Session *session, const Options *options, Input *out) {
    for (size_t i = 0; i < options->count; i++) {
        GivenOption given = options->given[i];
        if (given.id == OPT_INPUT && columns_name_length(given.value) == 0)
            return refuse_unnamed(data, session, given.value);
    }
    uint32_t count;
    const ColumnWant *wants = session_wants(session, data->arena, &count);
    return columns_read(data->columns, wants, count, out);
}
