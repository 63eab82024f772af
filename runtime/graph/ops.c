/* What each graph operation is: the table ops.def, read once. */
#include "runtime/graph/graph.h"

#include "runtime/base/bug.h"

#include <inttypes.h>
#include <string.h>

#define INPUT OPKIND_INPUT
#define ELEMENT OPKIND_ELEMENT
#define SELECTOR OPKIND_SELECTOR
#define SCORE OPKIND_SCORE
#define PATTERN OPKIND_PATTERN
#define ATTENTION OPKIND_ATTENTION
#define LOOP OPKIND_LOOP
#define NONE PAYLOAD_NONE
#define ATOM PAYLOAD_ATOM
#define TABLE PAYLOAD_TABLE
#define DECLARED PAYLOAD_DECLARED
#define COMPARES OPUSE_COMPARES
#define DECIDES OPUSE_DECIDES
#define FINDS OPUSE_FINDS
#define MOVES OPUSE_MOVES
#define COMPUTES OPUSE_COMPUTES
static const OpInfo op_infos[OP_COUNT] = {
#define GRAPH_OP(id, name, kind, arity, payload, use, text)                                        \
    [id] = {name, kind, arity, payload, use, text},
#include "runtime/graph/ops.def"
#undef GRAPH_OP
};

const OpInfo *op_info(GraphOp op) { return &op_infos[op]; }

bool op_is_comparison(GraphOp op) {
    return op_info(op)->kind == OPKIND_ELEMENT && op_info(op)->use == OPUSE_COMPARES;
}

bool op_is_selection(GraphOp op) {
    return op_info(op)->kind == OPKIND_SELECTOR && op_info(op)->use == OPUSE_COMPARES;
}

bool op_find(const char *name, GraphOp *op) {
    for (int i = 0; i < OP_COUNT; i++)
        if (strcmp(op_infos[i].name, name) == 0) {
            *op = (GraphOp)i;
            return true;
        }
    return false;
}

TypeSet type_of_atom(Atom atom) {
    switch ((AtomKind)atom.kind) {
    case ATOM_BOOL: return TYPE_BOOL;
    case ATOM_INT: return TYPE_INT;
    case ATOM_FLOAT: return TYPE_FLOAT;
    case ATOM_STRING: return TYPE_STRING;
    case ATOM_OPAQUE: return 0;
    }
    return 0;
}

const char *type_set_name(TypeSet types) {
    switch (types) {
    case TYPE_SELECTOR: return "a selector";
    case TYPE_VECTOR: return "vectors";
    case TYPE_SCORE: return "a score";
    case TYPE_PATTERN: return "a pattern";
    case TYPE_STRING: return "strings";
    case TYPE_BOOL: return "bools";
    case TYPE_INT: return "ints";
    case TYPE_FLOAT: return "floats";
    case TYPE_BOOL | TYPE_INT: return "bools or ints";
    }
    if ((types & TYPE_SELECTOR) == 0 && (types & TYPE_STRING) == 0) return "numbers";
    return "strings or numbers";
}

void shape_format(Buffer *out, Shape shape) {
    if (shape.types == TYPE_VECTOR)
        buffer_printf(out, "vec[%" PRIu32 "]", shape.width);
    else
        buffer_text(out, type_set_name(shape.types));
}

static const struct {
    TypeSet one;
    const char *word;
} type_words[] = {
    {TYPE_STRING, "str"}, {TYPE_INT, "int"}, {TYPE_FLOAT, "float"}, {TYPE_BOOL, "bool"}};
enum { TYPE_WORDS = sizeof type_words / sizeof type_words[0] };

const char *type_word(TypeSet one) {
    for (int i = 0; i < TYPE_WORDS; i++)
        if (type_words[i].one == one) return type_words[i].word;
    BUG("type %d has no word", one);
}

TypeSet type_of_word(const char *word) {
    for (int i = 0; i < TYPE_WORDS; i++)
        if (strcmp(type_words[i].word, word) == 0) return type_words[i].one;
    return 0;
}
