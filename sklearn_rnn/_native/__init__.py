"""Recurrent layers in C: one operation a layer, forward and backward, over all steps of a batch.

* `vectors.h`, `matmul.h`, `activations.h`: numbers, the matrix product, tanh and logistic;
* `layer.h` with `forward.h` and `backward.h`: a layer of any cell;
* `training.h`: a layer with head, loss and, by `adam.h` and `adam.c`, Adam;
* `elman.c`, `lstm.c`, `gru.c`: the cells; `entries.h` is what each of them exports;
* `machine.c`: the instructions that there are; `activations.c`: for the tests;
* `library.py`: the compiled library, if it was built and is wanted.

`hatch_build.py` in the root of the repository compiles them. `sklearn_rnn/_modules/native.py` is
what torch sees of them.
"""
