"""Polyphonic music as piano rolls."""

import numpy as np
import pytest

from tests.datasets.files import real


@pytest.mark.parametrize(
    ("name", "pieces"),
    [
        ("JSB_Chorales", (229, 76, 77)),
        ("Nottingham", (694, 173, 170)),
        ("MuseData", (524, 135, 124)),
        ("Piano_midi", (87, 12, 25)),
    ],
)
def test_real_polymusic(name, pieces):
    for subset, size in zip(("train", "validation", "test"), pieces, strict=True):
        X, y = real("fetch_polymusic", name, subset=subset, return_X_y=True)
        assert len(X) == len(y) == size
        for piece, following in zip(X, y, strict=True):
            assert piece.shape == following.shape
            assert piece.shape[1] == 88
            np.testing.assert_array_equal(piece[1:], following[:-1])
            assert set(np.unique(piece)) <= {0, 1}
