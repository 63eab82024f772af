#include "grammar/foreign.h"

#include <string.h>

static const struct {
    const char *word, *help;
} foreign_words[] = {
#define FOREIGN(word, help) {word, help},
#include "grammar/foreign.def"
#undef FOREIGN
};

const char *foreign_help(const char *word, size_t len) {
    for (size_t i = 0; i < sizeof foreign_words / sizeof foreign_words[0]; i++) {
        const char *known = foreign_words[i].word;
        if (strlen(known) == len && memcmp(known, word, len) == 0) return foreign_words[i].help;
    }
    return NULL;
}
