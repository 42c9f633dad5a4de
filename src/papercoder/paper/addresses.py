"""Finds papers by an address of OpenReview, a DOI or an address of Semantic Scholar: their arXiv id, or their PDF.

Semantic Scholar's API answers, in one request, which arXiv id and which PDF belong to a DOI or to one of its own pages.
Its answer is not trusted: of an address in it, only path and query are used, below a server of `SERVERS`.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

import httpx
from pydantic import BaseModel, Field, ValidationError

from papercoder.errors import PaperError
from papercoder.paper.arxiv import ArxivId, parse_id
from papercoder.paper.files import kind_of
from papercoder.paper.server import Server, keep, paper_client
from papercoder.runs.folder import digest
from papercoder.settings import cache_folder

Site = Literal["OpenReview", "DOI", "Semantic Scholar"]

SERVERS: Mapping[str, str] = {
    host: f"https://{host}"
    for host in (
        "aclanthology.org",
        "api.semanticscholar.org",
        "jmlr.org",
        "openaccess.thecvf.com",
        "openreview.net",
        "papers.nips.cc",
        "proceedings.mlr.press",
        "proceedings.neurips.cc",
        "raw.githubusercontent.com",
    )
}
"""Host -> address of the server that is asked in its place. PMLR keeps the PDFs of its proceedings on GitHub."""

_DOI = re.compile(r"(?:doi:\s*|https?://(?:dx\.|www\.)?doi\.org/)?(10\.\d{4,9}/[\w./:()+;~-]{1,200})", re.IGNORECASE)
_SCHOLAR = re.compile(
    r"https?://(?:www\.|api\.)?semanticscholar\.org/"
    r"(?:paper/(?:[^/?#\s]+/)?(?P<hash>[0-9a-f]{40})|(?P<corpus>CorpusID:\d{1,12}))/?(?:[?#].*)?",
    re.IGNORECASE,
)
_FIELDS = "externalIds,openAccessPdf"
_LARGEST_ANSWER = 2**20
_KEPT = 7 * 86_400.0
"""Seconds for which an answer is used again: a newer version of a paper has the same address."""


@dataclass(frozen=True)
class Address:
    """A paper on a site that may know its arXiv id or its PDF."""

    site: Site
    id: str

    def __str__(self) -> str:
        if self.site == "OpenReview":
            return f"https://openreview.net/forum?id={self.id}"
        if self.site == "DOI":
            return f"https://doi.org/{self.id}"
        if self.id.startswith("CorpusID:"):
            return f"https://api.semanticscholar.org/{self.id}"
        return f"https://www.semanticscholar.org/paper/{self.id}"


class _OpenAccess(BaseModel):
    url: str | None = None


class _Answer(BaseModel):
    """What Semantic Scholar says about a paper."""

    ids: dict[str, str | int] | None = Field(default=None, alias="externalIds")
    pdf: _OpenAccess | None = Field(default=None, alias="openAccessPdf")


def parse_address(text: str) -> Address | None:
    """The address in a text such as `https://openreview.net/pdf?id=...`, `10.1000/182` or `https://doi.org/...`."""
    typed = text.strip()
    if found := _DOI.fullmatch(typed):
        return Address("DOI", found[1].rstrip("/"))
    if found := _SCHOLAR.fullmatch(typed):
        return Address("Semantic Scholar", found["hash"] or f"CorpusID:{found['corpus'][9:]}")
    if re.match(r"https?://(?:www\.)?openreview\.net/(?:forum|pdf)\?", typed, re.IGNORECASE):
        number = parse_qs(typed.partition("?")[2].partition("#")[0]).get("id", [""])[0]
        return Address("OpenReview", number) if re.fullmatch(r"[\w-]{1,80}", number, re.ASCII) else None
    return None


def online_source(text: str) -> str | None:
    """A source that is not a file, as it is written in a run: an arXiv id or an address; None if it is neither."""
    found = parse_id(text) or parse_address(text)
    return str(found) if found else None


def cached_pdf(address: Address, cache: Path | None = None) -> Path:
    """Where the PDF of an address is kept."""
    return _kept(address, "pdf", cache or cache_folder() / "papers")


def default_client() -> httpx.Client:
    """A client for all servers that are asked."""
    return paper_client(SERVERS)


@dataclass
class Addresses(Server):
    """Looks papers up, at most one request in three seconds."""

    client: httpx.Client = field(default_factory=default_client)
    cache: Path = field(default_factory=lambda: cache_folder() / "papers")
    servers: Mapping[str, str] = field(default_factory=lambda: SERVERS)

    def find(self, address: Address) -> ArxivId | bytes:
        """The arXiv id of a paper, or its PDF if the site names none.

        Raises:
            PaperError: the site does not know it, names neither, does not answer, or sends something else.
        """
        if address.site == "OpenReview":
            return self._pdf(address, f"https://openreview.net/pdf?id={address.id}")
        answer = self._answer(address)
        number = parse_id(str((answer.ids or {}).get("ArXiv", "")))
        if number:
            return number
        pdf = (answer.pdf.url if answer.pdf else "") or ""
        if found := parse_id(pdf):
            return found
        if not pdf:
            raise PaperError(f"{address} leads to no arXiv id and no open PDF; download the paper and give its path.")
        return self._pdf(address, pdf)

    def _answer(self, address: Address) -> _Answer:
        """What Semantic Scholar says, now or within the last week."""
        kept = _kept(address, "json", self.cache)
        data = _fresh(kept)
        if data is not None:
            return _parsed(data, address)
        number = quote(f"DOI:{address.id}" if address.site == "DOI" else address.id, safe=":/")
        response = self.download(
            f"{self.servers['api.semanticscholar.org']}/graph/v1/paper/{number}?fields={_FIELDS}",
            str(address),
            name="Semantic Scholar",
            largest=_LARGEST_ANSWER,
        )
        if response is None:
            raise PaperError(
                f"Semantic Scholar does not know {address}; give the arXiv id, or download the paper and give its path."
            )
        answer = _parsed(response.content, address)
        keep(kept, response.content)
        return answer

    def _pdf(self, address: Address, url: str) -> bytes:
        kept = cached_pdf(address, self.cache)
        if (data := _fresh(kept)) is not None:
            return data
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        if host not in self.servers:
            raise PaperError(
                f"{address} leads to {url[:200]}, from where papers are not downloaded; download the paper and give "
                "its path."
            )
        query = f"?{parts.query}" if parts.query else ""
        response = self.download(f"{self.servers[host]}/{parts.path.lstrip('/')}{query}", str(address), name=host)
        if response is None:
            raise PaperError(f"{host} has no PDF for {address}; check it, or download the paper and give its path.")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind not in ("application/pdf", "application/octet-stream") or kind_of(response.content, "") != "pdf":
            raise PaperError(
                f"{host} sent no PDF for {address} ({kind[:40] or 'of unknown type'}); download the paper in a browser "
                "and give its path."
            )
        keep(kept, response.content)
        return response.content


def _parsed(data: bytes, address: Address) -> _Answer:
    try:
        return _Answer.model_validate_json(data)
    except ValidationError as error:
        raise PaperError(
            f"Semantic Scholar's answer for {address} cannot be read; give the arXiv id or the paper's file."
        ) from error


def _kept(address: Address, suffix: str, cache: Path) -> Path:
    return cache / f"{digest([address.site, address.id])[:24]}.{suffix}"


def _fresh(path: Path) -> bytes | None:
    """What was kept, if it is not old."""
    try:
        return path.read_bytes() if time.time() - path.stat().st_mtime < _KEPT else None
    except OSError:
        return None
