/* A convolution along the steps, forward and backward, with max(0, .) and max pooling after it,

       h_t = b + sum over the taps j of W_j x_(t stride + offset + j dilation)

   as one product for all taps: the rows that successive taps read are adjacent in memory, unless
   the convolution is dilated, so that a row of the product is a window of x, and nothing is copied
   for each tap. What a chunk of outputs reads of x is copied once, with zeros outside of x.

   Rows of a product are the steps of a sequence, or one step of each sequence where there are
   many sequences of few steps: tiles are then full. The results are the same bits.

   Pooling needs no max(0, .) before it: the largest value of a pool is at least zero. Backward, the
   gradient of a pool is that of its first largest value, if it is positive.
*/
#include "conv.h"

/* Pack the weights of all taps into panels of columns of W', tap after tap. */
static void pack_forward(real *pack, const struct conv *c, const struct sizes *s)
{
    memset(pack, 0, packed(c->outputs) * s->height * sizeof(real));
    for (long o = 0; o < c->outputs; o++) {
        real *to = pack + o / PANEL_WIDTH * s->height * PANEL_WIDTH + o % PANEL_WIDTH;
        for (long i = 0; i < c->inputs; i++)
            for (long j = 0; j < c->taps; j++)
                to[(j * c->inputs + i) * PANEL_WIDTH] = c->w[(o * c->inputs + i) * c->taps + j];
    }
}

/* z = bias + the convolution of what was copied to x. */
static void convolve(const struct conv *c, const struct sizes *s, const real *x, const real *pack,
                     const real *bias, long seqs, long steps, real *z, long z_seq)
{
    const int along = runs_along_sequences(seqs, steps), apart = c->dilation > 1;
    const long x_step = c->stride * c->inputs, count = apart ? c->taps : 1;
    const long length = apart ? c->inputs : s->height;
    struct product p = {
        .c_row = along ? z_seq : s->width, .rows = along ? seqs : steps,
        .vectors = in_vectors(c->outputs), .b_row = PANEL_WIDTH, .b_panel = PANEL_WIDTH * s->height,
    };
    for (long i = 0; i < (along ? steps : seqs); i++) {
        const real *a = x + i * (along ? x_step : s->x_seq);
        p.c = z + i * (along ? s->width : z_seq);
        p.start = bias, p.start_row = 0;
        for (long j = 0; j < count; j += p.n_factors) {
            p.n_factors = count - j < MAX_FACTORS ? count - j : MAX_FACTORS;
            for (long k = 0; k < p.n_factors; k++)
                p.factors[k] = (struct factor){a + (j + k) * c->dilation * c->inputs,
                                               along ? s->x_seq : x_step,
                                               pack + (j + k) * length * PANEL_WIDTH, length};
            product(&p);
            p.start = p.c, p.start_row = p.c_row;
        }
    }
}

/* Store max(0, .) of n rows of z in themselves. */
static void rectify(real *z, long n)
{
    for (real *end = z + n; z < end; z += LANES)
        store(z, vec_max((vec){0}, load(z)));
}

/* Store the outputs of some steps from t on, those of a sequence from z on, in y. */
static void store_pools(const struct conv *c, const struct sizes *s, real *z, long row, long t,
                        long steps, real *of_pool)
{
    const long pools = (c->out_steps + c->pool - 1) / c->pool, n = c->outputs;
    real *y = c->y + (row * pools + t / c->pool) * n;
    const long valid = c->lengths ? MAX(c->lengths[row] - t, 0) : steps;
    if (valid < steps)
        memset(z + valid * s->width, 0, (steps - valid) * s->width * sizeof(real));
    if (c->pool == 1) {
        if (c->rectifies)
            rectify(z, steps * s->width);
        if (y != z)
            copy_out(y, n, z, s->width, n, steps);
        return;
    }
    for (long i = 0; i < steps; i += c->pool, y += n) {
        const long size = steps - i < c->pool ? steps - i : c->pool;
        real *to = n == s->width ? y : of_pool;
        for (long k = 0; k < s->width; k += LANES) {
            vec most = (vec){0};
            intvec is_nan = {0};
            for (long j = i; j < i + size; j++) {
                const vec value = load(z + j * s->width + k);
                most = vec_max(most, value), is_nan |= value != value;
            }
            store(to + k, blend(is_nan, (vec)is_nan, most));
        }
        if (to != y)
            memcpy(y, to, n * sizeof(real));
    }
}

/* Run the chunks c->first, ..., c->last - 1: those of the steps of some sequences, then of the
   next. Return -1 if memory cannot be allocated. */
int EXPORT(conv_forward)(const struct conv *c)
{
    const struct sizes s = sizes_of(c, 0);
    const long n_pack = packed(c->outputs) * s.height, n_bias = packed(c->outputs);
    const long z_seq = s.steps * s.width, of_sequence = (c->out_steps + s.steps - 1) / s.steps;
    real *pack = allocate(n_pack + n_bias + s.seqs * (s.x_seq + z_seq) + s.width);
    if (!pack)
        return -1;
    real *bias = pack + n_pack, *x = bias + n_bias, *buffer = x + s.seqs * s.x_seq;
    real *of_pool = buffer + s.seqs * z_seq;
    pack_forward(pack, c, &s);
    copy_in(bias, n_bias, c->b, 0, c->outputs, 1);
    real *whole = c->h ? c->h : c->pool == 1 && s.width == c->outputs ? c->y : NULL;
    for (long chunk = c->first; chunk < c->last; chunk++) {
        const long start = chunk / of_sequence * s.seqs, t = chunk % of_sequence * s.steps;
        const long left = c->batch - start, seqs = left < s.seqs ? left : s.seqs;
        const long steps = c->out_steps - t < s.steps ? c->out_steps - t : s.steps;
        const long span = (steps - 1) * c->stride + (c->taps - 1) * c->dilation + 1;
        real *z = whole ? whole + (start * c->out_steps + t) * s.width : buffer;
        const long seq = whole ? c->out_steps * s.width : z_seq;
        copy_steps(c, &s, x, start, seqs, t * c->stride + c->offset, span);
        convolve(c, &s, x, pack, bias, seqs, steps, z, seq);
        for (long i = 0; i < seqs; i++)
            store_pools(c, &s, z + i * seq, start + i, t, steps, of_pool);
    }
    free(pack);
    return 0;
}

#include "conv_backward.h"

/* Sum the gradients of all groups in order, and write them in torch's layout. */
void EXPORT(conv_sum)(const struct conv *c)
{
    const struct sizes s = sizes_of(c, 1);
    const long size = (s.height + 1) * s.width;
    for (long group = 1; group < groups_of(c->batch); group++)
        add(c->partial, c->partial + group * size, size);
    for (long o = 0; o < c->outputs; o++)
        for (long i = 0; i < c->inputs; i++)
            for (long j = 0; j < c->taps; j++)
                c->dw[(o * c->inputs + i) * c->taps + j] =
                    c->partial[(j * c->inputs + i) * s.width + o];
    memcpy(c->db, c->partial + s.height * s.width, c->outputs * sizeof(real));
}

/* Run the rows c->first, ..., c->last - 1, and sum the groups if those are all rows. Return -1 if
   memory cannot be allocated. */
int EXPORT(conv_backward)(const struct conv *c)
{
    const struct sizes s = sizes_of(c, 1);
    const long n_back = c->dx ? c->taps * packed(c->inputs) * c->outputs : 0;
    const long per_seq = s.x_seq + s.dz_seq + (c->dx ? s.dx_seq : 0);
    real *p = allocate(n_back + s.seqs * per_seq + 2 * s.width);
    if (!p)
        return -1;
    struct backward b = {.c = c, .s = &s, .back = p, .x = p + n_back};
    b.dz = b.x + s.seqs * s.x_seq, b.rows[0] = b.dz + s.seqs * s.dz_seq;
    b.rows[1] = b.rows[0] + s.width, b.dx = b.rows[1] + s.width;
    if (c->dx)
        pack_backward(b.back, c);
    for (b.start = c->first; b.start < c->last; b.start += b.seqs) {
        const long group = group_of(c->batch, b.start);
        for (b.seqs = 1; b.seqs < s.seqs && b.start + b.seqs < c->last; b.seqs++)
            if (group_of(c->batch, b.start + b.seqs) != group)
                break;
        const int begins = begins_group(c->batch, b.start);
        real *dw = c->partial + group * (s.height + 1) * s.width, *db = dw + s.height * s.width;
        copy_steps(c, &s, b.x, b.start, b.seqs, c->offset, s.span);
        if (begins)
            memset(db, 0, s.width * sizeof(real));
        for (long i = 0; i < b.seqs; i++) {
            outputs_backward(&b, b.start + i, b.dz + i * s.dz_seq);
            add_rows(db, b.dz + i * s.dz_seq, s.dz_row, s.steps, s.width);
        }
        for (long j = 0; j < (c->dilation > 1 ? c->taps : 1); j++)
            weights_backward(&b, j, dw + j * c->inputs * s.width, begins);
        if (c->dx)
            inputs_backward(&b);
    }
    free(p);
    if (c->first == 0 && c->last == c->batch)
        PASTE(conv_sum, VARIANT)(c);
    return 0;
}

/* The number of chunks of a forward pass, and of elements of c->partial. */
void EXPORT(conv_sizes)(const struct conv *c, int64_t *chunks, int64_t *partial)
{
    const struct sizes s = sizes_of(c, 0);
    *chunks = (c->batch + s.seqs - 1) / s.seqs * ((c->out_steps + s.steps - 1) / s.steps);
    *partial = groups_of(c->batch) * (s.height + 1) * s.width;
}
