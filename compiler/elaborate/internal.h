/* What the elaborator's files share. Each does one part of the work on a Session; `env` is the
   environment that the text stands in. An expression that fails reports once and is VALUE_ERROR. */
#ifndef RASPC_ELABORATE_INTERNAL_H
#define RASPC_ELABORATE_INTERNAL_H

#include "compiler/elaborate/elaborate.h"
#include "compiler/elaborate/environment.h"

/* A call in progress, innermost first; lives on the C stack. */
typedef struct Frame {
    const struct Frame *outer;
    Span call; /* where it was called */
    const String *name;
} Frame;

/* A file being loaded, innermost first; lives on the C stack. */
typedef struct Loading {
    const struct Loading *outer;
    uint32_t file;
    const char *path;
} Loading;

struct Session {
    SessionOptions options;
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    Graph *graph;
    Environment *library; /* primitives and library.rasp; reserved names */
    Environment *program; /* the program's own level */
    uint32_t library_file;
    Examples examples;
    bool ready;       /* the library has been read: from now on its names are reserved */
    bool stopped;     /* a limit of the whole program was passed: unwind and end */
    bool unwinding;   /* a limit on depth was passed: the statement in progress ends */
    bool exiting;     /* `exit` was met */
    bool checking;    /* inside a check statement */
    bool at_top;      /* a statement of the program's or file's own level: its result is shown */
    bool load_failed; /* names may be missing that a file would have given */
    uint32_t depth, call_depth, load_depth;
    uint64_t steps;
    const Frame *frame;
    const Loading *loading;
    Results *results;          /* of the run in progress, or NULL */
    const String *out;         /* the name "out" */
    const String *output_name; /* the last s-op assigned or shown at the program's level */
    Value output;
    bool refused; /* the engine refused an application inside the check in progress */
    CheckRecord *checks;
    uint32_t check_count, check_capacity;
};

/* session.c */
/* Counts a step; false (after one report) when a limit is passed. Pair with step_out. */
bool step_in(Session *session, Span span);
void step_out(Session *session);
/* Reports an error at span, with a note for each call on the way here (the innermost three). */
Diagnostic *report(Session *session, DiagId id, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Where a node was written; for what the library made, the user's call. */
Span node_span(const Session *session, Span span);
/* The value in RASP text, short, for messages; in the arena. */
const char *show(Session *session, Value value);

/* statement.c */
const Tree *inside_parens(const Tree *tree);
bool elaborate_block(Session *session, Environment *env, const Tree *block);
/* Every statement, also after one that failed; adds what there is to show to session->results. */
bool elaborate_program(Session *session, Environment *env, const Tree *program);
void add_result(Session *session, Result result);

/* names.c */
/* Names that no program may give: the language's own. */
bool name_always_reserved(const String *name);
/* The value of a name; reports and gives NULL when there is none. */
const Value *find_name(Session *session, Environment *env, const Tree *name);
/* Gives name its value in env, or reports that it is reserved. */
bool assign_name(Session *session, Environment *env, const Tree *name, Value value);
bool assign_names(Session *session, Environment *env, const Tree *names, Value value, Span span);

/* expression.c */
Value elaborate(Session *session, Environment *env, const Tree *tree);
Value elaborate_values(Session *session, Environment *env, const Tree *expressions);
/* children [first, count) into a list; false when one failed. */
bool elaborate_children(Session *session, Environment *env, const Tree *tree, uint32_t first,
                        const List **out);
Value list_value(Session *session, const Value *items, uint32_t count, Span span);

/* operators.c */
Value apply_binary(Session *session, const Tree *tree, Value left, Value right);
Value apply_unary(Session *session, const Tree *tree, Value operand);
Value apply_in(Session *session, const Tree *tree, Value value, Value container);
Value apply_indicator(Session *session, const Tree *tree, Value value);

/* lift.c: from values to nodes */
/* An s-op as itself, an atom as a constant; reports (naming what) and gives NO_NODE otherwise. */
NodeId lift(Session *session, Value value, Span span, const char *what);
/* Adds a node; VALUE_ERROR after reporting why it can't be. */
Value node_value(Session *session, const NodeSpec *spec);
NodeId node_const(Session *session, Atom atom, Span span);
Value node1(Session *session, GraphOp op, NodeId a, Span span);
Value node2(Session *session, GraphOp op, NodeId a, NodeId b, Span span);
Value node_aggregate(Session *session, NodeId selector, NodeId value, Atom otherwise, Span span);
Value full_selector(Session *session, Span span);

/* collection.c */
Value elaborate_dict(Session *session, Environment *env, const Tree *tree);
Value elaborate_list_for(Session *session, Environment *env, const Tree *tree);
Value elaborate_dict_for(Session *session, Environment *env, const Tree *tree);
Value elaborate_range(Session *session, Environment *env, const Tree *tree);
Value elaborate_zip(Session *session, Environment *env, const Tree *tree);
Value elaborate_len(Session *session, Environment *env, const Tree *tree);
/* What a loop runs over: items of a list or sequence, keys of a dict; else reports. */
bool loop_items(Session *session, Value value, Span span, List *out);

/* index.c */
Value elaborate_index(Session *session, Environment *env, const Tree *tree);

/* call.c */
Value elaborate_call(Session *session, Environment *env, const Tree *tree);

/* load.c */
bool elaborate_load(Session *session, Environment *env, const Tree *tree);

/* check.c */
bool elaborate_check(Session *session, Environment *env, const Tree *tree);

#endif
