/* Options: what may be written behind a subcommand (options.def), and what was. */
#ifndef RASPC_DRIVER_OPTIONS_H
#define RASPC_DRIVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum OptionId {
#define OPTION(id, long_, short_, argument, text) id,
#include "compiler/driver/options.def"
#undef OPTION
    OPTION_COUNT
} OptionId;

typedef uint64_t OptionSet;
#define TAKES(id) ((OptionSet)1 << (id))

typedef struct OptionInfo {
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* NULL: takes none */
    const char *text;
} OptionInfo;
const OptionInfo *option_info(OptionId id);

/* One option as it was given, in the order of the command line. */
typedef struct GivenOption {
    OptionId id;
    const char *value; /* NULL when it takes none */
} GivenOption;

typedef struct Options {
    GivenOption *given; /* (count) */
    size_t count;
    char **operands; /* (operand_count) in argv */
    size_t operand_count;
} Options;

/* Reads argv[1] to the end; argv[0] is only skipped. Options may stand among the operands (argv is
   reordered), or with before_operands only in front of them. On a mistake prints a message to
   standard error, beginning with who, and returns false. */
bool options_parse(int argc, char **argv, OptionSet takes, bool before_operands, const char *who,
                   Options *out);
void options_free(Options *options);

bool option_given(const Options *options, OptionId id);
/* The value given last, or NULL. */
const char *option_value(const Options *options, OptionId id);

#endif
