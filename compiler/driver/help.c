/* Help, made from the tables: examples first, then what there is. */
#include "compiler/driver/driver.h"

#include <string.h>

static size_t longer(size_t a, size_t b) { return a > b ? a : b; }

/* Lines of "command  # what it does", the remarks in one column where they fit. */
static void add_examples(const char *examples, Buffer *out) {
    static const char mark[] = "  # ";
    size_t widest = 0;
    for (const char *line = examples; *line != '\0'; line = strchr(line, '\n') + 1) {
        widest = longer(widest, (size_t)(strstr(line, mark) - line));
    }
    for (const char *line = examples; *line != '\0'; line = strchr(line, '\n') + 1) {
        size_t len = (size_t)(strstr(line, mark) - line);
        buffer_text(out, "  ");
        buffer_add(out, line, len);
        buffer_repeat(out, ' ', widest - len);
        buffer_add(out, line + len, (size_t)(strchr(line, '\n') + 1 - line) - len);
    }
}

/* "  -i, --input INPUT" */
static size_t add_option_head(const OptionInfo *option, Buffer *out) {
    size_t before = out->len;
    if (option->letter != 0)
        buffer_printf(out, "  -%c, --%s", option->letter, option->name);
    else
        buffer_printf(out, "      --%s", option->name);
    if (option->argument != NULL) buffer_printf(out, " %s", option->argument);
    return out->len - before;
}

/* The text behind a head of `width` columns; its further lines stand under its first. */
static void add_text(const char *text, size_t width, size_t column, Buffer *out) {
    buffer_repeat(out, ' ', column - width);
    for (; *text != '\0'; text++) {
        buffer_char(out, *text);
        if (*text == '\n') buffer_repeat(out, ' ', column);
    }
    buffer_char(out, '\n');
}

static void add_options(OptionSet takes, Buffer *out) {
    size_t column = 0;
    Buffer head = {0};
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        if (takes & TAKES(id)) column = longer(column, add_option_head(option_info(id), &head));
    }
    buffer_free(&head);
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        if ((takes & TAKES(id)) == 0) continue;
        size_t width = add_option_head(option_info(id), out);
        add_text(option_info(id)->text, width, column + 2, out);
    }
}

void help_command(const Command *command, Buffer *out) {
    buffer_printf(out, "raspc %s: %s\n\n", command->name, command->summary);
    add_examples(command->examples, out);
    buffer_printf(out, "\nUsage: raspc %s [OPTION]...%s%s\n\nOptions:\n", command->name,
                  *command->operands == '\0' ? "" : " ", command->operands);
    add_options(command->takes, out);
}

void help_all(Buffer *out) {
    buffer_text(out, "raspc: RASP programs into transformers\n\n");
    add_examples("raspc  # the interactive prompt\n"
                 "raspc run hist.rasp -i hello  # run a program on an input\n"
                 "raspc run -e 'length - indices' -i hello  # or an expression\n"
                 "raspc check hist.rasp  # run its check statements under every engine\n"
                 "raspc explain-error E0201  # what a diagnostic means\n",
                 out);
    buffer_text(out, "\nUsage: raspc [COMMAND [OPTION]... [ARGUMENT]...]\n\nCommands:\n");
    size_t column = 0;
    for (size_t i = 0; i < command_count(); i++) {
        column = longer(column, strlen(command_at(i)->name) + 2);
    }
    for (size_t i = 0; i < command_count(); i++) {
        const Command *command = command_at(i);
        buffer_printf(out, "  %s", command->name);
        add_text(command->summary, strlen(command->name) + 2, column + 2, out);
    }
    buffer_text(out, "\n'raspc COMMAND --help' says more about one of them; 'raspc --version' "
                     "prints the version.\n"
                     "Exit status: 0 done; 1 the program or the input is wrong; 2 wrong usage; "
                     "3 a check failed.\n");
}
