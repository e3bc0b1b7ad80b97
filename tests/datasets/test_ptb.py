"""Words and characters of the Penn Treebank."""

import numpy as np
import pytest

from tests.datasets.files import real


@pytest.mark.parametrize(
    ("subset", "n_tokens"), [("train", 929589), ("validation", 73760), ("test", 82430)]
)
def test_real_ptb(subset, n_tokens):
    text = real("fetch_ptb", subset=subset)
    assert len(text.data) == n_tokens - 1
    np.testing.assert_array_equal(text.data[1:], text.target[:-1])
    assert len(text.words) == 10001
    assert text.data.min() >= 1
    letters = real("fetch_ptb", subset=subset, level="characters")
    line = " ".join(text.words[text.data[:200]]).split(" <eos>")[0]
    assert "".join(letters.words[letters.data[: len(line) + 1]]) == f"{line}\n"
