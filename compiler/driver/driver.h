/* The command: what all subcommands share. Only main() ends the process; a subcommand returns its
   exit status. */
#ifndef RASPC_DRIVER_H
#define RASPC_DRIVER_H

#include "compiler/driver/options.h"
#include "runtime/base/diag.h"
#include "runtime/base/version.h"

typedef enum ExitStatus {
    EXIT_DONE = 0,
    EXIT_WRONG = 1,  /* the program or the input is wrong, or a file can't be read or written */
    EXIT_USAGE = 2,  /* the command line is wrong */
    EXIT_FAILED = 3, /* a check or a verification failed */
} ExitStatus;

typedef struct Driver {
    const char *name; /* of the subcommand */
    Options options;
    Buffer out;      /* for standard output; driver_flush writes it */
    bool out_broken; /* standard output took no more */
    bool colour_out; /* colours on standard output */
    DiagStyle diag_style;
} Driver;

typedef ExitStatus (*CommandFunction)(Driver *driver);

typedef struct Command {
    CommandFunction function;
    const char *name, *operands, *summary;
    OptionSet takes;
    const char *examples;
} Command;

size_t command_count(void);
const Command *command_at(size_t index);
const Command *command_find(const char *name); /* NULL: there is none */

#define COMMAND(function, name, operands, summary, options, examples)                              \
    ExitStatus function(Driver *driver);
#include "compiler/driver/commands.def"
#undef COMMAND

/* help.c */
void help_all(Buffer *out);
void help_command(const Command *command, Buffer *out);

/* Writes what `out` holds to standard output and empties it. False when that failed, now or before
   (reported once). */
bool driver_flush(Driver *driver);
/* Writes all diagnostics to standard error. */
void driver_show(const Driver *driver, const Diagnostics *diags);
/* "raspc run: ..." to standard error, with a hint at --help; returns EXIT_USAGE. */
ExitStatus driver_usage(const Driver *driver, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Reads a file that the command line names and adds it to sources; 0 after reporting why not. */
uint32_t driver_read(const char *path, Sources *sources, Diagnostics *diags);

#endif
