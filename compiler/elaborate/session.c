/* The session: what it owns, its limits, its reports, and the doors from outside. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

#include <stdarg.h>
#include <string.h>

extern const char library_text[]; /* compiler/library.rasp */

enum { SHOWN_BYTES = 60, SHOWN_FRAMES = 3, STEPS_BETWEEN_QUESTIONS = 1024 };

/* --- limits and reports ----------------------------------------------------------------------- */

bool step_in(Session *session, Span span) {
    session->depth++;
    session->steps++;
    if (session->stopped || session->unwinding) return false;
    if (session->depth > LIMIT_ELABORATION_DEPTH) {
        report(session, DIAG_LIMIT_RECURSION, span, "calls and expressions nest deeper than %d",
               LIMIT_ELABORATION_DEPTH);
        session->unwinding = true;
        return false;
    }
    if (session->steps % STEPS_BETWEEN_QUESTIONS == 0 && cancel_asked(session->options.cancel))
        report(session, DIAG_STOPPED, span, "stopped while this was read");
    else if (session->steps > LIMIT_ELABORATION_STEPS)
        report(session, DIAG_LIMIT_STEPS, span, "reading this program takes more than %d steps",
               LIMIT_ELABORATION_STEPS);
    else if (arena_exhausted(session->arena))
        report(session, DIAG_LIMIT_MEMORY, span, "reading this program takes more than %zu MB",
               LIMIT_ELABORATION_BYTES >> 20);
    else
        return true;
    session->stopped = true;
    return false;
}

void step_out(Session *session) { session->depth--; }

static bool in_library(const Session *session, Span span) {
    return span.file == session->library_file && session->ready;
}

/* What goes wrong inside the library is the user's call's fault: the place is that call. */
static Span users_span(const Session *session, Span span, const Frame **rest) {
    const Frame *frame = session->frame;
    while (frame && in_library(session, span)) {
        span = frame->call;
        frame = frame->outer;
    }
    if (rest) *rest = frame;
    return span;
}

Span node_span(const Session *session, Span span) { return users_span(session, span, NULL); }

Diagnostic *report(Session *session, DiagId id, Span span, const char *format, ...) {
    const Frame *frame;
    Span place = users_span(session, span, &frame);
    Buffer message = {0};
    va_list args;
    va_start(args, format);
    buffer_vprintf(&message, format, args);
    va_end(args);
    Diagnostic *diag = diag_error(session->diags, id, place, "%s", message.data);
    buffer_free(&message);
    if (place.file != span.file || place.start != span.start)
        diag_note(diag, span, "in the library, here");
    Span shown = place;
    for (int i = 0; frame && i < SHOWN_FRAMES; frame = frame->outer) {
        if (frame->call.file == shown.file && frame->call.start == shown.start) continue;
        shown = frame->call; /* a function that calls itself is shown once */
        diag_note(diag, shown, "called from here");
        i++;
    }
    return diag;
}

const char *show(Session *session, Value value) {
    Buffer text = {0};
    value_format(session->graph, value, SHOWN_BYTES, &text);
    size_t len = text.len;
    if (len > SHOWN_BYTES + 8) { /* one long string: cut it between two characters */
        len = 0;
        while (len < SHOWN_BYTES)
            len += utf8_step(text.data + len, text.len - len);
        text.len = len;
        buffer_text(&text, "...");
    }
    const char *shown = arena_strndup(session->arena, text.data ? text.data : "", text.len);
    buffer_free(&text);
    return shown;
}

/* --- making one ------------------------------------------------------------------------------- */

static void give_primitive(Session *session, const char *name, GraphOp op) {
    NodeSpec spec = {.op = op, .args = {NO_NODE, NO_NODE, NO_NODE}};
    const String *text = string_from(session->arena, name);
    Value value = node_value(session, &spec);
    environment_set(session->arena, session->library, text, value);
    graph_name(session->graph, text, value.as.node);
}

static void give_atom(Session *session, const char *name, Atom atom) {
    environment_set(session->arena, session->library, string_from(session->arena, name),
                    value_atom(atom));
}

static void read_library(Session *session) {
    session->builtins = environment_new(session->arena, NULL);
    session->library = environment_new(session->arena, session->builtins);
    session->library->is_top = true;
    session->library->origin = "library";
    give_primitive(session, "tokens_str", OP_TOKENS_STR);
    give_primitive(session, "tokens_int", OP_TOKENS_INT);
    give_primitive(session, "tokens_float", OP_TOKENS_FLOAT);
    give_primitive(session, "tokens_bool", OP_TOKENS_BOOL);
    give_primitive(session, "tokens_asis", OP_TOKENS_ASIS);
    give_primitive(session, "indices", OP_INDICES);
    builtins_give(session);
    give_atom(session, "True", atom_bool(true));
    give_atom(session, "False", atom_bool(false));
    session->library_file =
        sources_add(session->sources, "<library>", library_text, strlen(library_text));
    Tree *tree =
        parse_program(session->arena, session->sources, session->library_file, session->diags);
    if (!elaborate_program(session, session->library, tree) ||
        diagnostics_errors(session->diags) > 0) {
        Buffer text = {0};
        diagnostics_render(session->diags, 0, DIAG_PLAIN, &text);
        BUG("the library does not elaborate:\n%s", text.data);
    }
}

Session *session_new(const SessionOptions *options) {
    Arena *arena = arena_new(LIMIT_ELABORATION_BYTES);
    Session *session = ARENA_NEW(arena, Session);
    session->arena = arena;
    session->options = *options;
    if (options->programs)
        session->options.programs =
            arena_strndup(arena, options->programs, strlen(options->programs));
    session->sources = sources_new();
    session->diags = diagnostics_new(session->sources);
    session->graph = graph_new(arena);
    session->out = string_from(arena, "out");
    read_library(session);
    session->program = environment_new(arena, session->library);
    session->program->is_top = true;
    session->program->origin = "console";
    const Value *tokens = environment_own(session->library, string_from(arena, "tokens"));
    environment_set(arena, session->program, session->out, *tokens);
    Value hello = value_atom(atom_string(string_from(arena, "hello")));
    session->examples = (Examples){hello, hello, true, true, false};
    session->output = value_error();
    session->ready = true;
    return session;
}

void session_free(Session *session) {
    if (!session) return;
    diagnostics_free(session->diags);
    sources_free(session->sources);
    arena_free(session->arena); /* the session itself lives there */
}

Sources *session_sources(Session *session) { return session->sources; }
Diagnostics *session_diagnostics(Session *session) { return session->diags; }
Graph *session_graph(Session *session) { return session->graph; }
Arena *session_arena(Session *session) { return session->arena; }
Examples *session_examples(Session *session) { return &session->examples; }

/* --- running ---------------------------------------------------------------------------------- */

bool session_run(Session *session, const Tree *program, Results *results) {
    size_t before = diagnostics_errors(session->diags);
    Loading loading = {
        .file = program->span.file,
        .path = program->span.file ? sources_name(session->sources, program->span.file) : ""};
    session->loading = &loading;
    session->results = results;
    session->steps = 0;
    session->loop = 0;
    session->depth = session->call_depth = 0;
    session->stopped = session->exiting = session->load_failed = false;
    elaborate_program(session, session->program, program);
    session->loading = NULL;
    session->results = NULL;
    return diagnostics_errors(session->diags) == before;
}

bool session_run_text(Session *session, const char *name, const char *text, size_t len,
                      Results *results) {
    size_t before = diagnostics_errors(session->diags);
    uint32_t file = sources_add(session->sources, name, text, len);
    Tree *tree = parse_program(session->arena, session->sources, file, session->diags);
    session_run(session, tree, results);
    return diagnostics_errors(session->diags) == before;
}

bool session_evaluate(Session *session, const char *name, const char *text, size_t len,
                      Value *out) {
    size_t before = diagnostics_errors(session->diags);
    while (len > 0 && strchr("; \t\r\n", text[len - 1]))
        len--;
    Buffer statement = {0};
    buffer_add(&statement, text, len);
    buffer_char(&statement, ';');
    uint32_t file = sources_add(session->sources, name, statement.data, statement.len);
    buffer_free(&statement);
    Tree *tree = parse_program(session->arena, session->sources, file, session->diags);
    if (diagnostics_errors(session->diags) > before) return false;
    if (tree->count != 1 || tree->child[0]->kind != TREE_EXPRESSION) {
        report(session, DIAG_SYNTAX, tree->span, "one expression is wanted here");
        return false;
    }
    if (!session_run(session, tree, NULL)) return false;
    *out = *environment_own(session->program, session->out);
    return true;
}

bool session_main_output(const Session *session, const String **name, Value *value) {
    if (session->output.kind == VALUE_ERROR) return false;
    *name = session->output_name;
    *value = session->output;
    return true;
}
