/* Models over real vectors in their text form, for the suites that read and run them. */
#ifndef RASPC_TEST_REAL_TEXTS_H
#define RASPC_TEST_REAL_TEXTS_H

#include "runtime/real/real_model.h"
#include "tests/unit/text_world.h"

/* Hardmax dynamics (arXiv 2407.01602), as real_model.h shows it. */
extern const char real_dynamics[];
/* k-means, as in arXiv 2506.19125 but for the centres' squares, in one stream: a centre that nobody
   is nearest to stays. */
extern const char real_lloyd[];

/* A text with one part replaced; it lives in the world's arena. */
const char *real_text_with(TextWorld *world, const char *text, const char *part, const char *by);
/* The model of a text; NULL after a diagnostic. */
RealModel *real_text_model(TextWorld *world, const char *text);

#endif
