/* The convex hull, by Andrew's monotone chain (Information Processing Letters 9, 1979). */
#include "runtime/draw/plot.h"

#include "runtime/base/memory.h"

#include <stdlib.h>

typedef struct Corner {
    double x, y;
    uint32_t index;
} Corner;

static int by_place(const void *left, const void *right) {
    const Corner *a = left, *b = right;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    if (a->y != b->y) return a->y < b->y ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Greater than 0 where a, b, c turn left. */
static double turn(Corner a, Corner b, Corner c) {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

static uint32_t chain(Corner *hull, uint32_t size, uint32_t least, Corner next) {
    while (size > least && turn(hull[size - 2], hull[size - 1], next) <= 0)
        size--;
    hull[size] = next;
    return size + 1;
}

uint32_t plot_hull(const double *points, uint32_t count, uint32_t *corners) {
    Corner *sorted = memory_zeroed(count * sizeof *sorted);
    Corner *hull = memory_zeroed(2 * (size_t)count * sizeof *hull);
    uint32_t distinct = 0, size = 0;
    for (size_t i = 0; i < count; i++)
        sorted[i] = (Corner){points[2 * i], points[2 * i + 1], (uint32_t)i};
    if (count > 0) qsort(sorted, count, sizeof *sorted, by_place);
    for (uint32_t i = 0; i < count; i++)
        if (distinct == 0 || sorted[distinct - 1].x != sorted[i].x ||
            sorted[distinct - 1].y != sorted[i].y)
            sorted[distinct++] = sorted[i];
    for (uint32_t i = 0; i < distinct; i++)
        size = chain(hull, size, 1, sorted[i]);
    for (uint32_t lower = size, i = distinct; i-- > 1;)
        size = chain(hull, size, lower, sorted[i - 1]);
    if (size > 1) size--; /* the first corner again */
    for (uint32_t i = 0; i < size; i++)
        corners[i] = hull[i].index;
    free(sorted);
    free(hull);
    return size;
}
