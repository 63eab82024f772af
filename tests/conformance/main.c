/* Runs the conformance cases: test-conformance values|errors|analyse|repl|shown FILE.jsonl
   [LIST.txt], where the list names the cases that may differ, with the reason, a line each. Reports
   in TAP. repl and shown type into the command that the environment's RASPC names. test-conformance
   seeds FILE.jsonl DIRECTORY writes each case's text as a file, for the fuzzers. */
#include "tests/conformance/case.h"
#include "tests/conformance/repl.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct DifferList {
    Buffer text; /* lines "ID REASON", or "# ..." */
} DifferList;

/* What the list says about the case, or NULL. */
static const char *differs(const DifferList *list, const char *id) {
    size_t len = strlen(id);
    for (const char *line = list->text.data; line && *line;
         line = strchr(line, '\n'), line += line ? 1 : 0)
        if (strncmp(line, id, len) == 0 && line[len] == ' ') return line + len + 1;
    return NULL;
}

/* --- verdicts --------------------------------------------------------------------------------- */

static void print_case(const cJSON *json) {
    char *text = json_print_exact(json);
    printf("# case: %s\n", text);
    cJSON_free(text);
}

static void print_lines(const char *label, const char *text) {
    for (; text && *text; text += *text == '\n') {
        size_t len = strcspn(text, "\n");
        printf("# %s: %.*s\n", label, (int)len, text);
        text += len;
    }
}

static void print_diagnostics(const CaseRun *run) {
    const Diagnostics *diags = session_diagnostics(run->session);
    for (size_t i = run->first_error; i < diagnostics_count(diags); i++)
        printf("# said: %s (%s) %s\n", diag_code(diagnostics_id(diags, i)),
               diag_class(diagnostics_id(diags, i)), diagnostics_message(diags, i));
}

static const char *case_id(const cJSON *json) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "id"));
}

/* What the files say in the reference's words is put into ours: where a library function comes
   from, and that an applied result is a plain value (language III.3). */
static void translate(cJSON *expected) {
    static const char origin[] = "RASP_support/rasplib";
    cJSON *item = expected->child;
    while (item) {
        cJSON *next = item->next;
        const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kind"));
        if (kind && strcmp(kind, "justval") == 0) {
            cJSON *inner = cJSON_DetachItemFromObjectCaseSensitive(item, "inner");
            cJSON_ReplaceItemViaPointer(expected, item, inner);
            item = inner;
        }
        const char *text = cJSON_GetStringValue(item);
        if (text && strncmp(text, origin, strlen(origin)) == 0) {
            char *rest = item->valuestring + strlen(origin);
            memcpy(item->valuestring, "library", strlen("library"));
            memmove(item->valuestring + strlen("library"), rest, strlen(rest) + 1);
        }
        translate(item);
        item = next;
    }
}

static bool judge_values(cJSON *json, const DifferList *list) {
    CaseRun run;
    case_run(&run, json);
    Buffer got = {0};
    bool described = run.has_value && case_describe(&run, run.value, &got);
    cJSON *result = described ? json_parse_exact(got.data) : NULL;
    translate(json);
    const cJSON *expected = cJSON_GetObjectItemCaseSensitive(json, "expected");
    bool equal = result && cJSON_Compare(expected, result, true);
    bool passed = equal == !differs(list, case_id(json));
    printf("%s - %s\n", passed ? "ok" : "not ok", case_id(json));
    if (!passed) {
        print_case(json);
        printf("# got: %s\n", described ? got.data : "nothing");
        print_diagnostics(&run);
    }
    cJSON_Delete(result);
    buffer_free(&got);
    case_end(&run);
    return passed;
}

static bool class_matches(const char *wanted, const char *got) {
    if (strcmp(wanted, "type-or-value") == 0)
        return strcmp(got, "type") == 0 || strcmp(got, "value") == 0;
    return strcmp(wanted, got) == 0;
}

/* True when the case was refused with the wanted class. What is known when a program is read is
   reported there (language III.5), and the expression's own message then follows from it. */
static bool is_refused(const CaseRun *run, const char *wanted) {
    const Diagnostics *diags = session_diagnostics(run->session);
    if (diagnostics_count(diags) == run->first_error) return false;
    for (size_t i = 0; i <= run->first_error; i++)
        if (diagnostics_span(diags, i).file != 0 &&
            class_matches(wanted, diag_class(diagnostics_id(diags, i))))
            return true;
    return false;
}

static bool judge_errors(const cJSON *json, const DifferList *list) {
    CaseRun run;
    case_run(&run, json);
    Buffer got = {0};
    bool accepted = run.has_value && case_describe(&run, run.value, &got);
    const cJSON *expected = cJSON_GetObjectItemCaseSensitive(json, "expected");
    const char *wanted = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(expected, "class"));
    bool refused = !accepted && is_refused(&run, wanted);
    const char *item = differs(list, case_id(json));
    bool other_class = item && strncmp(item, "III.6 ", 6) == 0;
    bool passed = !item ? refused : other_class ? !accepted && !refused : accepted;
    printf("%s - %s\n", passed ? "ok" : "not ok", case_id(json));
    if (!passed) {
        print_case(json);
        if (accepted) printf("# accepted, got: %s\n", got.data);
        run.first_error = 0;
        print_diagnostics(&run);
    }
    buffer_free(&got);
    case_end(&run);
    return passed;
}

/* Never more layers or heads than the reference counts; equal unless the list says why fewer. */
static bool judge_analyse(const cJSON *json, const DifferList *list) {
    CaseRun run;
    case_run(&run, json);
    Buffer got = {0};
    bool passed = false;
    if (run.has_value && run.value.kind == VALUE_SOP) {
        Layers layers =
            graph_layers(session_graph(run.session), run.value.as.node, session_arena(run.session));
        long wanted_layers = atol(json_number(cJSON_GetObjectItemCaseSensitive(json, "layers")));
        const cJSON *wanted_heads = cJSON_GetObjectItemCaseSensitive(json, "heads_per_layer");
        long wanted_total = 0, total = 0;
        const cJSON *item;
        cJSON_ArrayForEach(item, wanted_heads) wanted_total += atol(json_number(item));
        bool equal = layers.count == wanted_layers;
        buffer_printf(&got, "%u layers, heads", layers.count);
        for (uint32_t i = 0; i < layers.count; i++) {
            const cJSON *wanted = cJSON_GetArrayItem(wanted_heads, (int)i);
            equal = equal && wanted && layers.heads[i] == atol(json_number(wanted));
            total += layers.heads[i];
            buffer_printf(&got, " %u", layers.heads[i]);
        }
        bool more = layers.count > wanted_layers || total > wanted_total;
        passed = !more && equal == !differs(list, case_id(json));
    }
    printf("%s - %s\n", passed ? "ok" : "not ok", case_id(json));
    if (!passed) {
        print_case(json);
        printf("# got: %s\n", got.data ? got.data : "no s-op");
        print_diagnostics(&run);
    }
    buffer_free(&got);
    case_end(&run);
    return passed;
}

/* shows is repl_prints or repl_shows. */
static bool judge_typed(const cJSON *json, const DifferList *list,
                        bool (*shows)(const char *command, const cJSON *json, Buffer *got),
                        const char *wanted) {
    const char *command = getenv("RASPC");
    Buffer got = {0};
    bool passed =
        shows(command ? command : "build/raspc", json, &got) == !differs(list, case_id(json));
    printf("%s - %s\n", passed ? "ok" : "not ok", case_id(json));
    if (!passed) {
        print_case(json);
        print_lines("wanted", cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, wanted)));
        print_lines("got", got.data);
    }
    buffer_free(&got);
    return passed;
}

/* --- seeds for the fuzzers -------------------------------------------------------------------- */

static bool write_seed(const cJSON *json, const char *directory) {
    Buffer path = {0}, text = {0};
    const char *program = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "program"));
    const char *expr = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "expr"));
    buffer_printf(&path, "%s/%s.rasp", directory, case_id(json));
    buffer_printf(&text, "%s%s;\n", program ? program : "", expr ? expr : "");
    const char *why = NULL;
    bool written = file_write(path.data, text.data, text.len, &why);
    if (!written) fprintf(stderr, "%s: %s\n", path.data, why);
    buffer_free(&path);
    buffer_free(&text);
    return written;
}

/* --- the command ------------------------------------------------------------------------------ */

static bool read_or_complain(const char *path, Buffer *out) {
    const char *why = NULL;
    if (file_read(path, LIMIT_SOURCE_BYTES, out, &why)) return true;
    fprintf(stderr, "%s: %s\n", path, why);
    return false;
}

static bool judge(const char *what, cJSON *json, const DifferList *list, const char *last) {
    if (strcmp(what, "values") == 0) return judge_values(json, list);
    if (strcmp(what, "errors") == 0) return judge_errors(json, list);
    if (strcmp(what, "analyse") == 0) return judge_analyse(json, list);
    if (strcmp(what, "repl") == 0) return judge_typed(json, list, repl_prints, "stdout");
    if (strcmp(what, "shown") == 0)
        return !cJSON_HasObjectItem(json, "text") || judge_typed(json, list, repl_shows, "text");
    return write_seed(json, last);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr,
                "usage: test-conformance values|errors|analyse|repl|shown FILE.jsonl [LIST.txt]\n");
        return 2;
    }
    bool for_seeds = strcmp(argv[1], "seeds") == 0;
    Buffer cases = {0};
    DifferList list = {0};
    if (!read_or_complain(argv[2], &cases)) return 2;
    if (argc > 3 && !for_seeds && !read_or_complain(argv[3], &list.text)) return 2;
    int failed = 0;
    for (char *line = strtok(cases.data, "\n"); line; line = strtok(NULL, "\n")) {
        cJSON *json = json_parse_exact(line);
        if (!json || !judge(argv[1], json, &list, argc > 3 ? argv[3] : ".")) failed++;
        cJSON_Delete(json);
    }
    buffer_free(&cases);
    buffer_free(&list.text);
    return failed ? 1 : 0;
}
