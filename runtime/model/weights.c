/* From the symbolic view to dense weights: units, embedding, read-out, and the whole. */
#include "runtime/model/weights.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/model/lifetimes.h"
#include "runtime/model/stream_columns.h"
#include "runtime/model/weights_head.h"

#include <inttypes.h>

/* --- feed-forward ----------------------------------------------------------------------------- */

static uint32_t lookup_cells(const UnitGroup *group) {
    uint32_t cells = 1;
    for (uint32_t s = 0; s < group->source_count; s++)
        cells *= group->class_counts[s];
    return cells;
}

uint32_t group_units(const Model *model, const UnitGroup *group) {
    if (group->kind == UNIT_LOOKUP) return lookup_cells(group);
    if (group->kind == UNIT_ERASE) return group->erased_count * (group->either_sign ? 2 : 1);
    return 2 * (model->subspaces[group->target].count - 1);
}

static void steps_units(const Model *model, const UnitGroup *group, StreamColumns *in, double *out,
                        uint32_t unit) {
    const Subspace *target = &model->subspaces[group->target];
    for (uint32_t v = 0; v + 1 < target->count; v++, unit += 2) {
        double slope, bias;
        if (!step_line(model->float_type, group->below[v] + group->error,
                       group->above[v] - group->error, group->greatest, &slope, &bias))
            BUG("a step that the float type can't carry");
        for (uint32_t u = 0; u < 2; u++) {
            stream_add_feature(in, unit + u, &group->input, slope);
            stream_add_one(in, unit + u, bias + (u == 0));
            out[(size_t)(unit + u) * model->width + target->offset + v] = u == 0 ? 1 : -1;
        }
    }
}

static void lookup_units(const Model *model, const UnitGroup *group, StreamColumns *in, double *out,
                         uint32_t unit) {
    const Subspace *target = &model->subspaces[group->target];
    uint32_t cells = lookup_cells(group);
    Arena *scratch = arena_new(0);
    for (uint32_t c = 0; c < cells; c++, unit++) {
        uint32_t rest = c;
        for (uint32_t s = group->source_count; s-- > 0; rest /= group->class_counts[s]) {
            const Subspace *source = &model->subspaces[group->sources[s]];
            double *values = ARENA_ARRAY(scratch, double, source->count);
            for (uint32_t v = 0; v < source->count; v++)
                values[v] = group->classes[s][v] == rest % group->class_counts[s];
            stream_add_table(in, unit, group->sources[s], values, 1);
        }
        stream_add_one(in, unit, 1 - (double)group->source_count);
        for (uint32_t v = 0; v < target->width; v++)
            out[(size_t)unit * model->width + target->offset + v] =
                code_coordinate(target, v, group->result[c]);
    }
    arena_free(scratch);
}

/* x less relu(x), and for numbers below 0 plus relu(-x). */
static void erase_units(const Model *model, const UnitGroup *group, StreamColumns *in, double *out,
                        uint32_t unit) {
    uint32_t offset = model->subspaces[group->target].offset + group->erased_first;
    for (uint32_t c = 0; c < group->erased_count; c++) {
        for (int sign = 1; sign >= (group->either_sign ? -1 : 1); sign -= 2, unit++) {
            stream_add_cell(in, offset + c, unit, sign);
            out[(size_t)unit * model->width + offset + c] = -sign;
        }
    }
}

static uint32_t layer_units(const Model *model, const Layer *layer) {
    uint32_t units = 0;
    for (uint32_t g = 0; g < layer->unit_count; g++)
        units += group_units(model, &layer->units[g]);
    return units;
}

static DenseLayer dense_layer(Arena *arena, const Model *model, const Layer *layer) {
    uint32_t units = layer_units(model, layer), at = 0;
    DenseHead *heads = ARENA_ARRAY(arena, DenseHead, layer->head_count);
    for (uint32_t h = 0; h < layer->head_count; h++)
        heads[h] = dense_head(arena, model, &layer->heads[h]);
    size_t size = (size_t)model->width * units;
    Arena *scratch = arena_new(0);
    StreamColumns in = {model, ARENA_ARRAY(scratch, double, size), units};
    double *out = ARENA_ARRAY(scratch, double, size);
    for (uint32_t g = 0; g < layer->unit_count; g++) {
        const UnitGroup *group = &layer->units[g];
        if (group->kind == UNIT_STEPS)
            steps_units(model, group, &in, out, at);
        else if (group->kind == UNIT_LOOKUP)
            lookup_units(model, group, &in, out, at);
        else
            erase_units(model, group, &in, out, at);
        at += group_units(model, group);
    }
    FloatType type = model->float_type;
    DenseLayer dense = {.head_count = layer->head_count,
                        .heads = heads,
                        .units = units,
                        .w_in = numbers_hold(arena, type, in.data, size),
                        .b_in = numbers_zero(arena, type, units),
                        .w_out = numbers_hold(arena, type, out, size),
                        .b_out = numbers_zero(arena, type, model->width)};
    arena_free(scratch);
    return dense;
}

/* --- embedding -------------------------------------------------------------------------------- */

static void embed_value(const Subspace *s, double value, double *row) {
    if (!subspace_is_coded(s)) {
        row[s->offset] += value;
        return;
    }
    for (uint32_t c = 0; c < s->width; c++)
        row[s->offset + c] += code_coordinate(s, c, (uint32_t)value);
}

/* What a head leaves when nothing is selected. */
static void embed_defaults(const Model *model, double *row) {
    for (uint32_t i = 0; i < model->layer_count; i++) {
        for (uint32_t h = 0; h < model->layers[i].head_count; h++) {
            const Head *head = &model->layers[i].heads[h];
            for (uint32_t m = 0; m < head->move_count; m++) {
                const HeadMove *move = &head->moves[m];
                if (!move_is_defaulted(model, head, move)) continue;
                double value = move->kind == MOVE_REAL ? move->default_value : move->default_index;
                embed_value(&model->subspaces[move->target], value, row);
            }
        }
    }
}

static void dense_embedding(Arena *arena, const Model *model, DenseModel *dense) {
    size_t width = model->width;
    size_t token_cells = (1 + (size_t)model->vocabulary_count) * width;
    size_t position_cells = (1 + (size_t)model->max_length) * width;
    Arena *scratch = arena_new(0);
    double *tokens = ARENA_ARRAY(scratch, double, token_cells);
    double *positions = ARENA_ARRAY(scratch, double, position_cells);
    positions[model->subspaces[MODEL_NULL].offset] = 1;
    for (uint32_t i = 0; i < model->max_length; i++) {
        double *row = positions + (1 + (size_t)i) * width;
        row[model->subspaces[MODEL_ONE].offset] = 1;
        embed_defaults(model, row);
    }
    for (uint32_t e = 0; e < model->embed_count; e++) {
        const Embed *embed = &model->embeds[e];
        bool by_token = embed->kind == EMBED_TOKEN;
        uint32_t count = by_token ? model->vocabulary_count : model->max_length;
        double *table = by_token ? tokens : positions;
        for (uint32_t v = 0; v < count; v++)
            embed_value(&model->subspaces[embed->subspace], embed->values[v],
                        table + (1 + (size_t)v) * width);
    }
    dense->w_e = numbers_hold(arena, model->float_type, tokens, token_cells);
    dense->w_p = numbers_hold(arena, model->float_type, positions, position_cells);
    arena_free(scratch);
}

/* --- read-out --------------------------------------------------------------------------------- */

/* Equal atoms share a logit, in the order in which they first occur; by hashing, because a large
   model has many. */
static Logits reading_logits(Arena *arena, const Reading *reading) {
    if (reading->decode != DECODE_ATOMS) return (Logits){.count = 1};
    Arena *scratch = arena_new(0);
    size_t slot_count = 16;
    while (slot_count < 2 * (size_t)reading->atom_count)
        slot_count *= 2;
    uint32_t *slots = ARENA_ARRAY(scratch, uint32_t, slot_count); /* 1 + the logit; 0: free */
    Atom *atoms = ARENA_ARRAY(arena, Atom, reading->atom_count);
    uint32_t *of = ARENA_ARRAY(arena, uint32_t, reading->atom_count), count = 0;
    for (uint32_t i = 0; i < reading->atom_count; i++) {
        Atom atom = reading->atoms[i];
        size_t at = (atom.kind == ATOM_OPAQUE ? 0 : atom_hash(atom)) & (slot_count - 1);
        while (slots[at] && !atom_identical(atoms[slots[at] - 1], atom))
            at = (at + 1) & (slot_count - 1);
        if (slots[at] == 0) {
            atoms[count++] = atom;
            slots[at] = count;
        }
        of[i] = slots[at] - 1;
    }
    arena_free(scratch);
    return (Logits){.count = count, .atoms = atoms, .of = of};
}

ReadoutLogits model_logits(Arena *arena, const Model *model) {
    const Readout *readout = &model->readout;
    Logits *logits = ARENA_ARRAY(arena, Logits, readout->reading_count);
    ReadoutLogits all = {.readings = logits};
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        logits[r] = reading_logits(arena, &readout->readings[r]);
        logits[r].first = all.count;
        all.count += logits[r].count;
    }
    all.columns = all.count + readout->trap_count;
    for (uint32_t r = 0; r < readout->reading_count; r++) {
        if (readout->readings[r].mixed) logits[r].exact = all.columns++;
    }
    return all;
}

static void dense_reading(StreamColumns *out, const Reading *reading, const Logits *logits) {
    if (reading->mixed) stream_add_feature(out, logits->exact, &reading->exact, 1);
    if (reading->decode != DECODE_ATOMS) {
        stream_add_feature(out, logits->first, &reading->number, 1);
        return;
    }
    if (reading->source == NO_SUBSPACE) {
        stream_add_one(out, logits->first, 1);
        return;
    }
    Arena *scratch = arena_new(0);
    double *values = ARENA_ARRAY(scratch, double, reading->atom_count);
    for (uint32_t c = 0; c < logits->count; c++) {
        for (uint32_t i = 0; i < reading->atom_count; i++)
            values[i] = logits->of[i] == c;
        stream_add_table(out, logits->first + c, reading->source, values, 1);
    }
    arena_free(scratch);
}

static void dense_readout(Arena *arena, const Model *model, DenseModel *dense) {
    const Readout *readout = &model->readout;
    ReadoutLogits logits = model_logits(arena, model);
    dense->outputs = logits.columns;
    size_t size = (size_t)model->width * dense->outputs;
    Arena *scratch = arena_new(0);
    StreamColumns out = {model, ARENA_ARRAY(scratch, double, size), dense->outputs};
    for (uint32_t r = 0; r < readout->reading_count; r++)
        dense_reading(&out, &readout->readings[r], &logits.readings[r]);
    for (uint32_t t = 0; t < readout->trap_count; t++)
        stream_add_feature(&out, logits.count + t, &readout->traps[t].feature, 1);
    dense->w_u = numbers_hold(arena, model->float_type, out.data, size);
    dense->b_u = numbers_zero(arena, model->float_type, dense->outputs);
    arena_free(scratch);
}

/* --- the whole -------------------------------------------------------------------------------- */

uint64_t model_parameters(const Model *model) {
    uint64_t width = model->width;
    Arena *scratch = arena_new(0);
    uint64_t outputs = model_logits(scratch, model).columns;
    arena_free(scratch);
    uint64_t count =
        width * (2 + (uint64_t)model->vocabulary_count + model->max_length) + (width + 1) * outputs;
    for (uint32_t i = 0; i < model->layer_count; i++) {
        const Layer *layer = &model->layers[i];
        for (uint32_t h = 0; h < layer->head_count; h++)
            count += 4 * width * dense_head_width(model, &layer->heads[h]);
        uint64_t units = layer_units(model, layer);
        count += 2 * width * units + (units ? units + width : 0);
    }
    return count;
}

static const Head *head_without_weights(const Model *model) {
    for (uint32_t i = 0; i < model->layer_count; i++) {
        for (uint32_t h = 0; h < model->layers[i].head_count; h++) {
            if (model->layers[i].heads[h].normaliser != NORMALISER_SOFTMAX)
                return &model->layers[i].heads[h];
        }
    }
    return NULL;
}

const DenseModel *model_weights(Arena *arena, const Model *model, Span span, Diagnostics *diags) {
    const Head *other = head_without_weights(model);
    if (other) {
        diag_error(diags, DIAG_CANNOT_LOWER, span,
                   "head '%s' is not softmax, and only softmax has dense weights",
                   other->name->bytes);
        return NULL;
    }
    uint64_t parameters = model_parameters(model);
    size_t size = float_info(model->float_type)->size;
    if (parameters > LIMIT_DENSE_BYTES / size) {
        Diagnostic *diag = diag_error(diags, DIAG_TOO_LARGE_FOR_DENSE, span,
                                      "the dense weights hold %" PRIu64 " numbers, %" PRIu64
                                      " MiB; the limit is %zu MiB",
                                      parameters, parameters * size >> 20, LIMIT_DENSE_BYTES >> 20);
        diag_help(diag, "use the jit, or a smaller vocabulary or greatest length");
        return NULL;
    }
    Buffer why = {0};
    if (!model_fits(model, &why)) {
        Diagnostic *diag = diag_error(diags, DIAG_TOO_LARGE_FOR_DENSE, span,
                                      "at greatest length %u %s", model->max_length, why.data);
        diag_help(diag, model->float_type == FLOAT_32
                            ? "use --dtype f64, a smaller greatest length, or the jit"
                            : "use the jit, or a smaller greatest length");
        buffer_free(&why);
        return NULL;
    }
    DenseModel *dense = ARENA_NEW(arena, DenseModel);
    *dense = (DenseModel){.type = model->float_type,
                          .width = model->width,
                          .vocabulary = model->vocabulary_count,
                          .max_length = model->max_length,
                          .layer_count = model->layer_count};
    dense_embedding(arena, model, dense);
    DenseLayer *layers = ARENA_ARRAY(arena, DenseLayer, model->layer_count);
    for (uint32_t i = 0; i < model->layer_count; i++)
        layers[i] = dense_layer(arena, model, &model->layers[i]);
    dense->layers = layers;
    dense_readout(arena, model, dense);
    return dense;
}
