"""Recurrent and dense layers in C, forward and backward over a batch in one call.

In C:

* `simd.h`, `matmul.h`, `activations.h`: vectors, the matrix product, tanh and logistic functions;
* `chunks.h`: rows in chunks, and chunks in groups;
* `layer.h` with `forward.h` and `backward.h`: a layer with any cell;
* `fused_training.h`: the losses, and the loop over batches with steps of `optimizer.h`, `.c`;
* `recurrent_training.h`: layers with their head, for that loop; `segments.h`: a layer over the
  steps, in segments where memory would not suffice; `head.h`: the head;
* `rnn.c`, `lstm.c`, `gru.c`: the cells; `exports.h` defines what each of them exports;
* `dense.h`, `dense.c`: a dense network, for the same loop, with the activations of
  `dense_activations.h`;
* `cpu_dispatch.c`: the instruction sets of the CPU; `activations.c`: activations for the tests.

In Python:

* `loader`: loads the compiled library, if it was built and is not turned off;
* `layer`, `training`, `dense`: its functions as torch operations; `threads`: what runs them.

`hatch_build.py` in the root of the repository compiles them.
"""
