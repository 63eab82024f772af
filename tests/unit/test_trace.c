/* Tracing: a model that is spoilt on purpose is found out at the spoilt place. */
#include "compiler/elaborate/elaborate.h"
#include "compiler/lower/lower.h"
#include "runtime/engines/stream.h"
#include "runtime/engines/trace.h"

#include <check.h>
#include <math.h>
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
    trace_model(&out, session_graph(traced->session), traced->model,
                (Input){.n = 4, .tokens = traced->tokens});
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

/* --- what a stream says ----------------------------------------------------------------------- */

static Atom stream_of(const Subspace *subspace, const float *coordinates, StreamValue expected) {
    enum { WIDTH = 3 };
    float rows[2][WIDTH] = {{9, 9, 9}}; /* BOS, then the only position */
    memcpy(rows[1], coordinates, sizeof rows[1]);
    Numbers streams[] = {{.f32 = &rows[0][0]}};
    const Model model = {.float_type = FLOAT_32};
    InterpTrace trace = {.model = &model, .rows = 2, .width = WIDTH, .streams = streams};
    Atom value = atom_int(-1);
    ck_assert_int_eq(stream_value(&trace, 0, 0, subspace, &value), expected);
    return value;
}

START_TEST(values_of_codes) {
    const Atom domain[] = {atom_int(10), atom_int(11), atom_int(12), atom_int(13)};
    Subspace one_hot = {
        .kind = SUBSPACE_ONE_HOT, .width = 3, .count = 3, .domain = atoms_listed(domain)};
    Subspace steps = {
        .kind = SUBSPACE_STEPS, .width = 3, .count = 4, .domain = atoms_listed(domain)};
    ck_assert_int_eq(stream_of(&one_hot, (float[]){0, 1, 0}, STREAM_HOLDS).as.integer, 11);
    ck_assert_int_eq(stream_of(&one_hot, (float[]){0.1f, 0, 0.9f}, STREAM_HOLDS).as.integer, 12);
    stream_of(&one_hot, (float[]){0, 0, 0}, STREAM_NOTHING);
    stream_of(&one_hot, (float[]){1, 1, 0}, STREAM_SPOILT);
    stream_of(&one_hot, (float[]){0.5f, 0, 0}, STREAM_SPOILT);
    stream_of(&one_hot, (float[]){0, NAN, 0}, STREAM_SPOILT);
    stream_of(&one_hot, (float[]){-1, 0, 0}, STREAM_SPOILT);
    ck_assert_int_eq(stream_of(&steps, (float[]){0, 0, 0}, STREAM_HOLDS).as.integer, 10);
    ck_assert_int_eq(stream_of(&steps, (float[]){1, 1, 0}, STREAM_HOLDS).as.integer, 12);
    ck_assert_int_eq(stream_of(&steps, (float[]){1, 1, 1}, STREAM_HOLDS).as.integer, 13);
    stream_of(&steps, (float[]){0, 1, 0}, STREAM_SPOILT);
    stream_of(&steps, (float[]){1, 0.4f, 0}, STREAM_SPOILT);
}
END_TEST

START_TEST(values_of_reals) {
    Subspace real = {.kind = SUBSPACE_REAL, .offset = 1, .width = 1, .denominator = 4};
    Subspace whole = {.kind = SUBSPACE_REAL, .offset = 1, .width = 1, .denominator = 1};
    Atom value = stream_of(&real, (float[]){7, 0.25f, 7}, STREAM_HOLDS);
    ck_assert(value.kind == ATOM_FLOAT && value.as.real == 0.25);
    ck_assert_int_eq(stream_of(&real, (float[]){7, 3, 7}, STREAM_HOLDS).kind, ATOM_FLOAT);
    value = stream_of(&whole, (float[]){7, 3, 7}, STREAM_HOLDS);
    ck_assert(value.kind == ATOM_INT && value.as.integer == 3);
    ck_assert_int_eq(stream_of(&whole, (float[]){7, 3.5f, 7}, STREAM_HOLDS).kind, ATOM_FLOAT);
    ck_assert_int_eq(stream_of(&whole, (float[]){7, INFINITY, 7}, STREAM_HOLDS).kind, ATOM_FLOAT);
}
END_TEST

Suite *trace_suite(void);
Suite *trace_suite(void) {
    Suite *suite = suite_create("trace");
    TCase *tests = tcase_create("trace");
    tcase_add_test(tests, a_right_model);
    tcase_add_test(tests, a_spoilt_embedding);
    tcase_add_test(tests, a_spoilt_head);
    tcase_add_test(tests, values_of_codes);
    tcase_add_test(tests, values_of_reals);
    suite_add_tcase(suite, tests);
    return suite;
}
