/* Sequences as CSV (RFC 4180), side by side: a header, then a record a position. Of a sequence of
   vectors every component is a column, c.0, c.1, ...; floats read back as they were; bools are true
   and false. */
#ifndef RASPC_CSV_H
#define RASPC_CSV_H

#include "runtime/value/sequence.h"

typedef struct CsvColumn {
    const char *name;
    Sequence sequence; /* all of one length */
} CsvColumn;

void csv_header(Buffer *out, const CsvColumn *columns, size_t count);
/* Positions [from, to). */
void csv_add_rows(Buffer *out, const CsvColumn *columns, size_t count, uint32_t from, uint32_t to);

#endif
