/* Tracing: a model that is spoilt on purpose is found out at the spoilt place. */
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/engines/trace.h"

#include <check.h>
#include <string.h>

typedef struct Traced {
    Session *session;
    Arena *arena;
    Model *model;
    Atom tokens[4];
} Traced;

static void set_up(Traced *traced) {
    static const char text[] = "same = select(tokens, tokens, ==);\nhist = selector_width(same);\n"
                               "twice = aggregate(select(hist, indices, ==), hist, -3);\n";
    SessionOptions options = {0};
    traced->session = session_new(&options);
    ck_assert(session_run_text(traced->session, "trace.rasp", text, strlen(text), NULL));
    traced->arena = arena_new(0);
    Atom *vocabulary = ARENA_ARRAY(traced->arena, Atom, 3);
    for (int i = 0; i < 3; i++) {
        char letter = (char)('a' + i);
        vocabulary[i] = atom_string(string_new(traced->arena, &letter, 1));
    }
    Atom input[4] = {vocabulary[0], vocabulary[1], vocabulary[0], vocabulary[2]};
    memcpy(traced->tokens, input, sizeof input);
    LowerOptions lowering = {.vocabulary_count = 3, .vocabulary = vocabulary, .max_length = 4};
    Graph *graph = session_graph(traced->session);
    traced->model = lower(traced->arena, graph, graph_find(graph, "twice"), &lowering,
                          session_diagnostics(traced->session));
    ck_assert_ptr_nonnull(traced->model);
}

static void tear_down(Traced *traced) {
    arena_free(traced->arena);
    session_free(traced->session);
}

static void ck_trace(Traced *traced, const char *start) {
    Buffer out = {0};
    trace_model(&out, session_graph(traced->session), traced->model, (Input){4, traced->tokens});
    ck_assert_msg(strncmp(out.data, start, strlen(start)) == 0, "%s", out.data);
    buffer_free(&out);
}

START_TEST(a_right_model) {
    Traced traced;
    set_up(&traced);
    ck_trace(&traced, "no direction differs");
    tear_down(&traced);
}
END_TEST

/* Two tokens share one embedding. */
START_TEST(a_spoilt_embedding) {
    Traced traced;
    set_up(&traced);
    Embed *embeds = ARENA_ARRAY(traced.arena, Embed, traced.model->embed_count);
    memcpy(embeds, traced.model->embeds, traced.model->embed_count * sizeof *embeds);
    ck_assert_int_eq(embeds[0].kind, EMBED_TOKEN);
    double *values = ARENA_ARRAY(traced.arena, double, 3);
    memcpy(values, embeds[0].values, 3 * sizeof *values);
    values[1] = values[0];
    embeds[0].values = values;
    traced.model->embeds = embeds;
    ck_trace(&traced, "embedding: 'tokens' at position 1");
    tear_down(&traced);
}
END_TEST

/* The first head sees every key. */
START_TEST(a_spoilt_head) {
    Traced traced;
    set_up(&traced);
    Layer *layers = ARENA_ARRAY(traced.arena, Layer, traced.model->layer_count);
    memcpy(layers, traced.model->layers, traced.model->layer_count * sizeof *layers);
    Head *heads = ARENA_ARRAY(traced.arena, Head, layers[0].head_count);
    memcpy(heads, layers[0].heads, layers[0].head_count * sizeof *heads);
    heads[0].term_count = 0;
    layers[0].heads = heads;
    traced.model->layers = layers;
    ck_trace(&traced, "layer 1: 'hist");
    tear_down(&traced);
}
END_TEST

Suite *trace_suite(void);
Suite *trace_suite(void) {
    Suite *suite = suite_create("trace");
    TCase *tests = tcase_create("trace");
    tcase_add_test(tests, a_right_model);
    tcase_add_test(tests, a_spoilt_embedding);
    tcase_add_test(tests, a_spoilt_head);
    suite_add_tcase(suite, tests);
    return suite;
}
