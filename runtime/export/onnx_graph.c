#include "runtime/export/onnx_graph.h"

#include "runtime/export/protobuf.h"

#include <limits.h>
#include <string.h>

/* Field numbers of onnx.proto3, a message at a time. */
enum ModelField {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER_NAME = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET_IMPORT = 8,
    MODEL_METADATA_PROPS = 14,
};
enum GraphField {
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
};
enum NodeField {
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP_TYPE = 4,
    NODE_ATTRIBUTE = 5
};
enum AttributeField {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_F = 2,
    ATTRIBUTE_I = 3,
    ATTRIBUTE_G = 6,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20
};
enum AttributeType {
    ATTRIBUTE_IS_FLOAT = 1,
    ATTRIBUTE_IS_INT = 2,
    ATTRIBUTE_IS_GRAPH = 5,
    ATTRIBUTE_IS_INTS = 7
};
enum TensorField { TENSOR_DIMS = 1, TENSOR_DATA_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW_DATA = 9 };
enum ValueField { VALUE_NAME = 1, VALUE_TYPE = 2, VALUE_DOC = 3 };
enum TypeField {
    TYPE_TENSOR = 1,
    TYPE_ELEMENT = 1,
    TYPE_SHAPE = 2,
    SHAPE_DIM = 1,
    DIM_VALUE = 1,
    DIM_NAME = 2
};
enum PairField { PAIR_KEY = 1, PAIR_VALUE = 2, OPSET_VERSION = 2 };

/* The version of the file format that came with an opset. */
static uint32_t ir_version(uint32_t opset) { return opset < ONNX_OPSET_ATTENTION ? 8 : 11; }

void onnx_graph_free(OnnxGraph *graph) {
    buffer_free(&graph->nodes);
    buffer_free(&graph->initializers);
    buffer_free(&graph->inputs);
    buffer_free(&graph->outputs);
    arena_free(graph->arena);
    *graph = (OnnxGraph){0};
}

Edge onnx_name(OnnxGraph *graph, const char *format, ...) {
    Buffer text = {0};
    va_list arguments;
    if (graph->scope != NULL) buffer_printf(&text, "%s/", graph->scope);
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    Edge name = arena_strndup(graph->arena, text.data, text.len);
    buffer_free(&text);
    return name;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void add_attribute(Buffer *node, const OnnxAttribute *attribute) {
    Buffer out = {0};
    proto_text(&out, ATTRIBUTE_NAME, attribute->name);
    if (attribute->count == 0) proto_int(&out, ATTRIBUTE_I, attribute->value);
    for (uint32_t i = 0; i < attribute->count; i++)
        proto_int(&out, ATTRIBUTE_INTS, attribute->list[i]);
    proto_int(&out, ATTRIBUTE_TYPE, attribute->count == 0 ? ATTRIBUTE_IS_INT : ATTRIBUTE_IS_INTS);
    proto_message(node, NODE_ATTRIBUTE, &out);
}

void onnx_node_of(OnnxGraph *graph, const char *operator, Edge name,
                  const OnnxAttribute *attributes, const Edge *inputs, const Edge *outputs) {
    Buffer node = {0};
    for (; *inputs != NULL; inputs++)
        proto_text(&node, NODE_INPUT, *inputs);
    for (; *outputs != NULL; outputs++)
        proto_text(&node, NODE_OUTPUT, *outputs);
    proto_text(&node, NODE_NAME, name);
    proto_text(&node, NODE_OP_TYPE, operator);
    for (; attributes != NULL && attributes->name != NULL; attributes++)
        add_attribute(&node, attributes);
    proto_message(&graph->nodes, GRAPH_NODE, &node);
}

Edge onnx_node(OnnxGraph *graph, const char *operator, Edge name, const OnnxAttribute *attributes,
               const Edge *inputs) {
    onnx_node_of(graph, operator, name, attributes, inputs, (const Edge[]){name, NULL});
    return name;
}

Edge onnx_attention(OnnxGraph *graph, Edge name, Edge pattern, Edge query, Edge key, Edge value,
                    Edge mask) {
    enum { PATTERN_AFTER_SOFTMAX = 3 };
    const Edge inputs[] = {query, key, value, mask}, outputs[] = {name, "", "", pattern};
    const OnnxAttribute heads = {"q_num_heads", 1, 0, {0}}, key_heads = {"kv_num_heads", 1, 0, {0}};
    const OnnxAttribute mode = {"qk_matmul_output_mode", PATTERN_AFTER_SOFTMAX, 0, {0}};
    Buffer node = {0}, scale = {0};
    for (size_t i = 0; i < 4; i++)
        proto_text(&node, NODE_INPUT, inputs[i]);
    for (size_t i = 0; i < (pattern == NULL ? 1 : 4); i++)
        proto_text(&node, NODE_OUTPUT, outputs[i]);
    proto_text(&node, NODE_NAME, name);
    proto_text(&node, NODE_OP_TYPE, "Attention");
    proto_text(&scale, ATTRIBUTE_NAME, "scale");
    proto_float(&scale, ATTRIBUTE_F, 1);
    proto_int(&scale, ATTRIBUTE_TYPE, ATTRIBUTE_IS_FLOAT);
    proto_message(&node, NODE_ATTRIBUTE, &scale);
    add_attribute(&node, &heads);
    add_attribute(&node, &key_heads);
    if (pattern != NULL) add_attribute(&node, &mode);
    proto_message(&graph->nodes, GRAPH_NODE, &node);
    return name;
}

Edge onnx_unary(OnnxGraph *graph, const char *operator, Edge name, Edge a) {
    return onnx_node(graph, operator, name, NULL, (const Edge[]){a, NULL});
}

Edge onnx_binary(OnnxGraph *graph, const char *operator, Edge name, Edge a, Edge b) {
    return onnx_node(graph, operator, name, NULL, (const Edge[]){a, b, NULL});
}

Edge onnx_along(OnnxGraph *graph, const char *operator, Edge name, const char *attribute,
                int64_t value, Edge a, Edge b) {
    return onnx_node(graph, operator, name,
                     (const OnnxAttribute[]){{attribute, value, 0, {0}}, {0}},
                     (const Edge[]){a, b, NULL});
}

Edge onnx_cast(OnnxGraph *graph, Edge name, Edge a, OnnxType type) {
    return onnx_along(graph, "Cast", name, "to", type, a, NULL);
}

/* --- loops ------------------------------------------------------------------------------------ */

void onnx_body_begin(OnnxGraph *graph, OnnxOuter *outer) {
    *outer = (OnnxOuter){graph->nodes, graph->inputs, graph->outputs};
    graph->nodes = graph->inputs = graph->outputs = (Buffer){0};
}

void onnx_loop(OnnxGraph *graph, OnnxOuter *outer, Edge name, const Edge *inputs,
               const Edge *outputs) {
    Buffer body = {0}, attribute = {0}, node = {0};
    buffer_add(&body, graph->nodes.data, graph->nodes.len);
    proto_text(&body, GRAPH_NAME, name);
    buffer_add(&body, graph->inputs.data, graph->inputs.len);
    buffer_add(&body, graph->outputs.data, graph->outputs.len);
    buffer_free(&graph->nodes);
    buffer_free(&graph->inputs);
    buffer_free(&graph->outputs);
    graph->nodes = outer->nodes;
    graph->inputs = outer->inputs;
    graph->outputs = outer->outputs;
    for (; *inputs != NULL; inputs++)
        proto_text(&node, NODE_INPUT, *inputs);
    for (; *outputs != NULL; outputs++)
        proto_text(&node, NODE_OUTPUT, *outputs);
    proto_text(&node, NODE_NAME, name);
    proto_text(&node, NODE_OP_TYPE, "Loop");
    proto_text(&attribute, ATTRIBUTE_NAME, "body");
    proto_message(&attribute, ATTRIBUTE_G, &body);
    proto_int(&attribute, ATTRIBUTE_TYPE, ATTRIBUTE_IS_GRAPH);
    proto_message(&node, NODE_ATTRIBUTE, &attribute);
    proto_message(&graph->nodes, GRAPH_NODE, &node);
}

/* --- constants -------------------------------------------------------------------------------- */

Edge onnx_tensor(OnnxGraph *graph, Edge name, OnnxType type, const uint64_t *dims, uint32_t rank,
                 const void *data, uint64_t bytes) {
    Buffer head = {0};
    for (uint32_t d = 0; d < rank; d++)
        proto_int(&head, TENSOR_DIMS, (int64_t)dims[d]);
    proto_int(&head, TENSOR_DATA_TYPE, type);
    proto_text(&head, TENSOR_NAME, name);
    proto_length(&head, TENSOR_RAW_DATA, bytes);
    proto_length(&graph->initializers, GRAPH_INITIALIZER, head.len + bytes);
    buffer_add(&graph->initializers, head.data, head.len);
    buffer_add(&graph->initializers, data, bytes);
    buffer_free(&head);
    return name;
}

OnnxType onnx_float_type(const OnnxGraph *graph) {
    return (OnnxType)float_info(graph->float_type)->onnx;
}

static Edge numbers(OnnxGraph *graph, Edge name, const uint64_t *dims, uint32_t rank, Numbers data,
                    uint64_t count) {
    return onnx_tensor(graph, name, onnx_float_type(graph), dims, rank, data.bytes,
                       count * float_info(graph->float_type)->size);
}

Edge onnx_matrix(OnnxGraph *graph, Edge name, Numbers data, uint64_t rows, uint64_t columns) {
    return numbers(graph, name, (const uint64_t[]){rows, columns}, 2, data, rows * columns);
}

Edge onnx_vector(OnnxGraph *graph, Edge name, Numbers data, uint64_t count) {
    return numbers(graph, name, &count, 1, data, count);
}

Edge onnx_float(OnnxGraph *graph, Edge name, double value) {
    return numbers(graph, name, NULL, 0, numbers_hold(graph->arena, graph->float_type, &value, 1),
                   1);
}

Edge onnx_int(OnnxGraph *graph, Edge name, int64_t value) {
    return onnx_tensor(graph, name, ONNX_INT64, NULL, 0, &value, sizeof value);
}

Edge onnx_ints(OnnxGraph *graph, Edge name, int64_t value) {
    return onnx_tensor(graph, name, ONNX_INT64, (const uint64_t[]){1}, 1, &value, sizeof value);
}

/* --- inputs and outputs ----------------------------------------------------------------------- */

static void add_value(Buffer *to, uint32_t field, Edge name, OnnxType element, const OnnxDim *dims,
                      uint32_t rank, const char *text) {
    Buffer shape = {0}, tensor = {0}, type = {0}, value = {0};
    for (uint32_t d = 0; d < rank; d++) {
        Buffer dim = {0};
        if (dims[d].name != NULL)
            proto_text(&dim, DIM_NAME, dims[d].name);
        else
            proto_int(&dim, DIM_VALUE, (int64_t)dims[d].size);
        proto_message(&shape, SHAPE_DIM, &dim);
    }
    proto_int(&tensor, TYPE_ELEMENT, element);
    proto_message(&tensor, TYPE_SHAPE, &shape);
    proto_message(&type, TYPE_TENSOR, &tensor);
    proto_text(&value, VALUE_NAME, name);
    proto_message(&value, VALUE_TYPE, &type);
    proto_text(&value, VALUE_DOC, text);
    proto_message(to, field, &value);
}

void onnx_input(OnnxGraph *graph, Edge name, OnnxType type, const OnnxDim *dims, uint32_t rank,
                const char *text) {
    add_value(&graph->inputs, GRAPH_INPUT, name, type, dims, rank, text);
}

void onnx_output(OnnxGraph *graph, Edge name, OnnxType type, const OnnxDim *dims, uint32_t rank,
                 const char *text) {
    add_value(&graph->outputs, GRAPH_OUTPUT, name, type, dims, rank, text);
}

/* --- the whole -------------------------------------------------------------------------------- */

bool onnx_graph_print(const OnnxGraph *graph, const char *name, const char *producer_version,
                      const OnnxProperty *properties, size_t count, Buffer *out, uint64_t *size) {
    const Buffer *parts[] = {&graph->nodes, &graph->initializers, &graph->inputs, &graph->outputs};
    size_t part_count = sizeof parts / sizeof parts[0];
    Buffer head = {0}, graph_name = {0};
    proto_int(&head, MODEL_IR_VERSION, ir_version(graph->opset));
    proto_text(&head, MODEL_PRODUCER_NAME, "raspc");
    proto_text(&head, MODEL_PRODUCER_VERSION, producer_version);
    Buffer opset = {0};
    proto_int(&opset, OPSET_VERSION, graph->opset);
    proto_message(&head, MODEL_OPSET_IMPORT, &opset);
    for (size_t i = 0; i < count; i++) {
        Buffer pair = {0};
        proto_text(&pair, PAIR_KEY, properties[i].key);
        proto_bytes(&pair, PAIR_VALUE, properties[i].value, properties[i].len);
        proto_message(&head, MODEL_METADATA_PROPS, &pair);
    }
    proto_text(&graph_name, GRAPH_NAME, name);
    uint64_t len = graph_name.len;
    for (size_t i = 0; i < part_count; i++)
        len += parts[i]->len;
    proto_length(&head, MODEL_GRAPH, len);
    *size = head.len + len;
    bool fits = *size <= INT_MAX;
    if (fits) {
        /* The weights are copied once: they lie in parts until here. */
        buffer_add(out, head.data, head.len);
        buffer_add(out, graph_name.data, graph_name.len);
        for (size_t i = 0; i < part_count; i++)
            buffer_add(out, parts[i]->data, parts[i]->len);
    }
    buffer_free(&head);
    buffer_free(&graph_name);
    return fits;
}
