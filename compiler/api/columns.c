/* Running a program that names its inputs: what the caller's columns are to it. */
#include "compiler/api/api.h"

#include "compiler/elaborate/wants.h"
#include "runtime/base/limits.h"

/* The one that is given of several; false: none, or more than one, or numbers without end. */
static bool is_one_array(const raspc_column *column) {
    int given = (column->numbers != NULL) + (column->singles != NULL) + (column->integers != NULL) +
                (column->values != NULL);
    return column->name != NULL && given == 1 && column->width > 0 &&
           column->rows <= LIMIT_INPUT_TOKENS && column->width <= LIMIT_VECTOR_WIDTH;
}

/* False: some value is none. */
static bool add_values(Columns *columns, const raspc_column *column, Arena *arena) {
    Atom *atoms = ARENA_ARRAY(arena, Atom, column->rows);
    for (size_t i = 0; i < column->rows; i++)
        if (!value_to_atom(arena, &column->values[i], &atoms[i])) return false;
    columns_add_atoms(columns, column->name, atoms, column->rows);
    return true;
}

static void add_array(Columns *columns, const raspc_column *column) {
    const void *data = column->numbers ? (const void *)column->numbers : column->singles;
    NpyView array = {.data = column->integers ? (const void *)column->integers : data,
                     .kind = column->integers ? 'i' : 'f',
                     .size = column->singles ? sizeof(float) : sizeof(double),
                     .rank = column->width == 1 ? 1 : 2,
                     .rows = column->rows,
                     .columns = column->width};
    columns_add_array(columns, column->name, array);
}

static bool add_all(Columns *columns, const raspc_column *given, size_t count, Arena *arena) {
    for (size_t i = 0; i < count; i++) {
        if (!is_one_array(&given[i])) return false;
        if (given[i].values == NULL)
            add_array(columns, &given[i]);
        else if (given[i].width != 1 || !add_values(columns, &given[i], arena))
            return false;
    }
    return true;
}

raspc_status raspc_run_columns(const raspc_transformer *transformer, const raspc_column *columns,
                               size_t count, raspc_result **result) {
    if (result == NULL) return RASPC_MISUSED;
    *result = NULL;
    if (transformer == NULL || !transformer->named || columns == NULL || count > LIMIT_DECLARATIONS)
        return RASPC_MISUSED;
    Session *session = transformer->program->session;
    Diagnostics *diags = diagnostics_new(session_sources(session));
    Columns *reading = columns_new(session_sources(session), diags, COLUMNS_OF_LIBRARY);
    Arena *arena = arena_new(0);
    raspc_status status = RASPC_MISUSED;
    uint32_t wanted;
    const ColumnWant *wants = session_wants(session, arena, &wanted);
    if (add_all(reading, columns, count, arena)) {
        Input input;
        status = columns_read(reading, wants, wanted, &input)
                     ? run_input(transformer, arena, input, result)
                     : wrong_input(transformer, arena, diags, result);
    }
    columns_free(reading);
    diagnostics_free(diags);
    if (status == RASPC_MISUSED) arena_free(arena);
    return status;
}
