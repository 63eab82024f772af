#include "tests/unit/plain_lloyd.h"

static double squared_distance(const double *a, const double *b, int d) {
    double sum = 0;
    for (int c = 0; c < d; c++)
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

static int nearest_centre(const PlainLloyd *l, const double *point) {
    int nearest = 0;
    double least = squared_distance(point, l->centres, l->d);
    for (int j = 1; j < l->k; j++) {
        double distance = squared_distance(point, l->centres + j * l->d, l->d);
        if (distance < least) {
            least = distance;
            nearest = j;
        }
    }
    return nearest;
}

void plain_lloyd_round(PlainLloyd *l) {
    for (int i = 0; i < l->n; i++)
        l->owners[i] = nearest_centre(l, l->points + i * l->d);
    for (int j = 0; j < l->k; j++)
        for (int c = 0; c < l->d; c++) {
            double sum = 0;
            int count = 0;
            for (int i = 0; i < l->n; i++)
                if (l->owners[i] == j) {
                    sum += l->points[i * l->d + c];
                    count++;
                }
            if (count > 0) l->centres[j * l->d + c] = sum / count;
        }
}
