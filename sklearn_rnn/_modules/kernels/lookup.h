/* Steps that are looked up in a table, see `struct lookup`; part of layer.h. */

INLINE int64_t token_at(const struct lookup *l, long row, long t)
{
    return l->tokens[row * l->row + t];
}

/* Fetch the rows of a step into the cache. */
INLINE void prefetch_rows(const struct lookup *l, const real *rows, long start, long n, long t)
{
    const int64_t *tokens = l->tokens + start * l->row + t;
    const long columns = l->columns, row = l->row, line = 64 / sizeof(real);
    for (long i = 0; i < n; i++) {
        const real *at = rows + tokens[i * row] * columns;
        for (long j = 0; j < columns; j += line)
            __builtin_prefetch(at + j);
    }
}

/* Copy the rows of step t to z. */
INLINE void look_up(const struct lookup *l, real *z, long z_row, long start, long n, long t)
{
    const int64_t *tokens = l->tokens + start * l->row + t;
    const long columns = l->columns, row = l->row;
    const real *table = l->table;
    for (long i = 0; i < n; i++, z += z_row) {
        const real *from = table + tokens[i * row] * columns;
        for (long j = 0; j < columns; j += LANES)
            store(z + j, load(from + j));
    }
}

INLINE real *gradient_of(const struct lookup *l, long group)
{
    return l->gradient + group * l->n_rows * l->columns;
}

/* Begin the gradient of a group. */
INLINE void clear_gradient(const struct lookup *l, long group)
{
    if (l->tokens)
        memset(l->found + group * l->n_rows, 0, l->n_rows);
}

/* Add the gradient dz of an affine map to that of its row in a group. */
INLINE void add_to_row(const struct lookup *l, long group, int64_t token, const real *dz)
{
    uint8_t *found = l->found + group * l->n_rows + token;
    real *to = gradient_of(l, group) + token * l->columns;
    if (*found)
        add(to, dz, l->columns);
    else
        memcpy(to, dz, l->columns * sizeof(real));
    *found = 1;
}

/* Sum the gradients of the groups, in order, into the first; zeros where there are none. */
static void sum_gradients(const struct lookup *l, long groups)
{
    for (long token = 0; l->tokens && token < l->n_rows; token++) {
        real *sum = l->gradient + token * l->columns;
        int any = l->found[token];
        for (long group = 1; group < groups; group++) {
            if (!l->found[group * l->n_rows + token])
                continue;
            const real *from = gradient_of(l, group) + token * l->columns;
            if (any)
                add(sum, from, l->columns);
            else
                memcpy(sum, from, l->columns * sizeof(real));
            any = 1;
        }
        if (!any)
            memset(sum, 0, l->columns * sizeof(real));
    }
}
