/* The driver of scanner and parser. It decides what a missing ';' is, and where reading goes on
   after a mistake, so that every mistake gives one message. */
#include "grammar/parse.h"
#include "grammar/foreign.h"
#include "grammar/rasp.tab.h"
#include "grammar/tokens.h"
#include "runtime/base/bug.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Reader {
    Parser parser;
    TokenStream *tokens;
    rasp_pstate *bison;
    bool done;
} Reader;

/* Hands a token to Bison; false when it did not fit (reported). */
static bool push(Reader *reader, int kind, Token token) {
    reader->parser.syntax_error = false;
    int status = rasp_push_parse(reader->bison, kind, NULL, &token.span, &reader->parser);
    if (status != YYPUSH_MORE) reader->done = true;
    return !reader->parser.syntax_error;
}

static bool push_and_follow(Reader *reader, Token token) {
    if (!push(reader, token.kind, token)) return false;
    tokens_follow(reader->tokens, &token);
    return true;
}

static Span behind(const Token *token) {
    return (Span){token->span.file, token->span.end, token->span.end};
}

static bool between_statements(const TokenStream *tokens) {
    return tokens->at_start && tokens->depth == 0;
}

/* --- a missing ';' ---------------------------------------------------------------------------- */

/* 'let x = 3;' does not lack a ';' behind 'let'. */
static bool is_foreign_word(const Reader *reader, const Token *token) {
    size_t len;
    const char *text = sources_text(reader->parser.sources, token->span.file, &len);
    return token->kind == T_NAME && reader->tokens->statement == T_NAME &&
           foreign_help(text + token->span.start, token->span.end - token->span.start) != NULL;
}

/* A value stands before token, outside brackets, and token can't go on with it. On the same line
   that is rather a missing operator, unless token surely begins a statement. */
static bool lacks_semicolon(Reader *reader, const Token *token) {
    TokenStream *tokens = reader->tokens;
    if (tokens->at_start || tokens->head || tokens->depth != tokens->base ||
        !token_ends_value(tokens->previous.kind) || token_is_console_word(tokens->statement) ||
        (!token->new_line && is_foreign_word(reader, &tokens->previous)))
        return false;
    if (token->kind == '}') return tokens->base > 0;
    if (!token_begins_anew(token->kind)) return false;
    return token->new_line || token_is_statement_word(token->kind) ||
           (token->kind == T_NAME && tokens_peek(tokens)->kind == '=');
}

static void insert_semicolon(Reader *reader) {
    Token semicolon = {.kind = ';', .span = behind(&reader->tokens->previous)};
    parser_error(&reader->parser, DIAG_MISSING_SEMICOLON, semicolon.span,
                 "a ';' is missing at the end of this statement");
    push_and_follow(reader, semicolon);
}

/* --- going on after a mistake ----------------------------------------------------------------- */

/* The dicts that are open in the broken statement. */
static uint32_t open_braces(const TokenStream *tokens) {
    uint32_t count = 0;
    for (uint32_t i = tokens->base; i < tokens->depth; i++)
        count += tokens->brackets[i].kind == '{';
    return count;
}

static bool begins_next_statement(const TokenStream *tokens, const Token *token) {
    if (!token->new_line || tokens->at_start) return false;
    switch (token->kind) {
    case T_DEF:
    case T_LOAD:
    case T_DRAW:
    case T_RETURN: return true;
    default: return token_is_console_word(tokens->statement);
    }
}

/* Skips from token to the end of its statement: a ';', the '}' of the block around it, the line of
   a console statement. A broken head of a def or for gives its block to the parser all the same. */
static void resynchronise(Reader *reader, Token token) {
    TokenStream *tokens = reader->tokens;
    uint32_t braces = open_braces(tokens), nested = 0;
    int previous = tokens->previous.kind;
    bool has_value = tokens->statement != T_DEF, is_block = false;
    for (; !reader->parser.stop; previous = token.kind, token = tokens_next(tokens)) {
        if (token.kind == 0 || begins_next_statement(tokens, &token)) {
            tokens_put_back(tokens, &token);
            break;
        }
        if (token.kind == T_LINE_END) break;
        /* A ';' in braces that looked like a dict shows that they are a block: of a statement that
           RASP does not have, its end. */
        if (token.kind == ';' && nested > 0) is_block = true;
        if (token.kind == ';' && nested == 0 && !(tokens->head && braces > 0)) break;
        if (token.kind == '{' && tokens->head && nested == 0 && braces == 0 &&
            tokens->base < LIMIT_NESTING && (!has_value || token_ends_value(previous))) {
            push(reader, T_RESYNC_BLOCK, token);
            tokens->depth = tokens->base;
            tokens->previous.kind = ')';
            push_and_follow(reader, token);
            return;
        }
        if (token.kind == '{') {
            nested++;
        } else if (token.kind == '}') {
            bool around = nested == 0 && braces == 0;
            if (around && tokens->base > 0) {
                tokens_put_back(tokens, &token);
                break;
            }
            if (nested > 0)
                nested--;
            else if (braces > 0)
                braces--;
            if (around || ((tokens->head || is_block) && nested == 0 && braces == 0)) break;
        }
    }
    push(reader, T_RESYNC, token);
    tokens_statement_ended(tokens);
}

static void reject(Reader *reader, Token token) {
    push(reader, T_RASP_error, token);
    resynchronise(reader, token);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void report_incomplete(Reader *reader) {
    TokenStream *tokens = reader->tokens;
    Parser *parser = &reader->parser;
    Span end = behind(&tokens->previous);
    if (tokens->depth > 0) {
        const Bracket *bracket = &tokens->brackets[tokens->depth - 1];
        char message[64];
        snprintf(message, sizeof message, "the text ends before a '%c' that closes",
                 bracket->kind == '('   ? ')'
                 : bracket->kind == '[' ? ']'
                                        : '}');
        Diagnostic *diag = parser_error(parser, DIAG_INCOMPLETE, end, message);
        if (diag != NULL) diag_note(diag, bracket->span, "this '%c'", bracket->kind);
    } else {
        bool ended = token_ends_value(tokens->previous.kind) && !tokens->head;
        parser_error(parser, DIAG_INCOMPLETE, end,
                     ended ? "the text ends before the ';' of this statement"
                           : "the text ends inside this statement");
    }
}

static void finish(Reader *reader, Token end) {
    TokenStream *tokens = reader->tokens;
    if (!between_statements(tokens)) {
        if (reader->parser.want_more && !reader->parser.failed) {
            reader->parser.incomplete = true;
            reader->done = true;
            return;
        }
        report_incomplete(reader);
        reader->parser.quiet = true;
        if (!tokens->at_start) {
            push(reader, T_RASP_error, end);
            push(reader, T_RESYNC, end);
            tokens_statement_ended(tokens);
        }
        for (uint32_t i = tokens->depth; i-- > 0 && !reader->done;)
            push(reader, '}', end);
    }
    if (!reader->done) push(reader, 0, end);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_opening(int kind) { return kind == '(' || kind == '[' || kind == '{'; }

static void read_token(Reader *reader) {
    TokenStream *tokens = reader->tokens;
    Token token = tokens_next(tokens);
    if (token.kind == 0) {
        finish(reader, token);
    } else if (token.kind == T_RASP_error) {
        /* Between two statements a stray byte breaks neither. */
        if (tokens->at_start) {
            const Token *next = tokens_peek(tokens);
            if (next->new_line || next->kind == 0 || next->kind == T_RASP_error) return;
        }
        reject(reader, token);
    } else if (is_opening(token.kind) && !tokens_can_open(tokens)) {
        parser_too_deep(&reader->parser, token.span);
        reject(reader, token);
    } else {
        if (lacks_semicolon(reader, &token)) insert_semicolon(reader);
        if (!reader->done && !push_and_follow(reader, token)) resynchronise(reader, token);
    }
}

static void read_program(Reader *reader, Arena *arena, const Sources *sources, uint32_t file,
                         Diagnostics *diags, bool want_more) {
    size_t len;
    const char *text = sources_text(sources, file, &len);
    *reader = (Reader){.parser = {.arena = arena,
                                  .sources = sources,
                                  .file = file,
                                  .diags = diags,
                                  .want_more = want_more}};
    Parser *parser = &reader->parser;
    reader->tokens = tokens_open(parser, text, len, file);
    parser->tokens = reader->tokens;
    reader->bison = rasp_pstate_new();
    if (reader->bison == NULL) BUG("out of memory");
    while (!reader->done && !parser->stop)
        read_token(reader);
    rasp_pstate_delete(reader->bison);
    tokens_close(reader->tokens);
    if (parser->program == NULL)
        parser->program =
            build_program(parser, (Span){file, 0, (uint32_t)len}, statements_start(parser));
    free(parser->pending);
}

Tree *parse_program(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags) {
    Reader reader;
    read_program(&reader, arena, sources, file, diags, false);
    return reader.parser.program;
}

ParseStatus parse_entry(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags,
                        Tree **out) {
    Reader reader;
    read_program(&reader, arena, sources, file, diags, true);
    *out = reader.parser.program;
    if (reader.parser.incomplete) return PARSE_INCOMPLETE;
    return reader.parser.failed ? PARSE_FAILED : PARSE_OK;
}
