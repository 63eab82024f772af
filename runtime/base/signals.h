/* Signals that end a process, held back while a file is half written: they take effect once it is
   there whole, or gone again. */
#ifndef RASPC_SIGNALS_H
#define RASPC_SIGNALS_H

#include "runtime/base/cancel.h"

#include <signal.h>
#include <stdbool.h>

typedef struct HeldSignals {
    sigset_t before; /* what was held back already */
} HeldSignals;

HeldSignals signals_hold(void);
/* Has one come meanwhile? Then the work is given up. */
bool signals_waiting(void);
/* Lets them come. A signal about a file's size is forgotten: write() has told of it too. */
void signals_release(const HeldSignals *held);

/* Ctrl-C, held back while long work goes on that asks whether it is still wanted. Signals pending
   belong to the process, so only whoever owns the process (the REPL) does this. */
HeldSignals interrupt_hold(void);
/* For Cancel.asked: has Ctrl-C been pressed since? state is not used. */
bool interrupt_waiting(void *state);
/* Forgets a Ctrl-C that came meanwhile. */
void interrupt_forget(void);
/* Forgets it too, and lets later ones come. */
void interrupt_release(const HeldSignals *held);

#endif
