#include "tests/peers/refusals.h"

#include "runtime/base/file.h"
#include "runtime/base/limits.h"

#include <stdio.h>
#include <string.h>

bool refusals_read(const char *path, Refusals *out) {
    const char *why;
    *out = (Refusals){0};
    if (file_read(path, LIMIT_SOURCE_BYTES, &out->text, &why)) return true;
    printf("not ok - %s: %s\n", path, why);
    return false;
}

/* The code that the list has for it ("E0701 ..."), or NULL. */
static const char *listed(const Refusals *refusals, const char *engine, const char *name) {
    char start[256];
    int len = snprintf(start, sizeof start, "%s %s ", engine, name);
    for (const char *line = refusals->text.data; line != NULL && *line != '\0';) {
        if (strncmp(line, start, (size_t)len) == 0) return line + len;
        line = strchr(line, '\n');
        if (line != NULL) line++;
    }
    return NULL;
}

static bool report_engine(const Refusals *refusals, const char *name, const Judgement *judgement,
                          const Engine *engine, const EngineTally *tally) {
    const char *code = listed(refusals, engine->name, name);
    bool differs = judgement->finding != FIND_NOTHING && judgement->engine == engine;
    if (tally->refused && tally->id == DIAG_NO_JIT) {
        printf("ok - %s: %s # SKIP there is no jit\n", name, engine->name);
        return true;
    }
    if (differs) {
        printf("not ok - %s: %s differs from eval\n", name, engine->name);
        judgement_print(judgement);
        return false;
    }
    if (!tally->refused && code == NULL) {
        printf("ok - %s: %s equals eval on %llu inputs\n", name, engine->name,
               (unsigned long long)(tally->equal + tally->failed_too));
        return true;
    }
    if (!tally->refused) {
        printf("not ok - %s: %s computes it now; take it off the list\n", name, engine->name);
        return false;
    }
    const char *said = diag_code(tally->id);
    bool right = code != NULL && strncmp(code, said, strlen(said)) == 0;
    printf("%s - %s: %s refuses it%s\n", right ? "ok" : "not ok", name, engine->name,
           right ? ", as listed" : "");
    if (!right) printf("# %s %s %s %s\n", engine->name, name, said, tally->message);
    return right;
}

bool refusals_report(const Refusals *refusals, const char *name, const Judgement *judgement,
                     const EngineSet *engines) {
    if (judgement->finding == FIND_WRONG_PROGRAM) {
        printf("not ok - %s\n# the program is wrong: %s\n", name, judgement->message);
        return false;
    }
    bool passed = true;
    for (size_t i = 0; i < engines->count; i++) {
        bool right =
            report_engine(refusals, name, judgement, engines->engines[i], &judgement->tally[i]);
        passed = passed && right;
    }
    return passed;
}
