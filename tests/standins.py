"""Small data in the form of public ones, as arrays and as the files that fetchers read."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
from scipy.io import savemat

CONTENT = b"one,two\n1,2\n"  # of a file that nobody reads
N_KEYS = 88


def put(path: Path, content: bytes = CONTENT) -> Path:
    """Write a file, and the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def pack_tar(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    """Return a tar archive."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def waves(name: str, subset: str, size: int = 40) -> tuple[list[np.ndarray], np.ndarray]:
    """Make waves of two lengths of period, ragged in one of the sets."""
    rng = np.random.default_rng(len(subset))
    y = np.repeat(["slow", "fast"], size // 2)
    lengths = rng.integers(20, 30, size) if name == "JapaneseVowels" else np.full(size, 25)
    periods = np.where(y == "slow", 4, 1)
    return [np.sin(np.arange(n)[:, None] / p) for n, p in zip(lengths, periods, strict=True)], y


def pieces(seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Make pieces of 4 keys: one that never sounds, one that repeats the first with a delay."""
    rng = np.random.default_rng(seed)
    X, y = [], []
    for n in (30, 50, 20):
        piece = (rng.random((n + 1, 4)) < [0.5, 0.2, 0.0, 0.0]).astype(np.uint8)
        piece[1:, 3] = piece[:-1, 0]
        X.append(piece[:-1])
        y.append(piece[1:])
    return X, y


def reviews(size: int = 400) -> tuple[list[str], np.ndarray]:
    """Make reviews of two kinds, in turn."""
    y = np.arange(size) % 2
    words = np.array(["a dull and long film", "a fine film with fine actors"])
    return words[y].tolist(), y


def put_waves(home: Path, names: list[str]) -> None:
    """Write files of the UCR archive."""
    for name in names:
        for subset in ("train", "test"):
            X, y = waves(name, subset, size=20)
            lines = ["@timeStamps false", f"@classLabel true {' '.join(np.unique(y))}", "@data"]
            lines += [f"{','.join(map(str, s[:, 0]))}:{c}" for s, c in zip(X, y, strict=True)]
            put(home / f"{name}_{subset.upper()}.ts", "\n".join(lines).encode())


def put_pieces(home: Path) -> None:
    """Write the file of the chorales, with all keys of a piano."""
    cells = {}
    for seed, variable in enumerate(["traindata", "validdata", "testdata"]):
        cells[variable] = np.empty((1, 3), dtype=object)
        for i, (x, y) in enumerate(zip(*pieces(seed), strict=True)):
            piece = np.concatenate([x[:1], y])
            cells[variable][0, i] = np.pad(piece, ((0, 0), (0, N_KEYS - piece.shape[1])))
    savemat(home / "JSB_Chorales.mat", cells)


def put_reviews(home: Path) -> None:
    """Write the archive of IMDB."""
    members = {
        f"aclImdb/{part}/{'pos' if label else 'neg'}/{i}_{9 if label else 2}.txt": text.encode()
        for part in ("train", "test")
        for i, (text, label) in enumerate(zip(*reviews(100), strict=True))
    }
    put(home / "aclImdb_v1.tar.gz", pack_tar(members))
