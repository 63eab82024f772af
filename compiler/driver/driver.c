#include "compiler/driver/driver.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/base/visible.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const Command commands[] = {
#define COMMAND(function, name, operands, summary, options, examples)                              \
    {function, name, operands, summary, (options) | TAKES(OPT_HELP) | TAKES(OPT_COLOR), examples},
#include "compiler/driver/commands.def"
#undef COMMAND
};

size_t command_count(void) { return sizeof commands / sizeof commands[0]; }

const Command *command_at(size_t index) { return &commands[index]; }

const Command *command_find(const char *name) {
    for (size_t i = 0; i < command_count(); i++) {
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    }
    return NULL;
}

bool driver_flush(Driver *driver) {
    const char *why;
    if (!driver->out_broken && driver->out.len > 0) {
        driver->out_broken = !file_write("-", driver->out.data, driver->out.len, &why);
        if (driver->out_broken) fprintf(stderr, "raspc: can't write standard output: %s\n", why);
    }
    driver->out.len = 0;
    return !driver->out_broken;
}

void driver_show(const Driver *driver, const Diagnostics *diags) {
    Buffer text = {0};
    diagnostics_render(diags, 0, driver->diag_style, &text);
    if (text.len != 0) fwrite(text.data, 1, text.len, stderr);
    buffer_free(&text);
}

ExitStatus driver_usage(const Driver *driver, const char *format, ...) {
    Buffer message = {0}, shown = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&message, format, arguments);
    va_end(arguments);
    visible_text(&shown, message.data, message.len);
    fprintf(stderr, "raspc %s: %s\nTry 'raspc %s --help'.\n", driver->name, shown.data,
            driver->name);
    buffer_free(&message);
    buffer_free(&shown);
    return EXIT_USAGE;
}

uint32_t driver_read(const char *path, Sources *sources, Diagnostics *diags) {
    Buffer text = {0};
    const char *why;
    uint32_t file = 0;
    if (file_read(path, LIMIT_SOURCE_BYTES, &text, &why)) {
        file = sources_add(sources, strcmp(path, "-") == 0 ? "<stdin>" : path, text.data, text.len);
    } else {
        diag_error(diags, DIAG_FILE, (Span){0}, "can't read '%s': %s", path, why);
    }
    buffer_free(&text);
    return file;
}
