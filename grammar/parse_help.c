/* What to do about a token that does not fit: the mistakes that people make, told by the token,
   what stands before it and the bracket that it stands in. */
#include "grammar/foreign.h"
#include "grammar/parse_error.h"
#include "grammar/rasp.tab.h"
#include "grammar/tokens.h"

#include <string.h>

static bool found(const Misfit *misfit, const char *name) {
    return strcmp(misfit->found, name) == 0;
}

static bool found_word(const Misfit *misfit) {
    return misfit->found[0] == '\'' && misfit->found[1] >= 'a' && misfit->found[1] <= 'z';
}

static const char *text_of(const Misfit *misfit, Span span) {
    size_t len;
    return sources_text(misfit->parser->sources, span.file, &len) + span.start;
}

static uint32_t line_of(const Misfit *misfit, Span span) {
    uint32_t line, column;
    sources_position(misfit->parser->sources, span, &line, &column);
    return line;
}

/* The bracket of the broken statement that is still open, if any. */
static const Bracket *open_bracket(const TokenStream *tokens) {
    return tokens->depth > tokens->base ? &tokens->brackets[tokens->depth - 1] : NULL;
}

/* The word before the bracket that the last token closed: of `while (x) {`. */
static const char *word_before_bracket(const Misfit *misfit) {
    Span end = misfit->parser->tokens->previous.span;
    const char *text = text_of(misfit, (Span){end.file, 0, 0});
    enum { FAR = 1000 }; /* bytes */
    uint32_t at = end.start, depth = 1, least = at > FAR ? at - FAR : 0;
    while (depth > 0 && at > least) {
        at--;
        depth += text[at] == ')';
        depth -= text[at] == '(';
    }
    while (at > 0 && text[at - 1] == ' ')
        at--;
    uint32_t start = at;
    while (start > 0 && text[start - 1] >= 'a' && text[start - 1] <= 'z')
        start--;
    return foreign_help(text + start, at - start);
}

/* A word of other languages: itself in the place of a name, or the one before. */
static const char *foreign_word(const Misfit *misfit) {
    const Token *previous = &misfit->parser->tokens->previous;
    const char *help = NULL;
    if (previous->kind == T_NAME)
        help = foreign_help(text_of(misfit, previous->span),
                            previous->span.end - previous->span.start);
    if (previous->kind == ')' && found(misfit, "'{'")) help = word_before_bracket(misfit);
    if (help == NULL && found(misfit, "a name"))
        help = foreign_help(text_of(misfit, misfit->span), misfit->span.end - misfit->span.start);
    return help;
}

/* Signs that mean something else in other languages. */
static const char *foreign_sign(const Misfit *misfit, const Bracket *bracket) {
    const TokenStream *tokens = misfit->parser->tokens;
    int before = tokens->previous.kind;
    bool in_square = bracket != NULL && bracket->kind == '[';
    bool operator_fits = misfit_expects(misfit, "'*'");
    if (found(misfit, "'='") && (before == '+' || before == '-' || before == '*' || before == '/'))
        return "a name gets its value by '=' alone: write 'x = x + 1'";
    if (found(misfit, "':'") && tokens->head) return "a body stands in braces: '{' ... '}'";
    if (found(misfit, "':'") && in_square) return "RASP has no slices; 'x[i]' is one item";
    if (found(misfit, "':'") && bracket == NULL && operator_fits)
        return "a name gets its value by '=' alone: 'x = 3;'";
    if (found(misfit, "'not'") && operator_fits)
        return "'not' stands before a value: write 'not (a in b)'";
    if (found(misfit, "a string") && before == T_STRING) return "strings are joined by '+'";
    return NULL;
}

/* How the innermost form is written. */
static const char *form_of(const Bracket *bracket) {
    if (bracket == NULL || bracket->kind != '(') return NULL;
    switch (bracket->word) {
    case T_SELECT: return "select(keys, queries, ==), or with !=, <, >, <=, >=";
    case T_AGGREGATE: return "aggregate(selector, values) or aggregate(selector, values, default)";
    case T_ROUND: return "round(values): it rounds to integers";
    case T_INDICATOR: return "indicator(values)";
    case T_LEN: return "len(list)";
    case T_UNTIL: return "repeat 100 until (condition) { .. }";
    case T_DRAW: return "draw(s-op) or draw(s-op, input)";
    default: return NULL;
    }
}

/* 'else = 4;' takes the word for a name. */
static bool is_assigned(const Misfit *misfit) {
    const char *rest = text_of(misfit, misfit->span) + (misfit->span.end - misfit->span.start);
    rest += strspn(rest, " \t");
    return rest[0] == '=' && rest[1] != '=';
}

static const char *advice(const Misfit *misfit, const Bracket *bracket) {
    const TokenStream *tokens = misfit->parser->tokens;
    bool closes = found(misfit, "')'") || found(misfit, "']'") || found(misfit, "'}'");
    if (found(misfit, "'!='"))
        return "only 'select' compares with '!='; elsewhere write 'not (a == b)'";
    if (found(misfit, "'~='")) return "'~=' stands in 'check' only";
    if (found(misfit, "'='") && misfit_expects(misfit, "'!='")) return "'==' compares";
    if (found(misfit, "a string") && misfit_expects(misfit, "'!='"))
        return "a comparison stands there by itself, without quotes";
    if ((found(misfit, "'if'") || found(misfit, "'else'")) && tokens->at_start &&
        !is_assigned(misfit))
        return "'if' is no statement; a choice is an expression: 'x = a if c else b;'";
    if (closes && tokens->previous.kind == ',') return "leave out the ',' before it";
    if (found(misfit, "';'") && tokens->at_start) return "leave this ';' out";
    if ((tokens->statement == T_INPUT || tokens->statement == T_PARAM) && found(misfit, "'('") &&
        misfit_expects(misfit, "'['"))
        return "a vector's width stands in square brackets: vec[2]";
    if (tokens->statement == T_OUTPUT && !tokens->at_start && misfit_expects(misfit, "','"))
        return "outputs are names, 'output a, b;'; a value gets one first: 'y = x + 1;'";
    if (tokens->statement == T_INPUT && !tokens->at_start && misfit_expects(misfit, "':'"))
        return "an input has a type: 'input x: vec[2];', or str, int, float, bool";
    if (tokens->statement == T_PARAM && !tokens->at_start &&
        (misfit_expects(misfit, "':'") || misfit_expects(misfit, "'='")))
        return "a param has a type and a value: 'param alpha: float = 0.5;'";
    if (tokens->statement == T_REPEAT && tokens->head &&
        (misfit_expects(misfit, "'{'") || misfit_expects(misfit, "'until'") ||
         tokens->previous.kind == T_UNTIL))
        return "a loop is written 'repeat 10 { .. }' or 'repeat 10 until (condition) { .. }'";
    if (found(misfit, "a name") && tokens->previous.kind == T_LOAD)
        return "the file's name stands in double quotes: load \"name\";";
    if (bracket != NULL && bracket->kind == '{' && misfit_expects(misfit, "':'") &&
        (found(misfit, "','") || found(misfit, "'}'")))
        return "a dict's items are 'key: value'; a list stands in '[' and ']'";
    if (found(misfit, "','") && bracket != NULL && bracket->kind == '(' &&
        !token_ends_value(bracket->word) && form_of(bracket) == NULL)
        return "several values are a list: [a, b]";
    if (found(misfit, "';'") && bracket == NULL && misfit_expects(misfit, "'else'"))
        return "a choice has two sides: 'a if c else b'";
    const char *help = foreign_sign(misfit, bracket);
    if (help == NULL) help = foreign_word(misfit);
    if (help == NULL && found(misfit, "'='") && misfit_expects(misfit, "'=='"))
        help = "only names are assigned to; '==' compares";
    return help;
}

void misfit_help(const Misfit *misfit, Diagnostic *diag) {
    const Bracket *bracket = open_bracket(misfit->parser->tokens);
    const char *form = form_of(bracket), *help = advice(misfit, bracket);
    bool ends = found(misfit, "';'") || found(misfit, "'}'");
    if (help != NULL)
        diag_help(diag, "%s", help);
    else if (bracket != NULL &&
             (ends || line_of(misfit, bracket->span) != line_of(misfit, misfit->span)))
        diag_note(diag, bracket->span, "this '%c' is not closed", bracket->kind);
    else if (form != NULL)
        diag_help(diag, "write %s", form);
    else if (found_word(misfit) && misfit_expects(misfit, "a name"))
        diag_help(diag, "%s belongs to the language and can't be a name", misfit->found);
}
