"""Pieces are read when they are needed, any number of times, and errors have their numbers."""

import re

import pytest

from sklearn_rnn._sequences.pieces import Piece, Pieces, in_piece

GIVEN = [("X0", "y0"), lambda: ["X1", "y1", "w1"], ("X2", "y2")]
READ = [Piece("X0", "y0"), Piece("X1", "y1", "w1"), Piece("X2", "y2")]


class Stream:
    """Can be iterated over more than once, in one order."""

    def __iter__(self):
        return iter(GIVEN)


@pytest.mark.parametrize("given", [GIVEN, tuple(GIVEN), Stream(), lambda: iter(GIVEN)])
def test_pieces_are_read_again_and_again(given):
    pieces = Pieces(given)
    for _ in range(2):
        assert list(pieces.read()) == list(enumerate(READ))
    assert list(pieces.read([1])) == [(1, READ[1])]
    assert list(pieces.read([])) == []


def test_a_sequence_has_any_order_and_a_stream_its_own():
    assert [number for number, _ in Pieces(GIVEN).read([2, 0])] == [2, 0]
    assert [number for number, _ in Pieces(Stream()).read([2, 0])] == [0, 2]


def test_a_stream_is_not_read_beyond_the_last_piece_that_is_wanted():
    def stream():
        yield from GIVEN[:2]
        pytest.fail("this one is not wanted")

    assert len(list(Pieces(stream).read([1]))) == 1


def test_a_piece_is_changed_when_it_is_read():
    changed = Pieces(GIVEN).changed(lambda piece, number: piece._replace(X=number))
    assert [piece.X for _, piece in changed.read()] == [0, 1, 2]


@pytest.mark.parametrize("given", [iter(GIVEN), (piece for piece in GIVEN), map(str, GIVEN)])
def test_what_can_be_read_only_once_is_refused_with_the_fix(given):
    text = f"data must be readable more than once.*got {type(given).__name__}; give a list of func"
    with pytest.raises(TypeError, match=text):
        Pieces(given, "data")


@pytest.mark.parametrize("piece", ["ab", {"X": 1, "y": 2}, (1,), (1, 2, 3, 4), None])
def test_errors_of_a_piece_have_its_number(piece):
    text = "data[1]: it must be (X, y) or (X, y, sample_weight)"
    for given in ([("X", "y"), piece], lambda: iter([("X", "y"), lambda: piece])):
        with pytest.raises(TypeError, match=re.escape(text)):
            list(Pieces(given, "data").read())


def test_errors_are_named_once():
    once = pytest.raises(ValueError, match=r"^data\[3\]: wrong$")
    with once, in_piece("data", 3), in_piece("data", 3):
        raise ValueError("wrong")
