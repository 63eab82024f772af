#include "compiler/driver/native_file.h"

#include "runtime/base/file.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *extension_of(const char *path) {
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name ? name + 1 : path, '.');
    return dot ? dot : "";
}

bool native_path(const char *path) {
    const char *extension = extension_of(path);
    return strcmp(extension, ".o") == 0 || strcmp(extension, ".so") == 0 ||
           strcmp(extension, ".h") == 0;
}

/* The file's name as C writes names. */
static void function_name(const char *path, Buffer *out) {
    const char *slash = strrchr(path, '/');
    const char *at = slash ? slash + 1 : path, *end = extension_of(path);
    if (*at >= '0' && *at <= '9') buffer_char(out, '_');
    for (; at < end; at++) {
        bool plain =
            (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        buffer_char(out, plain ? *at : '_');
    }
    if (out->len == 0) buffer_char(out, '_');
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool report(Diagnostics *diags, const char *path, const char *why) {
    diag_error(diags, DIAG_FILE, (Span){0}, "can't write '%s': %s", path, why);
    return false;
}

static bool write_bytes(const char *path, const Buffer *bytes, Diagnostics *diags) {
    const char *why;
    return file_write(path, bytes->data, bytes->len, &why) || report(diags, path, why);
}

/* Runs the C compiler as a linker. */
static bool link_shared(const char *object, const char *library, const char **why) {
    const char *named = getenv("CC"), *cc = named && *named ? named : "cc";
    char *const argv[] = {(char *)cc,      "-shared",      "-nostdlib", "-o",
                          (char *)library, (char *)object, NULL};
    pid_t child;
    int status = 0, error = posix_spawnp(&child, cc, NULL, NULL, argv, environ);
    if (error != 0) {
        *why = "no C compiler (cc, or what CC names) is there to link it";
        return false;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    *why = "the C compiler did not link it";
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Linked beside the path and renamed into place, so that it is there whole or not at all. */
static bool write_shared(const char *path, const Buffer *object, Diagnostics *diags) {
    Buffer from = {0}, to = {0};
    const char *why = NULL;
    buffer_printf(&from, "%s.%ld.o", path, (long)getpid());
    buffer_printf(&to, "%s.%ld", path, (long)getpid());
    bool written = file_write(from.data, object->data, object->len, &why) &&
                   link_shared(from.data, to.data, &why);
    if (written && rename(to.data, path) != 0) {
        why = strerror(errno);
        written = false;
    }
    unlink(from.data);
    if (!written) unlink(to.data);
    buffer_free(&from);
    buffer_free(&to);
    return written || report(diags, path, why);
}

static bool write_files(const char *path, const Buffer *object, const Buffer *header,
                        Diagnostics *diags) {
    const char *extension = extension_of(path);
    if (strcmp(extension, ".h") == 0) return write_bytes(path, header, diags);
    Buffer beside = {0};
    buffer_add(&beside, path, (size_t)(extension - path));
    buffer_text(&beside, ".h");
    bool shared = strcmp(extension, ".so") == 0;
    bool written =
        (shared ? write_shared(path, object, diags) : write_bytes(path, object, diags)) &&
        write_bytes(beside.data, header, diags);
    buffer_free(&beside);
    return written;
}

bool native_write(const char *path, const Model *model, const char *cpu, Span span,
                  Diagnostics *diags) {
    Jit *jit = jit_open(span, diags);
    if (jit == NULL) return false;
    Buffer name = {0}, object = {0}, header = {0};
    JitOptions options = {.cpu = cpu};
    bool header_alone = strcmp(extension_of(path), ".h") == 0;
    function_name(path, &name);
    bool done = jit_library(jit, model, &options, name.data, span, diags,
                            header_alone ? NULL : &object, &header) &&
                write_files(path, &object, &header, diags);
    buffer_free(&name);
    buffer_free(&object);
    buffer_free(&header);
    jit_close(jit);
    return done;
}
