/* One step of Adam (Kingma and Ba, 2015, arXiv:1412.6980) on a vector of parameters:

       m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
       w <- w - rate / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + epsilon)

   in the order of operations of torch's fused Adam, so that with fused multiply-adds it rounds
   in the same way.
*/
#include <math.h>

#include "adam.h"

#if REAL_BITS == 32
#define SQRT sqrtf
#else
#define SQRT sqrt
#endif

int EXPORT(adam)(const struct adam *a)
{
    const real b2 = (real)a->b2, rest1 = (real)(1 - a->b1), rest2 = (real)(1 - a->b2);
    const real size = (real)(a->rate / (1 - pow(a->b1, (double)a->time)));
    const real scale = (real)sqrt(1 - pow(a->b2, (double)a->time)), epsilon = (real)a->epsilon;
    real *restrict w = a->w, *restrict m = a->m, *restrict v = a->v;
    const real *restrict g = a->g;

    for (long i = 0; i < a->size; i++) {
        m[i] += rest1 * (g[i] - m[i]);
        v[i] = rest2 * g[i] * g[i] + b2 * v[i];
        w[i] -= size * m[i] / (SQRT(v[i]) / scale + epsilon);
    }
    return 0;
}
