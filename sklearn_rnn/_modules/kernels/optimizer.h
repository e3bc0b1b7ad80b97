#ifndef SKLEARN_RNN_OPTIMIZER_H
#define SKLEARN_RNN_OPTIMIZER_H

#include "simd.h"

enum optimizer_kind { ADAM, RMSPROP, SGD };

/* The arguments; `Optimizer` in arguments.py has the same fields. */
struct optimizer {
    int64_t kind, size, time; /* t, from 1 */
    real *w, *g, *m, *v;      /* m or v is NULL where there is none */
    double rate, b1, b2, epsilon;
};

int EXPORT(step)(const struct optimizer *);

#endif
