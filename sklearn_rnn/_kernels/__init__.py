"""Recurrent layers in C: one operation a layer, forward and backward, over all steps of a batch.

* `simd.h`, `matmul.h`, `activations.h`: numbers, the matrix product, tanh and logistic;
* `layer.h` with `forward.h` and `backward.h`: a layer of any cell;
* `fused_training.h`: a layer with head, loss and, by `adam.h` and `adam.c`, Adam;
* `rnn.c`, `lstm.c`, `gru.c`: the cells; `exports.h` is what each of them exports;
* `cpu_dispatch.c`: the instructions that there are; `activations.c`: for the tests;
* `loader.py`: the compiled library, if it was built and is wanted.

`hatch_build.py` in the root of the repository compiles them. `_modules/kernels/layer.py` wraps them
as torch operations.
"""
