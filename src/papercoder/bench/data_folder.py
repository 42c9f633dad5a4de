"""The folder of a benchmark's data: its files, and a record of their addresses and hashes."""

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pydantic import Field, ValidationError

from papercoder.artifacts import Artifact
from papercoder.datasets.downloads import LARGEST, Content, Downloads, Missing, Unreachable, sha256_of
from papercoder.errors import FetchError, PaperError
from papercoder.files.regular import write_failure
from papercoder.paper.files import Memory, read_bytes, unzip
from papercoder.runs.folder import write_synced

RECORD = "fetched.json"
MANIFEST = "manifest.yaml"
_STAGING = ".fetching"

_POINTER = re.compile(rb"version https://git-lfs\S*\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n")
_LARGEST_POINTER = 1024
"""Bytes; the limit of the Git LFS format."""

LfsAddress = Callable[[str], str]
"""From the address of a Git LFS pointer to that of its content."""


class FetchedFile(Artifact):
    """A file as it was first fetched."""

    address: str
    sha256: str
    """For a folder: of the archive that it was unpacked from."""


class FetchRecord(Artifact):
    """Everything that was fetched."""

    files: dict[str, FetchedFile] = Field(default_factory=dict)
    """By path in the folder."""

    manifest: str = ""
    """SHA-256 of the manifest as it was written."""


@dataclass
class DataFolder:
    """Fetches missing files and verifies the others against the record. Paths are relative to `root`."""

    root: Path
    downloads: Downloads
    problems: list[str] = field(default_factory=list)
    """What could not be fetched, one sentence each."""

    unreachable: Unreachable | None = None
    """Why no more requests are sent."""

    def fetch_file(self, name: str, address: str, lfs_address: LfsAddress | None = None) -> Path:
        """The file with this name, fetched if it is missing.

        Raises:
            FetchError: the file cannot be fetched, or differs from the record.
        """
        if (self.root / name).exists():
            known = self._record().files.get(name)  # a file that is not in the record is the user's
            if known and known.sha256 != sha256_of(self.root / name):
                raise FetchError(
                    f"{self.root / name} has changed since it was fetched. Delete it to fetch it again, or delete its "
                    f"entry in {RECORD} to use it as it is."
                )
            return Path(name)
        staged = self._staged(name)
        self._download(address, staged)
        pointer = lfs_pointer(staged) if lfs_address else None
        if lfs_address and pointer:
            staged.unlink()
            staged = self._staged(f"{name}.content")  # another name, so that a partial content can be resumed
            self._download(lfs_address(address), staged, pointer)
        self._record_file(name, address, staged)
        return self._publish(staged, name)

    def fetch_archive(self, name: str, address: str) -> Path:
        """The folder with this name: the text files of an archive, fetched and unpacked if it is missing.

        Raises:
            FetchError: the archive cannot be fetched, differs from the record, or is not safe to unpack.
        """
        if (self.root / name).exists():
            return Path(name)
        archive, folder = self._staged(f"{name}.zip"), self._staged(f"{name}.folder")
        self._download(address, archive)
        unpack(archive, folder)
        self._record_file(name, address, archive)
        archive.unlink()
        return self._publish(folder, name)

    def try_fetch(self, get: Callable[[], Path], *, optional: bool = False) -> Path | None:
        """Call `get`; if it fails, record the problem and return None. A missing optional file is no problem.

        Raises:
            Unreachable: the server does not answer, so that further requests are useless.
        """
        try:
            return get()
        except Unreachable:
            raise
        except FetchError as error:
            if not (optional and isinstance(error, Missing)):
                self.problems.append(str(error))
            return None

    def write_file(self, name: str, data: bytes) -> Path:
        """The file with this name; written with this content, which comes from a fetched file, if it is missing."""
        staged = self._staged(name)
        if not (self.root / name).exists():
            try:
                staged.parent.mkdir(parents=True, exist_ok=True)
                staged.write_bytes(data)
            except OSError as error:
                raise FetchError(write_failure(staged, error)) from error
            self._publish(staged, name)
        return Path(name)

    def write_manifest(self, text: str) -> Path:
        """Write the manifest; under another name if the user has edited the current one."""
        path, record = self.root / MANIFEST, self._record()
        if path.exists() and sha256_of(path) != record.manifest:
            path = path.with_name("manifest.new.yaml")
        write_synced(path, text)
        if path.name == MANIFEST:
            self._write_record(record.model_copy(update={"manifest": sha256_of(path)}))
        return path

    def remove_empty_staging(self) -> None:
        """Remove the folder of unfinished downloads if it is empty."""
        with suppress(OSError):
            (self.root / _STAGING).rmdir()

    def _download(self, address: str, staged: Path, content: Content | None = None) -> None:
        """Download a file. After a server did not answer, all later downloads fail at once."""
        if self.unreachable:
            raise self.unreachable
        try:
            self.downloads.fetch(address, staged, content)
        except Unreachable as error:
            self.unreachable = error
            raise

    def _record_file(self, name: str, address: str, staged: Path) -> None:
        record, now = self._record(), sha256_of(staged)
        known = record.files.get(name)
        if known and known.sha256 != now:
            staged.unlink()
            raise FetchError(
                f"{address} has changed since {name} was first fetched (SHA-256 {known.sha256[:12]}… then, {now[:12]}… "
                f"now) and was discarded. To accept it, delete the entry of {name} in {self.root / RECORD}."
            )
        files = {**record.files, name: FetchedFile(address=address, sha256=now)}
        self._write_record(record.model_copy(update={"files": files}))

    def _record(self) -> FetchRecord:
        path = self.root / RECORD
        try:
            return FetchRecord.model_validate_json(path.read_bytes()) if path.exists() else FetchRecord()
        except (OSError, ValidationError) as error:
            raise FetchError(f"{path} cannot be read. Move it away to accept all files as they are now.") from error

    def _write_record(self, record: FetchRecord) -> None:
        write_synced(self.root / RECORD, record.model_dump_json(indent=1) + "\n")

    def _staged(self, name: str) -> Path:
        return self.root / _STAGING / name.replace("/", "+")

    def _publish(self, staged: Path, name: str) -> Path:
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(path)
        except OSError as error:
            raise FetchError(write_failure(path, error)) from error
        return Path(name)


def lfs_pointer(path: Path) -> Content | None:
    """The content that a Git LFS pointer announces; None if the file is not a pointer."""
    if path.stat().st_size > _LARGEST_POINTER:
        return None
    found = _POINTER.match(path.read_bytes())
    return Content(hash=f"sha256:{found[1].decode()}", size=int(found[2])) if found else None


def unpack(archive: Path, folder: Path) -> None:
    """Write the text files of an archive into a folder, without the single top folder that GitHub adds.

    Raises:
        FetchError: the archive is damaged, unsafe, empty or too large, or the folder cannot be written.
    """
    files = {PurePosixPath(path).parts: data for path, data in open_archive(archive).files.items()}
    if not files:
        raise FetchError(f"{archive} contains no text files.")
    wrapped = len({parts[:1] for parts in files}) == 1 and all(len(parts) > 1 for parts in files)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for parts, data in files.items():
            target = folder.joinpath(*parts[wrapped:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    except OSError as error:
        raise FetchError(write_failure(folder, error)) from error


def open_archive(archive: Path) -> Memory:
    """The text files of an archive, with the same safety checks as a paper's.

    Raises:
        FetchError: the archive is damaged, unsafe or too large.
    """
    try:
        return unzip(read_bytes(archive, LARGEST), str(archive))
    except PaperError as error:
        raise FetchError(str(error)) from error
