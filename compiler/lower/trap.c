/* Where the program fails, and for which reasons: what the read-out says of such a position. */
#include "compiler/lower/plan.h"

#include "runtime/base/bug.h"

void plan_trap(Lowering *l, NodeId node, const Form *form, const uint8_t *bits, DiagId id,
               const String *why) {
    if (l->trap_count == l->trap_capacity) {
        uint32_t capacity = l->trap_capacity ? 2 * l->trap_capacity : 8;
        l->traps = arena_grow(l->scratch, l->traps, l->trap_count, capacity, sizeof(PlanTrap));
        l->trap_capacity = capacity;
    }
    l->traps[l->trap_count++] = (PlanTrap){node, form->var, bits, id, why};
}

void failures_add(Failures *failures, Atom failed, DiagId id) {
    for (uint32_t i = 0; i < failures->count; i++) {
        if (string_equal(failures->why[i], failed.as.string)) return;
    }
    if (failures->count == PLAN_REASONS)
        BUG("an operation fails for more than %d reasons", PLAN_REASONS);
    failures->ids[failures->count] = id;
    failures->why[failures->count++] = failed.as.string;
}

void plan_traps(Lowering *l, NodeId node, const Form *form, const uint8_t *bits,
                const Failures *failures) {
    uint32_t count = form_count(l, form);
    for (uint32_t i = 0; i < failures->count; i++) {
        uint8_t *fails = ARENA_ARRAY(l->scratch, uint8_t, count);
        uint32_t values = 0;
        for (uint32_t v = 0; v < count; v++) {
            fails[v] =
                bits[v] && string_equal(atoms_at(form->atoms, v).as.string, failures->why[i]);
            values += fails[v];
        }
        if (values > 0) plan_trap(l, node, form, fails, failures->ids[i], failures->why[i]);
    }
}
