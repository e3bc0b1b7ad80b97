/* A recurrent layer over all steps of a batch, forward and backward, for any cell.

   A cell is a struct of sizes, a function on successive rows, and one on a row backward; everything
   else is here.

   Each chunk of rows (chunks.h) goes through all steps before the next one begins, so that its
   states stay in the cache from step to step.

   Padded units. A row of `hidden` units is stored as `width` elements, whole vectors; the padding
   has zero weights. It is computed like the rest but never read as the inner index of a product,
   so that nothing in it, not even a NaN, reaches a result.

   Saved for the backward pass, chunk after chunk, time-major:
       h       (steps + 1) x rows x width     states, the initial one first
       c       the same                       if the cell has a cell state c
       kept    steps x rows x kept * width    what the cell's forward function leaves in z
       masked  steps x rows x width           h times the mask, with recurrent dropout
   In inference (`saved` is NULL) the same arrays hold two steps, used in turn.
*/
#ifndef SKLEARN_RNN_LAYER_H
#define SKLEARN_RNN_LAYER_H

#include <sys/mman.h>

#include "chunks.h"

#define SPAN 8 /* steps whose weight gradients are computed in one product */

/* A table in place of x: each of its rows holds an affine map, bias + x W', of `columns` elements as
   in z. That of row i at step t is number tokens[i * row + t]. The gradient of w_in is left to the
   caller, who has x. `LookupTable` in arguments.py has the same fields. */
struct lookup {
    const int64_t *tokens;    /* NULL: there is x itself */
    int64_t row;              /* stride of tokens */
    int64_t n_rows, columns;  /* of the table */
    const real *table;
    real *gradient;           /* groups x (n_rows, columns); in the end the sum of all groups */
    uint8_t *found;           /* groups x n_rows: whether a row has a gradient in a group */
};

/* The arguments; `Call` in arguments.py has the same fields. */
struct call {
    int64_t batch, steps, inputs, hidden;
    int64_t option;           /* of the cell: relu, or coupled gates */
    int64_t first, last;      /* the chunks to run; backward, whole groups of them */
    int64_t x_batch, x_step;  /* strides of x in elements; channels are adjacent */
    const real *x;            /* (batch, steps, inputs), or see `affine` and `struct lookup` */
    const real *w_in;         /* (gates * hidden, inputs), or in inference NULL, with inputs 0 */
    const real *w_state;      /* (gates * hidden, hidden) */
    const real *b_in;         /* (gates * hidden) */
    const real *b_state;      /* (gates * hidden) */
    const real *h0, *c0;      /* (batch, hidden), or NULL for zeros */
    const real *mask;         /* (batch, hidden): multiplies h before the weights do; or NULL */
    const int64_t *lengths;   /* (batch): valid steps of each row; or NULL */
    real *states;             /* (batch, steps, hidden), or NULL */
    real *h, *c;              /* (batch, hidden): after the last valid step; or NULL */
    real *saved;              /* NULL in inference */
    const real *d_states;     /* gradients of the above, or NULL for zeros */
    const real *d_h, *d_c;
    real *dx, *dh0, *dc0;     /* gradients of the arguments, contiguous; or NULL */
    real *partial;            /* groups x parameter gradients, internal layout */
    real *dw_in, *dw_state, *db_in, *db_state;
    struct lookup lookup;     /* then inputs is 0 */
};

_Static_assert(sizeof(void *) == 8 && sizeof(long) == 8, "the kernels need a 64-bit machine");

/* Successive rows: how many, and the elements of a row of states and of affine maps. */
struct rows {
    long n, width, z_row;
};

struct cell {
    long gates;
    long split;  /* 1: the last gate stores its input part and its state part separately (GRU) */
    long kept;   /* widths of a row that are saved for the backward pass */
    long has_c;  /* 1: there is a cell state c */
    /* z holds the affine maps, gate by gate; what the backward pass needs replaces them. */
    void (*forward)(struct rows rows, real *z, const real *h_old, real *h, const real *c_old,
                    real *c);
    /* Compute the gradient dz of the affine maps from dh and dc. dc becomes that of c_old, and
       `dh_skip` (with split) the part of the gradient of h_old that bypasses the weights. */
    void (*backward)(long width, const real *kept, const real *h_old, const real *h,
                     const real *c_old, const real *dh, real *dc, real *dz, real *dh_skip);
};

/* Sizes that follow from a call and a cell, in elements. */
struct sizes {
    long width, vectors; /* of the units of one gate */
    long columns;        /* of the affine maps: gates * width */
    long z_row, dz_row;  /* lengths of rows; dz_row is odd in vectors: see matmul.h */
    long input_width;
    long pack;           /* weights in panels, one pass */
    long partial;        /* gradients of the parameters from one group */
};

static struct sizes sizes_of(const struct call *call, const struct cell *cell)
{
    struct sizes s;
    s.vectors = in_vectors(call->hidden);
    s.width = s.vectors * LANES;
    s.columns = cell->gates * s.width;
    s.z_row = MAX(cell->kept, cell->gates + cell->split) * s.width;
    s.dz_row = (cell->gates + cell->split) * s.width;
    s.dz_row += (s.dz_row / LANES) % 2 ? 0 : LANES;
    s.input_width = in_vectors(call->inputs) * LANES;
    s.pack = in_panels(cell->gates * s.vectors) * PANEL_WIDTH * (call->inputs + call->hidden);
    long weights = (call->inputs + call->hidden) * s.columns;
    s.partial = weights + s.columns + cell->split * s.width;
    return s;
}

static int is_valid(const struct call *call, long row, long t)
{
    return !call->lengths || t < call->lengths[row];
}

/* Return the number of steps in which at least one row of the chunk is valid. */
static long steps_of_chunk(const struct call *call, long start, long rows)
{
    if (!call->lengths)
        return call->steps;
    long most = 0;
    for (long i = start; i < start + rows; i++)
        most = MAX(most, call->lengths[i]);
    return most < call->steps ? most : call->steps;
}

/* Where the saved arrays of one chunk begin, and their strides from step to step. */
struct buffers {
    real *h, *c, *kept, *masked;
    long h_step, kept_step;
};

static long saved_per_row(const struct call *call, const struct cell *cell, long steps)
{
    long width = in_vectors(call->hidden) * LANES;
    long per_step = cell->kept + (call->mask ? 1 : 0);
    return width * ((steps + 1) * (1 + cell->has_c) + steps * per_step);
}

static struct buffers buffers_at(real *p, const struct call *call, const struct cell *cell,
                                 long rows, long steps)
{
    struct buffers m;
    m.h_step = rows * in_vectors(call->hidden) * LANES;
    m.kept_step = cell->kept * m.h_step;
    m.h = p;
    m.c = m.h + (steps + 1) * m.h_step;
    m.kept = m.c + cell->has_c * (steps + 1) * m.h_step;
    m.masked = m.kept + steps * m.kept_step;
    return m;
}

INLINE void multiply(real *to, const real *a, const real *b, long n)
{
    for (long i = 0; i < n; i += LANES)
        store(to + i, load(a + i) * load(b + i));
}

#include "lookup.h"

#include "forward.h"

#include "backward.h"

#endif
