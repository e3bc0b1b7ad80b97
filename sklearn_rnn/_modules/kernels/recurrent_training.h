/* Training of recurrent layers in one or two directions, with a linear head, o = W h + b.

   Layer l + 1 reads the states of layer l at every step, and the head those of the last layer, see
   `enum pooling`. The second direction of a layer reads the valid steps of each row in reverse. A
   chunk of rows goes through all layers, forward and backward, before the next one begins.

   Masks of dropout multiply what they drop. Those of a batch follow one another, each with a row
   for each row of the batch:
       for each layer    those of the states that the weights read, (hidden) for each direction;
                         those of its outputs, (steps, features), or of the last layer, unless the
                         head reads EACH, those of what the head reads, (features).
*/
#ifndef SKLEARN_RNN_RECURRENT_TRAINING_H
#define SKLEARN_RNN_RECURRENT_TRAINING_H

#include "fused_training.h"
#include "layer.h"

/* What the head reads: the last valid states, the mean of all valid ones, or each of them, with a
   target for each. */
enum pooling { LAST, MEAN, EACH };

/* One direction of a layer, as in `struct call`. */
struct weights {
    const real *w_in, *w_state, *b_in, *b_state;
    real *dw_in, *dw_state, *db_in, *db_state;
};

/* The arguments; `Recurrent` and `Weights` in arguments.py have the same fields. */
struct recurrent {
    struct training training;
    int64_t steps, inputs, hidden, option; /* as in `struct call` */
    int64_t x_step;                        /* stride of x in elements */
    int64_t n_layers, n_directions, pooling;
    int64_t drops_states, drops_outputs;   /* whether training.masks has these masks */
    const int64_t *lengths;                /* (batch): valid steps of each row; or NULL */
    real *dx;                              /* gradient of x, contiguous; or NULL */
    const real *w, *b;                     /* (outputs, features), (outputs) */
    real *dw, *db;
    struct weights layers[];               /* (n_layers, n_directions) */
};

/* The arguments with the cell. */
struct of_cell {
    const struct recurrent *net;
    const struct cell *cell;
};

/* One direction of a layer at work. */
struct direction {
    struct call call; /* a chunk as a batch of its own */
    struct sizes s;
    struct forward f;
    struct backward b;
    real *saved, *mirrored; /* the states; the input in reverse, for the second direction */
    long partial;           /* where its gradients begin among those of a group */
};

/* A network at work on a chunk. Outputs of layers and gradients are time-major. */
struct work {
    const struct recurrent *net;
    const struct training *t;
    long start, rows, steps;
    struct direction *directions;
    real **outputs;                        /* of each layer, if all steps are read */
    real *d_outputs, *d_inputs;            /* gradients of a layer */
    real *d_mirrored[2];                   /* the same, for the second direction */
    real *features, *d_features;           /* what the head reads at the end */
    real *of_row;                          /* outputs of a row, and their gradient */
};

INLINE long features_of(const struct recurrent *net) { return net->n_directions * net->hidden; }

INLINE int reads_all(const struct recurrent *net, long layer)
{
    return layer < net->n_layers - 1 || net->pooling == EACH;
}

INLINE struct view view_of(const struct work *w, real *at, long n)
{
    return (struct view){at, n, w->rows * n};
}

/* Return the steps of a row of the chunk that are valid. */
INLINE long valid_steps(const struct work *w, long i)
{
    const int64_t *lengths = w->net->lengths;
    return lengths && lengths[w->start + i] < w->steps ? lengths[w->start + i] : w->steps;
}

#include "head.h"

/* Return the arguments of a direction of a layer without those of a chunk. Of mask and dx it only
   matters yet whether there are some. */
static struct call call_of(const struct recurrent *net, long i)
{
    const struct weights *w = &net->layers[i];
    const int is_first = i < net->n_directions;
    return (struct call){
        .steps = net->steps, .inputs = is_first ? net->inputs : features_of(net),
        .hidden = net->hidden, .option = net->option, .w_in = w->w_in, .w_state = w->w_state,
        .b_in = w->b_in, .b_state = w->b_state, .dw_in = w->dw_in, .dw_state = w->dw_state,
        .db_in = w->db_in, .db_state = w->db_state, .mask = net->drops_states ? net->w : NULL,
        .dx = is_first ? net->dx : net->dw,
    };
}

/* Return the number of elements of the gradients of a group. */
static long size_of_gradients(const struct of_cell *of)
{
    long size = size_of_head(of->net);
    for (long i = 0; i < of->net->n_layers * of->net->n_directions; i++) {
        const struct call call = call_of(of->net, i);
        size += sizes_of(&call, of->cell).partial;
    }
    return size;
}

struct arena {
    real *base; /* NULL to count the elements alone */
    long used;
};

static real *take(struct arena *arena, long n)
{
    real *p = arena->base ? arena->base + arena->used : NULL;
    arena->used += n;
    return p;
}

/* Take memory for all layers, and pack their weights. */
static void set_up(struct work *w, const struct cell *cell, struct arena *arena)
{
    const struct recurrent *net = w->net;
    const long rows = CHUNK * net->steps, features = features_of(net), last = net->n_layers - 1;
    const long widest = rows * MAX(features, net->inputs);
    const int has_gradients = last > 0 || net->pooling != LAST;
    long partial = 0;
    for (long layer = 0; layer <= last; layer++) {
        for (long second = 0; second < net->n_directions; second++) {
            const long i = layer * net->n_directions + second;
            struct direction *d = &w->directions[i];
            d->call = call_of(net, i), d->s = sizes_of(&d->call, cell);
            d->partial = partial, partial += d->s.partial;
            d->saved = take(arena, CHUNK * saved_per_row(&d->call, cell, net->steps));
            d->mirrored = take(arena, second * rows * d->call.inputs);
            real *forward = take(arena, forward_workspace(&d->call, cell));
            real *backward = take(arena, backward_workspace(&d->call, cell));
            if (!arena->base)
                continue;
            d->f = set_up_forward(&d->call, cell, &d->s, forward);
            d->b = set_up_backward(&d->call, cell, &d->s, backward);
        }
        w->outputs[layer] = take(arena, reads_all(net, layer) ? rows * features : 0);
    }
    w->d_outputs = take(arena, has_gradients * widest);
    w->d_inputs = take(arena, (last > 0) * widest);
    for (int i = 0; i < 2; i++)
        w->d_mirrored[i] = take(arena, (net->n_directions - 1) * widest);
    w->features = take(arena, CHUNK * features), w->d_features = take(arena, CHUNK * features);
    w->of_row = take(arena, size_of_row(net));
}

static long recurrent_workspace(const void *of_cell)
{
    const struct of_cell *of = of_cell;
    struct direction directions[of->net->n_layers * of->net->n_directions];
    real *outputs[of->net->n_layers];
    struct work w = {.net = of->net, .directions = directions, .outputs = outputs};
    struct arena arena = {0};
    set_up(&w, of->cell, &arena);
    return arena.used;
}

/* Copy n elements of each step of the chunk, or add them; the valid steps in reverse if `mirrors`. */
static void move_steps(const struct work *w, struct view to, struct view from, long n, int mirrors,
                       int adds)
{
    for (long i = 0; i < w->rows; i++) {
        const long valid = valid_steps(w, i);
        for (long t = 0; t < w->steps; t++) {
            const long source = mirrors && t < valid ? valid - 1 - t : t;
            const real *a = from.at + i * from.row + source * from.step;
            real *p = to.at + i * to.row + t * to.step;
            for (long j = 0; j < n; j++)
                p[j] = adds ? p[j] + a[j] : a[j];
        }
    }
}

/* Run a layer on the chunk. */
static void run_layer(struct work *w, long layer, struct view x)
{
    const struct recurrent *net = w->net;
    const long features = features_of(net), states = net->drops_states * net->hidden;
    const long before = layer * (net->n_directions * states +
                                 net->drops_outputs * net->steps * features);
    for (long second = 0; second < net->n_directions; second++) {
        struct direction *d = &w->directions[layer * net->n_directions + second];
        struct call *call = &d->call;
        struct view read = x;
        if (second) {
            read = view_of(w, d->mirrored, call->inputs);
            move_steps(w, read, x, call->inputs, 1, 0);
        }
        call->batch = w->rows, call->steps = w->steps, call->last = 1;
        call->lengths = net->lengths ? net->lengths + w->start : NULL;
        call->x = read.at, call->x_batch = read.row, call->x_step = read.step;
        if (states)
            call->mask = w->t->masks + (before + second * states) * w->t->batch + w->start * states;
        forward_chunk(&d->f, 0, d->saved, 1);
        if (!reads_all(net, layer))
            continue;
        const struct view h = {d->saved + w->rows * d->s.width, d->s.width, w->rows * d->s.width};
        const struct view to = {w->outputs[layer] + second * net->hidden, features,
                                w->rows * features};
        move_steps(w, to, h, net->hidden, second, 0);
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
    const int from_last = layer == net->n_layers - 1 && net->pooling == LAST;
    for (long second = 0; second < net->n_directions; second++) {
        struct direction *d = &w->directions[layer * net->n_directions + second];
        struct backward *b = &d->b;
        const long inputs = d->call.inputs, width = d->s.width;
        begin_chunk(b, 0, d->saved);
        b->partial = partial + d->partial;
        const real *last = from_last ? w->d_features + second * hidden : NULL;
        copy_in(b->dh, width, last, features, hidden, w->rows);
        memset(b->dc, 0, w->rows * width * sizeof(real));
        b->d_states = view_of(w, NULL, 0);
        if (!from_last) {
            b->d_states = (struct view){w->d_outputs + second * hidden, features,
                                        w->rows * features};
            if (second) {
                const struct view mirrored = view_of(w, w->d_mirrored[0], hidden);
                move_steps(w, mirrored, b->d_states, hidden, 1, 0);
                b->d_states = mirrored;
            }
        }
        b->dx = dx;
        if (second && dx.at)
            b->dx = view_of(w, w->d_mirrored[1], inputs);
        backward_chunk(b);
        if (second && dx.at)
            move_steps(w, dx, b->dx, inputs, 1, 1);
    }
}

static void run_recurrent(const struct training *t, const void *of_cell, real *workspace)
{
    const struct of_cell *of = of_cell;
    const struct recurrent *net = of->net;
    const long last = net->n_layers - 1, size = size_of_gradients(of), inputs = net->inputs;
    struct direction directions[net->n_layers * net->n_directions];
    real *outputs[net->n_layers];
    struct work w = {.net = net, .t = t, .directions = directions, .outputs = outputs};
    struct arena arena = {workspace, 0};
    const struct call all = {.steps = net->steps, .lengths = net->lengths};
    set_up(&w, of->cell, &arena);
    for (long chunk = t->first; chunk < t->last; chunk++) {
        real *partial = t->partial + group_of(t->batch, chunk) * size;
        if (begins_group(t->batch, chunk))
            memset(partial, 0, size * sizeof(real));
        w.start = chunk * CHUNK, w.rows = rows_of_chunk(t->batch, chunk);
        w.steps = steps_of_chunk(&all, w.start, w.rows);
        struct view x = {(real *)t->x + w.start * t->x_batch, t->x_batch, net->x_step};
        for (long layer = 0; layer <= last; layer++) {
            run_layer(&w, layer, x);
            x = view_of(&w, outputs[layer], features_of(net));
        }
        t->losses[chunk] = run_head(&w, partial + size - size_of_head(net));
        for (long layer = last; layer > 0; layer--) {
            const struct view dx = view_of(&w, w.d_inputs, features_of(net));
            run_layer_back(&w, layer, dx, partial);
            drop_outputs(&w, layer - 1, dx.at);
            w.d_inputs = w.d_outputs, w.d_outputs = dx.at;
        }
        const struct view dx = {net->dx ? net->dx + w.start * net->steps * inputs : NULL,
                                net->steps * inputs, inputs};
        run_layer_back(&w, 0, dx, partial);
        for (long i = 0; dx.at && i < w.rows; i++)
            memset(dx.at + i * dx.row + w.steps * inputs, 0,
                   (net->steps - w.steps) * inputs * sizeof(real));
    }
}

static void sum_recurrent(const struct training *t, const void *of_cell)
{
    const struct of_cell *of = of_cell;
    const struct recurrent *net = of->net;
    const long n = t->outputs * features_of(net), size = size_of_gradients(of);
    real *sum = t->partial;
    for (long group = 1; group < groups_of(t->batch); group++)
        add(sum, t->partial + group * size, size);
    for (long i = 0; i < net->n_layers * net->n_directions; i++) {
        const struct call call = call_of(net, i);
        const struct sizes s = sizes_of(&call, of->cell);
        unpack_gradients(&call, of->cell, &s, sum);
        sum += s.partial;
    }
    memcpy(net->dw, sum, n * sizeof(real));
    memcpy(net->db, sum + n, t->outputs * sizeof(real));
}

static const struct network RECURRENT = {recurrent_workspace, run_recurrent, sum_recurrent};

#endif
