#include "tests/fuzz/text_form.h"

void text_form_check(const TextForm *form, Arena *arena, Sources *sources, Diagnostics *diags,
                     const void *thing) {
    Buffer printed = {0}, again = {0}, why = {0};
    if (form->verify && !form->verify(thing, &why)) BUG("a wrong %s: %s", form->name, why.data);
    form->print(thing, &printed);
    uint32_t file = sources_add(sources, "printed", printed.data ? printed.data : "", printed.len);
    const void *back = form->parse(arena, sources, file, diags);
    if (!back) BUG("a printed %s does not parse:\n%s", form->name, printed.data);
    form->print(back, &again);
    require_equal(form->name, &printed, &again);
    buffer_free(&printed);
    buffer_free(&again);
    buffer_free(&why);
}

void text_form_fuzz(const TextForm *form, const uint8_t *data, size_t size) {
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    uint32_t file = sources_add(sources, "fuzz", (const char *)data, size);
    const void *thing = form->parse(arena, sources, file, diags);
    if (!thing != (diagnostics_errors(diags) > 0)) BUG("a %s and errors, or neither", form->name);
    if (thing) {
        text_form_check(form, arena, sources, diags, thing);
        if (form->use) form->use(arena, diags, thing);
    }
    render_all(diags);
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
}
