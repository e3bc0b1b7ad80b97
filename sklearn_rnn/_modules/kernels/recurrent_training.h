/* Training of a recurrent layer with a linear head on its last state, o = W h + b. */
#ifndef SKLEARN_RNN_RECURRENT_TRAINING_H
#define SKLEARN_RNN_RECURRENT_TRAINING_H

#include "fused_training.h"
#include "layer.h"

/* The arguments, as `recurrent` in training.py packs them. */
struct recurrent {
    struct training training;
    struct call call;  /* without the batch, the chunks, x and `partial`: they are in `training` */
    const real *w, *b; /* (outputs, hidden), (outputs) */
    real *dw, *db;
};

/* The arguments with the cell. */
struct of_cell {
    const struct recurrent *net;
    const struct cell *cell;
};

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

/* Compute b->dh, the gradient of the last states of a chunk; return its share of the loss. */
static double head_backward(const struct recurrent *net, const struct training *t,
                            const struct backward *b, real *partial, real *workspace)
{
    const long hidden = net->call.hidden, width = b->s->width, outputs = t->outputs;
    const double terms = (double)t->batch * (t->loss == SOFTMAX ? 1 : outputs);
    const real *h = b->m.h + b->steps * b->m.h_step;
    real *o = workspace, *dw = partial, *db = dw + outputs * hidden;
    double *d = (double *)(workspace + in_vectors(outputs) * LANES);
    double total = 0;
    memset(b->dh, 0, b->rows * width * sizeof(real));
    for (long i = 0; i < b->rows; i++, h += width) {
        const long row = b->start + i;
        const double scale = (t->weight ? t->weight[row] : 1) / terms;
        for (long k = 0; k < outputs; k++)
            o[k] = net->b[k] + dot(net->w + k * hidden, h, hidden);
        total += scale * loss_of_row(t, row, o, d);
        real *dh = b->dh + i * width;
        for (long k = 0; k < outputs; k++) {
            const real slope = (real)(scale * d[k]);
            const real *w = net->w + k * hidden;
            for (long j = 0; j < hidden; j++) {
                dh[j] += slope * w[j];
                dw[k * hidden + j] += slope * h[j];
            }
            db[k] += slope;
        }
    }
    return total;
}

INLINE long size_of_head(const struct recurrent *net)
{
    return net->training.outputs * (net->call.hidden + 1);
}

/* Where a group stores the gradients of the head: after those of the layer of all groups. */
static real *head_partial(const struct recurrent *net, const struct call *call,
                          const struct cell *cell, long group)
{
    return call->partial + groups_of(call->batch) * sizes_of(call, cell).partial +
           group * size_of_head(net);
}

/* Elements for the outputs of a row and, in double precision, their gradient. */
static long head_workspace(const struct recurrent *net)
{
    return 3 * in_vectors(net->training.outputs) * LANES;
}

static long recurrent_workspace(const void *of_cell)
{
    const struct of_cell *of = of_cell;
    const struct call *call = &of->net->call;
    return head_workspace(of->net) + forward_workspace(call, of->cell) +
           backward_workspace(call, of->cell) + CHUNK * saved_per_row(call, of->cell, call->steps);
}

/* Return the call of the layer for a batch. */
static struct call call_of_batch(const struct training *t, const struct recurrent *net)
{
    struct call call = net->call;
    call.batch = t->batch, call.first = t->first, call.last = t->last;
    call.x = t->x, call.x_batch = t->x_batch, call.partial = t->partial;
    return call;
}

static void run_recurrent(const struct training *t, const void *of_cell, real *workspace)
{
    const struct recurrent *net = ((const struct of_cell *)of_cell)->net;
    const struct cell *cell = ((const struct of_cell *)of_cell)->cell;
    const struct call call = call_of_batch(t, net);
    const struct sizes s = sizes_of(&call, cell);
    real *outputs = workspace;
    workspace += head_workspace(net);
    const struct forward f = set_up_forward(&call, cell, &s, workspace);
    workspace += forward_workspace(&call, cell);
    struct backward b = set_up_backward(&call, cell, &s, workspace);
    real *buffer = workspace + backward_workspace(&call, cell);
    for (long chunk = call.first; chunk < call.last; chunk++) {
        real *partial = head_partial(net, &call, cell, group_of(call.batch, chunk));
        if (begins_group(call.batch, chunk))
            memset(partial, 0, size_of_head(net) * sizeof(real));
        forward_chunk(&f, chunk, buffer, 1);
        begin_chunk(&b, chunk, buffer);
        t->losses[chunk] = head_backward(net, t, &b, partial, outputs);
        memset(b.dc, 0, b.rows * s.width * sizeof(real));
        backward_chunk(&b);
    }
}

static void sum_recurrent(const struct training *t, const void *of_cell)
{
    const struct recurrent *net = ((const struct of_cell *)of_cell)->net;
    const struct cell *cell = ((const struct of_cell *)of_cell)->cell;
    const struct call call = call_of_batch(t, net);
    const long n = t->outputs * call.hidden;
    sum_groups(&call, cell);
    memset(net->dw, 0, n * sizeof(real));
    memset(net->db, 0, t->outputs * sizeof(real));
    for (long group = 0; group < groups_of(call.batch); group++) {
        const real *partial = head_partial(net, &call, cell, group);
        for (long i = 0; i < n; i++)
            net->dw[i] += partial[i];
        for (long k = 0; k < t->outputs; k++)
            net->db[k] += partial[n + k];
    }
}

static const struct network RECURRENT = {recurrent_workspace, run_recurrent, sum_recurrent};

#endif
