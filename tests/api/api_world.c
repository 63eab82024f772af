#include "tests/api/api_world.h"

#include <check.h>
#include <pthread.h>
#include <string.h>

const raspc_engine engines[ENGINES] = {RASPC_EVAL, RASPC_INTERP, RASPC_JIT};

raspc_program *program_of(const char *text) {
    raspc_program *program;
    ck_assert_int_eq(raspc_program_new(NULL, &program), RASPC_OK);
    ck_assert_int_eq(raspc_program_load(program, "test.rasp", text, strlen(text)), RASPC_OK);
    return program;
}

raspc_transformer *transformer_with(raspc_program *program, const char *expression,
                                    const raspc_transformer_options *options) {
    raspc_transformer *transformer;
    raspc_status status = raspc_transformer_new(program, expression, options, &transformer);
    raspc_diagnostic why;
    if (status == RASPC_REFUSED && options->engine == RASPC_JIT) {
        ck_assert_int_eq(raspc_program_diagnostic(program, 0, &why), RASPC_OK);
        ck_assert_str_eq(why.id, "E0702");
        return NULL;
    }
    ck_assert_int_eq(status, RASPC_OK);
    return transformer;
}

void run_threads(void *(*work)(void *), void *state) {
    enum { THREADS = 6 };
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, state), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}
