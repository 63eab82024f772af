/* Constants and functions of the position alone. eval computes them, for every position that the
   model takes; what is no multiple of the position itself then goes into the embedding, and costs
   no layer. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"
#include "runtime/engines/eval.h"

#include <math.h>
#include <string.h>

void plan_real_dependences(RealPlan *plan) {
    for (NodeId id = 0; id < plan->graph->count; id++) {
        const Node *node = graph_node(plan->graph, id);
        OpKind kind = op_info(node->op)->kind;
        uint8_t most = kind == OPKIND_ELEMENT   ? DEPENDS_NOT
                       : node->op == OP_INDICES ? DEPENDS_POSITION
                                                : DEPENDS_INPUT;
        for (int i = 0; i < op_info(node->op)->arity; i++)
            if (plan->dependence[node->args[i]] > most) most = plan->dependence[node->args[i]];
        plan->dependence[id] = most;
    }
}

/* --- asking eval ------------------------------------------------------------------------------ */

static bool evaluate(const RealPlan *plan, NodeId node, uint32_t n, Diagnostics *diags,
                     Sequence *out) {
    Input input = {.n = n};
    return eval_sequence(plan->graph, node, input, graph_node(plan->graph, node)->span,
                         plan->scratch, diags, out);
}

/* Reports that a position fails: on every input, or on those that are long enough. */
static void refuse_failing(RealPlan *plan, NodeId node) {
    Sequence unread;
    uint32_t fine = 0, fails = plan->options->max_length;
    Diagnostics *ignored = diagnostics_new(NULL);
    while (fails - fine > 1) {
        uint32_t middle = fine + (fails - fine) / 2;
        if (evaluate(plan, node, middle, ignored, &unread))
            fine = middle;
        else
            fails = middle;
    }
    diagnostics_free(ignored);
    if (fine > 0) {
        plan_real_refuse(plan, node,
                         "this fails at position %u: up to length %u (--max-len %u) it "
                         "can be a transformer",
                         fine, fine, fine);
        return;
    }
    if (evaluate(plan, node, 1, plan->diags, &unread)) BUG("eval changed its mind");
    plan->refused = true;
}

/* The numbers of a sequence (n, width), or NULL: strings, or an integer that no double holds. */
static const double *numbers_of(RealPlan *plan, NodeId node, const Sequence *sequence) {
    if (sequence->type == SEQUENCE_VECTORS) return sequence->numbers;
    if (sequence->type == SEQUENCE_STRINGS) return NULL;
    double *numbers = plan_real_numbers(plan, node, sequence->n);
    for (uint32_t i = 0; numbers && i < sequence->n; i++)
        if (!atom_as_double(sequence->atoms[i], &numbers[i])) return NULL;
    return numbers;
}

/* --- forms of positions ----------------------------------------------------------------------- */

/* Has it so few binary digits that folding it into a factor rounds nothing? (A fraction that eval
   had to round has more.) */
static bool is_short(double number) {
    double scaled = number * 0x1p20;
    return fabs(scaled) < 0x1p52 && scaled == nearbyint(scaled);
}

/* The column as slope * position + start, where that is exact. */
static bool is_line(const double *numbers, uint32_t n, uint32_t width, double *slope,
                    double *start) {
    *start = numbers[0];
    *slope = n > 1 ? numbers[width] - numbers[0] : 0;
    if (!is_short(*start) || !is_short(*slope)) return false;
    for (uint32_t i = 0; i < n; i++)
        if (numbers[(size_t)i * width] != *start + *slope * i) return false;
    return true;
}

static ValueId add_position(RealPlan *plan, NodeId node, uint32_t width, const double *numbers) {
    uint32_t n = plan->options->max_length;
    for (ValueId id = plan->last_position; id != NO_VALUE; id = plan->values[id].of) {
        const Value *value = &plan->values[id];
        if (value->width == width &&
            memcmp(value->numbers, numbers, sizeof(double) * n * width) == 0)
            return id;
    }
    Value value = {.kind = VALUE_POSITION,
                   .node = node,
                   .width = width,
                   .writer = NO_ITEM,
                   .of = plan->last_position,
                   .numbers = numbers};
    return plan->last_position = plan_real_value(plan, &value);
}

static ValueId positions_themselves(RealPlan *plan, NodeId node) {
    if (plan->indices != NO_VALUE) return plan->indices;
    double *numbers = plan_real_numbers(plan, node, plan->options->max_length);
    for (uint32_t i = 0; numbers && i < plan->options->max_length; i++)
        numbers[i] = i;
    if (numbers) plan->indices = add_position(plan, NO_NODE, 1, numbers);
    return plan->indices;
}

/* Every component a line: a term on the positions. */
static bool form_of_lines(RealPlan *plan, NodeId node, uint32_t width, const double *numbers,
                          Form *out) {
    uint32_t n = plan->options->max_length;
    double *slopes = plan_real_numbers(plan, node, width);
    double *starts = plan_real_numbers(plan, node, width);
    bool level = true, from_0 = true;
    if (!slopes || !starts) return false;
    for (uint32_t c = 0; c < width; c++) {
        if (!is_line(numbers + c, n, width, &slopes[c], &starts[c])) return false;
        level = level && slopes[c] == 0;
        from_0 = from_0 && starts[c] == 0;
    }
    *out = form_constants(width, from_0 ? NULL : starts);
    if (level) return true;
    ValueId indices = positions_themselves(plan, node);
    if (indices == NO_VALUE) return false;
    Block *block = ARENA_NEW(plan->scratch, Block);
    *block = (Block){.value = indices, .rows = width, .factor = slopes[0]};
    if (width > 1) block->matrix = slopes;
    out->count = 1;
    out->blocks = block;
    return true;
}

static Form form_of_position(RealPlan *plan, NodeId id) {
    Sequence sequence;
    const Node *node = graph_node(plan->graph, id);
    bool constant = plan->dependence[id] == DEPENDS_NOT;
    uint32_t n = constant ? 1 : plan->options->max_length;
    Diagnostics *unread = diagnostics_new(NULL);
    bool fine = evaluate(plan, id, n, unread, &sequence);
    diagnostics_free(unread);
    if (!fine) {
        refuse_failing(plan, id);
        return (Form){0};
    }
    uint32_t width = node->type == TYPE_VECTOR ? node->width : 1;
    const double *numbers = numbers_of(plan, id, &sequence);
    Form lines;
    if (!numbers) return (Form){0};
    for (size_t i = 0; i < (size_t)n * width; i++) {
        if (!isfinite(numbers[i])) {
            plan_real_refuse(plan, id, "this is not finite at position %zu", i / width);
            return (Form){0};
        }
        plan->rounded = plan->rounded || (!constant && !is_short(numbers[i]));
    }
    if (constant) return form_constants(width, numbers);
    if (form_of_lines(plan, id, width, numbers, &lines)) return lines;
    return plan->refused ? (Form){0} : form_value(plan, add_position(plan, id, width, numbers));
}

/* Constants by themselves need no engine. */
static Form form_of_constant(RealPlan *plan, NodeId id) {
    const Node *node = graph_node(plan->graph, id);
    double number;
    if (node->op == OP_CONST)
        return node->atom.kind != ATOM_STRING && atom_as_double(node->atom, &number)
                   ? form_number(plan, number)
                   : (Form){0};
    double *numbers = plan_real_numbers(plan, id, node->table->count);
    for (uint32_t i = 0; numbers && i < node->table->count; i++)
        if (!atom_as_double(node->table->values[i], &numbers[i])) BUG("a vector of no numbers");
    return numbers ? form_constants(node->table->count, numbers) : (Form){0};
}

Form plan_real_form(RealPlan *plan, NodeId node) {
    if (plan->formed[node] || plan->dependence[node] == DEPENDS_INPUT) return plan->forms[node];
    GraphOp op = graph_node(plan->graph, node)->op;
    plan->forms[node] = op == OP_CONST || op == OP_VECTOR ? form_of_constant(plan, node)
                                                          : form_of_position(plan, node);
    plan->formed[node] = true;
    return plan->forms[node];
}

Form plan_real_argument(RealPlan *plan, NodeId node, int argument) {
    Form form = plan_real_form(plan, graph_node(plan->graph, node)->args[argument]);
    if (form.rows == 0)
        plan_real_refuse(plan, node,
                         "heads of a transformer over real vectors move numbers, and this moves "
                         "strings: move numbers that stand for them");
    return form;
}

const double *plan_real_constant(const Form *form, double *zero) {
    *zero = 0;
    return form->constant ? form->constant : zero;
}
