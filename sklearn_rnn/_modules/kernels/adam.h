#ifndef SKLEARN_RNN_ADAM_H
#define SKLEARN_RNN_ADAM_H

#include "simd.h"

/* The arguments, all 8 bytes wide: ADAM in loader.py packs them in this order. */
struct adam {
    int64_t size, time; /* t, from 1 */
    real *w, *g, *m, *v;
    double rate, b1, b2, epsilon;
};

int EXPORT(adam)(const struct adam *);

#endif
