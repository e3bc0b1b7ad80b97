/* GRU as torch defines it, gates in the order r, z, n:

       n = tanh(W x + b + r (U h_{t-1} + b')),   h_t = (1 - z) n + z h_{t-1},   r, z logistic

   The input part a = W x + b and the state part s = U h_{t-1} + b' of n are stored separately, so
   a row of affine maps is r, z, a, s. Saved for the backward pass: r, z, n, s.
*/
#include "activations.h"
#include "layer.h"

static void gru_rows(struct rows r, real *z, const real *h_old, real *h, const real *c_old, real *c)
{
    (void)c_old, (void)c;
    const long width = r.width;
    for (long i = 0; i < r.n; i++) {
        real *reset = z + i * r.z_row, *a = reset + 2 * width, *s = a + width;
        activate_all(ALL_LOGISTIC, reset, reset, 2 * width);
        for (long j = 0; j < width; j += LANES)
            store(h + i * width + j, load(a + j) + load(reset + j) * load(s + j));
    }
    activate_all(ALL_TANH, h, h, r.n * width);
    for (long i = 0; i < r.n; i++) {
        real *keep = z + i * r.z_row + width, *a = keep + width;
        for (long j = 0; j < width; j += LANES, h += LANES, h_old += LANES) {
            const vec k = load(keep + j), new = load(h);
            store(a + j, new);
            store(h, (1 - k) * new + k * load(h_old));
        }
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
    {.gates = 3, .split = 1, .kept = 4, .has_c = 0, .forward = gru_rows, .backward = gru_back},
};

#define NAME gru
#include "exports.h"
