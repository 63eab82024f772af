/* Any bytes as a file of weights with a certificate: reading and proving end, with a reason or with
   a certificate that prints to a text that reads back to the same print. */
#include "tests/fuzz/fuzz.h"

#include "runtime/certify/certify.h"
#include "runtime/certify/weights_file.h"

#include <string.h>

static void check_print(Arena *arena, const Certificate *certificate) {
    Buffer first = {0}, second = {0};
    const char *why;
    certificate_print(certificate, &first);
    /* The values of codes are for people: they are printed only by who has them. */
    const Certificate *again = certificate_parse(arena, first.data, first.len, &why);
    if (again) {
        certificate_print(again, &second);
        require_equal("certificate", &first, &second);
    }
    buffer_free(&first);
    buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arena = arena_new(0);
    WeightsFile file;
    const char *why = NULL;
    bool read = weights_file_read(arena, (const char *)data, size, &file, &why);
    if (!read && !why) BUG("no weights and no reason");
    const Certificate *certificate = NULL;
    if (file.certificate)
        certificate = certificate_parse(arena, file.certificate, strlen(file.certificate), &why);
    if (certificate) check_print(arena, certificate);
    if (read && certificate) {
        Buffer report = {0}, reason = {0};
        bool assumes, proven = certify(certificate, file.weights, &report, &reason, &assumes);
        if (proven == (reason.len != 0)) BUG("a proof and a reason, or neither");
        buffer_free(&report);
        buffer_free(&reason);
    }
    weights_file_free(&file);
    arena_free(arena);
    return 0;
}
