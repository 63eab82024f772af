#include "tests/fuzz/fuzz.h"

#include <string.h>

void require_equal(const char *what, const Buffer *expected, const Buffer *got) {
    if (expected->len == got->len &&
        (got->len == 0 || memcmp(expected->data, got->data, got->len) == 0))
        return;
    BUG("%s\n--- expected\n%s\n--- got\n%s", what, expected->data ? expected->data : "",
        got->data ? got->data : "");
}

void render_all(const Diagnostics *diags) {
    static const DiagStyle styles[] = {DIAG_PLAIN, DIAG_COLOUR, DIAG_JSON};
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        Buffer out = {0};
        diagnostics_render(diags, 0, styles[i], &out);
        buffer_free(&out);
    }
}
