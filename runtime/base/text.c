#include "runtime/base/text.h"

#include "runtime/base/bug.h"

#include <string.h>
#include <utf8proc.h>

const String *string_new(Arena *arena, const char *bytes, size_t len) {
    if (len >= UINT32_MAX) BUG("a string of %zu bytes", len);
    String *s = arena_alloc(arena, sizeof *s + len + 1);
    s->len = (uint32_t)len;
    if (len != 0) memcpy(s->bytes, bytes, len);
    return s;
}

const String *string_from(Arena *arena, const char *text) {
    return string_new(arena, text, strlen(text));
}

bool string_equal(const String *a, const String *b) {
    return a == b || (a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0);
}

int string_compare(const String *a, const String *b) {
    uint32_t common = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->bytes, b->bytes, common);
    if (order != 0) return order < 0 ? -1 : 1;
    return (a->len > b->len) - (a->len < b->len);
}

uint64_t string_hash(const String *s) { return bytes_hash(s->bytes, s->len); }

/* Multiply and fold, eight bytes at a time; the multipliers are odd with well mixed bits. */
static uint64_t mix(uint64_t h, uint64_t word) {
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

uint64_t bytes_hash(const void *bytes, size_t len) {
    const char *p = bytes;
    uint64_t h = 0xcbf29ce484222325u ^ len;
    uint64_t word;
    for (; len >= sizeof word; p += sizeof word, len -= sizeof word) {
        memcpy(&word, p, sizeof word);
        h = mix(h, word);
    }
    word = 0;
    if (len != 0) memcpy(&word, p, len);
    h = mix(h, word) * 0xbf58476d1ce4e5b9u;
    return h ^ (h >> 32);
}

int32_t utf8_point(const char *bytes, size_t left, size_t *step) {
    utf8proc_int32_t point = -1;
    utf8proc_ssize_t most = left < 4 ? (utf8proc_ssize_t)left : 4;
    utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)bytes, most, &point);
    *step = len > 0 ? (size_t)len : 1;
    return len > 0 ? point : -1;
}

size_t utf8_step(const char *bytes, size_t left) {
    if (left == 0 || (unsigned char)bytes[0] < 0x80) return 1;
    size_t step;
    utf8_point(bytes, left, &step);
    return step;
}

size_t utf8_count(const char *bytes, size_t len) {
    size_t count = 0;
    for (size_t at = 0; at < len; at += utf8_step(bytes + at, len - at))
        count++;
    return count;
}

bool utf8_valid(const char *bytes, size_t len, size_t *bad) {
    for (size_t at = 0, step; at < len; at += step) {
        step = 1;
        if ((unsigned char)bytes[at] < 0x80) continue;
        if (utf8_point(bytes + at, len - at, &step) < 0) {
            *bad = at;
            return false;
        }
    }
    return true;
}

size_t utf8_mark(const char *bytes, size_t len) {
    return len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

size_t utf8_columns(const char *bytes, size_t len) {
    size_t columns = 0;
    for (size_t at = 0, step; at < len; at += step) {
        int32_t point = utf8_point(bytes + at, len - at, &step);
        /* What can't be read is shown as one U+FFFD. */
        columns += point < 0 ? 1 : (size_t)utf8proc_charwidth(point);
    }
    return columns;
}

enum { LONGEST_SPELLED = 64 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Edits (a character added, left out, changed, or two neighbours exchanged) between two words of at
   most LONGEST_SPELLED bytes: the optimal string alignment distance. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t rows[3][LONGEST_SPELLED + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t changed = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(changed, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_len];
}

const char *spelling_nearest(const char *word, const char *const *candidates, size_t count) {
    size_t len = strnlen(word, LONGEST_SPELLED + 1);
    if (len == 0 || len > LONGEST_SPELLED) return NULL;
    const char *nearest = NULL;
    size_t nearest_distance = len < 3 ? 1 : 1 + len / 4; /* a guess further off is no help */
    for (size_t i = 0; i < count; i++) {
        size_t other = strnlen(candidates[i], LONGEST_SPELLED + 1);
        if (other == 0 || other > LONGEST_SPELLED) continue;
        size_t apart = other > len ? other - len : len - other;
        if (apart > nearest_distance) continue;
        size_t distance = edit_distance(word, len, candidates[i], other);
        /* One letter changed into another is no misspelling of it. */
        if (distance >= len && distance >= other) continue;
        if (distance < nearest_distance || (distance == nearest_distance && nearest == NULL)) {
            nearest = candidates[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}
