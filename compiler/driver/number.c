#include "compiler/driver/input.h"

#include <errno.h>
#include <stdlib.h>

bool number_argument(Diagnostics *diags, const Options *options, OptionId id, uint64_t *out) {
    const char *text = option_value(options, id);
    if (text == NULL) return true;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > INT64_MAX) {
        diag_error(diags, DIAG_INPUT_SYNTAX, (Span){0}, "--%s is a number, not '%s'",
                   option_info(id)->name, text);
        return false;
    }
    *out = value;
    return true;
}
