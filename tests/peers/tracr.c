#include "tests/peers/peers.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "tests/conformance/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a case ----------------------------------------------------------------------------------- */

static const char *text_of(const cJSON *json, const char *name) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

/* The program of a name: reverse_2 takes reverse.rasp when it has none of its own. */
static bool read_program(const char *directory, const char *name, Arena *arena, const char **out) {
    size_t len = strlen(name);
    while (len > 0) {
        Buffer path = {0}, text = {0};
        const char *why;
        buffer_printf(&path, "%s/%.*s.rasp", directory, (int)len, name);
        bool read = file_read(path.data, LIMIT_SOURCE_BYTES, &text, &why);
        if (read) *out = arena_strndup(arena, text.data, text.len);
        buffer_free(&path);
        buffer_free(&text);
        if (read) return true;
        do
            len--;
        while (len > 0 && name[len] != '_');
    }
    return false;
}

/* The elements of a JSON list, as --vocab reads them. */
static bool read_list(const cJSON *list, const char *max_len, Arena *arena, Vocabulary *out) {
    Sources *sources = sources_new();
    InputReader reader = {.arena = arena, .sources = sources, .diags = diagnostics_new(sources)};
    char *text = json_print_exact(list);
    bool read = vocabulary_argument(&reader, (VocabularyText){text, max_len, NULL}, out);
    cJSON_free(text);
    diagnostics_free(reader.diags);
    sources_free(sources);
    return read;
}

static bool read_input(const cJSON *list, Arena *arena, Input *out) {
    Sources *sources = sources_new();
    InputReader reader = {.arena = arena, .sources = sources, .diags = diagnostics_new(sources)};
    char *text = json_print_exact(list);
    bool read = input_read_json(&reader, sources_add(sources, "<case>", text, strlen(text)));
    if (read) *out = reader.inputs[0].input;
    cJSON_free(text);
    input_reader_free(&reader);
    diagnostics_free(reader.diags);
    sources_free(sources);
    return read;
}

/* --- the definition against what is expected -------------------------------------------------- */

/* Tracr's numbers come out of float32 weights, and a bool may be 0 or 1. */
static bool matches(const cJSON *expected, Atom got) {
    const double tolerance = 1e-6;
    double number;
    if (cJSON_IsNull(expected)) return true;
    if (cJSON_IsBool(expected)) return atom_equal(got, atom_bool(cJSON_IsTrue(expected)));
    const char *digits = json_number(expected);
    if (digits != NULL)
        return atom_as_double(got, &number) && fabs(number - strtod(digits, NULL)) <= tolerance;
    const char *text = cJSON_GetStringValue(expected);
    return got.kind == ATOM_STRING && strcmp(got.as.string->bytes, text) == 0;
}

/* Runs the case's own input; *out is the diagnostic or the results, for people. */
static bool definition_matches(const Case *program, Input input, const cJSON *expected,
                               Arena *arena, Buffer *out) {
    SessionOptions options = {0};
    Session *session = session_new(&options);
    const String *name;
    Value output;
    bool right =
        session_run_text(session, "tracr.rasp", program->text, strlen(program->text), NULL) &&
        session_main_output(session, &name, &output);
    if (right) {
        ApplyRequest request = {.graph = session_graph(session),
                                .node = output.as.node,
                                .input = input,
                                .arena = arena,
                                .diags = session_diagnostics(session)};
        Outcome outcome = outcome_of(engine_at(0), NULL, &request);
        outcome_show(out, &outcome);
        right =
            outcome.status == APPLY_OK && cJSON_GetArraySize(expected) == (int)outcome.sequence.n;
        for (uint32_t i = 0; right && i < outcome.sequence.n; i++) {
            right = matches(cJSON_GetArrayItem(expected, (int)i), outcome.sequence.atoms[i]);
        }
    } else {
        diagnostics_render(session_diagnostics(session), 0, DIAG_JSON, out);
    }
    session_free(session);
    return right;
}

static bool judge_case(const cJSON *json, const char *directory, const Refusals *refusals,
                       const EngineSet *engines) {
    Arena *arena = arena_new(0);
    char label[128], max_len[32];
    Case program = {0};
    const char *name = text_of(json, "name");
    snprintf(label, sizeof label, "%s %s", text_of(json, "kind"), name);
    snprintf(max_len, sizeof max_len, "%s",
             json_number(cJSON_GetObjectItemCaseSensitive(json, "max_seq_len")));
    bool read = read_program(directory, name, arena, &program.text) &&
                read_list(cJSON_GetObjectItemCaseSensitive(json, "vocab"), max_len, arena,
                          &program.vocabulary);
    const cJSON *input_json = cJSON_GetObjectItemCaseSensitive(json, "input");
    bool passed = read;
    if (!read)
        printf("not ok - %s: there is no program for it\n", label);
    else if (!cJSON_IsNull(input_json)) {
        Input input = {0};
        Buffer got = {0};
        passed =
            read_input(input_json, arena, &input) &&
            definition_matches(&program, input, cJSON_GetObjectItemCaseSensitive(json, "expected"),
                               arena, &got);
        printf("%s - %s: eval gives what is expected\n", passed ? "ok" : "not ok", label);
        if (!passed) printf("# got %s\n", got.len > 0 ? got.data : "nothing");
        buffer_free(&got);
    }
    if (read) {
        Judgement judgement = judge(arena, &program, engines);
        passed = refusals_report(refusals, name, &judgement, engines) && passed;
    }
    arena_free(arena);
    return passed;
}

bool tracr_cases(const char *cases, const char *directory, const Refusals *refusals,
                 const EngineSet *engines) {
    enum { CASES = 63 };
    Buffer text = {0};
    const char *why;
    if (!file_read(cases, LIMIT_SOURCE_BYTES, &text, &why)) {
        printf("not ok - %s: %s\n", cases, why);
        return false;
    }
    bool passed = true;
    int count = 0;
    for (char *line = text.data, *end; line != NULL && (end = strchr(line, '\n')) != NULL;
         line = end + 1) {
        *end = '\0';
        cJSON *json = json_parse_exact(line);
        bool right = json != NULL && judge_case(json, directory, refusals, engines);
        if (json == NULL) printf("not ok - a line of %s is not JSON\n", cases);
        passed = passed && right;
        cJSON_Delete(json);
        count++;
    }
    buffer_free(&text);
    printf("%s - all %d cases were there\n", count == CASES ? "ok" : "not ok", CASES);
    return passed && count == CASES;
}
