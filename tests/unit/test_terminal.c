/* The REPL on a terminal: what its keys do; and what `run` shows there alone. Runs the command
   itself
   ($RASPC) under a pseudo terminal. */
#include "runtime/base/buffer.h"

#include <check.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *terminal_suite(void);

enum { PATIENCE = 20000 }; /* milliseconds until an answer that does not come is a failure */

typedef struct Terminal {
    pid_t child;
    int fd;
    char home[32];
    Buffer seen; /* what has come since the last expect() */
    Buffer all;  /* what has come since the start, for messages */
} Terminal;

/* arguments: behind the command's name, up to a NULL. */
static Terminal open_command(const char *home, const char *kind, const char *const *arguments) {
    enum { MOST_ARGUMENTS = 16 };
    const char *words[MOST_ARGUMENTS] = {getenv("RASPC")};
    Terminal terminal = {0};
    strcpy(terminal.home, home);
    if (words[0] == NULL) words[0] = "build/raspc";
    for (size_t i = 0; arguments[i] != NULL; i++)
        words[i + 1] = arguments[i];
    terminal.child = forkpty(&terminal.fd, NULL, NULL, NULL);
    ck_assert_int_ge(terminal.child, 0);
    if (terminal.child == 0) {
        setenv("HOME", home, 1);
        setenv("TERM", kind, 1);
        unsetenv("XDG_STATE_HOME");
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    return terminal;
}

static Terminal open_terminal(const char *home) {
    return open_command(home, "dumb", (const char *const[]){NULL});
}

static Terminal new_terminal(void) {
    char home[] = "/tmp/raspc-home-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(home));
    return open_terminal(home);
}

/* False when the other side is gone. */
static bool receive(Terminal *terminal) {
    struct pollfd ready = {.fd = terminal->fd, .events = POLLIN};
    char bytes[4096];
    ck_assert_msg(poll(&ready, 1, PATIENCE) == 1, "nothing more came after: %s",
                  terminal->all.data);
    ssize_t count = read(terminal->fd, bytes, sizeof bytes);
    if (count <= 0) return false;
    buffer_add(&terminal->seen, bytes, (size_t)count);
    buffer_add(&terminal->all, bytes, (size_t)count);
    return true;
}

/* Waits until the text has been shown, and forgets all up to its end. */
static void expect(Terminal *terminal, const char *text) {
    const char *at;
    buffer_text(&terminal->seen, "");
    while ((at = strstr(terminal->seen.data, text)) == NULL)
        ck_assert_msg(receive(terminal), "the end instead of '%s' after: %s", text,
                      terminal->all.data);
    Buffer rest = {0};
    buffer_text(&rest, at + strlen(text));
    buffer_free(&terminal->seen);
    terminal->seen = rest;
}

static void type(Terminal *terminal, const char *keys) {
    ck_assert_int_eq(write(terminal->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Ctrl-D on an empty line, and the command ends well. */
static void leave(Terminal *terminal) {
    int status;
    type(terminal, "\4");
    while (receive(terminal)) {
    }
    ck_assert_int_eq(waitpid(terminal->child, &status, 0), terminal->child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it ended with status %d", status);
    close(terminal->fd);
    buffer_free(&terminal->seen);
    buffer_free(&terminal->all);
}

static void remove_home(const Terminal *terminal) {
    char path[64];
    snprintf(path, sizeof path, "%s/.raspc_history", terminal->home);
    unlink(path);
    rmdir(terminal->home);
}

START_TEST(results_are_shown_and_control_d_leaves) {
    Terminal terminal = new_terminal();
    expect(&terminal, ">> ");
    type(&terminal, "indices + 1;\n");
    expect(&terminal, "Example: out(\"hello\") = [1, 2, 3, 4, 5] (ints)");
    expect(&terminal, ">> ");
    type(&terminal, "set example \"abc\"\n");
    expect(&terminal, ">> ");
    type(&terminal, "length;\n");
    expect(&terminal, "length(\"abc\") = [3]*3 (ints)");
    expect(&terminal, ">> ");
    leave(&terminal);
    remove_home(&terminal);
}
END_TEST

START_TEST(an_open_entry_goes_on_and_control_c_drops_it) {
    Terminal terminal = new_terminal();
    expect(&terminal, ">> ");
    type(&terminal, "def f(x) {\n");
    expect(&terminal, ".. ");
    type(&terminal, "nosuch\3");
    expect(&terminal, "^C");
    expect(&terminal, ">> ");
    type(&terminal, "1 + 1;\n");
    expect(&terminal, "value: out =  2");
    expect(&terminal, ">> ");
    leave(&terminal);
    remove_home(&terminal);
}
END_TEST

START_TEST(an_empty_line_tells_of_a_missing_semicolon) {
    Terminal terminal = new_terminal();
    expect(&terminal, ">> ");
    type(&terminal, "indices\n");
    expect(&terminal, ".. ");
    type(&terminal, "\n");
    expect(&terminal, "the text ends before the ';' of this statement");
    expect(&terminal, ">> ");
    type(&terminal, "(1 +\n");
    expect(&terminal, ".. ");
    type(&terminal, "\n");
    expect(&terminal, "this '('");
    expect(&terminal, ">> ");
    type(&terminal, "def f(x) {\n");
    expect(&terminal, ".. ");
    type(&terminal, "\n");
    expect(&terminal, ".. ");
    type(&terminal, "return x + 1; }\n");
    expect(&terminal, "console function: f(x)");
    expect(&terminal, ">> ");
    leave(&terminal);
    remove_home(&terminal);
}
END_TEST

START_TEST(tab_completes_names_of_the_library_and_of_the_session) {
    Terminal terminal = new_terminal();
    expect(&terminal, ">> ");
    type(&terminal, "my_number = 41;\n");
    expect(&terminal, ">> ");
    type(&terminal, "my_n\t + 1;\n");
    expect(&terminal, "value: out =  42");
    expect(&terminal, ">> ");
    type(&terminal, "selector_w\t(select(indices, indices, <=));\n");
    expect(&terminal, "[1, 2, 3, 4, 5]");
    expect(&terminal, ">> ");
    leave(&terminal);
    remove_home(&terminal);
}
END_TEST

START_TEST(the_history_outlives_the_session) {
    Terminal terminal = new_terminal();
    expect(&terminal, ">> ");
    type(&terminal, "6 * 7;\n");
    expect(&terminal, "value: out =  42");
    expect(&terminal, ">> ");
    leave(&terminal);
    Terminal next = open_terminal(terminal.home);
    expect(&next, ">> ");
    type(&next, "\20\n"); /* Ctrl-P: the entry before */
    expect(&next, "value: out =  42");
    expect(&next, ">> ");
    leave(&next);
    remove_home(&next);
}
END_TEST

/* Ctrl-C until what runs gives up: it may come before the work begins. */
static void interrupt(Terminal *terminal) {
    struct pollfd ready = {.fd = terminal->fd, .events = POLLIN};
    for (int tries = 0; tries < 200; tries++) {
        buffer_text(&terminal->seen, "");
        if (strstr(terminal->seen.data, "E0507") != NULL) return;
        type(terminal, "\3");
        while (poll(&ready, 1, 100) == 1)
            receive(terminal);
    }
}

START_TEST(control_c_ends_an_evaluation) {
    Terminal terminal = new_terminal();
    expect(&terminal, ">> ");
    type(&terminal, "kept = 5;\n");
    expect(&terminal, ">> ");
    type(&terminal, "selector_width(select(indices, indices, <))(range(300000));\n");
    expect(&terminal, "\n");
    interrupt(&terminal);
    expect(&terminal, "E0507");
    expect(&terminal, ">> ");
    type(&terminal, "kept + 1;\n");
    expect(&terminal, "value: out =  6");
    expect(&terminal, ">> ");
    leave(&terminal);
    remove_home(&terminal);
}
END_TEST

START_TEST(control_c_ends_elaboration) {
    Terminal terminal = new_terminal();
    expect(&terminal, ">> ");
    type(&terminal, "def slow(n) { return 0 if n == 0 else slow(n - 1) + slow(n - 1); }\n");
    expect(&terminal, ">> ");
    type(&terminal, "slow(60);\n");
    expect(&terminal, "\n");
    interrupt(&terminal);
    expect(&terminal, "E0507");
    expect(&terminal, ">> ");
    type(&terminal, "1 + 2;\n");
    expect(&terminal, "value: out =  3");
    expect(&terminal, ">> ");
    leave(&terminal);
    remove_home(&terminal);
}
END_TEST

/* Some machines (a bare chroot) have no pseudo terminals to type into. */
static bool has_terminals(void) {
    int near_end, far_end;
    if (openpty(&near_end, &far_end, NULL, NULL, NULL) != 0) return false;
    close(near_end);
    close(far_end);
    return true;
}

/* A loop long enough to be wondered at: its rounds are told and wiped, and its long result is cut.
 */
START_TEST(rounds_are_told_and_long_results_cut) {
    char home[] = "/tmp/raspc-home-XXXXXX", program[64];
    ck_assert_ptr_nonnull(mkdtemp(home));
    snprintf(program, sizeof program, "%s/loop.rasp", home);
    FILE *file = fopen(program, "w");
    ck_assert_ptr_nonnull(file);
    fputs("input x: vec[2];\nz = x;\nrepeat 20000 { z = z * 0.5 + 1; }\noutput z;\n", file);
    ck_assert_int_eq(fclose(file), 0);
    const char *words[] = {"run", program, "-i", "x=[0,1]*1000", NULL};
    Terminal terminal = open_command(home, "xterm", words);
    expect(&terminal, "\r\033[Kround ");
    expect(&terminal, " of 20000");
    expect(&terminal, "\r\033[Kz = [[2.0, 2.0], ");
    expect(&terminal, ", and 950 more] (vectors)\r\n");
    leave(&terminal);
    unlink(program);
    rmdir(home);
}
END_TEST

Suite *terminal_suite(void) {
    Suite *suite = suite_create("terminal");
    if (!has_terminals()) {
        fprintf(stderr, "terminal: skipped, there are no pseudo terminals here\n");
        return suite;
    }
    TCase *keys = tcase_create("keys");
    tcase_set_timeout(keys, 60);
    tcase_add_test(keys, results_are_shown_and_control_d_leaves);
    tcase_add_test(keys, an_open_entry_goes_on_and_control_c_drops_it);
    tcase_add_test(keys, an_empty_line_tells_of_a_missing_semicolon);
    tcase_add_test(keys, tab_completes_names_of_the_library_and_of_the_session);
    tcase_add_test(keys, the_history_outlives_the_session);
    tcase_add_test(keys, control_c_ends_an_evaluation);
    tcase_add_test(keys, control_c_ends_elaboration);
    tcase_add_test(keys, rounds_are_told_and_long_results_cut);
    suite_add_tcase(suite, keys);
    return suite;
}
