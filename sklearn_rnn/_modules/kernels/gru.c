/* GRU as torch defines it, gates in the order r, z, n:

       n = tanh(W x + b + r (U h_{t-1} + b')),   h_t = (1 - z) n + z h_{t-1},   r, z logistic

   The input part a = W x + b and the state part s = U h_{t-1} + b' of n are stored separately, so
   a row of affine maps is r, z, a, s. Saved for the backward pass: r, z, n, s.
*/
#include "activations.h"
#include "layer.h"

static void gru_row(long width, real *z, const real *h_old, real *h, const real *c_old, real *c)
{
    (void)c_old, (void)c;
    real *zz = z + width, *za = zz + width, *zs = za + width;
    for (long j = 0; j < width; j += LANES) {
        vec reset = vec_logistic(load(z + j)), keep = vec_logistic(load(zz + j));
        vec new = vec_tanh(load(za + j) + reset * load(zs + j));
        store(z + j, reset);
        store(zz + j, keep);
        store(za + j, new);
        store(h + j, (1 - keep) * new + keep * load(h_old + j));
    }
}

static void gru_back(long width, const real *kept, const real *h_old, const real *h,
                     const real *c_old, const real *dh, real *dc, real *dz, real *dh_skip)
{
    (void)h, (void)c_old, (void)dc;
    const real *kz = kept + width, *kn = kz + width, *ks = kn + width;
    real *dkeep = dz + width, *da = dkeep + width, *ds = da + width;
    for (long j = 0; j < width; j += LANES) {
        vec reset = load(kept + j), keep = load(kz + j), new = load(kn + j);
        vec out = load(dh + j), inner = out * (1 - keep) * (1 - new * new);
        store(dz + j, inner * load(ks + j) * reset * (1 - reset));
        store(dkeep + j, out * (load(h_old + j) - new) * keep * (1 - keep));
        store(da + j, inner);
        store(ds + j, inner * reset);
        store(dh_skip + j, out * keep);
    }
}

static const struct cell CELLS[] = {
    {.gates = 3, .split = 1, .kept = 4, .has_c = 0, .forward = gru_row, .backward = gru_back},
};

#define NAME gru
#include "exports.h"
