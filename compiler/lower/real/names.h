/* Names of subspaces, heads and outputs: as the program would say them. */
#ifndef RASPC_LOWER_REAL_NAMES_H
#define RASPC_LOWER_REAL_NAMES_H

#include "compiler/lower/real/plan.h"

typedef struct Names Names;
Names *names_new(RealPlan *plan); /* in the plan's scratch */
/* Each is unique among its like, and lives in the model's arena. */
const String *name_space(Names *names, const Value *value);
const String *name_head(Names *names, const Pattern *pattern);
const String *name_output(Names *names, NodeId node);

#endif
