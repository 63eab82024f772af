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

static void forget(int signal) {
    static const struct timespec at_once = {0};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    while (sigtimedwait(&one, NULL, &at_once) > 0) {
    }
}

void signals_release(const HeldSignals *held) {
    if (!sigismember(&held->before, SIGXFSZ)) forget(SIGXFSZ);
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}

HeldSignals interrupt_hold(void) {
    HeldSignals held;
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &held.before);
    return held;
}

bool interrupt_waiting(void *state) {
    (void)state;
    sigset_t waiting;
    sigpending(&waiting);
    return sigismember(&waiting, SIGINT) == 1;
}

void interrupt_forget(void) { forget(SIGINT); }

void interrupt_release(const HeldSignals *held) {
    if (!sigismember(&held->before, SIGINT)) forget(SIGINT);
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
