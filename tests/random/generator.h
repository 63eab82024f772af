/* What the parts of the generator share. An expression is made as text, inside out: a production
   makes its parts first and may then look at how large they can be. */
#ifndef RASPC_RANDOM_GENERATOR_H
#define RASPC_RANDOM_GENERATOR_H

#include "runtime/base/random.h"
#include "tests/random/generate.h"

typedef enum Kind {
    KIND_BOOL,
    KIND_INT,    /* ints alone */
    KIND_NUMBER, /* bools, ints and floats */
    KIND_STRING,
    KIND_SELECTOR,
    KIND_COUNT
} Kind;

/* A piece of text of some kind. */
typedef struct Made {
    const char *text; /* NULL: the production does not apply here */
    bool sop;         /* an s-op (or selector) for sure: not a constant */
    bool single;      /* a selector of at most one key a row */
    double size;      /* no value is farther from 0; a string: no value is longer */
} Made;

typedef struct Variable {
    const char *name;
    Kind kind;
    Made made;
    bool used;
} Variable;

/* What tokens_int and the others give, for a vocabulary. */
typedef struct TokenFacts {
    bool have_int, have_float; /* tokens_int, tokens_float convert every token */
    Kind asis;                 /* of tokens_asis; KIND_COUNT: mixed, so that it may fail */
    double size;               /* of the numbers */
    double length;             /* of the texts, in code points */
} TokenFacts;

enum { VARIABLES_AT_MOST = 64, FUNCTIONS_AT_MOST = 8, PARAMETERS = 2 };

typedef struct RandomFunction {
    const char *name;
    Kind parameter[PARAMETERS];
    Kind result;
    double size; /* of its result */
} RandomFunction;

typedef struct Generator {
    Random random;
    Arena *arena;
    Vocabulary vocabulary;
    TokenFacts tokens;
    const char **words; /* (vocabulary.count) the tokens' texts as RASP literals */
    bool risky;         /* operations that may fail on some input are welcome */
    Variable variables[VARIABLES_AT_MOST];
    uint32_t variable_count;
    uint32_t hidden; /* variables before this one are out of sight: inside a function */
    RandomFunction functions[FUNCTIONS_AT_MOST];
    uint32_t function_count;
    uint32_t names; /* given out so far */
} Generator;

/* An expression of that kind; depth bounds how deep it nests. Never fails. */
Made make_expression(Generator *generator, Kind kind, uint32_t depth);
/* The same, but an s-op for sure (a variable or an input in the end). */
Made make_sop(Generator *generator, Kind kind, uint32_t depth);
/* A selector that selects at most one key a row. */
Made make_single(Generator *generator, uint32_t depth);

/* vocabulary.c */
void choose_vocabulary(Generator *generator);
/* A literal of that kind (no selector). Strings are mostly tokens' texts. */
Made make_constant(Generator *generator, Kind kind);

static inline uint32_t below(Generator *generator, uint32_t bound) {
    return random_below(&generator->random, bound);
}
static inline bool chance(Generator *generator, uint32_t percent) {
    return random_chance(&generator->random, percent);
}

/* Text in the generator's arena. */
const char *make_text(Generator *generator, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- productions ------------------------------------------------------------------------------ */

typedef Made (*Produce)(Generator *generator, uint32_t depth);
typedef struct Production {
    uint32_t weight;
    Produce produce;
} Production;

/* numbers.c, words.c, selectors.c: what a kind can be made of. The list ends with a weight of 0. */
extern const Production int_productions[];
extern const Production number_productions[];
extern const Production bool_productions[];
extern const Production string_productions[];
extern const Production selector_productions[];

/* idioms.c: what real programs are full of. */
Made idiom_rank(Generator *generator, uint32_t depth);
Made idiom_number(Generator *generator, uint32_t depth);
Made idiom_total(Generator *generator, uint32_t depth);
Made idiom_quotient(Generator *generator, uint32_t depth);
Made idiom_float_quotient(Generator *generator, uint32_t depth);
Made idiom_signed_bool(Generator *generator, uint32_t depth);
Made idiom_int_item(Generator *generator, uint32_t depth);
Made idiom_number_item(Generator *generator, uint32_t depth);
Made idiom_made_dict(Generator *generator, uint32_t depth);
Made idiom_means_compared(Generator *generator, uint32_t depth);
Made idiom_by_rank(Generator *generator, uint32_t depth);
Made idiom_nth(Generator *generator, uint32_t depth);

static inline Made made(const char *text, bool sop, double size) {
    return (Made){.text = text, .sop = sop, .size = size};
}
static inline Made not_here(void) { return (Made){.text = NULL}; }
static inline double larger(double a, double b) { return a > b ? a : b; }

#endif
