#include "runtime/engines/real/forward.h"

#include "runtime/base/limits.h"

bool real_work_on(RealWork *work, uint64_t pairs) {
    const uint64_t between_questions = 1 << 20; /* about a millisecond */
    work->pairs += pairs;
    work->since += pairs;
    if (work->pairs > LIMIT_EVALUATION_PAIRS) {
        work->failure.end = REAL_TOO_LONG;
        return false;
    }
    if (work->since < between_questions) return true;
    work->since = 0;
    if (cancel_asked(work->cancel)) work->failure.end = REAL_STOPPED;
    return work->failure.end == REAL_DONE;
}
