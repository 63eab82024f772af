/* Any bytes as an input, in each format; the first byte chooses. What is read from JSON prints as
   JSON that reads back to the same. */
#include "tests/fuzz/fuzz.h"

#include "runtime/input/input.h"

static void print_inputs(const InputReader *reader, Buffer *out) {
    for (size_t i = 0; i < reader->count; i++) {
        buffer_char(out, '[');
        for (uint32_t k = 0; k < reader->inputs[i].input.n; k++) {
            if (k > 0) buffer_char(out, ',');
            atom_format_json(out, reader->inputs[i].input.tokens[k]);
        }
        buffer_text(out, "]\n");
    }
}

static void check_round_trip(InputReader *reader) {
    Buffer printed = {0}, again = {0};
    print_inputs(reader, &printed);
    InputReader back = {.arena = reader->arena, .sources = reader->sources, .diags = reader->diags};
    uint32_t file =
        sources_add(back.sources, "printed", printed.data ? printed.data : "", printed.len);
    if (!input_read_json(&back, file)) BUG("a printed input does not read back:\n%s", printed.data);
    print_inputs(&back, &again);
    require_equal("an input's print changed", &printed, &again);
    input_reader_free(&back);
    buffer_free(&printed);
    buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    InputReader reader = {.arena = arena, .sources = sources, .diags = diags};
    const char *text = (const char *)data + 1;
    uint32_t file = sources_add(sources, "input", text, size - 1);
    bool done = false;
    switch (data[0] % 5) {
    case 0: done = input_read_json(&reader, file); break;
    case 1: done = input_read_word(&reader, file); break;
    case 2: done = input_read_lines(&reader, file); break;
    case 3: done = input_read_csv(&reader, file); break;
    case 4: done = input_read_npy(&reader, "input.npy", text, size - 1); break;
    }
    if (done == (diagnostics_errors(diags) > 0)) BUG("read and errors, or neither");
    if (done) check_round_trip(&reader);
    render_all(diags);
    input_reader_free(&reader);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
    return 0;
}
