/* Small questions about a model. */
#include "runtime/real/real_model.h"

bool real_unit_takes(GraphOp op) {
    switch (op) {
    case OP_COMPONENT:
    case OP_MATMUL:
    case OP_VEC:
    case OP_CONCAT: return false; /* affine */
    default: break;
    }
    const OpInfo *info = op_info(op);
    return info->kind == OPKIND_ELEMENT && info->arity > 0 && info->payload != PAYLOAD_TABLE;
}

bool real_is_interpolated(const RealModel *model) {
    for (uint32_t o = 0; o < model->output_count; o++)
        if (model->outputs[o].error > 0) return true;
    return false;
}

uint32_t real_layers_with_heads(const RealModel *model) {
    uint32_t count = 0;
    for (uint32_t l = 0; l < model->layer_count; l++)
        count += model->layers[l].head_count > 0;
    return count;
}

uint64_t real_attention_layers(const RealModel *model) {
    uint64_t total = 0;
    for (uint32_t l = 0; l < model->layer_count; l++) {
        uint64_t times = model->layers[l].head_count > 0;
        for (uint32_t i = 0; i < model->loop_count; i++) {
            const RealLoop *loop = &model->loops[i];
            if (l - loop->first >= loop->count) continue;
            if (times > UINT64_MAX / loop->times) return UINT64_MAX;
            times *= loop->times;
        }
        if (total > UINT64_MAX - times) return UINT64_MAX;
        total += times;
    }
    return total;
}
