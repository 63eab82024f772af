/* repeat: a loop of the graph. The body is read once; names that it assigns and that existed before
   are the loop's states. What a state may hold is not known before the body is read, so that it is
   read again, with other types, while a round leaves what its states do not hold: types only grow,
   and states that nothing reads are left out, so this ends. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/limits.h"

/* A name that the body assigns. */
typedef struct Carried {
    const Tree *name;    /* where it is assigned last */
    const Value *before; /* a copy of its value before the loop; NULL: none */
    bool is_state;
    NodeId init, state, next; /* NO_NODE: not yet */
    Shape shape;              /* of the state, in any round */
} Carried;

typedef struct Repeat {
    const Tree *tree, *block, *condition; /* condition: NULL: none */
    Environment *env;
    uint32_t times;
    Carried *names; /* (count), in the order of their last assignments */
    uint32_t count, capacity;
    uint32_t loop;  /* the graph's, of this reading */
    uint32_t bound; /* names of env before the loop */
    NodeId until;
} Repeat;

/* --- the names that the body assigns ---------------------------------------------------------- */

static void add_name(Session *session, Repeat *repeat, Environment *seen, const Tree *name) {
    if (environment_own(seen, name->text)) return;
    environment_set(session->arena, seen, name->text, value_error());
    if (repeat->count == repeat->capacity) {
        uint32_t capacity = repeat->capacity ? repeat->capacity * 2 : 8;
        repeat->names = arena_grow(session->arena, repeat->names, repeat->count, capacity,
                                   sizeof *repeat->names);
        repeat->capacity = capacity;
    }
    repeat->names[repeat->count++] =
        (Carried){.name = name, .init = NO_NODE, .state = NO_NODE, .next = NO_NODE};
}

static bool refuse_statement(Session *session, const Tree *statement) {
    report(session, DIAG_LOOP, statement->span, "'%s' can't stand in the body of a 'repeat'",
           tree_kind_name(statement->kind));
    return false;
}

/* Backwards: the last assignment of each is met first. */
static bool collect(Session *session, Repeat *repeat, Environment *seen, const Tree *block) {
    for (uint32_t i = block->count; i-- > 0;) {
        const Tree *statement = block->child[i], *names = NULL, *inner = NULL;
        switch (statement->kind) {
        case TREE_EXPRESSION:
        case TREE_ERROR: break;
        case TREE_ASSIGN: names = statement->child[0]; break;
        case TREE_DEF: {
            Tree *name = ARENA_NEW(session->arena, Tree);
            *name =
                (Tree){.kind = TREE_NAME, .text = statement->text, .span = statement->name_span};
            add_name(session, repeat, seen, name);
            break;
        }
        case TREE_FOR:
            names = statement->child[0];
            inner = statement->child[2];
            break;
        case TREE_REPEAT: inner = statement->child[1]; break;
        default: return refuse_statement(session, statement);
        }
        if (inner && !collect(session, repeat, seen, inner)) return false;
        for (uint32_t n = names ? names->count : 0; n-- > 0;)
            add_name(session, repeat, seen, names->child[n]);
    }
    return true;
}

static void reverse(Repeat *repeat) {
    for (uint32_t i = 0; i < repeat->count / 2; i++) {
        Carried first = repeat->names[i];
        repeat->names[i] = repeat->names[repeat->count - 1 - i];
        repeat->names[repeat->count - 1 - i] = first;
    }
}

/* --- states ----------------------------------------------------------------------------------- */

static const char *shape_text(Session *session, Shape shape) {
    Buffer text = {0};
    shape_format(&text, shape);
    const char *shown = arena_strndup(session->arena, text.data, text.len);
    buffer_free(&text);
    return shown;
}

/* Can it be one value at each position? */
static bool can_be_state(Session *session, Value value) {
    DeclaredType type = {.atoms = TYPE_FLOAT, .dimensions = 1, .rows = 1};
    Value ignored;
    if (value.kind == VALUE_SOP || value.kind == VALUE_ATOM) return true;
    if (value.kind != VALUE_LIST) return false;
    type.columns = value.as.list->count;
    return declared_value(session, type, value, &ignored);
}

/* reason: what to say behind the kind of the value. */
static Value barred(Session *session, Value value, const char *reason) {
    Buffer why = {0};
    buffer_printf(&why, "%s %s", value_kind_name(value), reason);
    Value bar = {.kind = VALUE_BARRED, .as.why = arena_strndup(session->arena, why.data, why.len)};
    buffer_free(&why);
    return bar;
}

static bool first_shapes(Session *session, Repeat *repeat) {
    for (uint32_t i = 0; i < repeat->count; i++) {
        Carried *carried = &repeat->names[i];
        const Value *before = environment_find(repeat->env, carried->name->text);
        if (!before || before->kind == VALUE_BARRED) continue;
        if (before->kind == VALUE_ERROR) return false;
        Value *copy = ARENA_NEW(session->arena, Value);
        *copy = *before;
        carried->before = copy;
        carried->is_state = can_be_state(session, *before);
        if (!carried->is_state) continue;
        carried->init = lift_vector(session, *before, carried->name->span, "what a loop carries");
        if (carried->init == NO_NODE) return false;
        carried->shape = node_shape(session, carried->init);
    }
    return true;
}

/* A number where a vector is wanted is meant for every component. */
static NodeId spread(Session *session, NodeId node, Shape shape, Span span) {
    if (shape.types != TYPE_VECTOR || node_shape(session, node).types == TYPE_VECTOR) return node;
    Atom *ones = ARENA_ARRAY(session->arena, Atom, shape.width);
    for (uint32_t c = 0; c < shape.width; c++)
        ones[c] = atom_float(1);
    Table *table = ARENA_NEW(session->arena, Table);
    *table = (Table){.count = shape.width, .values = ones};
    NodeSpec spec = {
        .op = OP_VECTOR, .args = {NO_NODE, NO_NODE, NO_NODE}, .table = table, .span = span};
    Value vector = node_value(session, &spec);
    if (vector.kind == VALUE_ERROR) return NO_NODE;
    Value product = node2(session, OP_MUL, vector.as.node, node, span);
    return product.kind == VALUE_ERROR ? NO_NODE : product.as.node;
}

/* Gives the names what they stand for in a round. */
static bool begin_round(Session *session, Repeat *repeat, uint32_t outer) {
    environment_truncate(repeat->env, repeat->bound);
    for (uint32_t i = 0; i < repeat->count; i++) {
        Carried *carried = &repeat->names[i];
        if (!carried->is_state) continue;
        carried->init = spread(session, carried->init, carried->shape, carried->name->span);
        if (carried->init == NO_NODE) return false;
    }
    repeat->loop = graph_loop_begin(session->graph, outer, repeat->tree->span);
    for (uint32_t i = 0; i < repeat->count; i++) {
        Carried *carried = &repeat->names[i];
        Value value;
        if (!carried->before) continue;
        if (carried->is_state) {
            carried->state = graph_loop_state(session->graph, repeat->loop, carried->init,
                                              carried->shape, carried->name->span);
            if (carried->state == NO_NODE) {
                report_full(session, repeat->tree->span);
                return false;
            }
            graph_name(session->graph, carried->name->text, carried->state);
            value = (Value){.kind = VALUE_SOP, .as.node = carried->state};
        } else {
            value = barred(session, *carried->before,
                           "before this loop, which carries s-ops and numbers only from round to "
                           "round: give it a value in the body before it is read");
        }
        environment_set(session->arena, repeat->env, carried->name->text, value);
    }
    return true;
}

/* --- after a round ---------------------------------------------------------------------------- */

static void mark_read(bool *read, const GraphLoop *loop, NodeId node) {
    NodeId first = loop->states[0].state;
    if (node >= first && node - first < loop->state_count) read[node - first] = true;
}

/* Marks the states that anything but their own names reads. They are the nodes first, first + 1,
 * ... */
static bool *states_read(Session *session, const Repeat *repeat) {
    const Graph *graph = session->graph;
    const GraphLoop *loop = &graph->loops[repeat->loop];
    bool *read = ARENA_ARRAY(session->arena, bool, loop->state_count + 1), everything = false;
    if (loop->state_count == 0) return read;
    NodeId first = loop->states[0].state;
    for (NodeId id = first; id < graph->count; id++)
        for (int a = 0; a < op_info(graph_node(graph, id)->op)->arity; a++)
            mark_read(read, loop, graph_node(graph, id)->args[a]);
    for (uint32_t l = repeat->loop + 1; l < graph->loop_count; l++)
        for (uint32_t s = 0; s < graph->loops[l].state_count; s++)
            mark_read(read, loop, graph->loops[l].states[s].init);
    for (uint32_t i = 0; i < repeat->count; i++) {
        const Value *value = environment_own(repeat->env, repeat->names[i].name->text);
        if (value && value->kind == VALUE_SOP && value->as.node != repeat->names[i].state)
            mark_read(read, loop, value->as.node);
        /* It may hold any state somewhere. */
        everything =
            everything || (value && (value->kind == VALUE_LIST || value->kind == VALUE_DICT));
    }
    mark_read(read, loop, repeat->until);
    for (uint32_t s = 0; everything && s < loop->state_count; s++)
        read[s] = true;
    return read;
}

static bool changed_kind(Session *session, const Carried *carried, Value value, Span span) {
    Diagnostic *diag =
        report(session, DIAG_LOOP, span, "'%s' is %s before the loop, and %s after a round",
               carried->name->text->bytes, shape_text(session, node_shape(session, carried->init)),
               value_kind_name(value));
    diag_help(diag, "a loop carries s-ops and numbers from round to round");
    return false;
}

/* Widens the state so that it holds what a round leaves; *grown when it did not. */
static bool widen(Session *session, Carried *carried, Span span, bool *grown) {
    Shape next = node_shape(session, carried->next), shape = carried->shape;
    bool was_vector = shape.types == TYPE_VECTOR, is_vector = next.types == TYPE_VECTOR;
    bool number =
        (was_vector || (shape.types & TYPE_NUMBER)) && (is_vector || (next.types & TYPE_NUMBER));
    if ((was_vector || is_vector) &&
        (!number || (was_vector && is_vector && next.width != shape.width))) {
        Diagnostic *diag = report(
            session, DIAG_LOOP, span, "'%s' is %s before a round and %s after it",
            carried->name->text->bytes, shape_text(session, shape), shape_text(session, next));
        diag_help(diag, "what a loop carries keeps its width from round to round");
        return false;
    }
    if (is_vector && !was_vector)
        carried->shape = next;
    else if (!is_vector && !was_vector)
        carried->shape.types |= next.types;
    *grown = *grown || carried->shape.types != shape.types;
    if (!*grown) carried->next = spread(session, carried->next, carried->shape, span);
    return carried->next != NO_NODE;
}

/* Takes what the round leaves; *again when the body is to be read anew. */
static bool end_round(Session *session, Repeat *repeat, bool *again) {
    Environment *env = repeat->env;
    const bool *read = states_read(session, repeat);
    uint32_t number = 0;
    for (uint32_t i = 0; i < repeat->count; i++) {
        Carried *carried = &repeat->names[i];
        if (!carried->is_state) continue;
        if (!read[number++]) {
            carried->is_state = false;
            *again = true;
            continue;
        }
        Value value = *environment_own(env, carried->name->text);
        Span span = carried->name->span;
        if (!can_be_state(session, value)) return changed_kind(session, carried, value, span);
        carried->next = lift_vector(session, value, span, "what a loop carries");
        if (carried->next == NO_NODE || !widen(session, carried, span, again)) return false;
    }
    return true;
}

static bool read_condition(Session *session, Repeat *repeat) {
    repeat->until = NO_NODE;
    if (!repeat->condition) return true;
    Value value = elaborate(session, repeat->env, repeat->condition);
    repeat->until = lift(session, value, repeat->condition->span, "the end of a loop");
    if (repeat->until == NO_NODE) return false;
    if (!(node_shape(session, repeat->until).types & (TYPE_VECTOR | TYPE_STRING))) return true;
    report(session, DIAG_TYPE, repeat->condition->span,
           "the end of a loop is a condition at each position, not %s",
           shape_text(session, node_shape(session, repeat->until)));
    return false;
}

/* --- after the loop --------------------------------------------------------------------------- */

static bool depends_on(const Session *session, const Repeat *repeat, NodeId node) {
    return graph_node(session->graph, node)->loop == repeat->loop + 1;
}

/* What a name of the body stands for behind the loop. Values nest no deeper than LIMIT_NESTING. */
static Value result(Session *session, const Repeat *repeat, Value value, Span span) {
    if (value_is_node(value) && depends_on(session, repeat, value.as.node)) {
        if (value.kind != VALUE_SOP)
            return barred(session, value,
                          "of a loop that is over: s-ops alone are known afterwards");
        Buffer why = {0};
        NodeId node = graph_loop_result(session->graph, repeat->loop, value.as.node,
                                        node_span(session, span), &why);
        if (node == NO_NODE && !session->stopped) {
            report(session, DIAG_LIMIT_GRAPH, span, "%s", why.data);
            session->stopped = true;
        }
        buffer_free(&why);
        if (node == NO_NODE) return value_error();
        return (Value){.kind = VALUE_SOP, .as.node = node};
    }
    if (value.kind == VALUE_LIST) {
        Value *items = ARENA_ARRAY(session->arena, Value, value.as.list->count);
        for (uint32_t i = 0; i < value.as.list->count; i++) {
            items[i] = result(session, repeat, value.as.list->items[i], span);
            if (items[i].kind == VALUE_BARRED || items[i].kind == VALUE_ERROR) return items[i];
        }
        return value_list(list_new(session->arena, items, value.as.list->count));
    }
    if (value.kind == VALUE_DICT) {
        const Dict *from = value.as.dict;
        Dict *dict = dict_new(session->arena);
        for (uint32_t i = 0; i < from->count; i++) {
            Value item = result(session, repeat, from->values[i], span);
            if (item.kind == VALUE_BARRED || item.kind == VALUE_ERROR) return item;
            dict_set(session->arena, dict, from->keys[i], item);
        }
        return (Value){.kind = VALUE_DICT, .as.dict = dict};
    }
    return value;
}

static bool give_results(Session *session, Repeat *repeat) {
    bool good = true;
    Value *values = ARENA_ARRAY(session->arena, Value, repeat->count);
    for (uint32_t i = 0; i < repeat->count; i++) {
        const Carried *carried = &repeat->names[i];
        const Value *value = environment_own(repeat->env, carried->name->text);
        values[i] = value ? *value : value_error(); /* a `for` over nothing gives no value */
        if (values[i].kind == VALUE_BARRED) values[i] = *carried->before;
        values[i] = result(session, repeat, values[i], carried->name->span);
    }
    for (uint32_t i = 0; i < repeat->count; i++)
        if (values[i].kind != VALUE_ERROR) {
            good = assign_name(session, repeat->env, repeat->names[i].name, values[i]) && good;
            if (good && values[i].kind != VALUE_BARRED)
                environment_set(session->arena, repeat->env, session->out, values[i]);
        }
    return good && !session->stopped;
}

static void close_loop(Session *session, const Repeat *repeat) {
    NodeId *next = ARENA_ARRAY(session->arena, NodeId, repeat->count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < repeat->count; i++)
        if (repeat->names[i].is_state) next[count++] = repeat->names[i].next;
    graph_loop_end(session->graph, repeat->loop, repeat->times, repeat->until, next);
}

/* --- the statement ---------------------------------------------------------------------------- */

static bool read_times(Session *session, Environment *env, Repeat *repeat) {
    const Tree *tree = repeat->tree->child[0];
    Value value = elaborate(session, env, tree);
    int64_t number;
    if (value.kind == VALUE_ERROR) return false;
    if (value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_INT &&
        atom_as_int64(value.as.atom, &number) && number >= 1 && number <= LIMIT_LOOP_ROUNDS) {
        repeat->times = (uint32_t)number;
        return true;
    }
    Diagnostic *diag = report(session, DIAG_ROUNDS, tree->span,
                              "a loop repeats an int of times from 1 to %d, not %s (%s)",
                              LIMIT_LOOP_ROUNDS, value_kind_name(value), show(session, value));
    if (value.kind == VALUE_SOP)
        diag_help(diag, "the number is known before the program meets an input; 'repeat 100 until "
                        "(condition) { .. }' ends earlier where the condition holds everywhere");
    return false;
}

/* Once, or again while the states' types grow. */
static bool read_body(Session *session, Repeat *repeat) {
    uint32_t outer = session->loop;
    const String *output_name = session->output_name, *out = session->out;
    Value output = session->output;
    const Value *found = environment_own(repeat->env, out);
    Value last = found ? *found : value_error();
    bool again = true, good = true;
    while (good && again && !session->stopped) {
        again = false;
        good = begin_round(session, repeat, outer);
        session->loop = repeat->loop + 1;
        good = good && elaborate_block(session, repeat->env, repeat->block) &&
               read_condition(session, repeat) && end_round(session, repeat, &again);
        session->loop = outer;
        session->output_name = output_name;
        session->output = output;
        if (found) environment_set(session->arena, repeat->env, out, last);
    }
    return good && !session->stopped;
}

/* A loop that failed leaves the names as they were. */
static void restore(Session *session, Repeat *repeat) {
    environment_truncate(repeat->env, repeat->bound);
    for (uint32_t i = 0; i < repeat->count; i++)
        if (repeat->names[i].before && environment_own(repeat->env, repeat->names[i].name->text))
            environment_set(session->arena, repeat->env, repeat->names[i].name->text,
                            *repeat->names[i].before);
}

bool elaborate_repeat(Session *session, Environment *env, const Tree *tree) {
    Repeat repeat = {.tree = tree,
                     .block = tree->child[1],
                     .condition = tree->count > 2 ? tree->child[2] : NULL,
                     .env = env,
                     .bound = env->count};
    Environment *exports_to = env->exports_to;
    bool good = read_times(session, env, &repeat) &&
                collect(session, &repeat, environment_new(session->arena, NULL), repeat.block);
    reverse(&repeat);
    good = good && first_shapes(session, &repeat);
    env->exports_to = NULL; /* the body's names are not known outside before the loop is over */
    good = good && read_body(session, &repeat);
    env->exports_to = exports_to;
    if (good) {
        close_loop(session, &repeat);
        good = give_results(session, &repeat);
    } else {
        restore(session, &repeat);
    }
    if (!good) poison_block(session, env, repeat.block);
    return good;
}
