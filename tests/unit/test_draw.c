/* Pictures: well-formed, safe against hostile names and tokens, bounded, and showing what they
 * should. */
#include "runtime/draw/draw.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct Fixture {
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    Graph *graph;
    Buffer out;
} Fixture;

static const char reverse[] = "%0 = tokens_str\n%1 = indices\n%2 = const 1\n%3 = select_eq %2 %2\n"
                              "%4 = width %3\n%5 = sub %4 %1\n%6 = sub %5 %2\n"
                              "%7 = select_eq %1 %6\n%8 = aggregate %7 %0 default \"-\"\n"
                              "length = %4\nopposite = %6\nflip = %7\nreverse = %8\n";

static const char previous[] = "%0 = tokens_str\n%1 = indices\n%2 = const 1\n%3 = sub %1 %2\n"
                               "%4 = select_eq %1 %3\n%5 = aggregate %4 %0 default \"-\"\n";

static void open_fixture(Fixture *f, const char *text) {
    *f = (Fixture){.arena = arena_new(0), .sources = sources_new()};
    f->diags = diagnostics_new(f->sources);
    uint32_t file = sources_add(f->sources, "test.graph", text, strlen(text));
    f->graph = graph_parse(f->arena, f->sources, file, f->diags);
    ck_assert_ptr_nonnull(f->graph);
}

static void close_fixture(Fixture *f) {
    buffer_free(&f->out);
    diagnostics_free(f->diags);
    sources_free(f->sources);
    arena_free(f->arena);
}

/* An input of n times the same token. */
static Input repeat(Fixture *f, const char *token, size_t len, uint32_t n) {
    Atom *tokens = ARENA_ARRAY(f->arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = atom_string(string_new(f->arena, token, len));
    return (Input){.n = n, .tokens = tokens};
}

/* The characters of a text of ASCII. */
static Input characters(Fixture *f, const char *text) {
    uint32_t n = (uint32_t)strlen(text);
    Atom *tokens = ARENA_ARRAY(f->arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = atom_string(string_new(f->arena, text + i, 1));
    return (Input){.n = n, .tokens = tokens};
}

static const char *draw(Fixture *f, Input input, const char *title) {
    f->out.len = 0;
    ck_assert_msg(draw_svg(f->graph, f->graph->count - 1, input, title, f->diags, &f->out), "%s",
                  diagnostics_count(f->diags) ? diagnostics_message(f->diags, 0) : "");
    return f->out.data;
}

static size_t count(const char *text, const char *part) {
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        found++;
    return found;
}

/* --- well-formed ------------------------------------------------------------------------------ */

static void check_entity(const char *at) {
    static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
        if (strncmp(at, entities[i], strlen(entities[i])) == 0) return;
    ck_abort_msg("an & that is no entity: %.20s", at);
}

/* Reads <...> at *at: a name, then attributes in double quotes. +1 opens, -1 closes, 0 neither. */
static int check_tag(const char **at) {
    const char *p = *at + 1;
    bool closes = *p == '/';
    if (closes) p++;
    if (*p < 'a' || *p > 'z') ck_abort_msg("a tag without a name: %.20s", *at);
    while (*p && strchr(" =\"/>", *p) == NULL)
        p++;
    while (*p && *p != '>' && *p != '/') {
        if (*p != ' ') ck_abort_msg("an attribute without a blank: %.20s", *at);
        p += strcspn(p, "\"<>");
        if (*p != '"') ck_abort_msg("an attribute without a value: %.20s", *at);
        size_t len = strcspn(++p, "\"<");
        for (size_t i = 0; i < len; i++)
            if (p[i] == '&') check_entity(p + i);
        if (p[len] != '"') ck_abort_msg("an open attribute: %.20s", *at);
        p += len + 1;
    }
    bool alone = *p == '/';
    p += alone;
    if (*p != '>') ck_abort_msg("an open tag: %.20s", *at);
    *at = p;
    return closes ? -1 : alone ? 0 : 1;
}

/* Tags balance in one root, text is escaped, and no control character is left. */
static void check_well_formed(const char *svg, size_t len) {
    int depth = 0;
    size_t bad;
    ck_assert(utf8_valid(svg, len, &bad));
    ck_assert_uint_eq(strlen(svg), len);
    for (const char *at = svg; *at; at++) {
        if (((unsigned char)*at < 0x20 && *at != '\n') || *at == 0x7f)
            ck_abort_msg("a control character: %02x", *at);
        if (*at == '&') check_entity(at);
        if (*at != '<') continue;
        depth += check_tag(&at);
        if (depth <= 0 && strcmp(at, ">\n") != 0) ck_abort_msg("behind the root: %.20s", at);
    }
    ck_assert_int_eq(depth, 0);
    ck_assert_ptr_null(strstr(svg, "\xef\xbf\xbe"));
}

static const struct {
    const char *bytes;
    size_t len;
} tokens[] = {{"h", 1},
              {"", 0},
              {"  ", 2},
              {"<&>\"'", 5},
              {"</text><script>", 15},
              {"a\0b", 3},
              {"\n\t\x1b\x7f", 4},
              {"\xff\xfe\x80", 3},
              {"\xef\xbf\xbe\xef\xbf\xbf", 6},
              {"\xe2\x80\xae\xe2\x81\xa6", 6},
              {"\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97", 12},
              {"a very long token that no cell could hold", 41}};

START_TEST(test_any_token_gives_well_formed_xml) {
    static const uint32_t lengths[] = {1, 2, 7, 13, 21, 33, DRAW_MOST_TOKENS};
    static const char *const graphs[] = {reverse, previous};
    for (int which = 0; which < 2; which++) {
        Fixture f;
        open_fixture(&f, graphs[which]);
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            Input input = repeat(&f, tokens[_i].bytes, tokens[_i].len, lengths[i]);
            draw(&f, input, tokens[_i].bytes);
            check_well_formed(f.out.data, f.out.len);
        }
        close_fixture(&f);
    }
}
END_TEST

/* A token of thousands of combining marks takes no columns, and still must not fill the file. */
START_TEST(test_marks_without_width_are_bounded) {
    Fixture f;
    open_fixture(&f, previous);
    Buffer token = {0};
    for (int i = 0; i < 10000; i++)
        buffer_text(&token, "\xcc\x81");
    draw(&f, repeat(&f, token.data, token.len, 4), NULL);
    check_well_formed(f.out.data, f.out.len);
    ck_assert_uint_lt(f.out.len, 30000);
    buffer_free(&token);
    close_fixture(&f);
}
END_TEST

START_TEST(test_the_same_picture_twice) {
    Fixture f, g;
    open_fixture(&f, reverse);
    open_fixture(&g, reverse);
    draw(&f, characters(&f, "hello"), "reverse");
    draw(&g, characters(&g, "hello"), "reverse");
    ck_assert_str_eq(f.out.data, g.out.data);
    close_fixture(&f);
    close_fixture(&g);
}
END_TEST

/* --- what is shown ---------------------------------------------------------------------------- */

enum { ONE_MARK = 1 }; /* the legend shows a default where there is one */
static const char defaulted[] = "stroke-dasharray";

/* The selected cells of all heads: runs of 30 pixels a cell. */
static int selected_cells(const char *svg) {
    int cells = 0, x, y, width, used;
    for (const char *at = svg; (at = strstr(at, "<path fill=\"#2f5f8f\" d=\"")) != NULL;) {
        at = strstr(at, " d=\"") + 4;
        for (; sscanf(at, "M%d %dh%dv30%n", &x, &y, &width, &used) == 3; at = strchr(at, 'z') + 1)
            cells += width / 30;
        ck_assert_int_eq(*at, '"');
    }
    return cells;
}

START_TEST(test_reverse_shows_its_heads_and_rows) {
    Fixture f;
    open_fixture(&f, reverse);
    const char *svg = draw(&f, characters(&f, "hello"), "reverse(\"hello\")");
    ck_assert_int_eq(selected_cells(svg), 25 + 5);
    ck_assert_uint_eq(count(svg, defaulted), 0);
    ck_assert_ptr_nonnull(strstr(svg, "<title id=\"title\">reverse(&quot;hello&quot;)</title>"));
    ck_assert_ptr_nonnull(strstr(svg, ">2 attention layers; heads: 1, 1<"));
    ck_assert_ptr_nonnull(strstr(svg, ">all positions<"));
    ck_assert_ptr_nonnull(strstr(svg, ">key: indices<"));
    ck_assert_ptr_nonnull(strstr(svg, ">query: opposite<"));
    ck_assert_ptr_nonnull(strstr(svg, ">indices == opposite<"));
    ck_assert_ptr_nonnull(strstr(svg, ">= length - indices - 1<"));
    ck_assert_ptr_nonnull(strstr(svg, ">Output<"));
    close_fixture(&f);
}
END_TEST

START_TEST(test_empty_rows_of_a_head_show_the_default) {
    Fixture f;
    open_fixture(&f, previous);
    const char *svg = draw(&f, characters(&f, "hello"), NULL);
    ck_assert_int_eq(selected_cells(svg), 4);
    ck_assert_uint_eq(count(svg, defaulted), 1 + ONE_MARK);
    close_fixture(&f);
}
END_TEST

START_TEST(test_a_selector_has_no_output_row) {
    Fixture f;
    open_fixture(&f, "%0 = tokens_str\n%1 = indices\n%2 = select_eq %0 %0\n%3 = select_lt %1 %1\n"
                     "%4 = sel_and %2 %3\nearlier = %4\n");
    const char *svg = draw(&f, characters(&f, "hello"), NULL);
    ck_assert_int_eq(selected_cells(svg), 1);
    ck_assert_ptr_nonnull(strstr(svg, ">tokens == tokens and indices &lt; indices<"));
    ck_assert_ptr_null(strstr(svg, ">Output<"));
    close_fixture(&f);
}
END_TEST

START_TEST(test_without_attention_there_is_no_layer) {
    Fixture f;
    open_fixture(&f, "%0 = tokens_str\n");
    const char *svg = draw(&f, characters(&f, "hello"), NULL);
    check_well_formed(f.out.data, f.out.len);
    ck_assert_ptr_nonnull(strstr(svg, ">no attention layer<"));
    ck_assert_ptr_nonnull(strstr(svg, ">Output<"));
    ck_assert_ptr_null(strstr(svg, "Layer"));
    close_fixture(&f);
}
END_TEST

/* --- limits and mistakes ---------------------------------------------------------------------- */

START_TEST(test_long_inputs_are_refused) {
    Fixture f;
    open_fixture(&f, reverse);
    Input input = repeat(&f, "a", 1, DRAW_MOST_TOKENS + 1);
    ck_assert(!draw_svg(f.graph, f.graph->count - 1, input, NULL, f.diags, &f.out));
    ck_assert_int_eq(diagnostics_id(f.diags, 0), DIAG_DRAW_LENGTH);
    ck_assert_uint_eq(f.out.len, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(test_a_failing_program_is_reported) {
    Fixture f;
    open_fixture(&f, "%0 = indices\n%1 = div %0 %0\n");
    ck_assert(!draw_svg(f.graph, 1, characters(&f, "ab"), NULL, f.diags, &f.out));
    ck_assert_int_eq(diagnostics_id(f.diags, 0), DIAG_ZERO_DIVISION);
    ck_assert_uint_eq(f.out.len, 0);
    close_fixture(&f);
}
END_TEST

/* %0 = indices, then count times: node i uses the one before it. */
static void chain(Buffer *text, int times, bool deep) {
    buffer_text(text, "%0 = indices\n");
    int id = 1, last = 0;
    for (int i = 0; i < times; i++) {
        buffer_printf(text, "%%%d = const %d\n", id, i + 1);
        buffer_printf(text, "%%%d = add %%%d %%%d\n", id + 1, deep ? last : 0, id);
        buffer_printf(text, "%%%d = select_eq %%0 %%%d\n", id + 2, id + 1);
        buffer_printf(text, "%%%d = aggregate %%%d %%0 default 0\n", id + 3, id + 2);
        buffer_printf(text, "row%d = %%%d\n", i, id + 3);
        last = id + 3;
        id += 4;
    }
}

START_TEST(test_many_layers_are_bounded) {
    Fixture f;
    Buffer text = {0};
    chain(&text, 100, true);
    open_fixture(&f, text.data);
    const char *svg = draw(&f, characters(&f, "abc"), NULL);
    check_well_formed(f.out.data, f.out.len);
    ck_assert_ptr_nonnull(strstr(svg, "100 attention layers"));
    ck_assert_ptr_nonnull(strstr(svg, "the last 68 layers are not drawn"));
    ck_assert_uint_eq(count(svg, ">Layer "), DRAW_MOST_LAYERS);
    buffer_free(&text);
    close_fixture(&f);
}
END_TEST

/* --- over real vectors ------------------------------------------------------------------------ */

/* Two points on a line. */
static Input two_points(Fixture *f, double first, double second) {
    double *numbers = ARENA_ARRAY(f->arena, double, 2);
    InputColumn *column = ARENA_NEW(f->arena, InputColumn);
    numbers[0] = first;
    numbers[1] = second;
    *column = (InputColumn){.name = string_from(f->arena, "x"), .width = 1, .numbers = numbers};
    return (Input){.n = 2, .column_count = 1, .columns = column};
}

static const char drawn_together[] = "%0 = input \"x\" vec[1]\n%1 = const 1\n%2 = select_eq %1 %1\n"
                                     "loop 0\n%3 = state of 0 from %0 vec[1]\n"
                                     "%4 = distance %3 %3\n%5 = scores_neg %4\n"
                                     "%6 = softmax %5 %2\n%7 = const 0\n%8 = attend %6 %3 %7\n"
                                     "end 0 times 3 next %8\n%9 = result %8 of 0\n"
                                     "x = %0\nz = %0\nz = %3\nz = %8\nz = %9\n";

START_TEST(test_the_last_round_of_a_loop_is_drawn) {
    Fixture f;
    open_fixture(&f, drawn_together);
    const char *svg = draw(&f, two_points(&f, 0, 1), "z");
    check_well_formed(f.out.data, f.out.len);
    ck_assert_ptr_nonnull(strstr(svg, "1 attention layer; heads: 1; the last of 3 rounds"));
    /* Weights are 1 / (1 + exp(-d)), and d becomes d tanh(d / 2) in a round. */
    double d = 1;
    for (int round = 0; round < 2; round++)
        d *= tanh(d * d / 2);
    char text[64];
    snprintf(text, sizeof text, ">%.3g<", 0.5 - d / 2);
    ck_assert_ptr_nonnull(strstr(svg, ">z before<"));
    ck_assert_msg(strstr(svg, text) != NULL, "%s is not in\n%s", text, svg);
    snprintf(text, sizeof text, "fill-opacity=\"%.3g\"", 1 / (1 + exp(-d * d)));
    ck_assert_msg(strstr(svg, text) != NULL, "%s is not in\n%s", text, svg);
    ck_assert_ptr_nonnull(strstr(svg, "the paler, the less weight"));
    ck_assert_ptr_null(strstr(svg, "a weight below 0"));
    close_fixture(&f);
}
END_TEST

START_TEST(test_weights_below_0_are_told_apart) {
    Fixture f;
    open_fixture(&f, "%0 = input \"x\" vec[1]\n%1 = const 1\n%2 = select_eq %1 %1\n"
                     "%3 = score_mul %0 %0\n%4 = linear %3 %2\n%5 = const 0\n"
                     "%6 = attend %4 %0 %5\n");
    const char *svg = draw(&f, two_points(&f, 3, -1), NULL);
    check_well_formed(f.out.data, f.out.len);
    ck_assert_ptr_nonnull(strstr(svg, "a weight below 0"));
    ck_assert_ptr_nonnull(strstr(svg, "fill-opacity=\"0.5\"")); /* 3 * 3 / (9 - 3) = 1.5 and -0.5 */
    ck_assert_ptr_nonnull(strstr(svg, ">5<"));
    close_fixture(&f);
}
END_TEST

/* The inner loop doubles twice in each of two rounds, each of which then adds 1. */
START_TEST(test_a_loop_in_a_loop_is_drawn_by_its_last_round) {
    Fixture f;
    open_fixture(&f, "%0 = input \"x\" vec[1]\n%1 = const 1\nloop 0\n"
                     "%2 = state of 0 from %0 vec[1]\nloop 1 in 0\n"
                     "%3 = state of 1 from %2 vec[1]\n%4 = add %3 %3\n"
                     "end 1 times 2 next %4\n%5 = result %4 of 1\n%6 = add %5 %1\n"
                     "end 0 times 2 next %6\n%7 = result %6 of 0\ny = %4\nz = %6\n");
    const char *svg = draw(&f, two_points(&f, 3, 5), NULL);
    check_well_formed(f.out.data, f.out.len);
    ck_assert_ptr_nonnull(strstr(svg, "; of each of 2 loops the last round"));
    /* 3, 12, 13, 26, 52, 53 and 5, 20, 21, 42, 84, 85. */
    ck_assert_ptr_nonnull(strstr(svg, ">y before<"));
    const char *const shown[] = {">26<", ">42<", ">53<", ">85<"};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        ck_assert_msg(strstr(svg, shown[i]) != NULL, "%s is not in\n%s", shown[i], svg);
    const char *const hidden[] = {">3<", ">13<", ">6<"};
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        ck_assert_msg(strstr(svg, hidden[i]) == NULL, "%s is in\n%s", hidden[i], svg);
    close_fixture(&f);
}
END_TEST

/* Heads of one layer, summed. */
START_TEST(test_many_heads_are_bounded) {
    Fixture f;
    Buffer text = {0};
    chain(&text, 40, false);
    int sum = 4;
    for (int i = 1; i < 40; i++) {
        int id = 161 + i - 1;
        buffer_printf(&text, "%%%d = add %%%d %%%d\n", id, sum, 4 * (i + 1));
        sum = id;
    }
    open_fixture(&f, text.data);
    const char *svg = draw(&f, characters(&f, "abc"), NULL);
    check_well_formed(f.out.data, f.out.len);
    ck_assert_uint_eq(count(svg, ">Head "), DRAW_MOST_HEADS);
    ck_assert_ptr_nonnull(strstr(svg, ">28 more heads are not drawn<"));
    ck_assert_ptr_nonnull(strstr(svg, ">16 more rows are not drawn<"));
    buffer_free(&text);
    close_fixture(&f);
}
END_TEST

Suite *draw_suite(void);
Suite *draw_suite(void) {
    Suite *suite = suite_create("draw");
    TCase *form = tcase_create("form");
    tcase_add_loop_test(form, test_any_token_gives_well_formed_xml, 0,
                        (int)(sizeof tokens / sizeof tokens[0]));
    tcase_add_test(form, test_marks_without_width_are_bounded);
    tcase_add_test(form, test_the_same_picture_twice);
    suite_add_tcase(suite, form);

    TCase *content = tcase_create("content");
    tcase_add_test(content, test_the_last_round_of_a_loop_is_drawn);
    tcase_add_test(content, test_weights_below_0_are_told_apart);
    tcase_add_test(content, test_a_loop_in_a_loop_is_drawn_by_its_last_round);
    tcase_add_test(content, test_reverse_shows_its_heads_and_rows);
    tcase_add_test(content, test_empty_rows_of_a_head_show_the_default);
    tcase_add_test(content, test_a_selector_has_no_output_row);
    tcase_add_test(content, test_without_attention_there_is_no_layer);
    suite_add_tcase(suite, content);

    TCase *bounds = tcase_create("bounds");
    tcase_set_timeout(bounds, 30);
    tcase_add_test(bounds, test_long_inputs_are_refused);
    tcase_add_test(bounds, test_a_failing_program_is_reported);
    tcase_add_test(bounds, test_many_layers_are_bounded);
    tcase_add_test(bounds, test_many_heads_are_bounded);
    suite_add_tcase(suite, bounds);
    return suite;
}
