#include "runtime/value/json.h"

#include "runtime/base/bug.h"

#include <stdlib.h>

static void add(cJSON *to, const char *name, cJSON *item) {
    if (name == NULL)
        cJSON_AddItemToArray(to, item);
    else
        cJSON_AddItemToObject(to, name, item);
}

void json_add_atom(cJSON *to, const char *name, Atom atom) {
    Buffer text = {0};
    atom_format_json(&text, atom);
    add(to, name, cJSON_CreateRaw(text.data));
    buffer_free(&text);
}

void json_add_string(cJSON *to, const char *name, const String *text) {
    json_add_atom(to, name, atom_string(text));
}

void json_add_text(cJSON *to, const char *name, const char *text, size_t len) {
    Arena *arena = arena_new(0);
    json_add_string(to, name, string_new(arena, text, len));
    arena_free(arena);
}

void json_add_float(cJSON *to, const char *name, double number) {
    json_add_atom(to, name, atom_float(number));
}

cJSON *json_atoms(Atoms atoms, uint32_t count) {
    cJSON *list = cJSON_CreateArray();
    for (uint32_t i = 0; i < count; i++)
        json_add_atom(list, NULL, atoms_at(atoms, i));
    return list;
}

void json_print(Buffer *out, cJSON *value, bool laid_out) {
    char *text = laid_out ? cJSON_Print(value) : cJSON_PrintUnformatted(value);
    if (text == NULL) BUG("cJSON could not print");
    buffer_text(out, text);
    if (laid_out) buffer_char(out, '\n');
    cJSON_free(text);
    cJSON_Delete(value);
}
