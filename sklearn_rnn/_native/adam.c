/* One step of Adam (Kingma and Ba, 2015, arXiv:1412.6980) on a vector of parameters:

       m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
       w <- w - rate / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + epsilon)
*/
#include <math.h>

#include "adam.h"

#if REAL_BITS == 32
#define ROOT sqrtf
#else
#define ROOT sqrt
#endif

int EXPORT(adam)(const struct adam *a)
{
    const real b1 = (real)a->b1, b2 = (real)a->b2, epsilon = (real)a->epsilon;
    const real size = (real)(a->rate / (1 - pow(a->b1, (double)a->time)));
    const real scale = (real)(1 / sqrt(1 - pow(a->b2, (double)a->time)));
    real *restrict w = a->w, *restrict m = a->m, *restrict v = a->v;
    const real *restrict g = a->g;

    for (long i = 0; i < a->size; i++) {
        m[i] += (1 - b1) * (g[i] - m[i]);
        v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
        w[i] -= size * m[i] / (ROOT(v[i]) * scale + epsilon);
    }
    return 0;
}
