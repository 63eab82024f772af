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

static bool can_compute(Planner *planner, NodeId id) {
    const Node *node = graph_node(planner->plan->graph, id);
    int64_t value;
    if (node->type & TYPE_STRING) return refuse(planner, id, "it holds strings");
    if (node->width > WIDTH_MOST) return refuse(planner, id, "its vectors are wider than 1024");
    switch (node->op) {
    case OP_TOKENS_STR:
    case OP_TOKENS_INT:
    case OP_TOKENS_FLOAT:
    case OP_TOKENS_BOOL:
    case OP_TOKENS_ASIS: return refuse(planner, id, "it reads tokens");
    case OP_MEMBER:
    case OP_LOOKUP:
    case OP_ITEM: return refuse(planner, id, "it looks up a table");
    case OP_MOD:
        if (node->type == TYPE_VECTOR) return refuse(planner, id, "a remainder of vectors");
        return true;
    case OP_POW:
        if (node->type != TYPE_VECTOR) return refuse(planner, id, "a power of scalars");
        return true;
    case OP_CONST:
        if (node->atom.kind != ATOM_FLOAT &&
            (!atom_as_int64(node->atom, &value) || value > (int64_t)REAL_INTEGER_MOST ||
             value < -(int64_t)REAL_INTEGER_MOST))
            return refuse(planner, id, "an integer beyond 2^53");
        return true;
    case OP_MATMUL:
        if (!is_number_table(node->table)) return refuse(planner, id, "a matrix of other things");
        return true;
    default: return true;
    }
}

/* --- where nodes are computed ----------------------------------------------------------------- */

/* A state whose next value is choose(condition, value, state): only some rows change. Nobody else
   may look at the new value before the round ends, nor at the old one afterwards. */
static bool changes_in_place(const RealPlan *plan, const LoopState *state, const uint32_t *uses,
                             StatePlan *out, RowSet *rows) {
    const Graph *graph = plan->graph;
    const Node *next = graph_node(graph, state->next);
    if (next->op != OP_CHOOSE || next->type != TYPE_VECTOR || uses[state->next] != 0) return false;
    if (graph_node(graph, next->args[0])->loop != 0) return false;
    *rows = (RowSet){next->args[0], next->args[1] == state->state};
    out->value = rows->negated ? next->args[2] : next->args[1];
    const Node *value = graph_node(graph, out->value);
    bool whole = (rows->negated ? next->args[1] : next->args[2]) == state->state;
    return whole && out->value != state->state && value->width == next->width &&
           value->type == TYPE_VECTOR && value->loop == next->loop;
}

static uint32_t row_set(RealPlan *plan, RowSet rows) {
    for (uint32_t r = 1; r < plan->row_set_count; r++)
        if (plan->row_sets[r].condition == rows.condition &&
            plan->row_sets[r].negated == rows.negated)
            return r;
    plan->row_sets = arena_grow(plan->arena, plan->row_sets, plan->row_set_count,
                                plan->row_set_count + 1, sizeof rows);
    plan->row_sets[plan->row_set_count] = rows;
    return plan->row_set_count++;
}

/* How often each node is used, but for a state's next value and the result of that. */
static uint32_t *count_uses(const RealPlan *plan, uint8_t *state_results) {
    const Graph *graph = plan->graph;
    uint32_t *uses = ARENA_ARRAY(plan->arena, uint32_t, graph->count);
    for (NodeId id = 0; id < graph->count; id++) {
        const Node *node = graph_node(graph, id);
        if (!plan->needed[id]) continue;
        if (node->op == OP_RESULT) {
            bool of_state = graph_node(graph, node->args[0])->op == OP_STATE;
            if (of_state) state_results[node->args[0]] = 1;
            continue;
        }
        for (int i = 0; i < op_info(node->op)->arity; i++)
            uses[node->args[i]]++;
    }
    for (uint32_t l = 0; l < graph->loop_count; l++)
        if (graph->loops[l].closed && graph->loops[l].until != NO_NODE)
            uses[graph->loops[l].until]++;
    for (uint32_t o = 0; o < plan->output_count; o++)
        uses[plan->outputs[o]]++;
    return uses;
}

static void plan_states(RealPlan *plan) {
    const Graph *graph = plan->graph;
    uint8_t *state_results = ARENA_ARRAY(plan->arena, uint8_t, graph->count);
    const uint32_t *uses = count_uses(plan, state_results);
    plan->loops = ARENA_ARRAY(plan->arena, LoopPlan, graph->loop_count);
    for (uint32_t l = 0; l < graph->loop_count; l++) {
        const GraphLoop *loop = &graph->loops[l];
        plan->loops[l].states = ARENA_ARRAY(plan->arena, StatePlan, loop->state_count);
        for (uint32_t s = 0; s < loop->state_count && loop->closed; s++) {
            StatePlan *state = &plan->loops[l].states[s];
            RowSet rows;
            if (!plan->needed[loop->states[s].state] || state_results[loop->states[s].state] ||
                !changes_in_place(plan, &loop->states[s], uses, state, &rows))
                continue;
            state->in_place = true;
            state->rows = row_set(plan, rows);
        }
    }
}

/* May the node be computed at some positions only? Not where computing it elsewhere could fail. */
static bool can_be_partial(const RealPlan *plan, NodeId id) {
    const Node *node = graph_node(plan->graph, id);
    if (node->type != TYPE_VECTOR || kind_of(plan->graph, id) == OPKIND_INPUT) return false;
    if (node->op == OP_STATE || node->op == OP_RESULT || node->op == OP_VECTOR) return false;
    if (kind_of(plan->graph, id) != OPKIND_ATTENTION) return true;
    if (graph_node(plan->graph, node->args[0])->type != TYPE_SELECTOR) return false;
    RealHead head;
    real_plan_head((RealPlan *)(uintptr_t)plan, &head, id);
    return head.plan != HEAD_ROWS;
}

/* Demand: no one's yet, one row set's (its number), or everybody's. */
enum { NOBODY = UINT32_MAX };

static void demand(uint32_t *rows, NodeId node, uint32_t set) {
    rows[node] = rows[node] == NOBODY || rows[node] == set ? set : 0;
}

/* The choice of an in-place state is no node of its own: the state's column is its value. */
static bool is_replaced(const RealPlan *plan, NodeId id) {
    const Graph *graph = plan->graph;
    for (uint32_t l = 0; l < graph->loop_count; l++)
        for (uint32_t s = 0; s < graph->loops[l].state_count; s++)
            if (plan->loops[l].states[s].in_place && graph->loops[l].states[s].next == id)
                return true;
    return false;
}

static void plan_rows(RealPlan *plan) {
    const Graph *graph = plan->graph;
    uint32_t *rows = plan->rows;
    for (NodeId id = 0; id < graph->count; id++)
        rows[id] = NOBODY;
    for (uint32_t l = 0; l < graph->loop_count; l++)
        for (uint32_t s = 0; s < graph->loops[l].state_count; s++)
            if (plan->loops[l].states[s].in_place)
                demand(rows, plan->loops[l].states[s].value, plan->loops[l].states[s].rows);
            else if (graph->loops[l].closed)
                demand(rows, graph->loops[l].states[s].next, 0);
    for (uint32_t o = 0; o < plan->output_count; o++)
        demand(rows, plan->outputs[o], 0);
    for (uint32_t l = 0; l < graph->loop_count; l++)
        if (graph->loops[l].until != NO_NODE) demand(rows, graph->loops[l].until, 0);
    for (NodeId id = graph->count; id-- > 0;) {
        const Node *node = graph_node(graph, id);
        if (!plan->needed[id]) continue;
        if (is_replaced(plan, id)) {
            rows[id] = 0;
            demand(rows, node->args[0], 0);
            continue;
        }
        if (rows[id] != 0 && (rows[id] == NOBODY || !can_be_partial(plan, id))) rows[id] = 0;
        bool attends = kind_of(graph, id) == OPKIND_ATTENTION;
        for (int i = 0; i < op_info(node->op)->arity; i++)
            demand(rows, node->args[i], attends && i < 2 ? 0 : rows[id]);
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
    plan->steps[plan->step_count] = (Step){kind, number, 0};
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

static void add_element(Planner *planner, NodeId id) {
    RealPlan *plan = planner->plan;
    uint32_t rows = plan->rows[id];
    const Node *node = graph_node(plan->graph, id);
    for (int i = 0; i < op_info(node->op)->arity; i++) {
        NodeId arg = node->args[i];
        if (is_leaf(plan->graph, arg)) continue;
        if (planner->open[arg] && plan->rows[arg] != rows) {
            plan->stored[arg] = 1;
            close_step(planner, plan->rows[arg]);
        } else if (!planner->open[arg]) {
            plan->stored[arg] = 1;
        }
    }
    ElementStep *step = &planner->steps[rows];
    if (step->count == step->capacity) {
        uint32_t capacity = step->capacity ? 2 * step->capacity : 16;
        step->nodes = arena_grow(plan->arena, step->nodes, step->count, capacity, sizeof(NodeId));
        step->capacity = capacity;
    }
    step->nodes[step->count++] = id;
    planner->open[id] = 1;
}

/* Every s-op that the selector, score or pattern is made of has to have a column. */
static void store_operands(Planner *planner, NodeId root) {
    RealPlan *plan = planner->plan;
    uint8_t *under = ARENA_ARRAY(plan->arena, uint8_t, root + 1);
    under[root] = 1;
    for (NodeId id = root + 1; id-- > 0;) {
        const Node *node = graph_node(plan->graph, id);
        if (!under[id]) continue;
        if (is_sop(plan->graph, id) && id != root) {
            GraphOp op = node->op;
            plan->stored[id] = plan->stored[id] || (op != OP_CONST && op != OP_INDICES);
            continue;
        }
        for (int i = 0; i < op_info(node->op)->arity; i++)
            under[node->args[i]] = 1;
    }
}

static bool waits_for_open(Planner *planner, NodeId root) {
    RealPlan *plan = planner->plan;
    uint8_t *under = ARENA_ARRAY(plan->arena, uint8_t, root + 1);
    under[root] = 1;
    for (NodeId id = root + 1; id-- > 0;) {
        const Node *node = graph_node(plan->graph, id);
        if (!under[id]) continue;
        if (planner->open[id]) return true;
        if (is_sop(plan->graph, id) && id != root) continue;
        for (int i = 0; i < op_info(node->op)->arity; i++)
            under[node->args[i]] = 1;
    }
    return false;
}

static uint32_t find_assignment(RealPlan *plan, NodeId pattern) {
    for (uint32_t a = 0; a < plan->assignment_count; a++)
        if (plan->assignments[a].pattern == pattern) return a;
    return UINT32_MAX;
}

static void add_head(Planner *planner, NodeId id) {
    RealPlan *plan = planner->plan;
    store_operands(planner, id);
    if (waits_for_open(planner, id)) close_steps(planner);
    RealHead *head = &plan->heads[plan->head_count];
    uint32_t number = plan->head_count++;
    real_plan_head(plan, head, id);
    head->rows = plan->rows[id];
    /* Tiles read their queries from columns, whatever they are. */
    for (uint32_t t = 0; t < head->form.term_count; t++)
        plan->stored[head->form.terms[t].query] = 1;
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
            add_step(plan, STEP_ASSIGN, head->assignment);
        }
    }
    if (head->plan == HEAD_SOFTMAX || head->plan == HEAD_GROUP || head->plan == HEAD_UNIFORM)
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
        is_replaced(plan, id))
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

/* --- sums by owner that follow an arg-max -------------------------------------------------------
 */

/* Is the node filled before the step? Inputs and what no loop changes are, if the step is in one.
 */
static bool is_before(const RealPlan *plan, NodeId node, const RealHead *head) {
    const Node *at = graph_node(plan->graph, node);
    if (at->op == OP_INPUT || at->op == OP_STATE || at->op == OP_CONST) return true;
    return at->loop == 0 && graph_node(plan->graph, head->node)->loop != 0;
}

static bool parts_are_before(const RealPlan *plan, const SelectorParts *parts,
                             const RealHead *head) {
    const Graph *graph = plan->graph;
    for (uint32_t p = 0; p < parts->key_count; p++) {
        const Node *part = graph_node(graph, parts->keys[p]);
        if (part->op < OP_SELECT_EQ || part->op > OP_SELECT_GE) return false;
        if (!is_before(plan, part->args[0], head)) return false;
    }
    return true;
}

/* members = select(owner, indices, ==) and what the key is; owner = attend(hardmax, indices). */
static void fuse_head(RealPlan *plan, RealHead *head) {
    const Graph *graph = plan->graph;
    if (head->plan != HEAD_GROUP || head->parts.query_count > 0) return;
    if (graph_node(graph, head->node)->type != TYPE_VECTOR) return;
    const Node *equal = graph_node(graph, head->parts.equalities[0]);
    const Node *owner = graph_node(graph, equal->args[0]);
    if (owner->op != OP_ATTEND || graph_node(graph, equal->args[1])->op != OP_INDICES ||
        graph_node(graph, owner->args[1])->op != OP_INDICES)
        return;
    uint32_t number = find_assignment(plan, owner->args[0]);
    if (number == UINT32_MAX || plan->assignments[number].follow) return;
    Assignment *assignment = &plan->assignments[number];
    if (graph_node(graph, head->node)->loop != graph_node(graph, assignment->head->node)->loop ||
        !is_before(plan, head->value, assignment->head) ||
        !parts_are_before(plan, &head->parts, assignment->head))
        return;
    head->fused = true;
    head->assignment = number;
    assignment->follow = head;
    assignment->owner = equal->args[0];
}

/* Is the node part of the selector, score or pattern of some other head than that one? */
static bool others_use(const RealPlan *plan, NodeId node, const RealHead *but) {
    const Graph *graph = plan->graph;
    uint8_t *above = ARENA_ARRAY(plan->arena, uint8_t, graph->count);
    above[node] = 1;
    for (NodeId id = node + 1; id < graph->count; id++) {
        const Node *at = graph_node(graph, id);
        bool uses = false;
        for (int i = 0; i < op_info(at->op)->arity; i++)
            uses = uses || above[at->args[i]];
        if (!plan->needed[id] || !uses) continue;
        if (!is_sop(graph, id))
            above[id] = 1;
        else if (id != but->node && at->op != OP_RESULT)
            return true;
    }
    return false;
}

/* The owners themselves are looked up after the last round, if nobody wants them before. */
static void delay_owner(RealPlan *plan, const Assignment *assignment) {
    const Graph *graph = plan->graph;
    uint32_t loop = graph_node(graph, assignment->owner)->loop;
    if (loop == 0 || others_use(plan, assignment->owner, assignment->follow)) return;
    const GraphLoop *around = &graph->loops[loop - 1];
    bool left = around->until == assignment->owner;
    for (uint32_t s = 0; s < around->state_count; s++)
        left = left || around->states[s].next == assignment->owner;
    for (uint32_t h = 0; h < plan->head_count && !left; h++)
        if (plan->heads[h].node == assignment->owner) plan->heads[h].late = true;
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
    plan_states(plan);
    plan_rows(plan);
    planner.open = ARENA_ARRAY(arena, uint8_t, graph->count);
    planner.steps = ARENA_ARRAY(arena, ElementStep, plan->row_set_count);
    planner.ran = ARENA_ARRAY(arena, uint8_t, graph->loop_count + 1);
    for (uint32_t o = 0; o < count; o++)
        plan->stored[outputs[o]] = 1;
    for (uint32_t r = 1; r < plan->row_set_count; r++)
        plan->stored[plan->row_sets[r].condition] = 1;
    plan_levels(&planner);
    for (uint32_t h = 0; h < plan->head_count; h++)
        fuse_head(plan, &plan->heads[h]);
    for (uint32_t a = 0; a < plan->assignment_count; a++)
        if (plan->assignments[a].follow) delay_owner(plan, &plan->assignments[a]);
    return plan;
}
