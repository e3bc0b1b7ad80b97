/* The activations of dense layers, and their slopes; SILU is x / (1 + exp(-x)). */
#ifndef SKLEARN_RNN_DENSE_ACTIVATIONS_H
#define SKLEARN_RNN_DENSE_ACTIVATIONS_H

#include "activations.h"
#include "dense.h"

INLINE vec logistic_function(vec x)
{
    activations(1, ALL_LOGISTIC, &x);
    return x;
}

static void activate(long activation, real *a, long n)
{
    real *end = a + n;
    switch (activation) {
    case LOGISTIC_FUNCTION:
        return activate_all(ALL_LOGISTIC, a, a, n);
    case TANH:
        return activate_all(ALL_TANH, a, a, n);
    case RELU:
        for (; a < end; a += LANES)
            store(a, blend(load(a) <= 0, (vec){0}, load(a)));
        break;
    case SILU:
        for (; a < end; a += LANES)
            store(a, load(a) * logistic_function(load(a)));
    }
}

/* Multiply d by the slopes of the activation where it has the values y, or of SILU the arguments. */
static void multiply_by_slopes(long activation, real *d, const real *from, long n)
{
    for (real *end = d + n; d < end; d += LANES, from += LANES) {
        const vec y = load(from);
        switch (activation) {
        case LOGISTIC_FUNCTION:
            store(d, load(d) * y * (1 - y));
            break;
        case TANH:
            store(d, load(d) * (1 - y * y));
            break;
        case RELU:
            store(d, blend(y <= 0, (vec){0}, load(d)));
            break;
        case SILU: {
            const vec s = logistic_function(y);
            store(d, load(d) * s * (1 + y * (1 - s)));
        }
        }
    }
}

#endif
