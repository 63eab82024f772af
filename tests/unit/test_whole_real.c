/* Integers in transformers over real vectors: where they come near what the floats hold, interp
   gives those of eval, or says that it can't. */
#include "runtime/engines/eval.h"
#include "runtime/engines/interp_real.h"
#include "tests/unit/real_world.h"

#include <check.h>
#include <math.h>
#include <string.h>

enum { PROGRAMS = 6000, BATCH = 500, POSITIONS = 4 };

/* --- programs --------------------------------------------------------------------------------- */

typedef struct Generator {
    Random random;
    Buffer text;
    uint32_t names; /* v0, v1, ... */
    int64_t limit;  /* of the floats */
} Generator;

static uint32_t below(Generator *g, uint32_t bound) { return random_below(&g->random, bound); }

static void write_leaf(Generator *g) {
    const int64_t constants[] = {1, 2, 7, 10, 1000, g->limit / 2, g->limit - 1};
    static const char *const inputs[] = {"a", "b", "indices"};
    uint32_t name = below(g, g->names + 3);
    if (random_chance(&g->random, 25))
        buffer_printf(&g->text, "%lld", (long long)constants[below(g, 7)]);
    else if (name < 3)
        buffer_text(&g->text, inputs[name]);
    else
        buffer_printf(&g->text, "v%u", name - 3);
}

/* %: an integer. */
static void write_expression(Generator *g, uint32_t depth) {
    static const char *const forms[] = {
        "(% + %)",
        "(% - %)",
        "(% * %)",
        "(% - 3 * %)",
        "(5 * % + 1)",
        "(1024 * %)",
        "(-% + % + %)",
        "(% %% 10)",
        "(% ^ 2)",
        "abs(%)",
        "(% if % < % else %)",
        "sign(%)",
        "total(select(a %% 2, b %% 2, ==), %)",
        "total(select(indices, indices, <=), abs(%))",
        "selector_width(select(%, %, <))",
        "(indicator(b == %) * 12345)",
        "{0: 1, 1: 100000}[% %% 2]",
        "(% if % in [1, 2, 3] else %)",
    };
    if (depth == 0 || random_chance(&g->random, 20)) {
        write_leaf(g);
        return;
    }
    for (const char *c = forms[below(g, sizeof forms / sizeof *forms)]; *c; c++) {
        if (*c == '%' && c[1] == '%')
            buffer_char(&g->text, *++c);
        else if (*c == '%')
            write_expression(g, depth - 1);
        else
            buffer_char(&g->text, *c);
    }
}

static void write_program(Generator *g) {
    buffer_text(&g->text, "input a: int;\ninput b: int;\nv0 = a;\n");
    g->names = 1;
    for (uint32_t count = 2 + below(g, 3); g->names < count; g->names++) {
        buffer_printf(&g->text, "v%u = ", g->names);
        write_expression(g, 1 + below(g, 3));
        buffer_text(&g->text, ";\n");
    }
    if (random_chance(&g->random, 40)) {
        buffer_printf(&g->text, "repeat %u { v0 = b + ", 1 + below(g, 4));
        write_expression(g, 2);
        buffer_text(&g->text, "; }\n");
    }
    buffer_printf(&g->text, "y = v%u + b;\nz = (v0 + v%u * b) %% 1000;\noutput %s;\n", g->names - 1,
                  g->names - 1, random_chance(&g->random, 50) ? "y" : "z");
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* Small ones, such as have a product near the limit, and such as are near it themselves. */
static Atom draw_integer(Generator *g) {
    double limit = (double)g->limit, most[] = {20, 2 * sqrt(limit), limit};
    double number = most[below(g, 3)] * below(g, 1000001) / 1000000;
    return atom_int(random_chance(&g->random, 50) ? (int64_t)number : -(int64_t)number);
}

static Input draw_input(Generator *g, Arena *arena) {
    static const char *const names[] = {"a", "b"};
    InputColumn *columns = ARENA_ARRAY(arena, InputColumn, 2);
    Input input = {.n = 1 + below(g, POSITIONS), .columns = columns, .column_count = 2};
    for (uint32_t c = 0; c < 2; c++) {
        Atom *atoms = ARENA_ARRAY(arena, Atom, input.n);
        for (uint32_t i = 0; i < input.n; i++)
            atoms[i] = draw_integer(g);
        columns[c] = (InputColumn){.name = string_from(arena, names[c]), .atoms = atoms};
    }
    return input;
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool same(const Sequence *a, const Sequence *b) {
    bool equal = a->n == b->n;
    for (uint32_t i = 0; i < a->n && equal; i++)
        equal = atom_equal(a->atoms[i], b->atoms[i]);
    return equal;
}

/* 1: interp gave what eval did; 0: it said why it does not. */
static int compare(RealWorld *world, const RealModel *model, Input input, const char *text) {
    Sequence wanted[REAL_OUTPUTS], got[REAL_OUTPUTS];
    InterpReal *interp = interp_real_new(world->arena, model, (Span){0}, world->diags);
    RealRequest run = {
        .input = &input, .graph = world->graph, .arena = world->arena, .diags = world->diags};
    ApplyRequest request = {
        .graph = world->graph, .input = input, .arena = world->arena, .diags = world->diags};
    bool runs = eval_all(&request, world->outputs, world->output_count, wanted);
    diagnostics_truncate(world->diags, 0);
    if (!interp_real_run(interp, &run, got)) {
        bool rounded = diagnostics_id(world->diags, 0) == DIAG_INTEGER_ROUNDED;
        ck_assert_msg(!runs || rounded, "%s%s", text, real_world_message(world));
        return 0;
    }
    ck_assert_msg(runs, "%sruns where eval fails", text);
    for (uint32_t o = 0; o < world->output_count; o++) {
        if (same(&wanted[o], &got[o])) continue;
        Buffer eval = {0}, weights = {0};
        sequence_format(&eval, wanted[o]);
        sequence_format(&weights, got[o]);
        ck_abort_msg("%soutput %u: eval gives %s, interp %s", text, o, eval.data, weights.data);
    }
    return 1;
}

static int try_program(uint32_t number, FloatType type) {
    Generator g = {.random = random_of(41, number), .limit = (int64_t)float_whole(type)};
    RealWorld world;
    int gave = 0;
    write_program(&g);
    real_world_open(&world, g.text.data);
    RealLowerOptions options = {.max_length = POSITIONS, .float_type = type};
    RealModel *model = lower_real(world.arena, world.graph, world.outputs, world.output_count,
                                  &options, world.diags);
    ck_assert_msg(model || diagnostics_id(world.diags, 0) == DIAG_CANNOT_LOWER, "%s", g.text.data);
    if (model) gave = compare(&world, model, draw_input(&g, world.arena), g.text.data);
    real_world_close(&world);
    buffer_free(&g.text);
    return gave;
}

START_TEST(integers_are_evals_or_refused) {
    int gave = 0;
    for (uint32_t p = (uint32_t)_i * BATCH; p < ((uint32_t)_i + 1) * BATCH; p++)
        gave += try_program(p, p % 3 == 0 ? FLOAT_64 : FLOAT_32);
    /* Who refuses all is never wrong. */
    ck_assert_int_gt(gave, BATCH / 4);
    ck_assert_int_lt(gave, BATCH);
}
END_TEST

Suite *whole_real_suite(void);
Suite *whole_real_suite(void) {
    Suite *suite = suite_create("whole_real");
    TCase *tests = tcase_create("whole_real");
    tcase_add_loop_test(tests, integers_are_evals_or_refused, 0, PROGRAMS / BATCH);
    suite_add_tcase(suite, tests);
    return suite;
}
