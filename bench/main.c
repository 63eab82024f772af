/* bench-raspc COMMAND: measures COMMAND (build/raspc) and eval, beside the reference's published
   figures, and beside the reference itself when RASP_REFERENCE names a checkout of it. */
#include "bench/classics.h"
#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The reference's published start, in seconds. */
#define PUBLISHED_START 0.16

/* --- the reference ---------------------------------------------------------------------------- */

/* Median seconds from starting the reference to the end of what is typed into it. */
static double time_reference(const char *checkout, const char *typed, const char *wanted,
                             int runs) {
    const char *const command[] = {"python3", "-m", "RASP_support", NULL};
    double samples[RUNS];
    for (int run = 0; run < runs; run++)
        samples[run] = time_command(command, checkout, typed, wanted);
    return median(samples, (size_t)runs);
}

/* What the classic takes there on one input, its start left out. The program is loaded from a file:
   typed, not every program of several lines gets through. */
static double time_reference_classic(const char *checkout, double start, const Classic *classic,
                                     uint32_t n) {
    char path[] = "/tmp/bench-raspc-XXXXXX.rasp";
    const size_t stem = strlen(path) - strlen(".rasp");
    Buffer program = {0}, typed = {0};
    double seconds = -1;
    int file = mkstemps(path, (int)strlen(".rasp"));
    if (file >= 0 && classic_text(classic, &program) &&
        write(file, program.data, program.len) == (ssize_t)program.len) {
        buffer_printf(&typed, "examples off\nload \"%.*s\";\n%s(\"", (int)stem, path,
                      classic->name);
        classic_input(classic, n, &typed);
        buffer_text(&typed, "\");\n");
        seconds = time_reference(checkout, typed.data, " =  [", n < 1000 ? 3 : 1);
        if (seconds >= 0) seconds -= start;
    }
    if (file >= 0) {
        close(file);
        unlink(path);
    }
    buffer_free(&program);
    buffer_free(&typed);
    return seconds;
}

/* --- the table -------------------------------------------------------------------------------- */

static void print_time(double seconds) {
    if (seconds < 0)
        printf(" %11s", "-");
    else if (seconds < 1)
        printf(" %8.3g ms", seconds * 1e3);
    else
        printf(" %9.3g s", seconds);
}

/* A time beside ours, and how many times ours it is. */
static void print_against(double other, double ours) {
    print_time(other);
    if (other > 0 && ours > 0)
        printf(" %7.3gx", other / ours);
    else
        printf(" %8s", "-");
}

static void print_row(const char *label, double ours, double published, double live) {
    printf("%-28s", label);
    print_time(ours);
    print_against(published, ours);
    print_against(live, ours);
    printf("\n");
    fflush(stdout);
}

static void bench_command(const char *command, double live_start) {
    double samples[RUNS], prompt = -1, answer = -1;
    const char *const run[] = {command, "run", "-e", "1", NULL};
    for (int i = 0; i < RUNS; i++)
        samples[i] = time_command(run, NULL, "", "1");
    print_row("raspc run -e 1, all of it", median(samples, RUNS), PUBLISHED_START, live_start);
    const char *const repl[] = {command, NULL};
    if (!time_prompt(repl, "hist = selector_width(select(tokens, tokens, ==));\n", &prompt,
                     &answer))
        prompt = answer = -1;
    print_row("REPL: first prompt", prompt, PUBLISHED_START, live_start);
    print_row("REPL: a line to its answer", answer, -1, -1);
}

static void bench_eval(const char *checkout, double live_start) {
    static const uint32_t lengths[] = {100, 1000, 10000};
    for (int i = 0; i < classic_count; i++)
        for (int j = 0; j < 3; j++) {
            const Classic *classic = &classics[i];
            uint32_t n = lengths[j];
            char label[64];
            snprintf(label, sizeof label, "eval %s, n = %u", classic->label, n);
            /* The reference takes n^2: beyond 1000 it would be half an hour. */
            double live = -1;
            if (checkout && n <= 1000)
                live = time_reference_classic(checkout, live_start, classic, n);
            print_row(label, classic_eval(classic, n), n == 1000 ? classic->published : -1, live);
        }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: bench-raspc COMMAND\n");
        return 2;
    }
    const char *checkout = getenv("RASP_REFERENCE");
    double live_start = checkout ? time_reference(checkout, "1;\n", "=  1", RUNS) : -1;
    if (checkout && live_start < 0)
        fprintf(stderr, "RASP_REFERENCE=%s: the reference does not run there\n", checkout);
    if (live_start < 0) checkout = NULL;
    printf("%-28s %11s %11s %8s %11s %8s\n", "median of 11 runs", "raspc", "published", "ratio",
           checkout ? "reference" : "(no live", checkout ? "ratio" : "run)");
    bench_command(argv[1], live_start);
    bench_eval(checkout, live_start);
    return 0;
}
