/* The header of a program as a C function: all that its caller has to know. */
#include "runtime/engines/jit/library.h"

#include "runtime/base/version.h"

#include <inttypes.h>

/* As a C string. Bytes that are not plain are written in octal. */
static void print_text(Buffer *out, const String *text) {
    buffer_char(out, '"');
    for (size_t i = 0; i < text->len; i++) {
        unsigned char byte = (unsigned char)text->bytes[i];
        bool plain = byte >= ' ' && byte < 127 && byte != '"' && byte != '\\' && byte != '?';
        buffer_printf(out, plain ? "%c" : "\\%03o", byte);
    }
    buffer_char(out, '"');
}

static void print_atom(Buffer *out, Atom atom, bool texts) {
    Buffer plain = {0};
    if (atom.kind == ATOM_STRING) {
        print_text(out, atom.as.string);
    } else if (atom.kind == ATOM_OPAQUE) {
        buffer_text(out, texts ? "0" : "0.0 / 0.0");
    } else if (!texts && atom.kind == ATOM_BOOL) {
        buffer_text(out, atom.as.boolean ? "1" : "0");
    } else {
        atom_format_repr(&plain, atom);
        buffer_printf(out, texts ? "\"%s\"" : "%s", plain.data);
    }
    buffer_free(&plain);
}

static void print_list(Buffer *out, const char *type, const char *name, const char *what,
                       const Atom *atoms, uint32_t count, bool texts) {
    enum { IN_A_LINE = 8 };
    buffer_printf(out, "static const %s%s_%s[%" PRIu32 "] = {", type, name, what, count);
    for (uint32_t i = 0; i < count; i++) {
        buffer_text(out, i % IN_A_LINE == 0 ? "\n    " : " ");
        print_atom(out, atoms[i], texts);
        buffer_char(out, ',');
    }
    buffer_text(out, "\n};\n\n");
}

static bool all_numbers(const Atom *atoms, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (atoms[i].kind == ATOM_STRING) return false;
    return true;
}

/* The type of the result's elements; declares what they mean where they are numbers of values. */
static const char *print_result(const Reading *reading, const char *name, Buffer *out) {
    if (reading->decode == DECODE_INTEGER) return "int64_t";
    if (reading->decode != DECODE_ATOMS) return "double";
    bool numbers = all_numbers(reading->atoms, reading->atom_count);
    buffer_printf(out, "/* What the numbers of the result mean%s. */\n",
                  numbers ? "" : "; 0 where several different values were gathered");
    print_list(out, numbers ? "double " : "char *const ", name, "values", reading->atoms,
               reading->atom_count, !numbers);
    return "int32_t";
}

void library_header(const Plan *plan, const char *name, Buffer *out) {
    const Model *model = plan->model;
    buffer_printf(out, "/* Made by raspc %s: one s-op of a RASP program as a C function. */\n",
                  RASPC_VERSION);
    buffer_printf(out, "#ifndef RASPC_MADE_%s_H\n#define RASPC_MADE_%s_H\n\n", name, name);
    buffer_text(out, "#include <stddef.h>\n#include <stdint.h>\n\n"
                     "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    buffer_printf(out,
                  "enum { %s_TOKENS = %" PRIu32 ", %s_MOST = %" PRIu32
                  " }; /* tokens; the greatest length */\n\n",
                  name, model->vocabulary_count, name, model->max_length);
    buffer_text(out, "/* Token number t stands for the input element that this writes. */\n");
    print_list(out, "char *const ", name, "tokens", model->vocabulary, model->vocabulary_count,
               true);
    const char *type = print_result(&model->readout.readings[0], name, out);
    buffer_printf(
        out,
        "/* The bytes of memory that a run on n tokens works in. */\n"
        "size_t %s_memory(int64_t n);\n\n"
        "/* tokens: (n) token numbers; result: (n) what the program gives for them;\n"
        "   memory: %s_memory(n) bytes, anything in them. Runs at once need memory each.\n"
        "   Returns %d when done; %d: n is not 1 to %s_MOST; %d: no token has such a number;\n"
        "   %d: the program is undefined somewhere on this input, as by a division by 0.\n"
        "   The result holds nothing unless done. */\n"
        "int %s(const int32_t *tokens, int64_t n, %s *result, void *memory);\n\n",
        name, name, LIBRARY_DONE, LIBRARY_LENGTH, name, LIBRARY_TOKEN, LIBRARY_UNDEFINED, name,
        type);
    buffer_text(out, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}
