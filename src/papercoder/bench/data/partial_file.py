"""What there is of a file that is being downloaded."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Content:
    """What a file must be, where that is known beforehand."""

    sha256: str
    size: int


def sha256_of(path: Path) -> str:
    """A file's hash, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Part:
    """The bytes so far, beside the path of the whole; and the server's tag, which tells whether they are still its."""

    path: Path
    """Where the whole file will be."""

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._bytes.stat().st_size if self._bytes.exists() else 0

    def ask(self, content: Content | None) -> dict[str, str]:
        """Headers that ask for the rest; none where nothing could tell that it is the rest of the same file."""
        tag = self._tag.read_text(encoding="utf-8") if self._tag.exists() else ""
        if not self.size or not (tag or content):
            return {}
        return {"Range": f"bytes={self.size}-"} | ({"If-Range": tag} if tag else {})

    def begin(self, tag: str) -> None:
        """Start anew; a weak tag says nothing of bytes, one that is no ASCII cannot be sent back: neither is kept."""
        self.discard()
        self._bytes.touch()
        if tag.isascii() and tag and not tag.startswith("W/"):
            self._tag.write_text(tag, encoding="utf-8")

    def extend(self, pieces: Iterable[bytes]) -> Iterable[int]:
        """Add bytes; gives the size after each piece."""
        with self._bytes.open("ab") as file:
            for piece in pieces:
                file.write(piece)
                yield file.tell()

    def holds(self, content: Content | None) -> bool:
        """Whether these bytes are what they must be."""
        return content is None or (self.size == content.size and sha256_of(self._bytes) == content.sha256)

    def discard(self) -> None:
        """Forget all of it."""
        self._bytes.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)

    def finish(self) -> None:
        """It is whole, and takes its place."""
        self._tag.unlink(missing_ok=True)
        self._bytes.replace(self.path)

    @property
    def _bytes(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def _tag(self) -> Path:
        return self.path.with_name(f"{self.path.name}.tag")
