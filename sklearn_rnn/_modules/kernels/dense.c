/* A dense network, forward and backward: affine layers with an activation between them,

       a_0 = x,   a_{l+1} = f(W_l a_l + b_l) m_{l+1},   outputs W_L a_L + b_L

   with masks m of dropout, if there are some. Those of a batch follow one another, layer by layer,
   each with a row for each row of the batch.

   Chunks are larger than those of recurrent layers, since the gradient of the weights, one product
   per chunk, reads and writes all of it. Rows of activations are an odd number of vectors long:
   see matmul.h. Slopes follow from the activations, or of silu from their arguments.
*/
#define CHUNK 64

#include "dense_activations.h"

/* Rows below which weights are read where they are: packing them would take longer. */
#define FEW 8

/* Outputs up to which a product for each takes less than one over whole vectors of them. */
#define NARROW 4

/* Memory of a layer. */
struct place {
    real *x;                    /* CHUNK rows of its inputs */
    real *kept;                 /* what their slopes follow from: x before dropout, or arguments */
    real *forward, *back;       /* weights in panels: transposed, straight */
    real *bias;                 /* padded */
    long dw, db;                /* where its gradients begin in those of a group, in elements */
};

INLINE long padded(long n) { return in_vectors(n) * LANES; }
INLINE long row_of(long n) { return (in_vectors(n) | 1) * LANES; }
INLINE long packed(long n) { return in_panels(in_vectors(n)) * PANEL_WIDTH; }

/* Return the number of elements of the gradients of a group: dw with padded rows, and db. */
static long size_of_gradients(const struct dense *net)
{
    long size = 0;
    for (const struct affine *l = net->layers; l < net->layers + net->n_layers; l++)
        size += l->outputs * padded(l->inputs) + padded(l->outputs);
    return size;
}

/* Return the longest row of activations. */
static long longest_row(const struct dense *net)
{
    long longest = 0;
    for (const struct affine *l = net->layers; l < net->layers + net->n_layers; l++)
        longest = MAX(longest, MAX(row_of(l->inputs), row_of(l->outputs)));
    return longest;
}

/* Return whether the slopes of activations follow from something else than the inputs of layers. */
INLINE int keeps(const struct dense *net)
{
    return net->training.masks || net->activation == SILU;
}

static long dense_workspace(const void *dense)
{
    const struct dense *net = dense;
    long size = (3 * CHUNK + 2) * longest_row(net); /* outputs, two gradients, a row of doubles */
    for (const struct affine *l = net->layers; l < net->layers + net->n_layers; l++)
        size += (1 + keeps(net)) * CHUNK * row_of(l->inputs) +
                packed(l->outputs) * (l->inputs + 1) + packed(l->inputs) * l->outputs;
    return size;
}

/* Pack the transpose of w, (outputs, inputs), into panels of its rows. */
static void pack_transposed(real *to, const real *w, long inputs, long outputs)
{
    for (long column = 0; column < outputs; column += PANEL_WIDTH, w += PANEL_WIDTH * inputs)
        for (long k = 0; k < inputs; k++, to += PANEL_WIDTH)
            for (long j = 0; j < PANEL_WIDTH; j++)
                to[j] = column + j < outputs ? w[j * inputs + k] : 0;
}

/* Lay out the workspace of all layers, and pack their weights. Return what is left of it. */
static real *set_up(struct place *places, const struct dense *net, real *workspace)
{
    long at = 0;
    for (long i = 0; i < net->n_layers; i++) {
        const struct affine *l = &net->layers[i];
        struct place *p = &places[i];
        p->x = workspace, p->kept = p->x + keeps(net) * CHUNK * row_of(l->inputs);
        p->bias = p->kept + CHUNK * row_of(l->inputs);
        p->forward = p->bias + packed(l->outputs);
        p->back = p->forward + packed(l->outputs) * l->inputs;
        p->dw = at, p->db = at + l->outputs * padded(l->inputs);
        at = p->db + padded(l->outputs);
        copy_in(p->bias, packed(l->outputs), l->b, 0, l->outputs, 1);
        pack_transposed(p->forward, l->w, l->inputs, l->outputs);
        if (!net->out && (i > 0 || net->dx))
            pack_straight(p->back, l->w, l->inputs, l->outputs);
        workspace = p->back + packed(l->inputs) * l->outputs;
    }
    return workspace;
}

/* Multiply rows of the inputs of a layer, or their gradient, by their masks. */
static void drop(const struct training *t, const struct dense *net, long layer, long start,
                 long rows, real *to)
{
    const long n = net->layers[layer].inputs, row = row_of(n);
    long before = 0;
    for (long i = 1; i < layer; i++)
        before += net->layers[i].inputs;
    const real *mask = t->masks ? t->masks + before * t->batch + start * n : NULL;
    for (long i = 0; mask && i < rows; i++, to += row, mask += n)
        for (long j = 0; j < n; j++)
            to[j] *= mask[j];
}

/* Copy the steps of rows of x to rows of a length, padded with zeros. */
static void flatten(const struct dense *net, const real *x, long rows, real *to, long row)
{
    const long inputs = net->layers[0].inputs, adjoin = net->x_step == net->channels;
    const long steps = adjoin ? 1 : net->steps, step = adjoin ? inputs : net->channels;
    for (long i = 0; i < rows; i++, x += net->training.x_batch, to += row) {
        for (long t = 0; t < steps; t++)
            memcpy(to + t * step, x + t * net->x_step, step * sizeof(real));
        memset(to + inputs, 0, (row - inputs) * sizeof(real));
    }
}

/* Compute the outputs of a layer row by row. */
static void affine_rows(const struct affine *l, const real *x, long x_row, long rows, real *to)
{
    for (long i = 0; i < rows; i++, x += x_row, to += l->outputs)
        for (long k = 0; k < l->outputs; k++)
            to[k] = l->b[k] + dot(l->w + k * l->inputs, x, l->inputs);
}

/* Compute the outputs of a chunk of rows from `start` on, in rows of whole vectors; to predict a
   few outputs, without space between them. */
static void forward(const struct training *t, const struct dense *net, const struct place *places,
                    long start, long rows, real *outputs)
{
    const int takes_arguments = net->activation == SILU;
    const real *x = t->x + start * t->x_batch;
    long x_row = t->x_batch;
    if (!net->out || net->x_step != net->channels) { /* only gradients need whole vectors of x */
        flatten(net, x, rows, places[0].x, row_of(net->layers[0].inputs));
        x = places[0].x, x_row = row_of(net->layers[0].inputs);
    }
    for (long i = 0; i < net->n_layers; i++) {
        const struct affine *l = &net->layers[i];
        const int is_head = i == net->n_layers - 1;
        if (is_head && net->out && l->outputs <= NARROW)
            return affine_rows(l, x, x_row, rows, outputs);
        const struct product p = {
            .c = is_head ? outputs : places[i + 1].x, .c_row = row_of(l->outputs),
            .start = places[i].bias, .rows = rows, .vectors = in_vectors(l->outputs),
            .b_row = PANEL_WIDTH, .b_panel = PANEL_WIDTH * l->inputs, .n_factors = 1,
            .factors = {{x, x_row, places[i].forward, l->inputs}},
        };
        product(&p);
        if (is_head)
            return;
        x = p.c, x_row = p.c_row;
        const long size = rows * p.c_row * sizeof(real);
        real *kept = places[i + 1].kept;
        if (takes_arguments)
            memcpy(kept, p.c, size);
        for (long j = 0; j < rows; j++)
            activate(net->activation, p.c + j * p.c_row, padded(l->outputs));
        if (t->masks && !takes_arguments)
            memcpy(kept, p.c, size);
        drop(t, net, i + 1, start, rows, p.c);
    }
}

/* Store the gradient of the outputs of a chunk in d; return its share of the loss. */
static double loss_of_chunk(const struct training *t, long start, long rows, const real *outputs,
                            real *d, double *of_row)
{
    const double terms = (double)t->terms * (t->loss == SOFTMAX ? 1 : t->outputs);
    const long width = row_of(t->outputs);
    double total = 0;
    memset(d, 0, rows * width * sizeof(real));
    for (long i = 0; i < rows; i++, outputs += width, d += width) {
        const double scale = (t->weight ? t->weight[start + i] : 1) / terms;
        total += scale * loss_of_row(t, start + i, outputs, of_row);
        for (long k = 0; k < t->outputs; k++)
            d[k] = (real)(scale * of_row[k]);
    }
    return total;
}

/* Store the gradient of x, zero in the padding, from d, that of the inputs of a chunk. */
static void store_dx(const struct dense *net, long start, long rows, const real *d)
{
    const long inputs = net->layers[0].inputs;
    copy_out(net->dx + start * inputs, inputs, d, row_of(inputs), inputs, rows);
    for (long i = start; net->lengths && i < start + rows; i++) {
        const long valid = net->lengths[i] * net->channels;
        memset(net->dx + i * inputs + valid, 0, (inputs - valid) * sizeof(real));
    }
}

/* Add the gradients of all parameters from a chunk to `partial`, or begin it. The gradient of the
   outputs is in d; `other` is memory for that of another layer. Return the gradient of the inputs,
   if dx is asked for. */
static const real *backward(const struct training *t, const struct dense *net,
                            const struct place *places, long start, long rows, real *d, real *other,
                            real *partial, int begins)
{
    for (long i = net->n_layers - 1; i >= 0; i--) {
        const struct affine *l = &net->layers[i];
        const struct place *at = &places[i];
        const long d_row = row_of(l->outputs), x_row = row_of(l->inputs);
        real *dw = partial + at->dw, *db = partial + at->db;
        struct product p = {
            .c = dw, .c_row = padded(l->inputs), .start = begins ? NULL : dw,
            .start_row = padded(l->inputs), .rows = l->outputs, .vectors = in_vectors(l->inputs),
            .b_row = x_row, .b_panel = PANEL_WIDTH, .n_factors = 1,
            .factors = {{d, d_row, at->x, rows}},
        };
        product_by_columns(&p);
        if (begins)
            memset(db, 0, padded(l->outputs) * sizeof(real));
        add_rows(db, d, d_row, rows, padded(l->outputs));
        if (i == 0 && !net->dx)
            return NULL;
        p.c = other, p.c_row = x_row, p.start = NULL, p.rows = rows;
        p.b_row = PANEL_WIDTH, p.b_panel = PANEL_WIDTH * l->outputs;
        p.factors[0] = (struct factor){d, d_row, at->back, l->outputs};
        product(&p);
        if (i > 0)
            drop(t, net, i, start, rows, other);
        for (long j = 0; j < rows && i > 0; j++)
            multiply_by_slopes(net->activation, other + j * x_row, at->kept + j * x_row,
                               padded(l->inputs));
        other = d, d = p.c;
    }
    return d;
}

static void run_dense(const struct training *t, const void *dense, real *workspace)
{
    const struct dense *net = dense;
    struct place places[net->n_layers];
    const long chunk_size = CHUNK * longest_row(net), size = size_of_gradients(net);
    real *outputs = set_up(places, net, workspace), *d = outputs + chunk_size;
    real *other = d + chunk_size;
    double *of_row = (double *)(other + chunk_size);
    for (long chunk = t->first; chunk < t->last; chunk++) {
        const long start = chunk * CHUNK, rows = rows_of_chunk(t->batch, chunk);
        forward(t, net, places, start, rows, outputs);
        t->losses[chunk] = loss_of_chunk(t, start, rows, outputs, d, of_row);
        real *partial = t->partial + group_of(t->batch, chunk) * size;
        const real *dx = backward(t, net, places, start, rows, d, other, partial,
                                  begins_group(t->batch, chunk));
        if (dx)
            store_dx(net, start, rows, dx);
    }
}

static void sum_dense(const struct training *t, const void *dense)
{
    const struct dense *net = dense;
    const long size = size_of_gradients(net);
    const real *sum = t->partial;
    for (long group = 1; group < groups_of(t->batch); group++)
        add(t->partial, t->partial + group * size, size);
    for (const struct affine *l = net->layers; l < net->layers + net->n_layers; l++) {
        copy_out(l->dw, l->inputs, sum, padded(l->inputs), l->inputs, l->outputs);
        sum += l->outputs * padded(l->inputs);
        memcpy(l->db, sum, l->outputs * sizeof(real));
        sum += padded(l->outputs);
    }
}

/* The outputs of a few rows, one by one. `a` and `b` have room for a row of activations each. */
static void run_few(const struct dense *net, real *a, real *b)
{
    const struct training *t = &net->training;
    const struct affine *head = &net->layers[net->n_layers - 1];
    for (long i = 0; i < t->batch; i++) {
        flatten(net, t->x + i * t->x_batch, 1, a, row_of(net->layers[0].inputs));
        for (const struct affine *l = net->layers; l <= head; l++) {
            real *to = l == head ? net->out + i * l->outputs : b;
            affine_rows(l, a, 0, 1, to);
            if (l == head)
                break;
            memset(to + l->outputs, 0, (padded(l->outputs) - l->outputs) * sizeof(real));
            activate(net->activation, to, padded(l->outputs));
            b = a, a = to;
        }
    }
}

/* Store the outputs of the chunks first, ..., last - 1. Return -1 if memory cannot be allocated. */
int EXPORT(dense_forward)(const struct dense *net)
{
    const struct training *t = &net->training;
    const long n = t->outputs, few = t->batch < FEW;
    struct place places[net->n_layers];
    real *workspace = allocate(few ? 2 * longest_row(net) : dense_workspace(net));
    if (!workspace)
        return -1;
    if (few)
        run_few(net, workspace, workspace + longest_row(net));
    else {
        real *outputs = set_up(places, net, workspace);
        for (long chunk = t->first; chunk < t->last; chunk++) {
            const long start = chunk * CHUNK, rows = rows_of_chunk(t->batch, chunk);
            forward(t, net, places, start, rows, outputs);
            copy_out(net->out + start * n, n, outputs, n <= NARROW ? n : row_of(n), n, rows);
        }
    }
    free(workspace);
    return 0;
}

static const struct network DENSE = {dense_workspace, run_dense, sum_dense};

/* The functions of exports.h. */
int EXPORT(dense_train)(const struct dense *net) { return run_batches(&net->training, &DENSE, net); }
int EXPORT(dense_train_part)(const struct dense *net)
{
    return run_part(&net->training, &DENSE, net);
}
void EXPORT(dense_train_sum)(const struct dense *net) { finish_parts(&net->training, &DENSE, net); }

void EXPORT(dense_train_sizes)(const struct dense *net, int64_t *partial, int64_t *workspace)
{
    *partial = groups_of(net->training.batch) * size_of_gradients(net);
    *workspace = dense_workspace(net);
}
