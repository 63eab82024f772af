/* One fused loop, inside its emitter: the values of this position, and where its parts are. */
#ifndef RASPC_JIT_REAL_ELEMENT_EMIT_H
#define RASPC_JIT_REAL_ELEMENT_EMIT_H

#include "runtime/engines/jit/real/program.h"

/* A node's value at a position. */
typedef struct ElementValue {
    LLVMValueRef number; /* double, or of a vector <width x double>; NULL: not yet known */
    LLVMValueRef tag;    /* i8, of a scalar */
} ElementValue;

typedef struct Elements {
    Kernel *kernel;
    RealPlan *plan;
    ElementStep *step;
    LLVMValueRef columns, traps;
    LLVMValueRef row, position; /* of the row set; of the input */
    ElementValue *values;       /* (graph->count) */
} Elements;

/* The value of a node that is not the step's own, or that was computed before. */
ElementValue element_operand(Elements *elements, NodeId node);
/* The vector, or the scalar in each of so many components. */
LLVMValueRef element_splat(Elements *elements, const ElementValue *value, uint32_t width);
LLVMValueRef element_part(Elements *elements, LLVMValueRef vector, uint32_t component);
/* Scalars of a table, every stride-th, as a constant. */
LLVMValueRef element_table(Elements *elements, const Table *table, uint32_t first, uint32_t stride,
                           uint32_t count);
/* Where the condition holds the program fails at this position, over operands a and b. */
void element_trap(Elements *elements, LLVMValueRef condition, NodeId node, ElementValue a,
                  ElementValue b);

/* Tables of constants (table_emit.c): is the value among the keys, the key's value, the item. */
LLVMValueRef table_member(Elements *elements, NodeId node, ElementValue a);
ElementValue table_lookup(Elements *elements, NodeId node, ElementValue a);
ElementValue table_item(Elements *elements, NodeId node, ElementValue a);

/* The value of an element-wise node (element_ops.c). */
ElementValue element_compute(Elements *elements, NodeId node);

#endif
