#include "compiler/driver/draw_file.h"

#include "compiler/driver/show.h"
#include "runtime/base/file.h"
#include "runtime/draw/draw.h"

#include <string.h>
#include <strings.h>

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

bool draw_path_fits(const Driver *driver, const char *option, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *ending = strrchr(slash ? slash + 1 : path, '.');
    if (ending == NULL || strcasecmp(ending, ".svg") == 0) return true;
    driver_usage(driver, "%s: pictures are SVG, so that the file's name ends in .svg, not in %s",
                 option, ending);
    return false;
}
