#include "compiler/driver/options.h"

#include "runtime/base/memory.h"
#include "runtime/base/text.h"
#include "runtime/base/visible.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const OptionInfo infos[OPTION_COUNT] = {
#define OPTION(id, long_, short_, argument, text) [id] = {long_, short_, argument, text},
#include "compiler/driver/options.def"
#undef OPTION
};
_Static_assert(OPTION_COUNT <= 64, "an OptionSet has 64 bits");

const OptionInfo *option_info(OptionId id) { return &infos[id]; }

enum { FIRST_LONG = 256 }; /* getopt_long's values of long options, above every letter */

/* The tables that getopt_long wants, for the options of one command. */
typedef struct Table {
    struct option longs[OPTION_COUNT + 1];
    const char *names[OPTION_COUNT]; /* (count) */
    size_t count;
    char shorts[2 * OPTION_COUNT + 3];
} Table;

static Table make_table(OptionSet takes, bool before_operands) {
    Table table = {0};
    char *letter = table.shorts;
    if (before_operands) *letter++ = '+';
    *letter++ = ':'; /* a missing argument is told apart from an unknown option */
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        if ((takes & TAKES(id)) == 0) continue;
        bool argument = infos[id].argument != NULL;
        table.longs[table.count] =
            (struct option){infos[id].name, argument, NULL, FIRST_LONG + (int)id};
        table.names[table.count++] = infos[id].name;
        if (infos[id].letter == 0) continue;
        *letter++ = infos[id].letter;
        if (argument) *letter++ = ':';
    }
    return table;
}

/* A letter can mean one option to one command and another to the next. */
static bool by_letter(OptionSet takes, int letter, OptionId *id) {
    for (*id = 0; *id < OPTION_COUNT; ++*id) {
        bool taken = (takes & TAKES(*id)) != 0;
        if (taken && infos[*id].letter != 0 && infos[*id].letter == letter) return true;
    }
    return false;
}

/* "there is no option '--egnine'; did you mean '--engine'?" */
static void complain_unknown(const Table *table, const char *word, Buffer *out) {
    size_t len = strcspn(word + 2, "=");
    buffer_text(out, "there is no option '--");
    size_t from = out->len;
    visible_text(out, word + 2, len);
    const char *nearest = spelling_nearest(out->data + from, table->names, table->count);
    buffer_char(out, '\'');
    if (nearest != NULL) buffer_printf(out, "; did you mean '--%s'?", nearest);
}

/* Says what getopt_long did not like. It leaves in optopt the option's value in our table, 0 for
   an unknown long option, which is then the argument just passed. */
static void complain(const Table *table, int found, const char *passed, const char *who) {
    Buffer out = {0};
    bool is_long = optopt >= FIRST_LONG;
    if (found == ':' && is_long) {
        buffer_printf(&out, "'--%s' wants a value", infos[optopt - FIRST_LONG].name);
    } else if (found == ':') {
        buffer_printf(&out, "'-%c' wants a value", optopt);
    } else if (is_long) {
        buffer_printf(&out, "'--%s' takes no value", infos[optopt - FIRST_LONG].name);
    } else if (optopt != 0) {
        char letter = (char)optopt;
        buffer_text(&out, "there is no option '-");
        visible_text(&out, &letter, 1);
        buffer_char(&out, '\'');
    } else {
        complain_unknown(table, passed, &out);
    }
    fprintf(stderr, "%s: %s\n", who, out.data);
    buffer_free(&out);
}

bool options_parse(int argc, char **argv, OptionSet takes, bool before_operands, const char *who,
                   Options *out) {
    Table table = make_table(takes, before_operands);
    size_t capacity = 0;
    *out = (Options){0};
    opterr = 0;
    optind = 0; /* glibc: start afresh, and read the first letter of shorts anew */
    for (;;) {
        int found = getopt_long(argc, argv, table.shorts, table.longs, NULL);
        if (found == -1) break;
        OptionId id;
        if (found >= FIRST_LONG)
            id = (OptionId)(found - FIRST_LONG);
        else if (found == '?' || found == ':' || !by_letter(takes, found, &id)) {
            complain(&table, found, argv[optind - 1], who);
            options_free(out);
            return false;
        }
        out->given = memory_reserve(out->given, &capacity, out->count + 1, sizeof *out->given);
        const char *value = infos[id].argument == NULL ? NULL : optarg;
        out->given[out->count++] = (GivenOption){id, value};
    }
    out->operands = argv + optind;
    out->operand_count = (size_t)(argc - optind);
    return true;
}

void options_free(Options *options) {
    free(options->given);
    *options = (Options){0};
}

bool option_given(const Options *options, OptionId id) {
    for (size_t i = 0; i < options->count; i++) {
        if (options->given[i].id == id) return true;
    }
    return false;
}

const char *option_value(const Options *options, OptionId id) {
    for (size_t i = options->count; i-- > 0;) {
        if (options->given[i].id == id) return options->given[i].value;
    }
    return NULL;
}
