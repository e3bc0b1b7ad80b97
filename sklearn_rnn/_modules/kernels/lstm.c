/* LSTM, gates in torch's order i, f, g, o:

       c_t = f c_{t-1} + i g,   h_t = o tanh c_t,   i, f, o logistic, g = tanh

   With coupled gates (option 1) f = 1 - i has no weights, and the order is i, g, o. Saved for the
   backward pass: the values of the gates, then tanh c_t.
*/
#include "activations.h"
#include "layer.h"

INLINE void forward(const int coupled, long width, real *z, const real *c_old, real *c, real *h)
{
    real *zi = z, *zf = z + width, *zg = coupled ? zf : zf + width, *zo = zg + width;
    real *kept = zo + width;
    for (long j = 0; j < width; j += LANES) {
        vec i = vec_logistic(load(zi + j)), g = vec_tanh(load(zg + j));
        vec o = vec_logistic(load(zo + j)), f = coupled ? 1 - i : vec_logistic(load(zf + j));
        vec new = f * load(c_old + j) + i * g, tanh_c = vec_tanh(new);
        store(zi + j, i);
        if (!coupled)
            store(zf + j, f);
        store(zg + j, g);
        store(zo + j, o);
        store(kept + j, tanh_c);
        store(c + j, new);
        store(h + j, o * tanh_c);
    }
}

INLINE void backward(const int coupled, long width, const real *kept, const real *c_old,
                     const real *dh, real *dc, real *dz)
{
    const real *ki = kept, *kf = ki + width, *kg = coupled ? kf : kf + width, *ko = kg + width;
    const real *kc = ko + width;
    real *di = dz, *df = di + width, *dg = coupled ? df : df + width, *d_o = dg + width;
    for (long j = 0; j < width; j += LANES) {
        vec i = load(ki + j), g = load(kg + j), o = load(ko + j), tanh_c = load(kc + j);
        vec f = coupled ? 1 - i : load(kf + j), old = load(c_old + j), out = load(dh + j);
        vec inner = load(dc + j) + out * o * (1 - tanh_c * tanh_c);
        store(di + j, inner * (coupled ? g - old : g) * i * (1 - i));
        if (!coupled)
            store(df + j, inner * old * f * (1 - f));
        store(dg + j, inner * i * (1 - g * g));
        store(d_o + j, out * tanh_c * o * (1 - o));
        store(dc + j, inner * f);
    }
}

#define UNUSED(x) ((void)(x))

static void lstm_row(long width, real *z, const real *h_old, real *h, const real *c_old, real *c)
{
    UNUSED(h_old);
    forward(0, width, z, c_old, c, h);
}

static void coupled_row(long width, real *z, const real *h_old, real *h, const real *c_old, real *c)
{
    UNUSED(h_old);
    forward(1, width, z, c_old, c, h);
}

static void lstm_back(long width, const real *kept, const real *h_old, const real *h,
                      const real *c_old, const real *dh, real *dc, real *dz, real *dh_skip)
{
    UNUSED(h_old), UNUSED(h), UNUSED(dh_skip);
    backward(0, width, kept, c_old, dh, dc, dz);
}

static void coupled_back(long width, const real *kept, const real *h_old, const real *h,
                         const real *c_old, const real *dh, real *dc, real *dz, real *dh_skip)
{
    UNUSED(h_old), UNUSED(h), UNUSED(dh_skip);
    backward(1, width, kept, c_old, dh, dc, dz);
}

static const struct cell CELLS[] = {
    {.gates = 4, .split = 0, .kept = 5, .has_c = 1, .forward = lstm_row, .backward = lstm_back},
    {.gates = 3, .split = 0, .kept = 4, .has_c = 1, .forward = coupled_row,
     .backward = coupled_back},
};

#define NAME lstm
#include "exports.h"
