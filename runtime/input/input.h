/* Inputs read from text: JSON, plain lines, CSV and numpy's arrays. What is read lives in the
   reader's arena; mistakes become diagnostics with a span into the text. */
#ifndef RASPC_INPUT_H
#define RASPC_INPUT_H

#include "runtime/base/diag.h"
#include "runtime/value/sequence.h"

typedef struct ReadInput {
    Input input;
    Span span; /* where it was read; file 0 for an array */
} ReadInput;

enum { CHARACTER_CACHE = 1024 };

typedef struct InputReader {
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    ReadInput *inputs; /* (count) in malloc'ed memory: input_reader_free */
    size_t count, capacity;
    /* Texts of single characters are shared: a long input holds few different ones. */
    const String *characters[CHARACTER_CACHE];
} InputReader;

void input_reader_free(InputReader *reader);

/* Each reads all of a source and adds its inputs; false after reporting. */
bool input_read_json(InputReader *reader,
                     uint32_t file); /* one value after another: an input each */
bool input_read_word(InputReader *reader, uint32_t file);  /* its characters: one input */
bool input_read_lines(InputReader *reader, uint32_t file); /* a line's characters: an input each */
bool input_read_whole(InputReader *reader,
                      uint32_t file); /* all its characters but a last line end */
bool input_read_csv(InputReader *reader, uint32_t file); /* a record's cells: an input each */
/* numpy's .npy, versions 1 to 3: one dimension; bools, ints, floats or strings, little-endian.
   name is what messages call it. */
bool input_read_npy(InputReader *reader, const char *name, const char *bytes, size_t len);

#endif
