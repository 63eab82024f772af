/* What everything stands on: arenas, buffers, text, sources and files. */
#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/base/keep.h"
#include "runtime/base/source.h"
#include "runtime/base/text.h"
#include "runtime/base/visible.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- arena ------------------------------------------------------------------------------------ */

static bool all_are(const unsigned char *bytes, size_t count, unsigned char value) {
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != value) return false;
    }
    return true;
}

START_TEST(blocks_are_zeroed_aligned_and_apart) {
    Arena *arena = arena_new(0);
    unsigned char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        size_t bytes = i * i; /* small ones, and ones larger than a chunk's share */
        blocks[i] = arena_alloc(arena, bytes);
        ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
        ck_assert(all_are(blocks[i], bytes, 0));
        memset(blocks[i], (int)i, bytes);
    }
    for (size_t i = 0; i < 200; i++) {
        ck_assert(all_are(blocks[i], i * i, (unsigned char)i));
    }
    arena_free(arena);
}
END_TEST

START_TEST(a_grown_array_keeps_its_elements) {
    Arena *arena = arena_new(0);
    int *few = ARENA_ARRAY(arena, int, 3);
    for (int i = 0; i < 3; i++)
        few[i] = i + 1;
    int *many = arena_grow(arena, few, 3, 1000, sizeof *many);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(many[i], i + 1);
    ck_assert_int_eq(many[999], 0);
    ck_assert_int_eq(few[2], 3);
    arena_free(arena);
}
END_TEST

/* Those are mapped, and one that is given back may be handed out again. */
START_TEST(large_blocks_are_zeroed_each_time) {
    static const size_t sizes[] = {4 << 20, 4 << 20, 3 << 20, 5 << 20, 2 << 20, 9 << 20};
    enum { SIZES = sizeof sizes / sizeof sizes[0] };
    Arena *arena = arena_new(0);
    unsigned char *kept = arena_alloc(arena, sizes[0]);
    memset(kept, 7, sizes[0]);
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = arena_alloc(arena, sizes[i]);
        ck_assert_uint_eq((uintptr_t)block % 16, 0);
        ck_assert(all_are(block, sizes[i], 0));
        memset(block, 255, sizes[i]);
        arena_give_back(arena, block, sizes[i]);
    }
    ck_assert(all_are(kept, sizes[0], 7));
    arena_free(arena);
}
END_TEST

/* A block outlives the arena that it was made in: a large one as it is, a small one as a copy. */
START_TEST(a_block_changes_hands) {
    static const size_t sizes[] = {100, (size_t)3 << 20};
    for (int i = 0; i < 2; i++) {
        Arena *from = arena_new(0), *to = arena_new(0);
        unsigned char *block = arena_alloc(from, sizes[i]);
        memset(block, 7, sizes[i]);
        const unsigned char *kept = arena_adopt(to, from, block, sizes[i]);
        if (i == 1) {
            ck_assert_ptr_eq(kept, block);
            ck_assert_ptr_eq(arena_adopt(to, from, block, sizes[i]), block);
        }
        arena_give_back(from, block, sizes[i]); /* is not its own any more */
        memset(arena_alloc(from, sizes[i]), 1, sizes[i]);
        arena_free(from);
        size_t others = 0;
        for (size_t b = 0; b < sizes[i]; b++)
            others += kept[b] != 7;
        ck_assert_uint_eq(others, 0);
        arena_free(to);
    }
}
END_TEST

/* An array that begins another one is that one. */
START_TEST(long_arrays_are_kept_once) {
    enum { COUNT = 1 << 20 };
    Arena *arena = arena_new(0);
    Keeper keeper = {0};
    int *longest = ARENA_ARRAY(arena, int, COUNT), *begins = ARENA_ARRAY(arena, int, COUNT / 2);
    int *differs = ARENA_ARRAY(arena, int, COUNT / 2);
    for (int i = 0; i < COUNT; i++) {
        longest[i] = i;
        if (i < COUNT / 2) begins[i] = differs[i] = i;
    }
    differs[COUNT / 2 - 1] = 0;
    ck_assert_ptr_eq(keep_array(&keeper, arena, longest, COUNT * sizeof(int)), longest);
    ck_assert_ptr_eq(keep_array(&keeper, arena, begins, COUNT / 2 * sizeof(int)), longest);
    ck_assert_ptr_eq(keep_array(&keeper, arena, differs, COUNT / 2 * sizeof(int)), differs);
    ck_assert_ptr_eq(keep_array(&keeper, arena, differs, COUNT / 2 * sizeof(int)), differs);
    arena_free(arena);
}
END_TEST

START_TEST(an_arena_says_when_it_is_exhausted) {
    Arena *arena = arena_new(1000);
    arena_alloc(arena, 900);
    ck_assert(!arena_exhausted(arena));
    memset(arena_alloc(arena, 900), 1, 900); /* still succeeds */
    ck_assert(arena_exhausted(arena));
    ck_assert_uint_ge(arena_bytes(arena), 1800);
    arena_free(arena);
}
END_TEST

/* --- buffer ----------------------------------------------------------------------------------- */

START_TEST(a_buffer_grows_and_ends_in_nul) {
    Buffer buffer = {0};
    for (int i = 0; i < 1000; i++) {
        buffer_printf(&buffer, "%d,", i);
        ck_assert_uint_eq(strlen(buffer.data), buffer.len);
    }
    ck_assert_uint_eq(buffer.len, 10 * 2 + 90 * 3 + 900 * 4);
    buffer.len = 0;
    buffer_text(&buffer, "ab");
    buffer_char(&buffer, 'c');
    buffer_repeat(&buffer, '-', 3);
    buffer_add(&buffer, "x\0y", 3);
    ck_assert_uint_eq(buffer.len, 9);
    ck_assert_mem_eq(buffer.data, "abc---x\0y", 10);
    buffer_free(&buffer);
    ck_assert_ptr_null(buffer.data);
}
END_TEST

/* --- text ------------------------------------------------------------------------------------- */

START_TEST(strings_compare_by_code_point) {
    Arena *arena = arena_new(0);
    const char *rising[] = {"", "A", "AB", "a", "\xc3\xa9", "\xe6\xbc\xa2", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < 7; i++) {
        for (size_t j = 0; j < 7; j++) {
            const String *a = string_from(arena, rising[i]), *b = string_from(arena, rising[j]);
            ck_assert_int_eq(string_compare(a, b), (i > j) - (i < j));
            ck_assert_int_eq(string_equal(a, b), i == j);
            ck_assert(string_hash(a) == string_hash(b) || i != j);
        }
    }
    const String *with_nul = string_new(arena, "a\0b", 3);
    ck_assert(!string_equal(with_nul, string_from(arena, "a")));
    ck_assert_int_eq(with_nul->bytes[3], '\0');
    arena_free(arena);
}
END_TEST

START_TEST(utf8_is_counted_and_judged) {
    const char text[] = "a\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80";
    size_t bad = 99;
    ck_assert_uint_eq(utf8_count(text, sizeof text - 1), 4);
    ck_assert(utf8_valid(text, sizeof text - 1, &bad));
    ck_assert_uint_eq(utf8_columns(text, sizeof text - 1), 1 + 1 + 2 + 2);
    ck_assert_uint_eq(utf8_columns("e\xcc\x81", 3), 1); /* a combining accent */
    const struct {
        const char *bytes;
        size_t bad;
    } wrong[] = {{"\xff", 0},
                 {"ab\x80", 2},            /* a continuation alone */
                 {"a\xe6\xbc", 1},         /* cut off */
                 {"\xc0\x80", 0},          /* NUL in two bytes */
                 {"\xed\xa0\x80", 0},      /* a surrogate */
                 {"\xf4\x90\x80\x80", 0}}; /* above the last code point */
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert(!utf8_valid(wrong[i].bytes, strlen(wrong[i].bytes), &bad));
        ck_assert_uint_eq(bad, wrong[i].bad);
        ck_assert_uint_eq(utf8_step(wrong[i].bytes + bad, 1), 1);
    }
}
END_TEST

START_TEST(a_near_word_is_suggested_and_a_far_one_is_not) {
    const char *known[] = {"selector_width", "select", "sort", "min", "max", "x"};
    const char *words[][2] = {{"selectr_width", "selector_width"},
                              {"selcet", "select"},
                              {"srot", "sort"},
                              {"mix", "min"},
                              {"banana", NULL},
                              {"y", NULL},
                              {"", NULL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *nearest = spelling_nearest(words[i][0], known, 6);
        if (words[i][1] == NULL)
            ck_assert_ptr_null(nearest);
        else
            ck_assert_pstr_eq(nearest, words[i][1]);
    }
    char endless[5000];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    ck_assert_ptr_null(spelling_nearest(endless, known, 6));
}
END_TEST

static void is_shown(const char *bytes, size_t len, const char *shown) {
    Buffer out = {0};
    visible_text(&out, bytes, len);
    ck_assert_str_eq(out.data, shown);
    buffer_free(&out);
}

START_TEST(nothing_reaches_the_terminal_raw) {
    is_shown("a\x1b[2J", 5, "a\\x1b[2J");
    is_shown("a\nb\tc\r", 6, "a\\nb\\tc\\r");
    is_shown("\0\x7f", 2, "\\x00\\x7f");
    is_shown("\xff", 1, "\xef\xbf\xbd");
    is_shown("\xc2\x9b", 2, "\\x9b");         /* a control sequence in one code point */
    is_shown("\xe2\x80\xae", 3, "\\u{202e}"); /* right to left from here */
    is_shown("\xe6\xbc\xa2", 3, "\xe6\xbc\xa2");
}
END_TEST

/* --- sources ---------------------------------------------------------------------------------- */

START_TEST(positions_are_lines_and_code_points) {
    Sources *sources = sources_new();
    const char text[] = "ab\n\xc3\xa9\xe6\xbc\xa2x\r\n\nend";
    uint32_t file = sources_add(sources, "name", text, sizeof text - 1), line, column;
    const struct {
        uint32_t offset, line, column;
    } places[] = {{0, 1, 1},  {2, 1, 3},  {3, 2, 1},  {5, 2, 2},  {8, 2, 3},
                  {11, 3, 1}, {12, 4, 1}, {15, 4, 4}, {99, 4, 4}, {5, 2, 2}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        Span span = {file, places[i].offset, places[i].offset};
        sources_position(sources, span, &line, &column);
        ck_assert_uint_eq(line, places[i].line);
        ck_assert_uint_eq(column, places[i].column);
    }
    const char *lines[] = {"ab", "\xc3\xa9\xe6\xbc\xa2x", "", "end", ""};
    for (uint32_t i = 0; i < 5; i++) {
        size_t len;
        const char *found = sources_line(sources, file, i + 1, &len);
        ck_assert_uint_eq(len, strlen(lines[i]));
        ck_assert_mem_eq(found, lines[i], len);
    }
    sources_position(sources, (Span){0}, &line, &column);
    ck_assert_uint_eq(line, 0);
    ck_assert_str_eq(sources_name(sources, 0), "");
    ck_assert_uint_eq(sources_count(sources), 1);
    sources_free(sources);
}
END_TEST

START_TEST(spans_join) {
    Span a = {1, 5, 7}, b = {1, 2, 6}, nowhere = {0}, other = {2, 0, 1};
    Span both = span_join(a, b);
    ck_assert_uint_eq(both.start, 2);
    ck_assert_uint_eq(both.end, 7);
    ck_assert_uint_eq(span_join(nowhere, a).start, 5);
    ck_assert_uint_eq(span_join(a, other).end, 7);
}
END_TEST

/* --- files ------------------------------------------------------------------------------------ */

START_TEST(files_are_written_whole_and_read_back) {
    char directory[] = "/tmp/raspc-test-XXXXXX", path[64], link[64];
    const char *why = NULL;
    struct stat info;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/file", directory);
    snprintf(link, sizeof link, "%s/link", directory);
    ck_assert(file_write(path, "a\0b", 3, &why));
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(symlink("file", link), 0);
    ck_assert(file_write(link, "second", 6, &why)); /* through the link, keeping the mode */
    ck_assert_int_eq(lstat(link, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0640);
    Buffer text = {0};
    ck_assert(file_read(path, 6, &text, &why));
    ck_assert_str_eq(text.data, "second");
    ck_assert(!file_read(path, 5, &text, &why));
    ck_assert_str_eq(why, "it is too large");
    unlink(link);
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing else was left there */
    buffer_free(&text);
}
END_TEST

START_TEST(what_the_world_refuses_is_an_error_value) {
    Buffer text = {0};
    const char *why = NULL;
    ck_assert(!file_read("/no/such/file", 100, &text, &why));
    ck_assert_str_eq(why, "No such file or directory");
    ck_assert(!file_read("/", 100, &text, &why));
    ck_assert_str_eq(why, "it is a directory");
    ck_assert(!file_read("/dev/zero", 100000, &text, &why));
    ck_assert(!file_write("/no/such/file", "", 0, &why));
    ck_assert(!file_write("/", "", 0, &why));
    ck_assert(!file_write("/dev/full", "x", 1, &why));
    ck_assert(file_write("/dev/null", "x", 1, &why));
    buffer_free(&text);
}
END_TEST

Suite *base_suite(void);

Suite *base_suite(void) {
    Suite *suite = suite_create("base");
    TCase *cases = tcase_create("base");
    tcase_add_test(cases, blocks_are_zeroed_aligned_and_apart);
    tcase_add_test(cases, a_grown_array_keeps_its_elements);
    tcase_add_test(cases, large_blocks_are_zeroed_each_time);
    tcase_add_test(cases, a_block_changes_hands);
    tcase_add_test(cases, long_arrays_are_kept_once);
    tcase_add_test(cases, an_arena_says_when_it_is_exhausted);
    tcase_add_test(cases, a_buffer_grows_and_ends_in_nul);
    tcase_add_test(cases, strings_compare_by_code_point);
    tcase_add_test(cases, utf8_is_counted_and_judged);
    tcase_add_test(cases, a_near_word_is_suggested_and_a_far_one_is_not);
    tcase_add_test(cases, nothing_reaches_the_terminal_raw);
    tcase_add_test(cases, positions_are_lines_and_code_points);
    tcase_add_test(cases, spans_join);
    tcase_add_test(cases, files_are_written_whole_and_read_back);
    tcase_add_test(cases, what_the_world_refuses_is_an_error_value);
    suite_add_tcase(suite, cases);
    return suite;
}
