/* What the scanner's rules do beyond naming a token: texts, and what is no token at all. */
#include "grammar/tokens.h"

#include <stdio.h>
#include <string.h>

void scan_advance(Scanner *scanner, uint32_t len) {
    scanner->span.start = scanner->span.end;
    scanner->span.end += len;
}

static const char *token_text(const Scanner *scanner) {
    return scanner->text + scanner->span.start;
}

static int token_len(const Scanner *scanner) {
    return (int)(scanner->span.end - scanner->span.start);
}

/* One byte of the text. */
static Span byte_at(const Scanner *scanner, uint32_t offset) {
    return (Span){scanner->span.file, offset, offset + 1};
}

void scan_string(Scanner *scanner) {
    const char *text = token_text(scanner);
    size_t len = (size_t)token_len(scanner), bad;
    if (!utf8_valid(text, len, &bad))
        parser_error(scanner->parser, DIAG_BAD_UTF8,
                     byte_at(scanner, scanner->span.start + (uint32_t)bad),
                     "this string is not UTF-8 text");
    const char *nul = memchr(text, '\0', len);
    if (nul != NULL)
        parser_error(scanner->parser, DIAG_STRAY_BYTE,
                     byte_at(scanner, (uint32_t)(nul - scanner->text)),
                     "a string can't hold the byte 0x00");
}

void scan_single_quotes(Scanner *scanner) {
    Diagnostic *diag = parser_error(scanner->parser, DIAG_STRAY_BYTE, scanner->span,
                                    "a string stands between double quotes");
    if (diag != NULL && token_len(scanner) < 80)
        diag_help(diag, "write \"%.*s\"", token_len(scanner) - 2, token_text(scanner) + 1);
}

void scan_bad_number(Scanner *scanner, const char *help) {
    Diagnostic *diag =
        parser_error(scanner->parser, DIAG_BAD_NUMBER, scanner->span, "this is not a number");
    if (diag != NULL) diag_help(diag, "%s", help);
}

void scan_open_string(Scanner *scanner) {
    Diagnostic *diag = parser_error(scanner->parser, DIAG_OPEN_STRING, scanner->span,
                                    "this string does not end on its line");
    if (diag != NULL) diag_help(diag, "close it with a double quote");
}

uint32_t scan_without_semicolon(const char *text, uint32_t len) {
    uint32_t end = len;
    while (end > 1 && (text[end - 1] == ' ' || text[end - 1] == '\t'))
        end--;
    return end > 1 && text[end - 1] == ';' ? end - 1 : len;
}

void scan_foreign(Scanner *scanner, const char *instead) {
    char message[80];
    snprintf(message, sizeof message, "RASP has no operator '%.*s'", token_len(scanner),
             token_text(scanner));
    Diagnostic *diag = parser_error(scanner->parser, DIAG_STRAY_BYTE, scanner->span, message);
    if (diag != NULL) diag_help(diag, "did you mean '%s'?", instead);
}

bool scan_begins_comment(const Scanner *scanner) {
    if (!token_ends_value(scanner->last)) return true;
    const char *rest = token_text(scanner);
    return rest[strcspn(rest, ";\r\n")] != ';';
}

void scan_foreign_comment(Scanner *scanner) {
    Diagnostic *diag = parser_error(scanner->parser, DIAG_STRAY_BYTE, scanner->span,
                                    "RASP has no comments of this kind");
    if (diag != NULL)
        diag_help(diag, "a comment begins with '#' and goes on to the end of its line");
}

void scan_stray(Scanner *scanner) {
    Span span = scanner->span;
    bool goes_on = scanner->last_stray.file == span.file && scanner->last_stray.end == span.start;
    scanner->last_stray = span;
    if (goes_on) return;

    const char *bytes = token_text(scanner);
    size_t len = (size_t)token_len(scanner), bad;
    unsigned char first = (unsigned char)bytes[0];
    if (first >= 0x80 && !utf8_valid(bytes, len, &bad)) {
        parser_error(scanner->parser, DIAG_BAD_UTF8, byte_at(scanner, span.start + (uint32_t)bad),
                     "this byte is not UTF-8 text");
        return;
    }
    char message[80];
    int step = (int)utf8_step(bytes, len);
    if (first < 0x20 || first == 0x7f)
        snprintf(message, sizeof message, "the byte 0x%02x has no meaning here", first);
    else
        snprintf(message, sizeof message, "the character '%.*s' has no meaning here", step, bytes);
    span.end = span.start + (uint32_t)step;
    Diagnostic *diag = parser_error(scanner->parser, DIAG_STRAY_BYTE, span, message);
    if (diag == NULL) return;
    static const char *const quotes[] = {"'", "`", "\u2018", "\u2019", "\u201c", "\u201d"};
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++)
        if (strncmp(bytes, quotes[i], strlen(quotes[i])) == 0)
            diag_help(diag, "a string stands between plain double quotes");
    if (first == '!') diag_help(diag, "write 'not'");
    if (first == '@')
        diag_help(diag,
                  "a product is matmul(M, v), dot(u, v), or of keys and queries score(k, q, *)");
    if (first == '?') diag_help(diag, "a choice is written 'a if c else b'");
    if (first == '.') diag_help(diag, "values have no parts of their own: write f(x), not x.f()");
}
