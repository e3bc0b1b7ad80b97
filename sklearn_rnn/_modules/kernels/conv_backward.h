/* The backward pass; part of conv.c. */

/* What the backward pass works on. */
struct backward {
    const struct conv *c;
    const struct sizes *s;
    long start, seqs;    /* of a chunk */
    real *x, *dz, *dx;   /* of a chunk */
    real *back;          /* weights of each tap in panels */
    real *rows[2];       /* of outputs and their gradient */
};

/* Pack the weights of each tap into panels of columns of W. */
static void pack_backward(real *pack, const struct conv *c)
{
    memset(pack, 0, c->taps * packed(c->inputs) * c->outputs * sizeof(real));
    for (long o = 0; o < c->outputs; o++)
        for (long i = 0; i < c->inputs; i++) {
            real *to = pack + (i / PANEL_WIDTH * c->outputs + o) * PANEL_WIDTH + i % PANEL_WIDTH;
            const real *w = c->w + (o * c->inputs + i) * c->taps;
            for (long j = 0; j < c->taps; j++)
                to[j * packed(c->inputs) * c->outputs] = w[j];
        }
}

/* Store the gradient dz of the convolution at `size` steps from that of their pool, dy, and the
   outputs y of it. */
static void pool_backward(const struct backward *b, const real *h, const real *y, const real *dy,
                          long size, real *dz)
{
    for (long k = 0; k < b->s->width; k += LANES) {
        const vec most = load(y + k);
        vec left = blend(most > 0, load(dy + k), (vec){0});
        for (long j = 0; j < size; j++) {
            const intvec is_most = load(h + j * b->s->width + k) == most;
            store(dz + j * b->s->dz_row + k, blend(is_most, left, (vec){0}));
            left = blend(is_most, (vec){0}, left);
        }
    }
}

/* Store the gradient of the convolution at all steps of a sequence in dz. */
static void outputs_backward(const struct backward *b, long row, real *dz)
{
    const struct conv *c = b->c;
    const long pools = (c->out_steps + c->pool - 1) / c->pool, n = c->outputs;
    const long width = b->s->width, at = row * pools * n;
    const real *y = c->y + at, *dy = c->dy + at;
    for (long t = 0; t < c->out_steps; t += c->pool, y += n, dy += n, dz += c->pool * b->s->dz_row) {
        const long size = c->out_steps - t < c->pool ? c->out_steps - t : c->pool;
        copy_in(b->rows[1], width, dy, 0, n, 1);
        if (c->rectifies)
            copy_in(b->rows[0], width, y, 0, n, 1);
        if (c->pool > 1) {
            const real *h = c->h + (row * c->out_steps + t) * width;
            pool_backward(b, h, b->rows[0], b->rows[1], size, dz);
            continue;
        }
        for (long k = 0; k < width; k += LANES) {
            const vec d = load(b->rows[1] + k);
            store(dz + k, c->rectifies ? blend(load(b->rows[0] + k) <= 0, (vec){0}, d) : d);
        }
    }
}

/* Add the gradient of the weights of successive taps, from tap j on, to dw, or begin it. */
static void weights_backward(const struct backward *b, long j, real *dw, int begins)
{
    const struct conv *c = b->c;
    const struct sizes *s = b->s;
    const int along = b->seqs > s->steps;
    const long x_step = c->stride * c->inputs, outer = along ? s->steps : b->seqs;
    struct product p = {
        .c = dw, .c_row = s->width, .start = begins ? NULL : dw, .start_row = s->width,
        .rows = c->dilation > 1 ? c->inputs : s->height, .vectors = in_vectors(c->outputs),
        .b_row = along ? s->dz_seq : s->dz_row, .b_panel = PANEL_WIDTH,
    };
    for (long t = 0; t < (along ? 1 : s->steps); t += ROWS)
        for (long i = 0; i < outer; i += p.n_factors) {
            p.n_factors = outer - i < MAX_FACTORS ? outer - i : MAX_FACTORS;
            const long left = s->steps - t, steps = left < ROWS ? left : ROWS;
            for (long k = 0; k < p.n_factors; k++) {
                const long seq = along ? 0 : i + k, step = along ? i + k : t;
                p.factors[k] = (struct factor){
                    b->x + seq * s->x_seq + step * x_step + j * c->dilation * c->inputs,
                    along ? s->x_seq : x_step, b->dz + seq * s->dz_seq + step * s->dz_row,
                    along ? b->seqs : steps};
            }
            product_by_columns(&p);
            p.start = dw;
        }
}

/* Store the gradient of x in a chunk. */
static void inputs_backward(const struct backward *b)
{
    const struct conv *c = b->c;
    const struct sizes *s = b->s;
    const int along = runs_along_sequences(b->seqs, s->steps);
    const long step = c->stride * s->in_width;
    struct product p = {
        .c_row = along ? s->dx_seq : step, .start_row = along ? s->dx_seq : step,
        .rows = along ? b->seqs : s->steps, .vectors = in_vectors(c->inputs),
        .b_row = PANEL_WIDTH, .b_panel = PANEL_WIDTH * c->outputs, .n_factors = 1,
    };
    memset(b->dx, 0, b->seqs * s->dx_seq * sizeof(real));
    for (long i = 0; i < (along ? s->steps : b->seqs); i++)
        for (long j = 0; j < c->taps; j++) {
            p.c = b->dx + i * (along ? step : s->dx_seq) + j * c->dilation * s->in_width;
            p.start = p.c;
            p.factors[0] = (struct factor){b->dz + i * (along ? s->dz_row : s->dz_seq),
                                           along ? s->dz_seq : s->dz_row,
                                           b->back + j * packed(c->inputs) * c->outputs,
                                           c->outputs};
            product(&p);
        }
    const long n = c->inputs, t = c->offset, end = t + s->span < c->steps ? t + s->span : c->steps;
    const long first = t > 0 ? t : 0;
    for (long i = 0; i < b->seqs; i++) {
        real *to = c->dx + (b->start + i) * c->steps * n;
        memset(to, 0, c->steps * n * sizeof(real));
        if (end > first)
            copy_out(to + first * n, n, b->dx + i * s->dx_seq + (first - t) * s->in_width,
                     s->in_width, n, end - first);
    }
}
