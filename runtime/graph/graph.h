/* The graph: what a program means once functions, loops and lists are gone. A hash-consed DAG of
   typed nodes in creation order, so every argument's id is smaller than its user's.
   Owns nothing: nodes, tables and names live in the arena given to graph_new.
   Always holds (graph_verify): arguments exist, are of the kinds that the operation takes, types
   are those that graph_infer gives, no two nodes are equal.
   No pass recurses over it: a loop over ids is a topological order. */
#ifndef RASPC_GRAPH_H
#define RASPC_GRAPH_H

#include "runtime/base/diag.h"
#include "runtime/value/atom.h"

typedef uint32_t NodeId;
#define NO_NODE UINT32_MAX

typedef enum GraphOp {
#define GRAPH_OP(id, name, kind, arity, payload, use, text) id,
#include "runtime/graph/ops.def"
#undef GRAPH_OP
    OP_COUNT
} GraphOp;

typedef enum OpKind {
    OPKIND_INPUT,
    OPKIND_ELEMENT,
    OPKIND_SELECTOR,
    OPKIND_SCORE,
    OPKIND_PATTERN,
    OPKIND_ATTENTION,
    OPKIND_LOOP,
} OpKind;
typedef enum OpPayload { PAYLOAD_NONE, PAYLOAD_ATOM, PAYLOAD_TABLE, PAYLOAD_DECLARED } OpPayload;
typedef enum OpUse {
    OPUSE_COMPARES,
    OPUSE_DECIDES,
    OPUSE_FINDS,
    OPUSE_MOVES,
    OPUSE_COMPUTES,
} OpUse;

typedef struct OpInfo {
    const char *name;
    OpKind kind;
    uint8_t arity;
    OpPayload payload;
    OpUse use;
    const char *text;
} OpInfo;
const OpInfo *op_info(GraphOp op);
/* Of two values at each position (eq, lt, ...); of every key with every query (select_eq, ...). */
bool op_is_comparison(GraphOp op);
bool op_is_selection(GraphOp op);
bool op_find(const char *name, GraphOp *op);

/* Which kinds of atom a position can hold: a set of the first bits. Vectors, selectors, scores and
   patterns are nothing else beside. */
typedef uint8_t TypeSet;
enum {
    TYPE_BOOL = 1,
    TYPE_INT = 2,
    TYPE_FLOAT = 4,
    TYPE_STRING = 8,
    TYPE_NUMBER = TYPE_BOOL | TYPE_INT | TYPE_FLOAT,
    TYPE_ANY = TYPE_NUMBER | TYPE_STRING,
    TYPE_SELECTOR = 16,
    TYPE_VECTOR = 32, /* of `width` doubles */
    TYPE_SCORE = 64,
    TYPE_PATTERN = 128,
};
/* Does a node of this type hold a value at every position? */
static inline bool type_is_sop(TypeSet types) { return (types & (TYPE_ANY | TYPE_VECTOR)) != 0; }
TypeSet type_of_atom(Atom atom);
/* "strings", "ints", "numbers", "a selector", ... for messages. */
const char *type_set_name(TypeSet types);

/* A type, and of vectors the width (0 else). */
typedef struct Shape {
    TypeSet types;
    uint32_t width;
} Shape;
/* "vec[2]", else as type_set_name. */
void shape_format(Buffer *out, Shape shape);
/* The word for one kind of atom: "str", "int", "float", "bool"; and back, 0 for any other word. */
const char *type_word(TypeSet one);
TypeSet type_of_word(const char *word);

/* A constant list or dict. OP_MEMBER uses keys; OP_ITEM, OP_VECTOR and OP_MATMUL use values by
   number; OP_LOOKUP both. */
typedef struct Table {
    uint32_t count;
    const Atom *keys;   /* (count) or NULL */
    const Atom *values; /* (count) or NULL */
} Table;

typedef struct Node {
    GraphOp op;
    TypeSet type;
    uint32_t width; /* TYPE_VECTOR */
    uint32_t depth; /* the first attention layer after which it is known (language I.7); one round
                       of a loop counts once for each time it may run */
    uint32_t again; /* of a loop's body: its depth in the second round, once the loop is closed */
    uint32_t loop;  /* 1 + the number of the innermost loop whose state it depends on; 0: none */
    NodeId args[3];
    Atom atom;          /* PAYLOAD_ATOM; DECLARED: the input's name, or the state's number */
    const Table *table; /* PAYLOAD_TABLE */
    Span span;          /* where it was first written */
    uint32_t name;      /* 1 + the number of its latest name; 0: none */
} Node;

/* A program's name for a node, in the order of assignment. */
typedef struct GraphName {
    const String *name;
    NodeId node;
} GraphName;

/* What a round of a loop leaves for the next: `state` stands for init in the first round, then for
   what `next` was in the round before. */
typedef struct LoopState {
    NodeId state, init, next;
} LoopState;

/* A loop: the nodes that depend on its states are its body, which every round computes anew. Its
   results (OP_RESULT) are body nodes as the last round left them; their ids are above the body's,
   and the ids of the states are above those of their inits. */
typedef struct GraphLoop {
    uint32_t times; /* rounds, at least 1; with until the most */
    NodeId until;   /* no round follows one after which it is true at every position; or NO_NODE */
    uint32_t state_count, state_capacity;
    LoopState *states; /* (state_count) */
    uint32_t outer;    /* 1 + the number of the loop whose body it is in; 0: none */
    bool closed;       /* graph_loop_end was called */
    /* Once it is closed: how many layers the second round adds to the first, at most, and each
       later one to the one before. */
    uint32_t entry, step;
    Span span;
} GraphLoop;

typedef struct Graph {
    Arena *arena;
    Node *nodes;
    uint32_t count, capacity;
    GraphName *names; /* a later entry of the same name hides an earlier one */
    uint32_t name_count, name_capacity;
    NodeId *buckets; /* hash-consing; internal */
    uint32_t bucket_count;
    GraphLoop *loops; /* (loop_count) */
    uint32_t loop_count, loop_capacity, state_count;
} Graph;

Graph *graph_new(Arena *arena);

/* --- build (build.c) -------------------------------------------------------------------------- */

/* Describes a node to add; unused arguments are NO_NODE. */
typedef struct NodeSpec {
    GraphOp op;
    NodeId args[3];
    Atom atom;
    const Table *table;
    Shape declared; /* PAYLOAD_DECLARED */
    Span span;
} NodeSpec;

/* The type that the node would have; no types when no value of its arguments' types could ever
   work, and then *why says which ("can't add strings and ints"). Pure. */
Shape graph_infer(const Graph *graph, const NodeSpec *spec, Buffer *why);

/* Finds the equal node or adds it. NO_NODE when graph_infer finds no type or the limit on nodes is
   reached (why says so). Tables and atoms must live at least as long as the graph. */
NodeId graph_add(Graph *graph, const NodeSpec *spec, Buffer *why);
NodeId graph_const(Graph *graph, Atom atom, Span span);
/* How much each query of n attends to each key, of a pattern: a vector of n numbers at every
   position, which is what the pattern gathers of one-hot positions. NO_NODE and *why as above. */
NodeId graph_weights(Graph *graph, NodeId pattern, uint32_t n, Buffer *why);

/* A loop: begin; a state for each name that it carries; the body's nodes; end; results. A loop that
   is never ended is part of nothing (its type was tried and did not hold): graph_verify passes over
   it. outer: the loop in whose body it begins, as GraphLoop has it. */
uint32_t graph_loop_begin(Graph *graph, uint32_t outer, Span span);
/* declared: what the state may hold in any round, init's type included. */
NodeId graph_loop_state(Graph *graph, uint32_t loop, NodeId init, Shape declared, Span span);
/* next: (state_count of the loop), s-ops of types that the states' are declared to hold. */
void graph_loop_end(Graph *graph, uint32_t loop, uint32_t times, NodeId until, const NodeId *next);
NodeId graph_loop_result(Graph *graph, uint32_t loop, NodeId node, Span span, Buffer *why);
/* What an OP_STATE stands for. */
const LoopState *graph_state(const Graph *graph, NodeId state);
/* The number of the loop that an OP_RESULT with that atom is of. */
uint32_t graph_result_loop(Atom number);

void graph_name(Graph *graph, const String *name, NodeId node);
NodeId graph_find(const Graph *graph, const char *name); /* the latest of that name, or NO_NODE */
/* The latest name given to the node, or NULL. */
const String *graph_name_of(const Graph *graph, NodeId node);
static inline const Node *graph_node(const Graph *graph, NodeId id) { return &graph->nodes[id]; }

/* Marks (1) every node that root needs, root included; (count) bytes from the arena. A loop's
   result needs what its states and its condition do, a state its init. */
uint8_t *graph_needed(const Graph *graph, NodeId root, Arena *arena);

/* --- print, parse back, verify (text.c, parse.c, verify.c) ------------------------------------ */

/* A line a node, then a line a name:
     %0 = tokens_str                 # strings, depth 0
     %1 = select_eq %0 %0            # selector, depth 1
     %2 = aggregate %1 %0 default "-"
     %3 = item %2 table [1, 2]       (lookup: table {"a": 1}; member: table [..])
     hist = %3
   A declared node says its type. A loop begins in a line before its first state, and ends in one
   before its first result, which says what each state is next, in their order:
     %4 = input "x" vec[2]
     loop 0                          # in another's body: loop 1 in 0
     %5 = state of 0 from %4 vec[2]  # of numbers and strings: float|str
     end 0 times 10 until %8 next %7
     %9 = result %7 of 0                                                                          */
void graph_print(const Graph *graph, Buffer *out);
/* root's nodes only, numbered afresh. */
void graph_print_node(const Graph *graph, NodeId root, Buffer *out);
/* Reads what graph_print writes. On any mistake reports it and returns NULL. */
Graph *graph_parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags);
/* True when everything under "always holds" does; otherwise *why says what does not. */
bool graph_verify(const Graph *graph, Buffer *why);

/* --- layers and heads (analyse.c) ------------------------------------------------------------- */

/* The attention layers of one s-op as language I.7 counts them; equal selectors are one head, as
   are equal patterns. Each round of a loop has layers of its own, with the body's heads in each. */
typedef struct Layers {
    uint32_t count;
    uint32_t *heads;    /* (count): distinct selectors that the layer's gathers use */
    NodeId **selectors; /* (count)(heads[i]) in id order: selectors and patterns */
    bool whole;         /* false: LIMIT_GRAPH_LAYERS heads are counted, and there are more */
} Layers;
Layers graph_layers(const Graph *graph, NodeId root, Arena *arena);

#endif
