/* The order of a program's steps, and where each node is computed. Nodes of level 0 depend on no
   loop; a loop's body is a level of its own, which runs where the first of the loop's results is
   reached, as in eval. Within a level nodes keep their order; element-wise ones are gathered into
   one step until a head needs one of them. */
#include "runtime/engines/jit/real/program.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"

#include <string.h>

/* Wider vectors would be too many registers for one value. */
enum { WIDTH_MOST = 1024 };

typedef struct Planner {
    RealPlan *plan;
    Span span;
    Diagnostics *diags;
    uint8_t *open;      /* (count) the node waits in an open step */
    ElementStep *steps; /* (row_set_count) the open steps, one a row set */
    uint8_t *ran;       /* (loop_count) */
} Planner;

/* Is it the same in every run? Then loops write it in their code, and heads look no column up. */
static bool is_leaf(const Graph *graph, NodeId id) {
    GraphOp op = graph_node(graph, id)->op;
    return op == OP_CONST || op == OP_INDICES || op == OP_VECTOR;
}

static bool is_sop(const Graph *graph, NodeId id) {
    return type_is_sop(graph_node(graph, id)->type);
}

static OpKind kind_of(const Graph *graph, NodeId id) {
    return op_info(graph_node(graph, id)->op)->kind;
}

static uint32_t loop_of_result(const Node *node) {
    int64_t loop;
    if (!atom_as_int64(node->atom, &loop)) BUG("a result of no loop");
    return (uint32_t)loop;
}

/* --- what has no native code ------------------------------------------------------------------ */

static bool refuse(Planner *planner, NodeId id, const char *why) {
    Span span = graph_node(planner->plan->graph, id)->span;
    Diagnostic *diag =
        diag_error(planner->diags, DIAG_CANNOT_LOWER, span.file ? span : planner->span,
                   "the jit has no code for this over real numbers: %s", why);
    diag_help(diag, "--engine eval runs it");
    return false;
}

static bool is_number_table(const Table *table) {
    double value;
    for (uint32_t i = 0; i < table->count; i++)
        if (!atom_as_double(table->values[i], &value)) return false;
    return true;
}

static bool is_large(const Node *node) {
    int64_t value;
    return node->op == OP_CONST && node->atom.kind != ATOM_FLOAT &&
           node->atom.kind != ATOM_STRING &&
           (!atom_as_int64(node->atom, &value) || value > (int64_t)REAL_INTEGER_MOST ||
            value < -(int64_t)REAL_INTEGER_MOST);
}

/* May the node read an integer that is rounded to a double? Where it becomes a float, as in eval.
 */
static bool rounds_anyway(const Graph *graph, const Node *node, NodeId large) {
    switch (node->op) {
    case OP_VEC:
    case OP_CONCAT: return true;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL: return graph_node(graph, node->args[node->args[0] == large])->type == TYPE_FLOAT;
    default: return false;
    }
}

/* Integers from 2^53 on pass through choices, and end where they are rounded. */
static bool can_hold_integers(Planner *planner) {
    const RealPlan *plan = planner->plan;
    const Graph *graph = plan->graph;
    uint8_t *large = ARENA_ARRAY(plan->arena, uint8_t, graph->count);
    static const char why[] = "an integer of 2^53 or more";
    double rounded;
    for (NodeId id = 0; id < graph->count; id++) {
        const Node *node = graph_node(graph, id);
        if (!plan->needed[id]) continue;
        large[id] = is_large(node);
        if (large[id] && (!atom_as_double(node->atom, &rounded) || rounded - rounded != 0))
            return refuse(planner, id, why);
        for (int i = 0; i < op_info(node->op)->arity; i++) {
            if (!large[node->args[i]]) continue;
            large[id] |= node->op == OP_CHOOSE && i > 0;
            if (!large[id] && !rounds_anyway(graph, node, node->args[i]))
                return refuse(planner, node->args[i], why);
        }
    }
    for (uint32_t o = 0; o < plan->output_count; o++)
        if (large[plan->outputs[o]]) return refuse(planner, plan->outputs[o], why);
    for (uint32_t l = 0; l < graph->loop_count; l++)
        for (uint32_t s = 0; s < graph->loops[l].state_count && graph->loops[l].closed; s++) {
            const LoopState *state = &graph->loops[l].states[s];
            NodeId held = large[state->init] ? state->init : state->next;
            if (plan->needed[state->state] && large[held]) return refuse(planner, held, why);
        }
    return true;
}

/* Does a double hold it, or is it a string? */
static bool is_held(Atom atom) {
    int64_t whole;
    if (atom.kind != ATOM_INT) return true;
    return atom_as_int64(atom, &whole) && whole <= (int64_t)REAL_INTEGER_MOST &&
           whole >= -(int64_t)REAL_INTEGER_MOST;
}

static bool is_table_held(const Table *table) {
    bool held = true;
    for (uint32_t i = 0; i < table->count; i++)
        held = held && (!table->keys || is_held(table->keys[i])) &&
               (!table->values || is_held(table->values[i]));
    return held;
}

/* A string is a number (words.c) among strings alone, and none that is not there yet has one. */
static bool can_compute_strings(Planner *planner, NodeId id) {
    const Graph *graph = planner->plan->graph;
    const Node *node = graph_node(graph, id);
    int strings = 0, arity = op_info(node->op)->arity;
    for (int i = 0; i < arity; i++)
        strings += (graph_node(graph, node->args[i])->type & TYPE_STRING) != 0;
    if (strings > 0 && op_info(node->op)->use == OPUSE_COMPUTES)
        return refuse(planner, id, "it computes with strings");
    if (op_info(node->op)->use == OPUSE_COMPARES && strings == 1)
        return refuse(planner, id, "it compares strings with numbers");
    if (!(node->type & TYPE_STRING) || !type_is_sop(node->type)) return true;
    if (node->type != TYPE_STRING)
        return refuse(
            planner, id,
            node->op == OP_AGGREGATE || node->op == OP_ATTEND
                ? "its default is a number, and all else strings; give a string as the default"
                : "it may be a string or a number");
    GraphOp pattern = node->op == OP_ATTEND ? graph_node(graph, node->args[0])->op : OP_COUNT;
    if (pattern == OP_SOFTMAX || pattern == OP_LINEAR || pattern == OP_SPARSEMAX)
        return refuse(planner, id, "it weighs strings");
    return true;
}

static bool can_compute(Planner *planner, NodeId id) {
    const Node *node = graph_node(planner->plan->graph, id);
    if (!can_compute_strings(planner, id)) return false;
    if (node->width > WIDTH_MOST) return refuse(planner, id, "its vectors are wider than 1024");
    switch (node->op) {
    case OP_TOKENS_STR:
    case OP_TOKENS_INT:
    case OP_TOKENS_FLOAT:
    case OP_TOKENS_BOOL:
    case OP_TOKENS_ASIS: return refuse(planner, id, "it reads tokens");
    case OP_MEMBER:
    case OP_LOOKUP:
    case OP_ITEM:
        if (!is_table_held(node->table)) return refuse(planner, id, "an integer of 2^53 or more");
        return true;
    case OP_MOD:
        if (node->type == TYPE_VECTOR) return refuse(planner, id, "a remainder of vectors");
        return true;
    case OP_MATMUL:
        if (!is_number_table(node->table)) return refuse(planner, id, "a matrix of other things");
        return true;
    default: return true;
    }
}

/* --- steps ------------------------------------------------------------------------------------ */

static uint32_t add_step(RealPlan *plan, StepKind kind, uint32_t number) {
    if (plan->step_count == plan->step_capacity) {
        uint32_t capacity = plan->step_capacity ? 2 * plan->step_capacity : 32;
        plan->steps =
            arena_grow(plan->arena, plan->steps, plan->step_count, capacity, sizeof(Step));
        plan->step_capacity = capacity;
    }
    plan->steps[plan->step_count] = (Step){.kind = kind, .number = number};
    return plan->step_count++;
}

static void close_step(Planner *planner, uint32_t rows) {
    RealPlan *plan = planner->plan;
    ElementStep *step = &planner->steps[rows];
    if (step->count == 0) return;
    plan->elements = arena_grow(plan->arena, plan->elements, plan->element_count,
                                plan->element_count + 1, sizeof *step);
    step->rows = rows;
    step->function = plan->function_count++;
    plan->elements[plan->element_count] = *step;
    for (uint32_t i = 0; i < step->count; i++)
        planner->open[step->nodes[i]] = 0;
    *step = (ElementStep){0};
    add_step(plan, STEP_ELEMENTS, plan->element_count++);
}

static void close_steps(Planner *planner) {
    for (uint32_t r = 0; r < planner->plan->row_set_count; r++)
        close_step(planner, r);
}

/* A loop over those rows reads the node: in it, or from its column. */
static void read_operand(Planner *planner, NodeId node, uint32_t rows) {
    RealPlan *plan = planner->plan;
    if (is_leaf(plan->graph, node)) return;
    bool open = planner->open[node] != 0;
    if (open && plan->rows[node] == rows) return;
    plan->stored[node] = 1;
    if (open) close_step(planner, plan->rows[node]);
}

static void add_element(Planner *planner, NodeId id) {
    RealPlan *plan = planner->plan;
    uint32_t rows = plan->rows[id];
    const Node *node = graph_node(plan->graph, id);
    for (int i = 0; i < op_info(node->op)->arity; i++)
        read_operand(planner, real_seen(plan, rows, node->args[i]), rows);
    if (rows != 0) read_operand(planner, plan->row_sets[rows].condition, rows);
    ElementStep *step = &planner->steps[rows];
    if (step->count == step->capacity) {
        uint32_t capacity = step->capacity ? 2 * step->capacity : 16;
        step->nodes = arena_grow(plan->arena, step->nodes, step->count, capacity, sizeof(NodeId));
        step->capacity = capacity;
    }
    step->nodes[step->count++] = id;
    planner->open[id] = 1;
}

static uint32_t find_assignment(RealPlan *plan, NodeId pattern) {
    for (uint32_t a = 0; a < plan->assignment_count; a++)
        if (plan->assignments[a].pattern == pattern) return a;
    return UINT32_MAX;
}

/* In float32 a column of doubles would be rounded before it is moved near the keys: the bound of
   screen.h has rows as they are. */
static bool rows_are_reals(const RealPlan *plan, const TileShape *shape) {
    bool reals = true;
    for (uint32_t t = 0; t < shape->count; t++)
        reals = reals && !(plan->single && shape->doubles[t]);
    return reals;
}

/* Where fewer bits make products cheaper, and they are most of the work. */
static void plan_screen(RealPlan *plan, Assignment *assignment) {
    enum { WIDTH_LEAST = 4 };
    const RealHead *head = assignment->head;
    const Graph *graph = plan->graph;
    if (head->form.shape.width < WIDTH_LEAST || !(plan->unit.halves || !plan->single) ||
        !rows_are_reals(plan, &head->form.shape))
        return;
    assignment->screened = true;
    assignment->pack = plan->function_count++;
    assignment->screen = plan->function_count++;
    assignment->duel = plan->function_count++;
    assignment->rows_stay = graph_node(graph, head->node)->loop != 0;
    for (uint32_t t = 0; t < head->form.term_count; t++)
        if (graph_node(graph, head->form.terms[t].query)->loop != 0) assignment->rows_stay = false;
}

static void add_head(Planner *planner, NodeId id) {
    RealPlan *plan = planner->plan;
    RealHead *head = &plan->heads[plan->head_count];
    uint32_t number = plan->head_count++;
    *head = *plan->head_of[id];
    bool waits = false;
    for (uint32_t o = 0; o < head->operand_count; o++) {
        GraphOp op = graph_node(plan->graph, head->operands[o])->op;
        waits = waits || planner->open[head->operands[o]];
        plan->stored[head->operands[o]] |= op != OP_CONST && op != OP_INDICES;
    }
    if (waits) close_steps(planner);
    /* Tiles read their queries from columns, whatever they are. */
    for (uint32_t t = 0; t < head->form.term_count; t++)
        plan->stored[head->form.terms[t].query] = 1;
    if (head->plan == HEAD_ACCUMULATE)
        plan->stored[head->form.terms[0].key] = plan->stored[head->value] = 1;
    plan->stored[id] = 1;
    if (head->plan == HEAD_NEAREST) {
        NodeId pattern = graph_node(plan->graph, id)->args[0];
        head->assignment = find_assignment(plan, pattern);
        if (head->assignment == UINT32_MAX) {
            head->assignment = plan->assignment_count++;
            plan->assignments[head->assignment] = (Assignment){.pattern = pattern,
                                                               .kernel = plan->function_count++,
                                                               .head = head,
                                                               .owner = NO_NODE};
            plan_screen(plan, &plan->assignments[head->assignment]);
            add_step(plan, STEP_ASSIGN, head->assignment);
        }
    }
    if (head->plan != HEAD_NEAREST && head->plan != HEAD_ROWS)
        head->kernel = plan->function_count++;
    add_step(plan, STEP_HEAD, number);
}

/* --- levels ----------------------------------------------------------------------------------- */

/* One node of the level that is being planned. True when its loop has to be planned first. */
static bool add_node(Planner *planner, NodeId id) {
    RealPlan *plan = planner->plan;
    const Graph *graph = plan->graph;
    const Node *node = graph_node(graph, id);
    if (node->op == OP_RESULT) {
        uint32_t loop = loop_of_result(node);
        plan->stored[node->args[0]] = 1;
        if (planner->ran[loop]) return false;
        close_steps(planner);
        return true;
    }
    if (!is_sop(graph, id) || is_leaf(graph, id) || node->op == OP_STATE || node->op == OP_INPUT ||
        real_is_replaced(plan, id))
        return false;
    if (kind_of(graph, id) == OPKIND_ATTENTION)
        add_head(planner, id);
    else
        add_element(planner, id);
    return false;
}

static void begin_loop(Planner *planner, uint32_t number) {
    RealPlan *plan = planner->plan;
    const GraphLoop *loop = &plan->graph->loops[number];
    for (uint32_t s = 0; s < loop->state_count; s++) {
        const StatePlan *state = &plan->loops[number].states[s];
        plan->stored[loop->states[s].init] = plan->stored[loop->states[s].state] = 1;
        plan->stored[state->in_place ? state->value : loop->states[s].next] = 1;
    }
    if (loop->until != NO_NODE) plan->stored[loop->until] = 1;
    planner->ran[number] = 1;
    add_step(plan, STEP_LOOP, number);
}

static void end_loop(Planner *planner, uint32_t number, uint32_t begun) {
    RealPlan *plan = planner->plan;
    close_steps(planner);
    uint32_t end = add_step(plan, STEP_ROUND, number);
    plan->steps[end].target = begun + 1;
    plan->steps[begun].target = end;
}

/* A level that is being planned: where it is, and the step that began it. */
typedef struct Planning {
    uint32_t level;
    NodeId next;
    uint32_t begun;
} Planning;

static void plan_levels(Planner *planner) {
    RealPlan *plan = planner->plan;
    const Graph *graph = plan->graph;
    Planning *stack = ARENA_ARRAY(plan->arena, Planning, graph->loop_count + 1);
    uint32_t depth = 1;
    stack[0] = (Planning){0};
    while (depth > 0) {
        Planning *planning = &stack[depth - 1];
        NodeId id = planning->next;
        if (id == graph->count) {
            if (planning->level > 0) end_loop(planner, planning->level - 1, planning->begun);
            depth--;
            continue;
        }
        planning->next++;
        if (!plan->needed[id] || graph_node(graph, id)->loop != planning->level) continue;
        if (!add_node(planner, id)) continue;
        planning->next = id; /* once more, when its loop is there */
        uint32_t loop = loop_of_result(graph_node(graph, id));
        stack[depth++] = (Planning){loop + 1, 0, plan->step_count};
        begin_loop(planner, loop);
    }
    close_steps(planner);
}

/* --- all -------------------------------------------------------------------------------------- */

static void find_needed(RealPlan *plan) {
    const Graph *graph = plan->graph;
    plan->needed = ARENA_ARRAY(plan->arena, uint8_t, graph->count);
    for (uint32_t o = 0; o < plan->output_count; o++) {
        const uint8_t *more = graph_needed(graph, plan->outputs[o], plan->arena);
        for (NodeId id = 0; id < graph->count; id++)
            plan->needed[id] |= more[id];
    }
}

static bool can_compute_all(Planner *planner) {
    RealPlan *plan = planner->plan;
    const Graph *graph = plan->graph;
    uint32_t heads = 0;
    for (NodeId id = 0; id < graph->count; id++) {
        if (!plan->needed[id]) continue;
        if (!can_compute(planner, id)) return false;
        heads += kind_of(graph, id) == OPKIND_ATTENTION;
    }
    if (!can_hold_integers(planner)) return false;
    plan->heads = ARENA_ARRAY(plan->arena, RealHead, heads);
    plan->assignments = ARENA_ARRAY(plan->arena, Assignment, heads);
    return true;
}

RealPlan *real_plan(Arena *arena, const Graph *graph, const NodeId *outputs, uint32_t count,
                    bool single, VectorUnit unit, Span span, Diagnostics *diags) {
    RealPlan *plan = ARENA_NEW(arena, RealPlan);
    NodeId *copy = ARENA_ARRAY(arena, NodeId, count);
    memcpy(copy, outputs, count * sizeof *copy);
    /* Nodes may be added later, into a larger list: the program keeps to what there is now. */
    Graph *now = ARENA_NEW(arena, Graph);
    *now = *graph;
    graph = now;
    *plan = (RealPlan){.arena = arena,
                       .graph = graph,
                       .outputs = copy,
                       .output_count = count,
                       .single = single,
                       .unit = unit,
                       .stored = ARENA_ARRAY(arena, uint8_t, graph->count),
                       .rows = ARENA_ARRAY(arena, uint32_t, graph->count),
                       .row_sets = ARENA_NEW(arena, RowSet),
                       .row_set_count = 1};
    plan->row_sets[0].condition = NO_NODE;
    find_needed(plan);
    Planner planner = {.plan = plan, .span = span, .diags = diags};
    if (!can_compute_all(&planner)) return NULL;
    real_plan_words(plan);
    if (plan->word_count > LIMIT_LIST_ITEMS) {
        refuse(&planner, outputs[0], "it has too many different strings");
        return NULL;
    }
    real_plan_rows(plan);
    planner.open = ARENA_ARRAY(arena, uint8_t, graph->count);
    planner.steps = ARENA_ARRAY(arena, ElementStep, plan->row_set_count);
    planner.ran = ARENA_ARRAY(arena, uint8_t, graph->loop_count + 1);
    for (uint32_t o = 0; o < count; o++)
        plan->stored[outputs[o]] = 1;
    for (uint32_t r = 1; r < plan->row_set_count; r++)
        plan->stored[plan->row_sets[r].condition] = 1;
    plan_levels(&planner);
    real_plan_fuse(plan);
    real_plan_live(plan);
    return plan;
}
