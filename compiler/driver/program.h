/* A program that the command line names, and the parts of it that are asked for. */
#ifndef RASPC_DRIVER_PROGRAM_H
#define RASPC_DRIVER_PROGRAM_H

#include "compiler/driver/driver.h"
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"

/* A session that loads files from where they are, with checks run by `apply` when it is given. */
Session *program_session(ApplyFunction check_apply, void *check_state);
/* With other options; reading files and the installed programs are added to them. */
Session *program_session_of(SessionOptions options);
/* A program's text. name points into the command line. */
typedef struct Program {
    const char *name; /* what messages call it */
    Buffer text;
    bool is_tree; /* the text is that of its tree (raspc dump --tree) */
} Program;
/* Reads the file at path ("-": standard input); false after reporting. */
bool program_fetch(const char *path, Diagnostics *diags, Program *out);
void program_free(Program *program);
/* Elaborates it; false after reporting. */
bool program_run(Session *session, const Program *program);
/* Both at once. */
bool program_read(Session *session, const char *path);

/* What -o and -e ask for, in the order of the command line; without them what the program's
   `output` statements name, else its last s-op. */
typedef struct Target {
    const char *name; /* of -e: out, then out2, ... */
    Value value;      /* an s-op, a selector, a pattern, or a constant; of -e also a score */
} Target;
typedef struct Targets {
    Target *items; /* (count), in the session's arena */
    size_t count;
} Targets;
/* False after reporting: an unknown name, a wrong expression, nothing to run. */
bool program_targets(Session *session, const Options *options, Targets *out);

/* The nodes of the targets that are s-ops, in their order: (count). */
const NodeId *target_nodes(const Targets *targets, Arena *arena, uint32_t *count);

enum { MOST_KNOTS = 1 << 16 };
/* What --relu-only and --knots ask for: the knots of each interpolation, 0: other units than ReLUs
   may be. False after saying on standard error what it can. */
bool relus_option(const Driver *driver, uint32_t *knots);

/* What --registers asks for; false after saying on standard error what it can. */
bool registers_option(const Driver *driver, Registers *out);

static inline bool target_is_node(Target target) {
    return target.value.kind == VALUE_SOP || target.value.kind == VALUE_SELECTOR;
}

#endif
