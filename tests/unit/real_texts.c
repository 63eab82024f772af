#include "tests/unit/real_texts.h"

#include <check.h>
#include <string.h>

const char real_dynamics[] = "model real f64 length 32\n"
                             "basis\n"
                             "  one: one  # 0\n"
                             "  null: null  # 1\n"
                             "  z0: real[2] for %0  # 2 and 1 more\n"
                             "  mean: real[2] for %4  # 4 and 1 more\n"
                             "  z: real[2] for %9  # 6 and 1 more\n"
                             "input\n"
                             "  z0: vec[2] -> z0\n"
                             "layer\n"
                             "  head near: score z0 by z0; hardmax; z0 -> mean for %4\n"
                             "  div z: z0 + 0.5*mean, [1.5, 1.5] for %9\n"
                             "output\n"
                             "  z: vec[2] z for %9\n";

const char real_lloyd[] =
    "model real f64 length 12\n"
    "basis\n"
    "  one: one  # 0\n"
    "  null: null  # 1\n"
    "  x: real[2]  # 2 and 1 more\n"
    "  is_centre: real  # 4\n"
    "  i: real  # 5\n"
    "  c: real[2]  # 6 and 1 more\n"
    "  square: real  # 8\n"
    "  nearest: real  # 9\n"
    "  owner: real  # 10\n"
    "  mean: real[2]  # 11 and 1 more\n"
    "  none: real  # 13\n"
    "input\n"
    "  x: vec[2] -> x\n"
    "  is_centre: bool -> is_centre\n"
    "  position -> i [0..11]\n"
    "layer\n"
    "  pos c: x\n"
    "repeat 3 layers 10 times\n"
    "layer\n"
    "  erase square\n"
    "  dot square: c, c\n"
    "layer\n"
    "  head near: where is_centre == 1; score 2*c by x and -1*square by 1; hardmax-first; i -> "
    "nearest\n"
    "  erase owner\n"
    "  pos owner: nearest\n"
    "  erase nearest\n"
    "layer\n"
    "  head members: where owner == i, is_centre == 0, and 0 1; hardmax; x -> mean; null -> none\n"
    "  erase c\n"
    "  choose c: is_centre + -1*none, mean, c\n"
    "  erase mean\n"
    "  erase none\n"
    "output\n"
    "  c: vec[2] c\n"
    "  owner: int owner\n";

const char *real_text_with(TextWorld *world, const char *text, const char *part, const char *by) {
    const char *at = strstr(text, part);
    ck_assert_msg(at != NULL, "%s", part);
    Buffer changed = {0};
    buffer_add(&changed, text, (size_t)(at - text));
    buffer_text(&changed, by);
    buffer_text(&changed, at + strlen(part));
    const char *copy = arena_strndup(world->arena, changed.data, changed.len);
    buffer_free(&changed);
    return copy;
}

RealModel *real_text_model(TextWorld *world, const char *text) {
    uint32_t file = sources_add(world->sources, "text.model", text, strlen(text));
    return real_model_parse(world->arena, world->sources, file, world->diags);
}
