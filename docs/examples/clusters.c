/* Finds clusters of points with a RASP program, on arrays of the caller's own:

       cc clusters.c $(pkg-config --cflags --libs raspc) -o clusters
       ./clusters

   prints "centre 0: 0.50 0.50", "centre 1: 8.50 9.00" and "points: 0 1 0 1". */
#include <raspc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char source[] =
    "param rounds: int = 10;\n"
    "input x: vec[2];          # where a centre starts, or a point\n"
    "input is_centre: bool;\n"
    "centres = select(is_centre, True, ==);\n"
    "require has_focus(centres), \"at least one centre\";\n"
    "c = x;\n"
    "repeat rounds {\n"
    "    owner = aggregate(hardmax_first(-distance(c, x), centres), indices);\n"
    "    members = select(owner, indices, ==) and not centres;\n"
    "    c = aggregate(members, x, c) if is_centre else c;\n"
    "}\n"
    "output c, owner;\n";

enum { CENTRES = 2, ROWS = 6 };
static const double x[ROWS][2] = {{0, 0}, {9, 9}, {1, 0}, {8, 9}, {0, 1}, {9, 9}};
static const int64_t is_centre[ROWS] = {1, 1, 0, 0, 0, 0};

static void show(raspc_diagnostic wrong) {
    fprintf(stderr, "%s:%u:%u: error[%s]: %s\n", wrong.file, wrong.line, wrong.column, wrong.id,
            wrong.message);
}

static int fail(raspc_program *program) {
    raspc_diagnostic wrong;
    for (size_t i = 0; raspc_program_diagnostic(program, i, &wrong) == RASPC_OK; i++)
        show(wrong);
    raspc_program_free(program);
    return EXIT_FAILURE;
}

static void print(raspc_result *result) {
    raspc_column c, owner;
    raspc_result_column(result, 0, &c);
    raspc_result_column(result, 1, &owner);
    for (size_t i = 0; i < CENTRES; i++)
        printf("centre %zu: %.2f %.2f\n", i, c.numbers[c.width * i], c.numbers[c.width * i + 1]);
    printf("points:");
    for (size_t i = CENTRES; i < owner.rows; i++)
        printf(" %d", (int)owner.integers[i]);
    printf("\n");
}

int main(void) {
    raspc_program *program;
    raspc_value rounds = {.kind = RASPC_INT, .integer = 5};
    if (raspc_program_new(NULL, &program) != RASPC_OK) return EXIT_FAILURE;
    raspc_program_param(program, "rounds", &rounds, 0, 0);
    if (raspc_program_load(program, "clusters.rasp", source, strlen(source)) != RASPC_OK)
        return fail(program);

    raspc_transformer *clusters;
    raspc_transformer_options options = {.size = sizeof options, .engine = RASPC_JIT};
    if (raspc_transformer_new(program, NULL, &options, &clusters) != RASPC_OK) return fail(program);

    const raspc_column columns[] = {
        {.name = "x", .rows = ROWS, .width = 2, .numbers = x[0]},
        {.name = "is_centre", .rows = ROWS, .width = 1, .integers = is_centre}};
    raspc_result *result;
    raspc_diagnostic wrong;
    raspc_status status = raspc_run_columns(clusters, columns, 2, &result);
    if (status == RASPC_OK)
        print(result);
    else if (raspc_result_diagnostic(result, 0, &wrong) == RASPC_OK)
        show(wrong);
    raspc_result_free(result);
    raspc_transformer_free(clusters);
    raspc_program_free(program);
    return status == RASPC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
