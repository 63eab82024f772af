#include "runtime/base/diag_record.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/base/memory.h"
#include "runtime/base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct DiagInfo {
    const char *code, *class_, *title, *explanation;
} DiagInfo;

static const DiagInfo infos[DIAG_COUNT] = {
#define DIAG(id, code, class_, title, explanation) [id] = {code, class_, title, explanation},
#include "runtime/base/diagnostics.def"
#undef DIAG
};

static const DiagInfo *info(DiagId id) {
    if ((unsigned)id >= DIAG_COUNT) BUG("diagnostic number %u", (unsigned)id);
    return &infos[id];
}

const char *diag_code(DiagId id) { return info(id)->code; }
const char *diag_class(DiagId id) { return info(id)->class_; }
const char *diag_title(DiagId id) { return info(id)->title; }
const char *diag_explanation(DiagId id) { return info(id)->explanation; }

/* "undefined-name" and "Undefined name" are the same title. */
static bool same_title(const char *text, const char *title) {
    for (; *text != '\0' && *title != '\0'; text++, title++) {
        char a = (char)tolower((unsigned char)*text), b = (char)tolower((unsigned char)*title);
        if (a != b && !(b == ' ' && (a == '-' || a == '_'))) return false;
    }
    return *text == *title;
}

bool diag_find(const char *text, DiagId *id) {
    for (DiagId candidate = 0; candidate < DIAG_COUNT; candidate++) {
        if (strcasecmp(text, infos[candidate].code) == 0 ||
            same_title(text, infos[candidate].title)) {
            *id = candidate;
            return true;
        }
    }
    return false;
}

/* --- records ---------------------------------------------------------------------------------- */

static void record_clear(Diagnostic *record) {
    free(record->message);
    for (size_t i = 0; i < record->note_count; i++)
        free(record->notes[i].message);
    for (size_t i = 0; i < record->help_count; i++)
        free(record->help[i]);
    free(record->notes);
    free(record->help);
    *record = (Diagnostic){0};
}

/* A message quotes the program, and a program may hold a name of a hundred megabytes. */
enum { LONGEST_MESSAGE = 2000 };

static void shorten(Buffer *text) {
    if (text->len <= LONGEST_MESSAGE) return;
    size_t len = 0;
    while (len < LONGEST_MESSAGE)
        len += utf8_step(text->data + len, text->len - len);
    text->len = len;
    buffer_text(text, "...");
    text->data = memory_resize(text->data, text->len + 1);
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format,
                                                               va_list arguments) {
    Buffer text = {0};
    buffer_vprintf(&text, format, arguments);
    shorten(&text);
    return text.data; /* the record owns it now */
}

Diagnostics *diagnostics_new(const Sources *sources) {
    Diagnostics *diags = memory_zeroed(sizeof *diags);
    diags->sources = sources;
    return diags;
}

void diagnostics_free(Diagnostics *diags) {
    if (diags == NULL) return;
    diagnostics_truncate(diags, 0);
    if (diags->spare != NULL) record_clear(diags->spare);
    free(diags->spare);
    free(diags->records);
    free(diags);
}

void diagnostics_truncate(Diagnostics *diags, size_t keep) {
    diags->uncounted = diags->uncounted_errors = 0;
    while (diags->count > keep) {
        Diagnostic *record = diags->records[--diags->count];
        if (!record->warning) diags->errors--;
        record_clear(record);
        free(record);
    }
}

static Diagnostic *new_record(Diagnostics *diags, bool warning) {
    if (diags->count == LIMIT_DIAGNOSTIC_RECORDS) {
        if (diags->spare == NULL) diags->spare = memory_zeroed(sizeof *diags->spare);
        record_clear(diags->spare);
        diags->uncounted++;
        diags->uncounted_errors += !warning;
        return diags->spare;
    }
    diags->records =
        memory_reserve(diags->records, &diags->capacity, diags->count + 1, sizeof(Diagnostic *));
    Diagnostic *record = memory_zeroed(sizeof *record);
    diags->records[diags->count++] = record;
    diags->errors += !warning;
    return record;
}

__attribute__((format(printf, 5, 0))) static Diagnostic *report(Diagnostics *diags, bool warning,
                                                                DiagId id, Span span,
                                                                const char *format,
                                                                va_list arguments) {
    info(id); /* a number that no row has is our mistake, here rather than at rendering */
    char *message = format_text(format, arguments);
    Diagnostic *record = new_record(diags, warning);
    record->id = id;
    record->warning = warning;
    record->span = span;
    record->message = message;
    return record;
}

Diagnostic *diag_error(Diagnostics *diags, DiagId id, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Diagnostic *record = report(diags, false, id, span, format, arguments);
    va_end(arguments);
    return record;
}

Diagnostic *diag_warning(Diagnostics *diags, DiagId id, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Diagnostic *record = report(diags, true, id, span, format, arguments);
    va_end(arguments);
    return record;
}

void diag_note(Diagnostic *diag, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    diag->notes = memory_reserve(diag->notes, &diag->note_capacity, diag->note_count + 1,
                                 sizeof *diag->notes);
    diag->notes[diag->note_count++] = (DiagNote){span, format_text(format, arguments)};
    va_end(arguments);
}

void diag_help(Diagnostic *diag, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    diag->help =
        memory_reserve(diag->help, &diag->help_capacity, diag->help_count + 1, sizeof *diag->help);
    diag->help[diag->help_count++] = format_text(format, arguments);
    va_end(arguments);
}

/* --- looking ---------------------------------------------------------------------------------- */

static const Diagnostic *record_at(const Diagnostics *diags, size_t index) {
    if (index >= diags->count) BUG("diagnostic %zu of %zu", index, diags->count);
    return diags->records[index];
}

size_t diagnostics_errors(const Diagnostics *diags) {
    return diags->errors + diags->uncounted_errors;
}
size_t diagnostics_count(const Diagnostics *diags) { return diags->count; }
DiagId diagnostics_id(const Diagnostics *diags, size_t index) {
    return record_at(diags, index)->id;
}
const char *diagnostics_message(const Diagnostics *diags, size_t index) {
    return record_at(diags, index)->message;
}
Span diagnostics_span(const Diagnostics *diags, size_t index) {
    return record_at(diags, index)->span;
}
