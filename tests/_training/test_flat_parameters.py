"""The parameters of a module as one vector."""

import warnings

from torch import nn

from sklearn_rnn._training.flat_parameters import new_vector, parameters_as_views


def test_filters_of_warnings_are_left_alone_for_other_threads():
    module, before = nn.LSTM(2, 3), list(warnings.filters)
    with parameters_as_views(new_vector(module), module):
        assert warnings.filters == before
    assert warnings.filters == before
