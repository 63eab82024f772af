#include "compiler/driver/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool colour_understood(const char *when) {
    return when == NULL || strcmp(when, "auto") == 0 || strcmp(when, "always") == 0 ||
           strcmp(when, "never") == 0;
}

/* Set, and to something. */
static bool is_set(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && *value != '\0';
}

static bool is_zero(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && strcmp(value, "0") == 0;
}

bool colour_wanted(const char *when, int fd) {
    if (when != NULL && strcmp(when, "always") == 0) return true;
    if (when != NULL && strcmp(when, "never") == 0) return false;
    const char *terminal = getenv("TERM");
    bool capable = isatty(fd) && !(terminal != NULL && strcmp(terminal, "dumb") == 0);
    if (when != NULL) return capable; /* auto, said aloud: the environment does not count */
    if (is_set("NO_COLOR")) return false;
    if (is_set("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE")) return true;
    if (is_zero("CLICOLOR")) return false;
    return capable;
}
