/* Writes what an installation has beside the command, from the tables that it itself reads:

     manual man      the page raspc.1
     manual bash     completion for bash */
#include "compiler/driver/driver.h"

#include <stdio.h>
#include <string.h>

typedef struct Row {
    const char *name, *operands, *summary;
    OptionSet takes;
    const char *examples;
} Row;

static const Row rows[] = {
#define COMMAND(function, name, operands, summary, options, examples)                              \
    {name, operands, summary, (options) | TAKES(OPT_HELP) | TAKES(OPT_COLOR), examples},
#include "compiler/driver/commands.def"
#undef COMMAND
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const OptionInfo options[OPTION_COUNT] = {
#define OPTION(id, long_, short_, argument, text) [id] = {long_, short_, argument, text},
#include "compiler/driver/options.def"
#undef OPTION
};

/* --- the manual page -------------------------------------------------------------------------- */

/* Text as roff takes it: a sign that roff would read is escaped. */
static void put(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\')
            fputs("\\e", stdout);
        else if (text[i] == '-')
            fputs("\\-", stdout);
        else if (text[i] == '\'')
            fputs("\\(aq", stdout);
        else if (text[i] == '`')
            fputs("\\(ga", stdout);
        else if (text[i] == '.' && (i == 0 || text[i - 1] == '\n'))
            fputs("\\&.", stdout);
        else
            putchar(text[i]);
    }
}

static void put_text(const char *text) { put(text, strlen(text)); }

static void put_option(const OptionInfo *option) {
    fputs(".TP\n", stdout);
    if (option->letter != 0) printf("\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", stdout);
    put_text(option->name);
    fputs("\\fR", stdout);
    if (option->argument != NULL) printf(" \\fI%s\\fR", option->argument);
    putchar('\n');
    put_text(option->text);
    putchar('\n');
}

/* Lines of "command  # what it does". */
static void put_examples(const char *examples) {
    static const char mark[] = "  # ";
    for (const char *line = examples; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *remark = strstr(line, mark), *end = strchr(line, '\n');
        fputs(".TP\n\\fB", stdout);
        put(line, (size_t)(remark - line));
        fputs("\\fR\n", stdout);
        remark += strlen(mark);
        put(remark, (size_t)(end - remark));
        putchar('\n');
    }
}

static void put_command(const Row *row) {
    printf(".SS raspc %s", row->name);
    if (*row->operands != '\0') printf(" %s", row->operands);
    putchar('\n');
    put_text(row->summary);
    fputs(".\n", stdout);
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        bool common = id == OPT_HELP || id == OPT_COLOR;
        if (!common && (row->takes & TAKES(id)) != 0) put_option(&options[id]);
    }
    put_examples(row->examples);
}

static void write_page(void) {
    puts(".TH RASPC 1 \"\" \"raspc " RASPC_VERSION "\"\n"
         ".SH NAME\n"
         "raspc \\- RASP programs into transformers\n"
         ".SH SYNOPSIS\n"
         ".B raspc\n"
         "[\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...]\n"
         ".SH DESCRIPTION\n"
         "raspc reads RASP, a small language in which attention is the computation, and turns its\n"
         "programs into transformers whose every weight is known.\n"
         "Without a command it is an interactive prompt.\n"
         ".SH COMMANDS");
    for (size_t i = 0; i < ROWS; i++)
        put_command(&rows[i]);
    puts(".SH OPTIONS OF EVERY COMMAND");
    put_option(&options[OPT_HELP]);
    put_option(&options[OPT_COLOR]);
    puts(".SH EXIT STATUS\n"
         "0 done; 1 the program or the input is wrong; 2 wrong usage; 3 a check or a verification\n"
         "failed.\n"
         ".SH ENVIRONMENT\n"
         ".TP\n.B NO_COLOR\nwhen set, no colours are used.\n"
         ".TP\n.B XDG_STATE_HOME\nwhere the prompt keeps its history, in raspc/history; when not "
         "set,\n"
         "it is ~/.raspc_history.\n"
         ".SH FILES\n"
         "The installed programs, which \\fBload\\fR finds from everywhere, are in\n"
         "share/raspc/programs beside the directory of the command.");
}

/* --- completion ------------------------------------------------------------------------------- */

static void write_options(OptionSet takes) {
    for (OptionId id = 0; id < OPTION_COUNT; id++)
        if ((takes & TAKES(id)) != 0) printf(" --%s", options[id].name);
}

static void write_completion(void) {
    puts("# bash completion for raspc\n"
         "_raspc() {\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
         "    if [ \"$COMP_CWORD\" -eq 1 ]; then");
    fputs("        words='help", stdout);
    for (size_t i = 0; i < ROWS; i++)
        printf(" %s", rows[i].name);
    puts(" --help --version'\n"
         "    elif [ \"${COMP_WORDS[COMP_CWORD-1]}\" = --engine ]; then\n"
         "        words='eval interp jit'\n"
         "    elif [ \"${word:0:1}\" = - ]; then\n"
         "        case ${COMP_WORDS[1]} in");
    for (size_t i = 0; i < ROWS; i++) {
        printf("        %s) words='", rows[i].name);
        write_options(rows[i].takes);
        puts("' ;;");
    }
    puts("        esac\n"
         "    fi\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _raspc raspc");
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "man") == 0)
        write_page();
    else if (argc == 2 && strcmp(argv[1], "bash") == 0)
        write_completion();
    else
        return fputs("usage: manual man|bash\n", stderr), 2;
    return fflush(stdout) == 0 ? 0 : 1;
}
