/* The inputs and the vocabulary that the command line names. */
#ifndef RASPC_DRIVER_INPUT_H
#define RASPC_DRIVER_INPUT_H

#include "compiler/driver/driver.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/input/input.h"
#include "runtime/model/float_type.h"

enum { DEFAULT_MAX_LEN = 32 };

/* Adds the inputs of every -i, in order; without one the running example: --example, or the
   session's own. Each is JSON, a bare word (its characters), @FILE, or - (standard input: JSON
   values, or else a line an input; with --whole plain text is one input). False after reporting. */
bool input_arguments(InputReader *reader, Session *session, const Options *options);

/* Adds an input that lives elsewhere; true. */
bool input_add(InputReader *reader, Input input);

/* Does a text begin as JSON inputs do? */
bool input_looks_like_json(const char *text);

/* The number that the option was given; *out stays where it was not. False after reporting. */
bool number_argument(Diagnostics *diags, const Options *options, OptionId id, uint64_t *out);

/* The tokens that a model is made for, its greatest length and the type of its weights. */
typedef struct Vocabulary {
    const Atom *tokens; /* (count), all different */
    uint32_t count;
    uint32_t max_len;
    FloatType float_type;
    bool float_chosen; /* by --dtype */
} Vocabulary;

/* The floats that were asked for; own, where none were. */
static inline FloatType vocabulary_float(const Vocabulary *vocabulary, FloatType own) {
    return vocabulary->float_chosen ? vocabulary->float_type : own;
}

/* What --vocab, --max-len and --dtype say; NULL where they are left out. */
typedef struct VocabularyText {
    const char *vocab, *max_len, *dtype;
} VocabularyText;
VocabularyText vocabulary_text(const Options *options);
/* From these and the inputs read. In the reader's arena. False after reporting. */
bool vocabulary_argument(InputReader *reader, VocabularyText text, Vocabulary *out);
/* What a model for the vocabulary is asked to be. */
LowerOptions lower_options(const Vocabulary *vocabulary, bool causal, Registers registers);

#endif
