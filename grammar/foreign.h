/* Help for words that are no words of RASP's, but of languages that people come from. */
#ifndef RASPC_FOREIGN_H
#define RASPC_FOREIGN_H

#include <stddef.h>

/* What to write instead of the word (foreign.def), or NULL. */
const char *foreign_help(const char *word, size_t len);

#endif
