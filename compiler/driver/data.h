/* The data of a program that declares its inputs and params: what -i NAME=INPUT and --param
   NAME=VALUE give. A param that is an input's width and that nobody gave is as wide as that input's
   data, so the beginning of the data is looked at before the program is read for good. */
#ifndef RASPC_DRIVER_DATA_H
#define RASPC_DRIVER_DATA_H

#include "compiler/driver/program.h"
#include "runtime/input/columns.h"

typedef struct Data {
    Sources *sources; /* of the command line and the files: the session's are others */
    Diagnostics *diags;
    Arena *arena;
    Columns *columns;   /* owns what was read */
    ParamGiven *params; /* (param_count), in the arena; the session points to them */
    uint32_t param_count;
} Data;

/* Notes what the options give. */
void data_open(Data *data, const Options *options);
void data_close(Data *data); /* after the session's end */

/* A session that has read the program (NULL: none): *session, never NULL, to be freed before data.
   False after reporting, in its diagnostics or data's. */
bool data_session(Data *data, const Options *options, const Program *program, Session **session);

/* The same for the program that the command line names, if it does: *program, to be freed. */
bool data_program(Data *data, const Options *options, Program *program, Session **session);

/* The input of a program that declares some. False after reporting. */
bool data_input(Data *data, Session *session, const Options *options, Input *out);

#endif
