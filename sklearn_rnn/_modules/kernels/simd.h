/* The element type and its vectors.

   One source serves float and double and every instruction set. The build compiles it once for
   each and defines REAL_BITS (32 or 64), VECTOR_BYTES (64, 32 or 16) and VARIANT, the suffix of
   the exported names ("f32_avx512"). Vectors are the vector extensions of GCC and clang, which
   compile them to the instructions of the target. A few AVX-512 instructions that they do not reach,
   and that save a third of the time of an activation, are called as intrinsics.
*/
#ifndef SKLEARN_RNN_SIMD_H
#define SKLEARN_RNN_SIMD_H

#include <stddef.h>
#include <stdint.h>

#if REAL_BITS == 32
typedef float real;
typedef uint32_t bits;
typedef int32_t whole;
#else
typedef double real;
typedef uint64_t bits;
typedef int64_t whole;
#endif

#define LANES ((long)(VECTOR_BYTES / sizeof(real)))
typedef real vec __attribute__((vector_size(VECTOR_BYTES)));
typedef bits bitvec __attribute__((vector_size(VECTOR_BYTES)));
typedef whole intvec __attribute__((vector_size(VECTOR_BYTES)));
typedef real unaligned_vec
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

#define INLINE static inline __attribute__((always_inline, unused))
#define PASTE2(a, b) a##_##b
#define PASTE(a, b) PASTE2(a, b)
#define EXPORT(name) __attribute__((visibility("default"))) PASTE(name, VARIANT)

INLINE vec load(const real *p) { return *(const unaligned_vec *)p; }
INLINE void store(real *p, vec v) { *(unaligned_vec *)p = v; }
INLINE vec broadcast(real x) { return x - (vec){0}; }
#ifdef __AVX512F__
#include <immintrin.h>
#if REAL_BITS == 32
#define AVX512(what, a, b) ((vec)_mm512_##what##_ps((__m512)(a), (__m512)(b)))
#define AVX512_RECIPROCAL(a) ((vec)_mm512_rcp14_ps((__m512)(a)))
#define AVX512_BLEND(where, a, b)                                                                  \
    ((vec)_mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)(where)), (__m512)(b), (__m512)(a)))
#else
#define AVX512(what, a, b) ((vec)_mm512_##what##_pd((__m512d)(a), (__m512d)(b)))
#define AVX512_RECIPROCAL(a) ((vec)_mm512_rcp14_pd((__m512d)(a)))
#define AVX512_BLEND(where, a, b)                                                                  \
    ((vec)_mm512_mask_blend_pd(_mm512_movepi64_mask((__m512i)(where)), (__m512d)(b), (__m512d)(a)))
#endif
#endif

/* a where the first bit of `where` is set, else b; all bits of an element must be the same, but
   with AVX-512. */
INLINE vec blend(intvec where, vec a, vec b)
{
#ifdef __AVX512F__
    return AVX512_BLEND(where, a, b);
#else
    return (vec)(((bitvec)where & (bitvec)a) | (~(bitvec)where & (bitvec)b));
#endif
}

/* a where x < 0, else b; either one where x is NaN or -0. */
INLINE vec blend_by_sign(vec x, vec a, vec b)
{
#ifdef __AVX512F__
    return AVX512_BLEND(x, a, b);
#else
    return blend(x < 0, a, b);
#endif
}

/* The minimum, element by element; NaN if x is. */
INLINE vec vec_min(vec most, vec x)
{
#ifdef __AVX512F__
    return AVX512(min, most, x);
#else
    return blend(x > most, most, x);
#endif
}

/* The maximum, element by element; NaN if x is. */
INLINE vec vec_max(vec least, vec x)
{
#ifdef __AVX512F__
    return AVX512(max, least, x);
#else
    return blend(x < least, least, x);
#endif
}

#endif
