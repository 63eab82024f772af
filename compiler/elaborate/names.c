/* Looking names up and giving them values. */
#include "compiler/elaborate/internal.h"

#include "grammar/foreign.h"
#include "runtime/base/limits.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const reserved_words[] = {
    "out",          "get",         "range",       "zip",     "len",  "tokens_str", "tokens_int",
    "tokens_float", "tokens_bool", "tokens_asis", "indices", "True", "False",
};

bool name_always_reserved(const String *name) {
    for (size_t i = 0; i < sizeof reserved_words / sizeof *reserved_words; i++)
        if (strcmp(reserved_words[i], name->bytes) == 0) return true;
    return false;
}

/* --- looking up ------------------------------------------------------------------------------- */

/* Messages beyond those that are printed need no help: looking for it takes time for every name. */
static bool is_printed(const Session *session) {
    return session->options.interactive || diagnostics_count(session->diags) <= LIMIT_DIAGNOSTICS;
}

static const char *nearest_name(Session *session, const Environment *env, const String *name) {
    if (!is_printed(session)) return NULL;
    uint32_t count = 0;
    for (const Environment *e = env; e; e = e->parent)
        count += e->count;
    const char **candidates = ARENA_ARRAY(session->arena, const char *, count);
    count = 0;
    for (const Environment *e = env; e; e = e->parent)
        for (uint32_t i = 0; i < e->count; i++)
            if (e->bindings[i].value.kind != VALUE_ERROR)
                candidates[count++] = e->bindings[i].name->bytes;
    for (uint32_t i = 0; i < count; i++)
        if (strcasecmp(name->bytes, candidates[i]) == 0) return candidates[i];
    return spelling_nearest(name->bytes, candidates, count);
}

static bool line_gives(const char *line, size_t len, const String *name) {
    while (len && (*line == ' ' || *line == '\t'))
        line++, len--;
    size_t word = 0;
    while (word < len && line[word] != ' ' && line[word] != '\t')
        word++;
    bool is_def = word == 3 && memcmp(line, "def", 3) == 0;
    if (word < len && (is_def || foreign_help(line, word))) line += word + 1, len -= word + 1;
    return len > name->len && memcmp(line, name->bytes, name->len) == 0 &&
           !isalnum((unsigned char)line[name->len]) && line[name->len] != '_';
}

/* Was the name to be given by a statement that could not be read? Then its absence is no news. */
static bool lost_to_syntax(Session *session, const String *name) {
    /* Reading a file stops at LIMIT_DIAGNOSTICS mistakes, and files are read before they are run.
     */
    for (size_t i = 0; i < diagnostics_count(session->diags) && i < 2 * LIMIT_DIAGNOSTICS; i++) {
        if (strcmp(diag_class(diagnostics_id(session->diags, i)), "syntax") != 0) continue;
        Span span = diagnostics_span(session->diags, i);
        if (span.file == 0) continue;
        uint32_t line, column;
        size_t len;
        sources_position(session->sources, span, &line, &column);
        const char *text = sources_line(session->sources, span.file, line, &len);
        if (line_gives(text, len, name)) return true;
    }
    return false;
}

static void undefined(Session *session, Environment *env, const Tree *name) {
    if (!session->options.interactive) {
        if (session->load_failed || lost_to_syntax(session, name->text)) return;
        /* Once is enough: further uses stay silent. */
        environment_set(session->arena, session->program, name->text, value_error());
    }
    Diagnostic *diag =
        report(session, DIAG_UNDEFINED, name->span, "undefined name '%s'", name->text->bytes);
    const char *foreign = foreign_help(name->text->bytes, name->text->len);
    const char *nearest = nearest_name(session, env, name->text);
    if (foreign)
        diag_help(diag, "%s", foreign);
    else if (nearest)
        diag_help(diag, "did you mean '%s'?", nearest);
    else if (strcmp(name->text->bytes, "check") == 0)
        diag_help(diag, "a check begins with a name, a word or a number: 'check f(\"a\") == [1];'");
}

const Value *find_name(Session *session, Environment *env, const Tree *name) {
    const Value *value = environment_find(env, name->text);
    if (value && value->kind == VALUE_BARRED) {
        report(session, DIAG_LOOP, name->span, "'%s' is %s", name->text->bytes, value->as.why);
        return NULL;
    }
    if (value) return value;
    undefined(session, env, name);
    return NULL;
}

/* --- giving ----------------------------------------------------------------------------------- */

static bool is_library_name(const Session *session, const String *name) {
    return session->ready && environment_own(session->library, name) &&
           strcmp(name->bytes, "tokens") != 0;
}

/* A loaded file's public names go to whoever loads it, as they are given. */
static void export_name(Session *session, const Environment *env, const Tree *name, Value value) {
    Environment *to = env->exports_to;
    for (; to; to = to->exports_to) {
        if (to->is_top && is_library_name(session, name->text)) {
            diag_warning(session->diags, DIAG_RESERVED, name->span,
                         "'%s' is a name of the library; this one stays inside the file",
                         name->text->bytes);
            return;
        }
        environment_set(session->arena, to, name->text, value);
    }
}

bool assign_name(Session *session, Environment *env, const Tree *name, Value value) {
    const String *text = name->text;
    bool always = session->ready && name_always_reserved(text);
    bool library = !always && env == session->program && is_library_name(session, text);
    if (library || always) {
        Diagnostic *diag = report(session, DIAG_RESERVED, name->span, "'%s' is reserved%s",
                                  text->bytes, library ? ": it is a name of the library" : "");
        diag_help(diag, "choose another name%s",
                  library ? "; inside a function this one may be used" : "");
        return false;
    }
    if (!value_usable(session, value, name->span)) return false;
    environment_set(session->arena, env, text, value);
    if (value_is_node(value)) {
        if (env->is_top || !graph_name_of(session->graph, value.as.node))
            graph_name(session->graph, text, value.as.node);
    }
    if (env == session->program && value.kind == VALUE_SOP) {
        session->output_name = text;
        session->output = value;
    }
    if (env->exports_to && text->bytes[0] != '_') export_name(session, env, name, value);
    return true;
}

bool assign_names(Session *session, Environment *env, const Tree *names, Value value, Span span) {
    if (names->count == 1) return assign_name(session, env, names->child[0], value);
    List items;
    if (!value_items(session->arena, value, &items)) {
        report(session, DIAG_UNPACK, span, "%u names take a list of %u values, not %s (%s)",
               names->count, names->count, value_kind_name(value), show(session, value));
        return false;
    }
    if (items.count != names->count) {
        report(session, DIAG_UNPACK, span, "%u names but %u values", names->count, items.count);
        return false;
    }
    bool good = true;
    for (uint32_t i = 0; i < names->count; i++)
        good = assign_name(session, env, names->child[i], items.items[i]) && good;
    return good;
}

/* --- loops ------------------------------------------------------------------------------------ */

bool value_usable(Session *session, Value value, Span span) {
    if (!value_is_node(value)) return true;
    uint32_t loop = graph_node(session->graph, value.as.node)->loop;
    if (loop == 0) return true;
    for (uint32_t open = session->loop; open; open = session->graph->loops[open - 1].outer)
        if (open == loop) return true;
    Diagnostic *diag = report(session, DIAG_LOOP, span, "%s of one round of a loop that is over",
                              value_kind_name(value));
    diag_note(diag, session->graph->loops[loop - 1].span, "this loop");
    return false;
}

/* --- for the world outside -------------------------------------------------------------------- */

const Value *session_lookup(const Session *session, const char *name) {
    for (const Environment *env = session->program; env; env = env->parent)
        for (uint32_t i = 0; i < env->count; i++)
            if (strcmp(env->bindings[i].name->bytes, name) == 0) return &env->bindings[i].value;
    return NULL;
}

void session_names(const Session *session, void (*visit)(void *state, const char *name),
                   void *state) {
    for (const Environment *env = session->program; env; env = env->parent)
        for (uint32_t i = 0; i < env->count; i++)
            visit(state, env->bindings[i].name->bytes);
}
