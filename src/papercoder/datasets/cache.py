"""The cache of data that all runs share. An entry is a release: the exact version of a data source.

An entry is made in a folder of its own and renamed when it is complete, so what is under its name can be used.
"""

import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from papercoder.artifacts import DataSource, LockedSource
from papercoder.datasets.downloads import Content, Denied, Missing, Unreachable
from papercoder.errors import FetchError
from papercoder.paper.files import inside
from papercoder.runs.folder import digest
from papercoder.settings import cache_folder

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class RemoteFile:
    """A file of a release."""

    path: str
    """In the folder of the source."""

    address: str
    content: Content


@dataclass(frozen=True)
class Release:
    """What would be downloaded for a data source."""

    source: DataSource
    files: tuple[RemoteFile, ...]
    revision: str = ""
    """The exact version; empty if the server has none."""

    licence: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of every request for a file."""

    denied: str = ""
    """What to do if the server denies access, as a sentence."""

    unpacks: bool = False
    """Whether archives among the files are unpacked."""

    @property
    def size(self) -> int | None:
        """Bytes of all files; None if the server does not say."""
        sizes = [file.content.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)


def by_hand(source: DataSource) -> str:
    """The advice to download a source without us."""
    return f"Download it yourself and give it with --data {source.name}=PATH."


def remote_file(path: str, address: str, content: Content) -> RemoteFile:
    """A file with the path that a server gives it.

    Raises:
        FetchError: the path leads out of the folder of the source.
    """
    plain = inside(path)
    if plain is None or plain == ".":
        raise FetchError(f"{address} has a name that leads out of its folder ({path[:80]}). It was not downloaded.")
    return RemoteFile(plain, address, content)


def read_json(client: httpx.Client, address: str, kind: type[M]) -> M:
    """The answer of a server's API.

    Raises:
        Missing: there is no such record.
        Denied: the server denies access.
        Unreachable: the server does not answer at the moment.
        FetchError: its answer has another form than expected.
    """
    response = request(client, "GET", address)
    if response.status_code in {404, 410, 412}:
        raise Missing(f"{address} does not exist ({response.status_code}).")
    if response.status_code in {401, 403}:
        raise Denied(f"{address}: access denied ({response.status_code}).")
    return parse_json(response, kind)


def parse_json(response: httpx.Response, kind: type[M]) -> M:
    """The value in a response.

    Raises:
        Unreachable: the server failed.
        FetchError: the response has another form than expected.
    """
    if not response.is_success:
        raise Unreachable(f"{response.url} is not available now ({response.status_code}). Run the same command later.")
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the answer"
        raise FetchError(f"{response.url} has an unexpected answer: {where}: {first['msg']}.") from error


def request(
    client: httpx.Client, method: str, address: str, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """A server's response with any status.

    Raises:
        Unreachable: the server cannot be reached.
        FetchError: the address is not valid.
    """
    try:
        return client.request(method, address, headers=headers)
    except (httpx.TransportError, httpx.TooManyRedirects) as error:
        reason = f"{type(error).__name__} {error}".strip()
        raise Unreachable(
            f"{address} cannot be reached ({reason}). Check the network and run the same command again."
        ) from error
    except httpx.InvalidURL as error:
        raise FetchError(f"{address} is not a web address ({error}).") from error


RECORD, FILES = "source.json", "files"


@dataclass(frozen=True)
class DataCache:
    """The cache below a folder."""

    root: Path = field(default_factory=lambda: cache_folder() / "data")

    def path(self, source: LockedSource) -> Path:
        """The folder with the data of a source; what the user gave may also be a file."""
        return Path(source.given) if source.given else self.root / source.folder / FILES

    def has(self, source: LockedSource) -> bool:
        """Whether the data are there."""
        return self.path(source).exists()

    def is_changed(self, source: LockedSource) -> bool:
        """Whether files were added, removed or resized since."""
        now = listing(self.path(source))
        if source.given:
            return digest(now) != source.digest
        if source.files:
            return now != sorted((file.path, file.size) for file in source.files)
        return (len(now), sum(size for _, size in now)) != (source.count, source.size)

    def find(self, source: DataSource) -> LockedSource | None:
        """The latest entry of a source that this or another run fetched."""
        records = (_read(path) for path in (self.root / _folder(source)).glob(f"*/{RECORD}"))
        found = [
            record
            for record in records
            if record
            and self.has(record)
            and (record.id, record.patterns) == (source.id, source.files)
            and source.revision in {record.requested, record.revision}
        ]
        if not found:
            return None
        return max(found, key=lambda record: record.time).model_copy(update={"name": source.name})

    def entry(self, release: Release) -> str:
        """The folder of a release, relative to the cache."""
        source = release.source
        key = digest([source.kind, source.id, source.files, source.hash, release.revision])
        return f"{_folder(source)}/{key[:16]}"

    def staging(self, entry: str) -> Path:
        """The folder in which an entry is made."""
        return self.root / ".partial" / entry


def _folder(source: DataSource) -> str:
    readable = re.sub(r"[^\w.-]+", "--", source.id.removeprefix("https://").removeprefix("http://"))
    return f"{source.kind}/{readable.strip('.-')[:80]}"


def _read(path: Path) -> LockedSource | None:
    with suppress(OSError, ValidationError):
        return LockedSource.model_validate_json(path.read_bytes())
    return None


def listing(path: Path) -> list[tuple[str, int]]:
    """The regular files of a folder with their sizes, sorted; of a file, the file itself. Links are followed once."""
    return sorted(_regular_files(path))


def _regular_files(path: Path) -> Iterator[tuple[str, int]]:
    if path.is_file():
        yield path.name, path.stat().st_size
    for below in path.rglob("*"):
        with suppress(OSError):  # a link that leads nowhere
            found = below.stat()
            if stat.S_ISREG(found.st_mode):
                yield below.relative_to(path).as_posix(), found.st_size
