/* What a RASP expression is while a program is read: atoms, lists, dicts and functions exist only
   then; s-ops and selectors are nodes of the graph; sequences and matrices are results of applying
   them to an input. Immutable, in the session's arena. */
#ifndef RASPC_ELABORATE_VALUE_H
#define RASPC_ELABORATE_VALUE_H

#include "grammar/tree.h"
#include "runtime/graph/graph.h"
#include "runtime/value/sequence.h"

typedef enum ValueKind {
    VALUE_ERROR, /* a mistake was reported already; whatever uses it stays silent */
    VALUE_ATOM,
    VALUE_LIST,
    VALUE_DICT,
    VALUE_FUNCTION,
    VALUE_SOP,
    VALUE_SELECTOR,
    VALUE_SCORE,
    VALUE_PATTERN,
    VALUE_SEQUENCE,
    VALUE_MATRIX,
    VALUE_BARRED, /* a name's, which a loop takes away: reading it is a mistake */
} ValueKind;

typedef struct List List;
typedef struct Dict Dict;
typedef struct Function Function;
typedef struct Environment Environment;

typedef struct Value {
    ValueKind kind;
    union {
        Atom atom;
        const List *list;
        const Dict *dict;
        const Function *function;
        NodeId node; /* VALUE_SOP, VALUE_SELECTOR, VALUE_SCORE, VALUE_PATTERN */
        const Sequence *sequence;
        const Matrix *matrix;
        const char *why; /* VALUE_BARRED: what is wrong with reading it */
    } as;
} Value;

/* How deep a value nests and how many values it holds in all, so that both can be bounded. */
typedef struct Extent {
    uint32_t depth;
    uint64_t size;
} Extent;

struct List {
    uint32_t count;
    const Value *items; /* (count) */
    Extent extent;
};

/* Keys are atoms, in the order of insertion; 1, 1.0 and True are one key. */
struct Dict {
    uint32_t count, capacity;
    Atom *keys;      /* (count) */
    Value *values;   /* (count) */
    uint32_t *slots; /* a hash index of slot_count places: 1 + number of the key, 0 free */
    uint32_t slot_count;
    Extent extent;
};

struct Function {
    const String *name;
    const char *origin;            /* "console", "library", or the file's name without ".rasp" */
    const Tree *definition;        /* TREE_DEF; of a primitive only the names */
    const struct Builtin *builtin; /* NULL: it is written in RASP */
    Environment *environment;      /* where it was defined, by reference */
};

static inline Value value_error(void) { return (Value){.kind = VALUE_ERROR}; }
static inline Value value_atom(Atom atom) { return (Value){.kind = VALUE_ATOM, .as.atom = atom}; }
static inline Value value_list(const List *list) {
    return (Value){.kind = VALUE_LIST, .as.list = list};
}

/* Is it a node of the graph? */
static inline bool value_is_node(Value value) {
    return value.kind >= VALUE_SOP && value.kind <= VALUE_PATTERN;
}

/* "a list", "an s-op", "a string", ... for messages. */
const char *value_kind_name(Value value);
bool value_truth(Value value); /* Python's: what is empty or zero is false */

/* Python's ==. An s-op inside a list equals anything, as in the reference (its == gives an s-op,
   and an s-op is true). */
bool value_equal(Value a, Value b);
/* Numbers within a relative tolerance, everything else as value_equal. */
bool value_close(Value a, Value b, double tolerance);

/* Sequences and matrices as lists; lists as they are. False for anything else. */
bool value_as_list(Arena *arena, Value value, List *out);
/* What iteration yields: items of a list or sequence, keys of a dict, characters of a string. */
bool value_items(Arena *arena, Value value, List *out);
/* How many items a list, a sequence, a matrix or a string has. False for anything else. */
bool value_count(Value value, uint32_t *count);
/* One of them, without making a list of all; number is below that count. */
Value value_item(Arena *arena, Value value, uint32_t number);
const List *list_new(Arena *arena, const Value *items, uint32_t count);

Dict *dict_new(Arena *arena);
void dict_set(Arena *arena, Dict *dict, Atom key, Value value);
const Value *dict_get(const Dict *dict, Atom key); /* NULL when it is not there */

/* As RASP text: "a", [1, "a"], {"a": 1}; s-ops by name. For messages: at most max bytes. */
void value_format(const Graph *graph, Value value, size_t max, Buffer *out);
/* As Python prints a list or dict: [1, 'a', 2.5]. S-ops as <s-op>. */
void value_format_python(Value value, Buffer *out);

#endif
