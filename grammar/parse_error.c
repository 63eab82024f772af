/* What the parser says about a mistake: what was found, what could stand there in words, and what
   to do where that is known. */
#include "grammar/parse.h"
#include "grammar/rasp.tab.h"
#include "grammar/tokens.h"

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

/* --- what could stand there ------------------------------------------------------------------ */

typedef struct Expected {
    const char *const *names;
    int count;
} Expected;

static bool among(const char *name, const char *const *set, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(set[i], name) == 0) return true;
    return false;
}

static bool expects(Expected expected, const char *name) {
    return among(name, expected.names, (size_t)expected.count);
}

/* Tokens that are named together. A class counts when its sign is expected; its members then go
   unnamed. Statements come first: they may begin with a value. */
static const char *const statement_tokens[] = {
    "'def'",  "'for'",       "'return'",   "'load'", "'draw'",     "'check'",
    "'set'",  "'show'",      "'examples'", "'s-op'", "'selector'", "'full seq display'",
    "'exit'", "end of file",
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
static void describe(Expected expected, Buffer *out) {
    const char *words[MOST_NAMED];
    int count = 0;
    bool class_named[CLASS_COUNT];
    for (int c = 0; c < CLASS_COUNT; c++) {
        class_named[c] = expects(expected, classes[c].sign);
        bool part_of_statement = c > 0 && class_named[0];
        if (class_named[c] && !part_of_statement) words[count++] = classes[c].words;
    }
    for (int i = 0; i < expected.count; i++) {
        const char *name = expected.names[i];
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

/* --- help ------------------------------------------------------------------------------------ */

static bool is_word(const char *found) {
    return found[0] == '\'' && ((found[1] >= 'a' && found[1] <= 'z'));
}

/* The bracket of the broken statement that is still open, if any. */
static const Bracket *open_bracket(const TokenStream *tokens) {
    return tokens->depth > tokens->base ? &tokens->brackets[tokens->depth - 1] : NULL;
}

static uint32_t line_of(const Parser *parser, Span span) {
    uint32_t line, column;
    sources_position(parser->sources, span, &line, &column);
    return line;
}

static void add_help(Diagnostic *diag, const Parser *parser, Span span, const char *found,
                     Expected expected) {
    const TokenStream *tokens = parser->tokens;
    const Bracket *bracket = open_bracket(tokens);
    if (strcmp(found, "'!='") == 0)
        diag_help(diag, "only 'select' compares with '!='; elsewhere write 'not (a == b)'");
    else if (strcmp(found, "'~='") == 0)
        diag_help(diag, "'~=' stands in 'check' only");
    else if (strcmp(found, "'='") == 0 && expects(expected, "'=='"))
        diag_help(diag, "only names are assigned to; '==' compares");
    else if (strcmp(found, "';'") == 0 && tokens->at_start)
        diag_help(diag, "leave this ';' out");
    else if (bracket != NULL && (strcmp(found, "';'") == 0 || strcmp(found, "'}'") == 0 ||
                                 line_of(parser, bracket->span) != line_of(parser, span)))
        diag_note(diag, bracket->span, "this '%c' is not closed", bracket->kind);
    else if (is_word(found) && expects(expected, "a name"))
        diag_help(diag, "%s belongs to the language and can't be a name", found);
}

void parser_unexpected(Parser *parser, Span span, const char *found, const char *const *names,
                       int count) {
    parser->syntax_error = true;
    if (parser->quiet) return;
    Expected expected = {names, count};
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
    describe(expected, &words);
    if (words.len > 0) buffer_printf(&message, "; expected %s", words.data);
    Diagnostic *diag = parser_error(parser, DIAG_SYNTAX, span, message.data);
    if (diag != NULL) add_help(diag, parser, span, found, expected);
    buffer_free(&words);
    buffer_free(&message);
}
