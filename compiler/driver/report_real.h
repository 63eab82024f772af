/* raspc report for programs over real vectors: the one transformer that all outputs share. */
#ifndef RASPC_DRIVER_REPORT_REAL_H
#define RASPC_DRIVER_REPORT_REAL_H

#include "compiler/driver/input.h"
#include "compiler/driver/program.h"

/* relu_knots: relus_option. False after reporting that a target is no s-op. A refusal to lower is a
   finding, not a failure. */
bool report_real(Driver *driver, Session *session, const Targets *targets,
                 const Vocabulary *vocabulary, uint32_t relu_knots);

#endif
