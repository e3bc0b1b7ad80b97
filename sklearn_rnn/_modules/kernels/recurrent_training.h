/* Training of recurrent layers in one or two directions, with a linear head, o = W h + b.

   Layer l + 1 reads the states of layer l at every step, and the head those of the last layer, see
   `enum pooling`. The second direction of a layer reads the valid steps of each row in reverse. A
   chunk of rows goes through all layers, forward and backward, before the next one begins. Where
   that takes too much memory it is less than the chunk, and segment after segment: see segments.h.

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
    struct lookup lookup;                  /* of the first direction, see `lookup_of` */
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
    real *starts;           /* the states before each segment */
    long partial;           /* where its gradients begin among those of a group */
};

/* A network at work on rows of a chunk. Outputs of layers and gradients are time-major. */
struct work {
    const struct recurrent *net;
    const struct training *t;
    long most_rows, segment; /* rows at a time, steps of a segment */
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

/* Return the table that a direction of the first layer reads. Those of the second direction follow
   the arrays of the first: its tokens, its table, and the gradients of all groups. */
static struct lookup lookup_of(const struct recurrent *net, long second)
{
    struct lookup l = net->lookup;
    const long rows = second * l.n_rows;
    if (!l.tokens)
        return l;
    l.tokens += second * net->training.batch * l.row, l.table += rows * l.columns;
    l.gradient += rows * groups_of(net->training.batch) * l.columns;
    l.found += rows * groups_of(net->training.batch);
    return l;
}

#include "head.h"

#include "segments.h"

/* Return the arguments of a direction of a layer without those of a chunk. Of mask and dx it only
   matters yet whether there are some. */
static struct call call_of(const struct recurrent *net, long i)
{
    const struct weights *w = &net->layers[i];
    const int is_first = i < net->n_directions;
    const struct lookup lookup = is_first ? lookup_of(net, i) : (struct lookup){0};
    return (struct call){
        .steps = net->steps, .inputs = is_first ? net->inputs : features_of(net),
        .hidden = net->hidden, .option = net->option, .lookup = lookup,
        .w_in = lookup.tokens ? NULL : w->w_in, .w_state = w->w_state,
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
    long used, of_steps; /* elements, and those of arrays that grow with the steps */
};

/* Take n elements, in whole vectors, so that doubles may follow floats. */
static real *take(struct arena *arena, long n)
{
    real *p = arena->base ? arena->base + arena->used : NULL;
    arena->used += in_vectors(n) * LANES;
    return p;
}

static real *take_steps(struct arena *arena, long n)
{
    arena->of_steps += n;
    return take(arena, n);
}

/* Take memory for all layers, and pack their weights. */
static void set_up(struct work *w, const struct cell *cell, struct arena *arena)
{
    const struct recurrent *net = w->net;
    const long rows = w->most_rows, features = features_of(net), last = net->n_layers - 1;
    const long all = rows * net->steps, widest = all * MAX(features, net->inputs);
    const long n_starts = rows * n_segments(net->steps, w->segment) * (1 + cell->has_c);
    const int has_gradients = last > 0 || net->pooling != LAST;
    long partial = 0;
    for (long layer = 0; layer <= last; layer++) {
        for (long second = 0; second < net->n_directions; second++) {
            const long i = layer * net->n_directions + second;
            struct direction *d = &w->directions[i];
            d->call = call_of(net, i), d->s = sizes_of(&d->call, cell);
            d->partial = partial, partial += d->s.partial;
            d->saved = take_steps(arena, rows * saved_per_row(&d->call, cell, w->segment));
            d->starts = take_steps(arena, n_starts * d->s.width);
            d->mirrored = take_steps(arena, second * all * d->call.inputs);
            real *forward = take(arena, forward_workspace(&d->call, cell));
            real *backward = take(arena, backward_workspace(&d->call, cell));
            if (!arena->base)
                continue;
            d->f = set_up_forward(&d->call, cell, &d->s, forward);
            d->b = set_up_backward(&d->call, cell, &d->s, backward);
        }
        w->outputs[layer] = take_steps(arena, reads_all(net, layer) ? all * features : 0);
    }
    w->d_outputs = take_steps(arena, has_gradients * widest);
    w->d_inputs = take_steps(arena, (last > 0) * widest);
    for (int i = 0; i < 2; i++)
        w->d_mirrored[i] = take_steps(arena, (net->n_directions - 1) * widest);
    w->features = take(arena, CHUNK * features), w->d_features = take(arena, CHUNK * features);
    w->of_row = take(arena, size_of_row(net));
}

/* Choose the rows at a time and the steps of a segment so that the arrays that grow with the steps
   fit. Both follow from the sizes of the network and its input alone. Return the elements that
   are needed. */
static long choose_sizes(struct work *w, const struct cell *cell)
{
    const long most = w->net->training.most_bytes / sizeof(real), steps = w->net->steps;
    w->most_rows = CHUNK, w->segment = MAX(steps, 1);
    for (;;) {
        struct arena arena = {0};
        set_up(w, cell, &arena);
        if (arena.of_steps <= most)
            return arena.used;
        if (w->segment == steps && steps > 4 * SPAN)
            w->segment = segment_of(steps);
        else if (w->most_rows > 1)
            w->most_rows /= 2;
        else
            return arena.used;
    }
}

static long recurrent_workspace(const void *of_cell)
{
    const struct of_cell *of = of_cell;
    struct direction directions[of->net->n_layers * of->net->n_directions];
    real *outputs[of->net->n_layers];
    struct work w = {.net = of->net, .directions = directions, .outputs = outputs};
    return choose_sizes(&w, of->cell);
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
    choose_sizes(&w, of->cell);
    set_up(&w, of->cell, &arena);
    const long end = t->last * CHUNK < t->batch ? t->last * CHUNK : t->batch;
    for (w.start = t->first * CHUNK; w.start < end; w.start += w.rows) {
        const long chunk = w.start / CHUNK, begins = w.start % CHUNK == 0;
        real *partial = t->partial + group_of(t->batch, chunk) * size;
        if (begins && begins_group(t->batch, chunk)) {
            memset(partial, 0, size * sizeof(real));
            for (long second = 0; second < net->n_directions; second++)
                clear_gradient(&directions[second].call.lookup, group_of(t->batch, chunk));
        }
        w.rows = end - w.start < w.most_rows ? end - w.start : w.most_rows;
        w.steps = steps_of_chunk(&all, w.start, w.rows);
        memset(w.features, 0, w.rows * features_of(net) * sizeof(real));
        struct view x = {(real *)t->x + w.start * t->x_batch, t->x_batch, net->x_step};
        for (long layer = 0; layer <= last; layer++) {
            run_layer(&w, layer, x);
            x = view_of(&w, outputs[layer], features_of(net));
        }
        const double loss = run_head(&w, partial + size - size_of_head(net));
        t->losses[chunk] = begins ? loss : t->losses[chunk] + loss;
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
        sum_gradients(&call.lookup, groups_of(t->batch));
        sum += s.partial;
    }
    memcpy(net->dw, sum, n * sizeof(real));
    memcpy(net->db, sum + n, t->outputs * sizeof(real));
}

static const struct network RECURRENT = {recurrent_workspace, run_recurrent, sum_recurrent};

#endif
