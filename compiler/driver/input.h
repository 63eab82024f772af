/* The inputs and the vocabulary that the command line names. */
#ifndef RASPC_DRIVER_INPUT_H
#define RASPC_DRIVER_INPUT_H

#include "compiler/driver/driver.h"
#include "compiler/elaborate/elaborate.h"
#include "runtime/input/input.h"

enum { DEFAULT_MAX_LEN = 32 };

/* Adds the inputs of every -i, in order; without one the running example: --example, or the
   session's own. Each is JSON, a bare word (its characters), @FILE, or - (standard input: JSON
   values, or else a line an input; with --whole plain text is one input). False after reporting. */
bool input_arguments(InputReader *reader, Session *session, const Options *options);

/* Does a text begin as JSON inputs do? */
bool input_looks_like_json(const char *text);

/* The tokens that a model is made for, and its greatest length. */
typedef struct Vocabulary {
    const Atom *tokens; /* (count), all different */
    uint32_t count;
    uint32_t max_len;
} Vocabulary;

/* From --vocab and --max-len (NULL where left out) and the inputs read. In the reader's arena.
   False after reporting. */
bool vocabulary_argument(InputReader *reader, const char *vocab, const char *max_len,
                         Vocabulary *out);

#endif
