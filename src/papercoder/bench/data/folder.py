"""The folder of a benchmark's data: what was fetched, from where, and with which hash."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field, ValidationError

from papercoder.artifacts import Artifact
from papercoder.bench.data.archive import unpack
from papercoder.bench.data.downloads import Downloads, Missing, Unreachable
from papercoder.bench.data.lfs import pointer_in
from papercoder.bench.data.partial_file import Content, sha256_of
from papercoder.errors import FetchError
from papercoder.runs.store import write_failure, write_synced

RECORD = "fetched.json"
MANIFEST = "manifest.yaml"
_STAGING = ".fetching"

Large = Callable[[str], str]
"""From the address of a Git LFS pointer to that of the content."""


class FetchedFile(Artifact):
    """A file as it was when it was fetched first."""

    address: str
    sha256: str
    """Of a folder: of the archive that it was unpacked from."""


class Record(Artifact):
    """All that was fetched."""

    files: dict[str, FetchedFile] = Field(default_factory=dict)
    """Path in the folder -> what it was."""

    manifest: str = ""
    """SHA-256 of the manifest as it was written."""


@dataclass
class DataFolder:
    """Fetches what is not there yet, and holds all of it against what was fetched first; paths are relative to it."""

    root: Path
    downloads: Downloads
    problems: list[str] = field(default_factory=list)
    """What could not be had, one sentence each."""

    silence: Unreachable | None = None
    """Why no server is asked any more."""

    def file(self, name: str, address: str, large: Large | None = None) -> Path:
        """The file of this name, fetched where it is missing.

        Raises:
            FetchError: it cannot be had, or is another than at first.
        """
        if (self.root / name).exists():
            self._check(name)
            return Path(name)
        staged = self._stage(name)
        self._download(address, staged)
        pointer = pointer_in(staged) if large else None
        if large and pointer:
            staged.unlink()
            staged = self._stage(f"{name}.content")  # what there is of it outlives the pointer, which is fetched anew
            self._download(large(address), staged, pointer)
        self._remember(name, address, staged)
        return self._put(staged, name)

    def unpacked(self, name: str, address: str) -> Path:
        """The folder of this name: the text files of an archive, fetched and unpacked where it is missing.

        Raises:
            FetchError: it cannot be had, is another than at first, or is not safe to unpack.
        """
        if (self.root / name).exists():
            return Path(name)
        archive, folder = self._stage(f"{name}.zip"), self._stage(f"{name}.folder")
        self._download(address, archive)
        unpack(archive, folder)
        self._remember(name, address, archive)
        archive.unlink()
        return self._put(folder, name)

    def tried(self, get: Callable[[], Path], *, optional: bool = False) -> Path | None:
        """The same; where it cannot be had, that is noted among the problems, and None is given.

        Raises:
            Unreachable: the server does not answer, so that there is no use in going on.
        """
        try:
            return get()
        except Unreachable:
            raise
        except FetchError as error:
            if not (optional and isinstance(error, Missing)):
                self.problems.append(str(error))
            return None

    def made(self, name: str, data: bytes) -> Path:
        """The file of this name, written where it is missing, from one that was fetched."""
        staged = self._stage(name)
        if not (self.root / name).exists():
            try:
                staged.parent.mkdir(parents=True, exist_ok=True)
                staged.write_bytes(data)
            except OSError as error:
                raise FetchError(write_failure(staged, error)) from error
            self._put(staged, name)
        return Path(name)

    def manifest(self, text: str) -> Path:
        """Write the manifest; beside the one that is there, if the user has edited that."""
        path, record = self.root / MANIFEST, self._record()
        if path.exists() and sha256_of(path) != record.manifest:
            path = path.with_name("manifest.new.yaml")
        write_synced(path, text)
        if path.name == MANIFEST:
            self._keep(record.model_copy(update={"manifest": sha256_of(path)}))
        return path

    def sweep(self) -> None:
        """Clear away the place of unfinished downloads, where nothing waits in it."""
        with suppress(OSError):
            (self.root / _STAGING).rmdir()

    def _download(self, address: str, staged: Path, content: Content | None = None) -> None:
        """Fetch it; once a server did not answer, what is not here yet is not waited for again."""
        if self.silence:
            raise self.silence
        try:
            self.downloads.fetch(address, staged, content)
        except Unreachable as error:
            self.silence = error
            raise

    def _check(self, name: str) -> None:
        """A file that was fetched is as it was; one that was not is the user's, and is used as it is."""
        known = self._record().files.get(name)
        if known and known.sha256 != sha256_of(self.root / name):
            raise FetchError(
                f"{self.root / name} is not as it was fetched; delete it to fetch it again, "
                f"or its entry in {RECORD} to use it as it is."
            )

    def _remember(self, name: str, address: str, staged: Path) -> None:
        record, now = self._record(), sha256_of(staged)
        known = record.files.get(name)
        if known and known.sha256 != now:
            staged.unlink()
            raise FetchError(
                f"{address} has changed since {name} was fetched first (its SHA-256 was {known.sha256[:12]}… and is "
                f"{now[:12]}…), and was not taken; to take it, delete the entry of {name} in {self.root / RECORD}."
            )
        files = {**record.files, name: FetchedFile(address=address, sha256=now)}
        self._keep(record.model_copy(update={"files": files}))

    def _record(self) -> Record:
        path = self.root / RECORD
        try:
            return Record.model_validate_json(path.read_bytes()) if path.exists() else Record()
        except (OSError, ValidationError) as error:
            raise FetchError(f"{path} cannot be read; move it away to take all files as they are now.") from error

    def _keep(self, record: Record) -> None:
        write_synced(self.root / RECORD, record.model_dump_json(indent=1) + "\n")

    def _stage(self, name: str) -> Path:
        return self.root / _STAGING / name.replace("/", "+")

    def _put(self, staged: Path, name: str) -> Path:
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(path)
        except OSError as error:
            raise FetchError(write_failure(path, error)) from error
        return Path(name)
