#include "tests/unit/real_world.h"

#include "runtime/engines/interp_real.h"
#include "runtime/exact/eval_exact.h"
#include "runtime/exact/run_exact.h"

#include <check.h>
#include <math.h>
#include <string.h>

void real_world_open(RealWorld *w, const char *text) {
    real_world_open_with(w, text, &(SessionOptions){0});
}

void real_world_open_with(RealWorld *w, const char *text, const SessionOptions *options) {
    *w = (RealWorld){.session = session_new(options), .arena = arena_new(0)};
    w->graph = session_graph(w->session);
    w->diags = session_diagnostics(w->session);
    w->max_length = REAL_LENGTH;
    w->knots = 2;
    session_run_text(w->session, "test.rasp", text, strlen(text), NULL);
    ck_assert_msg(diagnostics_count(w->diags) == 0, "%s\n%s", text,
                  diagnostics_count(w->diags) ? diagnostics_message(w->diags, 0) : "");
    w->output_count = (uint32_t)session_output_count(w->session);
    ck_assert_uint_ge(w->output_count, 1);
    ck_assert_uint_le(w->output_count, REAL_OUTPUTS);
    for (uint32_t o = 0; o < w->output_count; o++) {
        const String *name;
        w->outputs[o] = session_output(w->session, o, &name).as.node;
    }
}

void real_world_close(RealWorld *w) {
    session_free(w->session);
    arena_free(w->arena);
}

RealModel *real_world_lower(RealWorld *w) {
    RealLowerOptions options = {.max_length = w->max_length,
                                .float_type = FLOAT_64,
                                .relu_only = w->relu_only,
                                .knots = w->knots};
    return lower_real(w->arena, w->graph, w->outputs, w->output_count, &options, w->diags);
}

void real_world_refused(RealWorld *world, const Refusal *refusal) {
    ck_assert_msg(real_world_lower(world) == NULL, "%s", refusal->program);
    ck_assert_uint_eq(diagnostics_count(world->diags), 1);
    ck_assert_msg(strstr(real_world_message(world), refusal->message), "%s\n%s", refusal->program,
                  real_world_message(world));
    Span span = diagnostics_span(world->diags, 0);
    ck_assert_uint_ne(span.file, 0);
    if (refusal->at == NULL) return;
    size_t start = (size_t)(strstr(refusal->program, refusal->at) - refusal->program);
    ck_assert_msg(span.start >= start && span.end <= start + strlen(refusal->at), "%s\n%u-%u",
                  refusal->program, span.start, span.end);
}

const char *real_world_message(const RealWorld *w) {
    size_t count = diagnostics_count(w->diags);
    return count ? diagnostics_message(w->diags, count - 1) : "no diagnostic";
}

/* --- inputs ----------------------------------------------------------------------------------- */

/* Few different numbers, so that ties and empty rows are frequent; all of them short in binary. */
static double draw_number(Random *random) { return (random_below(random, 17) - 8.0) / 4; }

static Atom draw_atom(Arena *arena, Random *random, TypeSet type) {
    static const char *const words[] = {"sale", "gift", "", "other"};
    if (type == TYPE_BOOL) return atom_bool(random_chance(random, 50));
    if (type == TYPE_INT) return atom_int((int64_t)random_below(random, 5) - 1);
    if (type == TYPE_STRING) return atom_string(string_from(arena, words[random_below(random, 4)]));
    return atom_float(draw_number(random));
}

static Input draw_input(RealWorld *w, Random *random, uint32_t n) {
    size_t count = session_declared_count(w->session);
    InputColumn *columns = ARENA_ARRAY(w->arena, InputColumn, count);
    Input input = {.n = n, .columns = columns};
    for (size_t d = 0; d < count; d++) {
        Declared declared = session_declared(w->session, d);
        if (declared.is_param) continue;
        InputColumn *column = &columns[input.column_count++];
        column->name = declared.name;
        if (declared.type.dimensions == 0) {
            Atom *atoms = ARENA_ARRAY(w->arena, Atom, n);
            for (uint32_t i = 0; i < n; i++)
                atoms[i] = draw_atom(w->arena, random, declared.type.atoms);
            column->atoms = atoms;
            continue;
        }
        column->width = declared.type.columns * declared.type.rows;
        double *numbers = ARENA_ARRAY(w->arena, double, n * column->width);
        for (uint32_t i = 0; i < n * column->width; i++)
            numbers[i] = draw_number(random);
        column->numbers = numbers;
    }
    return input;
}

/* --- eval against interp ---------------------------------------------------------------------- */

static double number_at(const Sequence *sequence, uint32_t i) {
    double number = NAN;
    if (sequence->type == SEQUENCE_VECTORS) return sequence->numbers[i];
    ck_assert(atom_as_double(sequence->atoms[i], &number));
    return number;
}

/* Integers and truths are read as what they are; a mean may be either, which no weights tell. */
static void compare_kinds(const RealWorld *w, const Sequence *expected, const Sequence *got,
                          const char *program, uint32_t output) {
    TypeSet types = graph_node(w->graph, w->outputs[output])->type;
    if (types != TYPE_INT && types != TYPE_BOOL) return;
    ck_assert_msg(expected->type == got->type, "%s\noutput %u: kinds %d and %d", program, output,
                  expected->type, got->type);
}

static void compare(const Sequence *expected, const Sequence *got, const char *program,
                    uint32_t output, uint32_t n, double bound) {
    uint32_t width = expected->type == SEQUENCE_VECTORS ? expected->width : 1;
    ck_assert_uint_eq(got->n, n);
    for (uint32_t i = 0; i < n * width; i++) {
        double a = number_at(expected, i), b = number_at(got, i);
        ck_assert_msg(fabs(a - b) <= bound + 1e-12 * fmax(1, fabs(a)),
                      "%s\noutput %u, length %u, number %u: eval says %.17g, interp %.17g", program,
                      output, n, i, a, b);
    }
}

/* Does eval give finite values to every output? */
static bool evaluate(RealWorld *w, const Input *input, Sequence *out) {
    for (uint32_t o = 0; o < w->output_count; o++) {
        if (!eval_sequence(w->graph, w->outputs[o], *input, (Span){0}, w->arena, w->diags, &out[o]))
            return false;
        uint32_t width = out[o].type == SEQUENCE_VECTORS ? out[o].width : 1;
        for (uint32_t i = 0; i < input->n * width; i++)
            if (!isfinite(number_at(&out[o], i))) return false;
    }
    return true;
}

void real_world_compare(RealWorld *w, const RealModel *model, const char *program,
                        uint32_t samples) {
    Buffer text = {0};
    real_model_print(model, &text);
    InterpReal *interp = interp_real_new(w->arena, model, (Span){0}, w->diags);
    ck_assert_msg(interp != NULL, "%s", real_world_message(w));
    for (uint32_t s = 0; s < w->max_length + samples; s++) {
        Random random = random_of(7, s);
        uint32_t n = s < w->max_length ? s + 1 : 1 + random_below(&random, w->max_length);
        Input input = draw_input(w, &random, n);
        Sequence expected[REAL_OUTPUTS], got[REAL_OUTPUTS];
        RealRequest request = {.input = &input, .arena = w->arena, .diags = w->diags};
        bool fine = evaluate(w, &input, expected);
        bool ran = interp_real_run(interp, &request, got);
        ck_assert_msg(fine == ran, "%s\nlength %u: eval %s, interp %s: %s\n%s", program, n,
                      fine ? "runs" : "fails", ran ? "runs" : "fails", real_world_message(w),
                      text.data);
        for (uint32_t o = 0; o < w->output_count && fine; o++) {
            compare(&expected[o], &got[o], program, o, n, model->outputs[o].error);
            compare_kinds(w, &expected[o], &got[o], program, o);
        }
        diagnostics_truncate(w->diags, 0);
    }
    buffer_free(&text);
}

/* --- in rational numbers ---------------------------------------------------------------------- */

static void draw_numbers(Random *random, TypeSet type, mpq_t *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        bool whole = type == TYPE_INT;
        if (type == TYPE_BOOL)
            mpq_set_ui(out[i], random_below(random, 2), 1);
        else
            mpq_set_si(out[i], (long)random_below(random, 9) - 4, whole ? 1 : 3);
        mpq_canonicalize(out[i]);
    }
}

/* All that the program declares: it may need more than the model does. */
static void draw_exact(Random *random, const Graph *graph, Exact *pool, Arena *arena,
                       ExactInput *out) {
    ExactColumn *columns = ARENA_ARRAY(arena, ExactColumn, graph->count);
    *out = (ExactInput){.n = 1 + random_below(random, REAL_LENGTH), .columns = columns};
    for (NodeId id = 0; id < graph->count; id++) {
        const Node *node = graph_node(graph, id);
        if (node->op != OP_INPUT) continue;
        uint32_t width = node->width ? node->width : 1;
        size_t count = (size_t)out->n * width;
        mpq_t *numbers = exact_array(pool, count);
        columns[out->count++] = (ExactColumn){node->atom.as.string, node->type, width, numbers};
        draw_numbers(random, node->type, numbers, count);
    }
}

static void compare_exactly(RealWorld *world, const RealModel *model, const char *program,
                            uint32_t sample) {
    Random random = random_of(3, sample);
    Exact pool = {0};
    Arena *arena = arena_new(0);
    ExactInput input;
    ExactDifference where = {0};
    draw_exact(&random, world->graph, &pool, arena, &input);
    ExactRequest request = {.input = &input, .pool = &pool};
    ExactResult definition =
                    eval_exact(world->graph, world->outputs, world->output_count, &request, arena),
                result = run_exact(model, &request, arena);
    if (definition.end == EXACT_DONE || definition.end == EXACT_FAILS)
        ck_assert_msg(definition.end == result.end, "%s\nends as %d, in the model as %d", program,
                      definition.end, result.end);
    if (definition.end == EXACT_DONE)
        ck_assert_msg(exact_equal(&definition, &result, input.n, &where),
                      "%s\noutput %u, position %u, component %u, sample %u", program, where.output,
                      where.position, where.component, sample);
    exact_free(&pool);
    arena_free(arena);
}

bool real_world_compare_exact(RealWorld *world, const RealModel *model, const char *program,
                              uint32_t samples) {
    if (!model->exact ||
        exact_refuses(world->graph, world->outputs, world->output_count) != NO_NODE)
        return false;
    for (uint32_t sample = 0; sample < samples; sample++)
        compare_exactly(world, model, program, sample);
    return true;
}
