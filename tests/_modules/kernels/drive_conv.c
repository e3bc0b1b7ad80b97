/* The functions of conv.c over odd sizes; part of drive.c, which tells how. */
#include <math.h>
#include <stdio.h>

#include "conv.h"

int EXPORT(conv_forward)(const struct conv *);
int EXPORT(conv_backward)(const struct conv *);
void EXPORT(conv_sum)(const struct conv *);
void EXPORT(conv_sizes)(const struct conv *, int64_t *, int64_t *);

static void *arrays[16];
static int n_arrays;

static real *array(long n)
{
    real *p = malloc((n ? n : 1) * sizeof(real));
    for (long i = 0; i < n; i++)
        p[i] = (real)(rand() % 2001 - 1000) / 1000;
    return arrays[n_arrays++] = p;
}

static void check(const real *p, long n, const char *name)
{
    for (long i = 0; i < n; i++)
        if (!isfinite(p[i])) {
            printf("%s[%ld] of a convolution is not finite\n", name, i);
            exit(1);
        }
}

/* Forward and backward in one call, then part by part. */
static void run(struct conv c, int padded)
{
    const long n_x = c.batch * c.steps * c.inputs, n_w = c.outputs * c.inputs * c.taps;
    const long n_y = c.batch * ((c.out_steps + c.pool - 1) / c.pool) * c.outputs;
    int64_t chunks, partial, *lengths = malloc(c.batch * sizeof(int64_t));
    arrays[n_arrays++] = lengths;
    for (long i = 0; i < c.batch; i++)
        lengths[i] = rand() % (c.out_steps + 1);
    c.x_batch = c.steps * c.inputs, c.x_step = c.inputs;
    c.x = array(n_x), c.w = array(n_w), c.b = array(c.outputs);
    c.lengths = padded ? lengths : NULL;
    c.y = array(n_y), c.dy = array(n_y);
    PASTE(conv_sizes, VARIANT)(&c, &chunks, &partial);
    c.last = chunks;
    int failed = PASTE(conv_forward, VARIANT)(&c); /* inference */
    check(c.y, n_y, "y");
    real *once = memcpy(array(n_y), c.y, n_y * sizeof(real));
    if (c.pool > 1)
        c.h = array(c.batch * c.out_steps * in_vectors(c.outputs) * LANES);
    for (c.first = 0; c.first < chunks; c.first++)
        c.last = c.first + 1, failed |= PASTE(conv_forward, VARIANT)(&c);
    failed |= memcmp(once, c.y, n_y * sizeof(real));
    c.partial = array(partial), c.dw = array(n_w), c.db = array(c.outputs);
    c.first = 0, c.last = c.batch;
    failed |= PASTE(conv_backward, VARIANT)(&c);
    once = memcpy(array(n_w), c.dw, n_w * sizeof(real));
    c.dx = array(n_x);
    const long groups = groups_of(c.batch);
    for (long g = 0; g < groups; g++) {
        c.first = g * c.batch / groups, c.last = (g + 1) * c.batch / groups;
        failed |= PASTE(conv_backward, VARIANT)(&c);
    }
    PASTE(conv_sum, VARIANT)(&c);
    check(c.dx, n_x, "dx"), check(c.dw, n_w, "dw"), check(c.db, c.outputs, "db");
    if (failed || memcmp(once, c.dw, n_w * sizeof(real))) {
        printf("a convolution failed, or has not the same bits part by part\n");
        exit(1);
    }
    while (n_arrays)
        free(arrays[--n_arrays]);
}

/* Return the number of runs. */
long drive_convolutions(void)
{
    /* batch, steps, inputs, outputs; taps, dilation, stride, offset, out_steps, rectifies, pool */
    const struct conv cases[] = {
        {1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1},      {5, 9, 3, 7, 4, 1, 1, -1, 9, 1, 3},
        {33, 6, 17, 40, 3, 1, 2, -3, 4, 1, 1},  {40, 7, 2, 16, 2, 1, 1, 5, 1, 1, 1},
        {3, 600, 2, 5, 3, 1, 1, -1, 600, 1, 7}, {2, 300, 1, 33, 12, 3, 1, -33, 300, 0, 1},
        {2, 400, 1, 3, 3, 1, 1, -1, 400, 1, 400}, {9, 20, 16, 65, 5, 2, 3, -30, 17, 1, 4},
        {17, 3, 5, 8, 30, 1, 1, -14, 3, 1, 20}, {4, 8, 3, 6, 2, 1, 1, 40, 9, 1, 2},
    };
    const long n = sizeof(cases) / sizeof(*cases);
    for (long i = 0; i < 2 * n; i++)
        run(cases[i / 2], i % 2 && cases[i / 2].rectifies);
    return 2 * n;
}
