/* A convolution: its arguments, the sizes of its parts, and what it reads of x. */
#ifndef SKLEARN_RNN_CONV_H
#define SKLEARN_RNN_CONV_H

#define CHUNK 1

#include "chunks.h"

/* The arguments; `Conv` in arguments.py has the same fields. */
struct conv {
    int64_t batch, steps, inputs, outputs;
    int64_t taps, dilation, stride, offset; /* output t reads the steps t * stride + offset +
                                               j * dilation of x, zeros where there is none */
    int64_t out_steps, rectifies, pool;     /* whether max(0, .); then steps in a pool */
    int64_t first, last;      /* the chunks to run, backward whole groups of rows */
    int64_t x_batch, x_step;  /* strides of x in elements; channels are adjacent */
    const real *x;            /* (batch, steps, inputs) */
    const real *w, *b;        /* (outputs, inputs, taps), (outputs) */
    const int64_t *lengths;   /* (batch): the steps after so many outputs are zero; or NULL */
    real *h;                  /* (batch, out_steps, whole vectors): before pooling; or NULL */
    real *y;                  /* (batch, pools, outputs); the last pool may be partial */
    const real *dy;           /* its gradient */
    real *dx, *partial;       /* gradient of x, contiguous, or NULL; those of groups, internal */
    real *dw, *db;
};

#define ROWS 256 /* outputs that are computed together: they and their input fit into the cache */

/* Sizes that follow from a call, in elements. */
struct sizes {
    long height;         /* of a panel of weights: taps * inputs */
    long width, in_width; /* of the outputs and inputs of a step, whole vectors */
    long seqs, steps;    /* of a chunk */
    long span;           /* steps of x that it reads */
    long x_seq;          /* of these, an odd number of vectors: see matmul.h */
    long dx_seq;         /* of their gradient */
    long dz_row, dz_seq; /* of the gradient of the outputs of a step, and of all steps */
};

INLINE long odd(long n) { return (in_vectors(n) | 1) * LANES; }
INLINE long packed(long n) { return in_panels(in_vectors(n)) * PANEL_WIDTH; }

/* Chunks are some sequences or some steps of one; if `whole`, all steps. */
static struct sizes sizes_of(const struct conv *c, int whole)
{
    const long aligned = c->pool > ROWS ? c->pool : ROWS / c->pool * c->pool;
    struct sizes s = {.height = c->taps * c->inputs};
    s.width = in_vectors(c->outputs) * LANES, s.in_width = in_vectors(c->inputs) * LANES;
    s.steps = whole || c->out_steps < aligned ? c->out_steps : aligned;
    s.seqs = s.steps < c->out_steps ? 1 : MAX(ROWS / s.steps, 1);
    s.seqs = s.seqs < c->batch ? s.seqs : c->batch;
    s.span = (s.steps - 1) * c->stride + (c->taps - 1) * c->dilation + 1;
    s.x_seq = odd(s.span * c->inputs), s.dx_seq = odd(s.span * s.in_width);
    s.dz_row = s.width > PANEL_WIDTH ? odd(s.width) : s.width;
    s.dz_seq = odd(s.steps * s.dz_row);
    return s;
}

/* Return whether the rows of products over some steps of some sequences are the sequences. */
INLINE int runs_along_sequences(long seqs, long steps)
{
    return seqs >= TILE_ROWS && steps < 4 * TILE_ROWS;
}

/* Copy the `span` steps of x from t on of some sequences, zeros where there are none. */
static void copy_steps(const struct conv *c, const struct sizes *s, real *to, long start,
                       long seqs, long t, long span)
{
    const long n = c->inputs, before = t < 0 ? (-t < span ? -t : span) : 0;
    const long most = c->steps - t < span ? c->steps - t : span, end = MAX(most, before);
    for (long i = start; i < start + seqs; i++, to += s->x_seq) {
        const real *x = c->x + i * c->x_batch + t * c->x_step;
        memset(to, 0, before * n * sizeof(real));
        if (c->x_step == n && end > before)
            memcpy(to + before * n, x + before * n, (end - before) * n * sizeof(real));
        else
            copy_out(to + before * n, n, x + before * c->x_step, c->x_step, n, end - before);
        memset(to + end * n, 0, (span - end) * n * sizeof(real));
    }
}

#endif
