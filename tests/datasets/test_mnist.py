"""Images of digits in the format idx."""

import gzip

import numpy as np
import pytest

from sklearn_rnn.datasets import _mnist as mnist
from tests.datasets.files import real
from tests.standins import put


def test_idx_is_read(tmp_path):
    content = b"\0\0\x08\x02" + b"\0\0\0\x02" + b"\0\0\0\x03" + bytes(range(6))
    path = put(tmp_path / "a.gz", gzip.compress(content))
    np.testing.assert_array_equal(mnist.read_idx(path), [[0, 1, 2], [3, 4, 5]])
    put(path, gzip.compress(content[:-1]))
    with pytest.raises(ValueError, match="is not an idx file of bytes of the stated shape"):
        mnist.read_idx(path)


def test_real_mnist():
    digits = real("fetch_mnist", subset="all")
    assert digits.data.shape == (70000, 784)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(digits.target[:60000]).tolist() == counts
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(digits.target[60000:]).tolist() == counts
