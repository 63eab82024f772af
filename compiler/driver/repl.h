/* The REPL: entries come in line by line, from a terminal (repl_edit.c) or a pipe; what they give
   is shown as tutorials show it (repl_display.c). */
#ifndef RASPC_DRIVER_REPL_H
#define RASPC_DRIVER_REPL_H

#include "compiler/driver/driver.h"
#include "compiler/elaborate/elaborate.h"

/* Adds what there is to show of a result. Evaluates examples, which may report mistakes. */
void repl_show(Session *session, const Result *result, Buffer *out);

/* An s-op's or selector's name in lists: its own, or one made of its operation ("( indices + 1 )"),
   or "s-op" and "plain select" where that would be long. */
void repl_node_name(const Graph *graph, NodeId node, Buffer *out);

typedef enum LineStatus { LINE_READ, LINE_DROPPED, LINE_END } LineStatus;

/* A terminal: editing, history, completion. Owns all that libedit keeps. */
typedef struct Editor Editor;
/* session's names are completed. NULL when the terminal can't be used. */
Editor *editor_new(const Session *session);
void editor_free(Editor *editor);
/* Adds the next line to out, with its line end. LINE_DROPPED: Ctrl-C; LINE_END: Ctrl-D. */
LineStatus editor_read(Editor *editor, const char *prompt, Buffer *out);
/* Remembers a whole entry, in the history file too. */
void editor_remember(Editor *editor, const char *entry);

#endif
