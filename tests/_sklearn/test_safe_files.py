"""Files that are whole whenever a process dies, and refused if they are not."""

import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_rnn._sklearn import safe_files
from sklearn_rnn._sklearn.safe_files import fingerprint, locked, open_folder, read, remove, write

CONTENT = bytes(range(100))

OF_MODULE = "import runpy, sys; safe_files = runpy.run_path(sys.argv[1])"
"""The module without the package, whose import takes seconds."""


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read_until_it_is_removed(tmp_path):
    path = tmp_path / "run"
    assert read(path) is None
    for content in (CONTENT, b"", b"newer"):
        write(path, content)
        assert read(path) == content
    assert entries(tmp_path) == ["run"]
    remove(path)
    assert entries(tmp_path) == []


def test_a_file_that_is_truncated_anywhere_is_refused_by_name_and_left_alone(tmp_path):
    path = tmp_path / "run"
    write(path, CONTENT)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=rf"^checkpoint has the file .*{path.name}, which is "):
            read(path)
        assert path.read_bytes() == whole[:size]


def test_a_file_with_a_changed_byte_another_name_or_another_origin_is_refused(tmp_path):
    path = tmp_path / "run"
    write(path, CONTENT)
    whole = path.read_bytes()
    damaged = [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :] for i in range(len(whole))]
    for other in [*damaged, whole + b"more", b"", b"\x80\x04N.", b"PK\x03\x04" + CONTENT]:
        path.write_bytes(other)
        with pytest.raises(ValueError, match="truncated, damaged or not of this run"):
            read(path)
        assert path.read_bytes() == other
    path.write_bytes(whole)
    renamed = path.rename(tmp_path / "other")
    with pytest.raises(ValueError, match="other, which is"):
        read(renamed)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_ends_in_between_leaves_the_file_before_it(tmp_path, monkeypatch, step):
    path = tmp_path / "run"
    write(path, b"before")

    def end(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(safe_files.os, step, end)
        with pytest.raises(KeyboardInterrupt):
            write(path, CONTENT)
    assert read(path) == b"before"
    write(path, CONTENT)
    assert read(path) == CONTENT
    assert entries(tmp_path) == ["run"]


def test_one_thread_at_a_time_runs_a_locked_block(tmp_path):
    inside, most = [], []

    def run(i):
        with locked(tmp_path / "run"):  # whose lock each of them removes
            inside.append(i)
            most.append(len(inside))
            inside.remove(i)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(40)))
    assert most == [1] * 40
    assert entries(tmp_path) == []


def test_a_process_that_is_killed_releases_its_lock(tmp_path):
    path = tmp_path / "run"
    program = f"""{OF_MODULE}
import os, pathlib, signal
with safe_files["locked"](pathlib.Path(sys.argv[2])):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", program, safe_files.__file__, path]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert entries(tmp_path) == ["run.lock"]
    with locked(path):
        pass
    assert entries(tmp_path) == []


THINGS = {
    "an array": np.arange(6.0),
    "another shape": np.arange(6.0).reshape(2, 3),
    "another dtype": np.arange(6),
    "a value": np.r_[np.arange(5.0), 5.5],
    "a table": pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
    "another name": pd.DataFrame({"a": [1.0, 2.0], "c": ["x", "y"]}),
    "parameters": {"alpha": 1.0, "size": (3, 4), "of": None},
    "another parameter": {"alpha": 1.0, "size": (3, 4), "of": 0},
    "an estimator": Ridge(),
    "another estimator": Ridge(2.0),
    "a generator": np.random.RandomState(0),
    "another seed": np.random.RandomState(1),
}


def test_fingerprints_differ_by_value_and_not_by_process():
    program = f"""{OF_MODULE}
import pickle
print(*map(safe_files["fingerprint"], pickle.load(sys.stdin.buffer)), sep="\\n")
"""
    command, things = [sys.executable, "-c", program, safe_files.__file__], list(THINGS.values())
    there = subprocess.run(command, input=pickle.dumps(things), capture_output=True, check=True)
    here = list(map(fingerprint, things))
    assert there.stdout.decode().split() == here
    assert len(set(here)) == len(here)


def test_what_cannot_be_pickled_has_no_fingerprint():
    with pytest.raises(ValueError, match=r"^checkpoint needs parameters .* by lambda"):
        fingerprint({"scoring": lambda net, X, y: 0.0})


@pytest.mark.parametrize("checkpoint", ["a file", 3, b"\0"])
def test_what_is_no_folder_is_refused_by_the_name_of_the_parameter(tmp_path, checkpoint):
    (tmp_path / "a file").touch()
    checkpoint = tmp_path / checkpoint if isinstance(checkpoint, str) else checkpoint
    with pytest.raises(ValueError, match=r"^checkpoint must be a folder, .*; got "):
        open_folder(checkpoint)
