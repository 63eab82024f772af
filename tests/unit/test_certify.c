/* Certificates: models of many kinds are certified, and no weight can change without that being
   noticed; claims that say too much are not proven; damaged files are refused. */
#include "runtime/certify/certify.h"
#include "runtime/certify/exact.h"
#include "runtime/certify/weights_file.h"
#include "runtime/export/export.h"
#include "tests/unit/world.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static World world;

static void set_up(void) { world_open(&world); }
static void tear_down(void) { world_close(&world); }

/* The model of the program's s-op `result`. */
static Model *model_by(const char *text, const char *vocabulary, uint32_t max_length,
                       Registers registers) {
    Model *model =
        world_lower(&world, world_program(&world, text), vocabulary, max_length, registers);
    ck_assert_msg(model != NULL, "%s\n%s", text, world_message(&world));
    return model;
}

static Model *model_of(const char *text, const char *vocabulary, uint32_t max_length) {
    return model_by(text, vocabulary, max_length, REGISTERS_AUTO);
}

static const DenseModel *weights_of(const Model *model) {
    const DenseModel *weights = model_weights(world.arena, model, (Span){0}, world.diags);
    ck_assert_msg(weights != NULL, "%s", world_message(&world));
    return weights;
}

/* The certificate as a reader of its text has it, with `from` in the text replaced by `to`. */
static const Certificate *certificate_with(const Model *model, const char *from, const char *to) {
    Buffer text = {0}, changed = {0};
    const char *why = "";
    certificate_print(certificate_of_model(world.arena, model, "none"), &text);
    const char *at = from ? strstr(text.data, from) : NULL;
    ck_assert_msg(!from || at, "%s is not in %s", from, text.data);
    if (at) {
        buffer_add(&changed, text.data, (size_t)(at - text.data));
        buffer_text(&changed, to);
        buffer_text(&changed, at + strlen(from));
    } else {
        buffer_add(&changed, text.data, text.len);
    }
    const Certificate *read = certificate_parse(world.arena, changed.data, changed.len, &why);
    ck_assert_msg(read != NULL, "%s\n%s", why, changed.data);
    buffer_free(&text);
    buffer_free(&changed);
    return read;
}

/* What is not proven; "" when all is. In the world's arena. */
static const char *unproven(const Certificate *certificate, const DenseModel *weights,
                            bool *assumes) {
    Buffer report = {0}, why = {0};
    bool ignored,
        proven = certify(certificate, weights, &report, &why, assumes ? assumes : &ignored);
    ck_assert(proven == (why.len == 0));
    const char *text = why.data ? arena_strndup(world.arena, why.data, why.len) : "";
    buffer_free(&report);
    buffer_free(&why);
    return text;
}

/* --- what is certified ------------------------------------------------------------------------ */

static const struct {
    const char *text;
    bool assumes;
} programs[] = {
    {"result = tokens;", false},
    {"result = indices * 2 + 1;", false},
    {"result = length;", false},
    {"result = selector_width(select(tokens, tokens, ==));", false},
    {"result = selector_width(select(tokens, \"b\", ==) and select(indices, indices, <));", false},
    {"result = aggregate(select(indices, length - 1 - indices, ==), tokens);", false},
    {"result = aggregate(select(indices, indices - 1, ==), tokens, \"none\");", false},
    {"result = aggregate(select(indices, indices, <=), indicator(tokens == \"a\"));", false},
    {"result = aggregate(select(tokens, tokens, <), indices, -2);", false},
    {"result = aggregate(select(indices, 0, ==), indices + length);", false},
    {"result = aggregate(select(tokens, tokens, !=) or select(indices, indices, ==), indices);",
     false},
    {"below = select(tokens, tokens, <) or (select(tokens, tokens, ==) and select(indices, "
     "indices, <));\n"
     "result = aggregate(select(selector_width(below), indices, ==), tokens);",
     true},
    {"n = selector_width(select(tokens, tokens, ==)); result = aggregate(select(indices, n, ==), "
     "n);",
     false},
    {"n = selector_width(select(tokens, tokens, ==)); result = n > 2 and indices < 1;", false},
    {"half = aggregate(select(True, True, ==), indicator(tokens == \"a\")); result = half > 0.5;",
     false},
    {"n = selector_width(select(tokens, tokens, ==)); result = 6 / (n - 3);", false},
    {"result = {\"a\": -2, \"b\": 1}[tokens][0] * length;", false},
};
static const uint32_t lengths[] = {1, 2, 5, 16, 40};

START_TEST(is_certified) {
    const char *text = programs[_i % COUNT(programs)].text;
    bool assumed = programs[_i % COUNT(programs)].assumes;
    world.float_type = (FloatType)(_i / COUNT(programs));
    for (int l = 0; l < COUNT(lengths); l++) {
        for (int r = REGISTERS_AUTO; r <= REGISTERS_KEEP; r++) {
            Model *model = model_by(text, "abc", lengths[l], (Registers)r);
            bool assumes;
            const char *why =
                unproven(certificate_with(model, NULL, NULL), weights_of(model), &assumes);
            ck_assert_msg(*why == '\0', "%s\nlength %u: %s", text, lengths[l], why);
            if (lengths[l] > 1) ck_assert(assumes == assumed);
        }
    }
}
END_TEST

START_TEST(one_token_is_certified) {
    Model *model = model_of(
        "result = aggregate(select(indices, indices, <), tokens, \"-\") == tokens;", "a", 4);
    ck_assert_str_eq(unproven(certificate_with(model, NULL, NULL), weights_of(model), NULL), "");
}
END_TEST

/* --- what is not ------------------------------------------------------------------------------ */

/* Heads with every kind of null key, all kinds of units, a fraction; places used again. */
static const char *const nudged[] = {
    "result = aggregate(select(indices, length - 1 - indices, ==), tokens);",
    "n = selector_width(select(tokens, tokens, ==));\n"
    "result = aggregate(select(indices, n, ==), indices, 9) + n;",
    "result = aggregate(select(tokens, tokens, <), indicator(tokens == \"a\"), 1);",
    "n = selector_width(select(tokens, tokens, <)); result = (n - 1) * indicator(tokens == \"b\") "
    "> 0;",
    "below = select(tokens, tokens, <) or (select(tokens, tokens, ==) and select(indices, indices, "
    "<));\n"
    "result = aggregate(select(selector_width(below), indices, ==), tokens);",
    "n = selector_width(select(tokens, tokens, ==));\n"
    "result = aggregate(select(indices, n, ==), tokens, \"-\");",
};

typedef struct Part {
    const char *name;
    Numbers data;
    size_t count;
} Part;

/* Every matrix of the model, PAD's row left out, which nothing reads. */
static int parts_of(const DenseModel *w, Part *parts) {
    size_t d = w->width;
    int count = 0;
    parts[count++] = (Part){"W_E", w->w_e, (w->vocabulary + (size_t)1) * d};
    parts[count++] = (Part){"W_P", w->w_p, (w->max_length + (size_t)1) * d};
    parts[count++] = (Part){"W_U", w->w_u, d * w->outputs};
    parts[count++] = (Part){"b_U", w->b_u, w->outputs};
    for (uint32_t l = 0; l < w->layer_count; l++) {
        const DenseLayer *layer = &w->layers[l];
        for (uint32_t h = 0; h < layer->head_count; h++) {
            const DenseHead *head = &layer->heads[h];
            parts[count++] = (Part){"W_Q", head->w_q, d * head->width};
            parts[count++] = (Part){"W_K", head->w_k, d * head->width};
            parts[count++] = (Part){"W_V", head->w_v, d * head->width};
            parts[count++] = (Part){"W_O", head->w_o, d * head->width};
        }
        if (layer->units == 0) continue;
        parts[count++] = (Part){"W_in", layer->w_in, d * layer->units};
        parts[count++] = (Part){"b_in", layer->b_in, layer->units};
        parts[count++] = (Part){"W_out", layer->w_out, d * layer->units};
        parts[count++] = (Part){"b_out", layer->b_out, d};
    }
    return count;
}

static bool never_zero_matters(const char *name) {
    static const char *const names[] = {"b_U", "b_in", "b_out", "W_O", "W_out"};
    for (int i = 0; i < COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

/* The weights are the test's own copy: they lie in its arena. */
static void set_number(FloatType type, Numbers numbers, size_t i, double value) {
    if (type == FLOAT_64)
        ((double *)(uintptr_t)numbers.f64)[i] = value;
    else
        ((float *)(uintptr_t)numbers.f32)[i] = (float)value;
}

/* Some changes leave all that is claimed true (the null key's score for itself may grow); so a
   weight is changed a little, in part, and by its sign. */
static bool is_caught(const Certificate *claims, const DenseModel *weights, Numbers numbers,
                      size_t i) {
    const double kept = numbers_at(weights->type, numbers, i);
    const double changes[] = {kept + 0.0078125, kept * 0.9990234375, -kept};
    bool caught = false;
    for (int c = 0; c < COUNT(changes); c++) {
        set_number(weights->type, numbers, i, changes[c]);
        if (numbers_at(weights->type, numbers, i) != kept &&
            *unproven(claims, weights, NULL) != '\0')
            caught = true;
        set_number(weights->type, numbers, i, kept);
    }
    return caught;
}

START_TEST(nudged_weight_is_caught) {
    const char *text = nudged[_i % COUNT(nudged)];
    world.float_type = (FloatType)(_i / COUNT(nudged));
    Model *model = model_by(text, "abc", 3, REGISTERS_REUSE);
    const DenseModel *weights = weights_of(model);
    const Certificate *claims = certificate_with(model, NULL, NULL);
    ck_assert_str_eq(unproven(claims, weights, NULL), "");
    Part parts[64];
    int count = parts_of(weights, parts);
    ck_assert_int_le(count, COUNT(parts));
    for (int p = 0; p < count; p++) {
        for (size_t i = 0; i < parts[p].count; i++) {
            double weight = numbers_at(weights->type, parts[p].data, i);
            if (weight == 0 && !never_zero_matters(parts[p].name)) continue;
            ck_assert_msg(is_caught(claims, weights, parts[p].data, i),
                          "%s\n%s[%zu] = %g can change", text, parts[p].name, i, weight);
        }
    }
}
END_TEST

/* A unit that erases takes another place's value along; or its erasing is not claimed. */
START_TEST(wrong_erasing_is_caught) {
    Model *model = model_by(nudged[4], "abc", 3, REGISTERS_REUSE);
    const DenseModel *weights = weights_of(model);
    const Certificate *claims = certificate_with(model, NULL, NULL);
    uint32_t caught = 0;
    for (uint32_t l = 0; l < claims->layer_count; l++) {
        for (uint32_t g = 0; g < claims->layers[l].unit_count; g++) {
            const ClaimedUnits *units = &claims->layers[l].units[g];
            if (units->kind != UNIT_ERASE) continue;
            const DenseLayer *layer = &weights->layers[l];
            for (uint32_t r = 0; r < weights->width; r++) {
                size_t at = (size_t)r * layer->units + units->first;
                double kept = numbers_at(weights->type, layer->w_in, at);
                set_number(weights->type, layer->w_in, at, kept == 0 ? 1 : 0);
                ck_assert_str_ne(unproven(claims, weights, NULL), "");
                set_number(weights->type, layer->w_in, at, kept);
                caught++;
            }
        }
    }
    ck_assert_uint_gt(caught, 0);
    ck_assert_str_eq(unproven(claims, weights, NULL), "");
}
END_TEST

#define SAME "same = select(tokens, tokens, ==); result = selector_width(same);"

static const struct {
    const char *text, *from, *to, *why;
} overclaims[] = {
    {SAME, "\"gap\":1.0", "\"gap\":1.001",
     "layer 0, head 0 (same): scores are apart by 256, not by the 256.256 that is claimed"},
    {SAME, "\"scale\":256.0", "\"scale\":64.0",
     "layer 0, head 0 (same): scores apart by 64 are too close for softmax in float32"},
    {SAME, "\"null\":\"counted\"", "\"null\":\"default\"",
     "layer 0, head 0 (same): scores are apart by 0, not by the 256 that is claimed"},
    {SAME, "\"margin\":0.5", "\"margin\":0.9",
     "layer 0: the units of 'result' have a margin of 0.566666603, not the 0.966666603 that is "
     "claimed"},
    {"result = indices;", "\"high\":4.0", "\"high\":3.0",
     "the embedding puts 'indices' at something else than a claimed value (position 4)"},
    {"first = select(indices, 0, ==); result = aggregate(first, indices + 3, 9);", "\"high\":7.0",
     "\"high\":6.0",
     "layer 0, head 0 (first): what it moves to 'result' can be 7, which is not claimed"},
    {"below = select(tokens, tokens, <); result = aggregate(below, indices, 0);", "\"high\":4.0",
     "\"high\":3.5", "layer 0, head 0 (below): what it moves to 'result' leaves its claimed range"},
    {"result = tokens;", "[0,1,2]", "[0,2,1]",
     "the output 'result' gives a value another logit than claimed"},
    {"result = tokens;", "\"max_length\":5", "\"max_length\":6",
     "the certificate is of a model of another shape"},
    {"result = length;", "\"kind\":\"steps\",\"writes\"", "\"kind\":\"lookup\",\"writes\"",
     "layer 0: the look-up of 'result' is rounded by float32"},
    {SAME, "\"kind\":\"erase\",\"erases\":\"tokens\"", "\"kind\":\"erase\",\"erases\":\"result\"",
     "layer 0: the units that erase 'result' come too early or too late"},
    {SAME, "\"kind\":\"erase\",\"erases\":\"tokens\"", "\"kind\":\"erase\",\"erases\":\"result.x\"",
     "layer 0: the units that erase 'result.x' take away something else"},
    {SAME, "\"kind\":\"erase\",\"erases\":\"tokens\"",
     "\"kind\":\"steps\",\"margin\":0,\"writes\":\"tokens\"",
     "layer 0: the units of 'result' write into 'tokens', which is not claimed"},
    {"result = length;", "\"first\":0", "\"first\":1",
     "layer 0: the groups of units do not follow one another"},
};

/* Each says too much, and the proof says where. */
START_TEST(overclaim_is_not_proven) {
    Model *model = model_of(overclaims[_i].text, "abc", 5);
    const DenseModel *weights = weights_of(model);
    ck_assert_str_eq(unproven(certificate_with(model, NULL, NULL), weights, NULL), "");
    const char *why =
        unproven(certificate_with(model, overclaims[_i].from, overclaims[_i].to), weights, NULL);
    ck_assert_msg(*why, "%s", overclaims[_i].to);
    ck_assert_str_eq(why, overclaims[_i].why);
}
END_TEST

/* --- exact numbers ---------------------------------------------------------------------------- */

START_TEST(float32_holds) {
    static const struct {
        long numerator;
        unsigned long denominator;
        bool held;
    } cases[] = {{0, 1, true},          {1, 3, false},       {16777215, 1, true},
                 {16777217, 1, false},  {16777218, 1, true}, {-33554431, 2, false},
                 {-16777215, 64, true}, {3, 1024, true}};
    Exact pool = {0};
    mpq_t *x = exact_array(&pool, 1);
    for (int i = 0; i < COUNT(cases); i++) {
        mpq_set_si(*x, cases[i].numerator, cases[i].denominator);
        mpq_canonicalize(*x);
        ck_assert_msg(exact_is_float(FLOAT_32, *x) == cases[i].held, "%ld / %lu",
                      cases[i].numerator, cases[i].denominator);
    }
    exact_power_of_two(*x, 128);
    ck_assert(!exact_is_float(FLOAT_32, *x));
    exact_power_of_two(*x, -149);
    ck_assert(exact_is_float(FLOAT_32, *x));
    exact_power_of_two(*x, -150);
    ck_assert(!exact_is_float(FLOAT_32, *x));
    for (unsigned long n = 1; n < 5000; n++) {
        exact_reciprocal(FLOAT_32, *x, n);
        ck_assert(mpq_get_d(*x) == (double)(1.0f / (float)n));
    }
    exact_free(&pool);
}
END_TEST

START_TEST(float64_holds) {
    Exact pool = {0};
    mpq_t *x = exact_array(&pool, 2);
    for (int bits = 52; bits <= 54; bits++) {
        exact_power_of_two(x[0], bits);
        mpq_set_ui(x[1], 1, 1);
        mpq_add(x[0], x[0], x[1]);
        ck_assert(exact_is_float(FLOAT_64, x[0]) == (bits < 53));
    }
    const long powers[] = {1023, 1024, -1074, -1075};
    for (int i = 0; i < COUNT(powers); i++) {
        exact_power_of_two(x[0], powers[i]);
        ck_assert(exact_is_float(FLOAT_64, x[0]) == (i % 2 == 0));
    }
    for (unsigned long n = 1; n < 5000; n++) {
        exact_reciprocal(FLOAT_64, x[0], n);
        ck_assert(mpq_get_d(x[0]) == 1 / (double)n);
    }
    exact_free(&pool);
}
END_TEST

/* As many bits as the type has from the lowest to the sum of all magnitudes, and not one more. */
START_TEST(spread_bounds_sums) {
    FloatType type = (FloatType)_i;
    Exact pool = {0};
    mpq_t *x = exact_array(&pool, 2);
    for (int more = 0; more < 2; more++) {
        Spread spread = spread_new(&pool);
        mpq_set_d(x[0], 0.5);
        spread_grain(&spread, x[0]);
        exact_power_of_two(x[0], float_info(type)->significand - 1);
        mpq_set_si(x[1], more, 1);
        mpq_add(x[0], x[0], x[1]);
        mpq_neg(x[0], x[0]);
        spread_grain(&spread, x[0]);
        spread_magnitude(&spread, x[0]);
        ck_assert(spread_is_exact(type, &spread) == !more);
    }
    exact_free(&pool);
}
END_TEST

/* --- damaged files ---------------------------------------------------------------------------- */

static Buffer exported(ExportFunction write) {
    Model *model = model_of("result = selector_width(select(tokens, tokens, ==));", "ab", 2);
    const DenseModel *weights = weights_of(model);
    Tensors tensors = {0};
    Buffer certificate = {0};
    tensors_of_model(&tensors, world.arena, weights);
    tensors_sort(&tensors);
    certificate_print(certificate_of_model(world.arena, model, weights_hash(world.arena, &tensors)),
                      &certificate);
    Export e = {.model = model,
                .weights = weights,
                .logits = model_logits(world.arena, model),
                .program_name = "x",
                .source = "",
                .certificate = certificate.data,
                .arena = world.arena};
    Files files = {0};
    Buffer bytes = {0};
    ck_assert(write(&e, world.diags, &files));
    buffer_add(&bytes, files.items[0].bytes.data, files.items[0].bytes.len);
    tensors_free(&tensors);
    buffer_free(&certificate);
    files_free(&files);
    return bytes;
}

/* Is it read as weights that a certificate of its own fits and that are proven? */
static bool is_proven_file(const char *bytes, size_t len) {
    Arena *arena = arena_new(0);
    WeightsFile file;
    const char *why;
    Buffer report = {0}, reason = {0};
    bool assumes, proven = false;
    if (weights_file_read(arena, bytes, len, &file, &why) && file.certificate) {
        const Certificate *c =
            certificate_parse(arena, file.certificate, strlen(file.certificate), &why);
        proven = c && certify(c, file.weights, &report, &reason, &assumes) &&
                 strcmp(c->weights_hash, weights_hash(arena, &file.tensors)) == 0;
    }
    weights_file_free(&file);
    buffer_free(&report);
    buffer_free(&reason);
    arena_free(arena);
    return proven;
}

static const ExportFunction exports[] = {export_safetensors, export_npz};

START_TEST(damaged_file_is_refused) {
    Buffer bytes = exported(exports[_i]);
    ck_assert(is_proven_file(bytes.data, bytes.len));
    for (size_t len = 0; len < bytes.len; len += 1 + len / 64) {
        /* A copy of that size, so that a sanitizer sees a read past its end. */
        char *copy = malloc(len + 1);
        memcpy(copy, bytes.data, len);
        ck_assert(!is_proven_file(copy, len));
        free(copy);
    }
    uint32_t seed = 1;
    for (int i = 0; i < 3000; i++) {
        seed = seed * 1664525u + 1013904223u;
        char *at = &bytes.data[(seed >> 8) % bytes.len], kept = *at;
        *at = (char)(kept ^ (1 << (seed & 7)));
        (void)is_proven_file(bytes.data, bytes.len); /* names may change; it must only not crash */
        *at = kept;
    }
    buffer_free(&bytes);
}
END_TEST

Suite *certify_suite(void);
Suite *certify_suite(void) {
    Suite *suite = suite_create("certify");
    TCase *proofs = tcase_create("proofs");
    tcase_add_checked_fixture(proofs, set_up, tear_down);
    tcase_set_timeout(proofs, 120);
    tcase_add_loop_test(proofs, is_certified, 0, FLOAT_TYPE_COUNT * COUNT(programs));
    tcase_add_test(proofs, one_token_is_certified);
    tcase_add_loop_test(proofs, nudged_weight_is_caught, 0, FLOAT_TYPE_COUNT * COUNT(nudged));
    tcase_add_test(proofs, wrong_erasing_is_caught);
    tcase_add_loop_test(proofs, overclaim_is_not_proven, 0, COUNT(overclaims));
    tcase_add_test(proofs, float32_holds);
    tcase_add_test(proofs, float64_holds);
    tcase_add_loop_test(proofs, spread_bounds_sums, 0, FLOAT_TYPE_COUNT);
    tcase_add_loop_test(proofs, damaged_file_is_refused, 0, COUNT(exports));
    suite_add_tcase(suite, proofs);
    return suite;
}
