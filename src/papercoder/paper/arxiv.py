"""Downloads papers from arXiv: the source, else the HTML, else the PDF.

arXiv allows one request in three seconds and wants a User-Agent that names the program; see its terms of use for bulk
access. What was downloaded for an id with a version never changes, so it is cached.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from papercoder.paper.files import kind_of
from papercoder.paper.server import Server, keep, paper_client
from papercoder.settings import cache_folder

_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"[a-z-]+(?:\.[A-Z]{2})?/\d{7}"
_ID = re.compile(rf"(?:arxiv:)?\s*({_NEW}|{_OLD})(v\d{{1,3}})?", re.IGNORECASE)
_PAGES = (
    r"(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|e-print|src|format)",
    r"(?:www\.)?alphaxiv\.org/[a-z]+",
    r"(?:huggingface\.co|hf\.co)/papers",
    r"(?:www\.)?semanticscholar\.org/arxiv",
)
"""Addresses that contain an arXiv id."""

_URL = re.compile(
    rf"https?://(?:{'|'.join(_PAGES)})/({_NEW}|{_OLD})(v\d{{1,3}})?(?:\.pdf|\.md)?/?(?:[?#].*)?", re.IGNORECASE
)
_DOI = re.compile(
    rf"(?:doi:\s*|https?://(?:dx\.|www\.)?doi\.org/)?10\.48550/arxiv\.({_NEW}|{_OLD})(v\d{{1,3}})?/?", re.IGNORECASE
)
FORMS = ("e-print", "html", "pdf")
"""The forms of a paper, the most complete first."""

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
    """The id in `arxiv:1706.03762v7`, `1706.03762`, a DOI of arXiv's, or an address; None if there is none.

    Addresses of arXiv, alphaXiv, Hugging Face papers and Semantic Scholar contain it.
    """
    match = next((found for pattern in (_ID, _URL, _DOI) if (found := pattern.fullmatch(text.strip()))), None)
    return ArxivId(match[1].lower() if "/" not in match[1] else match[1], match[2] or "") if match else None


def cached_file(paper: ArxivId, form: str, cache: Path | None = None) -> Path:
    """The cached file of one form of a paper; without a version, only the PDF that was read last is cached."""
    return (cache or cache_folder() / "arxiv") / f"{str(paper).replace('/', '_')}.{form}"


def default_client() -> httpx.Client:
    """A client for arXiv."""
    return paper_client(["arxiv.org"], "https://arxiv.org")


@dataclass
class Arxiv(Server):
    """Fetches papers, at most one request in three seconds."""

    client: httpx.Client = field(default_factory=default_client)
    cache: Path = field(default_factory=lambda: cache_folder() / "arxiv")

    def fetch(self, paper: ArxivId, form: str) -> bytes | None:
        """The bytes of one form of a paper (`e-print`, `html`, `pdf`), or None if arXiv does not have it.

        Raises:
            PaperError: arXiv does not answer or refuses.
        """
        kept = cached_file(paper, form, self.cache)
        if paper.version and kept.is_file():
            return kept.read_bytes()
        response = self.download(f"/{form}/{paper}", str(paper), name="arXiv")
        kind = kind_of(response.content, "") if response else ""
        if response is None or kind not in _READABLE:
            return None
        if paper.version or kind == "pdf":  # pictures are made from the file that was read
            keep(kept, response.content)
        return response.content
