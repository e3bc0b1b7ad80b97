"""The networks, in torch alone: how a batch of sequences becomes a batch of outputs.

Every module is built as ``Module(n_channels, n_steps, n_outputs, *, <architecture>)`` and called as
``module(x, lengths=None)``:

* ``x`` of shape (batch, n_steps, n_channels), oldest step first;
* ``lengths`` of shape (batch,), int64: row i is valid in its first ``lengths[i]`` steps and padded
  after them; what the padding holds has no effect. ``None`` means that every step is valid;
* the result has shape (batch, n_outputs).

Networks of tokens read x of dtype int64 instead, where 0 is padding, see `embedding`. With
``return_sequences`` the result has shape (batch, n_steps, n_outputs).

`SequenceModule` is their interface. `parameters` says which of their parameters are penalised.
"""
