/* Signals that end a process, held back while a file is half written: they take effect once it is
   there whole, or gone again. */
#ifndef RASPC_SIGNALS_H
#define RASPC_SIGNALS_H

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

#endif
