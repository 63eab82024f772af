/* Transformers: one s-op of a program, or all that one with named inputs is for, made ready for one
   engine. */
#include "compiler/api/api.h"

#include "runtime/base/limits.h"
#include "runtime/export/save.h"
#include "runtime/model/weights.h"
#include "runtime/real/real_weights.h"
#include "runtime/value/atom_set.h"

#include <string.h>

/* --- what is computed ---------------------------------------------------------------------------
 */

/* The value's node as one more output; false after reporting that it is no s-op. */
static bool add_output(raspc_transformer *t, const char *name, Value value) {
    if (value.kind != VALUE_SOP) {
        diag_error(session_diagnostics(t->program->session), DIAG_NO_RESULT, (Span){0},
                   "'%s' is %s: a transformer computes an s-op", name, value_kind_name(value));
        return false;
    }
    t->names[t->count] = arena_strndup(t->arena, name, strlen(name));
    t->nodes[t->count++] = value.as.node;
    return true;
}

/* What `output` statements name; else the last s-op. */
static bool add_main_outputs(raspc_transformer *t) {
    Session *session = t->program->session;
    Diagnostics *diags = session_diagnostics(session);
    size_t count = session_output_count(session);
    const String *name;
    Value value;
    for (size_t i = 0; i < count; i++) {
        value = session_output(session, i, &name);
        if (!add_output(t, name->bytes, value)) return false;
    }
    if (count > 1 && !session_has_inputs(session)) {
        diag_error(diags, DIAG_NO_RESULT, (Span){0}, "a transformer computes one s-op, not %zu",
                   count);
        return false;
    }
    if (count > 0) return true;
    if (session_main_output(session, &name, &value)) return add_output(t, name->bytes, value);
    diag_error(diags, DIAG_NO_RESULT, (Span){0}, "the program computes no s-op");
    return false;
}

/* False after reporting. expression NULL: what the program is for. */
static bool find_outputs(raspc_transformer *t, const char *expression) {
    Session *session = t->program->session;
    size_t most = expression ? 1 : session_output_count(session) + 1;
    t->nodes = ARENA_ARRAY(t->arena, NodeId, most);
    t->names = ARENA_ARRAY(t->arena, const char *, most);
    if (expression == NULL) return add_main_outputs(t);
    Value value;
    return session_evaluate(session, "<expression>", expression, strlen(expression), &value) &&
           add_output(t, expression, value);
}

/* --- made ready ---------------------------------------------------------------------------------
 */

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
    t->model = lower(t->arena, session_graph(session), t->nodes[0], lowering, diags);
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
    if (options->engine != RASPC_EVAL && options->engine != RASPC_INTERP &&
        options->engine != RASPC_JIT)
        return false;
    return (options->float_type == RASPC_F32 || options->float_type == RASPC_F64) &&
           options->max_length <= LIMIT_INPUT_TOKENS;
}

/* Over tokens. RASPC_MISUSED: the options say not enough for that. */
static raspc_status make_over_tokens(raspc_transformer *t,
                                     const raspc_transformer_options *options) {
    LowerOptions lowering = {0};
    if (options->vocabulary == NULL || options->vocabulary_count == 0 ||
        options->vocabulary_count > LIMIT_INPUT_TOKENS || options->max_length == 0 ||
        !read_vocabulary(t->arena, options, &lowering))
        return RASPC_MISUSED;
    if (options->engine == RASPC_JIT) lowering.registers = REGISTERS_KEEP; /* it has no places */
    return make_ready(t, &lowering, options->cpu) ? RASPC_OK : RASPC_REFUSED;
}

static raspc_status make(raspc_transformer *t, const char *expression,
                         const raspc_transformer_options *options) {
    const Graph *graph = session_graph(t->program->session);
    if (!find_outputs(t, expression)) return RASPC_WRONG;
    t->named = session_has_inputs(t->program->session);
    if (t->engine == RASPC_EVAL) return RASPC_OK;
    if (!t->named && !graph_is_real(graph, t->nodes[0])) return make_over_tokens(t, options);
    if (t->engine == RASPC_INTERP && options->max_length == 0) return RASPC_MISUSED;
    return make_real(t, options) ? RASPC_OK : RASPC_REFUSED;
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
    if (program == NULL || !options_hold(&given)) return RASPC_MISUSED;
    Arena *arena = arena_new(0);
    raspc_transformer *made = ARENA_NEW(arena, raspc_transformer);
    *made = (raspc_transformer){.arena = arena, .program = program, .engine = given.engine};
    raspc_status status = make(made, expression, &given);
    if (status == RASPC_OK)
        *transformer = made;
    else
        raspc_transformer_free(made);
    return status;
}

void raspc_transformer_free(raspc_transformer *transformer) {
    if (transformer == NULL) return;
    jit_free(transformer->native);
    jit_real_free(transformer->native_real);
    jit_real_free(transformer->requirements);
    jit_close(transformer->jit);
    arena_free(transformer->arena);
}

raspc_status raspc_transformer_size(const raspc_transformer *transformer, raspc_size *size) {
    raspc_size full = {0};
    if (transformer == NULL || size == NULL || size->size == 0 || size->size > sizeof full)
        return RASPC_MISUSED;
    full.size = size->size;
    const Model *model = transformer->model;
    const RealModel *real = transformer->real_model;
    if (real != NULL) {
        full.layers = real->layer_count;
        full.attention_layers = real_layers_with_heads(real);
        for (uint32_t l = 0; l < real->layer_count; l++)
            full.heads += real->layers[l].head_count;
        full.width = real->width;
        full.parameters = real_model_parameters(real);
    }
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

/* The program's text, or the expression where nothing was loaded. */
static const char *source_of(const raspc_transformer *t, const char **name, size_t *len) {
    const raspc_program *program = t->program;
    bool loaded = program->name != NULL;
    const char *source = loaded ? program->text : t->names[0];
    *name = loaded ? program->name : "<expr>";
    *len = loaded ? program->text_len : strlen(source);
    return source;
}

static bool save_real(const raspc_transformer *t, const ExportFormat *format, const char *path,
                      Arena *arena, Span span) {
    RealModel named = *t->real_model;
    RealOutput *outputs = ARENA_ARRAY(arena, RealOutput, t->count);
    for (uint32_t i = 0; i < t->count; i++) {
        outputs[i] = t->real_model->outputs[i];
        outputs[i].name = string_from(arena, t->names[i]);
    }
    named.outputs = outputs;
    RealExport export = {.model = &named, .span = span, .arena = arena};
    export.source = source_of(t, &export.program_name, &export.source_len);
    return export_save_real(&export, format, path, session_diagnostics(t->program->session));
}

static bool save_over_tokens(const raspc_transformer *t, const ExportFormat *format,
                             const char *path, Arena *arena, Span span) {
    Model named = *t->model;
    named.readout.name = string_from(arena, t->names[0]);
    Export export = {.model = &named, .arena = arena};
    export.source = source_of(t, &export.program_name, &export.source_len);
    return export_save(&export, format, path, span, session_diagnostics(t->program->session));
}

raspc_status raspc_transformer_save(const raspc_transformer *transformer, const char *path) {
    if (transformer == NULL || transformer->text == NULL || path == NULL || *path == '\0')
        return RASPC_MISUSED;
    Session *session = transformer->program->session;
    const ExportFormat *format = format_for(path, session_diagnostics(session));
    if (format == NULL) return RASPC_WRONG;
    Span span = graph_node(session_graph(session), transformer->nodes[0])->span;
    Arena *arena = arena_new(0);
    bool saved = transformer->real_model ? save_real(transformer, format, path, arena, span)
                                         : save_over_tokens(transformer, format, path, arena, span);
    arena_free(arena);
    return saved ? RASPC_OK : RASPC_REFUSED;
}
