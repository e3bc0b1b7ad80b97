"""Laws of augmentation: shapes, seeds, training only, and what each change leaves as it is."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from sklearn_rnn import DenseClassifier, GRUClassifier, LSTMRegressor, TCNRegressor
from sklearn_rnn._training.augmentation import KINDS, Augmentation
from sklearn_rnn._training.batches import Batch
from tests.nets import few_epochs

pytestmark = few_epochs

STRENGTHS = {"jitter": 0.1, "scaling": 0.2, "slicing": 0.8, "mixup": 0.4}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6, 2))
Y = X[:, -1, 0]
LABELS = np.array(list("abcd"))[np.arange(40) % 4]
each_kind = pytest.mark.parametrize("kind", KINDS)


def augmentation(kind, seed=0, n_channels=2):
    generator = torch.Generator().manual_seed(seed)
    return Augmentation({kind: STRENGTHS[kind]}, n_channels, 3, generator)


def a_batch(lengths=None):
    x = torch.from_numpy(RNG.normal(size=(5000, 9, 2)))
    return Batch(x, torch.from_numpy(RNG.normal(size=(5000, 1))), None, lengths)


def make(cls, **parameters):
    settings = {"max_epochs": 3, "batch_size": 16, "random_state": 0, "device": "cpu"}
    return cls(**{**settings, **parameters})


@each_kind
def test_a_change_keeps_shapes_and_the_original(kind):
    batch = a_batch()
    before = batch.x.clone(), batch.y.clone()
    changed = augmentation(kind)(batch)
    assert changed.x.shape == batch.x.shape
    assert changed.y.shape == batch.y.shape
    assert not torch.equal(changed.x, batch.x)
    assert torch.equal(changed.y, batch.y) == (kind != "mixup")
    assert torch.equal(before[0], batch.x)
    assert torch.equal(before[1], batch.y)


@each_kind
def test_indicators_of_missing_values_stay_where_they_are_unless_steps_move(kind):
    batch = a_batch()
    changed = augmentation(kind, n_channels=1)(batch)
    assert torch.equal(changed.x[..., 1], batch.x[..., 1]) == (kind in {"jitter", "scaling"})


def test_the_deviations_are_those_that_are_asked_for():
    batch = a_batch()
    noise = augmentation("jitter")(batch).x - batch.x
    assert float(noise.std()) == pytest.approx(0.1, rel=0.02)
    factor = augmentation("scaling")(batch).x / batch.x
    assert float(factor[:, 0].std()) == pytest.approx(0.2, rel=0.05)
    assert torch.allclose(factor, factor[:, :1])


def test_slicing_takes_a_part_and_stretches_it():
    steps = torch.arange(9.0, dtype=torch.float64).expand(5000, 9)[:, :, None]
    lengths = torch.tensor([9, 5]).repeat(2500)
    sliced = augmentation("slicing", n_channels=1)(a_batch()._replace(x=steps, lengths=lengths)).x
    assert torch.allclose(sliced[:, 1:5].diff(dim=1), torch.tensor(0.8, dtype=torch.float64))
    for length in (9, 5):
        mine = sliced[lengths == length, :length, 0]
        assert float(mine.min()) >= 0
        assert float(mine.max()) <= length - 1
        assert float(mine[:, 0].mean()) == pytest.approx(0.1 * (length - 1), rel=0.05)


def test_mixup_mixes_pairs_by_the_beta_distribution():
    batch = a_batch()
    ones = batch._replace(x=torch.ones_like(batch.x), y=torch.arange(5000) % 3)
    mixed = augmentation("mixup")(ones)
    assert torch.allclose(mixed.x, ones.x)
    assert torch.allclose(mixed.y.sum(1), torch.ones(5000, dtype=torch.float64))
    share = torch.distributions.Beta(0.4, 0.4).sample((100_000,))
    drawn = augmentation("mixup")._beta(torch.zeros(100_000), 0.4)
    for q in (0.1, 0.25, 0.5, 0.75):
        assert float(drawn.quantile(q)) == pytest.approx(float(share.quantile(q)), abs=0.02)


def test_mixup_reads_no_padding():
    lengths = torch.arange(5000) % 9
    batch = a_batch(lengths)
    padding = torch.arange(9) >= lengths[:, None]
    other = batch._replace(x=batch.x.masked_fill(padding[:, :, None], 1e9))
    assert torch.equal(augmentation("mixup")(batch).x, augmentation("mixup")(other).x)


@each_kind
@pytest.mark.parametrize("cls", [LSTMRegressor, TCNRegressor, DenseClassifier, GRUClassifier])
def test_training_alone_is_changed_and_the_seed_tells_how(cls, kind):
    y = LABELS if cls.__name__.endswith("Classifier") else Y
    fits = [make(cls, augmentation={kind: STRENGTHS[kind]}).fit(X, y) for _ in range(2)]
    assert fits[0].loss_curve_ == fits[1].loss_curve_
    assert_array_equal(fits[0].predict(X), fits[0].predict(X))
    plain = make(cls).fit(X, y)
    assert plain.loss_curve_ != fits[0].loss_curve_
    one = make(cls, augmentation={kind: STRENGTHS[kind]}, max_epochs=1, learning_rate=1e-30)
    other = make(cls, max_epochs=1, learning_rate=1e-30)
    curves = [m.fit(X, y, X_val=X, y_val=y).validation_loss_curve_ for m in (one, other)]
    assert curves[0] == curves[1]


@pytest.mark.parametrize(
    ("given", "options", "text"),
    [
        ({"noise": 1.0}, {}, "augmentation has the key 'noise'; its keys are"),
        ({"jitter": 0}, {}, r"augmentation\['jitter'\] must be a number above 0; got 0"),
        ({"scaling": True}, {}, r"augmentation\['scaling'\] must be a number above 0; got True"),
        ({"jitter": np.inf}, {}, r"augmentation\['jitter'\] must be a number above 0; got inf"),
        (
            {"slicing": 2},
            {},
            r"augmentation\['slicing'\] must be a number above 0 and at most 1;",
        ),
        ({"mixup": 0.2}, {"return_sequences": True}, r"augmentation\['mixup'\] moves steps or"),
        ({"jitter": 0.2}, {"embedding_dim": 2}, "augmentation changes numbers"),
    ],
)
def test_changes_that_cannot_be_made_are_refused(given, options, text):
    with pytest.raises(ValueError, match=f"^{text}"):
        make(LSTMRegressor, augmentation=given, **options).fit(np.ones((4, 3)), np.ones(4))
