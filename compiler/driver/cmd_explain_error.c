/* raspc explain-error [ID]: a diagnostic's explanation, or the list of all. */
#include "compiler/driver/driver.h"

#include "runtime/base/memory.h"
#include "runtime/base/text.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

static void add_json(DiagId id, Buffer *out) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "id", diag_code(id));
    cJSON_AddStringToObject(object, "class", diag_class(id));
    cJSON_AddStringToObject(object, "title", diag_title(id));
    cJSON_AddStringToObject(object, "explanation", diag_explanation(id));
    char *text = cJSON_PrintUnformatted(object);
    if (text != NULL) buffer_text(out, text);
    buffer_char(out, '\n');
    free(text);
    cJSON_Delete(object);
}

static void add_explanation(DiagId id, Buffer *out) {
    buffer_printf(out, "%s: %s\n\n%s", diag_code(id), diag_title(id), diag_explanation(id));
}

static void add_list(bool json, Buffer *out) {
    for (DiagId id = 0; id < DIAG_COUNT; id++) {
        if (json)
            add_json(id, out);
        else
            buffer_printf(out, "%s  %s\n", diag_code(id), diag_title(id));
    }
}

static ExitStatus unknown(const Driver *driver, const char *word) {
    const char **known = memory_zeroed(2 * DIAG_COUNT * sizeof *known);
    for (DiagId id = 0; id < DIAG_COUNT; id++) {
        known[2 * id] = diag_code(id);
        known[2 * id + 1] = diag_title(id);
    }
    const char *nearest = spelling_nearest(word, known, 2 * DIAG_COUNT);
    free(known);
    if (nearest == NULL) return driver_usage(driver, "there is no diagnostic '%s'", word);
    return driver_usage(driver, "there is no diagnostic '%s'; did you mean '%s'?", word, nearest);
}

ExitStatus cmd_explain_error(Driver *driver) {
    const Options *options = &driver->options;
    bool json = option_given(options, OPT_JSON);
    if (options->operand_count == 0) add_list(json, &driver->out);
    for (size_t i = 0; i < options->operand_count; i++) {
        DiagId id;
        if (!diag_find(options->operands[i], &id)) return unknown(driver, options->operands[i]);
        if (i > 0 && !json) buffer_char(&driver->out, '\n');
        if (json)
            add_json(id, &driver->out);
        else
            add_explanation(id, &driver->out);
    }
    return EXIT_DONE;
}
