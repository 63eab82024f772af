/* raspc certify: proves a model's certificate from its weights. Nothing of the lowering is used. */
#include "compiler/driver/driver.h"
#include "compiler/driver/show.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/certify/certify.h"
#include "runtime/certify/weights_file.h"

#include <string.h>
#include <sys/stat.h>

/* The weights' file with its header and certificate. */
#define WEIGHTS_FILE_LIMIT (LIMIT_DENSE_BYTES + ((size_t)256 << 20))

typedef struct Certification {
    Driver *driver;
    Diagnostics *diags;
    Arena *arena;
    const char *path; /* as the command line has it */
    WeightsFile file;
    const Certificate *certificate;
    Buffer report, why;
    bool assumes;
} Certification;

static bool bad_file(Certification *c, const char *path, const char *why) {
    diag_error(c->diags, DIAG_WEIGHTS_FILE, (Span){0}, "'%s': %s", path, why);
    return false;
}

static bool fetch(Certification *c, const char *path, size_t limit, Buffer *out) {
    const char *why;
    if (file_read(path, limit, out, &why)) return true;
    diag_error(c->diags, DIAG_FILE, (Span){0}, "can't read '%s': %s", path, why);
    return false;
}

static bool read_weights(Certification *c, const char *path) {
    Buffer bytes = {0};
    const char *why;
    bool fine = fetch(c, path, WEIGHTS_FILE_LIMIT, &bytes);
    if (fine && !weights_file_read(c->arena, bytes.data, bytes.len, &c->file, &why))
        fine = bad_file(c, path, why);
    buffer_free(&bytes);
    return fine;
}

static bool parse_certificate(Certification *c, const char *path, const char *text, size_t len) {
    const char *why;
    c->certificate = certificate_parse(c->arena, text, len, &why);
    if (c->certificate != NULL) return true;
    Buffer message = {0};
    buffer_printf(&message, "no certificate: %s", why);
    bad_file(c, path, message.data);
    buffer_free(&message);
    return false;
}

static bool is_there(const char *directory, const char *name) {
    struct stat about;
    Buffer path = {0};
    buffer_printf(&path, "%s/%s", directory, name);
    bool there = stat(path.data, &about) == 0;
    buffer_free(&path);
    return there;
}

/* Formats that hold the same weights in another shape, or a graph beside them: what was proven of
   other files would not be proven of these. */
static bool is_another_format(Certification *c, bool directory) {
    Diagnostic *diag;
    size_t len = strlen(c->path);
    if (directory && is_there(c->path, "raspc.json") && !is_there(c->path, "certificate.json"))
        diag = diag_error(c->diags, DIAG_WEIGHTS_FILE, (Span){0},
                          "'%s' is laid out for TransformerLens: its weights are padded and scaled "
                          "for that library, and have no certificate",
                          c->path);
    else if (!directory && len > 5 && strcmp(c->path + len - 5, ".onnx") == 0)
        diag = diag_error(c->diags, DIAG_WEIGHTS_FILE, (Span){0},
                          "'%s' is a graph: certify reads weights, and what the graph's operators "
                          "do with them is not proven",
                          c->path);
    else
        return false;
    diag_help(diag, "compile the same program to a directory, a .safetensors or an .npz file, and "
                    "certify that");
    return true;
}

/* A directory has the certificate in a file of its own. */
static bool read_directory(Certification *c) {
    Buffer weights = {0}, path = {0}, text = {0};
    buffer_printf(&weights, "%s/model.safetensors", c->path);
    buffer_printf(&path, "%s/certificate.json", c->path);
    bool fine = read_weights(c, weights.data) && fetch(c, path.data, LIMIT_DENSE_BYTES, &text) &&
                parse_certificate(c, path.data, text.data, text.len);
    buffer_free(&weights);
    buffer_free(&path);
    buffer_free(&text);
    return fine;
}

static bool read_model(Certification *c) {
    struct stat about;
    bool there = stat(c->path, &about) == 0, directory = there && S_ISDIR(about.st_mode);
    if (there && is_another_format(c, directory)) return false;
    if (directory) return read_directory(c);
    if (!read_weights(c, c->path)) return false;
    const char *text = c->file.certificate;
    if (text == NULL) return bad_file(c, c->path, "it holds no certificate");
    return parse_certificate(c, c->path, text, strlen(text));
}

static bool prove(Certification *c) {
    const char *hash = weights_hash(c->arena, &c->file.tensors);
    if (!certify(c->certificate, c->file.weights, &c->report, &c->why, &c->assumes)) return false;
    if (strcmp(hash, c->certificate->weights_hash) == 0) return true;
    buffer_text(
        &c->why,
        "all of the above, but the weights are not those that the certificate was made for");
    return false;
}

static void show_text(Certification *c, bool proven) {
    Buffer *out = &c->driver->out;
    buffer_add(out, c->report.data, c->report.len);
    if (proven)
        buffer_printf(out, "%s: certified for every input of up to %u of %u tokens%s\n", c->path,
                      c->certificate->max_length, c->certificate->vocabulary_count,
                      c->assumes ? ", given what is assumed" : "");
    else
        buffer_printf(out, "%s: not proven: %s\n", c->path, c->why.data);
}

static void show_json(Certification *c, bool proven) {
    Buffer *out = &c->driver->out;
    buffer_text(out, "{\"file\": ");
    show_json_text(out, c->path);
    buffer_printf(out, ", \"certified\": %s, \"assumes\": %s, \"proven\": [",
                  proven ? "true" : "false", c->assumes ? "true" : "false");
    char *line = c->report.data;
    for (bool first = true; line != NULL && *line != '\0'; first = false) {
        char *end = strchr(line, '\n');
        if (end != NULL) *end = '\0';
        if (!first) buffer_text(out, ", ");
        show_json_text(out, line);
        line = end == NULL ? NULL : end + 1;
    }
    buffer_text(out, "]");
    if (!proven) {
        buffer_text(out, ", \"not_proven\": ");
        show_json_text(out, c->why.data);
    }
    buffer_text(out, "}\n");
}

ExitStatus cmd_certify(Driver *driver) {
    const Options *options = &driver->options;
    if (options->operand_count != 1)
        return driver_usage(driver, "which model? (a directory, a .safetensors or an .npz file)");
    Certification c = {.driver = driver, .arena = arena_new(0), .path = options->operands[0]};
    Sources *sources = sources_new();
    c.diags = diagnostics_new(sources);
    ExitStatus status = EXIT_WRONG;
    if (read_model(&c)) {
        bool proven = prove(&c);
        (option_given(options, OPT_JSON) ? show_json : show_text)(&c, proven);
        status = proven ? EXIT_DONE : EXIT_FAILED;
    }
    driver_show(driver, c.diags);
    diagnostics_free(c.diags);
    sources_free(sources);
    weights_file_free(&c.file);
    buffer_free(&c.report);
    buffer_free(&c.why);
    arena_free(c.arena);
    return status;
}
