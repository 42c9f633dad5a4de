import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from papercoder.errors import PaperError
from papercoder.paper.addresses import (
    SERVERS,
    Address,
    Addresses,
    cached_pdf,
    default_client,
    online_source,
    parse_address,
)
from papercoder.paper.arxiv import Arxiv, ArxivId
from papercoder.paper.pictures import pictures
from papercoder.paper.reading import read
from papercoder.paper.server import paper_client
from tests.paper.pdf_maker import make_pdf
from tests.paper.test_arxiv import SOURCE
from tests.server import Server, serving

HASH = "204e3073870fae3d05bcbc2f6a8e263d9b72e776"
DOI = "10.1000/xyz.182"


def of_scholar(number: str) -> str:
    return f"/graph/v1/paper/{number}?fields=externalIds,openAccessPdf"


@dataclass
class World:
    """All servers are one on this machine."""

    server: Server
    addresses: Addresses
    waited: list[float] = field(default_factory=list)

    def serve_answer(self, number: str, value: object) -> None:
        self.server.files[of_scholar(number)] = json.dumps(value).encode()

    def find(self, text: str) -> ArxivId | bytes:
        address = parse_address(text)
        assert address
        return self.addresses.find(address)

    @property
    def asked(self) -> list[str]:
        return [path for path, _ in self.server.asked]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as server, default_client() as client:
        waited: list[float] = []
        addresses = Addresses(
            client,
            sleep=waited.append,
            clock=lambda: 0.0,
            cache=tmp_path / "papers",
            servers=dict.fromkeys(SERVERS, server.address),
        )
        yield World(server, addresses, waited)


@pytest.fixture
def pdf(tmp_path: Path) -> bytes:
    make_pdf(
        tmp_path / "made.pdf",
        [
            [
                (100, 90, 20, "Helvetica", "A Study of Kilns"),
                (100, 190, 14, "Helvetica", "1 Method"),
                (100, 220, 10, "Helvetica", "We heat the clay slowly and measure it once an hour."),
            ]
        ],
    )
    return (tmp_path / "made.pdf").read_bytes()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://openreview.net/forum?id=aB3-_x", "https://openreview.net/forum?id=aB3-_x"),
        ("https://openreview.net/pdf?id=aB3&name=pdf", "https://openreview.net/forum?id=aB3"),
        ("http://www.openreview.net/forum?noteId=Q&id=aB3#discussion", "https://openreview.net/forum?id=aB3"),
        (f"https://doi.org/{DOI}", f"https://doi.org/{DOI}"),
        (f" doi:{DOI} ", f"https://doi.org/{DOI}"),
        (DOI, f"https://doi.org/{DOI}"),
        (f"https://www.semanticscholar.org/paper/A-Title/{HASH}", f"https://www.semanticscholar.org/paper/{HASH}"),
        (f"https://www.semanticscholar.org/paper/{HASH}?p=2", f"https://www.semanticscholar.org/paper/{HASH}"),
        ("https://api.semanticscholar.org/CorpusID:13756489", "https://api.semanticscholar.org/CorpusID:13756489"),
        ("https://doi.org/10.48550/arXiv.1706.03762", "1706.03762"),
        ("https://openreview.net/group?id=ICLR.cc", None),
        ("https://openreview.net/forum?id=../../x", None),
        ("https://evil.example/?https://openreview.net/forum?id=x", None),
        ("https://doi.org.evil.example/10.1000/182", None),
        ("10.pdf", None),
    ],
)
def test_addresses_are_recognised_and_written_in_one_way(text: str, expected: str | None) -> None:
    assert online_source(text) == expected
    if expected:
        assert online_source(expected) == expected


def test_a_doi_leads_to_arxiv_in_one_request_that_is_kept(world: World, tmp_path: Path) -> None:
    world.serve_answer(f"DOI:{DOI}", {"paperId": HASH, "externalIds": {"ArXiv": "1706.03762", "MAG": 12}})
    arxiv_files = {"/e-print/1706.03762": SOURCE}
    world.server.files.update(arxiv_files)
    with paper_client([], world.server.address) as client:
        arxiv = Arxiv(client, sleep=lambda _: None, cache=tmp_path / "arxiv")
        for _ in range(2):
            paper = read(f"https://doi.org/{DOI}", arxiv, world.addresses)
    assert (paper.title, paper.address) == ("T", "https://arxiv.org/abs/1706.03762")
    assert world.asked == [of_scholar(f"DOI:{DOI}"), "/e-print/1706.03762", "/e-print/1706.03762"]
    assert "papercoder" in world.server.headers[0]["User-Agent"]


def test_what_was_kept_is_asked_again_after_a_week(world: World) -> None:
    world.serve_answer(HASH, {"externalIds": {"ArXiv": "1706.03762"}})
    for _ in range(2):
        assert world.find(f"https://www.semanticscholar.org/paper/{HASH}") == ArxivId("1706.03762")
    (kept,) = world.addresses.cache.iterdir()
    os.utime(kept, (0, time.time() - 8 * 86_400))
    world.find(f"https://www.semanticscholar.org/paper/{HASH}")
    assert len(world.asked) == 2
    assert world.waited == [3.0]


def test_openreview_gives_its_pdf(world: World, pdf: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    world.server.raw["/pdf?id=aB3"] = _response(pdf, "application/pdf")
    paper = read("https://openreview.net/forum?id=aB3", addresses=world.addresses)
    assert (paper.title, paper.source) == ("A Study of Kilns", "pdf")
    assert paper.address == "https://openreview.net/forum?id=aB3"
    assert world.find("https://openreview.net/pdf?id=aB3") == pdf
    assert world.asked == ["/pdf?id=aB3"]
    monkeypatch.setattr("papercoder.paper.addresses.cache_folder", lambda: world.addresses.cache.parent)
    assert cached_pdf(Address("OpenReview", "aB3")).read_bytes() == pdf
    assert list(pictures("https://openreview.net/forum?id=aB3", paper)) == ["title"]


def test_an_open_pdf_of_a_known_server_is_read(world: World, pdf: bytes) -> None:
    world.serve_answer(
        f"DOI:{DOI}", {"externalIds": {"DOI": DOI}, "openAccessPdf": {"url": "https://aclanthology.org/N19-1.pdf"}}
    )
    world.server.raw["/N19-1.pdf"] = _response(pdf, "application/pdf")
    assert read(DOI, addresses=world.addresses).address == f"https://doi.org/{DOI}"
    assert world.asked == [of_scholar(f"DOI:{DOI}"), "/N19-1.pdf"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"externalIds": None, "openAccessPdf": None}, "leads to no arXiv id and no open PDF; download the paper"),
        ({"externalIds": {"ArXiv": "../etc"}, "openAccessPdf": {"url": ""}}, "leads to no arXiv id and no open PDF"),
        ({"openAccessPdf": {"url": "https://evil.example/x.pdf"}}, "https://evil.example/x.pdf, from where papers are"),
        ({"openAccessPdf": {"url": "http://127.0.0.1:9/x.pdf"}}, "from where papers are not downloaded"),
        ({"openAccessPdf": {"url": "https://aclanthology.org@127.0.0.1/"}}, "from where papers are not downloaded"),
        ({"openAccessPdf": {"url": "https://jmlr.org/nothing.pdf"}}, "jmlr.org has no PDF for https://doi.org"),
        ({"externalIds": ["a"]}, "answer for https://doi.org/10.1000/xyz.182 cannot be read"),
        ({"externalIds": {}, "padding": "x" * 2**21}, "is larger than 1 MiB"),
    ],
)
def test_an_answer_that_names_no_paper_is_said_in_a_sentence(world: World, answer: object, said: str) -> None:
    world.serve_answer(f"DOI:{DOI}", answer)
    with pytest.raises(PaperError) as caught:
        world.find(DOI)
    assert said in str(caught.value)
    assert "give " in str(caught.value)
    assert world.asked[0] == of_scholar(f"DOI:{DOI}")


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"<html>Verify that you are human</html>", "text/html", "openreview.net sent no PDF for"),
        (b"%PDF-1.7 not served as one", "text/html", "(text/html); download the paper in a browser"),
        (b"<html></html>", "application/pdf", "sent no PDF"),
    ],
)
def test_what_is_no_pdf_is_not_read(world: World, content: bytes, kind: str, said: str) -> None:
    world.server.raw["/pdf?id=aB3"] = _response(content, kind)
    with pytest.raises(PaperError) as caught:
        world.find("https://openreview.net/forum?id=aB3")
    assert said in str(caught.value)
    assert not world.addresses.cache.exists()


def test_unknown_papers_refusals_and_busy_servers(world: World) -> None:
    with pytest.raises(
        PaperError, match=r"Semantic Scholar does not know https://doi.org/10.1000/xyz.182; give the arX"
    ):
        world.find(DOI)
    world.server.errors["/pdf?id=aB3"] = 403
    with pytest.raises(PaperError, match=r"openreview.net answers 403 for https://openreview.net/forum\?id=aB3"):
        world.find("https://openreview.net/forum?id=aB3")
    world.serve_answer(HASH, {"externalIds": {"ArXiv": "1706.03762"}})
    world.server.busy[of_scholar(HASH)] = ["11"]
    assert world.find(f"https://www.semanticscholar.org/paper/{HASH}") == ArxivId("1706.03762")
    assert 11.0 in world.waited


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/x.pdf",
        "http://openreview.net/x.pdf",
        "https://127.0.0.1/x.pdf",
        "https://10.0.0.1/x.pdf",
        "file:///etc/passwd",
        "https://openreview.net.evil.example/x.pdf",
    ],
)
def test_redirects_lead_to_allowed_servers_only(world: World, location: str) -> None:
    world.server.raw["/pdf?id=aB3"] = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode()
    with pytest.raises(PaperError, match="from where papers are not downloaded; give the paper's file"):
        world.find("https://openreview.net/forum?id=aB3")
    assert world.asked == ["/pdf?id=aB3"]


def test_an_allowed_name_in_a_private_network_is_not_followed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papercoder.paper.server.is_internal", lambda host: host == "api2.openreview.net")
    world.server.raw["/pdf?id=aB3"] = b"HTTP/1.1 302 Found\r\nLocation: https://api2.openreview.net/x.pdf\r\n\r\n"
    with pytest.raises(PaperError, match=r"redirects to https://api2.openreview.net/x.pdf, from where"):
        world.find("https://openreview.net/forum?id=aB3")


def test_a_redirect_within_the_server_is_followed(world: World, pdf: bytes) -> None:
    world.server.raw["/pdf?id=aB3"] = b"HTTP/1.1 302 Found\r\nLocation: /pdf/1.pdf\r\n\r\n"
    world.server.raw["/pdf/1.pdf"] = _response(pdf, "application/pdf")
    assert world.find("https://openreview.net/forum?id=aB3") == pdf


def _response(content: bytes, kind: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    return head.encode() + content
