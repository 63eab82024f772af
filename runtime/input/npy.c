/* An input as numpy's .npy: an array of one dimension. */
#include "runtime/input/npy_view.h"
#include "runtime/input/reader.h"

bool input_read_npy(InputReader *reader, const char *name, const char *bytes, size_t len) {
    NpyView view;
    const char *why = npy_view(bytes, len, &view);
    if (why == NULL && view.rank != 1) why = "an input has one dimension";
    Elements elements = {0};
    for (size_t i = 0; why == NULL && i < view.rows; i++) {
        Atom atom;
        if (npy_atom(&view, i, reader->arena, &atom))
            elements_add(&elements, atom);
        else
            why = "a string that is not Unicode";
    }
    bool read = why == NULL ? reader_add(reader, &elements, (Span){0})
                            : reader_wrong(reader, (Span){0}, "%s: %s", name, why);
    elements_free(&elements);
    return read;
}
