/* Runs a fuzz target on the files named as arguments, without libFuzzer: what once went wrong stays
   a test. Reports in TAP; a crash ends it, after naming the file. */
#include "tests/fuzz/fuzz.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        Buffer input = {0};
        const char *why = NULL;
        if (!file_read(argv[i], LIMIT_SOURCE_BYTES, &input, &why)) {
            printf("not ok - %s: %s\n", argv[i], why);
            continue;
        }
        printf("# %s\n", argv[i]);
        LLVMFuzzerTestOneInput((const uint8_t *)(input.data ? input.data : ""), input.len);
        printf("ok - %s\n", argv[i]);
        buffer_free(&input);
    }
    return 0;
}
