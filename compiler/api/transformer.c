/* Transformers: one s-op of a program, made ready for one engine. */
#include "compiler/api/api.h"

#include "compiler/lower/lower.h"
#include "runtime/base/limits.h"
#include "runtime/export/save.h"
#include "runtime/model/weights.h"
#include "runtime/value/atom_set.h"

#include <string.h>

/* The s-op that the expression means; NO_NODE after reporting. */
static NodeId find_sop(raspc_program *program, const char *expression) {
    Session *session = program->session;
    Value value;
    if (!session_evaluate(session, "<expression>", expression, strlen(expression), &value))
        return NO_NODE;
    if (value.kind == VALUE_SOP) return value.as.node;
    diag_error(session_diagnostics(session), DIAG_NO_RESULT, (Span){0},
               "'%s' is %s: a transformer computes an s-op", expression, value_kind_name(value));
    return NO_NODE;
}

/* False: a value is none, or comes twice; nothing is reported. */
static bool read_vocabulary(Arena *arena, const raspc_transformer_options *options,
                            LowerOptions *out) {
    AtomSet set = atom_set_new(arena, options->vocabulary_count);
    for (size_t i = 0; i < options->vocabulary_count; i++) {
        Atom atom;
        if (!value_to_atom(arena, &options->vocabulary[i], &atom) || !atom_set_add(&set, atom))
            return false;
    }
    *out = (LowerOptions){.vocabulary_count = set.count,
                          .vocabulary = set.atoms,
                          .max_length = options->max_length,
                          .causal = options->causal != 0,
                          .float_type = options->float_type == RASPC_F64 ? FLOAT_64 : FLOAT_32};
    return true;
}

static bool make_ready(raspc_transformer *t, const LowerOptions *lowering, const char *cpu) {
    Session *session = t->program->session;
    Diagnostics *diags = session_diagnostics(session);
    t->model = lower(t->arena, session_graph(session), t->node, lowering, diags);
    if (t->model == NULL) return false;
    if (t->engine == RASPC_INTERP) {
        t->interp = interp_new(t->arena, t->model, (Span){0}, diags);
        if (t->interp == NULL) return false;
    } else {
        JitOptions options = {.cpu = cpu};
        t->jit = jit_open((Span){0}, diags);
        if (t->jit == NULL) return false;
        t->native = jit_compile(t->jit, t->model, &options, (Span){0}, diags);
        if (t->native == NULL) return false;
    }
    Buffer text = {0};
    model_print(t->model, &text);
    t->text = arena_strndup(t->arena, text.data, text.len);
    buffer_free(&text);
    return true;
}

static bool options_hold(const raspc_transformer_options *options) {
    if (options->engine == RASPC_EVAL) return true;
    if (options->engine != RASPC_INTERP && options->engine != RASPC_JIT) return false;
    if (options->float_type != RASPC_F32 && options->float_type != RASPC_F64) return false;
    return options->vocabulary != NULL && options->vocabulary_count > 0 &&
           options->vocabulary_count <= LIMIT_INPUT_TOKENS && options->max_length > 0 &&
           options->max_length <= LIMIT_INPUT_TOKENS;
}

raspc_status raspc_transformer_new(raspc_program *program, const char *expression,
                                   const raspc_transformer_options *options,
                                   raspc_transformer **transformer) {
    if (transformer == NULL) return RASPC_MISUSED;
    *transformer = NULL;
    raspc_transformer_options given = {0};
    if (options != NULL) {
        if (options->size == 0 || options->size > sizeof given) return RASPC_MISUSED;
        memcpy(&given, options, options->size);
    }
    if (program == NULL || expression == NULL || !options_hold(&given)) return RASPC_MISUSED;
    Arena *arena = arena_new(0);
    LowerOptions lowering = {0};
    if (given.engine != RASPC_EVAL && !read_vocabulary(arena, &given, &lowering)) {
        arena_free(arena);
        return RASPC_MISUSED;
    }
    if (given.engine == RASPC_JIT) lowering.registers = REGISTERS_KEEP; /* it has no places */
    NodeId node = find_sop(program, expression);
    if (node == NO_NODE) {
        arena_free(arena);
        return RASPC_WRONG;
    }
    raspc_transformer *made = ARENA_NEW(arena, raspc_transformer);
    *made = (raspc_transformer){
        .arena = arena, .program = program, .engine = given.engine, .node = node};
    made->expression = arena_strndup(arena, expression, strlen(expression));
    if (given.engine != RASPC_EVAL && !make_ready(made, &lowering, given.cpu)) {
        raspc_transformer_free(made);
        return RASPC_REFUSED;
    }
    *transformer = made;
    return RASPC_OK;
}

void raspc_transformer_free(raspc_transformer *transformer) {
    if (transformer == NULL) return;
    jit_free(transformer->native);
    jit_close(transformer->jit);
    arena_free(transformer->arena);
}

raspc_status raspc_transformer_size(const raspc_transformer *transformer, raspc_size *size) {
    raspc_size full = {0};
    if (transformer == NULL || size == NULL || size->size == 0 || size->size > sizeof full)
        return RASPC_MISUSED;
    full.size = size->size;
    const Model *model = transformer->model;
    if (model != NULL) {
        full.layers = model->layer_count;
        full.attention_layers = model_attention_layers(model);
        for (uint32_t l = 0; l < model->layer_count; l++)
            full.heads += model->layers[l].head_count;
        full.width = model->width;
        full.parameters = model_parameters(model);
    }
    memcpy(size, &full, full.size);
    return RASPC_OK;
}

const char *raspc_transformer_text(const raspc_transformer *transformer) {
    return transformer == NULL ? NULL : transformer->text;
}

/* NULL after reporting. */
static const ExportFormat *format_for(const char *path, Diagnostics *diags) {
    const ExportFormat *format = export_format_of(path);
    if (format != NULL) return format;
    if (!export_path_is_file(path)) return export_format_find("huggingface");
    diag_error(diags, DIAG_FILE, (Span){0}, "'%s' names no format that is known", path);
    return NULL;
}

raspc_status raspc_transformer_save(const raspc_transformer *transformer, const char *path) {
    if (transformer == NULL || transformer->model == NULL || path == NULL || *path == '\0')
        return RASPC_MISUSED;
    const raspc_program *program = transformer->program;
    Diagnostics *diags = session_diagnostics(program->session);
    const ExportFormat *format = format_for(path, diags);
    if (format == NULL) return RASPC_WRONG;
    Arena *arena = arena_new(0);
    Model named = *transformer->model;
    named.readout.name = string_from(arena, transformer->expression);
    Export export = {.model = &named,
                     .program_name = program->name != NULL ? program->name : "<expr>",
                     .source = program->name != NULL ? program->text : transformer->expression,
                     .arena = arena};
    export.source_len = program->name != NULL ? program->text_len : strlen(export.source);
    Span span = graph_node(session_graph(program->session), transformer->node)->span;
    bool saved = export_save(&export, format, path, span, diags);
    arena_free(arena);
    return saved ? RASPC_OK : RASPC_REFUSED;
}
