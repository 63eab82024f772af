#include "tests/peers/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inputs at a length: n x n dense weights are slow at the greatest. */
static uint32_t inputs_at(uint32_t length) { return length < 100 ? 30 : length < 1000 ? 10 : 2; }

static const char *base_name(const char *path, char *out, size_t size) {
    const char *slash = strrchr(path, '/');
    snprintf(out, size, "%s", slash == NULL ? path : slash + 1);
    char *dot = strrchr(out, '.');
    if (dot != NULL) *dot = '\0';
    return out;
}

/* As a causal model: refused because it looks ahead, or for want of bits, or equal to eval. */
static bool causal_failure(const char *name, const Case *program, const EngineSet *engines) {
    Arena *arena = arena_new(0);
    EngineSet causal = *engines;
    causal.causal = true;
    Judgement judgement = judge(arena, program, &causal);
    bool passed = judgement.finding == FIND_NOTHING;
    for (size_t i = 0; i < causal.count && passed; i++) {
        const EngineTally *tally = &judgement.tally[i];
        passed = !tally->refused || tally->id == DIAG_LOOKS_AHEAD || tally->id == DIAG_NO_JIT ||
                 tally->id == DIAG_TOO_LARGE_FOR_DENSE;
    }
    printf("%s - %s: causal models are refused or equal eval\n", passed ? "ok" : "not ok", name);
    arena_free(arena);
    return passed;
}

/* The second line: "# lengths: 10 32 64". */
bool peer_failure(const char *path, const Refusals *refusals, const EngineSet *engines) {
    static const char marker[] = "\n# lengths: ";
    Arena *arena = arena_new(0);
    Case program;
    char base[64], name[128];
    base_name(path, base, sizeof base);
    if (!case_read(path, arena, &program)) {
        printf("not ok - %s\n", base);
        arena_free(arena);
        return false;
    }
    const char *lengths = strchr(program.text, '\n');
    bool passed = strncmp(lengths, marker, strlen(marker)) == 0;
    if (!passed) printf("not ok - %s: the second line must name the lengths\n", base);
    char *at = passed ? (char *)lengths + strlen(marker) : NULL;
    while (at != NULL && *at >= '0' && *at <= '9') {
        program.vocabulary.max_len = (uint32_t)strtoul(at, &at, 10);
        at += strspn(at, " ");
        program.inputs_at_most = inputs_at(program.vocabulary.max_len);
        snprintf(name, sizeof name, "%s@%u", base, program.vocabulary.max_len);
        Arena *scratch = arena_new(0);
        Judgement judgement = judge(scratch, &program, engines);
        passed = refusals_report(refusals, name, &judgement, engines) && passed;
        arena_free(scratch);
        passed = causal_failure(name, &program, engines) && passed;
    }
    arena_free(arena);
    return passed;
}
