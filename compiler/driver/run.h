/* raspc run, in parts: cmd_run.c reads what is asked, run_inputs.c runs inputs, run_show.c shows
   what came of them, run_output.c writes that, run_files.c writes arrays and tables, run_plot.c
   draws, run_stream.c runs lines of standard input as they come. */
#ifndef RASPC_DRIVER_RUN_H
#define RASPC_DRIVER_RUN_H

#include "compiler/driver/data.h"
#include "compiler/driver/engines.h"
#include "compiler/driver/program.h"
#include "compiler/driver/progress.h"
#include "compiler/driver/show_trace_real.h"
#include "runtime/base/file.h"

typedef enum RunFormat {
    RUN_TEXT,
    RUN_JSON,
    RUN_NOTHING, /* everything goes to files */
} RunFormat;

/* --output [NAME=]FILE.csv or .npy */
typedef struct ResultFile {
    const char *path;
    const char *name; /* of the one result; NULL: all */
    size_t name_len;
    bool csv;
} ResultFile;

/* What is kept of the rounds of a loop while it runs: for progress, and the ways of --plot. */
typedef struct RunRounds {
    EvalRounds rounds;
    NodeId nodes[2]; /* what is looked at: a state as the round found it, and what it leaves */
    Progress progress;
    uint32_t times;            /* of the loop */
    const uint32_t *positions; /* (count) those whose way is drawn, in malloc'ed memory */
    uint32_t count, all;
    const uint32_t *axes;
    double *steps; /* (taken, count, 2), in malloc'ed memory */
    uint32_t taken, stride;
} RunRounds;

typedef struct Run {
    Driver *driver;
    Data data;
    Session *session;
    const Engine *engine;
    void *state; /* the engine's */
    Targets targets;
    InputReader reader;
    bool named; /* the program names its inputs: there is one input, of columns */
    RunFormat format;
    const char *path;   /* the file of --output for text or JSON; NULL: standard output */
    FileStream *stream; /* to path, from when there is much to write */
    bool broken;        /* the output could not be written, which was said */
    ResultFile *files;  /* (file_count), in data's arena */
    size_t file_count;
    const char *plot; /* the file of --plot, or NULL */
    uint32_t axes[2]; /* of --axes */
    RunRounds rounds;
    bool trace;
    RealTraceText stream_text; /* of a named input, when there is a trace */
    Registers registers;
    size_t before; /* inputs that were run and forgotten before those in reader */
} Run;

typedef struct Outcome {
    Value value;       /* of a target on one input: VALUE_ERROR where it failed */
    Sequence sequence; /* of a pattern its weights, a vector a query */
    Matrix matrix;
    bool traced;
    InterpTrace trace;
} Outcome;

/* Does the target need an input? */
static inline bool run_applies(Target target) {
    return target_is_node(target) || target.value.kind == VALUE_PATTERN;
}

/* The count inputs of the reader from number first on: runs them and adds what they give to the
   driver's output. False when one failed. */
bool run_inputs(Run *run, size_t first, uint32_t count);
/* The same of all that the reader has, as many together as the engine takes. */
bool run_all_inputs(Run *run);

/* Adds what input number index of the reader gave, outcomes (targets), to the driver's output. What
   fails is left out; its diagnostic is on record. */
bool run_show(Run *run, size_t index, const Outcome *outcomes);

/* Writes the driver's output when there is much of it, so that long results take little memory. */
void run_drain(Run *run);
/* Ends the file of --output: whole (keep), or not at all. False after reporting. */
bool run_write_output(Run *run, bool keep);

/* What --output says; false after saying on standard error what it can. */
bool run_choose_files(Run *run);
/* Is every file of --output another one? False after saying which is not. (That of --plot is: its
   ending is.) */
bool run_paths_differ(const Run *run);
/* Can each file hold what it is to hold? False after reporting. */
bool run_check_files(const Run *run);
/* Writes them all, or none. False after reporting. */
bool run_write_files(const Run *run, const Outcome *outcomes);

/* What --plot and --axes say; false after saying on standard error what they can. */
bool run_choose_plot(Run *run);
/* Is there anything to draw? False after reporting. */
bool run_check_plot(Run *run);
/* Lets request tell of its rounds. */
void run_watch(Run *run, ApplyRequest *request);
/* Ends the line of progress. */
void run_watched(Run *run);
/* Draws the named input and what it gave. False after reporting. */
bool run_write_plot(Run *run, const Outcome *outcomes);
void run_forget_rounds(Run *run);

/* Lines of standard input, an input each, as they come: each is run, shown and forgotten, so that
   memory is bounded and a pipe's reader waits for nothing. False when one failed. */
bool run_stream(Run *run);

#endif
