"""Downloads: resumed where they broke off, never larger than agreed, whole or not at all."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from papercoder.bench.data.partial_file import Content, Part
from papercoder.errors import FetchError
from papercoder.paper.arxiv import retry_after
from papercoder.runs.store import write_failure

_AGENT = "papercoder (fetches a benchmark's public data for the user who asks for it; httpx)"
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_TRIES = 5
"""In a row, of which none brought a byte more."""

_PAUSE = 2.0
LONGEST_WAIT = 300.0
"""Seconds; a server that asks for more is not waited for."""

LARGEST = 512 * 2**20
"""Bytes of one download."""

_REST = re.compile(r"bytes (\d{1,15})-\d{1,15}/(\d{1,15}|\*)", re.ASCII)
"""Content-Range: where the part begins, and how large the whole is, if the server says so."""

Tell = Callable[[str, int, int | None], None]
"""Is told an address, how many bytes of it are there, and how many there will be."""


class Missing(FetchError):
    """The server has no such file."""


class Unreachable(FetchError):
    """The server does not answer, or not now."""


class _Passing(Exception):
    """A failure that may be over soon; the server may say how soon."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


def web_client(timeout: float) -> httpx.Client:
    """A client that waits so many seconds for the next sign of life."""
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    return httpx.Client(
        headers=headers,
        follow_redirects=True,
        timeout=httpx.Timeout(timeout, connect=min(timeout, 15)),
        event_hooks={"response": [_guard]},
    )


def _guard(response: httpx.Response) -> None:
    """A server sends us on within itself or to a sealed address, but to no other scheme and no door of this machine."""
    if not response.has_redirect_location:
        return
    here, there = response.url, response.url.join(response.headers["Location"])
    if there.scheme != "https" and (there.scheme, there.netloc) != (here.scheme, here.netloc):
        raise FetchError(
            f"{here} leads on to {there}, which is neither the same server nor https; it was not followed."
        )


def _tell_nobody(address: str, done: int, total: int | None) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Downloads:
    """Downloads files, one after the other."""

    client: httpx.Client
    tell: Tell = _tell_nobody
    sleep: Callable[[float], None] = time.sleep
    largest: int = LARGEST

    def fetch(self, address: str, path: Path, content: Content | None = None) -> None:
        """Download a file, or the rest of it; what there is of it waits beside `path` until it is whole.

        Raises:
            Missing: the server has no such file.
            Unreachable: the server does not answer, or not now.
            FetchError: the server refuses, or the file is too large, not what it must be, or cannot be written.
        """
        part = Part(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # What an earlier try left may be of another file: if the whole is wrong, once more from the start.
            for _ in range(2):
                self._complete(address, part, content)
                if part.holds(content):
                    return part.finish()
                part.discard()
        except OSError as error:
            raise FetchError(write_failure(path, error)) from error
        raise FetchError(f"{address} is not what was announced: its SHA-256 or size is another. It was not kept.")

    def _complete(self, address: str, part: Part, content: Content | None) -> None:
        """Try until all of it is there, for as long as tries bring more of it."""
        best, tries = part.size, 0
        while content is None or part.size < content.size:
            try:
                return self._try(address, part, content)
            except (_Passing, httpx.TransportError) as error:
                tries = 1 if part.size > best else tries + 1
                best = max(best, part.size)
                self._wait(address, error, tries)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise FetchError(f"{address} cannot be fetched ({error}).") from error
        return None

    def _try(self, address: str, part: Part, content: Content | None) -> None:
        headers = part.ask(content)
        with self.client.stream("GET", address, headers=headers) as response:
            self._check(response, address, part)
            whole = _whole(response, part)
            self._receive(response, address, part, content)
        if whole is not None and part.size != whole:
            raise _Passing("it sent less than all of the rest")

    def _check(self, response: httpx.Response, address: str, part: Part) -> None:
        code = response.status_code
        if code in {404, 410}:
            raise Missing(f"{address} is not there ({code}).")
        if code == 416:
            part.discard()
            raise _Passing("what was left of an earlier try does not fit it any more")
        if code in _PASSING:
            raise _Passing(f"it answers {code}", retry_after(response.headers.get("Retry-After", "")))
        if code not in {200, 206}:
            raise FetchError(f"{address} is refused ({code}).")
        if (encoding := response.headers.get("Content-Encoding", "identity")) != "identity":
            raise FetchError(f"{address} is sent in another form ({encoding[:40]}) than was asked for.")

    def _receive(self, response: httpx.Response, address: str, part: Part, content: Content | None) -> None:
        length = response.headers.get("Content-Length", "")
        total = part.size + int(length) if length.isdecimal() else None
        most = min(self.largest, content.size) if content else self.largest
        if (total or 0) > most:
            self._refuse(address, part, most)
        for size in part.extend(response.iter_raw()):
            if size > most:
                self._refuse(address, part, most)
            self.tell(address, size, total)

    def _refuse(self, address: str, part: Part, most: int) -> None:
        part.discard()
        raise FetchError(f"{address} is larger than it may be ({most:,} bytes). It was not kept.")

    def _wait(self, address: str, error: Exception, tries: int) -> None:
        asked = error.wait if isinstance(error, _Passing) else 0.0
        reason = str(error) if isinstance(error, _Passing) else f"{type(error).__name__} {error}".strip()
        if tries >= _TRIES or asked > LONGEST_WAIT:
            wait = f" and asks to wait {asked:.0f} s" if asked else ""
            raise Unreachable(f"{address} cannot be had now ({reason}{wait}); run the same command later, it goes on.")
        self.sleep(asked or _PAUSE * 2 ** (tries - 1))


def _whole(response: httpx.Response, part: Part) -> int | None:
    """Make ready for what the server sends, all of it or the rest; gives how large the whole is, where a rest tells."""
    if response.status_code != 206:
        part.begin(response.headers.get("ETag", ""))
        return None
    found = _REST.fullmatch(response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != part.size:
        part.discard()
        raise _Passing("it sent another part than was asked for")
    return None if found[2] == "*" else int(found[2])
