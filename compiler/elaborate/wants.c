#include "compiler/elaborate/wants.h"

#include "runtime/base/bug.h"

static SequenceType type_of_atoms(TypeSet atoms) {
    switch (atoms) {
    case TYPE_STRING: return SEQUENCE_STRINGS;
    case TYPE_BOOL: return SEQUENCE_BOOLS;
    case TYPE_INT: return SEQUENCE_INTS;
    case TYPE_FLOAT: return SEQUENCE_FLOATS;
    }
    BUG("no type of atoms: %u", atoms);
}

ColumnWant declared_want(Declared declared) {
    bool vectors = declared.type.dimensions > 0;
    return (ColumnWant){.name = declared.name,
                        .type = vectors ? SEQUENCE_VECTORS : type_of_atoms(declared.type.atoms),
                        .width = vectors ? declared.type.columns : 0};
}

const ColumnWant *session_wants(const Session *session, Arena *arena, uint32_t *count) {
    size_t declared_count = session_declared_count(session);
    ColumnWant *wants = ARENA_ARRAY(arena, ColumnWant, declared_count);
    *count = 0;
    for (size_t i = 0; i < declared_count; i++) {
        Declared declared = session_declared(session, i);
        if (!declared.is_param) wants[(*count)++] = declared_want(declared);
    }
    return wants;
}
