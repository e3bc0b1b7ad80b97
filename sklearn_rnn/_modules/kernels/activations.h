/* tanh and the logistic function, to within 2 units in the last place over all numbers.

   Both rest on exp(y) - 1 for y <= 0. With n = round(y / ln 2) and r = y - n ln 2, so that
   |r| <= ln(2) / 2,

       exp(y) = 2^n (1 + p),   p = exp(r) - 1 = r + r^2 q(r),

   with q a polynomial of so high a degree that further terms would not change a result: in double
   precision its Taylor series, in single precision the one of least relative error of p, 2.7e-9.
   ln 2 is subtracted in two parts, the first so short that its product with n is exact even
   without a fused multiply-add; the rounding error of r is added to p.

   * tanh |x| = -t / (1 + e) with t = e - 1 = 2^n p + (2^n - 1) and e = exp(-2 |x|), which keeps all
     digits near zero, where n = 0 and t = p; where the result exceeds a half, 1 - 2 e / (1 + e),
     which is insensitive to the errors of e.
   * logistic(x) = 1 / (1 + e) for x >= 0 and e / (1 + e) otherwise, with e = exp(-|x|), which
     keeps all digits where the result is tiny, and 2^n may lie below the smallest normal number.

   NaN stays NaN: every limit is set by a comparison that a NaN fails.
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
#define LOWEST -104.0f /* exp is zero below */
static const real Q[] = {0.5f,          0.16666667f,   0.041666355f,
                         0.0083332733f, 0.0013941012f, 0.00019914198f};
#else
#define MANTISSA 52
#define BIAS 1023
#define ROUNDER 6755399441055744.0 /* 1.5 * 2^52 */
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define LOWEST -746.0
static const real Q[] = {
    1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880,
    1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0,
};
#endif
#define TERMS (sizeof(Q) / sizeof(*Q))

/* Return p = exp(r) - 1 and n, where y = n ln 2 + r and y <= 0. */
INLINE vec reduced_expm1(vec y, vec *n)
{
    vec count = (y * (real)1.4426950408889634 + ROUNDER) - ROUNDER;
    vec high = y - count * LN2_HIGH;
    vec r = high - count * LN2_LOW;
    vec lost = (high - r) - count * LN2_LOW;
    vec q = broadcast(Q[TERMS - 1]);
#pragma GCC unroll 16
    for (int i = TERMS - 2; i >= 0; i--)
        q = q * r + Q[i];
    *n = count;
    return r + (r * r * q + lost);
}

/* 2^n for an integer n: adding it to ROUNDER puts its bits at the end of the mantissa. */
INLINE vec power_of_two(vec n)
{
    return (vec)((bitvec)(n + (ROUNDER + BIAS)) << MANTISSA);
}

/* x 2^n, where 2^n may lie below the smallest normal number. */
INLINE vec times_power_of_two(vec x, vec n)
{
#ifdef __AVX512F__
    return AVX512(scalef, x, n);
#else
    vec half = (n * (real)0.5 + ROUNDER) - ROUNDER;
    return x * power_of_two(half) * power_of_two(n - half);
#endif
}

INLINE vec vec_abs(vec x) { return (vec)((bitvec)x & (~(bitvec){0} >> 1)); }

/* Return (a + rest) / (1 + e) for 0 <= e <= 1 and a tiny rest. The rest and the rounding error of
   1 + e enter to first order, for which a linear approximation of 1 / (1 + e) is enough. */
INLINE vec divide_by_one_plus(vec a, vec rest, vec e)
{
    vec sum = 1 + e, lost = e - (sum - 1), ratio = a / sum;
    return ratio + (rest - ratio * lost) * ((real)1.457 - (real)0.5 * sum);
}

INLINE vec vec_tanh(vec x)
{
    vec n, y = vec_max(broadcast(-80), -2 * vec_abs(x));
    vec p = reduced_expm1(y, &n);
    vec scale = power_of_two(n);
    vec e = scale * p + scale, t = scale * p + (scale - 1);
    intvec large = e < (real)(1.0 / 3);
    vec rest = t - (scale - 1) - scale * p; /* the rounding error of t */
    vec part = divide_by_one_plus(blend(large, 2 * e, -t), blend(large, (vec){0}, rest), e);
    vec result = blend(large, 1 - part, part);
    bitvec sign = (bitvec)x & ~(~(bitvec){0} >> 1);
    return (vec)((bitvec)result | sign);
}

INLINE vec vec_logistic(vec x)
{
    vec n, y = vec_max(broadcast(LOWEST), -vec_abs(x));
    vec e = 1 + reduced_expm1(y, &n);
    e = times_power_of_two(e, n);
    return divide_by_one_plus(blend(x < 0, e, broadcast(1)), (vec){0}, e);
}

#endif
