/* The writers of files, byte by byte where a format promises bytes. */
#include "runtime/export/formats.h"
#include "runtime/export/onnx_graph.h"
#include "runtime/export/protobuf.h"

#include <check.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const float numbers[6] = {0, 1, -2, 0.5F, 4, 8};

static Tensors two_tensors(Arena *arena, const char *first, const char *second) {
    Tensors tensors = {0};
    tensors_add(&tensors, arena, FLOAT_32, (Numbers){.f32 = numbers}, 2, 2, "%s", first);
    tensors_add(&tensors, arena, FLOAT_32, (Numbers){.f32 = numbers + 4}, 2, 0, "%s", second);
    tensors_sort(&tensors);
    return tensors;
}

static uint64_t read_u64(const char *bytes) {
    uint64_t value = 0;
    for (int i = 8; i-- > 0;)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}

static uint32_t read_u32(const char *bytes) { return (uint32_t)(read_u64(bytes) & UINT32_MAX); }

/* --- safetensors ------------------------------------------------------------------------------ */

/* Headers of every length modulo 8: the data is aligned, blanks fill up, and nothing else follows.
 */
START_TEST(safetensors_alignment) {
    Arena *arena = arena_new(0);
    char config[16] = "";
    for (size_t extra = 0; extra < 9; extra++) {
        Tensors tensors = two_tensors(arena, "w", "b");
        Buffer out = {0};
        config[extra] = '\0';
        safetensors_write(&out, &tensors, config, NULL);
        config[extra] = 'x';
        uint64_t len = read_u64(out.data);
        ck_assert_uint_eq(len % 8, 0);
        ck_assert_uint_eq(out.len, 8 + len + sizeof numbers);
        ck_assert_int_eq(out.data[8], '{');
        const char *end = out.data + 8 + len;
        while (end[-1] == ' ')
            end--;
        ck_assert_int_eq(end[-1], '}');
        ck_assert_int_lt(out.data + 8 + len - end, 8);
        /* sorted: b, then w */
        ck_assert_mem_eq(out.data + 8 + len, numbers + 4, 2 * sizeof(float));
        ck_assert_mem_eq(out.data + 8 + len + 2 * sizeof(float), numbers, 4 * sizeof(float));
        buffer_free(&out);
        tensors_free(&tensors);
    }
    arena_free(arena);
}
END_TEST

START_TEST(safetensors_header) {
    static const char wanted[] =
        "{\"__metadata__\":{\"certificate\":\"{}\",\"config\":\"\\\"\",\"format\":\"pt\"},"
        "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
        "\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[8,24]}}";
    Arena *arena = arena_new(0);
    Tensors tensors = two_tensors(arena, "w", "b");
    Buffer out = {0};
    safetensors_write(&out, &tensors, "\"", "{}");
    ck_assert_uint_ge(read_u64(out.data), sizeof wanted - 1);
    ck_assert_mem_eq(out.data + 8, wanted, sizeof wanted - 1);
    buffer_free(&out);
    tensors_free(&tensors);
    arena_free(arena);
}
END_TEST

START_TEST(duplicates) {
    Arena *arena = arena_new(0);
    Tensors tensors = two_tensors(arena, "w", "w");
    ck_assert(!tensors_distinct(&tensors));
    tensors_free(&tensors);
    tensors = two_tensors(arena, "w", "v");
    ck_assert(tensors_distinct(&tensors));
    tensors_free(&tensors);
    arena_free(arena);
}
END_TEST

START_TEST(safetensors_duplicate) {
    Tensors tensors = two_tensors(arena_new(0), "w", "w");
    Buffer out = {0};
    safetensors_write(&out, &tensors, "", NULL); /* BUG: aborts */
}
END_TEST

/* --- npz -------------------------------------------------------------------------------------- */

/* The end of the central directory says where everything is; each .npy header fills 64 bytes. */
START_TEST(npz_directory) {
    Arena *arena = arena_new(0);
    Tensors tensors = two_tensors(arena, "w", "b");
    Buffer out = {0};
    ck_assert(npz_write(&out, &tensors, "{}", NULL));
    ck_assert_mem_eq(out.data, "PK\3\4", 4);
    const char *end = out.data + out.len - 22;
    ck_assert_mem_eq(end, "PK\5\6", 4);
    uint32_t count = read_u32(end + 8) & UINT16_MAX, size = read_u32(end + 12),
             start = read_u32(end + 16);
    ck_assert_uint_eq(count, 3); /* config, b, w */
    ck_assert_uint_eq(start + size, out.len - 22);
    const char *entry = out.data + start;
    static const uint32_t data[] = {2, 8, 16}; /* bytes of each array */
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_mem_eq(entry, "PK\1\2", 4);
        uint32_t unpacked = read_u32(entry + 24), name = read_u32(entry + 28) & UINT16_MAX;
        ck_assert_mem_eq(out.data + read_u32(entry + 42), "PK\3\4", 4);
        ck_assert_uint_eq((unpacked - data[i]) % 64, 0);
        entry += 46 + name;
    }
    ck_assert_ptr_eq(entry, end);
    buffer_free(&out);
    tensors_free(&tensors);
    arena_free(arena);
}
END_TEST

/* --- protocol buffers and ONNX ---------------------------------------------------------------- */

START_TEST(varints) {
    Buffer out = {0};
    proto_int(&out, 1, 127);
    proto_int(&out, 2, 128);
    proto_int(&out, 16, -1);
    proto_float(&out, 3, 1);
    proto_text(&out, 4, "ab");
    static const char wanted[] = "\x08\x7f"
                                 "\x10\x80\x01"
                                 "\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                 "\x1d\x00\x00\x80\x3f"
                                 "\x22\x02"
                                 "ab";
    ck_assert_uint_eq(out.len, sizeof wanted - 1);
    ck_assert_mem_eq(out.data, wanted, sizeof wanted - 1);
    buffer_free(&out);
}
END_TEST

/* Past 2 GiB there is no file, and its size is told; the parts are not looked at. */
START_TEST(onnx_too_large) {
    OnnxGraph graph = {.arena = arena_new(0), .opset = ONNX_OPSET};
    Buffer out = {0};
    uint64_t size = 0;
    ck_assert(onnx_graph_print(&graph, "x", "0", NULL, 0, &out, &size));
    ck_assert_uint_eq(out.len, size);
    out.len = 0;
    graph.initializers.len = INT_MAX;
    ck_assert(!onnx_graph_print(&graph, "x", "0", NULL, 0, &out, &size));
    ck_assert_uint_eq(out.len, 0);
    ck_assert_uint_gt(size, INT_MAX);
    graph.initializers.len = 0;
    buffer_free(&out);
    onnx_graph_free(&graph);
}
END_TEST

Suite *export_suite(void);
Suite *export_suite(void) {
    Suite *suite = suite_create("export");
    TCase *writers = tcase_create("writers");
    tcase_add_test(writers, safetensors_alignment);
    tcase_add_test(writers, safetensors_header);
    tcase_add_test(writers, duplicates);
    tcase_add_test_raise_signal(writers, safetensors_duplicate, SIGABRT);
    tcase_add_test(writers, npz_directory);
    tcase_add_test(writers, varints);
    tcase_add_test(writers, onnx_too_large);
    suite_add_tcase(suite, writers);
    return suite;
}
