/* The Elman cell: h_t = tanh(W x + b + U h_{t-1} + b'), or max(0, .) instead of tanh (option 1).
   The backward pass needs the states alone. */
#include "activations.h"
#include "layer.h"

/* Without `kept` the rows of z are as long as those of h. */
static void tanh_rows(struct rows r, real *z, const real *h_old, real *h, const real *c_old, real *c)
{
    (void)h_old, (void)c_old, (void)c;
    activate_all(ALL_TANH, z, h, r.n * r.width);
}

static void relu_rows(struct rows r, real *z, const real *h_old, real *h, const real *c_old, real *c)
{
    (void)h_old, (void)c_old, (void)c;
    for (long j = 0; j < r.n * r.width; j += LANES) {
        vec x = load(z + j);
        store(h + j, blend(x <= 0, (vec){0}, x));
    }
}

static void tanh_back(long width, const real *kept, const real *h_old, const real *h,
                      const real *c_old, const real *dh, real *dc, real *dz, real *dh_skip)
{
    (void)kept, (void)h_old, (void)c_old, (void)dc, (void)dh_skip;
    for (long j = 0; j < width; j += LANES)
        store(dz + j, load(dh + j) * (1 - load(h + j) * load(h + j)));
}

static void relu_back(long width, const real *kept, const real *h_old, const real *h,
                      const real *c_old, const real *dh, real *dc, real *dz, real *dh_skip)
{
    (void)kept, (void)h_old, (void)c_old, (void)dc, (void)dh_skip;
    for (long j = 0; j < width; j += LANES)
        store(dz + j, blend(load(h + j) <= 0, (vec){0}, load(dh + j)));
}

static const struct cell CELLS[] = {
    {.gates = 1, .split = 0, .kept = 0, .has_c = 0, .forward = tanh_rows, .backward = tanh_back},
    {.gates = 1, .split = 0, .kept = 0, .has_c = 0, .forward = relu_rows, .backward = relu_back},
};

#define NAME rnn
#include "exports.h"
