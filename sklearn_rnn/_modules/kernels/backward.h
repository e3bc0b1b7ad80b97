/* The backward pass; part of layer.h. */

/* What the backward pass of one chunk works on. */
struct backward {
    const struct call *call;
    const struct cell *cell;
    const struct sizes *s;
    struct buffers m;
    long start, rows, steps;
    long first; /* the step with which the buffers begin */
    const real *pack_in, *pack_state; /* weights */
    real *dz;     /* SPAN x rows x dz_row */
    real *dh, *dc, *dh_skip, *mask, *incoming; /* rows x width */
    real *dx_rows; /* rows x input_width */
    struct view d_states, dx;
    real *partial;
    long group;
};

/* out = start + dz W, summed over all units of all gates; `last` is the column, in widths, of the
   last gate in dz. */
static void multiply_by_weights(const struct backward *b, const real *dz, long last,
                                const real *pack, real *out, long out_row, const real *start)
{
    const long gates = b->cell->gates, hidden = b->call->hidden, width = b->s->width;
    struct product p = {
        .c = out, .c_row = out_row, .start = start, .start_row = out_row, .rows = b->rows,
        .vectors = out_row / LANES,
        .b_row = PANEL_WIDTH, .b_panel = gates * hidden * PANEL_WIDTH, .n_factors = gates,
    };
    for (long gate = 0; gate < gates; gate++) {
        const long column = gate == gates - 1 ? last : gate;
        p.factors[gate] = (struct factor){dz + column * width, b->s->dz_row,
                                          pack + gate * hidden * PANEL_WIDTH, hidden};
    }
    product(&p);
}

/* Add the gradients of the parameters from the steps t, ..., t + count - 1. */
static void add_parameter_gradients(const struct backward *b, long t, long count)
{
    const struct call *call = b->call;
    const struct sizes *s = b->s;
    const long rows = b->rows, split = b->cell->split, step = rows * s->dz_row;
    const real *h = call->mask ? b->m.masked : b->m.h;
    real *dw_in = b->partial, *dw_state = dw_in + call->inputs * s->columns;
    real *db = dw_state + call->hidden * s->columns;
    struct product p = {
        .c = dw_in, .c_row = s->columns, .start = dw_in, .start_row = s->columns,
        .rows = call->inputs, .vectors = b->cell->gates * s->vectors,
        .b_row = s->dz_row, .b_panel = PANEL_WIDTH, .n_factors = count,
    };
    for (long i = 0; i < count && call->inputs; i++) {
        const real *x = call->x + b->start * call->x_batch + (t + i) * call->x_step;
        p.factors[i] = (struct factor){x, call->x_batch, b->dz + i * step, rows};
    }
    product_by_columns(&p);
    p.c = dw_state, p.start = dw_state, p.rows = call->hidden, p.n_factors = 1;
    p.vectors -= split * s->vectors;
    const long zero = t == 0 && !call->h0; /* the first step started from zeros */
    p.factors[0] = (struct factor){h + (t - b->first + zero) * b->m.h_step, s->width,
                                   b->dz + zero * step, (count - zero) * rows};
    product_by_columns(&p);
    if (split) { /* the state part of the last gate lies one width further right */
        const long done = p.vectors * LANES;
        p.c += done, p.start += done, p.vectors = s->vectors;
        p.factors[0].b += done + s->width;
        product_by_columns(&p);
    }
    add_rows(db, b->dz, s->dz_row, count * rows, s->columns + split * s->width);
}

/* Add dz to the gradients of the rows of the table that step t reads. */
static void add_table_gradients(const struct backward *b, long t, const real *dz)
{
    const struct lookup *l = &b->call->lookup;
    for (long i = 0; i < b->rows; i++, dz += b->s->dz_row)
        if (is_valid(b->call, b->start + i, t))
            add_to_row(l, b->group, token_at(l, b->start + i, t), dz);
    if (t > b->first)
        prefetch_rows(l, gradient_of(l, b->group), b->start, b->rows, t - 1);
}

/* Add the gradient of the states that are read after step t to dh. */
static void add_incoming(const struct backward *b, long t)
{
    const long width = b->s->width;
    const real *from = b->d_states.at + t * b->d_states.step;
    copy_in(b->incoming, width, from, b->d_states.row, b->call->hidden, b->rows);
    add(b->dh, b->incoming, b->rows * width);
}

/* Compute the gradient dz of the affine maps at step t from that of the states after step t. */
static void cell_backward(const struct backward *b, long t, real *dz)
{
    const struct call *call = b->call;
    const struct cell *cell = b->cell;
    const long width = b->s->width, dz_row = b->s->dz_row, slot = t - b->first;
    const real *h_old = b->m.h + slot * b->m.h_step, *h = h_old + b->m.h_step;
    const real *c_old = b->m.c + slot * b->m.h_step, *kept = b->m.kept + slot * b->m.kept_step;
    if (b->d_states.at)
        add_incoming(b, t);
    for (long i = 0; i < b->rows; i++) {
        const long at = i * width;
        if (is_valid(call, b->start + i, t)) {
            if (call->lengths)
                memset(b->dh_skip + at, 0, width * sizeof(real));
            cell->backward(width, kept + at * cell->kept, h_old + at, h + at, c_old + at,
                           b->dh + at, b->dc + at, dz + i * dz_row, b->dh_skip + at);
            continue;
        }
        memset(dz + i * dz_row, 0, dz_row * sizeof(real));
        memcpy(b->dh_skip + at, b->dh + at, width * sizeof(real)); /* the state was held */
    }
}

/* Compute the gradients of the previous state and of x from dz, that of the affine maps at t. */
static void affine_backward(const struct backward *b, long t, const real *dz)
{
    const struct call *call = b->call;
    const long split = b->cell->split, last = b->cell->gates - 1, n = b->rows * b->s->width;
    if (t > 0 || call->dh0) {
        const real *dh_skip = split || call->lengths ? b->dh_skip : NULL;
        multiply_by_weights(b, dz, last + split, b->pack_state, b->dh, b->s->width,
                            call->mask ? NULL : dh_skip);
        if (call->mask)
            multiply(b->dh, b->dh, b->mask, n);
        if (call->mask && dh_skip)
            add(b->dh, dh_skip, n);
    }
    if (b->dx.at) {
        multiply_by_weights(b, dz, last, b->pack_in, b->dx_rows, b->s->input_width, NULL);
        copy_out(b->dx.at + t * b->dx.step, b->dx.row, b->dx_rows, b->s->input_width, call->inputs,
                 b->rows);
    }
}

/* Return rows (steps, n) of a batch from the first of a chunk on. */
static struct view view_of_batch(const struct call *call, real *at, long start, long n)
{
    const long row = call->steps * n;
    return (struct view){at ? at + start * row : NULL, row, n};
}

/* Start on a chunk whose saved states are in `buffer`. */
static void begin_chunk(struct backward *b, long chunk, real *buffer)
{
    const struct call *call = b->call;
    b->start = chunk * CHUNK;
    b->rows = rows_of_chunk(call->batch, chunk);
    b->steps = steps_of_chunk(call, b->start, b->rows), b->first = 0;
    b->group = group_of(call->batch, chunk);
    b->partial = call->partial + b->group * b->s->partial;
    b->m = buffers_at(buffer, call, b->cell, b->rows, call->steps);
    b->d_states = view_of_batch(call, (real *)call->d_states, b->start, call->hidden);
    b->dx = view_of_batch(call, call->dx, b->start, call->inputs);
    if (call->mask)
        copy_in(b->mask, b->s->width, call->mask + b->start * call->hidden, call->hidden,
                call->hidden, b->rows);
}

/* Compute all gradients from the steps b->first, ..., last - 1, the last ones that are left. */
static void backward_steps(const struct backward *b, long last)
{
    const long dz_step = b->rows * b->s->dz_row;
    for (long end = last; end > b->first; end -= SPAN) {
        const long begin = MAX(end - SPAN, b->first);
        for (long t = end - 1; t >= begin; t--) {
            real *dz = b->dz + (t - begin) * dz_step;
            cell_backward(b, t, dz);
            affine_backward(b, t, dz);
            if (b->call->lookup.tokens)
                add_table_gradients(b, t, dz);
        }
        add_parameter_gradients(b, begin, end - begin);
    }
}

/* Compute all gradients of a chunk from dh and dc, those of its last states. */
static void backward_chunk(const struct backward *b)
{
    const struct call *call = b->call;
    const long hidden = call->hidden, width = b->s->width, at = b->start * hidden;
    for (long t = b->steps; b->d_states.at && t < call->steps; t++)
        add_incoming(b, t); /* after the last step the state is a copy of the last */
    for (long t = b->steps; b->dx.at && t < call->steps; t++)
        for (long i = 0; i < b->rows; i++)
            memset(b->dx.at + i * b->dx.row + t * b->dx.step, 0, call->inputs * sizeof(real));
    backward_steps(b, b->steps);
    if (call->dh0)
        copy_out(call->dh0 + at, hidden, b->dh, width, hidden, b->rows);
    if (call->dc0)
        copy_out(call->dc0 + at, hidden, b->dc, width, hidden, b->rows);
}

/* Transpose `from`, (inner, columns) with padded gates, to `to`, (gates * hidden, inner). */
static void unpack_transposed(real *to, const real *from, long inner, const struct sizes *s,
                              long gates, long hidden)
{
    for (long gate = 0; gate < gates; gate++)
        for (long unit = 0; unit < hidden; unit++, to += inner)
            for (long k = 0; k < inner; k++)
                to[k] = from[k * s->columns + gate * s->width + unit];
}

/* Write the gradients of the parameters in torch's layout. */
static void unpack_gradients(const struct call *call, const struct cell *cell,
                             const struct sizes *s, const real *sum)
{
    const long hidden = call->hidden;
    const real *state = sum + call->inputs * s->columns, *bias = state + hidden * s->columns;
    unpack_transposed(call->dw_in, sum, call->inputs, s, cell->gates, hidden);
    unpack_transposed(call->dw_state, state, hidden, s, cell->gates, hidden);
    for (long gate = 0; gate < cell->gates; gate++) {
        const real *from = bias + gate * s->width;
        const long further = gate == cell->gates - 1 ? cell->split * s->width : 0;
        memcpy(call->db_in + gate * hidden, from, hidden * sizeof(real));
        memcpy(call->db_state + gate * hidden, from + further, hidden * sizeof(real));
    }
}

/* Sum the groups in order and write the gradients. */
static void sum_groups(const struct call *call, const struct cell *cell)
{
    const struct sizes s = sizes_of(call, cell);
    for (long group = 1; group < groups_of(call->batch); group++)
        add(call->partial, call->partial + group * s.partial, s.partial);
    unpack_gradients(call, cell, &s, call->partial);
    sum_gradients(&call->lookup, groups_of(call->batch));
}

/* Return the number of elements of workspace that `set_up_backward` needs. */
static long backward_workspace(const struct call *call, const struct cell *cell)
{
    const struct sizes s = sizes_of(call, cell);
    const long height = cell->gates * call->hidden;
    const long pack_state = in_panels(s.vectors) * PANEL_WIDTH * height;
    const long pack_in = in_panels(s.input_width / LANES) * PANEL_WIDTH * height;
    const long rows = SPAN * s.dz_row + 5 * s.width + (call->dx ? s.input_width : 0);
    return pack_state + (call->dx ? pack_in : 0) + CHUNK * rows;
}

static struct backward set_up_backward(const struct call *call, const struct cell *cell,
                                       const struct sizes *s, real *workspace)
{
    const long height = cell->gates * call->hidden, state = CHUNK * s->width;
    struct backward b = {.call = call, .cell = cell, .s = s};
    b.pack_state = workspace, b.dz = workspace + in_panels(s->vectors) * PANEL_WIDTH * height;
    b.dh = b.dz + SPAN * CHUNK * s->dz_row, b.dc = b.dh + state, b.dh_skip = b.dc + state;
    b.mask = b.dh_skip + state, b.incoming = b.mask + state, b.dx_rows = b.incoming + state;
    pack_straight(workspace, call->w_state, call->hidden, height);
    if (call->dx) {
        real *pack_in = b.dx_rows + CHUNK * s->input_width;
        b.pack_in = pack_in;
        pack_straight(pack_in, call->w_in, call->inputs, height);
    }
    return b;
}

/* Run the chunks call->first, ..., call->last - 1, and sum the groups if those are all chunks.
   Return -1 if memory cannot be allocated. */
static int backward_layer(const struct call *call, const struct cell *cell)
{
    const struct sizes s = sizes_of(call, cell);
    const long hidden = call->hidden, per_row = saved_per_row(call, cell, call->steps);
    real *p = allocate(backward_workspace(call, cell));
    if (!p)
        return -1;
    struct backward b = set_up_backward(call, cell, &s, p);
    for (long chunk = call->first; chunk < call->last; chunk++) {
        begin_chunk(&b, chunk, call->saved + chunk * CHUNK * per_row);
        if (begins_group(call->batch, chunk)) {
            memset(b.partial, 0, s.partial * sizeof(real));
            clear_gradient(&call->lookup, b.group);
        }
        const long at = b.start * hidden;
        copy_in(b.dh, s.width, call->d_h ? call->d_h + at : NULL, hidden, hidden, b.rows);
        copy_in(b.dc, s.width, call->d_c ? call->d_c + at : NULL, hidden, hidden, b.rows);
        backward_chunk(&b);
    }
    free(p);
    if (call->first == 0 && call->last * CHUNK >= call->batch)
        sum_groups(call, cell);
    return 0;
}
