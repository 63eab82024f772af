#include "compiler/driver/draw_file.h"

#include "compiler/driver/show.h"
#include "runtime/base/file.h"
#include "runtime/draw/draw.h"

bool draw_file(const Graph *graph, NodeId node, const char *name, Input input, const char *path,
               Diagnostics *diags) {
    Buffer title = {0}, svg = {0};
    buffer_printf(&title, "%s(", name);
    show_input(&title, input);
    buffer_char(&title, ')');
    const char *why;
    bool drawn = draw_svg(graph, node, input, title.data, diags, &svg);
    bool written = drawn && file_write(path, svg.data, svg.len, &why);
    if (drawn && !written)
        diag_error(diags, DIAG_FILE, (Span){0}, "can't write '%s': %s", path, why);
    buffer_free(&title);
    buffer_free(&svg);
    return written;
}
