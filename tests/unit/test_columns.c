/* Named inputs from JSON, CSV and numpy's arrays: what they hold, and what is refused how. */
#include "runtime/base/file.h"
#include "runtime/input/columns.h"
#include "runtime/value/npy.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files are written into a directory of the test's own, which is the current one. */
static char directory[] = "/tmp/raspc-columns-XXXXXX";

static void open_directory(void) {
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static void close_directory(void) {
    Buffer command = {0};
    buffer_printf(&command, "rm -rf '%s'", directory);
    ck_assert_int_eq(system(command.data), 0);
    buffer_free(&command);
}

static void write_bytes(const char *path, const char *bytes, size_t len) {
    const char *why;
    ck_assert(file_write(path, bytes, len, &why));
}

static void write_text(const char *path, const char *text) {
    write_bytes(path, text, strlen(text));
}

typedef struct Fixture {
    Arena *arena;
    Sources *sources;
    Diagnostics *diags;
    Columns *columns;
    ColumnWant wants[4];
    uint32_t count;
    Input input;
} Fixture;

static void open_fixture(Fixture *f) {
    *f = (Fixture){.arena = arena_new(0), .sources = sources_new()};
    f->diags = diagnostics_new(f->sources);
    f->columns = columns_new(f->sources, f->diags, COLUMNS_OF_COMMAND);
}

static void close_fixture(Fixture *f) {
    columns_free(f->columns);
    diagnostics_free(f->diags);
    sources_free(f->sources);
    arena_free(f->arena);
}

/* "bool", "vec" (any width), "vec2" */
static void want(Fixture *f, const char *name, const char *type) {
    static const char *const types[] = {"str", "bool", "int", "float", "vec"};
    ColumnWant wanted = {.name = string_from(f->arena, name), .type = SEQUENCE_VECTORS};
    for (int i = 0; i < 4; i++)
        if (strcmp(type, types[i]) == 0) wanted.type = (SequenceType)i;
    if (wanted.type == SEQUENCE_VECTORS) wanted.width = (uint32_t)atoi(type + 3);
    f->wants[f->count++] = wanted;
}

static void show_column(Buffer *out, const InputColumn *column, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) buffer_char(out, ' ');
        if (column->atoms != NULL) {
            atom_format_source(out, column->atoms[i]);
            continue;
        }
        for (uint32_t k = 0; k < column->width; k++)
            buffer_printf(out, "%s%g", k > 0 ? "," : "",
                          column->numbers[(size_t)i * column->width + k]);
    }
}

/* One input, of one column "x". */
static void holds(const char *type, const char *argument, const char *expected) {
    Fixture f;
    Buffer shown = {0};
    open_fixture(&f);
    want(&f, "x", type);
    columns_add(f.columns, argument);
    bool read = columns_read(f.columns, f.wants, f.count, &f.input);
    if (!read) diagnostics_render(f.diags, 0, DIAG_PLAIN, &shown);
    ck_assert_msg(read, "refused: %s\n%s", argument, shown.data);
    show_column(&shown, &f.input.columns[0], f.input.n);
    ck_assert_str_eq(shown.data, expected);
    buffer_free(&shown);
    close_fixture(&f);
}

/* Its first message: at that place. */
static void says(Fixture *f, DiagId id, const char *place, const char *message) {
    Buffer at = {0};
    uint32_t line = 0, column = 0;
    ck_assert_uint_gt(diagnostics_count(f->diags), 0);
    Span span = diagnostics_span(f->diags, 0);
    if (span.file != 0) sources_position(f->sources, span, &line, &column);
    buffer_printf(&at, "%s:%u:%u", sources_name(f->sources, span.file), line, column);
    ck_assert_str_eq(diagnostics_message(f->diags, 0), message);
    ck_assert_int_eq(diagnostics_id(f->diags, 0), id);
    ck_assert_str_eq(at.data, place);
    buffer_free(&at);
}

static void refused(const char *type, const char *argument, DiagId id, const char *place,
                    const char *message) {
    Fixture f;
    open_fixture(&f);
    want(&f, "x", type);
    columns_add(f.columns, argument);
    ck_assert_msg(!columns_read(f.columns, f.wants, f.count, &f.input), "accepted: %s", argument);
    says(&f, id, place, message);
    close_fixture(&f);
}

START_TEST(json_is_read_by_its_type) {
    holds("vec2", "x=[[0,0], [1, 2.5]]", "0,0 1,2.5");
    holds("vec", "x=[[1,2,3]]", "1,2,3");
    holds("vec1", "x=[1, 2]", "1 2");
    holds("vec", "x=[1, 2]", "1 2");
    holds("bool", "x=[true,false,1,0]", "True False True False");
    holds("int", "x=[1,-2,123456789012345678901]", "1 -2 123456789012345678901");
    holds("float", "x=[1, 2.5]", "1.0 2.5");
    holds("str", "x=[\"a\",\"bc\"]", "\"a\" \"bc\"");
    holds("str", "x=\"h\\u00e9\"", "\"h\" \"\xc3\xa9\"");
    holds("str", "x=a=b", "\"a\" \"=\" \"b\"");
    holds("str", "x=-a", "\"-\" \"a\"");
}
END_TEST

START_TEST(parts_are_joined_and_repeated) {
    holds("bool", "x=true*2+false*3", "True True False False False");
    holds("vec2", "x=[[0,1]]+[[2,3],[4,5]]", "0,1 2,3 4,5");
    holds("vec2", "x=[0,1]*2 + [[2,3]]*2", "0,1 0,1 2,3 2,3");
    holds("int", "x=[1,2]*2+-3*1", "1 2 1 2 -3");
    holds("str", "x=\"ab\"*2", "\"ab\" \"ab\"");
    holds("int", "x=1*0+2*1", "2");
    refused("int", "x=1*0", DIAG_INPUT_SHAPE, "<input>:1:1",
            "'x' is empty: an input has at least one element");
    refused("int", "x=[1]*200000000", DIAG_LIMIT_SIZE, "<input>:1:3",
            "an input of more than 100000000 elements");
    refused("vec", "x=[[1,2,3,4,5,6,7,8]*1,[1]]", DIAG_INPUT_SYNTAX, "<input>:1:21",
            "',' or ']' is missing here");
    refused("int", "x=[1][2]", DIAG_INPUT_SYNTAX, "<input>:1:6", "'+' is missing here");
}
END_TEST

/* The first column is as long as it is; is_centre fills up. */
static void fills(const char *is_centre, const char *expected) {
    Fixture f;
    Buffer shown = {0};
    open_fixture(&f);
    want(&f, "is_centre", "bool");
    want(&f, "x", "vec");
    columns_add(f.columns, "x=[[0,0],[1,1],[2,2],[3,3]]");
    columns_add(f.columns, is_centre);
    if (columns_read(f.columns, f.wants, f.count, &f.input))
        show_column(&shown, &f.input.columns[0], f.input.n);
    else
        buffer_text(&shown, diagnostics_message(f.diags, 0));
    ck_assert_str_eq(shown.data, expected);
    buffer_free(&shown);
    close_fixture(&f);
}

START_TEST(what_is_left_is_filled) {
    fills("is_centre=true*2+false*", "True True False False");
    fills("is_centre=true*", "True True True True");
    fills("is_centre=true*1+false*+true*1", "True False False True");
    fills("is_centre=true*4+false*", "True True True True");
    fills("is_centre=[true,false]*", "True False True False");
    fills("is_centre=true*1+[false,true,false]*", "True False True False");
    fills("is_centre=true*+false*", "'is_centre': two values without a number of times");
    fills("is_centre=true*5+false*",
          "'is_centre' has 5 elements beside this, which can't be filled up to the 4 of the other "
          "inputs");
    fills("is_centre=true*3+[false,true]*",
          "'is_centre' has 3 elements beside this, which can't be filled up to the 4 of the other "
          "inputs");
    fills("is_centre=[true]", "'x' has 4 elements, and 'is_centre' 1");
    refused("int", "x=1*", DIAG_INPUT_SHAPE, "<input>:1:3",
            "'x': how many times? no other input says it");
}
END_TEST

START_TEST(mistakes_in_json_have_their_place) {
    refused("vec2", "x=[[0,0],[1]]", DIAG_INPUT_SHAPE, "<input>:1:10",
            "'x': a row of 1 number behind rows of 2");
    refused("vec3", "x=[[0,0],[1,2]]", DIAG_INPUT_SHAPE, "<input>:1:4",
            "'x' is vec[3], and this row has 2 numbers");
    refused("vec2", "x=[1,2]", DIAG_INPUT_SHAPE, "<input>:1:3",
            "'x' is vec[2]: a list of lists of 2 numbers");
    refused("vec2", "x=[[1,[2]]]", DIAG_INPUT_SHAPE, "<input>:1:7",
            "'x': a list where a number is wanted");
    refused("vec2", "x=[[1,NaN]]", DIAG_INPUT_VALUE, "<input>:1:7", "'x': not a number (NaN)");
    refused("vec2", "x=[[1,1e999]]", DIAG_INPUT_VALUE, "<input>:1:7",
            "'x': infinity, or a number too large for a float");
    refused("vec2", "x=[[1,{\"float\": \"-inf\"}]]", DIAG_INPUT_VALUE, "<input>:1:7",
            "'x': infinity, or a number too large for a float");
    refused("vec2", "x=[[1,true]]", DIAG_INPUT_VALUE, "<input>:1:7",
            "True is no number, and 'x' is vec[2]");
    refused("vec2", "x=[[],[]]", DIAG_INPUT_SHAPE, "<input>:1:4", "'x': a row without numbers");
    refused("int", "x=[1,2.0]", DIAG_INPUT_VALUE, "<input>:1:6", "2.0 is no int, and 'x' is int");
    refused("int", "x=[[1]]", DIAG_INPUT_SHAPE, "<input>:1:4",
            "'x' has one value a position, and this is a list");
    refused("bool", "x=[true,2]", DIAG_INPUT_VALUE, "<input>:1:9", "2 is no bool, and 'x' is bool");
    refused("bool", "x=hello", DIAG_INPUT_SYNTAX, "<input>:1:3",
            "an element is a string in double quotes, a number, true or false");
    refused("str", "x=[1]", DIAG_INPUT_VALUE, "<input>:1:4", "1 is no string, and 'x' is str");
    refused("int", "x=[]", DIAG_INPUT_SHAPE, "<input>:1:1",
            "'x' is empty: an input has at least one element");
    refused("int", "x=", DIAG_INPUT_SYNTAX, "<input>:1:3", "the input ends too early");
    refused("int", "x=@x.dat", DIAG_FILE, "<input>:1:3",
            "'x.dat': the name does not say what the file holds");
    refused("int", "x=@no.csv", DIAG_FILE, "<input>:1:3",
            "can't read 'no.csv': No such file or directory");
    refused("int", "y=[1]", DIAG_INPUT_NAME, "<input>:1:1", "the program has no input 'y'");
}
END_TEST

START_TEST(csv_has_a_row_a_position) {
    write_text("p.csv", "x,y\n1,2\r\n+.5, -1e2\n");
    holds("vec2", "x=@p.csv", "1,2 0.5,-100");
    write_text("q.csv", "\xef\xbb\xbf\"3\",4\n\n\n");
    holds("vec", "x=@q.csv", "3,4");
    holds("vec", "x=@q.csv+@p.csv+@q.csv", "3,4 1,2 0.5,-100 3,4");
    write_text("a+b.csv", "7,8\n");
    holds("vec", "x=@a+b.csv+@q.csv", "7,8 3,4");
    write_text("b.csv", "centre\nTrue\nfalse\n1\n0\n");
    holds("bool", "x=@b.csv", "True False True False");
    write_text("i.csv", "1\n-2\n123456789012345678901\n");
    holds("int", "x=@i.csv", "1 -2 123456789012345678901");
    holds("float", "x=@i.csv", "1.0 -2.0 1.2345678901234568e+20");
    write_text("s.csv", "x\n a\n\"b,\"\"\n\"\n\n");
    holds("str", "x=@s.csv", "\" a\" \"b,\"\n\"");
    holds("vec", "x=@i.csv", "1 -2 1.23457e+20");
}
END_TEST

/* A first row that holds a name and no value; anything else is data, or data gone wrong. */
START_TEST(csv_headers_are_names) {
    write_text("h.csv", ",x,y\n0,1,2\n");
    holds("vec3", "x=@h.csv", "0,1,2");
    write_text("h.csv", "Na,K\n1,2\n");
    holds("vec2", "x=@h.csv", "1,2");
    write_text("h.csv", "\"width (cm)\",# 2,\xe9\x95\xb7\n1,2,3\n");
    holds("vec3", "x=@h.csv", "1,2,3");
    write_text("h.csv", "2020 Q1,+1 Q2\n1,2\n");
    holds("vec2", "x=@h.csv", "1,2");
    write_text("h.csv", "2020 (cm),10 [m]\n1,2\n");
    holds("vec2", "x=@h.csv", "1,2");
    write_text("h.csv", "x,x\n1,2\n");
    holds("vec2", "x=@h.csv", "1,2");
    write_text("h.csv", "NA\n1\n");
    holds("vec", "x=@h.csv:NA", "1");
    write_text("h.csv", "2019,2020\n1,2\n");
    holds("vec2", "x=@h.csv", "2019,2020 1,2");
    write_text("h.csv", "\"1\",\"2\"\n3,4\n");
    holds("vec2", "x=@h.csv", "1,2 3,4");
    write_text("h.csv", "1,a\n3,4\n");
    holds("vec", "x=@h.csv:1", "1 3");
    refused("vec", "x=@h.csv", DIAG_INPUT_VALUE, "h.csv:1:3", "\"a\" is no number, and 'x' is vec");
}
END_TEST

START_TEST(csv_rows_are_not_taken_for_headers) {
    static const char *const rows[] = {"NA",    "n/a", "#N/A", "null", "None",       "?",   "-",
                                       "--",    "$5",  "1_0",  "1O",   "2024-01-02", "1e",  "0x1f",
                                       "1.2.3", "+",   "..",   ";;",   ";1",         "(1)", "1/2"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Buffer text = {0}, message = {0};
        buffer_printf(&text, "%s\n1\n", rows[i]);
        write_text("r.csv", text.data);
        buffer_printf(&message, "\"%s\" is no number, and 'x' is float", rows[i]);
        refused("float", "x=@r.csv", DIAG_INPUT_VALUE, "r.csv:1:1", message.data);
        refused("float", "x=@r.csv:1", DIAG_INPUT_VALUE, "r.csv:1:1", message.data);
        buffer_free(&text);
        buffer_free(&message);
    }
    write_text("r.csv", "1;;3\n4\n");
    refused("vec", "x=@r.csv", DIAG_INPUT_VALUE, "r.csv:1:1",
            "'x': cells are separated by ',', and these numbers by ';'");
    write_text("r.csv", ",\n1,2\n");
    refused("vec", "x=@r.csv", DIAG_INPUT_VALUE, "r.csv:1:1", "'x': an empty cell");
    write_text("r.csv", "\n1,2\n");
    refused("vec", "x=@r.csv", DIAG_INPUT_VALUE, "r.csv:1:1", "'x': an empty cell");
    write_text("r.csv", "nan,inf\n1,2\n");
    refused("vec", "x=@r.csv", DIAG_INPUT_VALUE, "r.csv:1:1", "'x': not a number (NaN)");
    write_text("r.csv", "a;;b\n1;2;3\n");
    refused("vec", "x=@r.csv", DIAG_INPUT_VALUE, "r.csv:2:1",
            "'x': cells are separated by ',', and these numbers by ';'");
}
END_TEST

START_TEST(csv_columns_are_picked) {
    write_text("t.csv", "id, a ,b,\"c, d\"\n1,2,3,x\n4,5,6,\"y\"\n");
    holds("vec2", "x=@t.csv:a,b", "2,3 5,6");
    holds("vec", "x=@t.csv:b,a,b", "3,2,3 6,5,6");
    holds("vec", "x=@t.csv:3", "3 6");
    holds("int", "x=@t.csv:id+@t.csv:b", "1 4 3 6");
    holds("str", "x=@t.csv:4", "\"c, d\" \"x\" \"y\"");
    write_text("x.csv", "n,x\n1,p\n2,q\n");
    holds("str", "x=@x.csv:x", "\"p\" \"q\"");
    holds("str", "x=@x.csv:2", "\"p\" \"q\"");
    write_text("n.csv", "1,2\n3,4\n");
    holds("float", "x=@n.csv:2", "2.0 4.0");
}
END_TEST

/* Columns that are called by years. */
START_TEST(csv_columns_are_picked_by_numbers_that_are_names) {
    write_text("y.csv", "id,2019,\"2020\",3,2020\n1,2,3,4,5\n");
    holds("vec", "x=@y.csv:2019", "2");
    holds("vec2", "x=@y.csv:2019,1", "2,1");
    holds("vec", "x=@y.csv:3", "2020 3");
    refused("vec", "x=@y.csv:2020", DIAG_INPUT_NAME, "<input>:1:10",
            "2 columns of the file are called '2020'");
    refused("vec", "x=@y.csv:2018", DIAG_INPUT_NAME, "<input>:1:10",
            "the file has the columns 1 to 5");
}
END_TEST

START_TEST(mistakes_in_picks_have_their_place) {
    write_text("t.csv", "id,first,b\n1,2,3\n4,5\n");
    refused("vec", "x=@t.csv:id,frist", DIAG_INPUT_NAME, "<input>:1:13",
            "the file has no column 'frist'");
    refused("vec", "x=@t.csv:4", DIAG_INPUT_NAME, "<input>:1:10",
            "the file has the columns 1 to 3");
    refused("vec", "x=@t.csv:0", DIAG_INPUT_NAME, "<input>:1:10",
            "the file has the columns 1 to 3");
    refused("vec", "x=@t.csv:99999999999999999999", DIAG_INPUT_NAME, "<input>:1:10",
            "the file has the columns 1 to 3");
    refused("vec", "x=@t.csv:id,", DIAG_INPUT_SYNTAX, "<input>:1:13",
            "a column's name or number is missing here");
    refused("int", "x=@t.csv:1,2", DIAG_INPUT_SHAPE, "<input>:1:10",
            "'x' has one value a position, and these are 2 columns");
    refused("vec", "x=@t.csv:b", DIAG_INPUT_SHAPE, "t.csv:3:1",
            "this row has 2 cells, and column 3 is wanted");
    write_text("t.json", "[1]");
    refused("vec", "x=@t.json:1", DIAG_FILE, "<input>:1:3",
            "'t.json:1': the name does not say what the file holds");
}
END_TEST

START_TEST(mistakes_in_csv_have_their_place) {
    write_text("p.csv", "x,y\n1,2\n3\n");
    refused("vec2", "x=@p.csv", DIAG_INPUT_SHAPE, "p.csv:3:1",
            "'x': a row of 1 number behind rows of 2");
    refused("vec3", "x=@p.csv", DIAG_INPUT_SHAPE, "p.csv:2:1",
            "'x' is vec[3], and this row has 2 numbers");
    refused("int", "x=@p.csv", DIAG_INPUT_SHAPE, "p.csv:2:1",
            "'x' has one value a position, and this row has several cells");
    write_text("p.csv", "1,2\n3,four\n");
    refused("vec2", "x=@p.csv", DIAG_INPUT_VALUE, "p.csv:2:3",
            "\"four\" is no number, and 'x' is vec[2]");
    write_text("p.csv", "1,nan\n");
    refused("vec2", "x=@p.csv", DIAG_INPUT_VALUE, "p.csv:1:3", "'x': not a number (NaN)");
    write_text("p.csv", "-inf,1\n");
    refused("vec2", "x=@p.csv", DIAG_INPUT_VALUE, "p.csv:1:1",
            "'x': infinity, or a number too large for a float");
    write_text("p.csv", "1,2\n,4\n");
    refused("vec2", "x=@p.csv", DIAG_INPUT_VALUE, "p.csv:2:1", "'x': an empty cell");
    write_text("p.csv", "1,2\n\n3,4\n");
    refused("vec2", "x=@p.csv", DIAG_INPUT_VALUE, "p.csv:2:1", "'x': an empty cell");
    write_text("p.csv", "x,y\n");
    refused("vec2", "x=@p.csv", DIAG_INPUT_SHAPE, "p.csv:2:1", "'x': the file has no rows");
    write_text("p.csv", "");
    refused("vec2", "x=@p.csv", DIAG_INPUT_SYNTAX, "<input>:1:3", "p.csv is empty");
    write_text("p.csv", "1.5\n");
    refused("int", "x=@p.csv", DIAG_INPUT_VALUE, "p.csv:1:1", "1.5 is no int, and 'x' is int");
    write_text("p.csv", "1;2\n");
    refused("vec2", "x=@p.csv", DIAG_INPUT_VALUE, "p.csv:1:1",
            "'x': cells are separated by ',', and these numbers by ';'");
}
END_TEST

START_TEST(json_files_hold_one_list) {
    write_text("p.json", " [[1,2],\n [3,4]]\n");
    holds("vec2", "x=@p.json", "1,2 3,4");
    write_text("p.jsonl", "[1,2]\n[3,4]\n");
    holds("vec2", "x=@p.jsonl", "1,2 3,4");
    write_text("p.json", "[[1,2],\n [3,\"a\"]]\n");
    refused("vec2", "x=@p.json", DIAG_INPUT_VALUE, "p.json:2:5",
            "\"a\" is no number, and 'x' is vec[2]");
    write_text("p.json", "[1] [2]");
    refused("int", "x=@p.json", DIAG_INPUT_SYNTAX, "p.json:1:5",
            "the file goes on behind its list");
    write_text("p.json", "{\"x\": [1]}");
    refused("int", "x=@p.json", DIAG_INPUT_SYNTAX, "p.json:1:1", "a column is a list");
}
END_TEST

/* --- numpy ------------------------------------------------------------------------------------ */

static void write_npy(const char *type, uint64_t rows, uint64_t columns, const void *data,
                      size_t len) {
    Buffer file = {0};
    uint64_t shape[] = {rows, columns};
    npy_header(&file, type, shape, columns == 0 ? 1 : 2);
    buffer_add(&file, data, len);
    write_bytes("a.npy", file.data, file.len);
    buffer_free(&file);
}

START_TEST(npy_reads_each_kind) {
    const double doubles[] = {1, 2, 3, 4.5};
    write_npy("<f8", 2, 2, doubles, sizeof doubles);
    holds("vec2", "x=@a.npy", "1,2 3,4.5");
    holds("vec", "x=@a.npy+[[5,6]]+@a.npy", "1,2 3,4.5 5,6 1,2 3,4.5");
    write_npy("<f8", 4, 0, doubles, sizeof doubles);
    holds("vec", "x=@a.npy", "1 2 3 4.5");
    holds("float", "x=@a.npy", "1.0 2.0 3.0 4.5");
    const float floats[] = {1, 2, 3, 4.5F};
    write_npy("<f4", 2, 2, floats, sizeof floats);
    holds("vec2", "x=@a.npy", "1,2 3,4.5");
    write_npy("<i4", 2, 2, (const int32_t[]){1, -2, 3, 4}, 16);
    holds("vec2", "x=@a.npy", "1,-2 3,4");
    write_npy("<i4", 4, 1, (const int32_t[]){1, -2, 3, 4}, 16);
    holds("int", "x=@a.npy", "1 -2 3 4");
    write_npy("|u1", 2, 0, "\0\1", 2);
    holds("bool", "x=@a.npy", "False True");
    write_npy("|b1", 2, 0, "\0\1", 2);
    holds("bool", "x=@a.npy", "False True");
    holds("float", "x=@a.npy", "0.0 1.0");
    holds("vec", "x=@a.npy", "0 1");
    write_npy("<U1", 2, 0, "a\0\0\0b\0\0\0", 8);
    holds("str", "x=@a.npy", "\"a\" \"b\"");
}
END_TEST

START_TEST(npy_in_fortran_order_is_turned) {
    static const char header[] =
        "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }                   \n";
    const double by_columns[] = {1, 4, 2, 5, 3, 6};
    Buffer file = {0};
    uint16_t len = sizeof header - 1;
    buffer_add(&file, "\x93NUMPY\1\0", 8);
    buffer_add(&file, (const char *)&len, 2);
    buffer_text(&file, header);
    buffer_add(&file, (const char *)by_columns, sizeof by_columns);
    write_bytes("a.npy", file.data, file.len);
    buffer_free(&file);
    holds("vec3", "x=@a.npy", "1,2,3 4,5,6");
}
END_TEST

START_TEST(mistakes_in_npy_name_the_element) {
    double numbers[3 * 5000] = {0};
    write_npy("<f8", 5000, 3, numbers, sizeof numbers);
    refused("vec2", "x=@a.npy", DIAG_INPUT_SHAPE, "<input>:1:3",
            "a.npy has the shape (5000, 3), and 'x' is vec[2]: (n, 2)");
    refused("int", "x=@a.npy", DIAG_INPUT_SHAPE, "<input>:1:3",
            "a.npy has the shape (5000, 3), and 'x' is int: (n,)");
    numbers[4321 * 3 + 1] = (double)NAN;
    write_npy("<f8", 5000, 3, numbers, sizeof numbers);
    refused("vec3", "x=@a.npy", DIAG_INPUT_VALUE, "<input>:1:3",
            "a.npy: [4321, 1] is not a number (NaN)");
    refused("vec3", "x=[[0,0,0]]+@a.npy", DIAG_INPUT_VALUE, "<input>:1:13",
            "a.npy: [4321, 1] is not a number (NaN)");
    numbers[0] = -(double)INFINITY;
    write_npy("<f8", 15000, 0, numbers, sizeof numbers);
    refused("vec", "x=@a.npy", DIAG_INPUT_VALUE, "<input>:1:3", "a.npy: [0] is infinite");
    refused("float", "x=@a.npy", DIAG_INPUT_VALUE, "<input>:1:3", "a.npy: [0] is infinite");
    write_npy("<f8", 0, 3, numbers, 0);
    refused("vec3", "x=@a.npy", DIAG_INPUT_SHAPE, "<input>:1:3", "a.npy has no rows");
    write_npy("<f8", 10, 3, numbers, 100);
    refused("vec3", "x=@a.npy", DIAG_INPUT_SYNTAX, "<input>:1:3", "a.npy: the file ends too early");
    write_npy("<i8", 1, 0, "\2\0\0\0\0\0\0\0", 8);
    refused("bool", "x=@a.npy", DIAG_INPUT_VALUE, "<input>:1:3", "2 is no bool, and 'x' is bool");
    write_npy("<f8", 1, 0, "\0\0\0\0\0\0\0\0", 8);
    refused("int", "x=@a.npy", DIAG_INPUT_VALUE, "<input>:1:3", "0.0 is no int, and 'x' is int");
    write_npy("<U1", 1, 0, "a\0\0\0", 4);
    refused("vec", "x=@a.npy", DIAG_INPUT_VALUE, "<input>:1:3",
            "a.npy holds strings, and 'x' is vec");
    write_text("a.npy", "");
    refused("vec", "x=@a.npy", DIAG_INPUT_SYNTAX, "<input>:1:3", "a.npy: not a .npy file");
}
END_TEST

START_TEST(doubles_are_used_as_they_lie_in_the_file) {
    double numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    write_npy("<f8", 4, 2, numbers, sizeof numbers);
    Fixture f;
    open_fixture(&f);
    want(&f, "x", "vec");
    want(&f, "y", "vec");
    columns_add(f.columns, "x=@a.npy");
    columns_add(f.columns, "y=@a.npy");
    ck_assert(columns_read(f.columns, f.wants, f.count, &f.input));
    ck_assert_ptr_eq(f.input.columns[0].numbers, f.input.columns[1].numbers);
    close_fixture(&f);
}
END_TEST

/* --- widths ----------------------------------------------------------------------------------- */

static void width_is(const char *argument, uint32_t expected) {
    Fixture f;
    uint32_t width;
    open_fixture(&f);
    columns_add(f.columns, argument);
    ck_assert(columns_width(f.columns, "x", &width));
    ck_assert_uint_eq(width, expected);
    close_fixture(&f);
}

START_TEST(the_width_is_known_before_all_is_read) {
    double numbers[12] = {(double)NAN};
    write_npy("<f8", 4, 3, numbers, sizeof numbers);
    width_is("x=@a.npy", 3);
    write_text("p.csv", "a,b\n1,2\nbroken");
    width_is("x=@p.csv", 2);
    width_is("x=@p.csv:b,a,b", 3);
    width_is("x=[[1,2,3,4],[", 4);
    width_is("x=[1,2]", 1);
    width_is("x=[0,0,0]*", 3);
    Fixture f;
    uint32_t width;
    open_fixture(&f);
    columns_add(f.columns, "y=[1]");
    ck_assert(!columns_width(f.columns, "x", &width));
    says(&f, DIAG_INPUT_NAME, ":0:0", "the program's input 'x: vec' is not given");
    close_fixture(&f);
}
END_TEST

/* Does a message of what is missing tell how the command line would give it? */
static bool tells_of_options(ColumnsGiver giver) {
    Fixture f;
    Buffer text = {0};
    open_fixture(&f);
    columns_free(f.columns);
    f.columns = columns_new(f.sources, f.diags, giver);
    want(&f, "x", "float");
    ck_assert(!columns_read(f.columns, f.wants, f.count, &f.input));
    diagnostics_render(f.diags, 0, DIAG_PLAIN, &text);
    ck_assert_ptr_nonnull(strstr(text.data, "the program's input 'x: float' is not given"));
    bool tells = strstr(text.data, "-i x=") != NULL;
    buffer_free(&text);
    close_fixture(&f);
    return tells;
}

START_TEST(options_are_told_of_where_there_are_some) {
    ck_assert(tells_of_options(COLUMNS_OF_COMMAND));
    ck_assert(!tells_of_options(COLUMNS_OF_LIBRARY));
}
END_TEST

START_TEST(names_are_told_from_values) {
    ck_assert_uint_eq(columns_name_length("x=[1]"), 1);
    ck_assert_uint_eq(columns_name_length("is_centre=true*"), 9);
    ck_assert_uint_eq(columns_name_length("[1]"), 0);
    ck_assert_uint_eq(columns_name_length("abc"), 0);
    ck_assert_uint_eq(columns_name_length("1=2"), 0);
    ck_assert_uint_eq(columns_name_length("=2"), 0);
}
END_TEST

Suite *columns_suite(void);

Suite *columns_suite(void) {
    Suite *suite = suite_create("columns");
    TCase *cases = tcase_create("columns");
    tcase_add_checked_fixture(cases, open_directory, close_directory);
    tcase_add_test(cases, json_is_read_by_its_type);
    tcase_add_test(cases, parts_are_joined_and_repeated);
    tcase_add_test(cases, what_is_left_is_filled);
    tcase_add_test(cases, mistakes_in_json_have_their_place);
    tcase_add_test(cases, csv_has_a_row_a_position);
    tcase_add_test(cases, csv_headers_are_names);
    tcase_add_test(cases, csv_rows_are_not_taken_for_headers);
    tcase_add_test(cases, csv_columns_are_picked);
    tcase_add_test(cases, csv_columns_are_picked_by_numbers_that_are_names);
    tcase_add_test(cases, mistakes_in_picks_have_their_place);
    tcase_add_test(cases, mistakes_in_csv_have_their_place);
    tcase_add_test(cases, json_files_hold_one_list);
    tcase_add_test(cases, npy_reads_each_kind);
    tcase_add_test(cases, npy_in_fortran_order_is_turned);
    tcase_add_test(cases, mistakes_in_npy_name_the_element);
    tcase_add_test(cases, doubles_are_used_as_they_lie_in_the_file);
    tcase_add_test(cases, the_width_is_known_before_all_is_read);
    tcase_add_test(cases, options_are_told_of_where_there_are_some);
    tcase_add_test(cases, names_are_told_from_values);
    suite_add_tcase(suite, cases);
    return suite;
}
