/* Inside the grammar form only: the tokens between the scanner and the parser.
   scanner (rasp.l) -> token stream (tokens.c: one token of look-ahead; finds where statements
   begin and which brackets are open) -> parse.c -> Bison.
   A TokenStream owns the scanner's state; the text belongs to the Sources. */
#ifndef RASPC_TOKENS_H
#define RASPC_TOKENS_H

#include "grammar/parse.h"
#include "grammar/rasp.tab.h"
#include "runtime/base/limits.h"

/* What the scanner keeps between two tokens. */
typedef struct Scanner {
    Parser *parser;
    const char *text;
    Span span;       /* the last token's */
    bool new_line;   /* a line end came since the token before */
    int last;        /* the last token's kind; 0 before the first */
    Span last_stray; /* so that stray bytes in a row make one message */
} Scanner;

/* What the scanner's rules call (scan.c), with the token in scanner->span. */
void scan_advance(Scanner *scanner, uint32_t len);
void scan_string(Scanner *scanner);
void scan_single_quotes(Scanner *scanner);
void scan_bad_number(Scanner *scanner, const char *help);
void scan_open_string(Scanner *scanner);
/* The length of an open string without a ';' at its end: that rather ends the statement. */
uint32_t scan_without_semicolon(const char *text, uint32_t len);
void scan_foreign(Scanner *scanner, const char *instead); /* an operator of other languages */
void scan_stray(Scanner *scanner);
/* Two slashes are no division: no value stands before them, or no ';' behind them in the line. */
bool scan_begins_comment(const Scanner *scanner);
void scan_foreign_comment(Scanner *scanner);

typedef struct Token {
    int kind;
    Span span;
    bool new_line; /* stands on a later line than the token before it */
} Token;

typedef struct Bracket {
    int kind; /* '(' '[' '{' */
    int word; /* the token before it: of a form, T_SELECT and the like */
    Span span;
    int32_t outer_base; /* a block's: TokenStream.base outside it; -1 for other brackets */
} Bracket;

typedef struct TokenStream {
    Scanner scanner;
    void *flex; /* yyscan_t */
    char *copy; /* what Flex reads */
    Token ahead;
    bool has_ahead;
    bool at_start;  /* the next token begins a statement */
    bool head;      /* in the head of a def, for or repeat: its block is not open yet */
    int statement;  /* the first token of this statement */
    Token previous; /* the last token followed; kind 0 before the first */
    uint32_t base;  /* brackets below it are the blocks around this statement */
    uint32_t depth; /* open brackets */
    Bracket brackets[LIMIT_NESTING];
} TokenStream;

TokenStream *tokens_open(Parser *parser, const char *text, size_t len, uint32_t file);
void tokens_close(TokenStream *tokens);
/* The next token as the grammar wants it: `check`, `repeat`, ... where they begin a statement,
   LINE_END after `set example`. kind 0 at the end of the text. */
Token tokens_next(TokenStream *tokens);
/* The one after, as scanned. */
const Token *tokens_peek(TokenStream *tokens);
void tokens_put_back(TokenStream *tokens, const Token *token);
/* Follows brackets and statements past a token that the parser took. */
void tokens_follow(TokenStream *tokens, const Token *token);
bool tokens_can_open(const TokenStream *tokens); /* false: a bracket more would be too many */
/* Reading goes on behind a broken statement: its brackets are forgotten. */
void tokens_statement_ended(TokenStream *tokens);

bool token_ends_value(int kind);
bool token_begins_anew(int kind);       /* begins a value or statement, and can't go on with one */
bool token_is_statement_word(int kind); /* def, for, load, ... */
bool token_is_console_word(int kind);   /* set, show, ...: their statements end with the line */

#endif
