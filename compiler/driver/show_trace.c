#include "compiler/driver/show_trace.h"

#include "compiler/driver/show.h"
#include "runtime/engines/stream.h"
#include "runtime/model/lifetimes.h"

/* `one` and `null` say the same of every model, and come first. */
enum { FIRST_SHOWN = MODEL_NULL + 1 };

/* --- text ------------------------------------------------------------------------------------- */

enum { INDENT = 2, LINE_COLUMNS = 96 };

typedef struct Text {
    const char *bytes;
    size_t len, columns;
} Text;

typedef struct Line {
    Text head;
    const Text *cells; /* (n); NULL: a head alone */
} Line;

typedef struct Layout {
    Arena *arena;
    uint32_t n;
    size_t head_width;
    size_t *widths; /* (n) of the columns */
    uint32_t count;
    Line *lines;
} Layout;

static Text text_of(Arena *arena, const Buffer *buffer) {
    const char *bytes = arena_strndup(arena, buffer->data == NULL ? "" : buffer->data, buffer->len);
    return (Text){bytes, buffer->len, utf8_columns(bytes, buffer->len)};
}

static Text *add_line(Layout *layout, size_t indent, const char *name, bool cells) {
    Buffer head = {0};
    buffer_repeat(&head, ' ', indent);
    buffer_text(&head, name);
    Line *line = &layout->lines[layout->count++];
    line->head = text_of(layout->arena, &head);
    buffer_free(&head);
    if (!cells) return NULL;
    if (line->head.columns > layout->head_width) layout->head_width = line->head.columns;
    Text *texts = ARENA_ARRAY(layout->arena, Text, layout->n);
    line->cells = texts;
    return texts;
}

static void set_cell(Layout *layout, Text *cells, uint32_t position, const Buffer *text) {
    cells[position] = text_of(layout->arena, text);
    if (cells[position].columns > layout->widths[position])
        layout->widths[position] = cells[position].columns;
}

static void add_tokens(Layout *layout, Input input) {
    Text *cells = add_line(layout, 0, "", true);
    for (uint32_t i = 0; i < layout->n; i++) {
        Buffer text = {0};
        show_atom(&text, input.tokens[i]);
        set_cell(layout, cells, i, &text);
        buffer_free(&text);
    }
}

static void add_subspace(Layout *layout, const InterpTrace *trace, uint32_t stream,
                         const Subspace *subspace) {
    Text *cells = add_line(layout, 2 * INDENT, subspace->name->bytes, true);
    for (uint32_t i = 0; i < layout->n; i++) {
        Buffer text = {0};
        Atom value;
        switch (stream_value(trace, stream, i, subspace, &value)) {
        case STREAM_HOLDS: show_atom(&text, value); break;
        case STREAM_NOTHING: buffer_char(&text, '-'); break;
        case STREAM_SPOILT: buffer_char(&text, '?'); break;
        }
        set_cell(layout, cells, i, &text);
        buffer_free(&text);
    }
}

static void add_stream(Layout *layout, const InterpTrace *trace, uint32_t stream,
                       const Lifetime *lifetimes) {
    Buffer name = {0};
    buffer_printf(&name, stream == 0 ? "embedding" : "layer %u", stream);
    add_line(layout, INDENT, name.data, false);
    buffer_free(&name);
    for (SubspaceId s = FIRST_SHOWN; s < trace->model->subspace_count; s++) {
        if (lifetime_holds(&lifetimes[s], stream))
            add_subspace(layout, trace, stream, &trace->model->subspaces[s]);
    }
}

/* The positions first..end of all lines. */
static void show_part(Buffer *out, const Layout *layout, uint32_t first, uint32_t end) {
    for (uint32_t l = 0; l < layout->count; l++) {
        const Line *line = &layout->lines[l];
        buffer_add(out, line->head.bytes, line->head.len);
        if (line->cells) buffer_repeat(out, ' ', layout->head_width - line->head.columns);
        for (uint32_t i = first; line->cells && i < end; i++) {
            const Text *cell = &line->cells[i];
            buffer_repeat(out, ' ', 2 + layout->widths[i] - cell->columns);
            buffer_add(out, cell->bytes, cell->len);
        }
        buffer_char(out, '\n');
    }
}

void show_trace(Buffer *out, const InterpTrace *trace, Input input) {
    Arena *arena = arena_new(0);
    const Lifetime *lifetimes = model_lifetimes(arena, trace->model);
    size_t lines = 1 + ((size_t)trace->layer_count + 1) * (1 + trace->model->subspace_count);
    Layout layout = {.arena = arena,
                     .n = input.n,
                     .widths = ARENA_ARRAY(arena, size_t, input.n),
                     .lines = ARENA_ARRAY(arena, Line, lines)};
    add_tokens(&layout, input);
    for (uint32_t stream = 0; stream <= trace->layer_count; stream++)
        add_stream(&layout, trace, stream, lifetimes);
    for (uint32_t first = 0, end; first < input.n; first = end) {
        size_t columns = layout.head_width;
        for (end = first; end < input.n; end++) {
            columns += 2 + layout.widths[end];
            if (columns > LINE_COLUMNS && end > first) break;
        }
        if (first > 0) buffer_printf(out, "  from position %u\n", first);
        show_part(out, &layout, first, end);
    }
    arena_free(arena);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static const char *kind_name(SubspaceKind kind) {
    static const char *const names[] = {
#define SUBSPACE(id, name, text) name,
#include "runtime/model/subspaces.def"
#undef SUBSPACE
    };
    return names[kind];
}

static void add_subspace_json(Buffer *out, const InterpTrace *trace, uint32_t stream,
                              const Subspace *subspace, Input input) {
    buffer_text(out, "{\"name\": ");
    show_json_text(out, subspace->name->bytes);
    buffer_printf(out, ", \"kind\": \"%s\", \"values\": [", kind_name(subspace->kind));
    for (uint32_t i = 0; i < input.n; i++) {
        Atom value;
        if (i > 0) buffer_text(out, ", ");
        if (stream_value(trace, stream, i, subspace, &value) == STREAM_HOLDS)
            atom_format_json(out, value);
        else
            buffer_text(out, "null");
    }
    buffer_text(out, "]}");
}

void show_trace_json(Buffer *out, const InterpTrace *trace, Input input) {
    Arena *arena = arena_new(0);
    const Lifetime *lifetimes = model_lifetimes(arena, trace->model);
    for (uint32_t stream = 0; stream <= trace->layer_count; stream++) {
        buffer_printf(out, "%s{\"layer\": %u, \"subspaces\": [", stream == 0 ? "[" : ", ", stream);
        const char *separator = "";
        for (SubspaceId s = FIRST_SHOWN; s < trace->model->subspace_count; s++) {
            if (!lifetime_holds(&lifetimes[s], stream)) continue;
            buffer_text(out, separator);
            add_subspace_json(out, trace, stream, &trace->model->subspaces[s], input);
            separator = ", ";
        }
        buffer_text(out, "]}");
    }
    buffer_char(out, ']');
    arena_free(arena);
}
