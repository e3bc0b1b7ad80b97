/* The arguments of the functions of dense.c. */
#ifndef SKLEARN_RNN_DENSE_H
#define SKLEARN_RNN_DENSE_H

#include "fused_training.h"

enum activation { IDENTITY, LOGISTIC_FUNCTION, TANH, RELU, SILU };

struct affine {
    int64_t inputs, outputs;
    const real *w, *b; /* (outputs, inputs), (outputs) */
    real *dw, *db;
};

/* The arguments, as `_pack` in dense.py packs them. */
struct dense {
    struct training training;
    int64_t steps, channels, x_step; /* of x, which is flattened; stride of a step in elements */
    const int64_t *lengths;          /* (batch): valid steps of each row, for dx alone; or NULL */
    real *dx;                        /* gradient of x, contiguous; or NULL */
    real *out;                       /* (batch, outputs), written by dense_forward; or NULL */
    int64_t activation, n_layers;
    struct affine layers[];          /* the last one is the head */
};

#endif
