#include "tests/conformance/case.h"

#include <stdlib.h>
#include <string.h>

/* --- files: the case's own, by name ----------------------------------------------------------- */

static bool read_case_file(void *state, const char *path, size_t limit, Buffer *out,
                           const char **why) {
    const CaseRun *run = state;
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run->files, path));
    if (!text || strlen(text) > limit) {
        *why = "No such file or directory";
        return false;
    }
    buffer_add(out, text, strlen(text));
    return true;
}

/* --- values from JSON ------------------------------------------------------------------------- */

static Atom number_atom(Arena *arena, const char *digits) {
    if (strpbrk(digits, ".einf")) return atom_float(strtod(digits, NULL));
    bool negative = digits[0] == '-';
    Atom magnitude = atom_parse_int(arena, digits + negative, strlen(digits) - negative);
    Atom number = magnitude;
    if (negative) atom_unary(arena, UNARY_NEG, magnitude, &number);
    return number;
}

static Value value_from_json(Arena *arena, const cJSON *json);

static Value dict_from_json(Arena *arena, const cJSON *json) {
    Dict *dict = dict_new(arena);
    const cJSON *item;
    cJSON_ArrayForEach(item, json) dict_set(
        arena, dict, atom_string(string_from(arena, item->string)), value_from_json(arena, item));
    return (Value){.kind = VALUE_DICT, .as.dict = dict};
}

static Value value_from_json(Arena *arena, const cJSON *json) {
    if (json_number(json)) return value_atom(number_atom(arena, json_number(json)));
    if (cJSON_IsString(json)) return value_atom(atom_string(string_from(arena, json->valuestring)));
    if (cJSON_IsBool(json)) return value_atom(atom_bool(cJSON_IsTrue(json)));
    if (cJSON_IsObject(json)) return dict_from_json(arena, json);
    uint32_t count = (uint32_t)cJSON_GetArraySize(json);
    Value *items = ARENA_ARRAY(arena, Value, count);
    uint32_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, json) items[i++] = value_from_json(arena, item);
    return value_list(list_new(arena, items, count));
}

/* --- running ---------------------------------------------------------------------------------- */

/* Parses the entry and runs it; true when more input is wanted. */
static bool run_entry(CaseRun *run, const Buffer *entry, bool more_may_come, Results *results) {
    Session *session = run->session;
    Sources *sources = session_sources(session);
    uint32_t file = sources_add(sources, "<console>", entry->data, entry->len);
    Tree *tree = NULL;
    ParseStatus status =
        parse_entry(session_arena(session), sources, file, session_diagnostics(session), &tree);
    if (status == PARSE_INCOMPLETE && more_may_come) return true;
    if (status == PARSE_INCOMPLETE)
        diag_error(session_diagnostics(session), DIAG_INCOMPLETE,
                   (Span){file, (uint32_t)entry->len, (uint32_t)entry->len}, "input not finished");
    if (status == PARSE_OK) session_run(session, tree, results);
    return false;
}

void case_type(CaseRun *run, const char *text, Results *results) {
    Buffer entry = {0};
    while (*text) {
        const char *end = strchr(text, '\n');
        size_t len = end ? (size_t)(end - text) + 1 : strlen(text);
        buffer_add(&entry, text, len);
        text += len;
        if (!run_entry(run, &entry, *text != 0, results)) entry.len = 0;
    }
    buffer_free(&entry);
}

static const char *case_text(const cJSON *json, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
}

void case_run(CaseRun *run, const cJSON *json) {
    *run = (CaseRun){.files = cJSON_GetObjectItemCaseSensitive(json, "files")};
    SessionOptions options = {.interactive = true, .read_file = read_case_file, .read_state = run};
    run->session = session_new(&options);
    Arena *arena = session_arena(run->session);
    const cJSON *example = cJSON_GetObjectItemCaseSensitive(json, "example");
    if (example) {
        Examples *examples = session_examples(run->session);
        examples->sop = examples->selector = value_from_json(arena, example);
    }
    if (case_text(json, "program")) case_type(run, case_text(json, "program"), NULL);
    run->first_error = diagnostics_count(session_diagnostics(run->session));

    Buffer typed = {0};
    buffer_text(&typed, case_text(json, "expr"));
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "raw"))) buffer_char(&typed, ';');
    Results results = {0};
    case_type(run, typed.data, &results);
    buffer_free(&typed);

    for (uint32_t i = 0; i < results.count; i++) {
        if (results.items[i].kind != RESULT_VALUE || results.items[i].loaded) continue;
        run->value = results.items[i].value;
        run->span = results.items[i].span;
        run->has_value = true;
    }
    const cJSON *input = cJSON_GetObjectItemCaseSensitive(json, "input");
    if (input && run->has_value)
        run->has_value = session_apply(run->session, run->value, value_from_json(arena, input),
                                       run->span, &run->value);
}

void case_end(CaseRun *run) { session_free(run->session); }

/* --- values to the form of the files ---------------------------------------------------------- */

static void describe_atom(Atom atom, Buffer *out) {
    static const char *const names[] = {"bool", "int", "float", "string", "opaque"};
    buffer_printf(out, "{\"kind\": \"atom\", \"type\": \"%s\", \"value\": ", names[atom.kind]);
    atom_format_json(out, atom);
    buffer_char(out, '}');
}

static bool describe_items(CaseRun *run, Value value, Buffer *out) {
    bool is_dict = value.kind == VALUE_DICT;
    uint32_t count = is_dict ? value.as.dict->count : value.as.list->count;
    buffer_printf(out, "{\"kind\": \"%s\", \"items\": [", is_dict ? "dict" : "list");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buffer_text(out, ", ");
        if (is_dict) {
            buffer_char(out, '[');
            atom_format_json(out, value.as.dict->keys[i]);
            buffer_text(out, ", ");
        }
        if (!case_describe(run, is_dict ? value.as.dict->values[i] : value.as.list->items[i], out))
            return false;
        if (is_dict) buffer_char(out, ']');
    }
    buffer_text(out, "]}");
    return true;
}

/* As the REPL names it: "library function: max(a, b)". */
static void describe_function(const Function *function, Buffer *out) {
    const Tree *names = function->definition->child[0];
    buffer_printf(out, "{\"kind\": \"function\", \"value\": \"%s function: %s(", function->origin,
                  function->name->bytes);
    for (uint32_t i = 0; i < names->count; i++)
        buffer_printf(out, "%s%s", i > 0 ? ", " : "", names->child[i]->text->bytes);
    buffer_text(out, ")\"}");
}

static bool describe_on_example(CaseRun *run, Value value, Buffer *out) {
    const Examples *examples = session_examples(run->session);
    bool is_selector = value.kind == VALUE_SELECTOR;
    Value shown;
    if (!session_apply(run->session, value, is_selector ? examples->selector : examples->sop,
                       run->span, &shown))
        return false;
    buffer_printf(out, "{\"kind\": \"%s\", \"on_example\": ", is_selector ? "selector" : "sop");
    bool described = case_describe(run, shown, out);
    buffer_char(out, '}');
    return described;
}

bool case_describe(CaseRun *run, Value value, Buffer *out) {
    switch (value.kind) {
    case VALUE_ERROR:
    case VALUE_SCORE: /* Part II: no case shows one */
    case VALUE_PATTERN:
    case VALUE_BARRED: return false;
    case VALUE_ATOM: describe_atom(value.as.atom, out); return true;
    case VALUE_LIST:
    case VALUE_DICT: return describe_items(run, value, out);
    case VALUE_FUNCTION: describe_function(value.as.function, out); return true;
    case VALUE_SOP:
    case VALUE_SELECTOR: return describe_on_example(run, value, out);
    case VALUE_SEQUENCE: sequence_format_json(out, *value.as.sequence); return true;
    case VALUE_MATRIX: matrix_format_json(out, *value.as.matrix); return true;
    }
    return false;
}
