/* Lloyd's k-means as textbooks have it: loops over arrays, nothing of raspc. What the programs of
   programs/clustering are compared with. Each number is computed in the order in which it is
   written down: distances from coordinate 0 on, sums from point 0 on, one division at the end. */
#ifndef RASPC_TEST_PLAIN_LLOYD_H
#define RASPC_TEST_PLAIN_LLOYD_H

/* The caller's arrays. A round fills owners from the centres as they are, then moves those. */
typedef struct PlainLloyd {
    int n, d, k;
    const double *points; /* (n, d) */
    double *centres;      /* (k, d) */
    int *owners;          /* (n) the nearest centre, of equally near ones the first */
} PlainLloyd;

/* A centre that owns no point stays. */
void plain_lloyd_round(PlainLloyd *lloyd);

#endif
