/* The blocked matrix product that all layers use:

       C = start + sum over the factors f of A_f B_f        C: rows x columns

   Blocking. C is cut into panels of 2 vectors of columns, and each panel into tiles of TILE_ROWS
   rows. A tile of C stays in registers while k runs over the inner index of all factors: each k
   loads 2 vectors of B and TILE_ROWS elements of A, and accumulates their outer product.

   Arithmetic, AVX-512: a tile of 8 x 2 vectors is 16 sums, which hide the latency of 4 cycles of
   a fused multiply-add on up to two units (8 are needed), in 16 + 2 + 1 of 32 registers. One k is
   16 multiply-adds and 10 loads: a core that does two of each in a cycle is compute-bound. With
   16 registers (AVX2, SSE2) 4 x 2 vectors are 8 sums, 8 multiply-adds and 6 loads.

   B is read panel by panel. Weights are packed so that a panel is contiguous (K x 2 vectors,
   9 KB for 71 inputs in float32): it stays in the first-level cache while it is used for all rows.
   In row order, a row length that is a power of two would map all of it to the same few cache sets.

   The order of summation of an element of C depends on the factors alone, neither on the tile of
   its row nor on the number of rows.
*/
#ifndef SKLEARN_RNN_MATMUL_H
#define SKLEARN_RNN_MATMUL_H

#include "simd.h"

#define PANEL 2 /* vectors */
#define PANEL_WIDTH (PANEL * LANES)
#define TILE_ROWS (VECTOR_BYTES == 64 ? 8 : 4)
#define MAX_FACTORS 8

struct factor {
    const real *a;
    long stride; /* of a row of A, or of a column of A in `product_by_columns` */
    const real *b;
    long length; /* of the inner index */
};

struct product {
    real *c;
    long c_row;
    const real *start; /* NULL for zeros */
    long start_row;    /* 0: the same for each row */
    long rows, vectors;
    long b_row, b_panel; /* strides of B from k to k + 1, and from panel to panel */
    long n_factors;
    struct factor factors[MAX_FACTORS];
};

INLINE void tile(const int rows, const int width, const int by_columns, const struct product *p,
                 long row, long panel)
{
    vec sum[8][PANEL];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < width; v++) {
            long column = panel * PANEL_WIDTH + v * LANES;
            sum[i][v] = p->start ? load(p->start + (row + i) * p->start_row + column) : (vec){0};
        }
    for (long f = 0; f < p->n_factors; f++) {
        const long stride = p->factors[f].stride;
        const real *a = p->factors[f].a + (by_columns ? row : row * stride);
        const real *b = p->factors[f].b + panel * p->b_panel;
        const long length = p->factors[f].length, b_row = p->b_row;
        for (long k = 0; k < length; k++) {
            vec right[PANEL];
#pragma GCC unroll 2
            for (int v = 0; v < width; v++)
                right[v] = load(b + v * LANES);
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                vec left = broadcast(by_columns ? a[i] : a[i * stride]);
#pragma GCC unroll 2
                for (int v = 0; v < width; v++)
                    sum[i][v] += left * right[v];
            }
            a += by_columns ? stride : 1;
            b += b_row;
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < width; v++)
            store(p->c + (row + i) * p->c_row + panel * PANEL_WIDTH + v * LANES, sum[i][v]);
}

INLINE void column_of_tiles(const int width, const int by_columns, const struct product *p,
                            long panel)
{
    long i = 0;
    for (; i + TILE_ROWS <= p->rows; i += TILE_ROWS)
        tile(TILE_ROWS, width, by_columns, p, i, panel);
    if (TILE_ROWS > 4 && i + 4 <= p->rows) {
        tile(4, width, by_columns, p, i, panel);
        i += 4;
    }
    if (i + 2 <= p->rows) {
        tile(2, width, by_columns, p, i, panel);
        i += 2;
    }
    if (i < p->rows)
        tile(1, width, by_columns, p, i, panel);
}

INLINE void panels(const int by_columns, const struct product *p)
{
    for (long panel = 0; panel < p->vectors / PANEL; panel++)
        column_of_tiles(2, by_columns, p, panel);
    if (p->vectors % PANEL)
        column_of_tiles(1, by_columns, p, p->vectors / PANEL);
}

/* A(i, k) = a[i * stride + k]. */
static __attribute__((noinline, unused)) void product(const struct product *p) { panels(0, p); }

/* A(i, k) = a[i + k * stride]: the sum of outer products that is a gradient of weights. */
static __attribute__((noinline, unused)) void product_by_columns(const struct product *p)
{
    panels(1, p);
}

#endif
