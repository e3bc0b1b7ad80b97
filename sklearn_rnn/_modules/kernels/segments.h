/* A layer over some rows, forward and backward; part of recurrent_training.h.

   Training reads the states of all steps again. Where those of a chunk would take more than
   `most_bytes`, the steps are divided into segments: the states of one segment are kept, with those
   before each segment, from which the others are computed again on the way back. Segments end where
   products over SPAN steps do, so the results are the same bits. If outputs of layers and their
   gradients, which are kept at all steps, take too much then, fewer rows go through at a time.
*/

/* Return the steps of a segment: about the square root of all, so that segments and the states
   before them take the least. */
INLINE long segment_of(long steps)
{
    long segment = SPAN;
    while (segment * segment < steps)
        segment += SPAN;
    return segment;
}

INLINE long n_segments(long steps, long segment)
{
    return MAX((steps + segment - 1) / segment, 1);
}

struct range {
    long first, last; /* steps; the last one does not belong to it */
};

/* Return the steps of segment k, counted from the last one. */
INLINE struct range segment_at(const struct work *w, long k)
{
    const long last = w->steps - k * w->segment;
    return (struct range){MAX(last - w->segment, 0), last};
}

/* Copy n elements of some steps, with which `from` begins, or add them; the valid steps in reverse
   if `mirrors`. */
static void move_steps(const struct work *w, struct view to, struct view from, long n,
                       struct range steps, int mirrors, int adds)
{
    for (long i = 0; i < w->rows; i++) {
        const long valid = valid_steps(w, i);
        for (long t = steps.first; t < steps.last; t++) {
            const long target = mirrors && t < valid ? valid - 1 - t : t;
            const real *a = from.at + i * from.row + (t - steps.first) * from.step;
            real *p = to.at + i * to.row + target * to.step;
            for (long j = 0; j < n; j++)
                p[j] = adds ? p[j] + a[j] : a[j];
        }
    }
}

/* Run segment k of a layer from the states before it, and store those before the next one. */
static void run_segment(const struct work *w, struct direction *d, long k)
{
    const struct range steps = segment_at(w, k);
    const long n = w->rows * d->s.width, size = n * (1 + d->f.cell->has_c);
    const long last = steps.last - steps.first;
    const struct buffers *m = &d->b.m;
    const real *start = d->starts + k * size;
    memcpy(m->h, start, n * sizeof(real));
    memcpy(m->c, start + n, (size - n) * sizeof(real));
    forward_steps(&d->f, 0, w->rows, m, steps.first, steps.last, 1);
    if (k == 0)
        return;
    real *next = d->starts + (k - 1) * size;
    memcpy(next, m->h + last * m->h_step, n * sizeof(real));
    memcpy(next + n, m->c + last * m->h_step, (size - n) * sizeof(real));
}

/* Run a layer on the rows. */
static void run_layer(struct work *w, long layer, struct view x)
{
    const struct recurrent *net = w->net;
    const long features = features_of(net), states = net->drops_states * net->hidden;
    const long before = layer * (net->n_directions * states +
                                 net->drops_outputs * net->steps * features);
    const long n = n_segments(w->steps, w->segment);
    for (long second = 0; second < net->n_directions; second++) {
        struct direction *d = &w->directions[layer * net->n_directions + second];
        struct call *call = &d->call;
        struct view read = x;
        if (layer == 0 && net->lookup.tokens)
            call->lookup.tokens = lookup_of(net, second).tokens + w->start * net->lookup.row;
        else if (second) {
            read = view_of(w, d->mirrored, call->inputs);
            move_steps(w, read, x, call->inputs, (struct range){0, w->steps}, 1, 0);
        }
        call->batch = w->rows, call->steps = w->steps, call->last = 1;
        call->lengths = net->lengths ? net->lengths + w->start : NULL;
        call->x = read.at, call->x_batch = read.row, call->x_step = read.step;
        if (states)
            call->mask = w->t->masks + (before + second * states) * w->t->batch + w->start * states;
        d->b.m = buffers_at(d->saved, call, d->f.cell, w->rows, w->segment);
        begin_forward(&d->f, 0, w->rows);
        const long start = d->b.m.h_step * (1 + d->f.cell->has_c);
        memset(d->starts + (n - 1) * start, 0, start * sizeof(real));
        const struct view h = {d->b.m.h + d->b.m.h_step, d->s.width, d->b.m.h_step};
        const struct view to = {w->outputs[layer] + second * net->hidden, features,
                                w->rows * features};
        for (long k = n - 1; k >= 0; k--) {
            const struct range steps = segment_at(w, k);
            run_segment(w, d, k);
            if (reads_all(net, layer))
                move_steps(w, to, h, net->hidden, steps, second, 0);
            else
                pool(w, h, second, steps.first, steps.last);
        }
    }
    if (reads_all(net, layer))
        drop_outputs(w, layer, w->outputs[layer]);
}

/* Add the gradients of the parameters of a layer to `partial`, and store that of its input in dx,
   if it is asked for, from those of its outputs in w->d_outputs or of its last states. */
static void run_layer_back(struct work *w, long layer, struct view dx, real *partial)
{
    const struct recurrent *net = w->net;
    const long features = features_of(net), hidden = net->hidden;
    const struct range all = {0, w->steps};
    const int from_last = layer == net->n_layers - 1 && net->pooling == LAST;
    for (long second = 0; second < net->n_directions; second++) {
        struct direction *d = &w->directions[layer * net->n_directions + second];
        struct backward *b = &d->b;
        const struct buffers saved = b->m;
        const long inputs = d->call.inputs, width = d->s.width;
        begin_chunk(b, 0, d->saved);
        b->m = saved, b->partial = partial + d->partial;
        b->group = group_of(w->t->batch, w->start / CHUNK);
        const real *last = from_last ? w->d_features + second * hidden : NULL;
        copy_in(b->dh, width, last, features, hidden, w->rows);
        memset(b->dc, 0, w->rows * width * sizeof(real));
        b->d_states = view_of(w, NULL, 0);
        if (!from_last) {
            b->d_states = (struct view){w->d_outputs + second * hidden, features,
                                        w->rows * features};
            if (second) {
                const struct view mirrored = view_of(w, w->d_mirrored[0], hidden);
                move_steps(w, mirrored, b->d_states, hidden, all, 1, 0);
                b->d_states = mirrored;
            }
        }
        b->dx = dx;
        if (second && dx.at)
            b->dx = view_of(w, w->d_mirrored[1], inputs);
        for (long k = 0; k < n_segments(w->steps, w->segment); k++) {
            if (k > 0)
                run_segment(w, d, k);
            const struct range steps = segment_at(w, k);
            b->first = steps.first;
            backward_steps(b, steps.last);
        }
        if (second && dx.at)
            move_steps(w, dx, b->dx, inputs, all, 1, 1);
    }
}
