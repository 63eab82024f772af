/* Elaboration: tree -> graph. Runs the compile-time part of a program (functions are inlined, loops
   unrolled, lists and constants folded) and leaves a graph.
   A Session is one program being read, or one REPL: it owns the sources, diagnostics, arena, graph
   and environments, and everything that values point to. Sessions share nothing. */
#ifndef RASPC_ELABORATE_H
#define RASPC_ELABORATE_H

#include "compiler/elaborate/value.h"
#include "runtime/engines/eval.h"

typedef struct Session Session;

/* How an s-op or selector is applied to an input. */
typedef enum ApplyStatus {
    APPLY_OK,
    APPLY_FAILED,  /* the program fails on this input; a diagnostic says how */
    APPLY_REFUSED, /* the engine can't run this program; a diagnostic says why */
} ApplyStatus;
typedef ApplyStatus (*ApplyFunction)(void *state, const ApplyRequest *request, Sequence *sequence,
                                     Matrix *matrix);
/* The definition: eval. What a session uses when no other is given. */
ApplyStatus apply_eval(void *state, const ApplyRequest *request, Sequence *sequence,
                       Matrix *matrix);

/* Reads the file at path into out; false with *why. */
typedef bool (*ReadFunction)(void *state, const char *path, size_t limit, Buffer *out,
                             const char **why);

/* What stands behind the ':' of an input or a param: an atom's type, or a vector or matrix of
   floats. */
typedef struct DeclaredType {
    TypeSet atoms;          /* one of TYPE_BOOL, TYPE_INT, TYPE_FLOAT, TYPE_STRING */
    uint32_t dimensions;    /* 0: an atom; 1: a vector; 2: a matrix */
    uint32_t rows, columns; /* 1 where there is no such dimension */
} DeclaredType;
void declared_type_format(Buffer *out, DeclaredType type); /* "vec[2]", "float" */

/* A value given from outside to a `param`, in place of the one in the program. What the program
   does not declare is passed over (session_declared tells); what does not fit the declared type is
   reported there. */
typedef struct ParamGiven {
    const char *name;
    uint32_t dimensions, rows, columns; /* as DeclaredType has them */
    const Atom *atoms;                  /* (rows, columns) */
} ParamGiven;

typedef struct SessionOptions {
    bool interactive;          /* a name whose statement failed stays undefined (a REPL) rather
                                  than silently wrong (a file: no cascades) */
    bool run_checks;           /* run check statements; else they are skipped */
    ApplyFunction check_apply; /* the engine for applications inside checks; NULL: eval */
    void *check_state;
    ReadFunction read_file; /* for load; NULL: load is refused */
    void *read_state;
    const Cancel *cancel;     /* lets elaboration and eval be given up; may be NULL */
    const ParamGiven *params; /* (param_count); they live as long as the session */
    uint32_t param_count;
    const char *programs; /* where installed programs are, for load; copied; may be NULL */
} SessionOptions;

Session *session_new(const SessionOptions *options);
/* The same as one of options.params, for what is read from now on; copied. */
void session_give(Session *session, const ParamGiven *given);
void session_give_no_more(Session *session); /* what was given so is over */
void session_free(Session *session);

Sources *session_sources(Session *session);
Diagnostics *session_diagnostics(Session *session);
Graph *session_graph(Session *session);
Arena *session_arena(Session *session);

/* What a statement leaves for a REPL to show. */
typedef enum ResultKind {
    RESULT_VALUE,        /* name (a variable's, or "out") and value */
    RESULT_DRAW,         /* value: the s-op; input: the input to draw it on */
    RESULT_SHOW_EXAMPLE, /* which */
    RESULT_EXIT,
} ResultKind;
typedef struct Result {
    ResultKind kind;
    bool loaded;   /* from a loaded file: shown without an example */
    uint8_t which; /* WHICH_... */
    const String *name;
    Value value;
    Value input;
    Span span;
} Result;
/* In the session's arena. */
typedef struct Results {
    uint32_t count, capacity;
    Result *items;
} Results;

/* Elaborates every statement, also after one that failed. results may be NULL; otherwise what there
   is to show is added to it. Stops at `exit`. Returns true when no error was reported. */
bool session_run(Session *session, const Tree *program, Results *results);
/* Parses the text as a file of that name and runs it. */
bool session_run_text(Session *session, const char *name, const char *text, size_t len,
                      Results *results);
/* Parses one expression and elaborates it in the program's environment, as the value `out`. */
bool session_evaluate(Session *session, const char *name, const char *text, size_t len, Value *out);
/* A name of the program's own level, of the library, or NULL. */
const Value *session_lookup(const Session *session, const char *name);
/* The last s-op that the program's own level assigned or showed: what `run` runs. */
bool session_main_output(const Session *session, const String **name, Value *value);
/* The inputs and params that the program declares, in their order. A program without inputs has
   tokens. */
typedef struct Declared {
    const String *name;
    bool is_param;
    DeclaredType type;
    const String *width_name; /* of a vec[NAME], that name, where it is a param's: else NULL */
    Span span;
} Declared;
size_t session_declared_count(const Session *session);
Declared session_declared(const Session *session, size_t index);
bool session_has_inputs(const Session *session);
/* What the program's `output` statements name: s-ops and selectors. None: session_main_output. */
size_t session_output_count(const Session *session);
Value session_output(const Session *session, size_t index, const String **name);
/* Several s-ops of request->input at once; request->node is not looked at. out: (count). */
typedef ApplyStatus (*ApplyOutputs)(void *state, const ApplyRequest *request, const NodeId *nodes,
                                    uint32_t count, Sequence *out);
/* What a `require` statement asks of inputs. */
typedef struct Requirement {
    NodeId node;           /* a bool at every position */
    const String *message; /* NULL: none was given */
    const char *params;    /* "k is 2, d is 3": the params that it names; NULL: none */
    Span span;
} Requirement;
const Requirement *session_requirements(const Session *session, uint32_t *count);
/* Does the input hold what the program's `require` statements ask? False after reporting, to
   request->diags, what it does not; request->arena is not used. Statements about inputs that are
   not given are passed over. Where `apply` (NULL: eval) refuses, eval says it. */
bool session_takes(const Session *session, const ApplyRequest *request, ApplyOutputs apply,
                   void *state);
/* What is computed where callee is applied to an input of n elements: the s-op or selector itself;
   of a pattern its weights, a vector a query. NO_NODE after reporting at span. */
NodeId session_applied(Session *session, Value callee, uint32_t n, Span span);
/* Applies an s-op or selector to a value used as an input (a string, a list, a dict) under eval. */
bool session_apply(Session *session, Value callee, Value input, Span span, Value *out);
/* Would session_apply take this input? Reports nothing. */
bool session_accepts(Session *session, Value callee, Value input);
/* The input that a value stands for; false after reporting. In the session's arena. A program with
   one named input takes its values; one with several a dict of them by name. */
bool session_input(Session *session, Value value, Span span, Input *out);
/* Names in scope at the program's level, for completion and suggestions: calls visit for each. */
void session_names(const Session *session, void (*visit)(void *state, const char *name),
                   void *state);

/* The running examples and what `set`, `examples` and `full seq display` chose. */
typedef struct Examples {
    Value sop, selector; /* a string, list or dict; "hello" at first */
    bool show_sop, show_selector, full_display;
} Examples;
Examples *session_examples(Session *session);

/* What became of each check statement, in order. */
typedef enum CheckOutcome { CHECK_PASSED, CHECK_FAILED, CHECK_WRONG, CHECK_REFUSED } CheckOutcome;
typedef struct CheckRecord {
    CheckOutcome outcome; /* FAILED: does not hold; WRONG: evaluating it failed; both reported */
    Span span;
    const String *reason; /* REFUSED: the engine's first message ("E0701: ..."), else NULL */
} CheckRecord;
size_t session_check_count(const Session *session);
CheckRecord session_check(const Session *session, size_t index);

#endif
