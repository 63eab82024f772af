#include "compiler/driver/program.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"

#include <stdlib.h>
#include <string.h>

static bool read_file(void *state, const char *path, size_t limit, Buffer *out, const char **why) {
    (void)state;
    return file_read(path, limit, out, why);
}

Session *program_session(ApplyFunction check_apply, void *check_state) {
    SessionOptions options = {
        .run_checks = check_apply != NULL, .check_apply = check_apply, .check_state = check_state};
    return program_session_of(options);
}

Session *program_session_of(SessionOptions options) {
    Buffer programs = {0};
    if (file_beside_program("../share/raspc/programs", &programs)) options.programs = programs.data;
    options.read_file = read_file;
    Session *session = session_new(&options);
    buffer_free(&programs);
    return session;
}

bool program_fetch(const char *path, Diagnostics *diags, Program *out) {
    bool standard_input = strcmp(path, "-") == 0;
    const char *why;
    *out = (Program){.name = standard_input ? "<stdin>" : path};
    if (file_read(path, LIMIT_SOURCE_BYTES, &out->text, &why)) return true;
    diag_error(diags, DIAG_FILE, (Span){0}, "can't read '%s': %s",
               standard_input ? "standard input" : path, why);
    return false;
}

void program_free(Program *program) { buffer_free(&program->text); }

static bool run_tree(Session *session, const Program *program) {
    Sources *sources = session_sources(session);
    uint32_t file = sources_add(sources, program->name, program->text.data, program->text.len);
    Tree *tree = tree_parse(session_arena(session), sources, file, session_diagnostics(session));
    return tree != NULL && session_run(session, tree, NULL);
}

bool program_run(Session *session, const Program *program) {
    if (program->is_tree) return run_tree(session, program);
    return session_run_text(session, program->name, program->text.data, program->text.len, NULL);
}

bool program_read(Session *session, const char *path) {
    Program program;
    bool read = program_fetch(path, session_diagnostics(session), &program) &&
                program_run(session, &program);
    program_free(&program);
    return read;
}

/* --- targets ---------------------------------------------------------------------------------- */

typedef struct Names {
    const char **names; /* (count) */
    size_t count, capacity;
} Names;

static void collect(void *state, const char *name) {
    Names *names = state;
    names->names =
        memory_reserve(names->names, &names->capacity, names->count + 1, sizeof *names->names);
    names->names[names->count++] = name;
}

static bool undefined(Session *session, const char *name) {
    Diagnostic *diag = diag_error(session_diagnostics(session), DIAG_UNDEFINED, (Span){0},
                                  "-o: undefined name '%s'", name);
    Names names = {0};
    session_names(session, collect, &names);
    const char *nearest = spelling_nearest(name, names.names, names.count);
    if (nearest != NULL) diag_help(diag, "did you mean '%s'?", nearest);
    free(names.names);
    return false;
}

static bool named(Session *session, const char *name, Target *out) {
    const Value *value = session_lookup(session, name);
    if (value == NULL || value->kind == VALUE_ERROR) return undefined(session, name);
    if (value->kind == VALUE_FUNCTION) {
        Diagnostic *diag = diag_error(session_diagnostics(session), DIAG_NO_RESULT, (Span){0},
                                      "'%s' is a function, not a result", name);
        diag_help(diag, "call it in an expression: -e '%s(...)'", name);
        return false;
    }
    bool barred = value->kind == VALUE_BARRED;
    if (barred || value->kind == VALUE_SCORE) {
        diag_error(session_diagnostics(session), DIAG_NO_RESULT, (Span){0},
                   barred ? "'%s' is %s" : "'%s' is %s, not a result", name,
                   barred ? value->as.why : value_kind_name(*value));
        return false;
    }
    *out = (Target){name, *value};
    return true;
}

static bool expression(Session *session, const char *text, size_t number, Target *out) {
    Buffer name = {0};
    buffer_text(&name, "out");
    if (number > 1) buffer_printf(&name, "%zu", number);
    out->name = arena_strndup(session_arena(session), name.data, name.len);
    buffer_free(&name);
    return session_evaluate(session, "<expr>", text, strlen(text), &out->value);
}

static bool main_output(Session *session, Target *out) {
    const String *name;
    if (!session_main_output(session, &name, &out->value)) {
        Diagnostic *diag = diag_error(session_diagnostics(session), DIAG_NO_RESULT, (Span){0},
                                      "the program computes no s-op");
        diag_help(diag, "name what to run with -o NAME, or give an expression with -e EXPR");
        return false;
    }
    out->name = name->bytes;
    return true;
}

/* What `output` statements name; else the last s-op. */
static bool main_outputs(Session *session, Targets *out) {
    size_t count = session_output_count(session);
    if (count == 0) return main_output(session, &out->items[out->count++]);
    for (size_t i = 0; i < count; i++) {
        const String *name;
        Value value = session_output(session, i, &name);
        out->items[out->count++] = (Target){name->bytes, value};
    }
    return true;
}

/* Columns, files and models tell results apart by their names. */
static bool is_another(Session *session, const Targets *targets, Target target) {
    for (size_t i = 0; i < targets->count; i++) {
        const char *before = targets->items[i].name; /* NULL: it is undefined */
        if (!before || strcmp(before, target.name) != 0) continue;
        diag_error(session_diagnostics(session), DIAG_NO_RESULT, (Span){0},
                   "'%s' is asked for twice", target.name);
        return false;
    }
    return true;
}

bool program_targets(Session *session, const Options *options, Targets *out) {
    size_t expressions = 0;
    bool found = true;
    size_t most = options->count + session_output_count(session) + 1;
    *out = (Targets){.items = ARENA_ARRAY(session_arena(session), Target, most)};
    for (size_t i = 0; i < options->count; i++) {
        GivenOption given = options->given[i];
        Target target = {0};
        if (given.id == OPT_NAME || given.id == OPT_SOP)
            found = named(session, given.value, &target) && found;
        else if (given.id == OPT_EXPR) {
            found = expression(session, given.value, ++expressions, &target) && found;
        } else
            continue;
        if (target.name) found = is_another(session, out, target) && found;
        out->items[out->count++] = target;
    }
    return out->count > 0 ? found : main_outputs(session, out) && found;
}

const NodeId *target_nodes(const Targets *targets, Arena *arena, uint32_t *count) {
    NodeId *nodes = ARENA_ARRAY(arena, NodeId, targets->count);
    *count = 0;
    for (size_t i = 0; i < targets->count; i++) {
        if (targets->items[i].value.kind == VALUE_SOP)
            nodes[(*count)++] = targets->items[i].value.as.node;
    }
    return nodes;
}

bool registers_option(const Driver *driver, Registers *out) {
    static const char *const names[] = {
        [REGISTERS_AUTO] = "auto", [REGISTERS_REUSE] = "reuse", [REGISTERS_KEEP] = "keep"};
    const char *value = option_value(&driver->options, OPT_REGISTERS);
    *out = REGISTERS_AUTO;
    if (value == NULL) return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *out = (Registers)i;
        if (strcmp(names[i], value) == 0) return true;
    }
    driver_usage(driver, "--registers is auto, reuse or keep, not '%s'", value);
    return false;
}

bool relus_option(const Driver *driver, uint32_t *knots) {
    const char *value = option_value(&driver->options, OPT_KNOTS);
    bool relu_only = option_given(&driver->options, OPT_RELU_ONLY);
    *knots = relu_only ? 512 : 0;
    if (value == NULL) return true;
    if (!relu_only) {
        driver_usage(driver, "--knots goes with --relu-only");
        return false;
    }
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || number < 2 || number > MOST_KNOTS) {
        driver_usage(driver, "--knots is a number from 2 to %d, not '%s'", MOST_KNOTS, value);
        return false;
    }
    *knots = (uint32_t)number;
    return true;
}
