"""Methods that a parameter takes away: the error is that of the check."""

import pytest

from sklearn_rnn import GRUClassifier, LagTransformer


@pytest.mark.parametrize(
    ("without", "name", "fix"),
    [
        (GRUClassifier(), "attention_weights", {"pooling": "attention"}),
        (LagTransformer(), "get_feature_names_out", {"flatten": True}),
    ],
)
def test_a_method_that_there_is_not_names_the_parameter_to_set(without, name, fix):
    with pytest.raises(AttributeError, match=next(iter(fix))):
        getattr(without, name)
    assert not hasattr(without, name)
    method = getattr(without.set_params(**fix), name)
    assert method.__self__ is without
    of_class = getattr(type(without), name)
    assert method.__doc__ == of_class.__doc__
    assert of_class.__name__ == name
