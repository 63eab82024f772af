/* One attention head as textbooks have it: loops over arrays, nothing of raspc. What
   programs/simulator/attention.rasp is compared with. Sums go from left to right; the softmax
   subtracts its row's greatest logit. */
#ifndef RASPC_TEST_PLAIN_HEAD_H
#define RASPC_TEST_PLAIN_HEAD_H

#include <stdbool.h>

enum { PLAIN_HEAD_MOST = 6 }; /* of n and d */

/* The caller's arrays, row by row. */
typedef struct PlainHead {
    int n, d;
    bool scaled;                             /* logits divided by the root of d */
    const double *x;                         /* (n, d) */
    const double *w_query, *w_key, *w_value; /* (d, d) */
} PlainHead;

/* y: (n, d) = softmax(x W_Q (x W_K)') x W_V. Returns its scale: the greatest magnitude in x W_V,
   whose rows y's are means of. */
double plain_head(const PlainHead *head, double *y);

#endif
