/* The token stream: between scanner and parser. One token of look-ahead finds what a grammar of one
   look-ahead cannot: a `check` that begins a statement, the line end after `set example`. */
#include "grammar/tokens.h"
#include "grammar/rasp.lex.h"
#include "runtime/base/bug.h"
#include "runtime/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Flex reads a token again from its start at each NUL byte in it, which would take quadratic time.
   So it gets a copy with another byte instead, and scan.c looks into the text. Two NULs end it. */
static char *copy_without_nul(const char *text, size_t len) {
    char *copy = memory_resize(NULL, len + 2);
    memcpy(copy, text, len);
    memset(copy + len, 0, 2);
    for (char *nul = copy; (nul = memchr(nul, '\0', (size_t)(copy + len - nul))) != NULL;)
        *nul = '\1';
    return copy;
}

TokenStream *tokens_open(Parser *parser, const char *text, size_t len, uint32_t file) {
    TokenStream *tokens = memory_zeroed(sizeof *tokens);
    uint32_t start = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    tokens->scanner = (Scanner){.parser = parser, .text = text, .span = {file, start, start}};
    tokens->at_start = true;
    tokens->copy = copy_without_nul(text + start, len - start);
    if (rasp_lex_init_extra(&tokens->scanner, &tokens->flex) != 0) BUG("out of memory");
    if (rasp__scan_buffer(tokens->copy, len - start + 2, tokens->flex) == NULL) BUG("no buffer");
    return tokens;
}

void tokens_close(TokenStream *tokens) {
    rasp_lex_destroy(tokens->flex);
    free(tokens->copy);
    free(tokens);
}

static Token scan(TokenStream *tokens) {
    Scanner *scanner = &tokens->scanner;
    scanner->new_line = false;
    int kind = rasp_lex(tokens->flex);
    scanner->last = kind;
    Span end = {scanner->span.file, scanner->span.end, scanner->span.end};
    return (Token){kind, kind == 0 ? end : scanner->span, scanner->new_line};
}

const Token *tokens_peek(TokenStream *tokens) {
    if (!tokens->has_ahead) tokens->ahead = scan(tokens);
    tokens->has_ahead = true;
    return &tokens->ahead;
}

void tokens_put_back(TokenStream *tokens, const Token *token) {
    if (tokens->has_ahead) BUG("two tokens put back");
    tokens->ahead = *token;
    tokens->has_ahead = true;
}

bool token_ends_value(int kind) {
    switch (kind) {
    case T_NAME:
    case T_INT:
    case T_FLOAT:
    case T_STRING:
    case ')':
    case ']':
    case '}': return true;
    default: return false;
    }
}

bool token_is_statement_word(int kind) {
    switch (kind) {
    case T_DEF:
    case T_FOR:
    case T_RETURN:
    case T_LOAD:
    case T_DRAW:
    case T_CHECK:
    case T_INPUT:
    case T_PARAM:
    case T_OUTPUT:
    case T_REQUIRE:
    case T_REPEAT:
    case T_SET:
    case T_SHOW:
    case T_EXAMPLES:
    case T_FULL_DISPLAY:
    case T_EXIT: return true;
    default: return false;
    }
}

bool token_is_console_word(int kind) {
    switch (kind) {
    case T_SET:
    case T_SHOW:
    case T_EXAMPLES:
    case T_FULL_DISPLAY:
    case T_SOP:
    case T_SELECTOR: return true;
    default: return false;
    }
}

bool token_begins_anew(int kind) {
    switch (kind) {
    case T_NAME:
    case T_INT:
    case T_FLOAT:
    case T_STRING:
    case T_NOT:
    case '{':
    case T_SELECT:
    case T_AGGREGATE:
    case T_RANGE:
    case T_ZIP:
    case T_LEN:
    case T_ROUND:
    case T_INDICATOR:
    case T_SOP:
    case T_SELECTOR: return true;
    default: return token_is_statement_word(kind);
    }
}

static bool token_is(const TokenStream *tokens, const Token *token, const char *word) {
    size_t len = token->span.end - token->span.start;
    return len == strlen(word) && memcmp(tokens->scanner.text + token->span.start, word, len) == 0;
}

/* A value, and no statement, begins with it, and can't go on with it. */
static bool begins_value(int kind) {
    return token_begins_anew(kind) && !token_is_statement_word(kind) && kind != '{';
}

static bool is_operator_word(const char *word, uint32_t len) {
    static const char *const words[] = {"and", "or", "not", "in", "if", "else", "for"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == len && memcmp(word, words[i], len) == 0) return true;
    return false;
}

/* Does a block follow, before the statement ends? A '{' right behind a value, outside brackets: no
   dict stands there. Looks at the text, no further than a head of a loop is long. */
static bool block_follows(const TokenStream *tokens, uint32_t at) {
    enum { MOST = 4096 };
    const Scanner *scanner = &tokens->scanner;
    const char *text = scanner->text + at;
    int open = 0;
    uint32_t word = 0; /* the length of the word that ends here */
    bool value = false;
    for (uint32_t i = 0; i < MOST && text[i] != '\0' && text[i] != ';'; i++) {
        char c = text[i];
        bool letter = isalnum((unsigned char)c) || c == '_';
        word = letter ? word + 1 : 0;
        if (c == '#') i += (uint32_t)strcspn(text + i, "\r\n") - 1;
        if (c == '"') i += 1 + (uint32_t)strcspn(text + i + 1, "\"\r\n");
        if (c == '{' && open == 0 && value) return true;
        if (c == '(' || c == '[' || c == '{') open++;
        if (c == ')' || c == ']' || c == '}') open--;
        if (open < 0) return false;
        if (letter || strchr(")]}\"", c) != NULL)
            value = !is_operator_word(text + i + 1 - word, word);
        else if (!isspace((unsigned char)c) && c != '#')
            value = false;
    }
    return false;
}

/* Words that begin a statement only where no value can be meant: a name at its start, before what
   can't go on with a value. What follows `repeat` may be '(' or a sign as well: then its block
   tells. */
static int word_of_statement(TokenStream *tokens, const Token *token) {
    static const struct {
        const char *text;
        int kind;
    } words[] = {{"check", T_CHECK},   {"input", T_INPUT},     {"param", T_PARAM},
                 {"output", T_OUTPUT}, {"require", T_REQUIRE}, {"repeat", T_REPEAT}};
    if (token->kind != T_NAME || !tokens->at_start) return token->kind;
    size_t i = 0;
    while (i < sizeof words / sizeof words[0] && !token_is(tokens, token, words[i].text))
        i++;
    if (i == sizeof words / sizeof words[0]) return T_NAME;
    int kind = words[i].kind, next = tokens_peek(tokens)->kind;
    bool claims = kind == T_CHECK || kind == T_REQUIRE;
    bool begins = claims             ? token_begins_anew(next)
                  : kind == T_REPEAT ? begins_value(next) || block_follows(tokens, token->span.end)
                                     : next == T_NAME;
    return begins ? kind : T_NAME;
}

/* Behind the number of a repeat's rounds no name can stand. */
static bool is_until(const TokenStream *tokens, const Token *token) {
    return token->kind == T_NAME && tokens->head && tokens->statement == T_REPEAT &&
           tokens->depth == tokens->base && token_ends_value(tokens->previous.kind) &&
           token_is(tokens, token, "until");
}

Token tokens_next(TokenStream *tokens) {
    Token token = *tokens_peek(tokens);
    tokens->has_ahead = false;
    if (tokens->statement == T_SET && !tokens->at_start && tokens->depth == tokens->base &&
        token_ends_value(tokens->previous.kind) && (token.new_line || token.kind == 0)) {
        tokens_put_back(tokens, &token);
        uint32_t end = tokens->previous.span.end;
        return (Token){.kind = T_LINE_END, .span = {token.span.file, end, end}};
    }
    token.kind = is_until(tokens, &token) ? T_UNTIL : word_of_statement(tokens, &token);
    return token;
}

bool tokens_can_open(const TokenStream *tokens) { return tokens->depth < LIMIT_NESTING; }

static void open_bracket(TokenStream *tokens, const Token *token) {
    if (!tokens_can_open(tokens)) BUG("more brackets than tokens_can_open allows");
    bool block = token->kind == '{' && tokens->head && tokens->depth == tokens->base &&
                 (tokens->statement == T_DEF || token_ends_value(tokens->previous.kind));
    tokens->brackets[tokens->depth++] = (Bracket){token->kind, tokens->previous.kind, token->span,
                                                  block ? (int32_t)tokens->base : -1};
    if (!block) return;
    tokens->base = tokens->depth;
    tokens->at_start = true;
    tokens->head = false;
}

static void close_bracket(TokenStream *tokens, const Token *token) {
    if (tokens->depth > tokens->base) {
        tokens->depth--;
    } else if (tokens->depth > 0 && token->kind == '}') {
        tokens->base = (uint32_t)tokens->brackets[--tokens->depth].outer_base;
        tokens->at_start = true;
    }
}

void tokens_follow(TokenStream *tokens, const Token *token) {
    if (tokens->at_start && token->kind != '}') {
        tokens->statement = token->kind;
        tokens->head = token->kind == T_DEF || token->kind == T_FOR || token->kind == T_REPEAT;
        tokens->at_start = false;
    }
    switch (token->kind) {
    case '(':
    case '[':
    case '{': open_bracket(tokens, token); break;
    case ')':
    case ']':
    case '}': close_bracket(tokens, token); break;
    case ';': tokens->at_start = tokens->depth == tokens->base; break;
    case T_ON:
    case T_OFF:
    case T_EXIT:
    case T_LINE_END: tokens->at_start = true; break;
    case T_EXAMPLE: tokens->at_start = tokens->statement == T_SHOW; break;
    }
    tokens->previous = *token;
}

void tokens_statement_ended(TokenStream *tokens) {
    tokens->depth = tokens->base;
    tokens->at_start = true;
    tokens->head = false;
}
