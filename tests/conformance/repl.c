#include "tests/conformance/repl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- running the command ---------------------------------------------------------------------- */

static bool write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (!file) return false;
    bool written = fputs(text, file) >= 0;
    return fclose(file) == 0 && written;
}

/* Writes the case's files below the directory. */
static bool write_files(const char *directory, const cJSON *files) {
    Buffer path = {0};
    bool written = true;
    const cJSON *file;
    cJSON_ArrayForEach(file, files) {
        path.len = 0;
        buffer_printf(&path, "%s/%s", directory, file->string);
        char *slash = strrchr(path.data, '/');
        *slash = 0;
        mkdir(path.data, 0700); /* one level is all that the cases have */
        *slash = '/';
        written = write_text(path.data, file->valuestring) && written;
    }
    buffer_free(&path);
    return written;
}

static bool run_in(const char *directory, const char *command, Buffer *out) {
    Buffer line = {0};
    buffer_printf(&line, "cd %s && exec timeout 20 '%s' <typed 2>/dev/null", directory, command);
    FILE *pipe = popen(line.data, "r");
    buffer_free(&line);
    if (!pipe) return false;
    char piece[4096];
    for (size_t len; (len = fread(piece, 1, sizeof piece, pipe)) > 0;)
        buffer_add(out, piece, len);
    return pclose(pipe) == 0;
}

static void remove_directory(const char *directory, bool has_files) {
    Buffer line = {0};
    buffer_printf(&line, "%s/typed", directory);
    remove(line.data);
    line.len = 0;
    buffer_printf(&line, "rm -r %s", directory);
    if (has_files && system(line.data) != 0)
        fprintf(stderr, "%s is left behind\n", directory);
    else if (!has_files)
        rmdir(directory);
    buffer_free(&line);
}

/* Types the text into the command, in a directory of its own that holds the files; false when that
   can't be done. What the command prints is added to out, what it complains of is dropped. */
static bool type_into(const char *command, const cJSON *files, const char *text, Buffer *out) {
    char directory[] = "/tmp/raspc-repl-XXXXXX";
    if (!mkdtemp(directory)) return false;
    Buffer typed = {0};
    buffer_printf(&typed, "%s/typed", directory);
    bool done = write_files(directory, files) && write_text(typed.data, text) &&
                run_in(directory, command, out);
    buffer_free(&typed);
    remove_directory(directory, files != NULL);
    return done;
}

/* --- comparing lines -------------------------------------------------------------------------- */

typedef struct Line {
    const char *text;
    size_t len;
    bool any_indent; /* a continuation prompt, with its own indentation, stood before it */
} Line;

/* The line at text without its prompts. The reference prints them in pipes too: ">> >>  value: ..".
 */
static Line line_at(const char *text) {
    Line line = {.text = text};
    for (;;) {
        if (strncmp(line.text, ">>", 2) == 0) {
            line.text += line.text[2] == ' ' ? 3 : 2;
        } else if (strncmp(line.text, "..", 2) == 0) {
            line.text += 2;
            line.text += strspn(line.text, " ");
            line.any_indent = true;
        } else {
            break;
        }
    }
    line.len = strcspn(line.text, "\n");
    /* Where a library function comes from is not the reference's to say. */
    static const char origin[] = "RASP_support/rasplib";
    const char *at = strstr(line.text, origin);
    if (at && at < line.text + line.len) {
        line.len -= (size_t)(at + strlen(origin) - line.text);
        line.text = at + strlen(origin);
        line.any_indent = true;
    }
    return line;
}

static bool line_equal(Line expected, Line got) {
    if (expected.any_indent) /* then only the ends are compared */
        return got.len >= expected.len &&
               memcmp(expected.text, got.text + got.len - expected.len, expected.len) == 0;
    return got.len == expected.len && memcmp(expected.text, got.text, got.len) == 0;
}

static size_t split(const char *text, Line *lines, size_t most) {
    size_t count = 0;
    while (*text && count < most) {
        Line line = line_at(text);
        bool only_prompts = line.len == 0;
        if (!only_prompts) lines[count++] = line;
        text = line.text + line.len;
        if (*text == '\n') text++;
    }
    return count;
}

enum { MOST_LINES = 1000 };

/* from_end: the last lines of got are compared, else all. */
static bool lines_equal(const char *expected, const char *got, bool from_end) {
    static const size_t bytes = MOST_LINES * sizeof(Line);
    Line *wanted = malloc(bytes), *have = malloc(bytes);
    bool equal = wanted && have;
    if (equal) {
        size_t wanted_count = split(expected, wanted, MOST_LINES),
               have_count = split(got, have, MOST_LINES);
        size_t first = from_end && have_count > wanted_count ? have_count - wanted_count : 0;
        equal = have_count - first == wanted_count;
        for (size_t i = 0; equal && i < wanted_count; i++)
            equal = line_equal(wanted[i], have[first + i]);
    }
    free(wanted);
    free(have);
    return equal;
}

/* --- cases ------------------------------------------------------------------------------------ */

static const char *text_of(const cJSON *json, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
    return text ? text : "";
}

bool repl_prints(const char *command, const cJSON *json, Buffer *got) {
    return type_into(command, NULL, text_of(json, "program"), got) &&
           lines_equal(text_of(json, "stdout"), got->data ? got->data : "", false);
}

/* JSON as RASP writes it. */
static void write_literal(const cJSON *json, Buffer *out) {
    const char *number = json_number(json);
    bool is_list = cJSON_IsArray(json);
    if (number && strchr(number, 'e')) {
        buffer_printf(out, "%.40f", strtod(number, NULL)); /* RASP has no exponents */
    } else if (number) {
        buffer_text(out, number);
    } else if (cJSON_IsString(json)) {
        buffer_printf(out, "\"%s\"", json->valuestring);
    } else if (cJSON_IsBool(json)) {
        buffer_text(out, cJSON_IsTrue(json) ? "True" : "False");
    } else {
        buffer_char(out, is_list ? '[' : '{');
        const cJSON *item;
        cJSON_ArrayForEach(item, json) {
            if (item != json->child) buffer_text(out, ", ");
            if (!is_list) buffer_printf(out, "\"%s\": ", item->string);
            write_literal(item, out);
        }
        buffer_char(out, is_list ? ']' : '}');
    }
}

bool repl_shows(const char *command, const cJSON *json, Buffer *got) {
    Buffer typed = {0};
    const cJSON *example = cJSON_GetObjectItemCaseSensitive(json, "example");
    const cJSON *input = cJSON_GetObjectItemCaseSensitive(json, "input");
    if (example) {
        buffer_text(&typed, "set example ");
        write_literal(example, &typed);
        buffer_char(&typed, '\n');
    }
    bool raw = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "raw"));
    buffer_printf(&typed, "%s%s%s\n", text_of(json, "program"), text_of(json, "expr"),
                  raw ? "" : ";");
    if (input) {
        buffer_printf(&typed, "(%s)(", text_of(json, "expr"));
        write_literal(input, &typed);
        buffer_text(&typed, ");\n");
    }
    bool typed_in =
        type_into(command, cJSON_GetObjectItemCaseSensitive(json, "files"), typed.data, got);
    buffer_free(&typed);
    return typed_in && lines_equal(text_of(json, "text"), got->data ? got->data : "", true);
}
