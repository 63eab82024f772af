/* load "f": another file's statements, in an environment of their own. Its names come over as they
   are given, except those that begin with '_'. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/limits.h"

#include <string.h>

/* "dir/name.rasp", or "name.rasp" where dir is empty. */
static const char *join_path(Session *session, const char *dir, size_t dir_len,
                             const String *name) {
    Buffer path = {0};
    buffer_add(&path, dir, dir_len);
    if (dir_len && dir[dir_len - 1] != '/') buffer_char(&path, '/');
    buffer_add(&path, name->bytes, name->len);
    buffer_text(&path, ".rasp");
    const char *joined = arena_strndup(session->arena, path.data, path.len);
    buffer_free(&path);
    return joined;
}

static bool read_candidate(Session *session, const char *path, Buffer *text, const char **why) {
    return session->options.read_file(session->options.read_state, path, LIMIT_SOURCE_BYTES, text,
                                      why);
}

/* Beside the loading file, then in the current directory, then among the installed programs. */
static const char *find_file(Session *session, const String *name, Buffer *text, const char **why) {
    const char *path = session->loading ? session->loading->path : "";
    const char *slash = strrchr(path, '/');
    const char *candidates[3] = {0};
    int count = 0;
    if (slash && name->bytes[0] != '/')
        candidates[count++] = join_path(session, path, (size_t)(slash - path) + 1, name);
    candidates[count++] = join_path(session, "", 0, name);
    if (session->options.programs && name->bytes[0] != '/')
        candidates[count++] =
            join_path(session, session->options.programs, strlen(session->options.programs), name);
    for (int i = 0; i < count; i++) {
        const char *reason = NULL;
        text->len = 0;
        if (read_candidate(session, candidates[i], text, &reason)) return candidates[i];
        if (i == 0) *why = reason;
    }
    return NULL;
}

static bool refuse(Session *session, const Tree *tree, const char *why) {
    report(session, DIAG_LOAD, tree->span, "can't load \"%s\": %s", tree->text->bytes, why);
    session->load_failed = true;
    return false;
}

static bool already_loading(const Session *session, const char *path) {
    for (const Loading *loading = session->loading; loading; loading = loading->outer)
        if (strcmp(loading->path, path) == 0) return true;
    return false;
}

static bool is_public(const Result *result) {
    return result->kind == RESULT_VALUE && result->name->bytes[0] != '_' &&
           strcmp(result->name->bytes, "out") != 0;
}

/* A file's results are shown once at its end: public names, each with its last value. */
static void pass_on_results(Session *session, const Results *file) {
    Environment *seen = environment_new(session->arena, NULL);
    bool *shown = ARENA_ARRAY(session->arena, bool, file->count);
    for (uint32_t i = file->count; i-- > 0;) {
        const Result *result = &file->items[i];
        shown[i] = is_public(result) && environment_own(seen, result->name) == NULL;
        if (shown[i]) environment_set(session->arena, seen, result->name, result->value);
    }
    for (uint32_t i = 0; i < file->count; i++) {
        Result result = file->items[i];
        result.loaded = true;
        if (shown[i]) add_result(session, result);
    }
}

static bool run_file(Session *session, Environment *env, const char *path, const Buffer *text) {
    uint32_t file = sources_add(session->sources, path, text->data ? text->data : "", text->len);
    Tree *program = parse_program(session->arena, session->sources, file, session->diags);
    Environment *inner = environment_new(session->arena, session->library);
    inner->exports_to = env;
    inner->is_top = true;
    size_t len = strlen(path);
    inner->origin = arena_strndup(session->arena, path, len > 5 ? len - 5 : len);

    Loading loading = {.outer = session->loading, .file = file, .path = path};
    Results own = {0}, *outer = session->results;
    bool at_top = session->at_top;
    session->loading = &loading;
    session->results = outer && at_top ? &own : NULL;
    session->load_depth++;
    bool good = elaborate_program(session, inner, program);
    session->load_depth--;
    session->exiting = false; /* `exit` in a file ends the file */
    session->results = outer;
    session->at_top = at_top;
    session->loading = loading.outer;
    pass_on_results(session, &own);
    return good;
}

bool elaborate_load(Session *session, Environment *env, const Tree *tree) {
    if (!session->options.read_file) return refuse(session, tree, "files can't be read here");
    if (memchr(tree->text->bytes, 0, tree->text->len))
        return refuse(session, tree, "a file's name has no NUL bytes");
    if (session->load_depth >= LIMIT_LOAD_DEPTH)
        return refuse(session, tree, "too many files loading one another");
    Buffer text = {0};
    const char *why = "not found";
    const char *path = find_file(session, tree->text, &text, &why);
    bool good;
    if (!path)
        good = refuse(session, tree, why ? why : "not found");
    else if (already_loading(session, path))
        good = refuse(session, tree,
                      "the file is being loaded already; it would load itself for ever");
    else
        good = run_file(session, env, path, &text);
    buffer_free(&text);
    return good;
}
