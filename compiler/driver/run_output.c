/* Where the text of a run goes: standard output, or the file of --output. */
#include "compiler/driver/run.h"

void run_drain(Run *run) {
    enum { MUCH = 1 << 20 };
    const char *why;
    Buffer *out = &run->driver->out;
    if (out->len < MUCH || run->broken) return;
    if (run->path == NULL) {
        run->broken = !driver_flush(run->driver);
        return;
    }
    if (run->stream == NULL) run->stream = file_stream_open(run->path, &why);
    run->broken = run->stream == NULL || !file_stream_write(run->stream, out->data, out->len, &why);
    out->len = 0;
    if (!run->broken) return;
    diag_error(session_diagnostics(run->session), DIAG_FILE, (Span){0}, "can't write '%s': %s",
               run->path, why);
    if (run->stream != NULL) file_stream_close(run->stream, false, &why);
    run->stream = NULL;
}

bool run_write_output(Run *run, bool keep) {
    const char *why;
    Buffer *out = &run->driver->out;
    bool written = true;
    if (run->stream != NULL) {
        file_stream_write(run->stream, out->data, out->len, &why);
        written = file_stream_close(run->stream, keep, &why);
    } else if (keep) {
        written = file_write(run->path, out->data ? out->data : "", out->len, &why);
    }
    if (keep && !written)
        diag_error(session_diagnostics(run->session), DIAG_FILE, (Span){0}, "can't write '%s': %s",
                   run->path, why);
    out->len = 0;
    return written;
}
