#include "bench/measure.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double clock_seconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

double wall_seconds(void) { return clock_seconds(CLOCK_MONOTONIC); }
double cpu_seconds(void) { return clock_seconds(CLOCK_PROCESS_CPUTIME_ID); }

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double middle(double *samples, size_t count) {
    qsort(samples, count, sizeof samples[0], compare_doubles);
    return samples[count / 2];
}

double median(double *samples, size_t count) {
    double seconds = middle(samples, count);
    return samples[0] < 0 ? samples[0] : seconds;
}

/* In the child: becomes the command. */
static void run_child(const char *const argv[], const char *directory, const char *input, int out) {
    FILE *in = tmpfile();
    int nowhere = open("/dev/null", O_WRONLY);
    if (!in || nowhere < 0 || fputs(input, in) == EOF || fflush(in) != 0) _exit(127);
    if (lseek(fileno(in), 0, SEEK_SET) != 0 || (directory && chdir(directory) != 0)) _exit(127);
    dup2(fileno(in), STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

double time_command(const char *const argv[], const char *directory, const char *input,
                    const char *wanted) {
    FILE *out = tmpfile();
    if (!out) return -1;
    double start = wall_seconds();
    pid_t child = fork();
    if (child == 0) run_child(argv, directory, input, fileno(out));
    int status = 1;
    if (child > 0) waitpid(child, &status, 0);
    double seconds = wall_seconds() - start;
    char line[4096];
    bool found = false;
    rewind(out);
    while (fgets(line, sizeof line, out))
        found = found || strstr(line, wanted);
    fclose(out);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && found ? seconds : -1;
}

/* --- a prompt --------------------------------------------------------------------------------- */

/* Reads until the prompt stands at the end of what came; false after some seconds without it. */
static bool wait_for_prompt(int terminal) {
    static const char prompt[] = ">> ";
    enum { PATIENCE_MS = 10000 };
    char seen[4096];
    size_t len = 0;
    for (;;) {
        struct pollfd ready = {.fd = terminal, .events = POLLIN};
        if (poll(&ready, 1, PATIENCE_MS) <= 0) return false;
        if (len > sizeof seen / 2) {
            memmove(seen, seen + len - sizeof prompt, sizeof prompt);
            len = sizeof prompt;
        }
        ssize_t got = read(terminal, seen + len, sizeof seen - len);
        if (got <= 0) return false;
        len += (size_t)got;
        size_t want = sizeof prompt - 1;
        if (len >= want && memcmp(seen + len - want, prompt, want) == 0) return true;
    }
}

bool time_prompt(const char *const argv[], const char *line, double *prompt, double *answer) {
    int terminal;
    double start = wall_seconds();
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    if (child < 0) return false;
    if (child == 0) {
        setenv("TERM", "dumb", 1); /* so that the prompt comes without control sequences */
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    bool fine = wait_for_prompt(terminal);
    *prompt = wall_seconds() - start;
    double samples[RUNS];
    for (int run = 0; run < RUNS && fine; run++) {
        start = wall_seconds();
        fine = write(terminal, line, strlen(line)) == (ssize_t)strlen(line) &&
               wait_for_prompt(terminal);
        samples[run] = wall_seconds() - start;
    }
    if (fine) *answer = median(samples, RUNS);
    close(terminal);
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    return fine;
}
