#include "runtime/base/signals.h"

#include <stddef.h>
#include <time.h>

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { ENDING = sizeof ending / sizeof ending[0] };

HeldSignals signals_hold(void) {
    HeldSignals held;
    sigset_t all;
    sigemptyset(&all);
    sigaddset(&all, SIGXFSZ);
    for (size_t i = 0; i < ENDING; i++)
        sigaddset(&all, ending[i]);
    pthread_sigmask(SIG_BLOCK, &all, &held.before);
    return held;
}

bool signals_waiting(void) {
    sigset_t waiting;
    sigpending(&waiting);
    for (size_t i = 0; i < ENDING; i++) {
        if (sigismember(&waiting, ending[i])) return true;
    }
    return false;
}

void signals_release(const HeldSignals *held) {
    if (!sigismember(&held->before, SIGXFSZ)) {
        static const struct timespec at_once = {0};
        sigset_t size;
        sigemptyset(&size);
        sigaddset(&size, SIGXFSZ);
        while (sigtimedwait(&size, NULL, &at_once) > 0) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
