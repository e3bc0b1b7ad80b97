"""The public functions of the folder."""

import pytest

from sklearn_rnn import datasets

FETCHERS = [name for name in datasets.__all__ if name.startswith("fetch_")]


@pytest.mark.parametrize("name", FETCHERS)
def test_each_fetcher_says_where_its_file_is_to_be_had(home, name):
    with pytest.raises(FileNotFoundError, match=r"Get \S+ from https?://\S+ .*SKLEARN_RNN_DATA"):
        getattr(datasets, name)(download_if_missing=False)
    assert not home.exists()


def test_all_functions_are_public():
    functions = {name for name in vars(datasets) if name.startswith(("load_", "fetch_"))}
    assert functions == set(datasets.__all__)
