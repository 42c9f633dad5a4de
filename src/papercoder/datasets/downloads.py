"""Downloads that resume where they broke off, stay within a size limit, and appear only when complete."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from papercoder.errors import FetchError
from papercoder.files.regular import write_failure
from papercoder.paper.server import is_internal, retry_after

_USER_AGENT = "papercoder (fetches public data for the user who asks for it; httpx)"
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_TRIES = 5
"""In a row, without a new byte."""

_PAUSE = 2.0
LONGEST_WAIT = 300.0
"""Seconds. If a server asks for a longer wait, the download fails."""

LARGEST = 512 * 2**20
"""Bytes per download."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)", re.ASCII)
"""Where the part begins, and the size of the whole file if the server knows it."""

OnProgress = Callable[[str, int, int | None], None]
"""Receives an address, the bytes so far, and the total if it is known."""


class Missing(FetchError):
    """The server has no such file."""


class Denied(FetchError):
    """The server denies access."""


class Unreachable(FetchError):
    """The server does not answer at the moment."""


class _Retry(Exception):
    """A temporary failure; `wait` is the pause in seconds that the server asks for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Content:
    """What a file must contain, if that is known in advance."""

    hash: str = ""
    """`sha256:...`, `sha1:...`, `md5:...` or `git:...`, as Git hashes files; empty: unknown."""

    size: int | None = None


def sha256_of(path: Path) -> str:
    """A file's SHA-256, in hexadecimal digits."""
    return _hash_of(path, "sha256")


def _hash_of(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        if algorithm != "git":
            return hashlib.file_digest(file, algorithm).hexdigest()
        found = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        while chunk := file.read(2**20):
            found.update(chunk)
        return found.hexdigest()


@dataclass(frozen=True)
class PartialFile:
    """The bytes so far in `NAME.part`, and the server's ETag in `NAME.tag`, which shows if they are still valid."""

    path: Path
    """Of the complete file."""

    @property
    def exists(self) -> bool:
        """Whether a download has begun; an empty file may be complete."""
        return self._bytes.exists()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._bytes.stat().st_size if self._bytes.exists() else 0

    def range_headers(self, content: Content | None) -> dict[str, str]:
        """Headers that request the rest; empty if nothing could verify that it belongs to the same file."""
        tag = self._tag.read_text(encoding="utf-8") if self._tag.exists() else ""
        if not self.size or not (tag or (content and content.hash)):
            return {}
        return {"Range": f"bytes={self.size}-"} | ({"If-Range": tag} if tag else {})

    def restart(self, tag: str) -> None:
        """Start from the first byte. Weak ETags do not identify bytes, and only ASCII can be sent back."""
        self.discard()
        self._bytes.touch()
        if tag.isascii() and tag and not tag.startswith("W/"):
            self._tag.write_text(tag, encoding="utf-8")

    def append(self, chunks: Iterable[bytes]) -> Iterable[int]:
        """Append chunks; yields the size after each."""
        with self._bytes.open("ab") as file:
            for chunk in chunks:
                file.write(chunk)
                yield file.tell()

    def matches(self, content: Content | None) -> bool:
        """Whether the bytes are the expected ones."""
        if content is None:
            return True
        algorithm, _, expected = content.hash.partition(":")
        if content.size not in {None, self.size}:
            return False
        return not expected or _hash_of(self._bytes, algorithm) == expected

    def discard(self) -> None:
        """Delete everything."""
        self._bytes.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)

    def finish(self) -> None:
        """Move the complete file to its path."""
        self._tag.unlink(missing_ok=True)
        self._bytes.replace(self.path)

    @property
    def _bytes(self) -> Path:
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def _tag(self) -> Path:
        return self.path.with_name(f"{self.path.name}.tag")


def web_client(timeout: float) -> httpx.Client:
    """A client that waits this many seconds for the next bytes."""
    headers = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity"}
    return httpx.Client(
        headers=headers,
        follow_redirects=True,
        timeout=httpx.Timeout(timeout, connect=min(timeout, 15)),
        event_hooks={"response": [_check_redirect]},
    )


def _check_redirect(response: httpx.Response) -> None:
    """Allow redirects within the same server and to public servers by https; never to a local file or service.

    It is called for each response on the way, so for each redirect of a chain.
    """
    if not response.has_redirect_location:
        return
    here, there = response.url, response.url.join(response.headers["Location"])
    if (there.scheme, there.netloc) == (here.scheme, here.netloc):
        return
    if there.scheme != "https":
        raise FetchError(f"{here} redirects to {there}, which is neither the same server nor https. Not followed.")
    if is_internal(there.host):
        raise FetchError(
            f"{here} redirects to {there}, an address of this machine or of a private network. Not followed."
        )


def _ignore_progress(address: str, done: int, total: int | None) -> None:
    pass


@dataclass(frozen=True)
class Downloads:
    """Downloads files, one after the other."""

    client: httpx.Client
    on_progress: OnProgress = _ignore_progress
    sleep: Callable[[float], None] = time.sleep
    largest: int = LARGEST
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of every request, such as a token; they are not sent to other servers after a redirect."""

    def fetch(self, address: str, path: Path, content: Content | None = None) -> None:
        """Download a file, or the rest of it. Until it is complete, it is `PATH.part`.

        Raises:
            Missing: the server has no such file.
            Denied: the server denies access.
            Unreachable: the server does not answer at the moment.
            FetchError: the file is too large, has another hash, or cannot be written.
        """
        part = PartialFile(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # An earlier part may be of another file: if the result is wrong, try once more from the start.
            for _ in range(2):
                self._complete(address, part, content)
                if part.matches(content):
                    return part.finish()
                part.discard()
        except OSError as error:
            raise FetchError(write_failure(path, error)) from error
        raise FetchError(f"{address} has another hash or size than announced. It was discarded; run again to retry.")

    def _complete(self, address: str, part: PartialFile, content: Content | None) -> None:
        """Retry until the file is complete, as long as retries make progress."""
        best, tries = part.size, 0
        expected = content.size if content else None
        while expected is None or part.size < expected or not part.exists:
            try:
                return self._try(address, part, content)
            except (_Retry, httpx.TransportError) as error:
                tries = 1 if part.size > best else tries + 1
                best = max(best, part.size)
                self._wait(address, error, tries)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise FetchError(f"{address} cannot be fetched ({error}).") from error
        return None

    def _try(self, address: str, part: PartialFile, content: Content | None) -> None:
        headers = {**self.headers, **part.range_headers(content)}
        with self.client.stream("GET", address, headers=headers) as response:
            _check_status(response, address, part)
            total = _prepare(response, part)
            self._receive(response, address, part, content)
        if total is not None and part.size != total:
            raise _Retry("it sent less than the rest of the file")

    def _receive(self, response: httpx.Response, address: str, part: PartialFile, content: Content | None) -> None:
        length = response.headers.get("Content-Length", "")
        total = part.size + int(length) if length.isdecimal() else None
        limit = self.largest if content is None or content.size is None else min(self.largest, content.size)
        too_large = FetchError(f"{address} is larger than the limit of {limit:,} bytes. The download was discarded.")
        if (total or 0) > limit:
            part.discard()
            raise too_large
        for size in part.append(response.iter_raw()):
            if size > limit:
                part.discard()
                raise too_large
            self.on_progress(address, size, total)

    def _wait(self, address: str, error: Exception, tries: int) -> None:
        requested = error.wait if isinstance(error, _Retry) else 0.0
        reason = str(error) if isinstance(error, _Retry) else f"{type(error).__name__} {error}".strip()
        if tries >= _TRIES or requested > LONGEST_WAIT:
            wait = f" and asks to wait {requested:.0f} s" if requested else ""
            raise Unreachable(f"{address} is not available now ({reason}{wait}). Run the same command later to resume.")
        self.sleep(requested or _PAUSE * 2 ** (tries - 1))


def _check_status(response: httpx.Response, address: str, part: PartialFile) -> None:
    code = response.status_code
    if code in {404, 410}:
        raise Missing(f"{address} does not exist ({code}).")
    if code == 416:
        part.discard()
        raise _Retry("the part from an earlier try no longer fits")
    if code in _RETRIED:
        raise _Retry(f"it answers {code}", retry_after(response.headers.get("Retry-After", "")))
    if code not in {200, 206}:
        raise Denied(f"{address}: access denied ({code}).")
    if (encoding := response.headers.get("Content-Encoding", "identity")) != "identity":
        raise FetchError(f"{address} is sent in the encoding {encoding[:40]}, which was not requested.")


def _prepare(response: httpx.Response, part: PartialFile) -> int | None:
    """Prepare for the whole file or the rest of it; returns the file's size if the server gives it with a rest."""
    if response.status_code != 206:
        part.restart(response.headers.get("ETag", ""))
        return None
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != part.size:
        part.discard()
        raise _Retry("it sent another part than requested")
    return None if found[2] == "*" else int(found[2])
