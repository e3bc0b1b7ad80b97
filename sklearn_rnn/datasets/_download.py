"""Download, lookup and verification of public data files."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

from sklearn.utils import Bunch

from sklearn_rnn._sklearn.progress import Bar

VARIABLE = "SKLEARN_RNN_DATA"
_DEFAULT_HOME = "~/sklearn_rnn_data"
_TIMEOUT_SECONDS = 60
_BLOCK = 2**16

# Constraints of the parameters that all fetch functions share, for `validate_params`.
PARAMETERS: dict[str, list[Any]] = {
    "data_home": [str, os.PathLike, None],
    "download_if_missing": ["boolean"],
    "return_X_y": ["boolean"],
}


@dataclass(frozen=True)
class PublicFile:
    """A public file.

    Attributes
    ----------
    name : str
        Name of the file.
    folder : str
        Sub-folder of ``data_home`` for downloads.
    urls : tuple of str
        URLs in order of preference; empty if this form cannot be downloaded.
    sha256 : tuple of str
        Accepted checksums; empty for a file that is updated regularly.
    member : str
        End of the path of the file in the archive at the URLs; empty if it is not in an archive.
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
        Path of the file.
    sha256 : str
        Checksum of the file.
    content : object
        What was read from it; None if it was not.
    """

    path: Path
    sha256: str
    content: Any = None

    @property
    def checksums(self) -> dict[str, str]:
        """Checksum by file name."""
        return {self.path.name: self.sha256}


def fetch(
    *forms: PublicFile,
    read: Callable[[Path], Any] | None = None,
    data_home: Any = None,
    download_if_missing: bool = True,
) -> LocalFile:
    """Find or download a file, and verify its checksum, or that it can be read.

    Parameters
    ----------
    *forms : PublicFile
        Alternative forms of the file. The first found is used; only the first is downloaded.
    read : callable, default=None
        Returns the content of the file at a path, and raises an exception if it is damaged. It
        takes the place of a checksum for files that have none.
    data_home : str, path-like or None, default=None
        Folder of the data; None uses the environment variable ``SKLEARN_RNN_DATA``, or else
        ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download a missing file.

    Returns
    -------
    LocalFile
        The verified file.

    Raises
    ------
    OSError
        If the file is missing and cannot be downloaded, has another checksum, or is damaged. It
        names the file and the way out. A damaged download leaves nothing in the folder, and the
        next URL is tried.
    """
    home = Path(data_home or os.environ.get(VARIABLE) or _DEFAULT_HOME).expanduser()
    for form in forms:
        for path in (home / form.folder / form.name, home / form.name):
            if path.is_file():
                return _verify(path, form, read, "Remove it to download it again.")
    form, folder = forms[0], home / forms[0].folder
    if not download_if_missing:
        names = " or ".join(form.name for form in forms)
        raise FileNotFoundError(
            f"{names} is neither in {folder} nor in {home}, and download_if_missing=False. "
            + _instructions(form, folder)
        )
    reasons = []
    for url in form.urls:
        try:
            return _download(form, read, url, folder)
        except Exception as reason:  # of any library: damaged files raise many types
            reasons.append(f"{url}: {str(reason) or type(reason).__name__}")
    raise OSError(
        f"{form.name} could not be downloaded into {folder} ({'; '.join(reasons)}). "
        + _instructions(form, folder)
    )


def _instructions(form: PublicFile, folder: Path) -> str:
    archive = "" if not form.member else f", an archive that contains it as {form.member},"
    return (
        f"Get {form.name} from {form.urls[0]}{archive} and put it into {folder}; or give the "
        f"folder that contains it by data_home or by the environment variable {VARIABLE}."
    )


def _verify(path: Path, form: PublicFile, read: Any, fix: str) -> LocalFile:
    """Return a file and its content; raise OSError if its checksum or content is not accepted."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    got = digest.hexdigest()
    if form.sha256 and got not in form.sha256:
        raise OSError(
            f"{path} is not the original {form.name}: its sha256 is {got}, expected was "
            f"{' or '.join(form.sha256)}. {fix}".rstrip()
        )
    if read is None:
        return LocalFile(path, got)
    try:
        return LocalFile(path, got, read(path))
    except Exception as reason:  # of any library, as above
        why = (str(reason) or type(reason).__name__).rstrip(".")
        raise OSError(f"{path} is damaged or not the original: {why}. {fix}".rstrip()) from reason


def _download(form: PublicFile, read: Any, url: str, folder: Path) -> LocalFile:
    """Download a file to a temporary folder, verify it, and move it to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{form.name}.part-", dir=folder) as part:
        path = Path(part) / form.name
        if form.member:
            archive = Path(part) / "archive"
            _copy_url(url, archive, form.name)
            _extract(archive, form.member, path)
        else:
            _copy_url(url, path, form.name)
        found = _verify(path, form, read, "")
        os.replace(path, folder / form.name)
    return replace(found, path=folder / form.name)


def _copy_url(url: str, path: Path, name: str) -> None:
    # Some servers reject the default user agent of Python.
    request = Request(url, headers={"User-Agent": "sklearn_rnn"})
    with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer, open(path, "wb") as file:
        length = answer.headers.get("Content-Length")
        total = None if length is None else int(length)
        with Bar(total=total, desc=name, unit="B", unit_scale=True, leave=False, delay=1) as bar:
            while block := answer.read(_BLOCK):
                file.write(block)
                bar.update(len(block))
        if total is not None and file.tell() != total:
            raise OSError(f"the connection ended after {file.tell()} of {total} bytes")


def _extract(archive: Path, member: str, path: Path) -> None:
    """Extract one member of a zip or tar archive to a path."""

    def matches(name: str) -> bool:
        leaves = name.startswith("/") or ".." in PurePosixPath(name).parts
        return f"/{name}".endswith(f"/{member}") and not leaves

    with open(path, "wb") as file:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed:
                for name in filter(matches, packed.namelist()):
                    with packed.open(name) as source:
                        return shutil.copyfileobj(source, file)
        else:
            with tarfile.open(archive) as packed_tar:
                for entry in packed_tar:
                    if matches(entry.name) and (found := packed_tar.extractfile(entry)):
                        return shutil.copyfileobj(found, file)
    raise OSError(f"the archive does not contain {member}")


def pack(bunch: Bunch, return_X_y: bool, as_frame: bool = True) -> Bunch | tuple[Any, Any]:
    """Return the result of a fetch function: a Bunch, or its data and target.

    Parameters
    ----------
    bunch : Bunch
        Data set with data and target.
    return_X_y : bool
        Whether to return ``(data, target)``.
    as_frame : bool, default=True
        Whether to keep pandas objects; otherwise they are converted to arrays, and frame is None.

    Returns
    -------
    Bunch or tuple of (data, target)
        The given Bunch, modified in place.
    """
    if not as_frame:
        for name, value in bunch.items():
            if hasattr(value, "to_numpy"):
                bunch[name] = None if name == "frame" else value.to_numpy()
    return (bunch.data, bunch.target) if return_X_y else bunch
