"""Tables of other forms are read, or refused with the call that reads them."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy.sparse import csr_array
from torch.nn.utils.rnn import pack_sequence

from sklearn_rnn import (
    DenseRegressor,
    GRUClassifier,
    GRURegressor,
    HierarchicalAttentionClassifier,
    LagRidge,
    LagTransformer,
    TextSequencer,
    make_ar,
    make_lagged,
    sequences_from_frame,
)

RNG = np.random.default_rng(0)
LISTS = [RNG.normal(size=(n, 2)) for n in (3, 5, 2, 4, 6, 3)]
Y = RNG.normal(size=6)
NAMES = np.repeat(range(6), [len(x) for x in LISTS])
STEPS = np.concatenate([np.arange(len(x)) for x in LISTS])
LONG = pd.DataFrame(np.concatenate(LISTS), columns=["a", "b"], index=[NAMES, STEPS])
NESTED = pd.DataFrame({name: [pd.Series(x[:, k]) for x in LISTS] for k, name in enumerate("ab")})


def net(cls=GRURegressor, **parameters):
    return cls(max_epochs=3, lr_schedule="onecycle", random_state=0, **parameters)


def test_a_table_in_long_form_is_refused_with_the_call_that_reads_it():
    text = (
        "X has a MultiIndex, as tables with a row for each step have, but GRURegressor reads each "
        "row as one sequence; give sequences_from_frame(X), of sklearn_rnn, or n_channels=1 if "
        "each row is a sequence."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        net().fit(LONG, LONG["a"])
    fitted = net().fit(sequences_from_frame(LONG), Y)
    np.testing.assert_array_equal(fitted.predict(LISTS), net().fit(LISTS, Y).predict(LISTS))
    with pytest.raises(ValueError, match=r"^X has a MultiIndex"):
        fitted.predict(LONG)


def test_a_table_whose_rows_are_sequences_is_read_with_any_index():
    declared = net(n_channels=1)
    expected = declared.fit(LONG.to_numpy(), STEPS).predict(LONG.to_numpy())
    np.testing.assert_allclose(declared.fit(LONG, STEPS).predict(LONG), expected, rtol=1e-12)
    lags = LONG.set_axis(["a_lag2", "a_lag1"], axis=1)
    np.testing.assert_allclose(net().fit(lags, STEPS).predict(lags), expected, rtol=1e-12)
    rows = net(DenseRegressor).fit(LONG, STEPS).predict(LONG)  # which are no sequences there
    assert rows.shape == STEPS.shape


def test_groups_and_nested_tables_are_refused_with_the_calls_that_read_them():
    with pytest.raises(TypeError, match=r"got a DataFrameGroupBy: give sequences_from_frame\("):
        net().fit(LONG.groupby(level=0), Y)
    groups = pl.DataFrame({"a": LONG["a"].to_list(), "name": NAMES.tolist()}).group_by("name")
    with pytest.raises(TypeError, match=r"got a GroupBy: give sequences_from_frame\("):
        net().fit(groups, Y)
    text = (
        "X must hold numbers, but the cells of its column 'a' hold sequences; give a list of "
        "arrays, [np.column_stack(row) for row in X.to_numpy()], or with a row for each step "
        "sequences_from_frame(frame, by=..., time=...), of sklearn_rnn."
    )
    for cls in (GRURegressor, DenseRegressor):
        with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
            net(cls).fit(NESTED, Y)
    text = pd.DataFrame({"a": Y, "word": list("abcdef")})
    with pytest.raises(ValueError, match=r"^X must hold numbers\. In its column 'word': could not"):
        net().fit(text, Y)
    listed = [np.column_stack(row) for row in NESTED.to_numpy()]
    np.testing.assert_array_equal(listed[1], LISTS[1])


@pytest.mark.parametrize("steps", [False, True])
def test_a_column_of_lists_is_a_list_of_sequences(steps):
    y = [x[:, 0] for x in LISTS] if steps else Y
    column, targets = pl.Series([x.tolist() for x in LISTS]), y
    if steps:
        targets = pl.Series([one.tolist() for one in y])
    expected = net(return_sequences=steps).fit(LISTS, y).predict(LISTS)
    found = net(return_sequences=steps).fit(column, targets).predict(column)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "y",
    [
        [x[:, 0] > 0 for x in LISTS],
        [x[:2] > 0 for x in LISTS],
        np.array([x[:, 0] > 0 for x in LISTS], dtype=object),
        np.zeros((6, 3, 2)),
    ],
)
def test_a_target_for_each_step_names_the_parameter_that_it_needs(y):
    for cls in (GRURegressor, GRUClassifier):
        text = r"Networks take a target for each step with return_sequences=True\.$"
        with pytest.raises(ValueError, match=text):
            net(cls).fit(LISTS, y)


TEXTS = ["a fine film", "dull", "a dull plot", "fine", "the plot", "film"]
WORDS = [text.split() for text in TEXTS]


@pytest.mark.parametrize("parameters", [{}, {"embedding_dim": 3}], ids=str)
@pytest.mark.parametrize(
    "X",
    [
        *(TEXTS, tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, object), pd.Series(TEXTS)),
        *(pl.Series(TEXTS), WORDS, [np.array(words) for words in WORDS]),
    ],
    ids=lambda X: type(X).__name__,
)
def test_texts_are_refused_with_what_makes_tokens_of_them(X, parameters):
    text = "X holds texts, but GRURegressor reads numbers; TextSequencer makes tokens of texts, "
    fix = "make_pipeline(TextSequencer(), GRURegressor(embedding_dim=32))."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}.*{re.escape(fix)}$"):
        net(**parameters).fit(X, Y)
    if not parameters:
        with pytest.raises(ValueError, match=r"TextSequencer.*GRUClassifier\(embedding_dim=32\)"):
            net(DenseRegressor).fit(X, Y)


def test_documents_and_texts_are_each_refused_with_the_network_that_reads_them():
    documents = TextSequencer(sentence_end=r" ", token_pattern=".").fit_transform(TEXTS)
    text = "X must hold one token at each step, but GRURegressor got several; .* HierarchicalAtt"
    with pytest.raises(ValueError, match=f"^{text}"):
        net(embedding_dim=3).fit(documents, Y)
    tokens = TextSequencer().fit_transform(TEXTS)
    with pytest.raises(ValueError, match=r"TextSequencer\(sentence_end=.*; GRUClassifier\("):
        HierarchicalAttentionClassifier().fit(tokens, Y > 0)
    with pytest.raises(ValueError, match=r"Tokens are read by .* such as GRUClassifier\.$"):
        net(DenseRegressor, embedding_dim=3).fit(tokens, Y)


def test_a_list_of_tables_is_refused_with_both_ways_out():
    tables = [pd.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]}) for _ in Y]
    with pytest.raises(TypeError, match=r"got tables: give \[table\.to_numpy.*sequences_from_fra"):
        net().fit(tables, Y)


def test_a_table_that_polars_has_yet_to_read_is_refused_with_the_call_that_reads_it():
    lazy = pl.DataFrame({"a": Y, "b": Y}).lazy()
    fitted = net().fit(lazy.collect(), Y)
    for call in (
        lambda: net().fit(lazy, Y),
        lambda: fitted.predict(lazy),
        lambda: DenseRegressor().fit(lazy, Y),
        lambda: LagRidge().fit(lazy, Y),
        lambda: LagTransformer(2).fit(lazy),
        lambda: make_lagged(lazy, Y, 2),
        lambda: make_ar(2).fit(lazy, Y),
    ):
        with pytest.raises(TypeError, match=r"LazyFrame: give X\.collect\(\)\.$"):
            call()


def test_sparse_tokens_are_refused_in_words():
    tokens = csr_array(np.eye(6, dtype=int))
    with pytest.raises(TypeError, match="Sparse data was passed for X"):
        net(embedding_dim=2).fit(tokens, Y)


CONTAINERS = {
    "dict": (dict(enumerate(LISTS)), "list(X.values())"),
    "generator": ((x for x in LISTS), "list(X)"),
    "PackedSequence": (
        pack_sequence([torch.tensor(x) for x in LISTS], enforce_sorted=False),
        "torch.nn.utils.rnn.unpack_sequence(X)",
    ),
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_other_containers_are_refused_with_the_call_that_makes_a_list(kind):
    X, how = CONTAINERS[kind]
    text = f"X must hold sequences; got a {kind}: give {how}."
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        net().fit(X, Y)
    if kind != "generator":
        made = eval(how, {"X": X, "torch": torch})
        np.testing.assert_allclose(
            net().fit(made, Y).predict(LISTS), net().fit(LISTS, Y).predict(LISTS)
        )


# torch warns of its own prototype when one is made.
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
def test_nested_tensors_are_refused_with_the_call_that_makes_a_list():
    X = torch.nested.nested_tensor([torch.tensor(x) for x in LISTS])
    with pytest.raises(TypeError, match=r"got a Tensor: give list\(X\.unbind\(\)\)\.$"):
        net().fit(X, Y)
    assert len(net().fit(list(X.unbind()), Y).predict(LISTS)) == 6


def test_lists_in_cells_of_polars_are_refused_with_the_column():
    X = pl.DataFrame({"a": [x[:, 0].tolist() for x in LISTS]})
    with pytest.raises(
        TypeError, match=r"its column 'a' hold sequences; give this column alone, X"
    ):
        net().fit(X, Y)
    assert len(net().fit(X["a"], Y).predict(X["a"])) == 6


def test_pairs_of_names_and_tables_and_long_targets_name_sequences_from_frame():
    with pytest.raises(TypeError, match=r"got tables: .*sequences_from_frame\(frame\)"):
        net().fit(list(LONG.groupby(level=0)), Y)
    with pytest.raises(ValueError, match=r"^X has a MultiIndex.*give sequences_from_frame\(X\)"):
        net().fit(LONG["a"], STEPS)
    with pytest.raises(ValueError, match=r"got the shape \(23,\).*sequences_from_frame\(y\)"):
        net(return_sequences=True).fit(LISTS, LONG["a"])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_table_of_one_column_of_texts_names_text_sequencer(frame):
    with pytest.raises(
        ValueError, match=r"^X holds texts, .*make_pipeline\(TextSequencer\(\), GRUC"
    ):
        net(GRUClassifier).fit(frame({"text": ["a b", "c", "d e", "f", "g", "h i"]}), [0, 1] * 3)
    numbers = frame({"x": ["1.5", "2", "3", "4", "5", "6"]})
    if frame is pd.DataFrame:
        assert len(net().fit(numbers, Y).predict(numbers)) == 6
    with pytest.raises(ValueError, match=r"^(?!X holds texts)"):
        net().fit(frame({"day": ["2020-01-01"] * 6}), Y)
