/* raspc draw: the computation flow of a program's outputs on inputs, an SVG file each. */
#include "compiler/driver/data.h"
#include "compiler/driver/draw_file.h"
#include "compiler/driver/input.h"
#include "compiler/driver/program.h"

#include <string.h>

typedef struct Drawing {
    Driver *driver;
    Data data; /* what inputs by name and params are given */
    Session *session;
    Targets targets;
    InputReader reader;
    const char *path; /* --output, or NULL */
} Drawing;

/* NAME.svg; with several inputs NAME-1.svg, NAME-2.svg, ... */
static void default_path(const Drawing *drawing, const char *name, size_t input, Buffer *out) {
    buffer_text(out, name);
    if (drawing->reader.count > 1) buffer_printf(out, "-%zu", input + 1);
    buffer_text(out, ".svg");
}

static bool draw_one(const Drawing *drawing, Target target, size_t input) {
    Diagnostics *diags = session_diagnostics(drawing->session);
    if (!target_is_node(target)) {
        diag_error(diags, DIAG_NOT_SOP, (Span){0}, "'%s' is %s: there is nothing to draw",
                   target.name, value_kind_name(target.value));
        return false;
    }
    Buffer path = {0};
    if (drawing->path != NULL)
        buffer_text(&path, drawing->path);
    else
        default_path(drawing, target.name, input, &path);
    bool drawn = draw_file(session_graph(drawing->session), target.value.as.node, target.name,
                           drawing->reader.inputs[input].input, path.data, diags);
    if (drawn && strcmp(path.data, "-") != 0)
        buffer_printf(&drawing->driver->out, "%s\n", path.data);
    buffer_free(&path);
    return drawn;
}

static bool read_inputs(Drawing *drawing) {
    const Options *options = &drawing->driver->options;
    if (!session_has_inputs(drawing->session))
        return input_arguments(&drawing->reader, drawing->session, options);
    ApplyRequest request = {.graph = session_graph(drawing->session),
                            .diags = session_diagnostics(drawing->session)};
    return data_input(&drawing->data, drawing->session, options, &request.input) &&
           session_takes(drawing->session, &request, NULL, NULL) &&
           input_add(&drawing->reader, request.input);
}

static ExitStatus draw_all(Drawing *drawing) {
    const Options *options = &drawing->driver->options;
    Program program;
    bool ready = data_program(&drawing->data, options, &program, &drawing->session);
    program_free(&program);
    drawing->reader = (InputReader){.arena = arena_new(0),
                                    .sources = session_sources(drawing->session),
                                    .diags = session_diagnostics(drawing->session)};
    /* Every part of the command line is looked at, so that one run tells every mistake. */
    if (ready) ready = program_targets(drawing->session, options, &drawing->targets);
    ready = read_inputs(drawing) && ready;
    if (!ready) return EXIT_WRONG;
    size_t pictures = drawing->targets.count * drawing->reader.count;
    if (drawing->path != NULL && pictures != 1)
        return driver_usage(drawing->driver, "--output names one file, but there are %zu pictures",
                            pictures);
    bool all = true;
    for (size_t input = 0; input < drawing->reader.count; input++)
        for (size_t i = 0; i < drawing->targets.count; i++)
            all = draw_one(drawing, drawing->targets.items[i], input) && all;
    return all ? EXIT_DONE : EXIT_WRONG;
}

ExitStatus cmd_draw(Driver *driver) {
    const Options *options = &driver->options;
    if (options->operand_count > 1)
        return driver_usage(driver, "one program at a time; inputs are given with -i");
    if (options->operand_count == 0 && !option_given(options, OPT_EXPR))
        return driver_usage(driver, "which program? (or an expression, with -e)");
    Drawing drawing = {.driver = driver, .path = option_value(options, OPT_OUTPUT)};
    if (drawing.path != NULL && !draw_path_fits(driver, "--output", drawing.path))
        return EXIT_USAGE;
    data_open(&drawing.data, options);
    ExitStatus status = draw_all(&drawing);
    driver_show(driver, drawing.data.diags);
    driver_show(driver, session_diagnostics(drawing.session));
    input_reader_free(&drawing.reader);
    session_free(drawing.session);
    arena_free(drawing.reader.arena);
    data_close(&drawing.data);
    return status;
}
