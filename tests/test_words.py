"""Package and documentation use the field's standard terms, not the words that they replaced."""

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Names of our own, and what they became: restore_on_error, prefix_errors, parameters_as_views, ...
OLD_NAMES = {
    *("all_or_nothing", "about", "laid_in", "said", "at_once", "sent", "stretches", "are_alike"),
    *("is_run", "is_unwatched", "direct", "reach", "reach_of", "spread", "neutral", "is_neutral"),
    *("least_alpha", "shrink_", "Judge", "Recorder", "Walk", "Memory", "recall", "Permuted"),
    *("taking", "room", "freedom", "fading", "settle", "mend"),
}
OLD_PHRASES = re.compile(
    r"\b(mend(s|ed|ing)?|laid in|laid_in|all_or_nothing|cannot be had|is there already|says? of|"
    r"said of|what (a|the) nets? says?|stretch(es)? of|a past that does not exist|least_alpha|"
    r"gives the same bits at every call|to the present|the share of the lasso|"
    r"begins? before (its|the|their) series|wander(s|ed|ing)?|never written out|"
    r"stands? at the mean|windows? less (its|their) (last|means?)|has no say|have no say)\b",
    flags=re.IGNORECASE,
)
PACKAGE = sorted((ROOT / "sklearn_rnn").rglob("*.py"))
SOURCES = [*PACKAGE, *sorted((ROOT / "sklearn_rnn" / "_modules" / "kernels").glob("*.[ch]"))]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def old_names(source):
    """Return the names of Python's `source` that have been replaced."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.string for t in tokens if t.type == tokenize.NAME} & OLD_NAMES


def old_phrases(text):
    return {match.group() for match in OLD_PHRASES.finditer(" ".join(text.split()))}


def of(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PACKAGE, ids=of)
def test_names_are_the_terms_of_the_field(path):
    assert old_names(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("path", [*SOURCES, *DOCUMENTS], ids=of)
def test_sentences_are_plain(path):
    assert old_phrases(path.read_text(encoding="utf-8")) == set()


def test_an_old_word_is_found():
    assert old_names("with all_or_nothing(self):\n    said = 1\n") == {"all_or_nothing", "said"}
    assert old_phrases("What a net\n says of X cannot be had") == {
        "What a net says",
        "cannot be had",
    }
