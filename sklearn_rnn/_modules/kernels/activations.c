/* tanh and the logistic function over an array, for the tests of activations.h. */
#include <string.h>

#include "activations.h"

void EXPORT(activate)(const real *x, real *y, long n, long logistic)
{
    const long whole = n / LANES * LANES, rest = n - whole;
    real part[VECTOR_BYTES / sizeof(real)] = {0};
    memcpy(part, x + whole, rest * sizeof(real));
    if (logistic) {
        activate_all(ALL_LOGISTIC, x, y, whole);
        activate_all(ALL_LOGISTIC, part, part, LANES);
    } else {
        activate_all(ALL_TANH, x, y, whole);
        activate_all(ALL_TANH, part, part, LANES);
    }
    memcpy(y + whole, part, rest * sizeof(real));
}
