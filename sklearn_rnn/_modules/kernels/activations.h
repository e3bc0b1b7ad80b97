/* tanh and the logistic function, to within 2 units in the last place over all numbers.

   Both rest on exp(-m) for some m >= 0. With n = round(-m / ln 2) and r = m + n ln 2, so that
   |r| <= ln(2) / 2,

       exp(-m) = 2^n (1 + p),   p = exp(-r) - 1 = r^2 q - r,

   with q the polynomial in -r of least relative error of p: 1.7e-8 in single precision, 3e-17 in double.
   ln 2 is added in two parts, the first so short that its product with n is exact even without a
   fused multiply-add.

   * tanh |x| = s / (1 + (1 - s)) with s = 1 - exp(-2 |x|) = (1 - 2^n) - 2^n p, which keeps all digits
     near zero, where n = 0 and s = -p.
   * logistic(x) = 1 / (1 + e) for x >= 0 and e / (1 + e) otherwise, with e = exp(-|x|), which
     keeps all digits where the result is tiny, and 2^n may lie below the smallest normal number.

   NaN stays NaN: every limit is set by a comparison that a NaN fails. The time of a layer is
   largely that of these functions: each is some 20 instructions.
*/
#ifndef SKLEARN_RNN_ACTIVATIONS_H
#define SKLEARN_RNN_ACTIVATIONS_H

#include "simd.h"

#if REAL_BITS == 32
#define MANTISSA 23
#define BIAS 127
#define ROUNDER 12582912.0f /* 1.5 * 2^23: adding it rounds to a whole number */
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f
#define HIGHEST 104.0f /* exp is zero below -HIGHEST */
static const real Q[] = {0.5f, 0.16666545f, 0.0416662917f, 0.00836634729f, 0.00139460049f};
#else
#define MANTISSA 52
#define BIAS 1023
#define ROUNDER 6755399441055744.0 /* 1.5 * 2^52 */
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define HIGHEST 746.0
static const real Q[] = {
    0.5000000000000004,    0.16666666666666685,    0.04166666666658206,    0.008333333333315644,
    0.001388888893017174,  0.00019841269900923808, 2.480150669040994e-05,  2.755722970118252e-06,
    2.7625545736943066e-07, 2.5113956793308954e-08,
};
#endif
#define TERMS (long)(sizeof(Q) / sizeof(*Q))
#define LOG2_E (real)1.4426950408889634

#if VECTOR_BYTES == 64
#define TOGETHER 4 /* vectors, at most: constants and intermediate results fit into registers */
#else
#define TOGETHER 2
#endif
/* A function of each of some vectors: bit v tells whether that of vector v is the logistic one. */
#define ALL_TANH 0
#define ALL_LOGISTIC (~0)

INLINE vec vec_abs(vec x) { return (vec)((bitvec)x & (~(bitvec){0} >> 1)); }

/* (a + rest) / (1 + w) for 0 <= w <= 1 and a tiny rest. The rounding error of 1 + w is corrected
   for, and so is a rest, except with AVX-512, which rounds once less. */
INLINE vec divide_by_one_plus(vec a, vec rest, vec w)
{
    const vec sum = 1 + w;
#ifdef __AVX512F__
    (void)rest;
    vec y = AVX512_RECIPROCAL(sum); /* 14 bits */
#if REAL_BITS == 64
    y += y * (1 - sum * y);
#endif
    const vec q = a * y;
    return q + ((a - q) - q * w) * y;
#else
    const vec q = a / sum, lost = w - (sum - 1);
    return q + (rest - q * lost) * ((real)1.457 - (real)0.5 * sum); /* approximately 1 / sum */
#endif
}

/* Apply functions to n vectors, all of them step by step: each step waits for the one before it,
   and a core looks ahead by less than the steps of one function. */
INLINE void activations(const int n, const int logistic, vec *x)
{
    vec r[TOGETHER], count[TOGETHER], power[TOGETHER], q[TOGETHER], a[TOGETHER], w[TOGETHER];
    vec rest[TOGETHER];
#define EACH                                                                                       \
    _Pragma("GCC unroll 4") for (int v = 0; v < n; v++)
#define IS_LOGISTIC (logistic >> v & 1)
    EACH r[v] = IS_LOGISTIC ? vec_min(broadcast(HIGHEST), vec_abs(x[v]))
                            : vec_min(broadcast(40), 2 * vec_abs(x[v]));
    EACH
    {
        /* ends in the exponent of a power of two, times 2^64 where 2^count may be too small */
        const real rounder = ROUNDER + (real)(IS_LOGISTIC ? BIAS + 64 : BIAS);
        const vec sum = r[v] * -LOG2_E + rounder;
        power[v] = (vec)((bitvec)sum << MANTISSA), count[v] = sum - rounder;
    }
    EACH r[v] += count[v] * LN2_HIGH;
    EACH r[v] += count[v] * LN2_LOW;
    EACH q[v] = broadcast(TERMS % 2 ? Q[TERMS - 1] : -Q[TERMS - 1]);
#pragma GCC unroll 16
    for (long i = TERMS - 2; i >= 0; i--)
        EACH q[v] = q[v] * r[v] + (i % 2 ? -Q[i] : Q[i]);
    EACH
    {
        if (IS_LOGISTIC) {
            const vec e = 1 + r[v] * (r[v] * q[v] - 1);
#ifdef __AVX512F__
            w[v] = AVX512(scalef, e, count[v]);
#else
            w[v] = e * power[v] * (real)0x1p-64;
#endif
            a[v] = blend_by_sign(x[v], w[v], broadcast(1)), rest[v] = (vec){0};
        } else {
            const vec p = r[v] * r[v] * q[v] - r[v], start = 1 - power[v];
            a[v] = start - power[v] * p, w[v] = power[v] + power[v] * p;
            rest[v] = (start - a[v]) - power[v] * p; /* the rounding error of a */
        }
    }
    EACH a[v] = divide_by_one_plus(a[v], rest[v], w[v]);
    EACH x[v] = IS_LOGISTIC ? a[v] : (vec)((bitvec)a[v] | ((bitvec)x[v] & ~(~(bitvec){0} >> 1)));
#undef EACH
#undef IS_LOGISTIC
}

/* The same for more vectors. */
INLINE void activate_together(const int n, const int logistic, vec *x)
{
#pragma GCC unroll 4
    for (int v = 0; v < n; v += TOGETHER)
        activations(n - v < TOGETHER ? n - v : TOGETHER, logistic >> v, x + v);
}

/* Apply a function to `size` elements, whole vectors. */
INLINE void activate_all(const int logistic, const real *from, real *to, long size)
{
    long i = 0;
    for (; i + TOGETHER * LANES <= size; i += TOGETHER * LANES) {
        vec x[TOGETHER];
#pragma GCC unroll 4
        for (int v = 0; v < TOGETHER; v++)
            x[v] = load(from + i + v * LANES);
        activations(TOGETHER, logistic, x);
#pragma GCC unroll 4
        for (int v = 0; v < TOGETHER; v++)
            store(to + i + v * LANES, x[v]);
    }
    for (; i < size; i += LANES) {
        vec x = load(from + i);
        activations(1, logistic, &x);
        store(to + i, x);
    }
}

#endif
