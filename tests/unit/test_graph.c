/* The graph's text form, its verifier, and its layers. Graphs are built by parsing. */
#include "runtime/graph/graph.h"

#include <check.h>
#include <string.h>

typedef struct Fixture {
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    Buffer out;
} Fixture;

static void open_fixture(Fixture *f) {
    *f = (Fixture){.arena = arena_new(0), .sources = sources_new()};
    f->diags = diagnostics_new(f->sources);
}

static void close_fixture(Fixture *f) {
    buffer_free(&f->out);
    diagnostics_free(f->diags);
    sources_free(f->sources);
    arena_free(f->arena);
}

static Graph *parse_bytes(Fixture *f, const char *text, size_t len) {
    return graph_parse(f->arena, f->sources, sources_add(f->sources, "test.graph", text, len),
                       f->diags);
}

static Graph *parse(Fixture *f, const char *text) {
    Graph *graph = parse_bytes(f, text, strlen(text));
    ck_assert_msg(graph != NULL, "%s\n%s",
                  diagnostics_count(f->diags) ? diagnostics_message(f->diags, 0) : "", text);
    return graph;
}

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
    Fixture f;
    open_fixture(&f);
    Graph *graph = parse(&f, every_operation);
    bool seen[OP_COUNT] = {false};
    for (NodeId id = 0; id < graph->count; id++)
        seen[graph_node(graph, id)->op] = true;
    for (int op = 0; op < OP_COUNT; op++)
        ck_assert_msg(seen[op], "%s", op_info(op)->name);

    Buffer printed = {0};
    graph_print(graph, &printed);
    strip_comments(printed.data, &f.out);
    ck_assert_str_eq(f.out.data, every_operation);
    buffer_free(&printed);
    close_fixture(&f);
}
END_TEST

START_TEST(test_names_keep_their_order) {
    Fixture f;
    open_fixture(&f);
    Graph *graph = parse(&f, every_operation);
    ck_assert_uint_eq(graph_find(graph, "found"), 39);
    ck_assert_str_eq(graph_name_of(graph, 38)->bytes, "found");
    ck_assert_str_eq(graph_name_of(graph, 39)->bytes, "found");
    ck_assert_uint_eq(graph_find(graph, "lost"), NO_NODE);
    close_fixture(&f);
}
END_TEST

START_TEST(test_comments_say_type_and_depth) {
    Fixture f;
    open_fixture(&f);
    graph_print(parse(&f, "%0 = tokens_str\n%1 = select_eq %0 %0\n%2 = width %1\n"), &f.out);
    ck_assert_ptr_nonnull(strstr(f.out.data, "# strings, depth 0\n"));
    ck_assert_ptr_nonnull(strstr(f.out.data, "# a selector, depth 1\n"));
    ck_assert_ptr_nonnull(strstr(f.out.data, "# ints, depth 1\n"));
    close_fixture(&f);
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
    Fixture f;
    open_fixture(&f);
    Buffer text = {0};
    buffer_printf(&text, "%%0 = const %s\n", atoms[_i]);
    graph_print(parse(&f, text.data), &f.out);
    ck_assert_msg(strncmp(f.out.data, text.data, text.len - 1) == 0, "%s%s", text.data, f.out.data);
    buffer_free(&text);
    close_fixture(&f);
}
END_TEST

START_TEST(test_one_node_is_numbered_afresh) {
    Fixture f;
    open_fixture(&f);
    Graph *graph = parse(&f, "%0 = tokens_int\n%1 = tokens_str\n%2 = indices\n%3 = neg %0\n"
                             "%4 = select_lt %2 %2\n%5 = aggregate %4 %1 default \"-\"\n"
                             "minus = %3\nbefore = %4\n");
    Buffer printed = {0};
    graph_print_node(graph, 5, &printed);
    strip_comments(printed.data, &f.out);
    ck_assert_str_eq(f.out.data, "%0 = tokens_str\n%1 = indices\n%2 = select_lt %1 %1\n"
                                 "%3 = aggregate %2 %0 default \"-\"\nbefore = %2\n");
    buffer_free(&printed);
    close_fixture(&f);
}
END_TEST

START_TEST(test_blank_lines_and_comments_are_skipped) {
    Fixture f;
    open_fixture(&f);
    Graph *graph = parse(&f, "# a graph\r\n\n  %0=tokens_str#here\r\n\t\nname=%0");
    ck_assert_uint_eq(graph->count, 1);
    ck_assert_uint_eq(graph_find(graph, "name"), 0);
    ck_assert_uint_eq(parse(&f, "")->count, 0);
    close_fixture(&f);
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
    Fixture f;
    open_fixture(&f);
    ck_assert_ptr_null(parse_bytes(&f, broken[_i].text, strlen(broken[_i].text)));
    ck_assert_uint_eq(diagnostics_errors(f.diags), 1);
    ck_assert_int_eq(diagnostics_id(f.diags, 0), DIAG_GRAPH_TEXT);
    const char *message = diagnostics_message(f.diags, 0);
    ck_assert_msg(strstr(message, broken[_i].message) != NULL, "%s\n%s", broken[_i].text, message);
    close_fixture(&f);
}
END_TEST

START_TEST(test_a_nul_byte_is_reported) {
    Fixture f;
    open_fixture(&f);
    ck_assert_ptr_null(parse_bytes(&f, "%0 = \0tokens_str", 16));
    ck_assert_int_eq(diagnostics_id(f.diags, 0), DIAG_GRAPH_TEXT);
    close_fixture(&f);
}
END_TEST

/* Every beginning of a good text either reads or is reported, and no byte behind it is looked at.
 */
START_TEST(test_every_beginning_ends_well) {
    for (size_t len = 0; len < sizeof every_operation; len++) {
        Fixture f;
        open_fixture(&f);
        Graph *graph = parse_bytes(&f, every_operation, len);
        ck_assert_uint_eq(diagnostics_errors(f.diags), graph ? 0 : 1);
        close_fixture(&f);
    }
}
END_TEST

/* --- the verifier ----------------------------------------------------------------------------- */

static Graph *small_graph(Fixture *f) {
    return parse(f, "%0 = tokens_int\n%1 = indices\n%2 = select_lt %1 %1\n"
                    "%3 = aggregate %2 %0 default 0\n%4 = lookup %0 table {1: 2, 3: 4}\n"
                    "%5 = neg %1\nname = %3\n");
}

static void break_argument(Graph *graph) { graph->nodes[5].args[0] = 5; }
static void break_spare_argument(Graph *graph) { graph->nodes[5].args[1] = 0; }
static void break_operation(Graph *graph) { graph->nodes[5].op = OP_COUNT; }
static void break_type(Graph *graph) { graph->nodes[5].type = TYPE_STRING; }
static void break_kind(Graph *graph) { graph->nodes[5].args[0] = 2; }
static void break_depth(Graph *graph) { graph->nodes[3].depth = 2; }
static void break_table(Graph *graph) { graph->nodes[4].table = NULL; }
static void break_spare_table(Graph *graph) { graph->nodes[5].table = graph->nodes[4].table; }
static void break_key(Graph *graph) {
    Table *table = ARENA_NEW(graph->arena, Table);
    Atom *keys = ARENA_ARRAY(graph->arena, Atom, 2);
    keys[0] = atom_int(1);
    keys[1] = atom_bool(true);
    *table = *graph->nodes[4].table;
    table->keys = keys;
    graph->nodes[4].table = table;
}
static void break_atom(Graph *graph) { graph->nodes[3].atom.kind = ATOM_OPAQUE + 1; }
static void break_distinct(Graph *graph) { graph->nodes[1] = graph->nodes[0]; }
static void break_name(Graph *graph) { graph->names[0].node = graph->count; }
static void break_name_of_node(Graph *graph) { graph->nodes[graph->names[0].node == 0].name = 1; }

static void break_loop_state(Graph *graph) { graph->loops[0].states[0].state = 0; }
static void break_init(Graph *graph) { graph->loops[0].states[0].init = 1; }
static void break_next(Graph *graph) { graph->loops[0].states[0].next = 1; }
static void break_until(Graph *graph) { graph->loops[0].until = 1; }
static void break_times(Graph *graph) { graph->loops[0].times = 0; }
static void break_outer(Graph *graph) { graph->loops[0].outer = 2; }
static void break_node_loop(Graph *graph) { graph->nodes[3].loop = 0; }
static void break_node_loop_beyond(Graph *graph) { graph->nodes[0].loop = 9; }
static void break_result(Graph *graph) { graph->nodes[4].atom = atom_int(7); }
static void break_closed(Graph *graph) { graph->loops[0].closed = false; }
static void break_state_list(Graph *graph) { graph->loops[0].state_count = 0; }
static void break_result_depth(Graph *graph) { graph->nodes[4].depth = 1; }

typedef struct Damage {
    void (*apply)(Graph *graph);
    const char *why;
} Damage;

static const Damage damages[] = {
    {break_argument, "%5: argument 1 does not come before"},
    {break_spare_argument, "%5: argument 2 is not used"},
    {break_operation, "%5: there is no operation"},
    {break_type, "%5: its type is ints, not strings"},
    {break_kind, "%5: neg takes an s-op"},
    {break_depth, "%3: its depth is 1, not 2"},
    {break_table, "%4: no table"},
    {break_spare_table, "%5: a table that"},
    {break_key, "%4: a key that stands twice"},
    {break_atom, "%3: a constant that is no atom"},
    {break_distinct, "%1: it is equal to %0"},
    {break_name, "name 0: it stands for no node"},
    {break_name_of_node, "its name is another node's"},
};

static const Damage loop_damages[] = {
    {break_loop_state, "loop 0: a state that is none"},
    {break_init, "loop 0: %2 is a state of something else"},
    {break_next, "loop 0: %2 can't hold what is next"},
    {break_until, "loop 0: it ends when something is true that never is"},
    {break_times, "loop 0: it has no rounds"},
    {break_outer, "loop 0: it begins before the loop that it is in"},
    {break_node_loop, "%3: it does not depend on the loop that it says"},
    {break_node_loop_beyond, "an init that is known only in a round"},
    {break_result, "%4: it is a result of no loop"},
    {break_closed, "%4: it is a result of no loop"},
    {break_state_list, "a state of no loop"},
    {break_result_depth, "%4: it is not what the last round left"},
};

START_TEST(test_verify_finds_damaged_loops) {
    Fixture f;
    open_fixture(&f);
    Graph *graph = parse(&f, "%0 = indices\n%1 = select_lt %0 %0\nloop 0\n"
                             "%2 = state of 0 from %0 int\n%3 = neg %2\n"
                             "end 0 times 2 until %3 next %3\n%4 = result %3 of 0\n");
    loop_damages[_i].apply(graph);
    ck_assert(!graph_verify(graph, &f.out));
    ck_assert_msg(strstr(f.out.data, loop_damages[_i].why) != NULL, "%s\n%s", loop_damages[_i].why,
                  f.out.data);
    close_fixture(&f);
}
END_TEST

/* A loop in part: a node of its body; and one whose loop is not the first. */
START_TEST(test_loops_are_numbered_afresh) {
    Fixture f;
    open_fixture(&f);
    Graph *graph = parse(&f, "%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n%2 = neg %1\n"
                             "end 0 times 2 next %2\n%3 = result %2 of 0\nloop 1\n"
                             "%4 = state of 1 from %0 int\n%5 = state of 1 from %0 int\n"
                             "%6 = neg %5\nend 1 times 3 next %4 %6\n%7 = result %6 of 1\n");
    Buffer printed = {0};
    graph_print_node(graph, 7, &printed);
    strip_comments(printed.data, &f.out);
    ck_assert_str_eq(f.out.data, "%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n"
                                 "%2 = state of 0 from %0 int\n%3 = neg %2\n"
                                 "end 0 times 3 next %1 %3\n%4 = result %3 of 0\n");
    buffer_free(&printed);
    buffer_free(&f.out);
    graph_print_node(graph, 6, &printed);
    strip_comments(printed.data, &f.out);
    ck_assert_str_eq(f.out.data, "%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n"
                                 "%2 = neg %1\n");
    parse(&f, f.out.data);
    buffer_free(&printed);
    close_fixture(&f);
}
END_TEST

START_TEST(test_verify_finds_damage) {
    Fixture f;
    open_fixture(&f);
    Graph *graph = small_graph(&f);
    ck_assert(graph_verify(graph, &f.out));
    ck_assert_uint_eq(f.out.len, 0);
    damages[_i].apply(graph);
    ck_assert(!graph_verify(graph, &f.out));
    ck_assert_msg(strstr(f.out.data, damages[_i].why) != NULL, "%s\n%s", damages[_i].why,
                  f.out.data);
    close_fixture(&f);
}
END_TEST

/* --- layers ----------------------------------------------------------------------------------- */

typedef struct Analysis {
    const char *text; /* the last name is asked for */
    const char *layers;
} Analysis;

/* The published programs, and cases of the layer rule. */
static const Analysis analyses[] = {
    {"%0 = tokens_str\n", ""},
    {"%0 = indices\n%1 = const 1\n%2 = add %0 %1\n", ""},
    /* reverse */
    {"%0 = tokens_str\n%1 = indices\n%2 = const 1\n%3 = select_eq %2 %2\n%4 = width %3\n"
     "%5 = sub %4 %1\n%6 = sub %5 %2\n%7 = select_eq %6 %1\n%8 = aggregate %7 %0 default 0\n",
     "1 1"},
    /* histogram without BOS: one head here, two in the reference */
    {"%0 = tokens_str\n%1 = select_eq %0 %0\n%2 = width %1\n", "1"},
    /* double histogram */
    {"%0 = tokens_str\n%1 = indices\n%2 = select_eq %0 %0\n%3 = width %2\n"
     "%4 = select_lt %1 %1\n%5 = sel_and %2 %4\n%6 = width %5\n%7 = const 0\n%8 = gt %6 %7\n"
     "%9 = not %8\n%10 = const True\n%11 = select_eq %3 %3\n%12 = select_eq %9 %10\n"
     "%13 = sel_and %11 %12\n%14 = width %13\n",
     "2 1"},
    /* sort by tokens, stable */
    {"%0 = tokens_int\n%1 = indices\n%2 = select_lt %0 %0\n%3 = select_eq %0 %0\n"
     "%4 = select_lt %1 %1\n%5 = sel_and %3 %4\n%6 = sel_or %2 %5\n%7 = width %6\n"
     "%8 = select_eq %7 %1\n%9 = aggregate %8 %0 default 0\n",
     "1 1"},
    /* Dyck-1: what is open at each position, then whether it went below zero anywhere or ends open
     */
    {"%0 = tokens_str\n%1 = indices\n%2 = const \"(\"\n%3 = eq %0 %2\n%4 = indicator %3\n"
     "%5 = select_le %1 %1\n%6 = aggregate %5 %4 default 0\n%7 = const 0\n%8 = lt %6 %7\n"
     "%9 = indicator %8\n%10 = const 1\n%11 = select_eq %10 %10\n"
     "%12 = aggregate %11 %9 default 0\n%13 = eq %12 %7\n",
     "1 1"},
    /* one selector that gathers twice in a layer is one head; in two layers it is one in each */
    {"%0 = indices\n%1 = tokens_int\n%2 = select_eq %0 %0\n%3 = aggregate %2 %0 default 0\n"
     "%4 = aggregate %2 %1 default 0\n%5 = aggregate %2 %3 default 0\n%6 = add %4 %5\n",
     "1 1"},
    /* a layer's heads count where they gather, not where they are known */
    {"%0 = indices\n%1 = select_lt %0 %0\n%2 = select_gt %0 %0\n%3 = width %1\n"
     "%4 = aggregate %2 %3 default 0\n",
     "1 1"},
    /* nothing else in the graph counts */
    {"%0 = indices\n%1 = select_lt %0 %0\n%2 = width %1\n%3 = select_eq %2 %2\n%4 = width %3\n"
     "%5 = neg %0\n",
     ""},
    /* a body's heads are there in each round: k-means, two layers a round */
    {"%0 = input \"x\" vec[2]\n%1 = indices\n%2 = const True\n%3 = select_eq %2 %2\nloop 0\n"
     "%4 = state of 0 from %0 vec[2]\n%5 = distance %4 %0\n%6 = hardmax %5 %3\n"
     "%7 = attend %6 %1 %1\n%8 = select_eq %7 %1\n%9 = attend %8 %0 %4\n%10 = total %8 %1\n"
     "end 0 times 3 next %9\n%11 = result %9 of 0\n",
     "1 1 1 1 1 1"},
    /* two rounds of three in each of two: the inner heads at 1, 2, 3 and, behind the outer, 5, 6, 7
     */
    {"%0 = indices\n%1 = select_lt %0 %0\nloop 0\n%2 = state of 0 from %0 int\nloop 1 in 0\n"
     "%3 = state of 1 from %2 int\n%4 = total %1 %3\nend 1 times 3 next %4\n%5 = result %4 of 1\n"
     "%6 = select_eq %0 %0\n%7 = total %6 %5\nend 0 times 2 next %7\n%8 = result %7 of 0\n",
     "1 1 1 1 1 1 1 1"},
    /* the first round waits for what was counted before the loop, the others do not */
    {"%0 = indices\n%1 = select_lt %0 %0\n%2 = width %1\n%3 = const True\n"
     "%4 = select_eq %3 %3\nloop 0\n%5 = state of 0 from %0 int\n%6 = score_mul %5 %0\n"
     "%7 = hardmax_first %6 %4\n%8 = attend %7 %2 %0\n%9 = total %1 %8\n"
     "end 0 times 3 next %9\n%10 = result %9 of 0\n",
     "1 1 1 1 1 1 1"},
    /* a condition deeper than the result counts as far as there are layers */
    {"%0 = indices\n%1 = select_lt %0 %0\nloop 0\n%2 = state of 0 from %0 int\n%3 = total %1 %2\n"
     "%4 = total %1 %3\nend 0 times 1 until %4 next %3\n%5 = result %3 of 0\n",
     "1"},
    /* a selector by itself */
    {"%0 = indices\n%1 = select_lt %0 %0\n", "1"},
};

START_TEST(test_layers) {
    Fixture f;
    open_fixture(&f);
    Graph *graph = parse(&f, analyses[_i].text);
    Layers layers = graph_layers(graph, graph->count - 1, f.arena);
    buffer_text(&f.out, "");
    for (uint32_t layer = 0; layer < layers.count; layer++) {
        buffer_printf(&f.out, layer ? " %u" : "%u", layers.heads[layer]);
        for (uint32_t head = 0; head < layers.heads[layer]; head++) {
            NodeId selector = layers.selectors[layer][head];
            ck_assert(graph_node(graph, selector)->type & (TYPE_SELECTOR | TYPE_PATTERN));
            if (head > 0) ck_assert_uint_gt(selector, layers.selectors[layer][head - 1]);
        }
    }
    ck_assert_str_eq(f.out.data ? f.out.data : "", analyses[_i].layers);
    close_fixture(&f);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *graph_suite(void);
Suite *graph_suite(void) {
    Suite *suite = suite_create("graph");
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

    TCase *verify = tcase_create("verify");
    tcase_add_loop_test(verify, test_verify_finds_damage, 0, COUNT(damages));
    tcase_add_loop_test(verify, test_verify_finds_damaged_loops, 0, COUNT(loop_damages));
    suite_add_tcase(suite, verify);

    TCase *layers = tcase_create("layers");
    tcase_add_loop_test(layers, test_layers, 0, COUNT(analyses));
    suite_add_tcase(suite, layers);
    return suite;
}
