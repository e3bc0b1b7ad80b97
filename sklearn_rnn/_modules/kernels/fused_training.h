/* Training of a network: its loss, and an optimizer over successive batches.

   The loss of the outputs o is the weighted mean over rows of the mean over outputs of

       SQUARED     (o - y)^2 / 2
       ABSOLUTE    |o - y|
       HUBER       (o - y)^2 / 2 where |o - y| < a, else a (|o - y| - a / 2)
       QUANTILE    max(a (y - o), (a - 1) (y - o))
       POISSON     e^o - y o
       LOGISTIC    log(1 + e^o) - q o                     q = (1 - a) y + a / 2

   or, one value for all outputs,

       SOFTMAX     log sum_k e^(o_k) - sum_k q_k o_k      q_k = (1 - a) [k = y] + a / outputs

   with the option a. The ridge penalty adds half the squares of the leading parameters,
   times its strength. A decay has the same value, and no gradient: before each step the optimizer
   multiplies these parameters by 1 - rate * decay (Loshchilov and Hutter, 2019).

   A network computes its outputs and gradients itself, see `network`.
*/
#ifndef SKLEARN_RNN_FUSED_TRAINING_H
#define SKLEARN_RNN_FUSED_TRAINING_H

#include <math.h>

#include "chunks.h"
#include "optimizer.h"

enum loss { SQUARED, ABSOLUTE, HUBER, QUANTILE, POISSON, LOGISTIC, SOFTMAX };

/* The arguments; `Training` in arguments.py has the same fields. Those of the network follow. */
struct training {
    int64_t batch;         /* rows of each batch; the last may be smaller */
    int64_t terms;         /* rows of y of a batch */
    int64_t samples;       /* rows of all batches, which are contiguous */
    int64_t first, last;   /* the chunks of a single batch to run: whole groups of them */
    int64_t x_batch;       /* stride of x in elements */
    const real *x;
    int64_t outputs, loss;
    const void *y;         /* (terms of all batches, outputs), or with SOFTMAX of int64_t */
    const real *weight;    /* of each row of y, or NULL for ones */
    const real *masks;     /* of dropout, batch after batch, as the network reads them */
    int64_t masks_row;     /* elements of them for a row of a batch */
    int64_t most_bytes;    /* of arrays that grow with the steps, see segments.h */
    real *partial;         /* gradients of the groups of a batch, internal */
    double *losses;        /* of each chunk, internal */
    double *objective;     /* receives the sum over batches of objective times terms */
    int64_t n_weights;     /* leading parameters that are penalised */
    const double *rates;   /* learning rate of each batch, or NULL to leave the parameters */
    double option, ridge, decay;
    double max_norm;       /* of the gradient of all parameters before a step, at most */
    struct optimizer optimizer; /* all parameters in one vector; the penalty uses its w and g */
};

/* What the loop over batches needs of a network, whose own arguments are `net`. The chunks of a
   batch run forward and backward one by one: what a chunk saves is still in the cache then, and
   memory for one chunk is enough. */
struct network {
    long (*workspace)(const void *net); /* elements that `run` needs */
    /* Compute gradients and losses of the chunks t->first, ..., t->last - 1. */
    void (*run)(const struct training *t, const void *net, real *workspace);
    /* Sum the gradients of all groups in order, and write them where the parameters have theirs. */
    void (*sum)(const struct training *t, const void *net);
};

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

/* Return the ridge penalty and the value of the decay, and add the gradient of the first. */
static double penalty(const struct training *t)
{
    const real strength = (real)t->ridge;
    double squares = 0;
    for (long i = 0; i < t->n_weights; i++) {
        squares += (double)t->optimizer.w[i] * t->optimizer.w[i];
        t->optimizer.g[i] += strength * t->optimizer.w[i];
    }
    return 0.5 * (t->ridge + t->decay) * squares;
}

/* Scale the gradient to a norm, if it is larger; all of it is NaN if a part is, as in torch. */
static void clip(real *g, long n, double max_norm)
{
    double squares = 0;
    for (long i = 0; i < n; i++)
        squares += (double)g[i] * g[i];
    const double scale = max_norm / (sqrt(squares) + 1e-6);
    for (long i = 0; !(scale >= 1) && i < n; i++)
        g[i] *= (real)scale;
}

/* Sum the groups of a batch, add the penalty, and take a step at the learning rate with the clipped
   gradient. */
static void finish_batch(struct training *t, const struct network *network, const void *net,
                         const double *rate)
{
    double objective = 0;
    network->sum(t, net);
    for (long chunk = 0; chunk < chunks_of(t->batch); chunk++)
        objective += t->losses[chunk];
    if (t->ridge || t->decay)
        objective += penalty(t);
    *t->objective += objective * (double)t->terms;
    if (rate) {
        if (t->max_norm < INFINITY)
            clip(t->optimizer.g, t->optimizer.size, t->max_norm);
        const real kept = (real)(1 - *rate * t->decay);
        for (long i = 0; t->decay && i < t->n_weights; i++)
            t->optimizer.w[i] *= kept;
        t->optimizer.rate = *rate;
        PASTE(step, VARIANT)(&t->optimizer);
        t->optimizer.time++;
    }
}

/* Run the batches in order. Return -1 if memory cannot be allocated. */
static int run_batches(const struct training *whole, const struct network *network,
                       const void *net)
{
    struct training t = *whole;
    const long size = t.batch, terms = t.terms;
    const size_t per_target = t.loss == SOFTMAX ? sizeof(int64_t) : t.outputs * sizeof(real);
    real *workspace = allocate(network->workspace(net));
    if (!workspace)
        return -1;
    for (long start = 0; start < t.samples; start += size) {
        const long left = t.samples - start;
        if (left < size)
            t.batch = left, t.terms = terms / size * left;
        t.first = 0, t.last = chunks_of(t.batch);
        network->run(&t, net, workspace);
        finish_batch(&t, network, net, t.rates ? t.rates + start / size : NULL);
        t.x += size * t.x_batch;
        t.y = (const char *)t.y + terms * per_target;
        t.weight = t.weight ? t.weight + terms : NULL;
        t.masks = t.masks ? t.masks + size * t.masks_row : NULL;
    }
    free(workspace);
    return 0;
}

/* Run the chunks first, ..., last - 1 of a single batch. Return -1 if memory cannot be
   allocated. */
static int run_part(const struct training *t, const struct network *network, const void *net)
{
    real *workspace = allocate(network->workspace(net));
    if (!workspace)
        return -1;
    network->run(t, net, workspace);
    free(workspace);
    return 0;
}

/* Finish a batch whose chunks were run by `run_part`. */
static void finish_parts(const struct training *whole, const struct network *network,
                         const void *net)
{
    struct training t = *whole;
    finish_batch(&t, network, net, t.rates);
}

#endif
