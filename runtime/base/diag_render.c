#include "runtime/base/diag_record.h"
#include "runtime/base/excerpt.h"
#include "runtime/base/limits.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* The escapes of one look; empty strings for plain text, so that nothing else differs. */
typedef struct Paint {
    const char *error, *warning, *note, *help, *place, *caret, *off;
} Paint;

static const Paint plain = {"", "", "", "", "", "", ""};
static const Paint coloured = {"\x1b[1;31m", "\x1b[1;35m", "\x1b[1;36m", "\x1b[1;32m",
                               "\x1b[1m",    "\x1b[1;31m", "\x1b[0m"};

/* "hist.rasp:3:8: ", or "raspc: " for what has no place. */
static void add_place(Buffer *out, const Sources *sources, Span span, const Paint *paint) {
    buffer_text(out, paint->place);
    if (span.file == 0) {
        buffer_text(out, "raspc:");
    } else {
        uint32_t line, column;
        sources_position(sources, span, &line, &column);
        const char *name = sources_name(sources, span.file);
        visible_text(out, name, strlen(name));
        buffer_printf(out, ":%u:%u:", line, column);
    }
    buffer_text(out, paint->off);
    buffer_char(out, ' ');
}

static void add_message(Buffer *out, const char *message) {
    visible_text(out, message, strlen(message));
    buffer_char(out, '\n');
}

/* "      = help: ..." */
static void add_remark(Buffer *out, const char *kind, const char *message, const char *on,
                       const char *off) {
    buffer_printf(out, "%*s = %s%s:%s ", EXCERPT_GUTTER, "", on, kind, off);
    add_message(out, message);
}

static void render_text(const Diagnostic *d, const Sources *sources, const Paint *paint,
                        Buffer *out) {
    add_place(out, sources, d->span, paint);
    const char *head = d->warning ? paint->warning : paint->error;
    buffer_printf(out, "%s%s[%s]:%s ", head, d->warning ? "warning" : "error", diag_code(d->id),
                  paint->off);
    add_message(out, d->message);
    excerpt_add(out, sources, d->span, paint->caret, paint->off);
    for (size_t i = 0; i < d->help_count; i++) {
        add_remark(out, "help", d->help[i], paint->help, paint->off);
    }
    for (size_t i = 0; i < d->note_count; i++) {
        DiagNote note = d->notes[i];
        if (note.span.file == 0) {
            add_remark(out, "note", note.message, paint->note, paint->off);
            continue;
        }
        add_place(out, sources, note.span, paint);
        buffer_printf(out, "%snote:%s ", paint->note, paint->off);
        add_message(out, note.message);
        excerpt_add(out, sources, note.span, paint->note, paint->off);
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* cJSON writes bytes as they come: what is not UTF-8 must not reach it. */
static cJSON *json_text(const char *text) {
    Buffer shown = {0};
    visible_text(&shown, text, strlen(text));
    buffer_add(&shown, "", 0);
    cJSON *string = cJSON_CreateString(shown.data);
    buffer_free(&shown);
    return string;
}

static void add_json_text(cJSON *object, const char *key, const char *text) {
    cJSON_AddItemToObject(object, key, json_text(text));
}

static void add_json_place(cJSON *object, const Sources *sources, Span span) {
    uint32_t line, column;
    if (span.file == 0) {
        cJSON_AddNullToObject(object, "file");
        cJSON_AddNullToObject(object, "line");
        cJSON_AddNullToObject(object, "column");
        return;
    }
    sources_position(sources, span, &line, &column);
    add_json_text(object, "file", sources_name(sources, span.file));
    cJSON_AddNumberToObject(object, "line", line);
    cJSON_AddNumberToObject(object, "column", column);
}

static void add_json_line(cJSON *object, Buffer *out) {
    char *text = cJSON_PrintUnformatted(object);
    if (text != NULL) buffer_text(out, text);
    buffer_char(out, '\n');
    free(text);
    cJSON_Delete(object);
}

static void render_json(const Diagnostic *d, const Sources *sources, Buffer *out) {
    cJSON *line = cJSON_CreateObject();
    cJSON *object = cJSON_AddObjectToObject(line, d->warning ? "warning" : "error");
    cJSON_AddStringToObject(object, "id", diag_code(d->id));
    cJSON_AddStringToObject(object, "class", diag_class(d->id));
    add_json_text(object, "message", d->message);
    add_json_place(object, sources, d->span);
    cJSON *notes = cJSON_AddArrayToObject(object, "notes");
    for (size_t i = 0; i < d->note_count; i++) {
        cJSON *note = cJSON_CreateObject();
        add_json_text(note, "message", d->notes[i].message);
        add_json_place(note, sources, d->notes[i].span);
        cJSON_AddItemToArray(notes, note);
    }
    cJSON *help = cJSON_AddArrayToObject(object, "help");
    for (size_t i = 0; i < d->help_count; i++) {
        cJSON_AddItemToArray(help, json_text(d->help[i]));
    }
    add_json_line(line, out);
}

/* --- all -------------------------------------------------------------------------------------- */

static void render_rest(size_t rest, DiagStyle style, Buffer *out) {
    if (style == DIAG_JSON)
        buffer_printf(out, "{\"more\": %zu}\n", rest);
    else
        buffer_printf(out, "raspc: and %zu more\n", rest);
}

void diagnostics_render(const Diagnostics *diags, size_t first, DiagStyle style, Buffer *out) {
    size_t last = diags->count, rest = diags->uncounted;
    if (last > first && last - first > LIMIT_DIAGNOSTICS) {
        rest += last - first - LIMIT_DIAGNOSTICS;
        last = first + LIMIT_DIAGNOSTICS;
    }
    for (size_t i = first; i < last; i++) {
        const Diagnostic *record = diags->records[i];
        if (style == DIAG_JSON)
            render_json(record, diags->sources, out);
        else
            render_text(record, diags->sources, style == DIAG_COLOUR ? &coloured : &plain, out);
    }
    if (rest != 0) render_rest(rest, style, out);
}
