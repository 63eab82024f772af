/* The plan's heads and what they move: equal ones are one. */
#include "compiler/lower/plan.h"

void plan_head_phase(const Lowering *l, PlanHead *head, uint32_t value) {
    uint32_t phase = value;
    for (uint32_t i = 0; i < head->term_count; i++) {
        const PlanTermOfHead *t = &head->terms[i];
        const PlanFeature features[4] = {t->key, t->query, t->key_square, t->query_square};
        for (int f = 0; f < 4; f++) {
            uint32_t known = feature_phase(l, features[f]);
            if (known > phase) phase = known;
        }
    }
    head->phase = 1 + phase;
}

static bool head_same(const Lowering *l, const PlanHead *a, const PlanHead *b) {
    if (a->phase != b->phase || a->null_policy != b->null_policy ||
        a->whole_formula != b->whole_formula)
        return false;
    if (a->whole_formula) return a->selector == b->selector;
    return conjunction_equal(l, &a->conjunction, &b->conjunction);
}

/* The head equal to spec, or a new one. spec's phase and terms are set. */
static uint32_t plan_head(Lowering *l, const PlanHead *spec) {
    for (uint32_t h = 0; h < l->head_count; h++) {
        if (head_same(l, &l->heads[h], spec)) return h;
    }
    if (l->head_count == l->head_capacity) {
        uint32_t capacity = l->head_capacity ? 2 * l->head_capacity : 16;
        l->heads = arena_grow(l->scratch, l->heads, l->head_count, capacity, sizeof(PlanHead));
        l->head_capacity = capacity;
    }
    l->heads[l->head_count] = *spec;
    return l->head_count++;
}

static bool same_values(const Var *a, const Var *b) {
    if (a->count != b->count || a->shift != b->shift || a->unit != b->unit) return false;
    for (uint32_t v = 0; v < a->count; v++) {
        if (!atom_identical(atoms_at(a->domain, v), atoms_at(b->domain, v))) return false;
    }
    return true;
}

VarId plan_move(Lowering *l, const PlanHead *spec, PlanMove move, Var var) {
    uint32_t h = plan_head(l, spec);
    PlanHead *head = &l->heads[h];
    for (uint32_t m = 0; m < head->move_count; m++) {
        const PlanMove *other = &head->moves[m];
        if (other->kind != move.kind || other->source != move.source ||
            other->default_value != move.default_value ||
            other->default_index != move.default_index ||
            !feature_equal(l, other->value, move.value))
            continue;
        if (same_values(plan_get(l, other->target), &var)) return other->target;
    }
    if (head->move_count == head->move_capacity) {
        uint32_t capacity = head->move_capacity ? 2 * head->move_capacity : 4;
        head->moves =
            arena_grow(l->scratch, head->moves, head->move_count, capacity, sizeof(PlanMove));
        head->move_capacity = capacity;
    }
    var.kind = VAR_MOVED;
    var.head = h;
    var.move = head->move_count;
    var.phase = head->phase;
    move.target = plan_var(l, &var);
    head->moves[head->move_count++] = move;
    return move.target;
}
