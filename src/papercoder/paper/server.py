"""Requests to servers of papers: an honest User-Agent, pauses, Retry-After, limits of time and size.

Servers are not trusted: redirects are followed only to allowed hosts, and never into a private network.
"""

import ipaddress
import socket
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from papercoder.errors import PaperError

_AGENT = "papercoder (reads one paper for the user who asks for it; httpx)"
_LARGEST = 128 * 2**20
_PAUSE = 3.0
_LONGEST_WAIT = 120.0
_ATTEMPTS = 3
_MOST_REDIRECTS = 5


def paper_client(hosts: Iterable[str], base_url: str = "") -> httpx.Client:
    """A client whose redirects stay on a server, or lead to these hosts and their subdomains by https."""
    allowed = tuple(hosts)

    def check_redirect(response: httpx.Response) -> None:
        if not response.has_redirect_location:
            return
        here, there = response.url, response.url.join(response.headers["Location"])
        if (there.scheme, there.netloc) == (here.scheme, here.netloc):
            return
        is_allowed = any(there.host == host or there.host.endswith(f".{host}") for host in allowed)
        if there.scheme != "https" or not is_allowed or is_internal(there.host):
            raise PaperError(
                f"{here} redirects to {str(there)[:200]}, from where papers are not downloaded; give the paper's file."
            )

    return httpx.Client(
        base_url=base_url,
        headers={"User-Agent": _AGENT},
        follow_redirects=True,
        max_redirects=_MOST_REDIRECTS,
        timeout=httpx.Timeout(60, connect=15),
        event_hooks={"response": [check_redirect]},
    )


@dataclass
class Server:
    """Sends one request after the other, at most one in three seconds."""

    client: httpx.Client
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    last: float = field(default=float("-inf"), init=False)

    def download(self, address: str, what: str, *, name: str, largest: int = _LARGEST) -> httpx.Response | None:
        """Download what is at an address; None if there is nothing.

        Args:
            address: complete, or below the base address of the client.
            what: what is requested, for messages.
            name: the name of the server, for messages.
            largest: bytes.

        Raises:
            PaperError: the server does not answer, refuses, redirects elsewhere, or sends more than that.
        """
        for attempt in range(_ATTEMPTS):
            self._wait()
            try:
                with self.client.stream("GET", address) as response:
                    delay = _delay(response, attempt)
                    if delay is None:
                        return _read(response, what, name, largest)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                reason = type(error).__name__
                raise PaperError(f"{name} does not answer for {what} ({reason}); give the paper's file.") from error
            self.sleep(delay)
        raise PaperError(f"{name} is busy and does not give {what} now; try again later, or give the paper's file.")

    def _wait(self) -> None:
        pause = self.last + _PAUSE - self.clock()
        if pause > 0:
            self.sleep(pause)
        self.last = self.clock()


def _read(response: httpx.Response, what: str, name: str, largest: int) -> httpx.Response | None:
    if response.status_code in (404, 410):
        return None
    if response.status_code != 200:
        raise PaperError(f"{name} answers {response.status_code} for {what}; check it, or give the paper's file.")
    data = bytearray()
    for piece in response.iter_bytes():
        data += piece
        if len(data) > largest:
            raise PaperError(f"{name}'s answer for {what} is larger than {largest >> 20} MiB; give the paper's file.")
    return httpx.Response(200, headers={"Content-Type": response.headers.get("Content-Type", "")}, content=bytes(data))


def _delay(response: httpx.Response, attempt: int) -> float | None:
    """Seconds to wait before the next attempt; None if the response is final."""
    if response.status_code not in (429, 503):
        return None
    return min(retry_after(response.headers.get("Retry-After", "")) or _PAUSE * 2**attempt, _LONGEST_WAIT)


def retry_after(value: str) -> float:
    """The seconds to wait in a `Retry-After` header; 0 if it has none."""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0)
    except ValueError:
        return 0


def is_internal(host: str) -> bool:
    """Whether a server is not on the public internet. Papers, answers and runs of others may name any address."""
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return False  # it cannot be reached
    return any(not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global for *_, address in found)


def keep(path: Path, data: bytes) -> None:
    """Write a file atomically. If the cache cannot be written, the file is downloaded again next time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(path)
