"""Original public files: found in a folder of the user or downloaded into it, and verified."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zipfile
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

from sklearn.utils import Bunch
from tqdm import tqdm

VARIABLE = "SKLEARN_RNN_DATA"
_DEFAULT_HOME = "~/sklearn_rnn_data"
_SECONDS_TO_ANSWER = 60
_BLOCK = 2**16
_BROKEN = (OSError, HTTPException, EOFError, zipfile.BadZipFile, tarfile.TarError)

# Constraints of the parameters that all fetchers have, for `validate_params`.
PARAMETERS: dict[str, list[Any]] = {
    "data_home": [str, os.PathLike, None],
    "download_if_missing": ["boolean"],
    "return_X_y": ["boolean"],
}


@dataclass(frozen=True)
class PublicFile:
    """A file that anybody can get.

    Attributes
    ----------
    name : str
        Its name in ``data_home`` or in the folder there.
    folder : str
        The folder in ``data_home`` that it belongs to.
    urls : tuple of str
        Where it is to be had, the source first; empty if it is nowhere in this form.
    sha256 : tuple of str
        Checksums of all its editions; empty if it grows with time.
    member : str
        How its path ends in the archive that the addresses give; empty if they give it itself.
    """

    name: str
    folder: str
    urls: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    member: str = ""


@dataclass(frozen=True)
class LocalFile:
    """A file found or downloaded.

    Attributes
    ----------
    path : Path
        Where it is.
    sha256 : str
        Its checksum.
    """

    path: Path
    sha256: str

    @property
    def sums(self) -> dict[str, str]:
        """The checksum by the name of the file."""
        return {self.path.name: self.sha256}


def fetch(*forms: PublicFile, data_home: Any = None, download_if_missing: bool = True) -> LocalFile:
    """Find a file, or else download it, and verify its checksum.

    Parameters
    ----------
    *forms : PublicFile
        Forms of the file; the first one found is taken, and only the first is downloaded.
    data_home : str, path-like or None, default=None
        The folder; None is that of the environment variable, or one in the user's home.
    download_if_missing : bool, default=True
        Whether to download what is not there.

    Returns
    -------
    LocalFile
        The file; its checksum is one of those expected, if any are.

    Raises
    ------
    OSError
        If the file is not there and was not downloaded, or is not the one expected.
    """
    home = Path(data_home or os.environ.get(VARIABLE) or _DEFAULT_HOME).expanduser()
    for form in forms:
        for path in (home / form.folder / form.name, home / form.name):
            if path.is_file():
                return LocalFile(path, _verify(path, form, "Remove it, and it is downloaded anew."))
    form, folder = forms[0], home / forms[0].folder
    if not download_if_missing:
        names = " or ".join(form.name for form in forms)
        raise FileNotFoundError(
            f"{names} is neither in {folder} nor in {home}, and download_if_missing=False. "
            + _describe_way(form, folder)
        )
    reasons = []
    for url in form.urls:
        try:
            return _download(form, url, folder)
        except _BROKEN as reason:
            reasons.append(f"{url}: {str(reason) or type(reason).__name__}")
    raise OSError(
        f"{form.name} could not be downloaded into {folder} ({'; '.join(reasons)}). "
        + _describe_way(form, folder)
    )


def _describe_way(form: PublicFile, folder: Path) -> str:
    archive = "" if not form.member else f", an archive that holds it as {form.member},"
    return (
        f"Get {form.name} from {form.urls[0]}{archive} and put it into {folder}; or name the "
        f"folder that has it by data_home or by the environment variable {VARIABLE}."
    )


def _verify(path: Path, form: PublicFile, mend: str) -> str:
    """Return the checksum of a file; raise OSError if it is none of those expected."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    got = digest.hexdigest()
    if form.sha256 and got not in form.sha256:
        raise OSError(
            f"{path} is not the original {form.name}: its sha256 is {got}, expected was "
            f"{' or '.join(form.sha256)}. {mend}".rstrip()
        )
    return got


def _download(form: PublicFile, url: str, folder: Path) -> LocalFile:
    """Download into a folder beside the final place, and move there only what is verified."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{form.name}.part-", dir=folder) as part:
        path = Path(part) / form.name
        if form.member:
            archive = Path(part) / "archive"
            _copy_url(url, archive, form.name)
            _extract(archive, form.member, path)
        else:
            _copy_url(url, path, form.name)
        checksum = _verify(path, form, "")
        os.replace(path, folder / form.name)
    return LocalFile(folder / form.name, checksum)


def _copy_url(url: str, path: Path, name: str) -> None:
    # Some servers turn away Python's own name.
    request = Request(url, headers={"User-Agent": "sklearn_rnn"})
    with urlopen(request, timeout=_SECONDS_TO_ANSWER) as answer, open(path, "wb") as file:
        length = answer.headers.get("Content-Length")
        total = None if length is None else int(length)
        with tqdm(total=total, desc=name, unit="B", unit_scale=True, leave=False, delay=1) as bar:
            while block := answer.read(_BLOCK):
                file.write(block)
                bar.update(len(block))
        if total is not None and file.tell() != total:
            raise OSError(f"the connection ended after {file.tell()} of {total} bytes")


def _extract(archive: Path, member: str, path: Path) -> None:
    """Write one member of a zip or tar archive to a path."""

    def is_it(name: str) -> bool:
        return f"/{name}".endswith(f"/{member}")

    with open(path, "wb") as file:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                for name in filter(is_it, packed.namelist()):
                    with packed.open(name) as source:
                        return shutil.copyfileobj(source, file)
        else:
            with tarfile.open(archive) as packed_tar:
                for entry in packed_tar:
                    if is_it(entry.name) and (found := packed_tar.extractfile(entry)):
                        return shutil.copyfileobj(found, file)
    raise OSError(f"the archive does not hold {member}")


def pack(bunch: Bunch, return_X_y: bool, as_frame: bool = True) -> Bunch | tuple[Any, Any]:
    """Return what a fetcher returns: the Bunch, or data and target of it.

    Parameters
    ----------
    bunch : Bunch
        With data and target.
    return_X_y : bool
        Whether to return ``(data, target)``.
    as_frame : bool, default=True
        Whether to leave pandas objects as they are; otherwise they become arrays, and frame None.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch is the one given, changed.
    """
    if not as_frame:
        for name, value in bunch.items():
            if hasattr(value, "to_numpy"):
                bunch[name] = None if name == "frame" else value.to_numpy()
    return (bunch.data, bunch.target) if return_X_y else bunch
