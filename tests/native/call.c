/* Calls a program that raspc made a C function of: each line of standard input is an input, its
   tokens parted by blanks; prints the values that it gives as JSON, or what the function returned.
   HEADER is the header, NAME the function, RESULT the type of its elements; VALUES the list that
   says what they mean, where they are numbers of texts. */
#include HEADER

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASTE(a, b) a##b
#define PART(name, part) PASTE(name, part)
#define TOKENS PART(NAME, _tokens)

static int32_t number_of(const char *text) {
    int32_t count = (int32_t)(sizeof TOKENS / sizeof TOKENS[0]);
    for (int32_t t = 0; t < count; t++)
        if (strcmp(TOKENS[t], text) == 0) return t;
    return -1; /* which the function must refuse */
}

static void print(RESULT value) {
#if defined VALUES
    printf("\"%s\"", VALUES[value]);
#elif defined REALS
    printf("%.1f", value);
#else
    printf("%lld", (long long)value);
#endif
}

int main(void) {
    enum { MOST = 10000 };
    static char line[2 * MOST];
    static int32_t tokens[MOST];
    static RESULT result[MOST];
    while (fgets(line, sizeof line, stdin)) {
        int64_t n = 0;
        for (char *word = strtok(line, " \n"); word && n < MOST; word = strtok(NULL, " \n"))
            tokens[n++] = number_of(word);
        void *memory = malloc(PART(NAME, _memory)(n));
        int status = memory ? NAME(tokens, n, result, memory) : -1;
        if (status != 0) printf("returned %d", status);
        for (int64_t i = 0; status == 0 && i < n; i++) {
            printf("%s", i ? ", " : "[");
            print(result[i]);
        }
        puts(status == 0 ? "]" : "");
        free(memory);
    }
    return 0;
}
