/* Holds what other compilers get wrong against ours; reports in TAP.
     test-peers tracr CASES.jsonl DIRECTORY REFUSED.txt
     test-peers failures REFUSED.txt FILE... */
#include "tests/peers/peers.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    EngineSet engines = {.engines = {engine_at(1), engine_at(2)}, .count = 2};
    Refusals refusals;
    bool passed = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 5 && strcmp(argv[1], "tracr") == 0) {
        passed =
            refusals_read(argv[4], &refusals) && tracr_cases(argv[2], argv[3], &refusals, &engines);
    } else if (argc > 3 && strcmp(argv[1], "failures") == 0) {
        passed = refusals_read(argv[2], &refusals);
        for (int i = 3; i < argc; i++)
            passed = peer_failure(argv[i], &refusals, &engines) && passed;
    } else {
        fputs("usage: test-peers tracr CASES DIRECTORY REFUSED | failures REFUSED FILE...\n",
              stderr);
        return 2;
    }
    buffer_free(&refusals.text);
    return passed ? 0 : 1;
}
