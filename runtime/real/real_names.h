/* The words of the text form that its printer and its parser share. */
#ifndef RASPC_REAL_NAMES_H
#define RASPC_REAL_NAMES_H

#include "runtime/graph/graph.h"

#define REAL_ERASE_WORD "erase"
#define REAL_RELU_WORD "relus" /* `relu` is the operation of one */

enum { REAL_TYPE_COUNT = 3 };
/* Types of numbers, in the order in which a text names them. */
static const struct {
    const char *name;
    TypeSet type;
} real_types[REAL_TYPE_COUNT] = {{"bool", TYPE_BOOL}, {"int", TYPE_INT}, {"float", TYPE_FLOAT}};

#endif
