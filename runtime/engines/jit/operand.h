/* Operands: one number a position, as an affine sum of leaves. What the planner writes features of
   the model as, and what loops are generated from. Integers are exact; a fraction is two operands,
   or a real one that divides.
   Buffers are what the caller allocates for the code; tables are constants that the program owns.
   Both are columns of the code, buffers first. */
#ifndef RASPC_JIT_OPERAND_H
#define RASPC_JIT_OPERAND_H

#include "runtime/base/arena.h"

typedef enum ElementType { ELEMENT_I32, ELEMENT_I64, ELEMENT_F64 } ElementType;
size_t element_size(ElementType type);

/* A number that is known once the number of positions n is: fixed + per_position * n. */
typedef struct Length {
    int64_t fixed, per_position;
} Length;

/* A column has one element a position, written once by one loop. One that no other loop reads is
   never stored (emit.h), and then its length is 0. */
typedef struct BufferSpec {
    ElementType type;
    Length length; /* in elements */
    bool column;
    bool kept; /* read by others than the code */
} BufferSpec;

typedef uint32_t BufferId; /* numbers of the lists in Columns */
typedef uint32_t TableId;
#define NO_BUFFER UINT32_MAX
#define NO_TABLE UINT32_MAX

typedef struct ConstantTable {
    ElementType type;
    uint32_t count;
    const void *data; /* (count) */
} ConstantTable;

/* The lists grow while a program is planned and stand when its code is written. */
typedef struct Columns {
    Arena *arena;
    BufferSpec *buffers;
    uint32_t buffer_count, buffer_capacity;
    ConstantTable *tables;
    uint32_t table_count, table_capacity;
} Columns;

BufferId columns_buffer(Columns *columns, ElementType type, Length length);
BufferId columns_per_position(Columns *columns, ElementType type);
/* For integers of that range. */
BufferId columns_of_range(Columns *columns, int64_t low, int64_t high);
bool range_is_narrow(int64_t low, int64_t high); /* 32 bits hold it */
/* Copies the values, into 32 bits where they fit. */
TableId columns_table(Columns *columns, const int64_t *values, uint32_t count);
TableId columns_real_table(Columns *columns, const double *values, uint32_t count);
/* A table of table[i] = values[first[i]], for a table of integers. */
TableId columns_composed(Columns *columns, TableId first, const int64_t *values);
int64_t table_integer(const ConstantTable *table, uint32_t index);

typedef enum LeafKind { LEAF_ONE, LEAF_POSITION, LEAF_TOKEN, LEAF_COLUMN } LeafKind;

typedef struct Leaf {
    LeafKind kind;
    BufferId column; /* COLUMN */
    TableId table;   /* the number is looked up here unless NO_TABLE; the index lies inside */
    BufferId under;  /* real operands: divided by scale * under[position], unless NO_BUFFER */
    int64_t scale;
    int64_t factor; /* integer operands */
    double real_factor;
    int64_t low, high; /* of an integer leaf before the factor */
} Leaf;

typedef struct Operand {
    bool real;
    int64_t constant;
    double real_constant;
    uint32_t count;
    const Leaf *leaves; /* (count) */
} Operand;

static inline Operand operand_int(int64_t constant) { return (Operand){.constant = constant}; }
static inline Leaf leaf_of(LeafKind kind) {
    return (Leaf){.kind = kind,
                  .column = NO_BUFFER,
                  .table = NO_TABLE,
                  .under = NO_BUFFER,
                  .scale = 1,
                  .factor = 1,
                  .real_factor = 1};
}

/* Whether the operand is the position plus a constant. */
bool operand_is_position(const Operand *operand, int64_t *plus);
/* The range of an integer operand; false when it may leave 62 bits. */
bool operand_range(const Operand *operand, int64_t *low, int64_t *high);

#endif
