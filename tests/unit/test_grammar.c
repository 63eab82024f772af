/* Text to tree and back: precedence, mistakes and where reading goes on, the text form, layout. */
#include "grammar/tree.h"
#include "runtime/base/limits.h"
#include "tests/unit/text_world.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint32_t add(TextWorld *w, const char *text) {
    return sources_add(w->sources, "test.rasp", text, strlen(text));
}

static Tree *parse(TextWorld *w, const char *text) {
    return parse_program(w->arena, w->sources, add(w, text), w->diags);
}

static const char *print(TextWorld *w, const Tree *tree) {
    w->out.len = 0;
    buffer_text(&w->out, "");
    tree_print(tree, &w->out);
    return w->out.data;
}

/* --- trees ------------------------------------------------------------------------------------ */

/* The same tree, once by precedence and once by parentheses, which are then left out. */
static const struct {
    const char *text, *spelt_out;
} precedences[] = {
    {"1+2*3;", "1+(2*3);"},
    {"2^3^2;", "(2^3)^2;"},
    {"-2^2;", "(-2)^2;"},
    {"not a == b;", "(not a)==b;"},
    {"not a and b;", "(not a) and b;"},
    {"2*3%4;", "(2*3)%4;"},
    {"7%4*2;", "7%(4*2);"},
    {"8%3+1;", "(8%3)+1;"},
    {"a or b and c;", "(a or b) and c;"},
    {"3>2>1;", "(3>2)>1;"},
    {"1+1 == 2 and c;", "((1+1)==2) and c;"},
    {"a if b else c if d else e;", "(a if b else c) if d else e;"},
    {"a if b or c else d+1;", "a if (b or c) else (d+1);"},
    {"x in l and y;", "x in (l and y);"},
    {"False and 1 in l;", "(False and 1) in l;"},
    {"a in b in c;", "(a in b) in c;"},
    {"-f(x)[0];", "-((f(x))[0]);"},
    {"a[0](1)^2;", "((a[0])(1))^2;"},
    {"[x+1 for x in y+z];", "[(x+1) for x in (y+z)];"},
};

static void without_parens(Tree *tree) {
    for (uint32_t i = 0; i < tree->count; i++) {
        while (tree->child[i]->kind == TREE_PAREN)
            tree->child[i] = tree->child[i]->child[0];
        without_parens(tree->child[i]);
    }
}

START_TEST(precedence) {
    TextWorld w;
    text_world_open(&w);
    char *wanted = strdup(print(&w, parse(&w, precedences[_i].text)));
    Tree *spelt_out = parse(&w, precedences[_i].spelt_out);
    without_parens(spelt_out);
    ck_assert_str_eq(print(&w, spelt_out), wanted);
    ck_assert_uint_eq(diagnostics_count(w.diags), 0);
    free(wanted);
    text_world_close(&w);
}
END_TEST

static const struct {
    const char *text, *tree;
} trees[] = {
    {"select = 3;", "(assign (names (name \"select\")) (expressions (int \"3\")))\n"},
    {"select\n (a, 1, !=);", "(expression (select \"!=\" (name \"a\") (int \"1\")))\n"},
    {"len (x); len;", "(expression (len (name \"x\")))\n(expression (name \"len\"))\n"},
    {"check x;", "(check (name \"x\"))\n"},
    {"check x ~= 1.0;", "(check (name \"x\") (float \"1.0\"))\n"},
    {"check(x);", "(expression (call (name \"check\") (name \"x\")))\n"},
    {"check = 1; check;", "(assign (names (name \"check\")) (expressions (int \"1\")))\n"
                          "(expression (name \"check\"))\n"},
    {"set s-op example \"ab\"\n[1];", "(set_example s-op (string \"ab\"))\n"
                                      "(expression (list (int \"1\")))\n"},
    {"set example [1,\n 2]\nexit()\nx;", "(set_example both (list (int \"1\") (int \"2\")))\n"
                                         "(exit)\n(expression (name \"x\"))\n"},
    {"selector examples off full seq display on show selector example",
     "(examples selector off)\n(full_display on)\n(show_example selector)\n"},
    {"s-op;", "(expression (binary \"-\" (name \"s\") (name \"op\")))\n"},
    {"# c\n1;# d\r\"#\";", "(expression (int \"1\"))\n(expression (string \"#\"))\n"},
    {"\xef\xbb\xbf"
     "1;",
     "(expression (int \"1\"))\n"},
    {"def f(a, b) { return a, {1: b}; }",
     "(def \"f\" (names (name \"a\") (name \"b\"))\n  (block)\n"
     "  (expressions (name \"a\") (dict (int \"1\") (name \"b\"))))\n"},
    {"for i in {1: 2} { x = i; }",
     "(for (names (name \"i\")) (dict (int \"1\") (int \"2\"))\n  (block\n"
     "    (assign (names (name \"x\")) (expressions (name \"i\")))))\n"},
};

START_TEST(tree_of_text) {
    TextWorld w;
    text_world_open(&w);
    ck_assert_str_eq(print(&w, parse(&w, trees[_i].text)), trees[_i].tree);
    ck_assert_uint_eq(diagnostics_count(w.diags), 0);
    Tree *back = tree_parse(w.arena, w.sources, add(&w, trees[_i].tree), w.diags);
    ck_assert_ptr_nonnull(back);
    ck_assert_str_eq(print(&w, back), trees[_i].tree);
    text_world_close(&w);
}
END_TEST

static const char *const no_trees[] = {
    "(expression)",
    "(expression (names))",
    "(name \"x\")",
    "(expression (name \"1x\"))",
    "(expression (int \"x\"))",
    "(expression (string \"a\nb\"))",
    "(expression (name \"x\")",
    "(expression (binary \"!=\" (int \"1\") (int \"2\")))",
    "(nonsense)",
    "x",
    "(check (int \"1\"",
    "(examples on)",
    "(expression (dict (int \"1\")))",
    "(program)",
    "(input \"x\")",
    "(input \"x\" (name \"y\"))",
    "(expression (operator \"+\"))",
    "(expression (named \"x\" (int \"1\")))",
    "(expression (call (name \"f\") (operator \"/\")))",
    "(repeat (int \"1\"))",
};

START_TEST(no_tree) {
    TextWorld w;
    text_world_open(&w);
    ck_assert_ptr_null(tree_parse(w.arena, w.sources, add(&w, no_trees[_i]), w.diags));
    ck_assert_uint_eq(diagnostics_errors(w.diags), 1);
    ck_assert_int_eq(diagnostics_id(w.diags, 0), DIAG_TREE_TEXT);
    text_world_close(&w);
}
END_TEST

/* --- mistakes --------------------------------------------------------------------------------- */

/* places: line:column of each message, in order; `good = 1;` behind each text is still read. */
static const struct {
    const char *text, *places;
} mistakes[] = {
    {"a = 1 +;", "1:8"},
    {"a = (1;", "1:7"},
    {"a = 3.; b = .5; c = 1e5; d = 1.2.3; e = 2x;", "1:5 1:13 1:21 1:30 1:41"},
    {"a = \"open;\nb = 1 +;", "1:5 2:8"},
    {"a = 1\nb = 2;", "1:6"},
    {"a = 1 b = 2;", "1:6"},
    {"a = x y;", "1:7"},
    {"1 not in [1];", "1:3"},
    {"a = [1, 2\nb = 3;", "2:1"},
    {"a = 1 @ 2; b = (;", "1:7 1:17"},
    {"@@@\na = );", "1:1 2:5"},
    {"a = \"\xff\"; b = \xc3;", "1:6 1:14"},
    {"a = 'b';", "1:5"},
    {"a = b && c || d;", "1:7 1:12"},
    {"a = b != c;", "1:7"},
    {"3 = 4;", "1:3"},
    {"on = 3;", "1:1"},
    {"exit;", "1:5"},
    {"}", "1:1"},
    {"def f(x { y = ; return y; }", "1:9 1:15"},
    {"def f { return 1; }", "1:7"},
    {"def f() { x = 1; }", "1:18"},
    {"def f() { return 1; x = 2; }", "1:21"},
    {"def f() { return 1; return 2; }", "1:21"},
    {"def f() { x = 1 return x }", "1:16 1:25"},
    {"return 1;", "1:1"},
    {"for x in y { return 1; }", "1:14"},
    {"for x in { y = 1; }", "1:14"},
    {"for x in y { z = (; } w = );", "1:19 1:27"},
    {"o = {1:2;", "1:9"},
    {"set example\nx = 1;", "2:3"},
    {"set example 1, 2\n", "1:14"},
    {"a ~= b;", "1:3"},
    {"select(1, 1, +);", "1:14"},
    {"input x;", "1:8"},
    {"input x: vec[;", "1:14"},
    {"param p: int;", "1:13"},
    {"output a b;", "1:10"},
    {"output a +;", "1:10"},
    {"repeat 3 a = 1;", "1:10"},
    {"repeat 3 { a = ; } b = ;", "1:16 1:24"},
    {"repeat (3 { a = 1; }", "1:11"},
    {"repeat 3 until { a = 1; } b = ;", "1:16 1:31"},
    {"repeat 3 until (a { b = 1; } c = ;", "1:19 1:34"},
    {"f(1, +);", "1:6"},
    {"score(1, +, 2);", "1:11"},
    {"f(a=);", "1:5"},
    {"a = 1 +;\nb = (2;\nc = 3.;\nd = \"x;\ndef e(x { return x; }\nf = g h;\ni = [1;\nj = 1\nk = "
     ");\n",
     "1:8 2:7 3:5 4:5 5:9 6:7 7:7 8:6 9:5"},
};

static void add_places(TextWorld *w, Buffer *out) {
    buffer_text(out, "");
    for (size_t i = 0; i < diagnostics_count(w->diags); i++) {
        uint32_t line, column;
        sources_position(w->sources, diagnostics_span(w->diags, i), &line, &column);
        buffer_printf(out, "%s%u:%u", i > 0 ? " " : "", line, column);
    }
}

START_TEST(mistake) {
    TextWorld w;
    text_world_open(&w);
    Buffer text = {0}, places = {0};
    buffer_printf(&text, "%s\ngood = 1;", mistakes[_i].text);
    Tree *program = parse(&w, text.data);
    add_places(&w, &places);
    ck_assert_msg(strcmp(places.data, mistakes[_i].places) == 0, "%s\ngave %s, wanted %s",
                  mistakes[_i].text, places.data, mistakes[_i].places);
    ck_assert_int_eq(program->kind, TREE_PROGRAM);
    const Tree *last = program->child[program->count - 1];
    ck_assert_int_eq(last->kind, TREE_ASSIGN);
    ck_assert_str_eq(last->child[0]->child[0]->text->bytes, "good");
    buffer_free(&text);
    buffer_free(&places);
    text_world_close(&w);
}
END_TEST

START_TEST(nul_bytes_are_mistakes) {
    TextWorld w;
    text_world_open(&w);
    static const char text[] = "a = 1;\0\0\nb = \"x\0y\0z\"; # c\0d\nc = 1 \0 2;\nd = 3;";
    uint32_t file = sources_add(w.sources, "nul.rasp", text, sizeof text - 1);
    Tree *program = parse_program(w.arena, w.sources, file, w.diags);
    Buffer places = {0};
    add_places(&w, &places);
    ck_assert_str_eq(places.data, "1:7 2:7 3:7");
    ck_assert_uint_eq(program->count, 4);
    buffer_free(&places);
    text_world_close(&w);
}
END_TEST

static const struct {
    const char *text;
    DiagId id;
} endings[] = {
    {"3", DIAG_INCOMPLETE},
    {"x = (1", DIAG_INCOMPLETE},
    {"def f() { return 1;", DIAG_INCOMPLETE},
    {"def", DIAG_INCOMPLETE},
    {"for x in y {", DIAG_INCOMPLETE},
    {"\"a", DIAG_OPEN_STRING},
};

START_TEST(ending) {
    TextWorld w;
    text_world_open(&w);
    parse(&w, endings[_i].text);
    ck_assert_uint_ge(diagnostics_errors(w.diags), 1);
    ck_assert_int_eq(diagnostics_id(w.diags, 0), endings[_i].id);
    text_world_close(&w);
}
END_TEST

/* --- entries ---------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    ParseStatus status;
    uint32_t statements;
} entries[] = {
    {"", PARSE_OK, 0},
    {" # a comment", PARSE_OK, 0},
    {"1;", PARSE_OK, 1},
    {"1; x = 2; examples on", PARSE_OK, 3},
    {"set example \"abc\"", PARSE_OK, 1},
    {"1+", PARSE_INCOMPLETE, 0},
    {"3", PARSE_INCOMPLETE, 0},
    {"1; 2", PARSE_INCOMPLETE, 0},
    {"def f(x) {", PARSE_INCOMPLETE, 0},
    {"def f(x) { return x;", PARSE_INCOMPLETE, 0},
    {"examples", PARSE_INCOMPLETE, 0},
    {"set example [1,", PARSE_INCOMPLETE, 0},
    {"1 +;", PARSE_FAILED, 1},
    {"f(;", PARSE_FAILED, 1},
    {"3. +", PARSE_FAILED, 0},
};

START_TEST(entry) {
    TextWorld w;
    text_world_open(&w);
    Tree *program = NULL;
    ParseStatus status =
        parse_entry(w.arena, w.sources, add(&w, entries[_i].text), w.diags, &program);
    ck_assert_int_eq(status, entries[_i].status);
    ck_assert_int_eq(diagnostics_count(w.diags) > 0, status == PARSE_FAILED);
    if (status == PARSE_OK) ck_assert_uint_eq(program->count, entries[_i].statements);
    text_world_close(&w);
}
END_TEST

/* --- limits ----------------------------------------------------------------------------------- */

static const struct {
    const char *before, *again, *behind;
} depths[] = {
    {"", "(", ""},         {"x = ", "[", ""},        {"x = ", "-", "1;"},
    {"x = 1", "+1", ";"},  {"", "for x in y {", ""}, {"", "def f() {", ""},
    {"x = y", "(1)", ";"}, {"x = ", "{1:", ""},
};

START_TEST(too_deep) {
    TextWorld w;
    text_world_open(&w);
    Buffer text = {0};
    buffer_text(&text, depths[_i].before);
    for (int i = 0; i < 20000; i++)
        buffer_text(&text, depths[_i].again);
    buffer_text(&text, depths[_i].behind);
    Tree *program = parse(&w, text.data);
    ck_assert_int_eq(diagnostics_id(w.diags, 0), DIAG_NESTING);
    ck_assert_uint_le(program->depth, LIMIT_NESTING);
    ck_assert_uint_lt(arena_bytes(w.arena), 16u << 20);
    buffer_free(&text);
    text_world_close(&w);
}
END_TEST

START_TEST(deepest_tree_is_printed_and_read) {
    TextWorld w;
    text_world_open(&w);
    Buffer text = {0};
    buffer_text(&text, "x = 1");
    for (int i = 0; i < LIMIT_NESTING - 5; i++)
        buffer_text(&text, "+1");
    buffer_text(&text, ";");
    Tree *program = parse(&w, text.data);
    ck_assert_uint_eq(diagnostics_count(w.diags), 0);
    char *printed = strdup(print(&w, program));
    Tree *back = tree_parse(w.arena, w.sources, add(&w, printed), w.diags);
    ck_assert_ptr_nonnull(back);
    ck_assert_uint_eq(back->depth, program->depth);
    free(printed);
    buffer_free(&text);
    text_world_close(&w);
}
END_TEST

/* --- layout ----------------------------------------------------------------------------------- */

static const struct {
    const char *text, *laid_out;
} layouts[] = {
    {"x=1;y=- 2;", "x = 1;\ny = -2;\n"},
    {"\n\n\nx;\n\n\n\ny;\n\n", "x;\n\ny;\n"},
    {"x;# one\nlonger;  #two\n\ny; # three",
     "x;         # one\nlonger;    #two\n\ny;    # three\n"},
    {"def f(a){# head\n\n# own\nreturn a ;# tail\n\n# last\n}#end",
     "def f(a) {    # head\n    # own\n    return a;    # tail\n\n    # last\n}    #end\n"},
    {"for i in l {\n\n  x=i;\n\n  y=i;\n\n}", "for i in l {\n    x = i;\n\n    y = i;\n}\n"},
    {"x = [1, # one\n   2];", "x = [1, # one\n   2];\n"},
    {"select(a,b,<=)and not c;", "select(a, b, <=) and not c;\n"},
    {"((a))[0](1,2)  if {1:2,3:4}else(b);", "((a))[0](1, 2) if {1: 2, 3: 4} else (b);\n"},
    {"set  s-op example [1 ,2] # c\nexamples  on", "set s-op example [1, 2]    # c\nexamples on\n"},
    {"x = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa(bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, "
     "ccccccccccccccccccccccccc);",
     "x = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa(bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,\n"
     "    ccccccccccccccccccccccccc);\n"},
    {"x = f(bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, "
     "ccccccccccccccccccccccccc);",
     "x = f(bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,\n"
     "      ccccccccccccccccccccccccc);\n"},
};

START_TEST(layout) {
    TextWorld w;
    text_world_open(&w);
    Buffer once = {0}, twice = {0};
    uint32_t file = add(&w, layouts[_i].text);
    Tree *program = parse_program(w.arena, w.sources, file, w.diags);
    tree_format(program, w.sources, file, &once);
    ck_assert_str_eq(once.data, layouts[_i].laid_out);
    char *printed = strdup(print(&w, program));
    file = add(&w, once.data);
    program = parse_program(w.arena, w.sources, file, w.diags);
    ck_assert_uint_eq(diagnostics_count(w.diags), 0);
    ck_assert_str_eq(print(&w, program), printed);
    tree_format(program, w.sources, file, &twice);
    ck_assert_str_eq(twice.data, once.data);
    free(printed);
    buffer_free(&once);
    buffer_free(&twice);
    text_world_close(&w);
}
END_TEST

#define ROWS(table) (int)(sizeof table / sizeof table[0])

Suite *grammar_suite(void);
Suite *grammar_suite(void) {
    Suite *suite = suite_create("grammar");
    TCase *cases = tcase_create("grammar");
    tcase_add_loop_test(cases, precedence, 0, ROWS(precedences));
    tcase_add_loop_test(cases, tree_of_text, 0, ROWS(trees));
    tcase_add_loop_test(cases, no_tree, 0, ROWS(no_trees));
    tcase_add_loop_test(cases, mistake, 0, ROWS(mistakes));
    tcase_add_test(cases, nul_bytes_are_mistakes);
    tcase_add_loop_test(cases, ending, 0, ROWS(endings));
    tcase_add_loop_test(cases, entry, 0, ROWS(entries));
    tcase_add_loop_test(cases, too_deep, 0, ROWS(depths));
    tcase_add_test(cases, deepest_tree_is_printed_and_read);
    tcase_add_loop_test(cases, layout, 0, ROWS(layouts));
    suite_add_tcase(suite, cases);
    return suite;
}
