"""The cache of fetched data, shared by all runs: `KIND/ID/KEY/files`, and beside it `source.json`.

An entry is made in a folder of its own and renamed when it is complete, so what is under its name can be used.
"""

import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from papercoder.artifacts.data import DataSource, LockedSource
from papercoder.datasets.release import Release
from papercoder.runs.folder import digest
from papercoder.settings import cache_folder

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
            return listing_digest(now) != source.digest
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


def listing_digest(files: list[tuple[str, int]]) -> str:
    """The digest of a listing."""
    return digest(files)
