/* The functions that a cell file exports; included at its end, where CELLS and NAME are defined.

   forward, backward: run the chunks call->first, ..., call->last - 1; return 0, or -1 if memory
      cannot be allocated.
   sum: sum the gradients of all groups after they were run in more than one call.
   train: run all batches; more than one only without lengths and dx.
   train_part, train_sum: run some groups of chunks of a batch; then finish the batch.
   sizes: the number of elements that a backward call needs in call->saved and call->partial.
   train_sizes: the number that a training call needs in training.partial, and that it allocates
      in each thread.
*/
#include "recurrent_training.h"

#define ENTRY(what) EXPORT(PASTE(NAME, what))

int ENTRY(forward)(const struct call *call) { return forward_layer(call, &CELLS[call->option]); }
int ENTRY(backward)(const struct call *call) { return backward_layer(call, &CELLS[call->option]); }
void ENTRY(sum)(const struct call *call) { sum_groups(call, &CELLS[call->option]); }

int ENTRY(train)(const struct recurrent *net)
{
    const struct of_cell of_cell = {net, &CELLS[net->option]};
    return run_batches(&net->training, &RECURRENT, &of_cell);
}

int ENTRY(train_part)(const struct recurrent *net)
{
    const struct of_cell of_cell = {net, &CELLS[net->option]};
    return run_part(&net->training, &RECURRENT, &of_cell);
}

void ENTRY(train_sum)(const struct recurrent *net)
{
    const struct of_cell of_cell = {net, &CELLS[net->option]};
    finish_parts(&net->training, &RECURRENT, &of_cell);
}

void ENTRY(sizes)(const struct call *call, int64_t *saved, int64_t *partial)
{
    const struct cell *cell = &CELLS[call->option];
    *saved = call->batch * saved_per_row(call, cell, call->steps);
    *partial = groups_of(call->batch) * sizes_of(call, cell).partial;
}

void ENTRY(train_sizes)(const struct recurrent *net, int64_t *partial, int64_t *workspace)
{
    const struct of_cell of_cell = {net, &CELLS[net->option]};
    *partial = groups_of(net->training.batch) * size_of_gradients(&of_cell);
    *workspace = recurrent_workspace(&of_cell);
}
