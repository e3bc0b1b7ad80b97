/* One step of an optimizer on a vector w of parameters with the gradient g:

       ADAM      m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
                 w <- w - rate / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + epsilon)
       RMSPROP   v <- b2 v + (1 - b2) g^2      w <- w - rate * g / (sqrt(v) + epsilon)
       SGD       m <- b1 m + g                 w <- w - rate * (g + b1 m)

   (Kingma and Ba, 2015, arXiv:1412.6980; Tieleman and Hinton, 2012; Nesterov, 1983), in the order
   of operations of torch, so that with fused multiply-adds they round in the same way.
*/
#include <math.h>

#include "optimizer.h"

#if REAL_BITS == 32
#define SQRT sqrtf
#else
#define SQRT sqrt
#endif

int EXPORT(step)(const struct optimizer *o)
{
    const real b1 = (real)o->b1, b2 = (real)o->b2, epsilon = (real)o->epsilon;
    const real rest1 = (real)(1 - o->b1), rest2 = (real)(1 - o->b2);
    real *restrict w = o->w, *restrict m = o->m, *restrict v = o->v;
    const real *restrict g = o->g;

    if (o->kind == ADAM) {
        const real size = (real)(o->rate / (1 - pow(o->b1, (double)o->time)));
        const real scale = (real)sqrt(1 - pow(o->b2, (double)o->time));
        for (long i = 0; i < o->size; i++) {
            m[i] += rest1 * (g[i] - m[i]);
            v[i] = rest2 * g[i] * g[i] + b2 * v[i];
            w[i] -= size * m[i] / (SQRT(v[i]) / scale + epsilon);
        }
    } else if (o->kind == RMSPROP) {
        const real rate = (real)o->rate;
        for (long i = 0; i < o->size; i++) {
            v[i] = b2 * v[i] + rest2 * g[i] * g[i];
            w[i] -= rate * g[i] / (SQRT(v[i]) + epsilon);
        }
    } else {
        const real rate = (real)o->rate;
        for (long i = 0; i < o->size; i++) {
            m[i] = b1 * m[i] + g[i];
            w[i] -= rate * (g[i] + b1 * m[i]);
        }
    }
    return 0;
}
