/* Diagnostics: what is wrong with the user's program or input, collected so that one run reports
   everything. Owns its records and their texts. The ids, their classes and explanations are
   diagnostics.def. */
#ifndef RASPC_DIAG_H
#define RASPC_DIAG_H

#include "runtime/base/buffer.h"
#include "runtime/base/source.h"

typedef enum DiagId {
#define DIAG(id, code, class_, title, explanation) id,
#include "runtime/base/diagnostics.def"
#undef DIAG
    DIAG_COUNT
} DiagId;

typedef struct Diagnostic Diagnostic;
typedef struct Diagnostics Diagnostics;

Diagnostics *diagnostics_new(const Sources *sources); /* sources must outlive it */
void diagnostics_free(Diagnostics *diags);

/* Adds an error. Returns it, so that notes and help can follow; never NULL. */
Diagnostic *diag_error(Diagnostics *diags, DiagId id, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
Diagnostic *diag_warning(Diagnostics *diags, DiagId id, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A second place that belongs to the message ("called here"). */
void diag_note(Diagnostic *diag, Span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What to do about it. */
void diag_help(Diagnostic *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

size_t diagnostics_errors(const Diagnostics *diags); /* all, the forgotten ones included */
/* Errors and warnings on record: at most LIMIT_DIAGNOSTIC_RECORDS; later ones are only counted. */
size_t diagnostics_count(const Diagnostics *diags);
DiagId diagnostics_id(const Diagnostics *diags, size_t index);
const char *diagnostics_message(const Diagnostics *diags, size_t index);
Span diagnostics_span(const Diagnostics *diags, size_t index);
/* Forgets everything from record number keep on (the REPL clears between entries). */
void diagnostics_truncate(Diagnostics *diags, size_t keep);

typedef enum DiagStyle { DIAG_PLAIN, DIAG_COLOUR, DIAG_JSON } DiagStyle;

/* Renders records from number first on. DIAG_JSON: one {"error": {...}} object a line. */
void diagnostics_render(const Diagnostics *diags, size_t first, DiagStyle style, Buffer *out);

const char *diag_code(DiagId id);        /* "E0201" */
const char *diag_class(DiagId id);       /* "syntax", "undefined", "type", ... */
const char *diag_title(DiagId id);       /* "undefined name" */
const char *diag_explanation(DiagId id); /* a paragraph with an example */
/* Finds "E0201" or "e0201" or "undefined-name"-like titles; false when there is none. */
bool diag_find(const char *text, DiagId *id);

#endif
