#include "compiler/driver/show_trace_real.h"

#include "compiler/driver/show.h"

#include <inttypes.h>
#include <math.h>

/* The subspace at all positions; false where it is 0 everywhere. */
static bool take_space(const RealStream *stream, const RealSpace *space, Arena *arena,
                       Sequence *out) {
    double *numbers = ARENA_ARRAY(arena, double, (size_t)stream->n * space->width);
    bool any = false;
    for (uint32_t i = 0; i < stream->n; i++) {
        for (uint32_t c = 0; c < space->width; c++) {
            double number = real_stream_at(stream, space->offset + c, i);
            numbers[(size_t)i * space->width + c] = number;
            any = any || number != 0;
        }
    }
    *out = (Sequence){
        .n = stream->n, .type = SEQUENCE_VECTORS, .width = space->width, .numbers = numbers};
    if (space->width > 1) return any;
    Atom *atoms = ARENA_ARRAY(arena, Atom, stream->n);
    for (uint32_t i = 0; i < stream->n; i++)
        atoms[i] = atom_float(numbers[i]);
    *out = (Sequence){.n = stream->n, .type = SEQUENCE_FLOATS, .atoms = atoms};
    return any;
}

static void add_space(RealTraceText *text, const RealSpace *space, Sequence values, bool first) {
    Buffer *out = &text->out;
    if (!text->json) {
        buffer_printf(out, "    %-12s ", space->name->bytes);
        sequence_format_elements(out, values, 0, values.n);
        buffer_char(out, '\n');
        return;
    }
    buffer_text(out, first ? "{\"name\": " : ", {\"name\": ");
    show_json_text(out, space->name->bytes);
    buffer_text(out, ", \"values\": [");
    sequence_json_elements(out, values, 0, values.n);
    buffer_text(out, "]}");
}

void see_real_stream(void *state, const RealStream *stream) {
    RealTraceText *text = state;
    Arena *arena = arena_new(0);
    Sequence values;
    if (text->json)
        buffer_printf(&text->out,
                      "%s{\"layer\": %" PRIu32 ", \"step\": %" PRIu64 ", \"subspaces\": [",
                      stream->step ? ", " : "", stream->layer, stream->step);
    else if (stream->layer == 0)
        buffer_text(&text->out, "  embedding\n");
    else
        buffer_printf(&text->out, "  step %" PRIu64 ", layer %" PRIu32 "\n", stream->step,
                      stream->layer);
    bool first = true;
    for (SpaceId id = REAL_NULL + 1; id < stream->model->space_count; id++) {
        const RealSpace *space = &stream->model->spaces[id];
        if (!take_space(stream, space, arena, &values)) continue;
        add_space(text, space, values, first);
        first = false;
    }
    if (text->json) buffer_text(&text->out, "]}");
    arena_free(arena);
}
