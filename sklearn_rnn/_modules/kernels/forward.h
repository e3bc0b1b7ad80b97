/* The forward pass; part of layer.h. */

/* Pack w, (gates * hidden, inner) in row order, into panels whose row k holds w[:, k], each gate
   padded to whole vectors. Panels have `height` rows; these begin at row `top`. */
static void pack_transposed(real *pack, const real *w, long inner, long height, long top,
                            const struct sizes *s, long gates, long hidden)
{
    for (long gate = 0; gate < gates; gate++)
        for (long unit = 0; unit < hidden; unit++, w += inner) {
            long column = gate * s->width + unit;
            real *to = pack + (column / PANEL_WIDTH * height + top) * PANEL_WIDTH;
            to += column % PANEL_WIDTH;
            for (long k = 0; k < inner; k++)
                to[k * PANEL_WIDTH] = w[k];
        }
}

/* Sum the biases. With split, the last gate has one for its input and one for its state. */
static void pack_biases(real *bias, const struct call *call, const struct cell *cell,
                        const struct sizes *s)
{
    long apart = cell->gates - cell->split;
    for (long gate = 0; gate < cell->gates; gate++)
        for (long unit = 0; unit < call->hidden; unit++) {
            long i = gate * call->hidden + unit, j = gate * s->width + unit;
            bias[j] = gate < apart ? call->b_in[i] + call->b_state[i] : call->b_in[i];
            if (gate >= apart)
                bias[j + s->width] = call->b_state[i];
        }
}

/* z = bias + x W' + h U' for the rows of a chunk; h is NULL if it is zero. Without w_in, x already
   holds bias + x W', each gate padded to whole vectors; x may be z then. */
static void affine(real *z, const real *bias, const real *pack, const real *x, long x_row,
                   const real *h, long rows, const struct call *call, const struct cell *cell,
                   const struct sizes *s)
{
    const long height = call->inputs + call->hidden, projected = !call->w_in;
    const real *pack_h = pack + call->inputs * PANEL_WIDTH;
    const struct factor inputs = {x, x_row, pack, call->inputs};
    const struct factor states = {h, s->width, pack_h, call->hidden};
    struct product p = {
        .c = z, .c_row = s->z_row,
        .start = projected ? x : bias, .start_row = projected ? x_row : 0,
        .rows = rows, .vectors = (cell->gates - cell->split) * s->vectors,
        .b_row = PANEL_WIDTH, .b_panel = height * PANEL_WIDTH, .n_factors = h ? 2 : 1,
        .factors = {inputs, states},
    };
    product(&p);
    if (!cell->split)
        return;
    /* The two other gates fill whole panels, 2 * width columns. */
    const long done = p.vectors * LANES;
    p.c += done, p.start += done, p.vectors = s->vectors, p.n_factors = 1;
    p.factors[0].b += done * height;
    product(&p);
    p.c += s->width, p.n_factors = h ? 1 : 0;
    p.start = bias + done + s->width, p.start_row = 0;
    p.factors[0] = states, p.factors[0].b += done * height;
    product(&p);
}

/* What all chunks of a forward pass share. */
struct forward {
    const struct call *call;
    const struct cell *cell;
    const struct sizes *s;
    real *pack, *bias; /* weights in panels, sums of biases */
    real *z, *mask;    /* CHUNK rows */
};

/* Return the number of elements of workspace that `set_up_forward` needs. */
static long forward_workspace(const struct call *call, const struct cell *cell)
{
    const struct sizes s = sizes_of(call, cell);
    return s.pack + s.columns + cell->split * s.width + CHUNK * (s.z_row + s.width);
}

static struct forward set_up_forward(const struct call *call, const struct cell *cell,
                                     const struct sizes *s, real *workspace)
{
    const long biases = s->columns + cell->split * s->width, height = call->inputs + call->hidden;
    struct forward f = {.call = call, .cell = cell, .s = s, .pack = workspace};
    f.bias = workspace + s->pack, f.z = f.bias + biases, f.mask = f.z + CHUNK * s->z_row;
    memset(workspace, 0, (s->pack + biases) * sizeof(real));
    pack_transposed(f.pack, call->w_in, call->inputs, height, 0, s, cell->gates, call->hidden);
    pack_transposed(f.pack, call->w_state, call->hidden, height, call->inputs, s, cell->gates,
                    call->hidden);
    pack_biases(f.bias, call, cell, s);
    return f;
}

/* Return how many rows from the first on are valid at step t, up to one that is not. */
static long valid_rows(const struct call *call, long first, long end, long t)
{
    long i = first;
    while (i < end && is_valid(call, i, t))
        i++;
    return i - first;
}

/* Copy the mask of the rows of a chunk. */
static void begin_forward(const struct forward *f, long start, long rows)
{
    const long hidden = f->call->hidden;
    if (f->call->mask)
        copy_in(f->mask, f->s->width, f->call->mask + start * hidden, hidden, hidden, rows);
}

/* Compute the affine maps of the rows of a chunk at step t. */
static void affine_at_step(const struct forward *f, real *z, const real *h, long start, long rows,
                           long t)
{
    const struct call *call = f->call;
    const struct lookup *l = &call->lookup;
    const real *x = z;
    long x_row = f->s->z_row;
    if (l->tokens) {
        look_up(l, z, x_row, start, rows, t);
        if (t + 1 < call->steps)
            prefetch_rows(l, l->table, start, rows, t + 1);
    } else
        x = call->x + start * call->x_batch + t * call->x_step, x_row = call->x_batch;
    affine(z, f->bias, f->pack, x, x_row, h, rows, call, f->cell, f->s);
}

/* Run the steps first, ..., last - 1 of the rows of a chunk, from the state that the buffers begin
   with. They hold all these steps if `keep`, else two steps used in turn, from step 0 on. */
static void forward_steps(const struct forward *f, long start, long rows, const struct buffers *m,
                          long first, long last, int keep)
{
    const struct call *call = f->call;
    const struct cell *cell = f->cell;
    const long hidden = call->hidden, width = f->s->width;
    for (long t = first; t < last; t++) {
        const long slot = keep ? t - first : 0;
        const long old = keep ? slot : t % 2, next = keep ? slot + 1 : (t + 1) % 2;
        const real *h_old = m->h + old * m->h_step, *c_old = m->c + old * m->h_step;
        const real *h_in = t == 0 && !call->h0 ? NULL : h_old;
        real *h = m->h + next * m->h_step, *c = m->c + next * m->h_step;
        real *kept = keep && cell->kept ? m->kept + slot * m->kept_step : f->z;
        if (call->mask) {
            multiply(m->masked + slot * m->h_step, h_old, f->mask, rows * width);
            h_in = h_in ? m->masked + slot * m->h_step : NULL;
        }
        affine_at_step(f, kept, h_in, start, rows, t);
        struct rows valid = {0, width, f->s->z_row};
        for (long i = 0; i < rows; i += MAX(valid.n, 1)) {
            const long at = i * width;
            valid.n = valid_rows(call, start + i, start + rows, t);
            if (valid.n) {
                cell->forward(valid, kept + i * valid.z_row, h_old + at, h + at, c_old + at,
                              c + at);
                continue;
            }
            memcpy(h + at, h_old + at, width * sizeof(real));
            if (cell->has_c)
                memcpy(c + at, c_old + at, width * sizeof(real));
        }
        if (call->states)
            copy_out(call->states + (start * call->steps + t) * hidden, call->steps * hidden, h,
                     width, hidden, rows);
    }
}

/* Run a chunk. Its buffer holds all steps if `keep`, else two steps used in turn. */
static void forward_chunk(const struct forward *f, long chunk, real *buffer, int keep)
{
    const struct call *call = f->call;
    const struct cell *cell = f->cell;
    const long start = chunk * CHUNK, rows = rows_of_chunk(call->batch, chunk);
    const long hidden = call->hidden;
    const long steps = steps_of_chunk(call, start, rows), width = f->s->width;
    const struct buffers m = buffers_at(buffer, call, cell, rows, keep ? call->steps : 1);
    copy_in(m.h, width, call->h0 ? call->h0 + start * hidden : NULL, hidden, hidden, rows);
    if (cell->has_c)
        copy_in(m.c, width, call->c0 ? call->c0 + start * hidden : NULL, hidden, hidden, rows);
    begin_forward(f, start, rows);
    forward_steps(f, start, rows, &m, 0, steps, keep);
    const long end = keep ? steps : steps % 2;
    const real *h = m.h + end * m.h_step, *c = m.c + end * m.h_step;
    for (long t = steps; call->states && t < call->steps; t++)
        copy_out(call->states + (start * call->steps + t) * hidden, call->steps * hidden, h, width,
                 hidden, rows);
    if (call->h)
        copy_out(call->h + start * hidden, hidden, h, width, hidden, rows);
    if (call->c && cell->has_c)
        copy_out(call->c + start * hidden, hidden, c, width, hidden, rows);
}

/* Advise huge pages for a large buffer that is about to be written for the first time: a fault on
   a page of 4 KB costs more than computing its content. This is only a hint. */
static void advise_huge_pages(real *begin, long n)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t page = 1 << 21;
    const uintptr_t from = ((uintptr_t)begin + page - 1) / page * page;
    const uintptr_t to = (uintptr_t)(begin + n) / page * page;
    if (to > from + page)
        madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
    (void)begin, (void)n;
#endif
}

/* Run the chunks call->first, ..., call->last - 1. Return -1 if memory cannot be allocated. */
static int forward_layer(const struct call *call, const struct cell *cell)
{
    const struct sizes s = sizes_of(call, cell);
    const long size = forward_workspace(call, cell);
    const long two_steps = CHUNK * saved_per_row(call, cell, 1);
    real *p = allocate(size + (call->saved ? 0 : two_steps));
    if (!p)
        return -1;
    const long per_row = saved_per_row(call, cell, call->steps);
    if (call->saved && call->first == 0)
        advise_huge_pages(call->saved, call->batch * per_row);
    const struct forward f = set_up_forward(call, cell, &s, p);
    for (long chunk = call->first; chunk < call->last; chunk++) {
        real *buffer = call->saved ? call->saved + chunk * CHUNK * per_row : p + size;
        forward_chunk(&f, chunk, buffer, call->saved != NULL);
    }
    free(p);
    return 0;
}
