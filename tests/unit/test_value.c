/* Atoms against Python 3: value_cases.def holds what Python gives, made by make_value_cases.py. */
#include "runtime/base/limits.h"
#include "runtime/value/atom_set.h"
#include "runtime/value/atoms.h"
#include "runtime/value/sequence.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Text {
    const char *bytes;
    size_t len;
} Text;
#define TEXT(literal) {literal, sizeof(literal) - 1}

typedef struct BinaryCase {
    const char *op;
    Text a, b, result;
} BinaryCase;

typedef struct UnaryCase {
    const char *op;
    Text a, result;
} UnaryCase;

#define REPR(text, len, result)
#define DISPLAY(value, result)
#define UNARY(op, a, result)
#define BINARY(op, a, b, result) {op, TEXT(a), TEXT(b), TEXT(result)},
static const BinaryCase binary_cases[] = {
#include "tests/unit/value_cases.def"
};
#undef BINARY
#undef UNARY
#define BINARY(op, a, b, result)
#define UNARY(op, a, result) {op, TEXT(a), TEXT(result)},
static const UnaryCase unary_cases[] = {
#include "tests/unit/value_cases.def"
};
#undef UNARY
#undef REPR
#undef DISPLAY
#define UNARY(op, a, result)

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static Arena *arena;

static void set_up(void) { arena = arena_new(0); }
static void tear_down(void) { arena_free(arena); }

static Atom atom_of(Text text) {
    const char *bytes = text.bytes;
    if (bytes[0] == '\'') return atom_string(string_new(arena, bytes + 1, text.len - 1));
    if (strcmp(bytes, "True") == 0 || strcmp(bytes, "False") == 0)
        return atom_bool(bytes[0] == 'T');
    bool negative = bytes[0] == '-';
    if (strspn(bytes + negative, "0123456789") + negative < text.len)
        return atom_float(strtod(bytes, NULL));
    Atom atom = atom_parse_int(arena, bytes + negative, text.len - negative);
    if (negative) ck_assert_int_eq(atom_unary(arena, UNARY_NEG, atom, &atom), ARITH_OK);
    return atom;
}

static Buffer outcome_text(ArithStatus status, Atom atom) {
    static const char *const failures[] = {
        [ARITH_TYPE] = "!type",
        [ARITH_ZERO_DIVISION] = "!zero division",
        [ARITH_OVERFLOW] = "!overflow",
        [ARITH_COMPLEX] = "!complex",
        [ARITH_NOT_A_NUMBER] = "!not a number",
        [ARITH_TOO_LARGE] = "!too large",
    };
    Buffer text = {0};
    if (status != ARITH_OK) {
        buffer_text(&text, failures[status]);
        return text;
    }
    if (atom.kind == ATOM_STRING) buffer_char(&text, '\'');
    atom_format_str(&text, atom);
    return text;
}

static void expect(Buffer got, Text wanted, const char *op, Text a, const char *b) {
    ck_assert_msg(got.len == wanted.len && memcmp(got.data, wanted.bytes, got.len) == 0,
                  "%s %s %s: wanted %s, got %s", a.bytes, op, b, wanted.bytes, got.data);
    buffer_free(&got);
}

static BinaryOp binary_op_of(const char *text) {
    BinaryOp op = BINARY_ADD;
    while (strcmp(binary_op_text(op), text) != 0)
        op++;
    return op;
}

START_TEST(binary_operators_are_pythons) {
    for (int i = 0; i < COUNT(binary_cases); i++) {
        const BinaryCase *row = &binary_cases[i];
        Atom result = {0};
        ArithStatus status =
            atom_binary(arena, binary_op_of(row->op), atom_of(row->a), atom_of(row->b), &result);
        expect(outcome_text(status, result), row->result, row->op, row->a, row->b.bytes);
    }
}
END_TEST

static Buffer unary_outcome(const char *op, Atom a) {
    static const char *const operators[] = {
        [UNARY_NEG] = "neg", [UNARY_POS] = "pos", [UNARY_ROUND] = "round", [UNARY_NOT] = "not"};
    Atom result = {0};
    for (int i = 0; i < COUNT(operators); i++)
        if (strcmp(op, operators[i]) == 0) {
            ArithStatus status = atom_unary(arena, (UnaryOp)i, a, &result);
            return outcome_text(status, result);
        }
    bool fine = true;
    double real;
    if (strcmp(op, "int") == 0)
        fine = atom_to_int(arena, a, &result);
    else if (strcmp(op, "str") == 0)
        result = atom_to_string(arena, a);
    else if ((fine = atom_to_float(a, &real)))
        result = atom_float(real);
    Buffer failed = {0};
    if (!fine) buffer_text(&failed, "!conversion");
    return fine ? outcome_text(ARITH_OK, result) : failed;
}

START_TEST(unary_operators_and_conversions_are_pythons) {
    for (int i = 0; i < COUNT(unary_cases); i++) {
        const UnaryCase *row = &unary_cases[i];
        expect(unary_outcome(row->op, atom_of(row->a)), row->result, row->op, row->a, "");
    }
}
END_TEST

/* Equal numbers hash alike, whatever their kind: over all pairs of the table. */
START_TEST(equal_atoms_have_equal_hashes) {
    int equal = 0;
    for (int i = 0; i < COUNT(binary_cases); i++) {
        Atom a = atom_of(binary_cases[i].a), b = atom_of(binary_cases[i].b);
        if (!atom_equal(a, b)) continue;
        equal++;
        ck_assert_msg(atom_hash(a) == atom_hash(b), "hashes of %s and %s differ",
                      binary_cases[i].a.bytes, binary_cases[i].b.bytes);
    }
    ck_assert_int_gt(equal, 50);
}
END_TEST

/* Numbers by the first coming; what is equal but not identical is apart; growing loses nothing. */
START_TEST(a_set_holds_each_atom_once) {
    Atom few[] = {atom_int(1),   atom_float(1),    atom_bool(true),
                  atom_float(0), atom_float(-0.0), atom_string(string_from(arena, "1"))};
    AtomSet set = atom_set_new(arena, 0);
    for (uint32_t i = 0; i < COUNT(few); i++)
        ck_assert(atom_set_add(&set, few[i]));
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(atom_set_add(&set, atom_int(i)), i != 1);
    ck_assert_uint_eq(set.count, COUNT(few) + 999);
    for (uint32_t i = 0; i < COUNT(few); i++)
        ck_assert_uint_eq(atom_set_find(&set, few[i]), i);
    ck_assert(!atom_set_add(&set, atom_string(string_from(arena, "1"))));
    ck_assert_uint_eq(atom_set_find(&set, atom_int(999)), set.count - 1);
    ck_assert_uint_eq(atom_set_find(&set, atom_int(1000)), UINT32_MAX);
}
END_TEST

START_TEST(repr_is_pythons) {
    static const struct {
        Text text;
        const char *repr;
    } rows[] = {
#define BINARY(op, a, b, result)
#define REPR(text, len, result) {{text, len}, result},
#define DISPLAY(value, result)
#include "tests/unit/value_cases.def"
#undef REPR
#undef DISPLAY
    };
    for (int i = 0; i < COUNT(rows); i++) {
        Buffer got = {0};
        atom_format_repr(&got,
                         atom_string(string_new(arena, rows[i].text.bytes, rows[i].text.len)));
        ck_assert_str_eq(got.data, rows[i].repr);
        buffer_free(&got);
    }
}
END_TEST

START_TEST(floats_are_displayed_with_three_decimals) {
    static const struct {
        double value;
        const char *shown;
    } rows[] = {
#define REPR(text, len, result)
#define DISPLAY(value, result) {value, result},
#include "tests/unit/value_cases.def"
    };
    for (int i = 0; i < COUNT(rows); i++) {
        Buffer got = {0};
        atom_format_display(&got, atom_float(rows[i].value));
        ck_assert_str_eq(got.data, rows[i].shown);
        buffer_free(&got);
    }
}
END_TEST

/* What would not fit is refused before any work; a second of it would time the test out. */
START_TEST(sizes_are_bounded_before_the_work) {
    Atom two_to_40 = atom_int((int64_t)1 << 40), out;
    Atom text = atom_string(string_from(arena, "ab"));
    ck_assert_int_eq(atom_binary(arena, BINARY_POW, atom_int(2), two_to_40, &out), ARITH_TOO_LARGE);
    ck_assert_int_eq(atom_binary(arena, BINARY_MUL, text, two_to_40, &out), ARITH_TOO_LARGE);
    ck_assert_int_eq(
        atom_binary(arena, BINARY_POW, atom_int(2), atom_int(LIMIT_INTEGER_BITS), &out),
        ARITH_TOO_LARGE);
    Atom largest, product;
    ck_assert_int_eq(
        atom_binary(arena, BINARY_POW, atom_int(2), atom_int(LIMIT_INTEGER_BITS - 1), &largest),
        ARITH_OK);
    ck_assert_int_eq(atom_binary(arena, BINARY_MUL, largest, largest, &product), ARITH_TOO_LARGE);
    ck_assert_int_eq(atom_binary(arena, BINARY_ADD, largest, largest, &product), ARITH_TOO_LARGE);
    ck_assert_int_eq(atom_binary(arena, BINARY_MUL, largest, atom_int(-1), &product), ARITH_OK);
    ck_assert_int_eq(atom_binary(arena, BINARY_DIV, largest, atom_int(3), &out), ARITH_OVERFLOW);
    ck_assert_int_eq(atom_binary(arena, BINARY_DIV, atom_int(3), largest, &out), ARITH_OK);
}
END_TEST

START_TEST(a_copy_outlives_its_arena) {
    Arena *other = arena_new(0);
    Atom big, text = atom_string(string_from(other, "abc"));
    ck_assert_int_eq(atom_binary(other, BINARY_POW, atom_int(-3), atom_int(99), &big), ARITH_OK);
    big = atom_copy(arena, big);
    text = atom_copy(arena, text);
    arena_free(other);
    Buffer got = {0};
    atom_format_str(&got, big);
    atom_format_str(&got, text);
    ck_assert_str_eq(got.data, "-171792506910670443678820376588540424234035840667abc");
    buffer_free(&got);
}
END_TEST

/* A list is a run only when the run has every atom of it, kind and all. */
START_TEST(runs_are_what_they_were_made_of) {
    const Atom lists[][3] = {
        {atom_int(5), atom_int(3), atom_int(1)},
        {atom_float(-1), atom_float(0), atom_float(1)},
        {atom_float(-1), atom_float(-0.0), atom_float(1)},
        {atom_int(0), atom_float(1), atom_int(2)},
        {atom_int(0), atom_int(1), atom_int(3)},
        {atom_int(7), atom_int(7), atom_int(7)},
        {atom_float(0), atom_float(0.5), atom_float(1)},
        {atom_int(0), atom_int(INT64_MAX), atom_int(1)},
        {atom_bool(false), atom_bool(true), atom_int(2)},
        {atom_float(NAN), atom_float(1), atom_float(2)},
    };
    const uint32_t runs = 2; /* the first lists */
    for (uint32_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        Atoms atoms = atoms_shortened(lists[i], 3);
        ck_assert_int_eq(atoms_is_run(atoms), i < runs);
        for (uint32_t v = 0; v < 3; v++)
            ck_assert(atom_identical(atoms_at(atoms, v), lists[i][v]));
    }
    ck_assert(!atoms_is_run(atoms_shortened(lists[0], 1)));
    ck_assert(atoms_none((Atoms){0}));
}
END_TEST

START_TEST(sums_are_exact_until_the_first_float) {
    NumberSum *sum = sum_new(arena);
    Atom mean, huge;
    sum_add(sum, atom_int(INT64_MAX));
    sum_add(sum, atom_int(INT64_MAX));
    sum_add(sum, atom_bool(true));
    sum_add(sum, atom_int(-INT64_MAX));
    sum_add(sum, atom_int(-INT64_MAX));
    ck_assert(atom_identical(sum_value(sum), atom_int(1)));
    ck_assert_int_eq(sum_mean(sum, 5, &mean), ARITH_OK);
    ck_assert(atom_identical(mean, atom_float(0.2)));

    /* 2^53 + 1 + 1 is exact in integers; after a float each step rounds. */
    sum_clear(sum);
    sum_add(sum, atom_int((int64_t)1 << 53));
    sum_add(sum, atom_int(1));
    sum_add(sum, atom_int(1));
    sum_add(sum, atom_float(0));
    ck_assert(atom_identical(sum_value(sum), atom_float(0x1p53 + 2)));
    sum_add(sum, atom_int(1));
    sum_add(sum, atom_int(1));
    ck_assert(atom_identical(sum_value(sum), atom_float(0x1p53 + 2 + 2)));

    sum_clear(sum);
    sum_add(sum, atom_float(-0.0));
    sum_add(sum, atom_float(-0.0));
    ck_assert(atom_identical(sum_value(sum), atom_float(0.0)));

    sum_clear(sum);
    ck_assert_int_eq(atom_binary(arena, BINARY_POW, atom_int(10), atom_int(400), &huge), ARITH_OK);
    sum_add(sum, huge);
    ck_assert_int_eq(sum_mean(sum, 1, &mean), ARITH_OVERFLOW);
    sum_add(sum, atom_float(1));
    ck_assert_int_eq(sum_mean(sum, 2, &mean), ARITH_OVERFLOW);
    sum_clear(sum);
    sum_add(sum, atom_int(1));
    ck_assert_int_eq(sum_mean(sum, 2, &mean), ARITH_OK);
    sum_free(sum);
}
END_TEST

START_TEST(sequences_have_a_type_and_a_text) {
    Atom a = atom_string(string_from(arena, "a")), b = atom_string(string_from(arena, "b\n"));
    const struct {
        Atom atoms[3];
        const char *shown; /* NULL: mixed, at position bad */
        uint32_t bad;
        const char *json;
    } rows[] = {
        {{atom_int(1), atom_int(2), atom_bool(true)}, "[1, 2, T] (ints)", 0, "[1, 2, true]"},
        {{atom_bool(true), atom_bool(false), atom_bool(true)},
         "[T, F, T] (bools)",
         0,
         "[true, false, true]"},
        {{atom_int(1), atom_bool(true), atom_float(1)}, "[1]*3 (floats)", 0, "[1, true, 1.0]"},
        {{atom_float(NAN), atom_float(NAN), atom_float(NAN)},
         "[nan, nan, nan] (floats)",
         0,
         "[{\"float\": \"nan\"}, {\"float\": \"nan\"}, {\"float\": \"nan\"}]"},
        {{a, b, a}, "[a, b\n, a] (strings)", 0, "[\"a\", \"b\\n\", \"a\"]"},
        {{a, a, a}, "[a]*3 (strings)", 0, "[\"a\", \"a\", \"a\"]"},
        {{a, a, atom_int(1)}, NULL, 2, NULL},
        {{atom_int(1), a, atom_int(1)}, NULL, 1, NULL},
        {{{.kind = ATOM_OPAQUE, .as.string = a.as.string}, a, a}, NULL, 0, NULL},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        Sequence sequence = {.n = 3, .atoms = rows[i].atoms};
        uint32_t bad = 99;
        bool typed = sequence_type_of(sequence.atoms, 3, &sequence.type, &bad);
        ck_assert_int_eq(typed, rows[i].shown != NULL);
        if (!typed) {
            ck_assert_int_eq(bad, rows[i].bad);
            continue;
        }
        Buffer text = {0};
        sequence_format(&text, sequence);
        ck_assert_str_eq(text.data, rows[i].shown);
        text.len = 0;
        sequence_format_json(&text, sequence);
        ck_assert_ptr_nonnull(strstr(text.data, rows[i].json));
        buffer_free(&text);
    }
}
END_TEST

Suite *value_suite(void);
Suite *value_suite(void) {
    Suite *suite = suite_create("value");
    TCase *tests = tcase_create("atoms");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, binary_operators_are_pythons);
    tcase_add_test(tests, unary_operators_and_conversions_are_pythons);
    tcase_add_test(tests, equal_atoms_have_equal_hashes);
    tcase_add_test(tests, a_set_holds_each_atom_once);
    tcase_add_test(tests, repr_is_pythons);
    tcase_add_test(tests, floats_are_displayed_with_three_decimals);
    tcase_add_test(tests, sizes_are_bounded_before_the_work);
    tcase_add_test(tests, a_copy_outlives_its_arena);
    tcase_add_test(tests, runs_are_what_they_were_made_of);
    tcase_add_test(tests, sums_are_exact_until_the_first_float);
    tcase_add_test(tests, sequences_have_a_type_and_a_text);
    suite_add_tcase(suite, tests);
    return suite;
}
