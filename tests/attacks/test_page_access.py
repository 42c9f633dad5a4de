"""Attacks on the page by other users of the machine, and by bodies and runs without measure."""

import asyncio
import http.client
import re
import webbrowser
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from nicegui import app

from papercoder.errors import RunFolderError
from papercoder.settings import Settings
from papercoder.web.runs import active
from papercoder.web.runs.active import ActiveRuns
from papercoder.web.runs.folder import UPLOAD, RunsFolder
from papercoder.web.server import server as server_module
from papercoder.web.server.access import Access
from papercoder.web.server.server import serve
from tests.waiting import until
from tests.web.conftest import Served, server

OVER = UPLOAD // 2**20 + 2
"""MiB that exceed the limit."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with server(tmp_path_factory.mktemp("runs")) as running:
        yield running


def connect(served: Served) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", urlsplit(served.url).port or 0, timeout=60)


def get(served: Served, path: str, **headers: str) -> tuple[int, str]:
    with closing(connect(served)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()


def body(mebibytes: int) -> Iterator[bytes]:
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="paper.pdf"\r\n\r\n'
    for _ in range(mebibytes):
        yield b"y" * 2**20
    yield b"\r\n--x--\r\n"


def upload(served: Served, path: str, mebibytes: int, *, chunked: bool) -> int:
    """The status of an upload, whether its size is stated or it comes in chunks."""
    headers = {"Cookie": served.cookie, "Content-Type": "multipart/form-data; boundary=x"}
    if not chunked:
        headers["Content-Length"] = str(sum(map(len, body(mebibytes))))
    with closing(connect(served)) as connection:
        with suppress(ConnectionError):  # the server has answered and closed before the end
            connection.request("POST", path, body(mebibytes), headers, encode_chunked=chunked)
        return connection.getresponse().status


def test_another_user_of_the_machine_gets_nothing_on_loopback(served: Served) -> None:
    for path in ("/", "/new", "/static/page.js", "/run/any/report.html"):
        assert get(served, path)[0] == 401
    assert get(served, "/", Cookie="papercoder-00000000=0")[0] == 401
    assert get(served, "/", Cookie=served.cookie)[0] == 200


def test_an_upload_over_the_limit_is_413_whatever_its_framing(served: Served) -> None:
    page = get(served, "/new", Cookie=served.cookie)[1]
    found = re.search(r"/_nicegui/client/[\w-]+/upload/\d+", page)
    assert found
    for chunked in (False, True):
        assert upload(served, found[0], 1, chunked=chunked) == 200
        assert upload(served, found[0], OVER, chunked=chunked) == 413
    assert get(served, "/", Cookie=served.cookie)[0] == 200


def test_the_link_of_the_browser_works_once() -> None:
    access = Access("a token that is printed")
    ticket = access.new_ticket()
    assert not access.accepts_token("")
    assert access.accepts_token(ticket)
    assert not access.accepts_token(ticket)
    assert access.accepts_token("a token that is printed")


def test_the_list_of_processes_does_not_show_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser gets its address as an argument, which all users can read."""
    opened: list[str] = []
    started: list[Any] = []
    shown: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(server_module, "build", lambda web, access: None)
    monkeypatch.setattr(app, "on_startup", started.append)
    monkeypatch.setattr("papercoder.web.server.access.Server.run", lambda self, sockets: None)
    serve(tmp_path, "/", "127.0.0.1", 0, "a token that is long", shown.append, browser=True)
    started[0]()
    asyncio.run(until(lambda: bool(opened)))
    assert "a%20token%20that%20is%20long" in shown[0]
    assert "token=" in opened[0]
    assert "long" not in opened[0]


def test_runs_at_once_are_limited(tmp_path: Path, paper_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active, "MOST_AT_ONCE", 1)
    slow = Settings(model="simulated:files=6,width=3,speed=100,ttft=20", sandbox="none")
    runs, other_server = ActiveRuns(RunsFolder(tmp_path)), ActiveRuns(RunsFolder(tmp_path))

    async def play() -> None:
        await runs.start("one", str(paper_file), slow)
        for each in (runs, other_server):
            with pytest.raises(RunFolderError, match="1 active on this machine, the most runs at once"):
                await each.start("two", str(paper_file), slow)
        assert not (tmp_path / "two").exists()
        await runs.close()
        await other_server.start("two", str(paper_file), slow)
        await other_server.close()
        await runs.start("two", str(paper_file), slow)
        await runs.close()

    asyncio.run(play())
