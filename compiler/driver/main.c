/* raspc: finds the subcommand, reads its options and runs it. The only place that ends the process.
 */
#include "compiler/driver/colour.h"
#include "compiler/driver/driver.h"
#include "runtime/base/file.h"
#include "runtime/base/memory.h"
#include "runtime/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ExitStatus print(Driver *driver, ExitStatus status) {
    return driver_flush(driver) ? status : EXIT_WRONG;
}

static ExitStatus unknown_command(const char *word) {
    const char **names = memory_zeroed(command_count() * sizeof *names);
    for (size_t i = 0; i < command_count(); i++)
        names[i] = command_at(i)->name;
    const char *nearest = spelling_nearest(word, names, command_count());
    size_t len = strlen(word);
    for (size_t i = 0; i < command_count() && nearest == NULL && len > 1; i++) {
        if (strncmp(names[i], word, len) == 0) nearest = names[i];
    }
    free(names);
    if (len > 5 && strcmp(word + len - 5, ".rasp") == 0) {
        fprintf(stderr, "raspc: '%s' is no command; did you mean 'raspc run %s'?\n", word, word);
    } else if (nearest != NULL) {
        fprintf(stderr, "raspc: '%s' is no command; did you mean '%s'?\n", word, nearest);
    } else {
        fprintf(stderr, "raspc: '%s' is no command\nTry 'raspc --help'.\n", word);
    }
    return EXIT_USAGE;
}

static ExitStatus run_command(const Command *command, int argc, char **argv, const char *when) {
    Driver driver = {.name = command->name};
    char who[64];
    snprintf(who, sizeof who, "raspc %s", command->name);
    if (!options_parse(argc, argv, command->takes, false, who, &driver.options)) {
        fprintf(stderr, "Try '%s --help'.\n", who);
        return EXIT_USAGE;
    }
    ExitStatus status;
    if (option_given(&driver.options, OPT_COLOR)) when = option_value(&driver.options, OPT_COLOR);
    if (option_given(&driver.options, OPT_HELP)) {
        help_command(command, &driver.out);
        status = EXIT_DONE;
    } else if (!colour_understood(when)) {
        status = driver_usage(&driver, "--color is auto, always or never, not '%s'", when);
    } else {
        driver.colour_out = colour_wanted(when, STDOUT_FILENO);
        bool json = option_given(&driver.options, OPT_JSON);
        driver.diag_style = json                                 ? DIAG_JSON
                            : colour_wanted(when, STDERR_FILENO) ? DIAG_COLOUR
                                                                 : DIAG_PLAIN;
        status = command->function(&driver);
    }
    status = print(&driver, status);
    options_free(&driver.options);
    buffer_free(&driver.out);
    return status;
}

/* `raspc help [COMMAND]` is `raspc [COMMAND] --help`. */
static ExitStatus help(const char *word) {
    Driver driver = {.name = "help"};
    const Command *command = word == NULL ? NULL : command_find(word);
    if (word != NULL && command == NULL) return unknown_command(word);
    if (command != NULL)
        help_command(command, &driver.out);
    else
        help_all(&driver.out);
    ExitStatus status = print(&driver, EXIT_DONE);
    buffer_free(&driver.out);
    return status;
}

static ExitStatus run(int argc, char **argv) {
    Options options;
    OptionSet takes = TAKES(OPT_HELP) | TAKES(OPT_VERSION) | TAKES(OPT_COLOR);
    if (!options_parse(argc, argv, takes, true, "raspc", &options)) {
        fprintf(stderr, "Try 'raspc --help'.\n");
        return EXIT_USAGE;
    }
    bool wants_help = option_given(&options, OPT_HELP);
    bool wants_version = option_given(&options, OPT_VERSION);
    const char *when = option_value(&options, OPT_COLOR);
    char **words = options.operands; /* the subcommand, then its own arguments */
    int count = (int)options.operand_count;
    options_free(&options);
    if (wants_version) return puts("raspc " RASPC_VERSION) == EOF ? EXIT_WRONG : EXIT_DONE;
    if (count > 0 && strcmp(words[0], "help") == 0) return help(count > 1 ? words[1] : NULL);
    if (wants_help) return help(count > 0 ? words[0] : NULL);
    const Command *command = command_find(count > 0 ? words[0] : "repl");
    if (command == NULL) return count > 0 ? unknown_command(words[0]) : help(NULL);
    if (count > 0) return run_command(command, count, words, when);
    return run_command(command, 1, argv, when);
}

int main(int argc, char **argv) {
    ExitStatus status = run(argc, argv);
    return fflush(stdout) == 0 ? (int)status : EXIT_WRONG;
}
