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

/* A name that an `output` statement gives. */
typedef struct Output {
    const String *name;
    Value value;
} Output;

struct Session {
    SessionOptions options;
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    Graph *graph;
    Environment *builtins; /* the functions of language II, which programs may name anew */
    Environment *library;  /* primitives and library.rasp; reserved names */
    Environment *program;  /* the program's own level */
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
    uint32_t loop;     /* 1 + the number of the graph's loop being read; 0: none */
    ParamGiven *given; /* by session_give */
    uint32_t given_count, given_capacity;
    Declared *declared; /* inputs and params */
    uint32_t declared_count, declared_capacity, input_count;
    Output *outputs;
    uint32_t output_count, output_capacity;
    Requirement *requirements;
    uint32_t requirement_count, requirement_capacity;
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
/* What a statement that failed would have assigned is known to be wrong. */
void poison_block(Session *session, Environment *env, const Tree *block);

/* names.c */
/* Names that no program may give: the language's own. */
bool name_always_reserved(const String *name);
/* The value of a name; reports and gives NULL when there is none. */
const Value *find_name(Session *session, Environment *env, const Tree *name);
/* Gives name its value in env, or reports that it is reserved. */
bool assign_name(Session *session, Environment *env, const Tree *name, Value value);
bool assign_names(Session *session, Environment *env, const Tree *names, Value value, Span span);

/* False after reporting that a value belongs to a round of a loop that is over. */
bool value_usable(Session *session, Value value, Span span);

/* expression.c */
Value elaborate(Session *session, Environment *env, const Tree *tree);
Value elaborate_values(Session *session, Environment *env, const Tree *expressions);
/* children [first, count) into a list; false when one failed. */
bool elaborate_children(Session *session, Environment *env, const Tree *tree, uint32_t first,
                        const List **out);
Value list_value(Session *session, const Value *items, uint32_t count, Span span);

/* operators.c */
Value apply_binary(Session *session, const Tree *tree, Value left, Value right);
/* Reports that the operator does not take these. */
Value mismatch(Session *session, const Tree *tree, Value left, Value right);
Value apply_unary(Session *session, const Tree *tree, Value operand);
Value apply_in(Session *session, const Tree *tree, Value value, Value container);
Value apply_indicator(Session *session, const Tree *tree, Value value);

/* lift.c: from values to nodes */
/* An s-op as itself, an atom as a constant; reports (naming what) and gives NO_NODE otherwise. */
NodeId lift(Session *session, Value value, Span span, const char *what);
/* The same, and a list of numbers as the vector that it is everywhere. */
NodeId lift_vector(Session *session, Value value, Span span, const char *what);
/* An s-op of vectors? */
bool is_vector_sop(const Session *session, Value value);
Shape node_shape(const Session *session, NodeId node);
/* Adds a node; VALUE_ERROR after reporting why it can't be. */
Value node_value(Session *session, const NodeSpec *spec);
/* Reports, once, that the graph is full. */
void report_full(Session *session, Span span);
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

/* builtin.c */
typedef struct Builtin Builtin;
/* A call of one: its arguments' values and trees. */
typedef struct BuiltinCall {
    const Builtin *builtin;
    const Tree *tree; /* TREE_CALL */
    const List *arguments;
    const Tree *lone; /* the operator behind them, or NULL */
} BuiltinCall;
Value builtin_call(Session *session, const BuiltinCall *call);
const char *builtin_name(const Builtin *builtin);
/* Names the library's primitive functions and, outside them, those of language II. */
void builtins_give(Session *session);

/* weigh.c: scores, patterns, and what they gather */
Value score_binary(Session *session, const Tree *tree, Value left, Value right);
Value elaborate_aggregate(Session *session, Environment *env, const Tree *tree);

/* input.c */
/* The named inputs of a call; false after reporting. */
bool named_input(Session *session, const Tree *call, const List *arguments, Input *out);
/* The name of an input that the node reads and that is not given; NULL: none. */
const String *input_missing(const Session *session, NodeId reader, const Input *input);
/* Is every named input there that callee reads? Reports which is not. */
bool input_suffices(Session *session, Value callee, const Input *input, Span span);
bool call_has_names(const Tree *call);

/* declare.c */
bool elaborate_input(Session *session, Environment *env, const Tree *tree);
bool elaborate_param(Session *session, Environment *env, const Tree *tree);
bool elaborate_output(Session *session, Environment *env, const Tree *tree);
/* Reports where a statement stands that belongs to a program's own level only. */
bool at_own_level(Session *session, const Environment *env, const Tree *tree);
/* The value as one of that type, numbers made floats where it says so; false: it is none. */
bool declared_value(Session *session, DeclaredType type, Value value, Value *out);

/* require.c */
bool elaborate_require(Session *session, Environment *env, const Tree *tree);
/* What is required of that input is of one that is declared no more. */
void forget_requirements(Session *session, const String *input);

/* repeat.c */
bool elaborate_repeat(Session *session, Environment *env, const Tree *tree);

/* load.c */
bool elaborate_load(Session *session, Environment *env, const Tree *tree);

/* check.c */
bool elaborate_check(Session *session, Environment *env, const Tree *tree);

#endif
