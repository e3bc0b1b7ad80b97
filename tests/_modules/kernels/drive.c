/* Every function of every cell over odd sizes, for the sanitizers (make sanitize).

   All arrays have exactly the size that the library asks for, so that a write past the end is found. */
#include <math.h>
#include <stdio.h>

#include "fused_training.h"

#define DECLARE(cell)                                                                              \
    int EXPORT(cell##_forward)(const struct call *);                                               \
    int EXPORT(cell##_backward)(const struct call *);                                              \
    void EXPORT(cell##_sum)(const struct call *);                                                  \
    int EXPORT(cell##_train)(const struct training *);                                             \
    int EXPORT(cell##_train_part)(const struct training *);                                        \
    void EXPORT(cell##_train_sum)(const struct training *);                                        \
    void EXPORT(cell##_sizes)(const struct call *, int64_t *, int64_t *);
DECLARE(rnn)
DECLARE(lstm)
DECLARE(gru)
void EXPORT(activate)(const real *, real *, long, long);

struct entries {
    int gates, option;
    int (*forward)(const struct call *), (*backward)(const struct call *);
    void (*sum)(const struct call *);
    void (*sizes)(const struct call *, int64_t *, int64_t *);
    int (*train)(const struct training *), (*train_part)(const struct training *);
    void (*train_sum)(const struct training *);
};
#define ENTRIES(gates, option, cell)                                                               \
    {                                                                                              \
        gates, option, PASTE(cell##_forward, VARIANT), PASTE(cell##_backward, VARIANT),            \
            PASTE(cell##_sum, VARIANT), PASTE(cell##_sizes, VARIANT),                              \
            PASTE(cell##_train, VARIANT), PASTE(cell##_train_part, VARIANT),                       \
            PASTE(cell##_train_sum, VARIANT)                                                       \
    }
static const struct entries CELLS[] = {
    ENTRIES(1, 0, rnn), ENTRIES(1, 1, rnn), ENTRIES(4, 0, lstm),
    ENTRIES(3, 1, lstm),  ENTRIES(3, 0, gru),
};

static void *arrays[64];
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
    for (long i = 0; p && i < n; i++)
        if (!isfinite(p[i])) {
            printf("%s[%ld] is not finite\n", name, i);
            exit(1);
        }
}

static void run(const struct entries *cell, long batch, long steps, long inputs, long hidden,
                int extras)
{
    const long units = cell->gates * hidden, state = batch * hidden, out = batch * steps * hidden;
    const int initial = extras & 1, masked = extras & 2, padded = extras & 4, all_out = extras & 8;
    struct call call = {batch, steps, inputs, hidden, cell->option, 0, 0,
                        steps * inputs, inputs};
    call.x = array(batch * steps * inputs);
    call.w_in = array(units * inputs), call.w_state = array(units * hidden);
    call.b_in = array(units), call.b_state = array(units);
    if (initial)
        call.h0 = array(state), call.c0 = array(state);
    if (masked)
        call.mask = array(state);
    if (padded) {
        int64_t *lengths = malloc(batch * sizeof(int64_t));
        for (long i = 0; i < batch; i++)
            lengths[i] = rand() % (steps + 1);
        arrays[n_arrays++] = lengths;
        call.lengths = lengths;
    }
    if (all_out)
        call.states = array(out), call.d_states = array(out);
    call.h = array(state), call.c = array(state);
    const long chunks = (batch + CHUNK - 1) / CHUNK;
    call.last = chunks;
    int failed = cell->forward(&call); /* inference */
    int64_t saved, partial;
    cell->sizes(&call, &saved, &partial);
    call.saved = array(saved), call.partial = array(partial);
    failed |= cell->forward(&call);
    call.d_h = array(state);
    if (initial)
        call.d_c = array(state), call.dh0 = array(state), call.dc0 = array(state);
    if (all_out)
        call.dx = array(batch * steps * inputs);
    call.dw_in = array(units * inputs), call.dw_state = array(units * hidden);
    call.db_in = array(units), call.db_state = array(units);
    failed |= cell->backward(&call);
    real *once = array(units * hidden);
    memcpy(once, call.dw_state, units * hidden * sizeof(real));
    for (call.first = 0; call.first < chunks; call.first++) { /* chunk by chunk, then the sum */
        call.last = call.first + 1;
        failed |= cell->backward(&call);
    }
    cell->sum(&call);
    if (failed || memcmp(once, call.dw_state, units * hidden * sizeof(real))) {
        printf("failed, or not the same bits chunk by chunk\n");
        exit(1);
    }
    check(call.h, state, "h"), check(call.states, out, "states");
    check(call.dx, batch * steps * inputs, "dx"), check(call.dw_in, units * inputs, "dw_in");
    check(call.dw_state, units * hidden, "dw_state"), check(call.db_state, units, "db_state");
    while (n_arrays)
        free(arrays[--n_arrays]);
}

/* Two batches and a rest in one call, then a batch in one call and chunk by chunk. */
static void train(const struct entries *cell, long batch, long steps, long inputs, long hidden,
                  int loss)
{
    const long units = cell->gates * hidden, samples = 2 * batch + batch / 2 + 1;
    const long outputs = 1 + loss % 3;
    const long chunks = (batch + CHUNK - 1) / CHUNK;
    const long sizes[] = {units * inputs, units * hidden, units, units, outputs * hidden, outputs};
    long size = 0, at = 0;
    for (int i = 0; i < 6; i++)
        size += sizes[i];
    real *w = array(size), *g = array(size), *ws[6], *gs[6];
    for (int i = 0; i < 6; at += sizes[i], i++)
        ws[i] = w + at, gs[i] = g + at;
    for (long i = 0; i < size; i++)
        w[i] /= 10; /* or states, and e to their power, would grow without limit */
    double rates[] = {0.1, 0.01, 0.001}, objective = 0, *losses = malloc(chunks * sizeof(double));
    arrays[n_arrays++] = losses;
    struct training t = {
        .call = {batch, steps, inputs, hidden, cell->option, 0, chunks, steps * inputs, inputs},
        .outputs = outputs, .loss = loss, .w = ws[4], .b = ws[5], .dw = gs[4], .db = gs[5],
        .losses = losses, .objective = &objective, .samples = samples, .rates = rates,
        .n_weights = sizes[0], .ridge = 0.1, .option = 0.1, .weight = loss % 2 ? array(samples) : NULL,
        .adam = {size, 1, w, g, array(size), array(size), 0, 0.9, 0.999, 1e-8},
    };
    memset(t.adam.m, 0, size * sizeof(real)), memset(t.adam.v, 0, size * sizeof(real));
    t.call.x = array(samples * steps * inputs);
    t.call.w_in = ws[0], t.call.w_state = ws[1], t.call.b_in = ws[2], t.call.b_state = ws[3];
    t.call.dw_in = gs[0], t.call.dw_state = gs[1], t.call.db_in = gs[2], t.call.db_state = gs[3];
    int64_t *labels = malloc(samples * sizeof(int64_t)), saved, partial;
    arrays[n_arrays++] = labels;
    for (long i = 0; i < samples; i++)
        labels[i] = i % outputs;
    t.y = loss == SOFTMAX ? (void *)labels : (void *)array(samples * outputs);
    cell->sizes(&t.call, &saved, &partial);
    t.call.partial = array(partial + chunks * outputs * (hidden + 1));
    int failed = cell->train(&t);
    t.samples = batch, t.rates = NULL, t.call.dx = array(batch * steps * inputs);
    int64_t *lengths = malloc(batch * sizeof(int64_t));
    arrays[n_arrays++] = lengths;
    for (long i = 0; i < batch; i++)
        lengths[i] = rand() % (steps + 1);
    t.call.lengths = loss % 2 ? lengths : NULL;
    failed |= cell->train(&t);
    real *once = array(size);
    memcpy(once, g, size * sizeof(real));
    for (t.call.first = 0; t.call.first < chunks; t.call.first++) {
        t.call.last = t.call.first + 1;
        failed |= cell->train_part(&t);
    }
    cell->train_sum(&t);
    check(w, size, "parameters"), check(g, size, "gradients");
    check(t.call.dx, batch * steps * inputs, "dx");
    if (failed || !isfinite(objective) || memcmp(once, g, size * sizeof(real))) {
        printf("failed, or not finite, or not the same bits chunk by chunk\n");
        exit(1);
    }
    while (n_arrays)
        free(arrays[--n_arrays]);
}

static void step(long size)
{
    struct adam a = {size, 1, array(size), array(size), array(size), array(size), 0.01, 0.9, 0.999, 1e-8};
    memset(a.v, 0, size * sizeof(real));
    for (; a.time < 4; a.time++)
        PASTE(adam, VARIANT)(&a);
    check(a.w, size, "w"), check(a.m, size, "m"), check(a.v, size, "v");
    while (n_arrays)
        free(arrays[--n_arrays]);
}

int main(void)
{
    const long sizes[][4] = {{1, 1, 1, 1},  {33, 3, 2, 12}, {7, 9, 17, 33},  {64, 5, 3, 16},
                             {31, 2, 1, 7}, {2, 13, 5, 65}, {100, 4, 33, 31}, {5, 6, 64, 8},
                             {300, 2, 1, 3}};
    long count = 0;
    for (unsigned i = 0; i < sizeof(CELLS) / sizeof(*CELLS); i++)
        for (unsigned j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
            const long *s = sizes[j];
            for (int extras = 0; extras < 16; extras++, count++)
                run(&CELLS[i], s[0], s[1], s[2], s[3], extras);
            for (int loss = SQUARED; loss <= SOFTMAX; loss++, count++)
                train(&CELLS[i], s[0], s[1], s[2], s[3], loss);
        }
    real x[] = {-INFINITY, -1e9, -100, -88, -1, -0.0, 1e-30, 1, 100, 1e9, INFINITY, NAN, 3}, y[13];
    for (long logistic = 0; logistic < 2; logistic++)
        PASTE(activate, VARIANT)(x, y, 13, logistic);
    for (long size = 1; size < 70; size += 17)
        step(size);
    printf("%d bits, vectors of %d bytes: %ld runs are clean\n", REAL_BITS, VECTOR_BYTES, count);
    return 0;
}
