/* What the parser says about a mistake: what was found and, in words, what could stand there. */
#include "grammar/parse_error.h"

#include "runtime/base/limits.h"

#include <string.h>

Diagnostic *parser_error(Parser *parser, DiagId id, Span span, const char *message) {
    if (parser->quiet) return NULL;
    parser->failed = true;
    if (++parser->error_count >= LIMIT_DIAGNOSTICS) parser->stop = true;
    return diag_error(parser->diags, id, span, "%s", message);
}

void parser_too_deep(Parser *parser, Span span) {
    Diagnostic *diag =
        parser_error(parser, DIAG_NESTING, span, "this is nested too deep to be read");
    if (diag != NULL)
        diag_help(diag, "at most %d levels are read; give a part a name of its own", LIMIT_NESTING);
}

/* --- what could stand there ------------------------------------------------------------------- */

static bool among(const char *name, const char *const *set, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(set[i], name) == 0) return true;
    return false;
}

bool misfit_expects(const Misfit *misfit, const char *name) {
    return among(name, misfit->expected, (size_t)misfit->expected_count);
}

/* Tokens that are named together. A class counts when its sign is expected; its members then go
   unnamed. Statements come first: they may begin with a value. */
static const char *const statement_tokens[] = {
    "'def'",       "'for'",   "'return'",   "'load'",   "'draw'",     "'check'",
    "'set'",       "'show'",  "'examples'", "'s-op'",   "'selector'", "'full seq display'",
    "'exit'",      "'input'", "'param'",    "'output'", "'require'",  "'repeat'",
    "end of file",
};
static const char *const operator_tokens[] = {
    "'*'", "'/'", "'%'",   "'^'",  "'+'",  "'-'",  "'=='", "'<='", "'>='",
    "'<'", "'>'", "'and'", "'or'", "'if'", "'in'", "'('",  "'['",
};
static const char *const value_tokens[] = {
    "a name",  "an integer", "a number", "a string", "'not'",       "'+'",
    "'-'",     "'('",        "'['",      "'{'",      "'select'",    "'aggregate'",
    "'range'", "'zip'",      "'len'",    "'round'",  "'indicator'",
};
static const char *const comparison_tokens[] = {"'=='", "'!='", "'<='", "'>='", "'<'", "'>'"};
static const char *const hidden_tokens[] = {
    "the end of a broken statement",
    "the block of a broken head",
    "error",
    "invalid token",
};

typedef struct TokenClass {
    const char *sign, *words;
    const char *const *tokens;
    size_t count;
} TokenClass;
#define CLASS(sign, words, tokens) {sign, words, tokens, sizeof tokens / sizeof tokens[0]}
static const TokenClass classes[] = {
    CLASS("'def'", "a statement", statement_tokens),
    CLASS("'*'", "an operator", operator_tokens),
    CLASS("an integer", "an expression", value_tokens),
    CLASS("'!='", "a comparison", comparison_tokens),
};
enum { CLASS_COUNT = sizeof classes / sizeof classes[0], MOST_NAMED = 6 };

/* "an expression or ')'"; empty when too much could stand there. */
static void describe(const Misfit *misfit, Buffer *out) {
    const char *words[MOST_NAMED];
    int count = 0;
    bool class_named[CLASS_COUNT];
    for (int c = 0; c < CLASS_COUNT; c++) {
        class_named[c] = misfit_expects(misfit, classes[c].sign);
        bool part_of_statement = c > 0 && class_named[0];
        if (class_named[c] && !part_of_statement) words[count++] = classes[c].words;
    }
    for (int i = 0; i < misfit->expected_count; i++) {
        const char *name = misfit->expected[i];
        bool folded = among(name, hidden_tokens, sizeof hidden_tokens / sizeof *hidden_tokens);
        for (int c = 0; c < CLASS_COUNT; c++)
            folded = folded || (class_named[c] && among(name, classes[c].tokens, classes[c].count));
        if (folded) continue;
        if (count == MOST_NAMED) return;
        words[count++] = name;
    }
    for (int i = 0; i < count; i++) {
        if (i > 0) buffer_text(out, i + 1 == count ? " or " : ", ");
        buffer_text(out, words[i]);
    }
}

void parser_unexpected(Parser *parser, Span span, const char *found, const char *const *expected,
                       int expected_count) {
    parser->syntax_error = true;
    if (parser->quiet) return;
    Misfit misfit = {parser, span, found, expected, expected_count};
    Buffer message = {0};
    size_t len;
    const char *text = sources_text(parser->sources, span.file, &len);
    uint32_t shown = span.end - span.start;
    bool literal = strcmp(found, "a name") == 0 || strcmp(found, "an integer") == 0 ||
                   strcmp(found, "a number") == 0;
    if (literal && shown <= 40)
        buffer_printf(&message, "unexpected '%.*s'", (int)shown, text + span.start);
    else
        buffer_printf(&message, "unexpected %s", found);
    Buffer words = {0};
    describe(&misfit, &words);
    if (words.len > 0) buffer_printf(&message, "; expected %s", words.data);
    Diagnostic *diag = parser_error(parser, DIAG_SYNTAX, span, message.data);
    if (diag != NULL) misfit_help(&misfit, diag);
    buffer_free(&words);
    buffer_free(&message);
}
