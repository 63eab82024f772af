/* Any bytes as the text form of a model; if it is small, its weights run. */
#include "tests/fuzz/fuzz_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    text_form_fuzz(&model_form, data, size);
    return 0;
}
