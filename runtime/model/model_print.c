/* The model's text form; model.h shows one. */
#include "runtime/model/model.h"
#include "runtime/model/text_names.h"
#include "runtime/model/text_numbers.h"

#include "runtime/base/bug.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct Printer {
    Buffer *out;
    const Model *model;
} Printer;

/* --- lists ------------------------------------------------------------------------------------ */

static void print_integers(Printer *p, const uint32_t *values, uint32_t count) {
    Arena *scratch = arena_new(0);
    double *numbers = ARENA_ARRAY(scratch, double, count);
    for (uint32_t v = 0; v < count; v++)
        numbers[v] = values[v];
    text_numbers(p->out, numbers, count);
    arena_free(scratch);
}

static void print_atom(Buffer *out, Atom atom) {
    if (atom.kind == ATOM_FLOAT) {
        float_format_repr(out, atom.as.real);
        return;
    }
    if (atom.kind == ATOM_OPAQUE) buffer_char(out, '!');
    atom_format_json(out, atom);
}

static bool follows(Atom before, Atom after, int64_t step) {
    return before.kind == ATOM_INT && after.kind == ATOM_INT && !before.big && !after.big &&
           (step > 0 ? before.as.integer < INT64_MAX : before.as.integer > INT64_MIN) &&
           after.as.integer == before.as.integer + step;
}

static uint32_t atom_run(Atoms atoms, uint32_t at, uint32_t count, int64_t step) {
    uint32_t end = at + 1;
    while (end < count && follows(atoms_at(atoms, end - 1), atoms_at(atoms, end), step))
        end++;
    return end - at;
}

static void print_atoms(Buffer *out, Atoms atoms, uint32_t count) {
    bool first = true;
    buffer_char(out, '[');
    for (uint32_t v = 0; v < count;) {
        if (!first) buffer_text(out, ", ");
        first = false;
        print_atom(out, atoms_at(atoms, v));
        uint32_t up = atom_run(atoms, v, count, 1), down = atom_run(atoms, v, count, -1);
        uint32_t step = up > down ? up : down;
        if (step >= TEXT_RUN) {
            buffer_text(out, "..");
            print_atom(out, atoms_at(atoms, v + step - 1));
        }
        v += step >= TEXT_RUN ? step : 1;
    }
    buffer_char(out, ']');
}

/* --- parts of lines --------------------------------------------------------------------------- */

static const char *name_of(const Printer *p, SubspaceId id) {
    return p->model->subspaces[id].name->bytes;
}

static void print_for(Printer *p, NodeId node) {
    if (node != NO_NODE) buffer_printf(p->out, " for %%%" PRIu32, node);
}

static void print_feature(Printer *p, const Feature *feature) {
    bool first = true;
    for (uint32_t i = 0; i < feature->count; i++) {
        const FeatureTerm *term = &feature->terms[i];
        if (!first) buffer_text(p->out, " + ");
        first = false;
        if (!term->values && term->factor != 1) {
            text_number(p->out, term->factor);
            buffer_char(p->out, '*');
        }
        buffer_text(p->out, name_of(p, term->subspace));
        if (!term->values) continue;
        buffer_char(p->out, ' ');
        text_numbers(p->out, term->values, p->model->subspaces[term->subspace].count);
    }
    if (!first && feature->constant == 0) return;
    if (!first) buffer_text(p->out, " + ");
    text_number(p->out, feature->constant);
}

static void print_table(Printer *p, const HeadTerm *term) {
    buffer_text(p->out, " [");
    for (uint32_t k = 0; k < term->key_count; k++) {
        buffer_text(p->out, k ? ", " : "");
        for (uint32_t q = 0; q < term->query_count; q++)
            buffer_char(p->out, term->table[(size_t)k * term->query_count + q] ? '1' : '0');
    }
    buffer_char(p->out, ']');
}

static void print_term(Printer *p, const HeadTerm *term) {
    buffer_printf(p->out, "%s ", term_kind_name(term->kind));
    if (term->kind == TERM_QUERY) {
        print_feature(p, &term->query);
    } else {
        print_feature(p, &term->key);
    }
    if (term->kind == TERM_COMPARE) buffer_printf(p->out, " %s ", relation_text(term->relation));
    if (term->kind == TERM_TABLE) buffer_text(p->out, " by ");
    if (term->kind == TERM_COMPARE || term->kind == TERM_TABLE) print_feature(p, &term->query);
    if (term->kind == TERM_TABLE) print_table(p, term);
    if (term->squared > 0) {
        buffer_text(p->out, " squares ");
        print_feature(p, &term->key_square);
    }
    if (term->squared > 1) {
        buffer_text(p->out, " with ");
        print_feature(p, &term->query_square);
    }
    print_for(p, term->node);
}

static void print_move(Printer *p, const HeadMove *move) {
    buffer_printf(p->out, "; %s", move_kind_name(move->kind));
    if (move->kind == MOVE_REAL) {
        buffer_char(p->out, ' ');
        print_feature(p, &move->value);
        buffer_text(p->out, " default ");
        text_number(p->out, move->default_value);
    } else if (move->kind == MOVE_CODED) {
        buffer_printf(p->out, " %s default %" PRIu32, name_of(p, move->source),
                      move->default_index);
    }
    buffer_printf(p->out, " -> %s", name_of(p, move->target));
    print_for(p, move->node);
}

static void print_mask(Printer *p, HeadMask mask) {
    if (mask.low == INT32_MIN && mask.high == INT32_MAX) return;
    buffer_text(p->out, "; mask ");
    if (mask.low != INT32_MIN) buffer_printf(p->out, "%" PRId32, mask.low);
    buffer_text(p->out, "..");
    if (mask.high != INT32_MAX) buffer_printf(p->out, "%" PRId32, mask.high);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* end: where the subspaces before it end. */
static void print_subspace(Printer *p, const Subspace *s, uint32_t end) {
    buffer_printf(p->out, "  %s: %s", s->name->bytes, subspace_kind_name(s->kind));
    if (subspace_is_coded(s)) {
        buffer_char(p->out, ' ');
        print_atoms(p->out, s->domain, s->count);
    } else if (s->kind == SUBSPACE_REAL) {
        buffer_char(p->out, ' ');
        text_number(p->out, s->low);
        buffer_text(p->out, " to ");
        text_number(p->out, s->high);
        if (s->denominator) buffer_printf(p->out, " / %" PRIu32, s->denominator);
    }
    if (s->offset != end) buffer_printf(p->out, " at %" PRIu32, s->offset);
    print_for(p, s->node);
    if (s->width == 1)
        buffer_printf(p->out, "  # %" PRIu32 "\n", s->offset);
    else
        buffer_printf(p->out, "  # %" PRIu32 " and %" PRIu32 " more\n", s->offset,
                      s->width ? s->width - 1 : 0);
}

static void print_embed(Printer *p, const Embed *embed) {
    bool by_token = embed->kind == EMBED_TOKEN;
    buffer_printf(p->out, "  %s by %s ", name_of(p, embed->subspace),
                  by_token ? "token" : "position");
    text_numbers(p->out, embed->values,
                 by_token ? p->model->vocabulary_count : p->model->max_length);
    buffer_char(p->out, '\n');
}

static void print_head(Printer *p, const Head *head) {
    buffer_printf(p->out, "  head %s: ", head->name->bytes);
    if (head->term_count == 0) buffer_text(p->out, "all");
    for (uint32_t t = 0; t < head->term_count; t++) {
        if (t) buffer_text(p->out, " and ");
        print_term(p, &head->terms[t]);
    }
    print_mask(p, head->mask);
    buffer_printf(p->out, "; null %s; %s", null_policy_name(head->null_policy),
                  normaliser_name(head->normaliser));
    if (normaliser_scaled(head->normaliser)) {
        buffer_char(p->out, ' ');
        text_number(p->out, head->scale);
    }
    for (uint32_t m = 0; m < head->move_count; m++)
        print_move(p, &head->moves[m]);
    buffer_char(p->out, '\n');
}

/* Thresholds between neighbours: v lies between numbers v and v + 1, where each is the upper side
   of one and the lower side of the next; else both sides. */
static void print_thresholds(Printer *p, const UnitGroup *group, uint32_t steps) {
    Arena *scratch = arena_new(0);
    double *numbers = ARENA_ARRAY(scratch, double, (size_t)steps + 1);
    bool chained = steps > 0;
    for (uint32_t v = 0; v < steps; v++) {
        numbers[v] = group->below[v];
        numbers[v + 1] = group->above[v];
        chained = chained && (v == 0 || group->below[v] == group->above[v - 1]);
    }
    buffer_text(p->out, chained ? " between " : " below ");
    text_numbers(p->out, chained ? numbers : group->below, chained ? steps + 1 : steps);
    if (!chained) {
        buffer_text(p->out, " above ");
        text_numbers(p->out, group->above, steps);
    }
    arena_free(scratch);
}

static void print_units(Printer *p, const UnitGroup *group) {
    const Subspace *target = &p->model->subspaces[group->target];
    buffer_printf(p->out, "  %s %s: ", unit_kind_name(group->kind), target->name->bytes);
    if (group->kind == UNIT_ERASE) {
        buffer_printf(p->out, "%" PRIu32 "..%" PRIu32 "%s", group->erased_first,
                      group->erased_first + group->erased_count - 1,
                      group->either_sign ? " either sign" : "");
    } else if (group->kind == UNIT_STEPS) {
        print_feature(p, &group->input);
        print_thresholds(p, group, target->count - 1);
        buffer_text(p->out, " greatest ");
        text_number(p->out, group->greatest);
        if (group->error != 0) {
            buffer_text(p->out, " error ");
            text_number(p->out, group->error);
        }
    } else {
        uint32_t cells = 1;
        for (uint32_t s = 0; s < group->source_count; s++) {
            if (s) buffer_text(p->out, ", ");
            buffer_printf(p->out, "%s ", name_of(p, group->sources[s]));
            print_integers(p, group->classes[s], p->model->subspaces[group->sources[s]].count);
            cells *= group->class_counts[s];
        }
        buffer_text(p->out, " gives ");
        print_integers(p, group->result, cells);
    }
    print_for(p, group->node);
    buffer_char(p->out, '\n');
}

static void print_reading(Printer *p, const Reading *reading) {
    buffer_printf(p->out, "%s ", decode_kind_name(reading->decode));
    if (reading->decode == DECODE_ATOMS) {
        if (reading->source != NO_SUBSPACE)
            buffer_printf(p->out, "%s ", name_of(p, reading->source));
        print_atoms(p->out, atoms_listed(reading->atoms), reading->atom_count);
    } else {
        print_feature(p, &reading->number);
    }
    if (reading->decode == DECODE_FRACTION) {
        buffer_printf(p->out, " / %" PRIu32 " error ", reading->denominator);
        text_number(p->out, reading->error);
    }
    if (reading->mixed) {
        buffer_text(p->out, reading->mixed_with_bools ? " bool where " : " int where ");
        print_feature(p, &reading->exact);
    }
}

static void print_step(Printer *p, const ReadStep *step) {
    buffer_printf(p->out, "  step %s", op_info(step->op)->name);
    if (step->op == OP_CONST) {
        buffer_char(p->out, ' ');
        print_atoms(p->out, atoms_listed(&step->atom), 1);
    }
    for (int i = 0; i < op_info(step->op)->arity; i++)
        buffer_printf(p->out, " %" PRIu32, step->args[i]);
    print_for(p, step->node);
    buffer_char(p->out, '\n');
}

static void print_readout(Printer *p, const Readout *readout) {
    buffer_printf(p->out, "output\n  %s: ", readout->name->bytes);
    if (readout->step_count == 0)
        print_reading(p, &readout->readings[0]);
    else
        buffer_printf(p->out, "%" PRIu32 " readings", readout->reading_count);
    print_for(p, readout->node);
    buffer_char(p->out, '\n');
    for (uint32_t r = 0; readout->step_count && r < readout->reading_count; r++) {
        buffer_text(p->out, "  reading ");
        print_reading(p, &readout->readings[r]);
        buffer_char(p->out, '\n');
    }
    for (uint32_t s = 0; s < readout->step_count; s++)
        print_step(p, &readout->steps[s]);
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        const Trap *trap = &readout->traps[t];
        buffer_printf(p->out, "  trap %s ", diag_code(trap->id));
        atom_format_json(p->out, atom_string(trap->why));
        buffer_text(p->out, ": ");
        print_feature(p, &trap->feature);
        print_for(p, trap->node);
        buffer_char(p->out, '\n');
    }
}

void model_print(const Model *model, Buffer *out) {
    Printer p = {out, model};
    buffer_text(out, "model ");
    if (model->float_type != FLOAT_32)
        buffer_printf(out, "%s ", float_name(model->float_type, FLOAT_SHORT_NAME));
    buffer_printf(out, "length %" PRIu32 "%s vocabulary ", model->max_length,
                  model->causal ? " causal" : "");
    print_atoms(out, atoms_listed(model->vocabulary), model->vocabulary_count);
    buffer_text(out, "\nbasis\n");
    for (uint32_t s = 0, end = 0; s < model->subspace_count; s++) {
        const Subspace *at = &model->subspaces[s];
        print_subspace(&p, at, end);
        if (at->offset + at->width > end) end = at->offset + at->width;
    }
    buffer_text(out, "embed\n");
    for (uint32_t e = 0; e < model->embed_count; e++)
        print_embed(&p, &model->embeds[e]);
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const Layer *layer = &model->layers[l];
        buffer_text(out, "layer\n");
        for (uint32_t h = 0; h < layer->head_count; h++)
            print_head(&p, &layer->heads[h]);
        for (uint32_t g = 0; g < layer->unit_count; g++)
            print_units(&p, &layer->units[g]);
    }
    print_readout(&p, &model->readout);
}
