/* Training of a layer with a linear head on its last state: loss, gradient and Adam.

   The loss of outputs o = W h + b is the weighted mean over rows of the mean over outputs of

       SQUARED     (o - y)^2 / 2
       ABSOLUTE    |o - y|
       HUBER       (o - y)^2 / 2 where |o - y| < a, else a (|o - y| - a / 2)
       QUANTILE    max(a (y - o), (a - 1) (y - o))
       POISSON     e^o - y o
       LOGISTIC    log(1 + e^o) - q o                     q = (1 - a) y + a / 2

   or, one value for all outputs,

       SOFTMAX     log sum_k e^(o_k) - sum_k q_k o_k      q_k = (1 - a) [k = y] + a / outputs

   with the option a. The ridge penalty adds half the squares of the leading parameters,
   times its strength.

   A chunk of rows runs forward and backward before the next one begins: its saved states are
   still in the cache, and memory for one chunk is enough.
*/
#ifndef SKLEARN_RNN_FUSED_TRAINING_H
#define SKLEARN_RNN_FUSED_TRAINING_H

#include <math.h>

#include "adam.h"
#include "layer.h"

enum loss { SQUARED, ABSOLUTE, HUBER, QUANTILE, POISSON, LOGISTIC, SOFTMAX };

/* The arguments, all 8 bytes wide: TRAINING in loader.py packs them in this order. */
struct training {
    struct call call;      /* of the first batch; `partial` also holds those of the head */
    int64_t outputs, loss;
    const real *w, *b;     /* (outputs, hidden), (outputs) */
    const void *y;         /* (batch, outputs), or with SOFTMAX (batch) of int64_t */
    const real *weight;    /* (batch), or NULL for ones */
    real *dw, *db;
    double *losses;        /* of each chunk, internal */
    double *objective;     /* receives the sum over batches of objective times rows */
    int64_t samples;       /* of all batches, which are contiguous; the last may be smaller */
    int64_t n_weights;     /* leading parameters that are penalised */
    const double *rates;   /* learning rate of each batch, or NULL to leave the parameters */
    double option, ridge;
    struct adam adam;      /* all parameters in one vector; the penalty uses its w and g */
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

/* Return the loss of one output, and store its derivative in d. */
static double pointwise(long loss, double o, double y, double option, double *d)
{
    const double error = o - y, size = fabs(error), sign = (error > 0) - (error < 0);
    switch (loss) {
    case ABSOLUTE:
        return *d = sign, size;
    case HUBER:
        if (!(size < option))
            return *d = sign * option, option * (size - option / 2);
        break; /* as SQUARED */
    case QUANTILE:
        *d = sign / 2 - option + 0.5;
        return error > 0 ? (1 - option) * error : -option * error;
    case POISSON:
        return *d = exp(o) - y, exp(o) - y * o;
    case LOGISTIC: {
        const double q = (1 - option) * y + option / 2, tail = exp(-fabs(o));
        *d = (o > 0 ? 1 : tail) / (1 + tail) - q;
        return (o > 0 ? o : 0) - q * o + log1p(tail);
    }
    }
    return *d = error, error * error / 2;
}

static double softmax(long n, const real *o, long label, double smoothing, double *d)
{
    double highest = o[0], sum = 0, value = 0;
    for (long k = 1; k < n; k++)
        highest = MAX(highest, o[k]);
    for (long k = 0; k < n; k++)
        sum += exp(o[k] - highest);
    for (long k = 0; k < n; k++) {
        const double q = (1 - smoothing) * (k == label) + smoothing / (double)n;
        const double below = highest + log(sum) - o[k]; /* -log p_k */
        value += q ? q * below : 0; /* `below` may be infinite */
        d[k] = exp(-below) - q;
    }
    return value;
}

/* Return the loss of a row, and store its gradient in d. */
static double loss_of_row(const struct training *t, long row, const real *o, double *d)
{
    const long n = t->outputs;
    if (t->loss == SOFTMAX)
        return softmax(n, o, ((const int64_t *)t->y)[row], t->option, d);
    const real *y = (const real *)t->y + row * n;
    double value = 0;
    for (long k = 0; k < n; k++)
        value += pointwise(t->loss, o[k], y[k], t->option, d + k);
    return value;
}

/* Compute b->dh, the gradient of the last states of a chunk; return its share of the loss. */
static double head_backward(const struct training *t, const struct backward *b, real *partial,
                            real *workspace)
{
    const long hidden = t->call.hidden, width = b->s->width, outputs = t->outputs;
    const double terms = (double)t->call.batch * (t->loss == SOFTMAX ? 1 : outputs);
    const real *h = b->m.h + b->steps * b->m.h_step;
    real *o = workspace, *dw = partial, *db = dw + outputs * hidden;
    double *d = (double *)(workspace + in_vectors(outputs) * LANES);
    double total = 0;
    memset(b->dh, 0, b->rows * width * sizeof(real));
    for (long i = 0; i < b->rows; i++, h += width) {
        const long row = b->start + i;
        const double scale = (t->weight ? t->weight[row] : 1) / terms;
        for (long k = 0; k < outputs; k++)
            o[k] = t->b[k] + dot(t->w + k * hidden, h, hidden);
        total += scale * loss_of_row(t, row, o, d);
        real *dh = b->dh + i * width;
        for (long k = 0; k < outputs; k++) {
            const real slope = (real)(scale * d[k]);
            const real *w = t->w + k * hidden;
            for (long j = 0; j < hidden; j++) {
                dh[j] += slope * w[j];
                dw[k * hidden + j] += slope * h[j];
            }
            db[k] += slope;
        }
    }
    return total;
}

INLINE long size_of_head(const struct training *t) { return t->outputs * (t->call.hidden + 1); }

/* Where a group stores the gradients of the head: after those of the layer of all groups. */
static real *head_partial(const struct training *t, const struct cell *cell, long group)
{
    return t->call.partial + groups_of(&t->call) * sizes_of(&t->call, cell).partial +
           group * size_of_head(t);
}

/* Elements for the outputs of a row and, in double precision, their gradient. */
static long head_workspace(const struct training *t)
{
    return 3 * in_vectors(t->outputs) * LANES;
}

static long chunk_workspace(const struct training *t, const struct cell *cell)
{
    const struct call *call = &t->call;
    return head_workspace(t) + forward_workspace(call, cell) + backward_workspace(call, cell) +
           CHUNK * saved_per_row(call, cell, call->steps);
}

/* Compute the gradients and losses of the chunks call.first, ..., call.last - 1. */
static void run_chunks(const struct training *t, const struct cell *cell, real *workspace)
{
    const struct call *call = &t->call;
    const struct sizes s = sizes_of(call, cell);
    real *outputs = workspace;
    workspace += head_workspace(t);
    const struct forward f = set_up_forward(call, cell, &s, workspace);
    workspace += forward_workspace(call, cell);
    struct backward b = set_up_backward(call, cell, &s, workspace);
    real *buffer = workspace + backward_workspace(call, cell);
    for (long chunk = call->first; chunk < call->last; chunk++) {
        real *partial = head_partial(t, cell, group_of(call, chunk));
        if (begins_group(call, chunk))
            memset(partial, 0, size_of_head(t) * sizeof(real));
        forward_chunk(&f, chunk, buffer, 1);
        begin_chunk(&b, chunk, buffer);
        t->losses[chunk] = head_backward(t, &b, partial, outputs);
        memset(b.dc, 0, b.rows * s.width * sizeof(real));
        backward_chunk(&b);
    }
}

/* Return the ridge penalty, and add its gradient. */
static double ridge(const struct training *t)
{
    const real strength = (real)t->ridge;
    double squares = 0;
    for (long i = 0; i < t->n_weights; i++) {
        squares += (double)t->adam.w[i] * t->adam.w[i];
        t->adam.g[i] += strength * t->adam.w[i];
    }
    return 0.5 * t->ridge * squares;
}

/* Sum the groups of a batch in order, add the penalty, and take a step of Adam at the learning
   rate. */
static void finish_batch(struct training *t, const struct cell *cell, const double *rate)
{
    const long n = t->outputs * t->call.hidden;
    double objective = 0;
    sum_groups(&t->call, cell);
    memset(t->dw, 0, n * sizeof(real));
    memset(t->db, 0, t->outputs * sizeof(real));
    for (long chunk = 0; chunk < chunks_of(&t->call); chunk++)
        objective += t->losses[chunk];
    for (long group = 0; group < groups_of(&t->call); group++) {
        const real *partial = head_partial(t, cell, group);
        for (long i = 0; i < n; i++)
            t->dw[i] += partial[i];
        for (long k = 0; k < t->outputs; k++)
            t->db[k] += partial[n + k];
    }
    if (t->ridge)
        objective += ridge(t);
    *t->objective += objective * (double)t->call.batch;
    if (rate) {
        t->adam.rate = *rate;
        PASTE(adam, VARIANT)(&t->adam);
        t->adam.time++;
    }
}

/* Run the batches in order. Return -1 if memory cannot be allocated. */
static int run_batches(const struct training *whole, const struct cell *cell)
{
    struct training t = *whole;
    struct call *call = &t.call;
    const long size = call->batch;
    const size_t per_target = t.loss == SOFTMAX ? sizeof(int64_t) : t.outputs * sizeof(real);
    real *workspace = allocate(chunk_workspace(&t, cell));
    if (!workspace)
        return -1;
    for (long start = 0; start < t.samples; start += size) {
        const long left = t.samples - start;
        call->batch = left < size ? left : size;
        call->first = 0, call->last = chunks_of(call);
        run_chunks(&t, cell, workspace);
        finish_batch(&t, cell, t.rates ? t.rates + start / size : NULL);
        call->x += size * call->x_batch;
        t.y = (const char *)t.y + size * per_target;
        t.weight = t.weight ? t.weight + size : NULL;
    }
    free(workspace);
    return 0;
}

/* Run the chunks call.first, ..., call.last - 1 of a single batch. Return -1 if memory cannot be
   allocated. */
static int run_part(const struct training *t, const struct cell *cell)
{
    real *workspace = allocate(chunk_workspace(t, cell));
    if (!workspace)
        return -1;
    run_chunks(t, cell, workspace);
    free(workspace);
    return 0;
}

#endif
