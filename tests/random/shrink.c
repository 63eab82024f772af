#include "tests/random/shrink.h"

#include <string.h>

typedef struct Shrinking {
    Arena *arena;
    Case best;
    StillShows still_shows;
    void *state;
    uint32_t attempts; /* left */
} Shrinking;

static bool attempt(Shrinking *shrinking, Case candidate) {
    if (shrinking->attempts == 0) return false;
    shrinking->attempts--;
    if (!shrinking->still_shows(shrinking->state, &candidate)) return false;
    shrinking->best = candidate;
    return true;
}

/* --- the model -------------------------------------------------------------------------------- */

static bool shrink_length(Shrinking *shrinking) {
    uint32_t longest = shrinking->best.vocabulary.max_len;
    for (uint32_t length = 1; length < longest; length = length < 4 ? length + 1 : length * 2) {
        Case candidate = shrinking->best;
        candidate.vocabulary.max_len = length;
        if (attempt(shrinking, candidate)) return true;
    }
    Case candidate = shrinking->best;
    candidate.vocabulary.max_len = longest - 1;
    return longest > 1 && attempt(shrinking, candidate);
}

static bool shrink_vocabulary(Shrinking *shrinking) {
    const Vocabulary *vocabulary = &shrinking->best.vocabulary;
    for (uint32_t drop = 0; vocabulary->count > 1 && drop < vocabulary->count; drop++) {
        Atom *tokens = ARENA_ARRAY(shrinking->arena, Atom, vocabulary->count);
        uint32_t count = 0;
        for (uint32_t i = 0; i < vocabulary->count; i++) {
            if (i != drop) tokens[count++] = vocabulary->tokens[i];
        }
        Case candidate = shrinking->best;
        candidate.vocabulary.tokens = tokens;
        candidate.vocabulary.count = count;
        if (attempt(shrinking, candidate)) return true;
    }
    return false;
}

/* --- the text --------------------------------------------------------------------------------- */

/* The program with the span replaced; tried only when that makes it shorter. */
static bool try_replacement(Shrinking *shrinking, Span span, const char *replacement, size_t len) {
    if (len >= span.end - span.start) return false;
    Buffer text = {0};
    buffer_add(&text, shrinking->best.text, span.start);
    buffer_add(&text, replacement, len);
    buffer_text(&text, shrinking->best.text + span.end);
    Case candidate = shrinking->best;
    candidate.text = arena_strndup(shrinking->arena, text.data, text.len);
    buffer_free(&text);
    return attempt(shrinking, candidate);
}

static bool is_statement(const Tree *tree) {
    return tree->kind >= TREE_EXPRESSION && tree->kind <= TREE_CHECK;
}

static bool is_expression(const Tree *tree) {
    return tree->kind >= TREE_NAME && tree->kind < TREE_ERROR;
}

/* A span that stands alone: with the line end behind it. */
static Span whole_line(const char *text, Span span) {
    while (text[span.end] == ';' || text[span.end] == ' ')
        span.end++;
    if (text[span.end] == '\n') span.end++;
    return span;
}

/* By one of its parts, then by something that is as short as can be. */
static bool shrink_expression(Shrinking *shrinking, const Tree *tree) {
    static const char *const atoms[] = {"0",      "1",       "\"a\"",  "True",
                                        "tokens", "indices", "full_s", "0.5"};
    for (uint32_t i = 0; i < tree->count; i++) {
        if (!is_expression(tree->child[i])) continue;
        Span part = tree->child[i]->span;
        const char *text = shrinking->best.text + part.start;
        if (try_replacement(shrinking, tree->span, text, part.end - part.start)) return true;
    }
    for (size_t i = 0; i < sizeof atoms / sizeof atoms[0]; i++) {
        if (try_replacement(shrinking, tree->span, atoms[i], strlen(atoms[i]))) return true;
    }
    return false;
}

/* A loop by one turn of its body. */
static bool shrink_loop(Shrinking *shrinking, const Tree *tree) {
    const Tree *block = tree->child[tree->count - 1];
    if (block->count == 0) return false;
    Span body = span_join(block->child[0]->span, block->child[block->count - 1]->span);
    Buffer text = {0};
    buffer_add(&text, shrinking->best.text + body.start, body.end - body.start);
    buffer_char(&text, ';');
    bool done = try_replacement(shrinking, tree->span, text.data, text.len);
    buffer_free(&text);
    return done;
}

/* Outermost first: what goes early takes the most with it. */
static bool shrink_tree(Shrinking *shrinking, const Tree *tree) {
    if (is_statement(tree)) {
        Span line = whole_line(shrinking->best.text, tree->span);
        if (try_replacement(shrinking, line, "", 0)) return true;
        if (tree->kind == TREE_FOR && shrink_loop(shrinking, tree)) return true;
    }
    if (is_expression(tree) && shrink_expression(shrinking, tree)) return true;
    for (uint32_t i = 0; i < tree->count; i++) {
        if (shrink_tree(shrinking, tree->child[i])) return true;
    }
    return false;
}

static bool shrink_text(Shrinking *shrinking) {
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    Arena *arena = arena_new(0);
    uint32_t file =
        sources_add(sources, "shrinking.rasp", shrinking->best.text, strlen(shrinking->best.text));
    const Tree *tree = parse_program(arena, sources, file, diags);
    bool shrunk = diagnostics_count(diags) == 0 && shrink_tree(shrinking, tree);
    arena_free(arena);
    diagnostics_free(diags);
    sources_free(sources);
    return shrunk;
}

/* The model's line is written anew in the end. */
static const char *without_comments(const char *text) {
    while (*text == '#') {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text;
}

Case shrink(Arena *arena, Case program, StillShows still_shows, void *state, uint32_t attempts) {
    Shrinking shrinking = {arena, program, still_shows, state, attempts};
    shrinking.best.text = without_comments(program.text);
    while (shrink_text(&shrinking) || shrink_length(&shrinking) || shrink_vocabulary(&shrinking)) {
        if (shrinking.attempts == 0) break;
    }
    return shrinking.best;
}
