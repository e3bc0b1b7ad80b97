/* Rows in chunks, chunks in groups, and rows padded to whole vectors: what all layers share.

   A batch is processed in chunks of CHUNK rows. Gradients of the parameters are summed chunk by
   chunk within a group of successive chunks, and then group by group. A thread runs whole groups.
   The groups depend on the number of rows alone and are as even as possible, so results are
   identical bit by bit for any number of threads.
*/
#ifndef SKLEARN_RNN_CHUNKS_H
#define SKLEARN_RNN_CHUNKS_H

#include <stdlib.h>
#include <string.h>

#include "matmul.h"

#ifndef CHUNK
#define CHUNK 16
#endif
#define GROUPS 8 /* of chunks, at most; each group has its own partial gradients */
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Elements of rows at steps, with strides; NULL where there are none. */
struct view {
    real *at;
    long row, step;
};

INLINE long in_vectors(long n) { return (n + LANES - 1) / LANES; }
INLINE long in_panels(long vectors) { return (vectors + PANEL - 1) / PANEL; }

INLINE long rows_of_chunk(long batch, long chunk)
{
    long left = batch - chunk * CHUNK;
    return left < CHUNK ? left : CHUNK;
}

INLINE long chunks_of(long batch) { return (batch + CHUNK - 1) / CHUNK; }

INLINE long groups_of(long batch)
{
    return chunks_of(batch) < GROUPS ? chunks_of(batch) : GROUPS;
}

/* Return the group of a chunk: group g begins with chunk g * chunks / groups. */
INLINE long group_of(long batch, long chunk)
{
    return ((chunk + 1) * groups_of(batch) - 1) / chunks_of(batch);
}

INLINE int begins_group(long batch, long chunk)
{
    return chunk == 0 || group_of(batch, chunk) != group_of(batch, chunk - 1);
}

INLINE real *allocate(long n)
{
    void *p = NULL;
    return posix_memalign(&p, 64, (size_t)MAX(n, 1) * sizeof(real)) ? NULL : p;
}

/* Copy rows of `hidden` elements to rows of `width`, padded with zeros; NULL stands for zeros. */
INLINE void copy_in(real *to, long width, const real *from, long from_row, long hidden, long rows)
{
    for (long i = 0; i < rows; i++, to += width) {
        if (from)
            memcpy(to, from + i * from_row, hidden * sizeof(real));
        long used = from ? hidden : 0;
        memset(to + used, 0, (width - used) * sizeof(real));
    }
}

INLINE void copy_out(real *to, long to_row, const real *from, long width, long hidden, long rows)
{
    for (long i = 0; i < rows; i++)
        memcpy(to + i * to_row, from + i * width, hidden * sizeof(real));
}

INLINE void add(real *to, const real *a, long n)
{
    for (long i = 0; i < n; i += LANES)
        store(to + i, load(to + i) + load(a + i));
}

/* Pack w, (height, inner) in row order, into panels of rows of w. */
INLINE void pack_straight(real *pack, const real *w, long inner, long height)
{
    for (long row = 0; row < height; row++, w += inner)
        for (long column = 0; column < inner; column += PANEL_WIDTH) {
            long left = inner - column, count = left < PANEL_WIDTH ? left : PANEL_WIDTH;
            real *to = pack + (column * height + row * PANEL_WIDTH);
            memcpy(to, w + column, count * sizeof(real));
            memset(to + count, 0, (PANEL_WIDTH - count) * sizeof(real));
        }
}

/* Add the column sums of dz to `to`. */
INLINE void add_rows(real *to, const real *dz, long dz_row, long rows, long columns)
{
    for (long j = 0; j < columns; j += LANES) {
        vec sum = (vec){0};
        for (long i = 0; i < rows; i++)
            sum += load(dz + i * dz_row + j);
        store(to + j, load(to + j) + sum);
    }
}

INLINE real dot(const real *a, const real *b, long n)
{
    vec sum = (vec){0};
    long j = 0;
    for (; j + LANES <= n; j += LANES)
        sum += load(a + j) * load(b + j);
    real total = 0;
    for (long lane = 0; lane < LANES; lane++)
        total += sum[lane];
    for (; j < n; j++)
        total += a[j] * b[j];
    return total;
}

#endif
