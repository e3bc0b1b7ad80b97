"""Metadata of splitters, in all models that choose their penalty by cross-validation."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline

from sklearn_rnn import (
    CompleteRows,
    LagElasticNetCV,
    LagLogisticCV,
    LagPoissonCV,
    LagRidgeCV,
    LagTransformer,
)

MODELS = [LagRidgeCV, LagElasticNetCV, LagLogisticCV, LagPoissonCV]


def data():
    rng = np.random.default_rng(0)
    windows, groups = rng.normal(size=(120, 2, 1)), rng.permutation(np.repeat(np.arange(6), 20))
    return windows, (windows[:, 1, 0] + rng.normal(size=120) > 0).astype(float), groups


def path(model):
    return model.mse_path_ if hasattr(model, "mse_path_") else model.deviance_path_


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_groups_are_routed_to_the_splitter(model, weighted):
    windows, y, groups = data()
    weight = np.arange(120.0) if weighted else None
    model = model(alphas=3, cv=GroupKFold(3))
    with config_context(enable_metadata_routing=True):
        requested = model.set_fit_request(sample_weight=True)
        routed = requested.fit(windows, y, sample_weight=weight, groups=groups)
    splits = GroupKFold(3).split(windows, y, groups)
    expected = clone(model).set_params(cv=splits).fit(windows, y, weight)
    np.testing.assert_array_equal(path(routed), path(expected))
    with config_context(enable_metadata_routing=True):
        splits = GroupKFold(3).split(windows, y, groups)  # read once
        again = clone(model).set_params(cv=splits).fit(windows, y, sample_weight=weight)
    np.testing.assert_array_equal(path(again), path(expected))


def test_groups_go_through_a_pipeline_to_complete_rows():
    rng = np.random.default_rng(0)
    table, groups = pd.DataFrame({"x": rng.normal(size=90)}), np.repeat(np.arange(9), 10)
    y = rng.normal(size=90)
    pipeline = make_pipeline(LagTransformer(3), LagElasticNetCV(alphas=3, cv=GroupKFold(3)))
    with config_context(enable_metadata_routing=True):
        routed = CompleteRows(pipeline).fit(table, y, groups=groups)
    windows = LagTransformer(3).fit_transform(table)[3:]
    splits = GroupKFold(3).split(windows, y[3:], groups[3:])
    expected = LagElasticNetCV(alphas=3, cv=splits).fit(windows, y[3:])
    np.testing.assert_allclose(routed[-1].mse_path_, expected.mse_path_, rtol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_errors_name_argument_rule_and_value(model):
    windows, y, groups = data()
    model = model(alphas=3, cv=GroupKFold(3))
    before = dict(vars(model))
    with pytest.raises(ValueError, match="only supported if enable_metadata_routing=True"):
        model.fit(windows, y, groups=groups)
    with config_context(enable_metadata_routing=True):
        text = f"{type(model).__name__}.fit got unexpected argument(s) {{'colour'}}"
        with pytest.raises(TypeError, match=f"^{re.escape(text)}"):
            model.fit(windows, y, colour=groups)
    assert vars(model) == before
