/* tanh and the logistic function over an array, for the tests of activations.h. */
#include <string.h>

#include "activations.h"

void EXPORT(activate)(const real *x, real *y, long n, long logistic)
{
    for (long i = 0; i < n; i += LANES) {
        real part[VECTOR_BYTES / sizeof(real)] = {0};
        long count = n - i < LANES ? n - i : LANES;
        memcpy(part, x + i, count * sizeof(real));
        if (logistic)
            activate_all(ALL_LOGISTIC, part, part, LANES);
        else
            activate_all(ALL_TANH, part, part, LANES);
        memcpy(y + i, part, count * sizeof(real));
    }
}
