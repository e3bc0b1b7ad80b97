/* Every function of every cell over odd sizes, for the sanitizers (make sanitize).

   All arrays have exactly the size that the library asks for, so that a write past the end is found. */
#include <math.h>
#include <stdio.h>

#include "dense.h"
#include "recurrent_training.h"

#define DECLARE(cell)                                                                              \
    int EXPORT(cell##_forward)(const struct call *);                                               \
    int EXPORT(cell##_backward)(const struct call *);                                              \
    void EXPORT(cell##_sum)(const struct call *);                                                  \
    int EXPORT(cell##_train)(const struct recurrent *);                                             \
    int EXPORT(cell##_train_part)(const struct recurrent *);                                        \
    void EXPORT(cell##_train_sum)(const struct recurrent *);                                        \
    void EXPORT(cell##_train_sizes)(const struct recurrent *, int64_t *, int64_t *);                           \
    void EXPORT(cell##_sizes)(const struct call *, int64_t *, int64_t *);
DECLARE(rnn)
DECLARE(lstm)
DECLARE(gru)
int EXPORT(dense_forward)(const struct dense *);
int EXPORT(dense_train)(const struct dense *);
int EXPORT(dense_train_part)(const struct dense *);
void EXPORT(dense_train_sum)(const struct dense *);
void EXPORT(dense_train_sizes)(const struct dense *, int64_t *, int64_t *);
void EXPORT(activate)(const real *, real *, long, long);
long drive_convolutions(void);

struct entries {
    int gates, option;
    int (*forward)(const struct call *), (*backward)(const struct call *);
    void (*sum)(const struct call *);
    void (*sizes)(const struct call *, int64_t *, int64_t *);
    int (*train)(const struct recurrent *), (*train_part)(const struct recurrent *);
    void (*train_sum)(const struct recurrent *);
    void (*train_sizes)(const struct recurrent *, int64_t *, int64_t *);
};
#define ENTRIES(gates, option, cell)                                                               \
    {                                                                                              \
        gates, option, PASTE(cell##_forward, VARIANT), PASTE(cell##_backward, VARIANT),            \
            PASTE(cell##_sum, VARIANT), PASTE(cell##_sizes, VARIANT),                              \
            PASTE(cell##_train, VARIANT), PASTE(cell##_train_part, VARIANT),                       \
            PASTE(cell##_train_sum, VARIANT), PASTE(cell##_train_sizes, VARIANT)                   \
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

/* Return a table for `directions` in place of x, of which each row is read at about three steps. */
static struct lookup lookup(long directions, long batch, long steps, long columns)
{
    const long n = directions * batch * steps, n_rows = 1 + batch * steps / 3;
    const long n_groups = directions * groups_of(batch);
    int64_t *tokens = malloc(n * sizeof(int64_t));
    uint8_t *found = malloc(n_groups * n_rows);
    arrays[n_arrays++] = tokens, arrays[n_arrays++] = found;
    for (long i = 0; i < n; i++)
        tokens[i] = rand() % n_rows;
    real *table = array(directions * n_rows * columns);
    return (struct lookup){tokens, steps, n_rows, columns, table,
                           array(n_groups * n_rows * columns), found};
}

static void run(const struct entries *cell, long batch, long steps, long inputs, long hidden,
                int extras)
{
    const long units = cell->gates * hidden, state = batch * hidden, out = batch * steps * hidden;
    const int initial = extras & 1, masked = extras & 2, padded = extras & 4, all_out = extras & 8;
    const long columns = cell->gates * in_vectors(hidden) * LANES;
    const int looks_up = !inputs;
    struct call call = {batch, steps, inputs, hidden, cell->option, 0, 0,
                        steps * inputs, inputs};
    call.x = array(batch * steps * inputs);
    if (looks_up)
        call.lookup = lookup(1, batch, steps, columns);
    call.w_in = looks_up ? NULL : array(units * inputs), call.w_state = array(units * hidden);
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
    if (all_out && !looks_up)
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
    check(call.lookup.gradient, call.lookup.n_rows * columns, "gradient");
    check(call.h, state, "h"), check(call.states, out, "states");
    check(call.dx, batch * steps * inputs, "dx"), check(call.dw_in, units * inputs, "dw_in");
    check(call.dw_state, units * hidden, "dw_state"), check(call.db_state, units, "db_state");
    while (n_arrays)
        free(arrays[--n_arrays]);
}

/* Return what all networks share: `samples` rows in batches, with `per_row` targets each, and the
   parameters w. */
static struct training training(long batch, long samples, long per_row, long chunk, long inputs,
                                long outputs, int loss, long size, real *w, real *g)
{
    static double rates[] = {1e-3, 1e-4, 1e-5}, objective;
    double *losses = malloc((batch + chunk - 1) / chunk * sizeof(double));
    const long terms = samples * per_row;
    int64_t *labels = malloc(terms * sizeof(int64_t));
    arrays[n_arrays++] = losses, arrays[n_arrays++] = labels;
    for (long i = 0; i < terms; i++)
        labels[i] = i % outputs;
    for (long i = 0; i < size; i++)
        w[i] /= 10; /* or states, and e to their power, would grow without limit */
    objective = 0;
    struct training t = {
        .batch = batch, .terms = batch * per_row, .samples = samples, .last = (batch + chunk - 1) / chunk,
        .x_batch = inputs, .x = array(samples * inputs), .outputs = outputs, .loss = loss,
        .losses = losses, .objective = &objective, .rates = rates, .n_weights = inputs < size ? inputs : size,
        .ridge = 0.1, .option = 0.1, .weight = loss % 2 ? array(terms) : NULL,
        .decay = loss / 2 * 0.1, .max_norm = loss % 2 ? INFINITY : 0.5,
        .optimizer = {loss % 3, size, 1, w, g, array(size), array(size), 0, 0.9, 0.999, 1e-8},
    };
    t.y = loss == SOFTMAX ? (void *)labels : (void *)array(terms * outputs);
    memset(t.optimizer.m, 0, size * sizeof(real));
    memset(t.optimizer.v, 0, size * sizeof(real));
    return t;
}

/* See that a batch has the gradients `once` chunk by chunk too, and free all arrays. */
static void finish(const struct training *t, const real *once, int failed)
{
    const struct optimizer *o = &t->optimizer;
    check(o->w, o->size, "parameters"), check(o->g, o->size, "gradients");
    if (failed || !isfinite(*t->objective) || memcmp(once, o->g, o->size * sizeof(real))) {
        printf("failed, or not finite, or not the same bits chunk by chunk\n");
        exit(1);
    }
    while (n_arrays)
        free(arrays[--n_arrays]);
}

/* Two batches and a rest in one call, then a batch in one call and chunk by chunk. */
static void train(const struct entries *cell, long batch, long steps, long inputs, long hidden,
                  int loss, int option)
{
    const long units = cell->gates * hidden, samples = 2 * batch + batch / 2 + 1;
    const long outputs = 1 + loss % 3, chunks = (batch + CHUNK - 1) / CHUNK;
    const long n_layers = 1 + option % 3, n_directions = 1 + option / 3 % 2;
    const long features = n_directions * hidden, n = n_layers * n_directions;
    struct recurrent *net = malloc(sizeof(struct recurrent) + n * sizeof(struct weights));
    long size = outputs * (features + 1), at = size;
    for (long i = 0; i < n; i++)
        size += units * ((i < n_directions ? inputs : features) + hidden + 2);
    real *w = array(size), *g = array(size);
    *net = (struct recurrent){
        .steps = steps, .inputs = inputs, .hidden = hidden, .option = cell->option,
        .x_step = inputs, .n_layers = n_layers, .n_directions = n_directions,
        .pooling = (option + loss) % 3, .drops_states = option % 2,
        .drops_outputs = option / 2 % 2, .w = w, .b = w + outputs * features, .dw = g,
        .db = g + outputs * features,
    };
    for (long i = 0; i < n; i++) {
        const long n_in = units * (i < n_directions ? inputs : features);
        real *v = w + at, *d = g + at, *state = v + n_in, *d_state = d + n_in;
        const long after = units * hidden;
        net->layers[i] = (struct weights){v, state, state + after, state + after + units,
                                          d, d_state, d_state + after, d_state + after + units};
        at += n_in + after + 2 * units;
    }
    const long per_row = net->pooling == EACH ? steps : 1;
    const long read = (n_layers - 1) * steps + per_row;
    net->training = training(batch, samples, per_row, CHUNK, steps * inputs, outputs, loss, size,
                             w, g);
    net->training.masks_row = n * hidden * net->drops_states + read * features * net->drops_outputs;
    net->training.masks = array(samples * net->training.masks_row);
    net->training.most_bytes = loss / 2 % 2 ? 1 << 13 : 1 << 30; /* in segments, or whole */
    int64_t partial, workspace;
    cell->train_sizes(net, &partial, &workspace);
    net->training.partial = array(partial);
    int failed = cell->train(net);
    net->training.samples = batch, net->training.rates = NULL;
    const long columns = cell->gates * in_vectors(hidden) * LANES;
    if (loss % 3 == 1)
        net->lookup = lookup(n_directions, batch, steps, columns), net->inputs = 0;
    else
        net->dx = array(batch * steps * inputs);
    int64_t *lengths = malloc(batch * sizeof(int64_t));
    arrays[n_arrays++] = lengths;
    for (long i = 0; i < batch; i++)
        lengths[i] = i ? rand() % (steps + 1) : steps;
    net->lengths = loss % 2 ? lengths : NULL;
    for (long i = 0; net->lengths && net->pooling == EACH && i < batch; i++)
        net->training.terms += lengths[i] - steps;
    memset(g, 0, size * sizeof(real)); /* with a lookup, dw_in is left to the caller */
    failed |= cell->train(net);
    real *once = array(size);
    memcpy(once, g, size * sizeof(real));
    memset(g, 0, size * sizeof(real));
    for (long chunk = 0; chunk < chunks; chunk++) {
        net->training.first = chunk, net->training.last = chunk + 1;
        failed |= cell->train_part(net);
    }
    cell->train_sum(net);
    check(net->dx, batch * steps * inputs, "dx");
    check(net->lookup.gradient, net->lookup.n_rows * columns, "gradient");
    finish(&net->training, once, failed);
    free(net);
}

/* The same for a dense network. */
static void train_dense(long batch, long steps, long channels, long hidden, int activation,
                        int n_layers, int loss)
{
    const long samples = 2 * batch + batch / 2 + 1, outputs = 1 + loss % 3, chunk = 64;
    const long inputs = steps * channels;
    struct dense *net = malloc(sizeof(struct dense) + n_layers * sizeof(struct affine));
    long size = 0;
    for (int i = 0; i < n_layers; i++) {
        const long n_in = i ? hidden + i : inputs;
        const long n_out = i == n_layers - 1 ? outputs : hidden + i + 1;
        net->layers[i] = (struct affine){n_in, n_out};
        size += (n_in + 1) * n_out;
    }
    real *w = array(size), *g = array(size), *at = w;
    for (struct affine *l = net->layers; l < net->layers + n_layers; l++) {
        const long weights = l->inputs * l->outputs;
        l->w = at, l->b = at + weights, l->dw = g + (at - w), l->db = l->dw + weights;
        at += weights + l->outputs;
    }
    net->training = training(batch, samples, 1, chunk, inputs, outputs, loss, size, w, g);
    for (int i = 1; i < n_layers; i++)
        net->training.masks_row += loss / 2 % 2 ? net->layers[i].inputs : 0;
    net->steps = steps, net->channels = channels, net->x_step = channels;
    net->activation = activation, net->n_layers = n_layers, net->lengths = NULL, net->dx = NULL;
    net->out = array(batch * outputs);
    int failed = PASTE(dense_forward, VARIANT)(net);
    check(net->out, batch * outputs, "outputs");
    net->out = NULL;
    if (net->training.masks_row)
        net->training.masks = array(samples * net->training.masks_row);
    int64_t partial, workspace;
    PASTE(dense_train_sizes, VARIANT)(net, &partial, &workspace);
    net->training.partial = array(partial);
    failed |= PASTE(dense_train, VARIANT)(net);
    net->training.samples = batch, net->training.rates = NULL;
    failed |= PASTE(dense_train, VARIANT)(net);
    real *once = array(size);
    memcpy(once, g, size * sizeof(real));
    int64_t *lengths = malloc(batch * sizeof(int64_t));
    arrays[n_arrays++] = lengths;
    for (long i = 0; i < batch; i++)
        lengths[i] = rand() % (steps + 1);
    net->lengths = loss % 2 ? lengths : NULL, net->dx = array(batch * inputs);
    for (long i = 0; i < (batch + chunk - 1) / chunk; i++) {
        net->training.first = i, net->training.last = i + 1;
        failed |= PASTE(dense_train_part, VARIANT)(net);
    }
    PASTE(dense_train_sum, VARIANT)(net);
    check(net->dx, batch * inputs, "dx");
    finish(&net->training, once, failed);
    free(net);
}

static void step(long kind, long size)
{
    struct optimizer o = {kind, size, 1, array(size), array(size), kind == RMSPROP ? NULL : array(size),
                          kind == SGD ? NULL : array(size), 0.01, 0.9, 0.999, 1e-8};
    if (o.v)
        memset(o.v, 0, size * sizeof(real));
    for (; o.time < 4; o.time++)
        PASTE(step, VARIANT)(&o);
    check(o.w, size, "w"), check(o.m, size, "m"), check(o.v, size, "v");
    while (n_arrays)
        free(arrays[--n_arrays]);
}

int main(void)
{
    const long sizes[][4] = {{1, 1, 1, 1},  {33, 3, 2, 12}, {7, 9, 17, 33},  {64, 5, 3, 16},
                             {31, 2, 1, 7}, {2, 13, 5, 65}, {100, 4, 33, 31}, {5, 6, 64, 8},
                             {300, 2, 1, 3},  {17, 45, 2, 5}};
    long count = drive_convolutions();
    for (unsigned i = 0; i < sizeof(CELLS) / sizeof(*CELLS); i++)
        for (unsigned j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
            const long *s = sizes[j];
            for (int extras = 0; extras < 32; extras++, count++)
                run(&CELLS[i], s[0], s[1], extras & 16 ? 0 : s[2], s[3], extras);
            for (int loss = SQUARED; loss <= SOFTMAX; loss++)
                for (int option = (loss + j) % 3; option < 6; option += 3, count++)
                    train(&CELLS[i], s[0], s[1], s[2], s[3], loss, option);
        }
    for (unsigned j = 0; j < sizeof(sizes) / sizeof(*sizes); j++)
        for (int kind = 0; kind < 15; kind++) /* activations, and up to two hidden layers */
            for (int loss = SQUARED; loss <= SOFTMAX; loss++, count++)
                train_dense(sizes[j][0], sizes[j][1], sizes[j][2], sizes[j][3], kind % 5,
                            1 + kind / 5, loss);
    real x[] = {-INFINITY, -1e9, -100, -88, -1, -0.0, 1e-30, 1, 100, 1e9, INFINITY, NAN, 3}, y[13];
    for (long logistic = 0; logistic < 2; logistic++)
        PASTE(activate, VARIANT)(x, y, 13, logistic);
    for (long size = 1; size < 70; size += 17)
        for (long kind = ADAM; kind <= SGD; kind++)
            step(kind, size);
    printf("%d bits, vectors of %d bytes: %ld runs are clean\n", REAL_BITS, VECTOR_BYTES, count);
    return 0;
}
