/* The graph's verifier, and its layers. Graphs are built by parsing. */
#include "tests/unit/text_world.h"

#include <check.h>
#include <string.h>

/* --- the verifier ----------------------------------------------------------------------------- */

static Graph *small_graph(TextWorld *w) {
    return text_world_graph(w, "%0 = tokens_int\n%1 = indices\n%2 = select_lt %1 %1\n"
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

START_TEST(test_verify_finds_damage) {
    TextWorld w;
    text_world_open(&w);
    Graph *graph = small_graph(&w);
    ck_assert(graph_verify(graph, &w.out));
    ck_assert_uint_eq(w.out.len, 0);
    damages[_i].apply(graph);
    ck_assert(!graph_verify(graph, &w.out));
    ck_assert_msg(strstr(w.out.data, damages[_i].why) != NULL, "%s\n%s", damages[_i].why,
                  w.out.data);
    text_world_close(&w);
}
END_TEST

START_TEST(test_verify_finds_damaged_loops) {
    TextWorld w;
    text_world_open(&w);
    Graph *graph = text_world_graph(&w, "%0 = indices\n%1 = select_lt %0 %0\nloop 0\n"
                                        "%2 = state of 0 from %0 int\n%3 = neg %2\n"
                                        "end 0 times 2 until %3 next %3\n%4 = result %3 of 0\n");
    loop_damages[_i].apply(graph);
    ck_assert(!graph_verify(graph, &w.out));
    ck_assert_msg(strstr(w.out.data, loop_damages[_i].why) != NULL, "%s\n%s", loop_damages[_i].why,
                  w.out.data);
    text_world_close(&w);
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
    TextWorld w;
    text_world_open(&w);
    Graph *graph = text_world_graph(&w, analyses[_i].text);
    Layers layers = graph_layers(graph, graph->count - 1, w.arena);
    for (uint32_t layer = 0; layer < layers.count; layer++) {
        buffer_printf(&w.out, layer ? " %u" : "%u", layers.heads[layer]);
        for (uint32_t head = 0; head < layers.heads[layer]; head++) {
            NodeId selector = layers.selectors[layer][head];
            ck_assert(graph_node(graph, selector)->type & (TYPE_SELECTOR | TYPE_PATTERN));
            if (head > 0) ck_assert_uint_gt(selector, layers.selectors[layer][head - 1]);
        }
    }
    ck_assert_str_eq(w.out.data, analyses[_i].layers);
    text_world_close(&w);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

Suite *graph_suite(void);
Suite *graph_suite(void) {
    Suite *suite = suite_create("graph");
    TCase *verify = tcase_create("verify");
    tcase_add_loop_test(verify, test_verify_finds_damage, 0, COUNT(damages));
    tcase_add_loop_test(verify, test_verify_finds_damaged_loops, 0, COUNT(loop_damages));
    suite_add_tcase(suite, verify);

    TCase *layers = tcase_create("layers");
    tcase_add_loop_test(layers, test_layers, 0, COUNT(analyses));
    suite_add_tcase(suite, layers);
    return suite;
}
