/* Which differences of an engine from eval are ties that rounding decides. */
#ifndef RASPC_DRIVER_VERIFY_TIES_H
#define RASPC_DRIVER_VERIFY_TIES_H

#include "compiler/driver/engines.h"

/* Is it shown, in rational numbers, that only rounding makes the engine's results differ from
   eval's on that input? tolerance: as FloatRun's. Engines without a transformer show nothing. *work
   grows by what it took. */
bool is_rounding(const Engine *engine, void *state, const ApplyRequest *request,
                 const NodeId *nodes, uint32_t count, double tolerance, uint64_t *work);

#endif
