/* Refusals that say what it would take: how many values or combinations, and of what. */
#include "compiler/lower/plan.h"

#include "runtime/base/buffer.h"

#include <math.h>
#include <string.h>

Form form_refused(NodeId at, const char *why) {
    return (Form){.kind = FORM_REFUSED, .refused_at = at, .why = why, .var = NO_VAR};
}

Form form_refuse_kind(Lowering *l, NodeId node) {
    return form_refused(
        node,
        plan_text(l,
                  "whether %s fails depends on whether a number is an int, from one position, "
                  "or a float, a mean, and that can't be told; round() the number",
                  plan_name(l, node)));
}

Form form_refuse_selector(Lowering *l, NodeId node, const char *why) {
    return form_refused(node, plan_text(l, "%s selects in a way that has no head yet: %s",
                                        plan_name(l, node), why));
}

const char *plan_count(Lowering *l, double count) {
    if (count >= 1e15) return plan_text(l, "%.1e", count);
    const char *digits = plan_text(l, "%.0f", count);
    size_t length = strlen(digits);
    Buffer grouped = {0};
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) buffer_text(&grouped, ",");
        buffer_add(&grouped, digits + i, 1);
    }
    const char *text = plan_text(l, "%s", grouped.data);
    buffer_free(&grouped);
    return text;
}

/* How people call the variable where the node at asks for it. */
static const char *variable_name(Lowering *l, VarId var, NodeId at) {
    if (var == plan_token(l)) return "the token";
    if (var == plan_position(l)) return "the position";
    const Var *it = plan_get(l, var);
    if (it->node != NO_NODE && it->node != at) return plan_name(l, it->node);
    return it->kind == VAR_MOVED ? "a mean" : it->kind == VAR_STEPPED ? "a sum" : "a number";
}

Form form_refuse_cells(Lowering *l, NodeId id, const PlanSide *sides, uint32_t count) {
    Buffer text = {0};
    double cells = 1;
    buffer_printf(&text, "%s depends on ", plan_name(l, id));
    for (uint32_t s = 0; s < count; s++) {
        cells *= sides[s].classes;
        buffer_printf(&text, "%s%s%s (%s values)",
                      s == 0          ? ""
                      : s + 1 < count ? ", "
                                      : " and ",
                      sides[s].chooses_kind ? "the kind of " : "",
                      variable_name(l, sides[s].var, id), plan_count(l, sides[s].classes));
    }
    buffer_printf(&text, "%s: %s combinations, a unit for each, and %s are the limit",
                  count > 1 ? " together" : "", plan_count(l, cells),
                  plan_count(l, plan_most_cells(l)));
    Form form = form_refused(id, arena_strndup(l->scratch, text.data, text.len));
    buffer_free(&text);
    return form;
}

Form form_refuse_values(Lowering *l, NodeId id, NodeId of, const Form *sum) {
    if (sum->kind != FORM_SUM)
        return form_refused(
            id, plan_text(l, "%s is a mean with too many possible values", plan_name(l, of)));
    return form_refused(
        id,
        plan_text(l,
                  "%s needs each value of %s, a number from %s%s to %s: %s values, a unit for "
                  "each, and %s are the limit",
                  plan_name(l, id), id == of ? "a sum" : plan_name(l, of), sum->low < 0 ? "-" : "",
                  plan_count(l, fabs(sum->low)), plan_count(l, sum->high),
                  plan_count(l, sum->high - sum->low + 1), plan_count(l, PLAN_DOMAIN)));
}
