#include "tests/unit/exact_world.h"

#include <check.h>
#include <string.h>

const char *exact_world_message(const ExactWorld *world) {
    Diagnostics *diags = session_diagnostics(world->session);
    size_t count = diagnostics_count(diags);
    return count ? diagnostics_message(diags, count - 1) : "no diagnostic";
}

void exact_world_read(ExactWorld *world, const char *text) {
    *world = (ExactWorld){.session = session_new(&(SessionOptions){0}), .arena = arena_new(0)};
    world->graph = session_graph(world->session);
    world->input.columns = world->columns;
    ck_assert_msg(session_run_text(world->session, "test.rasp", text, strlen(text), NULL), "%s\n%s",
                  text, exact_world_message(world));
    world->output_count = (uint32_t)session_output_count(world->session);
    ck_assert_uint_le(world->output_count, EXACT_OUTPUTS);
    for (uint32_t o = 0; o < world->output_count; o++) {
        const String *name;
        world->outputs[o] = session_output(world->session, o, &name).as.node;
    }
}

void exact_world_open(ExactWorld *world, const char *text, uint32_t max_length) {
    exact_world_read(world, text);
    RealLowerOptions options = {.max_length = max_length, .float_type = FLOAT_64};
    world->model = lower_real(world->arena, world->graph, world->outputs, world->output_count,
                              &options, session_diagnostics(world->session));
    ck_assert_msg(world->model != NULL, "%s\n%s", text, exact_world_message(world));
    ck_assert_msg(world->model->exact, "%s\nis not exact", text);
}

void exact_world_close(ExactWorld *world) {
    session_free(world->session);
    arena_free(world->arena);
    exact_free(&world->pool);
}

/* --- inputs ----------------------------------------------------------------------------------- */

mpq_t *exact_world_column(ExactWorld *world, const char *name, TypeSet type, uint32_t width,
                          uint32_t n) {
    mpq_t *numbers = exact_array(&world->pool, (size_t)n * width);
    world->columns[world->input.count++] =
        (ExactColumn){.name = string_new(world->arena, name, strlen(name)),
                      .type = type,
                      .width = width,
                      .numbers = numbers};
    world->input.n = n;
    return numbers;
}

void exact_read(const char *text, mpq_t *out, size_t count) {
    char copy[1024];
    ck_assert_uint_lt(strlen(text), sizeof copy);
    strcpy(copy, text);
    char *rest = copy;
    for (size_t i = 0; i < count; i++) {
        char *word = strtok_r(rest, " ", &rest);
        ck_assert_msg(word && mpq_set_str(out[i], word, 10) == 0, "'%s': number %zu", text, i);
        mpq_canonicalize(out[i]);
    }
}

void exact_world_give(ExactWorld *world, const char *name, TypeSet type, uint32_t width, uint32_t n,
                      const char *text) {
    exact_read(text, exact_world_column(world, name, type, width, n), (size_t)n * width);
}

/* --- running ---------------------------------------------------------------------------------- */

ExactResult exact_world_program(ExactWorld *world, uint32_t rounds) {
    ExactRequest request = {.input = &world->input, .most_rounds = rounds, .pool = &world->pool};
    return eval_exact(world->graph, world->outputs, world->output_count, &request, world->arena);
}

ExactResult exact_world_transformer(ExactWorld *world, const RealModel *model, uint32_t rounds) {
    ExactRequest request = {.input = &world->input, .most_rounds = rounds, .pool = &world->pool};
    return run_exact(model, &request, world->arena);
}

ExactResult exact_world_both(ExactWorld *world, uint32_t rounds) {
    ExactResult program = exact_world_program(world, rounds),
                model = exact_world_transformer(world, world->model, rounds);
    ExactDifference where = {0};
    ck_assert_int_eq(program.end, model.end);
    if (program.end != EXACT_DONE) return program;
    ck_assert_msg(exact_equal(&program, &model, world->input.n, &where),
                  "output %u, position %u, component %u", where.output, where.position,
                  where.component);
    return program;
}

void exact_same(mpq_t *found, size_t count, const char *expected, const char *what) {
    Exact pool = {0};
    mpq_t *wanted = exact_array(&pool, count);
    exact_read(expected, wanted, count);
    for (size_t i = 0; i < count; i++) {
        Buffer text = {0};
        rational_format(&text, found[i]);
        ck_assert_msg(mpq_equal(found[i], wanted[i]), "%s\nnumber %zu is %s, not as in '%s'", what,
                      i, text.data, expected);
        buffer_free(&text);
    }
    exact_free(&pool);
}
