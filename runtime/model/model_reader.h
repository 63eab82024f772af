/* Reading the model's text form: characters, numbers, atoms, lists. The first mistake ends it. */
#ifndef RASPC_MODEL_READER_H
#define RASPC_MODEL_READER_H

#include "runtime/model/model.h"

typedef struct Reader {
    Arena *arena;
    Diagnostics *diags;
    uint32_t file;
    const char *text; /* (len), NUL behind it */
    size_t len, at;
    double run_items; /* of lists so far: those that no text of their own stands for */
} Reader;

/* From the file's beginning; false after reporting that it is not UTF-8. */
bool read_open(Reader *r, Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags);

/* A growing array in the arena: what a text has several of. */
typedef struct Items {
    void *data;
    uint32_t count, capacity;
} Items;
/* Room for one more, of size bytes; NULL after reporting that they are too many. */
void *read_item(Reader *r, Items *items, size_t size);

/* Reports a mistake at the reading position. Always false. */
bool read_fail(Reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Of the whole text: what a verifier said of the model that was read. Frees why. */
bool read_verdict(Reader *r, bool fine, Buffer *why);

/* Skips blanks (not line ends). */
char read_peek(Reader *r);
/* Takes the text when it stands here: a sign, or a word that ends here. */
bool read_take(Reader *r, const char *text);
bool read_expect(Reader *r, const char *text);
/* The end of the line, a comment before it, and empty lines behind it. */
bool read_line_end(Reader *r);
bool read_at_end(Reader *r);
/* The word alone on its line. */
bool read_heading(Reader *r, const char *word);

bool read_is_name(Reader *r);
const String *read_name(Reader *r); /* NULL after reporting */
bool read_is_number(Reader *r);
bool read_number(Reader *r, double *out);
bool read_count(Reader *r, uint32_t *out); /* a whole number below 2^32 */
bool read_node(Reader *r, NodeId *out);    /* "for %3", or nothing: NO_NODE */
bool read_string(Reader *r, const String **out);
bool read_numbers(Reader *r, const double **out, uint32_t *count);
/* A list of whole numbers below 2^32. */
bool read_counts(Reader *r, const uint32_t **out, uint32_t *count);
bool read_atoms(Reader *r, const Atom **out, uint32_t *count);
bool read_relation(Reader *r, Relation *out); /* <, <=, ==, !=, >=, > */
/* The word from a table of names; -1 after reporting. */
int read_choice(Reader *r, const char *what, int count, const char *(*name)(int));

#endif
