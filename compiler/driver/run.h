/* raspc run, in parts: cmd_run.c runs the inputs, run_show.c shows what came of them, run_stream.c
   runs lines of standard input as they come. */
#ifndef RASPC_DRIVER_RUN_H
#define RASPC_DRIVER_RUN_H

#include "compiler/driver/engines.h"
#include "compiler/driver/program.h"

typedef enum RunFormat { RUN_TEXT, RUN_JSON, RUN_NPY } RunFormat;

typedef struct Run {
    Driver *driver;
    Session *session;
    const Engine *engine;
    void *state; /* the engine's */
    Targets targets;
    InputReader reader;
    RunFormat format;
    const char *path; /* the file of --output; NULL: standard output */
    bool trace;
    Registers registers;
    size_t before; /* inputs that were run and forgotten before those in reader */
} Run;

typedef struct Outcome {
    Value value; /* of a target on one input: VALUE_ERROR where it failed */
    Sequence sequence;
    Matrix matrix;
    bool traced;
    InterpTrace trace;
} Outcome;

/* The count inputs of the reader from number first on: runs them and adds what they give to the
   driver's output. False when one failed. */
bool run_inputs(const Run *run, size_t first, uint32_t count);

/* Adds what input number index of the reader gave, outcomes (targets), to the driver's output. What
   fails is left out; its diagnostic is on record. */
bool run_show(const Run *run, size_t index, const Outcome *outcomes);

/* Lines of standard input, an input each, as they come: each is run, shown and forgotten, so that
   memory is bounded and a pipe's reader waits for nothing. False when one failed. */
bool run_stream(Run *run);

#endif
