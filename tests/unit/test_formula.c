/* Formulas: nodes as RASP-like text. Graphs are built by parsing. */
#include "runtime/graph/formula.h"

#include <check.h>
#include <string.h>

typedef struct Case {
    const char *nodes; /* behind the inputs below; the last node is asked for */
    const char *rasp, *words;
} Case;

static const char inputs[] = "%0 = tokens_str\n%1 = indices\n%2 = tokens_int\n%3 = tokens_bool\n"
                             "%4 = const 1\n";

static const Case cases[] = {
    {"", "1", "1"},
    {"%5 = const \"a\"\n", "\"a\"", "\"a\""},
    {"%5 = eq %1 %2\n", "indices == tokens_int", NULL},
    {"%5 = sub %1 %2\n%6 = sub %5 %4\n", "indices - tokens_int - 1", NULL},
    {"%5 = sub %1 %2\n%6 = sub %4 %5\n", "1 - (indices - tokens_int)", NULL},
    {"%5 = add %1 %2\n%6 = mul %5 %4\n", "(indices + tokens_int) * 1", NULL},
    {"%5 = mul %1 %2\n%6 = mod %5 %4\n", "indices * tokens_int % 1", NULL},
    {"%5 = mod %1 %2\n%6 = mul %5 %4\n", "(indices % tokens_int) * 1", NULL},
    {"%5 = pow %1 %2\n%6 = neg %5\n", "-(indices ^ tokens_int)", NULL},
    {"%5 = const -2\n%6 = pow %5 %1\n", "-2 ^ indices", NULL},
    {"%5 = eq %1 %2\n%6 = not %5\n", "not (indices == tokens_int)", NULL},
    {"%5 = not %1\n%6 = eq %5 %3\n", "(not indices) == tokens_bool", NULL},
    {"%5 = not %1\n%6 = and %5 %3\n", "not indices and tokens_bool", NULL},
    {"%5 = and %1 %2\n%6 = or %5 %3\n", "(indices and tokens_int) or tokens_bool", NULL},
    {"%5 = and %1 %2\n%6 = and %5 %3\n", "indices and tokens_int and tokens_bool", NULL},
    {"%5 = lt %1 %2\n%6 = eq %5 %3\n", "(indices < tokens_int) == tokens_bool", NULL},
    {"%5 = choose %3 %1 %2\n%6 = add %5 %4\n", "(indices if tokens_bool else tokens_int) + 1",
     NULL},
    {"%5 = indicator %3\n%6 = round %5\n", "round(indicator(tokens_bool))", NULL},
    {"%5 = member %0 table [\"a\", \"b\"]\n%6 = not %5\n", "not (tokens in [\"a\", \"b\"])", NULL},
    {"%5 = lookup %0 table {\"a\": 1, \"b\": 2}\n", "{\"a\": 1, \"b\": 2}[tokens]", NULL},
    {"%5 = item %1 table [1, 2, 3, 4, 5, 6, 7, 8]\n", "[1, 2, 3, 4, 5, 6, …][indices]", NULL},
    {"%5 = select_lt %1 %2\n", "select(indices, tokens_int, <)", "indices < tokens_int"},
    {"%5 = select_lt %1 %2\n%6 = sel_not %5\n%7 = select_ne %0 %0\n%8 = sel_and %6 %7\n",
     "not select(indices, tokens_int, <) and select(tokens, tokens, !=)",
     "not (indices < tokens_int) and tokens != tokens"},
    {"%5 = select_eq %4 %4\n", "select(1, 1, ==)", "all positions"},
    {"%5 = select_eq %4 %4\n%6 = width %5\n", "selector_width(full_s)", NULL},
    {"%5 = select_eq %4 %4\n%6 = width %5\n%7 = sub %6 %4\n", "length - 1", "length - 1"},
    {"%5 = select_eq %0 %0\n%6 = width %5\n", "selector_width(select(tokens, tokens, ==))",
     "selector_width(tokens == tokens)"},
    {"%5 = select_eq %0 %1\n%6 = aggregate %5 %2 default 0\n",
     "aggregate(select(tokens, indices, ==), tokens_int)", NULL},
    {"%5 = select_eq %0 %1\n%6 = aggregate %5 %2 default 7\nflip = %5\n",
     "aggregate(flip, tokens_int, 7)", NULL},
    {"%5 = select_lt %1 %2\n%6 = sel_not %5\n%7 = neg %1\n%8 = select_eq %7 %1\n%9 = sel_or %6 %8\n"
     "less = %5\nback = %7\n",
     "not less or select(back, indices, ==)", "not (indices < tokens_int) or back == indices"},
    {"%5 = neg %1\n%6 = neg %5\nme = %6\n", "--indices", NULL},
};

typedef struct Fixture {
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    Buffer text, out;
} Fixture;

static Graph *open_fixture(Fixture *f, const char *nodes) {
    *f = (Fixture){.arena = arena_new(0), .sources = sources_new()};
    f->diags = diagnostics_new(f->sources);
    buffer_text(&f->text, inputs);
    buffer_text(&f->text, nodes);
    uint32_t file = sources_add(f->sources, "test.graph", f->text.data, f->text.len);
    Graph *graph = graph_parse(f->arena, f->sources, file, f->diags);
    ck_assert_msg(graph != NULL, "%s\n%s", diagnostics_message(f->diags, 0), nodes);
    return graph;
}

static void close_fixture(Fixture *f) {
    buffer_free(&f->text);
    buffer_free(&f->out);
    diagnostics_free(f->diags);
    sources_free(f->sources);
    arena_free(f->arena);
}

START_TEST(test_formulas) {
    Fixture f;
    Graph *graph = open_fixture(&f, cases[_i].nodes);
    graph_formula(graph, graph->count - 1, FORMULA_RASP, 100, &f.out);
    ck_assert_str_eq(f.out.data, cases[_i].rasp);
    if (cases[_i].words) {
        f.out.len = 0;
        graph_formula(graph, graph->count - 1, FORMULA_WORDS, 100, &f.out);
        ck_assert_str_eq(f.out.data, cases[_i].words);
    }
    close_fixture(&f);
}
END_TEST

START_TEST(test_a_label_is_the_name_or_the_formula) {
    Fixture f;
    Graph *graph = open_fixture(&f, "%5 = neg %1\n%6 = neg %5\nopposite = %5\n");
    graph_label(graph, 5, FORMULA_RASP, 100, &f.out);
    buffer_text(&f.out, "|");
    graph_label(graph, 6, FORMULA_RASP, 100, &f.out);
    buffer_text(&f.out, "|");
    graph_label(graph, 5, FORMULA_RASP, 4, &f.out);
    ck_assert_str_eq(f.out.data, "opposite|-opposite|opp…");
    close_fixture(&f);
}
END_TEST

/* A long formula is cut to its columns, wherever the cut falls. */
START_TEST(test_formulas_are_cut) {
    Fixture f;
    Graph *graph =
        open_fixture(&f, "%5 = const \"\xc3\xa9\xe6\xbc\xa2\xe5\xad\x97\"\n%6 = add %0 %5\n"
                         "%7 = add %6 %5\n");
    for (size_t most = 1; most < 40; most++) {
        f.out.len = 0;
        graph_formula(graph, 7, FORMULA_RASP, most, &f.out);
        size_t bad;
        ck_assert(utf8_valid(f.out.data, f.out.len, &bad));
        ck_assert_uint_le(utf8_columns(f.out.data, f.out.len), most);
    }
    close_fixture(&f);
}
END_TEST

/* A formula as deep as the graph, and one whose size doubles with every node, still end. */
START_TEST(test_large_formulas_end) {
    Fixture f;
    Buffer nodes = {0};
    for (int id = 5, last = 2; id < 3000; last = id++) {
        if (_i == 0)
            buffer_printf(&nodes, "%%%d = round %%%d\n", id, last);
        else
            buffer_printf(&nodes, "%%%d = add %%%d %%%d\n", id, last, last);
    }
    Graph *graph = open_fixture(&f, nodes.data);
    graph_formula(graph, graph->count - 1, FORMULA_RASP, 1000, &f.out);
    ck_assert_uint_le(utf8_columns(f.out.data, f.out.len), 1000);
    ck_assert_ptr_nonnull(strstr(f.out.data, "…"));
    buffer_free(&nodes);
    close_fixture(&f);
}
END_TEST

Suite *formula_suite(void);
Suite *formula_suite(void) {
    Suite *suite = suite_create("formula");
    TCase *tcase = tcase_create("formula");
    tcase_add_loop_test(tcase, test_formulas, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tcase, test_a_label_is_the_name_or_the_formula);
    tcase_add_test(tcase, test_formulas_are_cut);
    tcase_add_loop_test(tcase, test_large_formulas_end, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
