/* LSTM, gates in torch's order i, f, g, o:

       c_t = f c_{t-1} + i g,   h_t = o tanh c_t,   i, f, o logistic, g = tanh

   With coupled gates (option 1) f = 1 - i has no weights, and the order is i, g, o. Saved for the
   backward pass: the values of the gates, then tanh c_t.
*/
#include "activations.h"
#include "layer.h"

INLINE void forward(const int coupled, struct rows r, real *z, const real *c_old, real *c, real *h)
{
    const long gates = coupled ? 3 : 4, width = r.width;
    const int g = gates - 2, o = gates - 1, logistic = ~(1 << g);
    for (long i = 0; i < r.n; i++)
        for (long j = 0; j < width; j += LANES) {
            real *at = z + i * r.z_row + j;
            vec x[4];
#pragma GCC unroll 4
            for (int v = 0; v < gates; v++)
                x[v] = load(at + v * width);
            activate_together(gates, logistic, x);
            const vec f = coupled ? 1 - x[0] : x[1];
            store(c + i * width + j, f * load(c_old + i * width + j) + x[0] * x[g]);
#pragma GCC unroll 4
            for (int v = 0; v < gates; v++)
                store(at + v * width, x[v]);
        }
    activate_all(ALL_TANH, c, h, r.n * width);
    for (long i = 0; i < r.n; i++, z += r.z_row)
        for (long j = 0; j < width; j += LANES, h += LANES) {
            const vec tanh_c = load(h);
            store(z + gates * width + j, tanh_c);
            store(h, load(z + o * width + j) * tanh_c);
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

static void lstm_rows(struct rows r, real *z, const real *h_old, real *h, const real *c_old, real *c)
{
    UNUSED(h_old);
    forward(0, r, z, c_old, c, h);
}

static void coupled_rows(struct rows r, real *z, const real *h_old, real *h, const real *c_old,
                         real *c)
{
    UNUSED(h_old);
    forward(1, r, z, c_old, c, h);
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
    {.gates = 4, .split = 0, .kept = 5, .has_c = 1, .forward = lstm_rows, .backward = lstm_back},
    {.gates = 3, .split = 0, .kept = 4, .has_c = 1, .forward = coupled_rows,
     .backward = coupled_back},
};

#define NAME lstm
#include "exports.h"
