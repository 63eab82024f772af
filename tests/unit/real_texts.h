/* Models over real vectors in their text form, for the suites that read and run them. */
#ifndef RASPC_TEST_REAL_TEXTS_H
#define RASPC_TEST_REAL_TEXTS_H

/* Hardmax dynamics (arXiv 2407.01602), as real_model.h shows it. */
extern const char real_dynamics[];
/* k-means, as in arXiv 2506.19125 but for the centres' squares, in one stream: a centre that nobody
   is nearest to stays. */
extern const char real_lloyd[];

#endif
