/* bench-peers: the transformers that raspc makes beside those that Tracr makes of the same
   programs, as Markdown. bench/README.md says what is measured. */
#include "bench/peers/size.h"

#include <inttypes.h>
#include <stdio.h>

#define LETTERS "abcdefghij"
#define BRACKETS "()[]{}abcd"

/* The peer's figures at one length. */
typedef struct Published {
    uint32_t layers, heads, width;
    uint64_t parameters;
    const char *seconds; /* "": not measured */
} Published;

typedef struct Peer {
    const char *label, *file, *name, *letters;
    Published published[2]; /* at lengths[0] and lengths[1] */
} Peer;

static const Peer peers[] = {
#define PEER(label, file, name, letters, l1, h1, w1, p1, s1, l2, h2, w2, p2, s2)                   \
    {label, file, name, letters, {{l1, h1, w1, p1, s1}, {l2, h2, w2, p2, s2}}},
#include "bench/peers/peers.def"
#undef PEER
};
enum { PEER_COUNT = sizeof peers / sizeof peers[0] };
static const uint32_t lengths[2] = {32, 128};

/* Programs that are long as well: what they take at length 1024. */
typedef struct Large {
    const char *label, *path, *name, *letters;
} Large;
static const Large larges[] = {
    {"reverse", "bench/peers/reverse.rasp", "reversed", LETTERS},
    {"sort", "bench/peers/sort.rasp", "sorted", LETTERS},
    {"sort by frequency", "bench/peers/sort_freq.rasp", "by_frequency", LETTERS},
    {"shuffle Dyck-3", "bench/peers/dyck.rasp", "shuffle_dyck3", BRACKETS},
    {"Dyck-3", "programs/brackets/dyck_k.rasp", "dyck3", BRACKETS},
};
enum { LARGE_COUNT = sizeof larges / sizeof larges[0], LARGE_LENGTH = 1024 };

/* 18,035; from a million on 2.08 M, 8.45 G. */
static void print_count(uint64_t count) {
    if (count >= 1000000000)
        printf("%.3g G", (double)count / 1e9);
    else if (count >= 1000000)
        printf("%.3g M", (double)count / 1e6);
    else if (count >= 1000)
        printf("%" PRIu64 ",%03" PRIu64, count / 1000, count % 1000);
    else
        printf("%" PRIu64, count);
}

static void print_seconds(double seconds) {
    if (seconds < 1)
        printf("%.*f ms", seconds < 0.001 ? 2 : seconds < 0.01 ? 1 : 0, seconds * 1e3);
    else
        printf("%.3g s", seconds);
}

static void print_size(const Size *size) {
    if (!size->lowered) {
        printf("refused | - | - | - | -");
        return;
    }
    printf("%u | %u | %u | ", size->layers, size->heads, size->width);
    print_count(size->parameters);
    printf(" | ");
    print_seconds(size->seconds);
}

static void print_published(const Published *published) {
    printf("%u | %u | %u | ", published->layers, published->heads, published->width);
    print_count(published->parameters);
    printf(" | %s", *published->seconds ? published->seconds : "-");
    if (*published->seconds) printf(" s");
}

/* What was refused, and with what: a line under the table. */
static void print_reason(const char *label, const Size *size) {
    if (size->dense) return;
    printf("\n- %s: %s%s\n", label, size->lowered ? "its weights are refused: " : "", size->why);
}

static void compare_at(int which) {
    Size sizes[PEER_COUNT];
    printf("\n## Length %u\n\n", lengths[which]);
    printf("| program | layers | heads | width | parameters | compile "
           "| Tracr: layers | heads | width | parameters | compile |\n");
    printf("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (int i = 0; i < PEER_COUNT; i++) {
        const Peer *peer = &peers[i];
        char path[128];
        snprintf(path, sizeof path, "bench/peers/%s.rasp", peer->file);
        sizes[i] = size_measure(path, peer->name, peer->letters, lengths[which]);
        printf("| %s | ", peer->label);
        print_size(&sizes[i]);
        printf(" | ");
        print_published(&peer->published[which]);
        printf(" |\n");
    }
    for (int i = 0; i < PEER_COUNT; i++)
        print_reason(peers[i].label, &sizes[i]);
}

static void measure_large(void) {
    Size sizes[LARGE_COUNT];
    printf("\n## Length %d\n\n", LARGE_LENGTH);
    printf("| program | layers | heads | width | parameters | compile | memory |\n");
    printf("|---|--:|--:|--:|--:|--:|--:|\n");
    for (int i = 0; i < LARGE_COUNT; i++) {
        const Large *large = &larges[i];
        sizes[i] = size_measure(large->path, large->name, large->letters, LARGE_LENGTH);
        printf("| %s | ", large->label);
        print_size(&sizes[i]);
        printf(" | %ld MiB |\n", sizes[i].kilobytes >> 10);
    }
    for (int i = 0; i < LARGE_COUNT; i++)
        print_reason(larges[i].label, &sizes[i]);
}

int main(void) {
    printf(
        "# The size of the transformers\n\n"
        "Written by `make bench-peers`; `bench/README.md` says what is measured. A vocabulary of "
        "ten tokens.\n");
    compare_at(0);
    compare_at(1);
    measure_large();
    return 0;
}
