"""Files of named data sets: found on this machine or downloaded, and never used unless their checksum is right."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import final

from diabolo.errors import SourceError
from diabolo.writing import write_whole

TIMEOUT = 30.0
"""Seconds a mirror may be silent before the next one is asked."""

_CHUNK = 2**20
_CUT = (EOFError, gzip.BadGzipFile, zlib.error)


@final
@dataclass(frozen=True)
class Remote:
    """A file of a data set. name: without ``.gz``. md5: of the contents. gz_md5: of the published ``.gz`` file."""

    name: str
    md5: str
    gz_md5: str


def cache_folder() -> Path:
    """Where downloads are kept: ``$DIABOLO_CACHE``, else the platform's own place for caches."""
    if own := os.environ.get("DIABOLO_CACHE"):
        return Path(own).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "diabolo" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "diabolo"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diabolo"


def fetch(remotes: Sequence[Remote], folder: str, mirrors: Sequence[str]) -> list[bytes]:
    """The contents of files that belong together, decompressed and checked.

    Each is looked for as ``<folder>/<name>`` and ``<name>.gz`` in ``$DIABOLO_DATA``, then in the cache, then asked of
    each mirror. A file in ``$DIABOLO_DATA`` with a wrong checksum is a SourceError; one in the cache is removed and
    fetched again. When no mirror answers, the SourceError says which files to put where.
    """
    cache = cache_folder() / folder
    contents = []
    for remote in remotes:
        failures: list[str] = []
        found = _local(remote, folder, cache, failures) or _download(remote, cache, mirrors, failures)
        if found is None:
            files = " and ".join(f"{r.name}.gz" for r in remotes)
            raise SourceError(
                f"{remote.name}.gz is not on this machine and could not be downloaded:\n"
                + "\n".join(f"  {failure}" for failure in failures)
                + f"\nPut {files} (or the same decompressed, without .gz) into {cache}, or into {folder}/ of a folder that the "
                "environment variable DIABOLO_DATA names."
            )
        contents.append(found)
    return contents


def _local(remote: Remote, folder: str, cache: Path, failures: list[str]) -> bytes | None:
    """From the user's own folder, where a wrong file is an error, or from the cache, where it is removed."""
    if own := os.environ.get("DIABOLO_DATA"):
        for path in _candidates(Path(own).expanduser() / folder, remote):
            return _checked(path.read_bytes(), remote, path.name)
    for path in _candidates(cache, remote):
        try:
            return _checked(path.read_bytes(), remote, path.name)
        except SourceError as error:
            path.unlink()
            failures.append(f"the cache: {error} It was removed.")
    return None


def _candidates(folder: Path, remote: Remote) -> list[Path]:
    return [path for path in (folder / remote.name, folder / f"{remote.name}.gz") if path.is_file()]


def _checked(raw: bytes, remote: Remote, name: str) -> bytes:
    """The decompressed contents, where their MD5, or that of the compressed file, is the published one."""
    try:
        contents = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except _CUT as error:
        raise SourceError(f"{name} was cut or altered: it cannot be decompressed ({error}).") from error
    found = _md5(contents)
    if found != remote.md5 and _md5(raw) != remote.gz_md5:
        raise SourceError(f"{name} was cut or altered: its contents should have the MD5 {remote.md5}, but have {found}.")
    return contents


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _download(remote: Remote, cache: Path, mirrors: Sequence[str], failures: list[str]) -> bytes | None:
    """From the first mirror that gives the right file; it is kept under its name only once it was checked."""
    for mirror in mirrors:
        try:
            raw = _bytes_of(f"{mirror}{remote.name}.gz")
            contents = _checked(raw, remote, f"{remote.name}.gz")
        except (urllib.error.URLError, HTTPException, OSError, SourceError) as error:
            failures.append(f"{mirror}: {getattr(error, 'reason', None) or error}")
            continue
        _keep(raw, cache / f"{remote.name}.gz")
        return contents
    return None


def _bytes_of(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"User-Agent": "diabolo"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        parts = []
        while part := answer.read(_CHUNK):
            parts.append(part)
    return b"".join(parts)


def _keep(raw: bytes, path: Path) -> None:
    try:
        write_whole(path, raw)
    except OSError as error:
        raise SourceError(f"{path} cannot be written: {error.strerror}. Set DIABOLO_CACHE to a folder that can be.") from error
