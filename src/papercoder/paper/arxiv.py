"""arXiv: a paper's source, else its HTML, else its PDF, politely and once.

arXiv asks for no more than one request in three seconds and for a telling User-Agent; see its terms of use for bulk
access. What was fetched for an id with a version never changes, so it is kept.
"""

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from papercoder.errors import PaperError
from papercoder.paper.sniffing import kind_of
from papercoder.settings import cache_folder

_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"[a-z-]+(?:\.[A-Z]{2})?/\d{7}"
_ID = re.compile(rf"(?:arxiv:)?\s*({_NEW}|{_OLD})(v\d{{1,3}})?", re.IGNORECASE)
_URL = re.compile(
    rf"https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|e-print|src|format)/({_NEW}|{_OLD})(v\d{{1,3}})?(?:\.pdf)?/?"
    r"(?:[?#].*)?",
    re.IGNORECASE,
)
_AGENT = "papercoder (reads one paper for the user who asks for it; httpx)"
_LARGEST = 128 * 2**20
_PAUSE = 3.0
_LONGEST_WAIT = 120.0
_ATTEMPTS = 3
FORMS = ("e-print", "html", "pdf")
"""The forms of a paper, the one that keeps most first."""

_READABLE = frozenset(("pdf", "gzip", "tar", "zip", "html", "latex"))


@dataclass(frozen=True)
class ArxivId:
    """An arXiv id."""

    number: str
    version: str = ""
    """`v7`, or empty for the newest."""

    def __str__(self) -> str:
        return self.number + self.version


def parse_id(text: str) -> ArxivId | None:
    """The id in `arxiv:1706.03762v7`, `1706.03762` or an address of arXiv's, or None."""
    match = _ID.fullmatch(text.strip()) or _URL.fullmatch(text.strip())
    return ArxivId(match[1].lower() if "/" not in match[1] else match[1], match[2] or "") if match else None


def cached_file(paper: ArxivId, form: str, cache: Path | None = None) -> Path:
    """Where one form of a paper is kept; without a version only a PDF, and only the one that was read last."""
    return (cache or cache_folder() / "arxiv") / f"{str(paper).replace('/', '_')}.{form}"


def default_client() -> httpx.Client:
    """A client for arXiv."""
    return httpx.Client(
        base_url="https://arxiv.org",
        headers={"User-Agent": _AGENT},
        follow_redirects=True,
        timeout=httpx.Timeout(60, connect=15),
    )


@dataclass
class Arxiv:
    """Fetches papers, at most one request in three seconds."""

    client: httpx.Client = field(default_factory=default_client)
    cache: Path = field(default_factory=lambda: cache_folder() / "arxiv")
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    last: float = field(default=float("-inf"), init=False)

    def fetch(self, paper: ArxivId, form: str) -> bytes | None:
        """The bytes of one form of a paper (`e-print`, `html`, `pdf`), or None where arXiv has no such form.

        Raises:
            PaperError: arXiv does not answer, refuses, or sends something else than a paper.
        """
        kept = cached_file(paper, form, self.cache)
        if paper.version and kept.is_file():
            return kept.read_bytes()
        data = self._download(f"/{form}/{paper}", paper)
        kind = "" if data is None else kind_of(data, "")
        if data is None or kind not in _READABLE:
            return None
        if paper.version or kind == "pdf":  # pictures are made from the file that was read
            _keep(kept, data)
        return data

    def _download(self, path: str, paper: ArxivId) -> bytes | None:
        for attempt in range(_ATTEMPTS):
            self._wait()
            try:
                with self.client.stream("GET", path) as response:
                    delay = _delay(response, attempt)
                    if delay is None:
                        return self._content(response, paper)
            except httpx.HTTPError as error:
                reason = type(error).__name__
                raise PaperError(f"arXiv does not answer for {paper} ({reason}); give the paper's file.") from error
            self.sleep(delay)
        raise PaperError(f"arXiv is busy and does not give {paper} now; try again later, or give the paper's file.")

    def _wait(self) -> None:
        pause = self.last + _PAUSE - self.clock()
        if pause > 0:
            self.sleep(pause)
        self.last = self.clock()

    def _content(self, response: httpx.Response, paper: ArxivId) -> bytes | None:
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise PaperError(
                f"arXiv answers {response.status_code} for {paper}; check the id, or give the paper's file."
            )
        data = bytearray()
        for piece in response.iter_bytes():
            data += piece
            if len(data) > _LARGEST:
                raise PaperError(f"arXiv's {paper} is larger than {_LARGEST // 2**20} MiB; give its .tex file instead.")
        return bytes(data)


def _delay(response: httpx.Response, attempt: int) -> float | None:
    """Seconds to wait before asking again, or None where the answer stands."""
    if response.status_code not in (429, 503):
        return None
    return min(retry_after(response.headers.get("Retry-After", "")) or _PAUSE * 2**attempt, _LONGEST_WAIT)


def retry_after(value: str) -> float:
    """Seconds that a server asks to wait in its header of this name; 0 where it does not say."""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0)
    except ValueError:
        return 0


def _keep(path: Path, data: bytes) -> None:
    """Write whole or not at all; a cache that cannot be written costs a download, not the run."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
        Path(file.name).replace(path)
    except OSError:
        return
