"""Penn Treebank text, for language models of words or characters."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import StrOptions, validate_params
from sklearn_rnn.datasets._download import PARAMETERS, LocalFile, PublicFile, fetch, pack

_SOURCE = "http://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz"
_SUMS = {
    "train": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
    "valid": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
    "test": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
}
_NAMES = {"train": "train", "validation": "valid", "test": "test"}
_END = "<eos>"
_PAD = "<pad>"
_DESCRIPTION = """\
Penn Treebank, articles of the Wall Street Journal, in the form of Mikolov et al. (2010), "Recurrent
neural network based language model", Interspeech: a vocabulary of 10000 words, including <eos> for
the end of a sentence and <unk> for all other words; numbers are replaced by N.

http://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz. The text is copyright of the Linguistic
Data Consortium (LDC99T42): for research only, not for redistribution.
"""


@validate_params(
    {
        **PARAMETERS,
        "subset": [StrOptions({*_NAMES})],
        "level": [StrOptions({"words", "characters"})],
    },
    prefer_skip_nested_validation=True,
)
def fetch_ptb(
    *,
    subset: str = "train",
    level: str = "words",
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load Penn Treebank as one sequence of tokens (5 MB, downloaded if missing).

    ================= ============================================================
    Words             929589 for training, 73760 for validation, 82430 for testing
    Vocabulary        10000 words, including <unk> and <eos>
    Licence           LDC99T42: for research only, not for redistribution
    ================= ============================================================

    Parameters
    ----------
    subset : {"train", "validation", "test"}, default="train"
        Which part of the text.
    level : {"words", "characters"}, default="words"
        What a token is. The end of a line is a token too.
    data_home : str or path-like, default=None
        Folder of the data, with or without sub-folders such as ``ptb``. None uses the environment
        variable ``SKLEARN_RNN_DATA``, or else ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download missing files; otherwise FileNotFoundError is raised.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : ndarray of shape (n_tokens - 1,)
            X: the tokens without the last, integers from 1; 0 is padding.
        target : ndarray of shape (n_tokens - 1,)
            y: the tokens without the first.
        words : ndarray of shape (n_vocabulary + 1,)
            The word or character of each token: those of the training text, sorted.
        sha256 : dict
            Checksum of each file.
        DESCR : str
            Description and source.

    Raises
    ------
    FileNotFoundError
        If a file is missing and not to be downloaded; the error says where to get it.
    OSError
        If the download fails, or a file is damaged or not the original.
    ValueError
        If an argument is invalid.
    """

    def find(part: str) -> LocalFile:
        name = f"ptb.{part}.txt"
        return fetch(
            PublicFile(name, "ptb", (_SOURCE,), (_SUMS[part],), member=f"data/{name}"),
            data_home=data_home,
            download_if_missing=download_if_missing,
        )

    training, file = find("train"), find(_NAMES[subset])
    vocabulary = sorted({*split(training.path.read_text(encoding="utf-8"), level)})
    numbers = {token: k for k, token in enumerate(vocabulary, start=1)}
    tokens = [numbers[token] for token in split(file.path.read_text(encoding="utf-8"), level)]
    bunch = Bunch(
        data=np.array(tokens[:-1]),
        target=np.array(tokens[1:]),
        words=np.array([_PAD, *vocabulary], dtype=object),
        sha256={**training.checksums, **file.checksums},
        DESCR=_DESCRIPTION,
    )
    return pack(bunch, return_X_y)


def split(text: str, level: str) -> list[str]:
    r"""Return the words or characters of a text.

    Parameters
    ----------
    text : str
        Sentences, each on a line.
    level : {"words", "characters"}
        What to return.

    Returns
    -------
    list of str
        The end of a line is the word ``<eos>`` or a line feed character. Spaces around a sentence
        are dropped.

    Examples
    --------
    >>> split(" no it was n't \n yes \n", "words")
    ['no', 'it', 'was', "n't", '<eos>', 'yes', '<eos>']
    >>> split(" no \n", "characters")
    ['n', 'o', '\n']
    """
    if level == "words":
        return text.replace("\n", f" {_END} ").split()
    return [*"".join(f"{line.strip()}\n" for line in text.splitlines())]
