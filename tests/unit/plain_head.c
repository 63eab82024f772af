#include "tests/unit/plain_head.h"

#include <math.h>

enum { MOST = PLAIN_HEAD_MOST };

/* x times weights. */
static void project(const PlainHead *head, const double *weights, double out[MOST][MOST]) {
    for (int i = 0; i < head->n; i++)
        for (int c = 0; c < head->d; c++) {
            out[i][c] = 0;
            for (int t = 0; t < head->d; t++)
                out[i][c] += head->x[i * head->d + t] * weights[t * head->d + c];
        }
}

static void softmax(double *row, int n) {
    double greatest = -INFINITY, sum = 0;
    for (int j = 0; j < n; j++)
        greatest = fmax(greatest, row[j]);
    for (int j = 0; j < n; j++) {
        row[j] = exp(row[j] - greatest);
        sum += row[j];
    }
    for (int j = 0; j < n; j++)
        row[j] /= sum;
}

double plain_head(const PlainHead *head, double *y) {
    double queries[MOST][MOST], keys[MOST][MOST], values[MOST][MOST], scale = 0;
    int n = head->n, d = head->d;
    project(head, head->w_query, queries);
    project(head, head->w_key, keys);
    project(head, head->w_value, values);
    for (int i = 0; i < n; i++) {
        double weights[MOST];
        for (int j = 0; j < n; j++) {
            double logit = 0;
            for (int t = 0; t < d; t++)
                logit += queries[i][t] * keys[j][t];
            weights[j] = head->scaled ? logit / sqrt(d) : logit;
        }
        softmax(weights, n);
        for (int c = 0; c < d; c++) {
            y[i * d + c] = 0;
            for (int j = 0; j < n; j++)
                y[i * d + c] += weights[j] * values[j][c];
            scale = fmax(scale, fabs(values[i][c]));
        }
    }
    return scale;
}
