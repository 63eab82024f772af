/* Cancel: whoever waits for long work may give it up. The work asks now and then and ends with
   DIAG_STOPPED. Owns nothing; outlives the work. */
#ifndef RASPC_CANCEL_H
#define RASPC_CANCEL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Cancel {
    bool (*asked)(void *state); /* stays true once it was; may cost as much as a system call */
    void *state;
} Cancel;

/* NULL: the work can't be given up. */
static inline bool cancel_asked(const Cancel *cancel) {
    return cancel != NULL && cancel->asked(cancel->state);
}

#endif
