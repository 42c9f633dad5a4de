import gzip
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from papercoder.errors import PaperError
from papercoder.paper.arxiv import Arxiv, ArxivId, parse_id
from papercoder.paper.reading import read

SOURCE = gzip.compress(b"\\documentclass{a}\\title{T}\\begin{document}\\section{S} From the source.\\end{document}")
PAGE = b"<!DOCTYPE html><html><body><article><h1>T</h1><h2>1 S</h2><p>From the page.</p></article></body></html>"


class Server:
    """Stands in for arXiv: answers by path, and keeps what was asked and how long was waited."""

    def __init__(self, folder: Path, answers: dict[str, list[httpx.Response] | httpx.Response]) -> None:
        self.asked: list[httpx.Request] = []
        self.waited: list[float] = []
        self.answers = answers
        self.now = 0.0
        client = httpx.Client(transport=httpx.MockTransport(self.answer), base_url="https://arxiv.org")
        self.arxiv = Arxiv(client=client, cache=folder, sleep=self.sleep, clock=lambda: self.now)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.get(request.url.path, httpx.Response(404))
        return answer.pop(0) if isinstance(answer, list) else answer

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1706.03762", ArxivId("1706.03762")),
        ("arxiv:1706.03762v7", ArxivId("1706.03762", "v7")),
        ("arXiv: 1706.03762", ArxivId("1706.03762")),
        ("https://arxiv.org/abs/1706.03762v2", ArxivId("1706.03762", "v2")),
        ("http://www.arxiv.org/pdf/1706.03762.pdf", ArxivId("1706.03762")),
        ("https://arxiv.org/pdf/1706.03762v7.pdf?download=1", ArxivId("1706.03762", "v7")),
        ("hep-th/9901001v3", ArxivId("hep-th/9901001", "v3")),
        ("math.GT/0309136", ArxivId("math.GT/0309136")),
        ("10.48550/arXiv.1706.03762", ArxivId("1706.03762")),
        ("https://doi.org/10.48550/arxiv.1706.03762v5", ArxivId("1706.03762", "v5")),
        ("https://huggingface.co/papers/1706.03762", ArxivId("1706.03762")),
        ("https://www.alphaxiv.org/abs/1706.03762v7", ArxivId("1706.03762", "v7")),
        ("https://alphaxiv.org/overview/1706.03762.md", ArxivId("1706.03762")),
        ("https://www.semanticscholar.org/arxiv/1706.03762", ArxivId("1706.03762")),
        ("https://huggingface.co/papers/trending", None),
        ("https://evil.example/huggingface.co/papers/1706.03762", None),
        ("paper.pdf", None),
        ("https://example.org/abs/1706.03762", None),
        ("1706.037629999", None),
    ],
)
def test_ids(text: str, expected: ArxivId | None) -> None:
    assert parse_id(text) == expected


def test_the_source_comes_first_and_is_kept(tmp_path: Path) -> None:
    server = Server(tmp_path, {"/e-print/1706.03762v7": httpx.Response(200, content=SOURCE)})
    for _ in range(2):
        paper = read("arxiv:1706.03762v7", server.arxiv)
        assert (paper.source, paper.title, paper.sections[0].title) == ("latex", "T", "S")
    assert [request.url.path for request in server.asked] == ["/e-print/1706.03762v7"]


def test_an_id_without_a_version_is_asked_again(tmp_path: Path) -> None:
    server = Server(tmp_path, {"/e-print/1706.03762": httpx.Response(200, content=SOURCE)})
    read("1706.03762", server.arxiv)
    read("1706.03762", server.arxiv)
    assert len(server.asked) == 2
    assert server.waited == [3.0]
    assert not list(tmp_path.iterdir())


def test_html_comes_next_and_the_failure_is_reported(tmp_path: Path) -> None:
    broken = httpx.Response(200, content=gzip.compress(b"\\documentclass{a}\\begin{document}\\end{document}"))
    server = Server(
        tmp_path, {"/e-print/1706.03762v1": broken, "/html/1706.03762v1": httpx.Response(200, content=PAGE)}
    )
    paper = read("1706.03762v1", server.arxiv)
    assert paper.source == "html"
    assert [loss.kind for loss in paper.losses] == ["form"]
    assert server.waited == [3.0]


def test_busy_servers_are_waited_for(tmp_path: Path) -> None:
    busy = httpx.Response(503, headers={"Retry-After": "7"})
    server = Server(tmp_path, {"/e-print/1706.03762v1": [busy, httpx.Response(200, content=SOURCE)]})
    assert read("1706.03762v1", server.arxiv).title == "T"
    assert server.waited == [7.0]


def test_busy_for_ever(tmp_path: Path) -> None:
    server = Server(tmp_path, {"/e-print/1706.03762v1": httpx.Response(429)})
    with pytest.raises(PaperError, match="busy"):
        read("1706.03762v1", server.arxiv)


def test_an_unknown_id(tmp_path: Path) -> None:
    with pytest.raises(PaperError, match=r"1706\.99999 cannot be read"):
        read("1706.99999", Server(tmp_path, {}).arxiv)


def test_what_is_no_paper_is_not_kept(tmp_path: Path) -> None:
    server = Server(tmp_path, {"/e-print/1706.03762v1": httpx.Response(200, content=b"\0junk")})
    with pytest.raises(PaperError):
        read("1706.03762v1", server.arxiv)
    assert not list(tmp_path.iterdir())


def test_refusals_and_silence(tmp_path: Path) -> None:
    with pytest.raises(PaperError, match="answers 403"):
        read("1706.03762v1", Server(tmp_path, {"/e-print/1706.03762v1": httpx.Response(403)}).arxiv)

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    with pytest.raises(PaperError, match="does not answer"):
        read("1706.03762v1", _with_transport(tmp_path, fail))


def _with_transport(tmp_path: Path, answer: Callable[[httpx.Request], httpx.Response]) -> Arxiv:
    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="https://arxiv.org")
    return Arxiv(client=client, cache=tmp_path, sleep=lambda _: None)


def test_the_client_says_who_it_is() -> None:
    with Arxiv().client as client:
        assert "papercoder" in client.headers["User-Agent"]


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with httpx.Client() as client:
        assert Arxiv(client).cache == tmp_path / "papercoder" / "arxiv"
