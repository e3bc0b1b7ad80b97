/* What the head of a recurrent network reads, and the head; part of recurrent_training.h. */

/* Multiply the outputs of a layer, or what the head reads of it, or their gradient, by the mask. */
static void drop_outputs(const struct work *w, long layer, real *to)
{
    const struct recurrent *net = w->net;
    if (!net->drops_outputs)
        return;
    const long n = features_of(net), states = net->drops_states ? n : 0;
    const long row = reads_all(net, layer) ? net->steps * n : n;
    const long before = layer * (states + net->steps * n) + states;
    const real *mask = w->t->masks + before * w->t->batch + w->start * row;
    for (long t = 0; t < (reads_all(net, layer) ? w->steps : 1); t++)
        for (long i = 0; i < w->rows; i++, to += n)
            for (long j = 0; j < n; j++)
                to[j] *= mask[i * row + t * n + j];
}

/* Elements of the gradients of a group. */
INLINE long size_of_head(const struct recurrent *net)
{
    return in_vectors(net->training.outputs * (features_of(net) + 1)) * LANES;
}

/* Elements for the outputs of a row and, in double precision, their gradient. */
INLINE long size_of_row(const struct recurrent *net)
{
    return 3 * in_vectors(net->training.outputs) * LANES;
}

/* Add the gradients of the head for a row h of what it reads to `partial`, and store that of h in
   dh. Return the share of the loss; `term` is the row of the targets. */
static double head_backward(const struct work *w, long term, const real *h, real *dh, real *partial)
{
    const struct recurrent *net = w->net;
    const struct training *t = w->t;
    const long features = features_of(net), outputs = t->outputs;
    const double terms = (double)t->terms * (t->loss == SOFTMAX ? 1 : outputs);
    const double scale = (t->weight ? t->weight[term] : 1) / terms;
    real *o = w->of_row, *dw = partial, *db = dw + outputs * features;
    double *d = (double *)(o + in_vectors(outputs) * LANES);
    for (long k = 0; k < outputs; k++)
        o[k] = net->b[k] + dot(net->w + k * features, h, features);
    const double loss = scale * loss_of_row(t, term, o, d);
    memset(dh, 0, features * sizeof(real));
    for (long k = 0; k < outputs; k++) {
        const real slope = (real)(scale * d[k]);
        const real *weights = net->w + k * features;
        for (long j = 0; j < features; j++) {
            dh[j] += slope * weights[j];
            dw[k * features + j] += slope * h[j];
        }
        db[k] += slope;
    }
    return loss;
}

/* Add the valid states of the steps first, ..., last - 1 of the last layer, `h` those after the
   first of them, to w->features; or store those after the last of all. */
static void pool(const struct work *w, struct view h, long second, long first, long last)
{
    const struct recurrent *net = w->net;
    const long hidden = net->hidden;
    for (long i = 0; i < w->rows; i++) {
        const real *from = h.at + i * h.row;
        real *to = w->features + i * features_of(net) + second * hidden;
        if (net->pooling == LAST) {
            memcpy(to, from + (last - first - 1) * h.step, hidden * sizeof(real));
            continue;
        }
        for (long t = first; t < last && t < valid_steps(w, i); t++, from += h.step)
            for (long j = 0; j < hidden; j++)
                to[j] += from[j];
    }
}

/* Divide the sums of states by the numbers of valid steps. */
static void divide_sums(const struct work *w)
{
    const long n = features_of(w->net);
    for (long i = 0; i < w->rows; i++)
        for (long j = 0; j < n; j++)
            w->features[i * n + j] /= (real)MAX(valid_steps(w, i), 1);
}

/* Store the gradients of all states in w->d_outputs, from those of their means. */
static void spread_means(const struct work *w)
{
    const long n = features_of(w->net);
    real *to = w->d_outputs;
    for (long t = 0; t < w->steps; t++)
        for (long i = 0; i < w->rows; i++, to += n) {
            const long valid = valid_steps(w, i);
            for (long j = 0; j < n; j++)
                to[j] = t < valid ? w->d_features[i * n + j] / (real)valid : 0;
        }
}

/* The head at all valid steps of the chunk. */
static double run_head_at_each(const struct work *w, real *partial)
{
    const struct recurrent *net = w->net;
    const long n = features_of(net), last = net->n_layers - 1;
    long term = net->lengths ? 0 : w->start * w->steps;
    double loss = 0;
    for (long i = 0; net->lengths && i < w->start; i++)
        term += net->lengths[i];
    memset(w->d_outputs, 0, w->steps * w->rows * n * sizeof(real));
    for (long i = 0; i < w->rows; i++)
        for (long t = 0; t < valid_steps(w, i); t++, term++) {
            const long at = (t * w->rows + i) * n;
            loss += head_backward(w, term, w->outputs[last] + at, w->d_outputs + at, partial);
        }
    drop_outputs(w, last, w->d_outputs);
    return loss;
}

/* Run the head of a chunk: store the gradients of the last states in w->d_features, or of all
   states in w->d_outputs, add its own to `partial`, and return the share of the loss. */
static double run_head(const struct work *w, real *partial)
{
    const long n = features_of(w->net), last = w->net->n_layers - 1;
    double loss = 0;
    if (w->net->pooling == EACH)
        return run_head_at_each(w, partial);
    if (w->net->pooling == MEAN)
        divide_sums(w);
    drop_outputs(w, last, w->features);
    for (long i = 0; i < w->rows; i++)
        loss += head_backward(w, w->start + i, w->features + i * n, w->d_features + i * n, partial);
    drop_outputs(w, last, w->d_features);
    if (w->net->pooling == MEAN)
        spread_means(w);
    return loss;
}
