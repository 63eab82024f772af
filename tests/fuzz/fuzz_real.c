/* Any bytes as the text form of a model over real vectors; if it is small, its weights run. */
#include "runtime/engines/interp_real.h"
#include "tests/fuzz/text_form.h"

enum { MOST_INPUTS = 16, MOST_POSITIONS = 4 };

/* Small integers of the column's type, some equal. */
static InputColumn column_for(Arena *arena, const RealModel *model, const RealInput *input) {
    InputColumn column = {.name = input->name};
    uint32_t width = model->spaces[input->space].width;
    Atom *atoms = ARENA_ARRAY(arena, Atom, MOST_POSITIONS);
    double *numbers = ARENA_ARRAY(arena, double, (size_t)MOST_POSITIONS *width);
    for (uint32_t i = 0; i < MOST_POSITIONS * width; i++)
        numbers[i] = (double)(i % 5) - 1;
    for (uint32_t i = 0; i < MOST_POSITIONS; i++) {
        int number = (int)(i * i % 3);
        atoms[i] = input->types == TYPE_BOOL     ? atom_bool(number > 0)
                   : input->types == TYPE_INT    ? atom_int(number)
                   : input->types == TYPE_STRING ? input->words[i % input->word_count]
                                                 : atom_float(number - 1);
    }
    if (input->types != TYPE_VECTOR) {
        column.atoms = atoms;
        return column;
    }
    column.width = width;
    column.numbers = numbers;
    return column;
}

/* They may fail, with a diagnostic. */
static void run_model(Arena *arena, Diagnostics *diags, const void *thing) {
    const RealModel *model = thing;
    if (real_model_parameters(model) > 100000 || model->input_count > MOST_INPUTS) return;
    InterpReal *interp = interp_real_new(arena, model, (Span){0}, diags);
    if (!interp) return;
    InputColumn columns[MOST_INPUTS];
    for (uint32_t i = 0; i < model->input_count; i++)
        columns[i] = column_for(arena, model, &model->inputs[i]);
    Sequence *out = ARENA_ARRAY(arena, Sequence, model->output_count);
    for (uint32_t n = 1; n <= MOST_POSITIONS && n <= model->max_length; n++) {
        Input input = {.n = n, .column_count = model->input_count, .columns = columns};
        RealRequest request = {.input = &input, .arena = arena, .diags = diags};
        size_t before = diagnostics_count(diags);
        bool done = interp_real_run(interp, &request, out);
        if (done == (diagnostics_count(diags) > before))
            BUG("a result and a diagnostic, or neither");
    }
}

static const void *parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags) {
    return real_model_parse(arena, sources, file, diags);
}
static bool verify(const void *model, Buffer *why) { return real_model_verify(model, why); }
static void print(const void *model, Buffer *out) { real_model_print(model, out); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const TextForm form = {"model", parse, verify, print, run_model};
    text_form_fuzz(&form, data, size);
    return 0;
}
