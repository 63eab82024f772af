/* raspc fmt: programs laid out as tree_format lays them out. */
#include "compiler/driver/driver.h"

#include "grammar/tree.h"
#include "runtime/base/file.h"

#include <string.h>

typedef struct Format {
    Driver *driver;
    Sources *sources;
    Diagnostics *diags;
    bool check, write;
    bool found_unformatted;
} Format;

static void put(Format *format, uint32_t file, const char *path, const Buffer *laid_out) {
    size_t len;
    const char *text = sources_text(format->sources, file, &len);
    bool same = len == laid_out->len && memcmp(text, laid_out->data, len) == 0;
    const char *why;
    if (format->check) {
        format->found_unformatted |= !same;
        if (!same) buffer_printf(&format->driver->out, "%s\n", path);
    } else if (!format->write || strcmp(path, "-") == 0) {
        buffer_add(&format->driver->out, laid_out->data, laid_out->len);
    } else if (!same && !file_write(path, laid_out->data, laid_out->len, &why)) {
        diag_error(format->diags, DIAG_FILE, (Span){0}, "can't write '%s': %s", path, why);
    }
}

/* A file with mistakes is left as it is: what could not be read would be lost. */
static void format_file(Format *format, const char *path) {
    uint32_t file = driver_read(path, format->sources, format->diags);
    if (file == 0) return;
    Arena *arena = arena_new(0);
    size_t errors = diagnostics_errors(format->diags);
    const Tree *program = parse_program(arena, format->sources, file, format->diags);
    if (diagnostics_errors(format->diags) == errors) {
        Buffer laid_out = {0};
        buffer_add(&laid_out, "", 0);
        tree_format(program, format->sources, file, &laid_out);
        put(format, file, path, &laid_out);
        buffer_free(&laid_out);
    }
    arena_free(arena);
}

ExitStatus cmd_fmt(Driver *driver) {
    const Options *options = &driver->options;
    Format format = {.driver = driver,
                     .check = option_given(options, OPT_CHECK),
                     .write = option_given(options, OPT_WRITE)};
    if (options->operand_count == 0)
        return driver_usage(driver, "which file? (- is standard input)");
    if (format.check && format.write) {
        return driver_usage(driver, "--check writes nothing: leave --write out");
    }
    format.sources = sources_new();
    format.diags = diagnostics_new(format.sources);
    for (size_t i = 0; i < options->operand_count; i++)
        format_file(&format, options->operands[i]);
    driver_show(driver, format.diags);
    bool wrong = diagnostics_errors(format.diags) != 0;
    diagnostics_free(format.diags);
    sources_free(format.sources);
    return wrong ? EXIT_WRONG : format.found_unformatted ? EXIT_FAILED : EXIT_DONE;
}
