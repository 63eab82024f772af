/* Counts letters with a RASP program, as native code:

       cc histogram.c $(pkg-config --cflags --libs raspc) -o histogram
       ./histogram hello

   prints "h 1", "e 1", "l 2", "l 2", "o 1". */
#include <raspc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char source[] = "same = select(tokens, tokens, ==);\n"
                             "hist = selector_width(same);\n";

enum { LETTERS = 26, LONGEST = 1000 };

static int fail(const raspc_program *program) {
    for (size_t i = 0; i < raspc_program_diagnostics(program); i++) {
        raspc_diagnostic wrong;
        raspc_program_diagnostic(program, i, &wrong);
        fprintf(stderr, "%s:%u:%u: error[%s]: %s\n", wrong.file, wrong.line, wrong.column, wrong.id,
                wrong.message);
    }
    return EXIT_FAILURE;
}

int main(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "hello";
    raspc_program *program;
    if (raspc_program_new(NULL, &program) != RASPC_OK) return EXIT_FAILURE;
    if (raspc_program_load(program, "histogram.rasp", source, strlen(source)) != RASPC_OK)
        return fail(program);

    char letters[LETTERS];
    raspc_value vocabulary[LETTERS];
    for (int i = 0; i < LETTERS; i++) {
        letters[i] = (char)('a' + i);
        vocabulary[i] = (raspc_value){.kind = RASPC_STRING, .text = &letters[i], .length = 1};
    }
    raspc_transformer_options options = {.size = sizeof options,
                                         .engine = RASPC_JIT,
                                         .vocabulary = vocabulary,
                                         .vocabulary_count = LETTERS,
                                         .max_length = LONGEST};
    raspc_transformer *hist;
    if (raspc_transformer_new(program, "hist", &options, &hist) != RASPC_OK) return fail(program);

    raspc_result *result;
    raspc_status status = raspc_run_text(hist, word, strlen(word), &result);
    if (status == RASPC_OK) {
        for (size_t i = 0; i < raspc_result_count(result); i++) {
            raspc_value count;
            raspc_result_value(result, i, &count);
            printf("%c %lld\n", word[i], (long long)count.integer);
        }
    } else if (status == RASPC_WRONG) {
        raspc_diagnostic wrong;
        raspc_result_diagnostic(result, 0, &wrong);
        fprintf(stderr, "error[%s]: %s\n", wrong.id, wrong.message);
    }
    raspc_result_free(result);
    raspc_transformer_free(hist);
    raspc_program_free(program);
    return status == RASPC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
