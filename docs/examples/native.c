/* Calls a program that raspc made a C function of:
     raspc compile programs/counting/histogram.rasp -o hist.o --vocab abc --max-len 1000
     cc docs/examples/native.c hist.o -I. -o native && ./native */
#include "hist.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
    const int32_t tokens[] = {0, 1, 0, 2}; /* "abac" */
    int64_t result[4];
    void *memory = malloc(hist_memory(4));
    int status = memory ? hist(tokens, 4, result, memory) : -1;
    for (int i = 0; status == 0 && i < 4; i++)
        printf("%s %d\n", hist_tokens[tokens[i]], (int)result[i]);
    free(memory);
    return status;
}
