"""Fetching a release into the cache: downloads that resume, hashes, archives, and an entry that appears at once."""

import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from lzma import LZMAError
from pathlib import Path
from typing import IO

import httpx

from papercoder.artifacts import DataKind, DataSource, LockedFile, LockedSource
from papercoder.datasets.cache import FILES, RECORD, DataCache, Release, listing
from papercoder.datasets.downloads import Denied, Downloads, sha256_of
from papercoder.datasets.servers import doi_release, hub_release, openml_release, url_release
from papercoder.errors import FetchError
from papercoder.files.regular import write_failure
from papercoder.paper.files import inside
from papercoder.runs.folder import digest, lock, write_synced

_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_MOST_MEMBERS = 3_000_000
"""ImageNet has 1.3 million images."""

_MOST_EXPANSION = 100
_SMALL = 2**30
"""Bytes. An archive that holds more may hold at most `_MOST_EXPANSION` times its own size."""

_CHUNK = 2**20
_UNREADABLE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, ValueError, RuntimeError)
"""Damage, a password, or an unknown compression."""


def is_archive(name: str) -> bool:
    """Whether a file of this name is unpacked. Formats that are archives inside, such as `.npz`, are not."""
    return name.lower().endswith(_ENDINGS)


def unpack(archive: Path, folder: Path) -> None:
    """Write the regular files of an archive into a folder.

    Raises:
        FetchError: the archive is damaged, encrypted, unsafe or too large.
        OSError: the folder cannot be written.
    """
    limit = max(_SMALL, _MOST_EXPANSION * archive.stat().st_size)
    with _readable(archive):
        for count, (name, file) in enumerate(_members(archive), 1):
            if count > _MOST_MEMBERS:
                raise FetchError(f"{archive.name} holds more than {_MOST_MEMBERS:,} files. Unpack it by hand.")
            path = inside(name)
            if path is None or path == ".":
                raise FetchError(
                    f"{archive.name} has a member that leads out of it ({name[:80]}). It was not unpacked."
                )
            limit -= _write(file, folder / path, limit, archive.name)


def _write(file: IO[bytes], path: Path, limit: int, archive: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with path.open("wb") as target:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise FetchError(f"{archive} expands to more than {_MOST_EXPANSION} times its size. Unpack it by hand.")
            target.write(chunk)
    return size


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                if not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16):
                    with opened.open(info) as file:
                        yield info.filename, file
        return
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and (content := packed.extractfile(member)):
                yield member.name, content


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise FetchError(f"{archive.name} is damaged, encrypted or not an archive ({error}).") from error


FindRelease = Callable[[DataSource, httpx.Client], Release]

SERVERS: dict[DataKind, FindRelease] = {
    "hf_dataset": hub_release,
    "hf_model": hub_release,
    "url": url_release,
    "doi": doi_release,
    "openml": openml_release,
}
"""Kind -> the function that asks its server for a release."""

_MOST_LISTED = 10_000
"""Of more files than this, a record has the digest only."""


def fetch_release(release: Release, cache: DataCache, downloads: Downloads) -> LockedSource:
    """Download what is missing of a release and add it to the cache. Call it again to resume.

    Raises:
        FetchError: a file cannot be downloaded, has another hash, or cannot be unpacked, or the disk is full.
        RunFolderError: another process fetches the same release.
    """
    entry = cache.entry(release)
    staging, final = cache.staging(entry), cache.root / entry
    _require_space(release, cache.root)
    with lock(cache.root / ".locks" / digest(entry)[:16]):
        try:
            if not (final / RECORD).exists():
                _download(release, staging, downloads)
                _unpack(release, staging)
                found = _record(release, entry, staging / FILES)
                write_synced(staging / RECORD, found.model_dump_json(indent=1) + "\n")
                final.parent.mkdir(parents=True, exist_ok=True)
                staging.rename(final)
        except OSError as error:
            raise FetchError(write_failure(staging, error)) from error
        found = LockedSource.model_validate_json((final / RECORD).read_bytes())
    return found.model_copy(update={"name": release.source.name})


def give(source: DataSource, path: Path) -> LockedSource:
    """Data that the user has. They are listed and never written.

    Raises:
        FetchError: there is nothing at the path, or it has no files.
    """
    found = path.expanduser().resolve()
    files = listing(found)
    if not files:
        raise FetchError(f"--data {source.name}={path}: there are no files. Give a file or a folder with files.")
    return LockedSource(
        name=source.name,
        kind=source.kind,
        id=source.id,
        requested=source.revision,
        given=str(found),
        digest=digest(files),
        count=len(files),
        size=sum(size for _, size in files),
        time=datetime.now(UTC),
    )


def _require_space(release: Release, root: Path) -> None:
    existing = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if (release.size or 0) > free:
        raise FetchError(
            f"{release.source.name} needs {release.size:,} bytes, and {free:,} are free at {root}. Free some space, or "
            "set XDG_CACHE_HOME to a folder on a larger disk."
        )


def _download(release: Release, staging: Path, downloads: Downloads) -> None:
    """Download into `staging/downloads`; what an earlier try completed has its final name there."""
    authorised = replace(downloads, headers=release.headers)
    for file in release.files:
        path = staging / "downloads" / file.path
        if path.exists():
            continue
        try:
            authorised.fetch(file.address, path, file.content)
        except Denied as error:
            raise FetchError(release.denied or str(error)) from error


def _unpack(release: Release, staging: Path) -> None:
    """Move files and unpack archives into `staging/files`."""
    files, downloaded = staging / FILES, staging / "downloads"
    shutil.rmtree(files, ignore_errors=True)
    archives = [file for file in release.files if release.unpacks and is_archive(file.path)]
    try:
        for file in archives:
            unpack(downloaded / file.path, files)
    except FetchError:
        shutil.rmtree(files, ignore_errors=True)
        raise
    for file in release.files:
        if file not in archives:
            target = files / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            (downloaded / file.path).rename(target)
    shutil.rmtree(downloaded)


def _record(release: Release, entry: str, files: Path) -> LockedSource:
    source = release.source
    locked = tuple(LockedFile(path=path, size=size, sha256=sha256_of(files / path)) for path, size in listing(files))
    return LockedSource(
        name=source.name,
        kind=source.kind,
        id=source.id,
        requested=source.revision,
        patterns=source.files,
        revision=release.revision,
        licence=release.licence,
        folder=entry,
        digest=digest([file.model_dump() for file in locked]),
        files=locked if len(locked) <= _MOST_LISTED else (),
        count=len(locked),
        size=sum(file.size for file in locked),
        time=datetime.now(UTC),
    )
