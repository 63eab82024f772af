#include "tests/conformance/json.h"

#include "runtime/value/atom.h"

#include <stdlib.h>
#include <string.h>

static bool is_number_byte(char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Adds the number at text as a marked string and returns its end. */
static const char *add_number(const char *text, Buffer *out) {
    const char *end = text;
    bool is_float = false;
    for (; is_number_byte(*end); end++)
        is_float = is_float || (*end != '-' && (*end < '0' || *end > '9'));
    buffer_text(out, "\"\\u0001");
    if (is_float)
        float_format_repr(out, strtod(text, NULL));
    else
        buffer_add(out, text, (size_t)(end - text));
    buffer_char(out, '"');
    return end;
}

cJSON *json_parse_exact(const char *text) {
    Buffer marked = {0};
    bool inside_string = false;
    while (*text) {
        if (!inside_string && (*text == '-' || (*text >= '0' && *text <= '9'))) {
            text = add_number(text, &marked);
            continue;
        }
        if (*text == '"') inside_string = !inside_string;
        if (*text == '\\' && text[1]) buffer_char(&marked, *text++);
        buffer_char(&marked, *text++);
    }
    cJSON *json = cJSON_Parse(marked.data ? marked.data : "");
    buffer_free(&marked);
    return json;
}

const char *json_number(const cJSON *item) {
    const char *text = cJSON_GetStringValue(item);
    return text && text[0] == NUMBER_MARK ? text + 1 : NULL;
}

char *json_print_exact(const cJSON *item) {
    /* A marked string prints as "\u0001...": drop what was added. */
    static const char mark[] = "\"\\u0001";
    char *text = cJSON_PrintUnformatted(item);
    char *to = text;
    for (const char *from = text; *from;) {
        if (strncmp(from, mark, strlen(mark)) == 0) {
            for (from += strlen(mark); *from != '"'; from++)
                *to++ = *from;
            from++;
        } else {
            *to++ = *from++;
        }
    }
    *to = 0;
    return text;
}
