/* The graph's text form: round trips, and what its reader does not let pass. */
#include "tests/unit/text_world.h"

#include <check.h>
#include <string.h>

/* --- round trips ------------------------------------------------------------------------------ */

/* Every operation. */
static const char every_operation[] = "%0 = tokens_str\n"
                                      "%1 = tokens_int\n"
                                      "%2 = tokens_float\n"
                                      "%3 = tokens_bool\n"
                                      "%4 = tokens_asis\n"
                                      "%5 = indices\n"
                                      "%6 = const -12\n"
                                      "%7 = neg %1\n"
                                      "%8 = pos %2\n"
                                      "%9 = round %2\n"
                                      "%10 = not %3\n"
                                      "%11 = indicator %3\n"
                                      "%12 = add %1 %6\n"
                                      "%13 = sub %1 %6\n"
                                      "%14 = mul %1 %6\n"
                                      "%15 = div %1 %6\n"
                                      "%16 = mod %1 %6\n"
                                      "%17 = pow %1 %5\n"
                                      "%18 = eq %4 %0\n"
                                      "%19 = lt %1 %2\n"
                                      "%20 = le %1 %2\n"
                                      "%21 = gt %1 %2\n"
                                      "%22 = ge %1 %2\n"
                                      "%23 = and %3 %10\n"
                                      "%24 = or %3 %10\n"
                                      "%25 = choose %3 %0 %1\n"
                                      "%26 = member %0 table [\"a\", 1, 2.5, True]\n"
                                      "%27 = lookup %0 table {\"a\": 1, \"b\": \"x\"}\n"
                                      "%28 = item %5 table [1, \"two\", 3.0]\n"
                                      "%29 = select_eq %0 %0\n"
                                      "%30 = select_ne %0 %0\n"
                                      "%31 = select_lt %5 %5\n"
                                      "%32 = select_le %5 %5\n"
                                      "%33 = select_gt %5 %5\n"
                                      "%34 = select_ge %5 %5\n"
                                      "%35 = sel_and %29 %31\n"
                                      "%36 = sel_or %30 %32\n"
                                      "%37 = sel_not %33\n"
                                      "%38 = aggregate %35 %0 default \"-\"\n"
                                      "%39 = width %37\n"
                                      "%40 = input \"x\" vec[2]\n"
                                      "%41 = vector table [0.5, 1, True]\n"
                                      "%42 = vec %5\n"
                                      "%43 = concat %40 %5\n"
                                      "%44 = component %40 1\n"
                                      "%45 = dot %43 %41\n"
                                      "%46 = sum %40\n"
                                      "%47 = norm %40\n"
                                      "%48 = matmul %40 table [1, 0, 0, 1, 0.5, 0.5]\n"
                                      "%49 = argmin %40\n"
                                      "%50 = argmax %40\n"
                                      "%51 = onehot %5 5\n"
                                      "%52 = layernorm %40\n"
                                      "%53 = rmsnorm %40\n"
                                      "%54 = unit %40\n"
                                      "%55 = exp %40\n"
                                      "%56 = log %5\n"
                                      "%57 = sqrt %5\n"
                                      "%58 = abs %5\n"
                                      "%59 = floor %2\n"
                                      "%60 = ceil %2\n"
                                      "%61 = sin %2\n"
                                      "%62 = cos %2\n"
                                      "%63 = tanh %2\n"
                                      "%64 = relu %2\n"
                                      "%65 = sign %2\n"
                                      "%66 = score_add %5 %5\n"
                                      "%67 = score_sub %5 %5\n"
                                      "%68 = score_mul %40 %40\n"
                                      "%69 = distance %40 %40\n"
                                      "%70 = scores_add %66 %67\n"
                                      "%71 = scores_sub %66 %67\n"
                                      "%72 = scores_neg %69\n"
                                      "%73 = scores_times %69 0.5\n"
                                      "%74 = scores_over %69 -3\n"
                                      "%75 = hardmax %72 %29\n"
                                      "%76 = hardmax_first %72 %29\n"
                                      "%77 = softmax %72 %29\n"
                                      "%78 = linear %69 %29\n"
                                      "%79 = sparsemax %72 %29\n"
                                      "%80 = attend %77 %40 %5\n"
                                      "%81 = total %29 %40\n"
                                      "loop 0\n"
                                      "%82 = state of 0 from %40 vec[2]\n"
                                      "%83 = state of 0 from %5 int|float\n"
                                      "loop 1 in 0\n"
                                      "%84 = state of 1 from %83 int|float|str\n"
                                      "%85 = add %84 %6\n"
                                      "end 1 times 3 next %85\n"
                                      "%86 = result %85 of 1\n"
                                      "%87 = add %82 %86\n"
                                      "%88 = not %86\n"
                                      "end 0 times 10 until %88 next %87 %83\n"
                                      "%89 = result %87 of 0\n"
                                      "%90 = result %83 of 0\n"
                                      "found = %38\n"
                                      "wide = %39\n"
                                      "found = %39\n";

/* text without comments and the blanks before them. */
static void strip_comments(const char *text, Buffer *out) {
    while (*text) {
        size_t len = strcspn(text, "\n");
        size_t kept = 0;
        while (kept < len && text[kept] != '#')
            kept++;
        while (kept > 0 && text[kept - 1] == ' ')
            kept--;
        buffer_add(out, text, kept);
        buffer_char(out, '\n');
        text += len + (text[len] == '\n');
    }
}

START_TEST(test_every_operation_prints_as_it_was_read) {
    TextWorld w;
    text_world_open(&w);
    Graph *graph = text_world_graph(&w, every_operation);
    bool seen[OP_COUNT] = {false};
    for (NodeId id = 0; id < graph->count; id++)
        seen[graph_node(graph, id)->op] = true;
    for (int op = 0; op < OP_COUNT; op++)
        ck_assert_msg(seen[op], "%s", op_info(op)->name);

    Buffer printed = {0};
    graph_print(graph, &printed);
    strip_comments(printed.data, &w.out);
    ck_assert_str_eq(w.out.data, every_operation);
    buffer_free(&printed);
    text_world_close(&w);
}
END_TEST

START_TEST(test_names_keep_their_order) {
    TextWorld w;
    text_world_open(&w);
    Graph *graph = text_world_graph(&w, every_operation);
    ck_assert_uint_eq(graph_find(graph, "found"), 39);
    ck_assert_str_eq(graph_name_of(graph, 38)->bytes, "found");
    ck_assert_str_eq(graph_name_of(graph, 39)->bytes, "found");
    ck_assert_uint_eq(graph_find(graph, "lost"), NO_NODE);
    text_world_close(&w);
}
END_TEST

START_TEST(test_comments_say_type_and_depth) {
    TextWorld w;
    text_world_open(&w);
    graph_print(text_world_graph(&w, "%0 = tokens_str\n%1 = select_eq %0 %0\n%2 = width %1\n"),
                &w.out);
    ck_assert_ptr_nonnull(strstr(w.out.data, "# strings, depth 0\n"));
    ck_assert_ptr_nonnull(strstr(w.out.data, "# a selector, depth 1\n"));
    ck_assert_ptr_nonnull(strstr(w.out.data, "# ints, depth 1\n"));
    text_world_close(&w);
}
END_TEST

/* Atoms that a careless printer or reader would change. */
static const char *const atoms[] = {"0",
                                    "-1",
                                    "9223372036854775807",
                                    "-9223372036854775808",
                                    "9223372036854775808",
                                    "True",
                                    "0.0",
                                    "-0.0",
                                    "1e+16",
                                    "5e-324",
                                    "inf",
                                    "-inf",
                                    "nan",
                                    "0.30000000000000004",
                                    "\"\"",
                                    "\"#\"",
                                    "\"\\\"\\\\\\n\\x00\\x1f\\x7f\"",
                                    "\"\xc3\xa9\xe2\x86\x92\"",
                                    "\"%0 = x\"",
                                    "False",
                                    "-123456789012345678901234567890"};

START_TEST(test_atoms_read_back) {
    TextWorld w;
    text_world_open(&w);
    Buffer text = {0};
    buffer_printf(&text, "%%0 = const %s\n", atoms[_i]);
    graph_print(text_world_graph(&w, text.data), &w.out);
    ck_assert_msg(strncmp(w.out.data, text.data, text.len - 1) == 0, "%s%s", text.data, w.out.data);
    buffer_free(&text);
    text_world_close(&w);
}
END_TEST

START_TEST(test_one_node_is_numbered_afresh) {
    TextWorld w;
    text_world_open(&w);
    Graph *graph =
        text_world_graph(&w, "%0 = tokens_int\n%1 = tokens_str\n%2 = indices\n%3 = neg %0\n"
                             "%4 = select_lt %2 %2\n%5 = aggregate %4 %1 default \"-\"\n"
                             "minus = %3\nbefore = %4\n");
    Buffer printed = {0};
    graph_print_node(graph, 5, &printed);
    strip_comments(printed.data, &w.out);
    ck_assert_str_eq(w.out.data, "%0 = tokens_str\n%1 = indices\n%2 = select_lt %1 %1\n"
                                 "%3 = aggregate %2 %0 default \"-\"\nbefore = %2\n");
    buffer_free(&printed);
    text_world_close(&w);
}
END_TEST

/* A loop in part: a node of its body; and one whose loop is not the first. */
START_TEST(test_loops_are_numbered_afresh) {
    TextWorld w;
    text_world_open(&w);
    Graph *graph =
        text_world_graph(&w, "%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n%2 = neg %1\n"
                             "end 0 times 2 next %2\n%3 = result %2 of 0\nloop 1\n"
                             "%4 = state of 1 from %0 int\n%5 = state of 1 from %0 int\n"
                             "%6 = neg %5\nend 1 times 3 next %4 %6\n%7 = result %6 of 1\n");
    Buffer printed = {0};
    graph_print_node(graph, 7, &printed);
    strip_comments(printed.data, &w.out);
    ck_assert_str_eq(w.out.data, "%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n"
                                 "%2 = state of 0 from %0 int\n%3 = neg %2\n"
                                 "end 0 times 3 next %1 %3\n%4 = result %3 of 0\n");
    buffer_free(&printed);
    buffer_free(&w.out);
    graph_print_node(graph, 6, &printed);
    strip_comments(printed.data, &w.out);
    ck_assert_str_eq(w.out.data, "%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n"
                                 "%2 = neg %1\n");
    text_world_graph(&w, w.out.data);
    buffer_free(&printed);
    text_world_close(&w);
}
END_TEST

START_TEST(test_blank_lines_and_comments_are_skipped) {
    TextWorld w;
    text_world_open(&w);
    Graph *graph = text_world_graph(&w, "# a graph\r\n\n  %0=tokens_str#here\r\n\t\nname=%0");
    ck_assert_uint_eq(graph->count, 1);
    ck_assert_uint_eq(graph_find(graph, "name"), 0);
    ck_assert_uint_eq(text_world_graph(&w, "")->count, 0);
    text_world_close(&w);
}
END_TEST

/* --- broken texts ----------------------------------------------------------------------------- */

typedef struct Broken {
    const char *text;
    const char *message; /* a part of what is reported */
} Broken;

static const Broken broken[] = {
    {"%1 = tokens_str", "numbered in their order"},
    {"%0 = tokens_str\n%0 = tokens_int", "numbered in their order"},
    {"%0 = tokens_str\n%1 = tokens_str", "is equal to %0"},
    {"%0 = token", "expected an operation"},
    {"%0 =", "expected an operation"},
    {"%0 tokens_str", "expected '='"},
    {"% = tokens_str", "expected a node"},
    {"%99999999999999999999 = tokens_str", "at most"},
    {"%0 = neg", "expected a node"},
    {"%0 = neg %0", "does not stand above"},
    {"%0 = neg %1", "does not stand above"},
    {"%0 = neg %4294967295", "at most"},
    {"%0 = tokens_str %0", "end of the line"},
    {"%0 = tokens_str\n%1 = neg %0", "strings"},
    {"%0 = tokens_str\n%1 = width %0", "a selector"},
    {"%0 = tokens_str\n%1 = select_eq %0 %0\n%2 = neg %1", "an s-op"},
    {"%0 = tokens_str\n%1 = select_eq %0 %0\n%2 = aggregate %1 %1 default 0", "an s-op"},
    {"%0 = tokens_str\n%1 = select_eq %0 %0\n%2 = aggregate %1 %0", "expected 'default'"},
    {"%0 = tokens_str\n%1 = select_eq %0 %0\n%2 = aggregate %1 %0 default", "expected an atom"},
    {"%0 = const", "expected an atom"},
    {"%0 = const ?", "expected an atom"},
    {"%0 = const None", "expected an atom"},
    {"%0 = const -", "expected a number"},
    {"%0 = const -x", "expected a number"},
    {"%0 = const 1.", "behind the point"},
    {"%0 = const 1e", "behind the e"},
    {"%0 = const 1 2", "end of the line"},
    {"%0 = const \"a", "does not end"},
    {"%0 = const \"a\n\"", "does not end"},
    {"%0 = const \"a\\", "an escape is"},
    {"%0 = const \"\\q\"", "an escape is"},
    {"%0 = const \"\\x8", "an escape is"},
    {"%0 = const \"\\xff\"", "an escape is"},
    {"%0 = const \"\xff\"", "not UTF-8"},
    {"%0 = tokens_str\n%1 = member %0 [1]", "expected 'table'"},
    {"%0 = tokens_str\n%1 = member %0 table 1", "expected '['"},
    {"%0 = tokens_str\n%1 = member %0 table [1", "expected ']'"},
    {"%0 = tokens_str\n%1 = member %0 table [1,", "expected an atom"},
    {"%0 = tokens_str\n%1 = lookup %0 table [1]", "expected '{'"},
    {"%0 = tokens_str\n%1 = lookup %0 table {1}", "expected ':'"},
    {"%0 = tokens_str\n%1 = lookup %0 table {1: 2", "expected '}'"},
    {"%0 = tokens_str\n%1 = lookup %0 table {}", "empty"},
    {"%0 = tokens_str\n%1 = lookup %0 table {1: 2, \"a\": 1, 1.0: 3}", "stands twice"},
    {"%0 = tokens_str\n%1 = item %0 table [1]", "ints"},
    {"%0 = input x vec[2]", "the input's name"},
    {"%0 = input \"x\"", "expected a type"},
    {"%0 = input \"x\" vec", "expected '['"},
    {"%0 = input \"x\" vec[0]", "no numbers"},
    {"%0 = input \"x\" vec[99999999999]", "at most"},
    {"%0 = input \"x\" number", "expected a type"},
    {"%0 = input \"x\" int|float", "no type of an input"},
    {"%0 = input \"\" int", "no name"},
    {"%0 = vector table []", "no numbers"},
    {"%0 = vector table [\"a\"]", "no number"},
    {"%0 = indices\n%1 = onehot %0 0", "so many"},
    {"%0 = indices\n%1 = onehot %0 4294967297", "so many"},
    {"%0 = input \"x\" vec[2]\n%1 = component %0 2", "no component 2"},
    {"%0 = input \"x\" vec[2]\n%1 = matmul %0 table [1, 2, 3]", "no rows of 2"},
    {"%0 = input \"x\" vec[2]\n%1 = lt %0 %0", "takes no vector"},
    {"%0 = indices\n%1 = score_add %0 %0\n%2 = scores_times %1 \"a\"", "by a number"},
    {"%0 = indices\n%1 = state of 0 from %0 int", "does not begin above"},
    {"%0 = indices\n%1 = result %0 of 0", "does not begin above"},
    {"%0 = indices\nloop 0\n%1 = result %0 of 0", "has not ended"},
    {"loop 1", "expected loop 0"},
    {"loop 0 in 0", "does not begin above"},
    {"loop 0\nend 0 times 0", "at least one round"},
    {"loop 0\nend 0 times 1\nend 0 times 1", "is over"},
    {"loop 0\nend 0 times 1\n%0 = indices\n%1 = state of 0 from %0 int", "is over"},
    {"%0 = indices\nloop 0\n%1 = state of 0 from %0 int\nend 0 times 1", "expected 'next'"},
    {"%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n%2 = exp %1\nend 0 times 1 next %2",
     "not declared to hold"},
    {"%0 = indices\nloop 0\n%1 = state of 0 from %0 str", "can't hold its init"},
    {"%0 = indices\nloop 0\n%1 = state of 0 from %0 int\nloop 1\n%2 = state of 1 from %1 int\n"
     "end 1 times 1 next %2",
     "known only in a round"},
    {"%0 = indices\nloop 0\n%1 = state of 0 from %0 int\nloop 1\n%2 = state of 1 from %0 int\n"
     "end 1 times 1 next %1",
     "known only in another loop"},
    {"%0 = indices\nloop 0\n%1 = state of 0 from %0 int\nloop 1\n%2 = state of 1 from %0 int\n"
     "%3 = add %1 %2",
     "does not depend on the loop"},
    {"%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n%2 = neg %1\nend 0 times 1 next %2\n"
     "%3 = result %2 of 0\n%4 = add %2 %0",
     "behind a result"},
    {"%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n%2 = select_eq %1 %1\n"
     "end 0 times 1 until %2 next %1",
     "never is"},
    {"name", "expected '='"},
    {"name = %0", "does not stand above"},
    {"name = tokens", "expected a node"},
    {"= %0", "end of the line"},
    {"\x01", "end of the line"},
};

START_TEST(test_broken_text_is_reported) {
    TextWorld w;
    text_world_open(&w);
    ck_assert_ptr_null(text_world_parse_graph(&w, broken[_i].text, strlen(broken[_i].text)));
    ck_assert_uint_eq(diagnostics_errors(w.diags), 1);
    ck_assert_int_eq(diagnostics_id(w.diags, 0), DIAG_GRAPH_TEXT);
    const char *message = diagnostics_message(w.diags, 0);
    ck_assert_msg(strstr(message, broken[_i].message) != NULL, "%s\n%s", broken[_i].text, message);
    text_world_close(&w);
}
END_TEST

START_TEST(test_a_nul_byte_is_reported) {
    TextWorld w;
    text_world_open(&w);
    ck_assert_ptr_null(text_world_parse_graph(&w, "%0 = \0tokens_str", 16));
    ck_assert_int_eq(diagnostics_id(w.diags, 0), DIAG_GRAPH_TEXT);
    text_world_close(&w);
}
END_TEST

/* Every beginning of a good text either reads or is reported, and no byte behind it is looked at.
 */
START_TEST(test_every_beginning_ends_well) {
    for (size_t len = 0; len < sizeof every_operation; len++) {
        TextWorld w;
        text_world_open(&w);
        Graph *graph = text_world_parse_graph(&w, every_operation, len);
        ck_assert_uint_eq(diagnostics_errors(w.diags), graph ? 0 : 1);
        text_world_close(&w);
    }
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *graph_text_suite(void);
Suite *graph_text_suite(void) {
    Suite *suite = suite_create("graph_text");
    TCase *text = tcase_create("text");
    tcase_add_test(text, test_every_operation_prints_as_it_was_read);
    tcase_add_test(text, test_names_keep_their_order);
    tcase_add_test(text, test_comments_say_type_and_depth);
    tcase_add_loop_test(text, test_atoms_read_back, 0, COUNT(atoms));
    tcase_add_test(text, test_one_node_is_numbered_afresh);
    tcase_add_test(text, test_loops_are_numbered_afresh);
    tcase_add_test(text, test_blank_lines_and_comments_are_skipped);
    suite_add_tcase(suite, text);

    TCase *wrong = tcase_create("broken text");
    tcase_add_loop_test(wrong, test_broken_text_is_reported, 0, COUNT(broken));
    tcase_add_test(wrong, test_a_nul_byte_is_reported);
    tcase_add_test(wrong, test_every_beginning_ends_well);
    suite_add_tcase(suite, wrong);
    return suite;
}
