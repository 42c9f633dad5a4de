"""Access control: real requests to a real server, forged like those of other sites and machines."""

import asyncio
import base64
import http.client
import os
import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from papercoder.errors import SettingsError
from papercoder.web.runs.folder import UPLOAD
from papercoder.web.server.access import BODY, Access, AccessControl
from papercoder.web.server.server import serve
from tests.web.conftest import Served, server

TOKEN = "correct+hörse&баттери#;"
"""Signs that mean something in an address, or in a cookie."""

ACCESS = Access("another long token")
PRESENTED = {"Cookie": f"{ACCESS.cookie}={ACCESS.cookie_value}"}
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
POLL = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
FILE = "/_nicegui/client/none/upload/1"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """On loopback."""
    with server(tmp_path_factory.mktemp("runs")) as served:
        yield served


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """On all addresses of this machine, with an unusual token."""
    with server(tmp_path_factory.mktemp("runs"), "--host", "0.0.0.0", "--token", TOKEN) as served:
        yield served


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


def answer(served: Served, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """The answer to a request with the cookie and these headers; their names are written with `_` for `-`."""
    sent = {"Cookie": served.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
    with closing(http.client.HTTPConnection("127.0.0.1", urlsplit(served.url).port or 0, timeout=20)) as connection:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        is_socket = response.status == 101
        return Answer(
            response.status, response.headers, "" if is_socket else response.read().decode("utf-8", "replace")
        )


def ask(served: Served, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, str]:
    """Status and text of an answer."""
    got = answer(served, path, method, body, **headers)
    return got.status, got.text


def shake_hands(served: Served, **headers: str) -> int:
    """The status with which a websocket is answered."""
    key = base64.b64encode(os.urandom(16)).decode()
    return ask(
        served,
        SOCKET,
        "GET",
        None,
        Connection="Upgrade",
        Upgrade="websocket",
        Sec_WebSocket_Version="13",
        Sec_WebSocket_Key=key,
        **headers,
    )[0]


def origin(served: Served) -> str:
    return f"http://127.0.0.1:{urlsplit(served.url).port}"


def test_who_asks_from_here_gets_the_page(here: Served) -> None:
    status, text = ask(here, "/")
    assert status == 200
    assert "PaperCoder" in text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::1", "10.1.2.3", ""])
def test_another_name_for_this_machine_gets_nothing(here: Served, host: str) -> None:
    status, text = ask(here, "/", Host=host)
    assert status in {400, 421}
    assert "nicegui" not in text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9999", "[::1]:80"])
def test_names_of_loopback_will_do(here: Served, host: str) -> None:
    assert ask(here, "/", Host=host)[0] == 200


@pytest.mark.parametrize(
    "said", ["http://evil.example", "null", "http://localhost:1", "https://127.0.0.1", "x", "http://[", "http://"]
)
def test_another_sites_page_opens_no_socket(here: Served, said: str) -> None:
    assert shake_hands(here, Origin=said) == 403
    assert ask(here, POLL, Origin=said)[0] == 403
    assert ask(here, POLL, "POST", b"40", Origin=said)[0] == 403


def test_our_own_page_opens_a_socket(here: Served) -> None:
    assert shake_hands(here, Origin=origin(here)) == 101


def test_another_sites_page_posts_nothing(here: Served) -> None:
    for path in ("/", "/new", FILE):
        assert ask(here, path, "POST", b"paper=1706.03762", Origin="http://evil.example")[0] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_embeds_nothing(here: Served, site: str) -> None:
    assert ask(here, POLL, Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors")[0] == 403
    assert ask(here, "/", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document")[0] == 200
    assert ask(here, "/", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe")[0] == 403


def test_nothing_may_frame_us_or_be_fetched_from_elsewhere(here: Served) -> None:
    headers = answer(here, "/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_report_stands_alone(here: Served) -> None:
    folder = here.root / "kiln"
    folder.mkdir()
    (folder / "report.html").write_text("<script>fetch('/')</script>", encoding="utf-8")
    headers = answer(here, "/run/kiln/report.html").headers
    assert headers["Content-Security-Policy"].startswith("sandbox allow-scripts ")
    assert "allow-same-origin" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert ask(here, "/", Origin="null", Sec_Fetch_Site="cross-site")[0] == 403


def test_a_body_that_says_it_is_too_large_is_refused(here: Served) -> None:
    assert ask(here, POLL, "POST", b"", Content_Length=str(BODY + 1))[0] == 413
    assert ask(here, FILE, "POST", b"", Content_Length=str(UPLOAD + BODY))[0] == 413
    assert ask(here, FILE, "POST", b"", Content_Length="-5")[0] in {400, 413}


def swallowed(path: str, size: int) -> int:
    """The status of an answer to a body that does not say its size, by an application that reads all of it."""

    async def read_all(request: Request) -> Response:
        await request.body()
        return Response()

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 2**18):
            yield b"x" * 2**18

    async def post() -> int:
        app = AccessControl(Starlette(routes=[Route("/{any:path}", read_all, methods=["POST"])]), ACCESS)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost", headers=PRESENTED
        ) as client:
            return (await client.post(path, content=pieces())).status_code

    return asyncio.run(post())


def test_a_body_that_does_not_say_is_counted() -> None:
    assert swallowed("/any", BODY) == 200
    assert swallowed("/any", BODY + 2**18) == 413
    assert swallowed(FILE, BODY + 2**18) == 200
    assert swallowed(FILE, UPLOAD + 2**18) == 413


@pytest.mark.parametrize(
    "path", ["/static/../server/server.py", "/static/%2e%2e/server/server.py", "/static//etc/passwd"]
)
def test_no_file_beside_ours_is_served(here: Served, path: str) -> None:
    status, text = ask(here, path)
    assert status in {400, 403, 404}
    assert "def serve" not in text
    assert "root:" not in text


@pytest.mark.parametrize("where", ["here", "guarded"])
def test_without_the_token_there_is_nothing(where: str, request: pytest.FixtureRequest) -> None:
    served = request.getfixturevalue(where)
    for path in ("/", "/new", "/static/page.css", POLL, "/?token=wrong", "/?token="):
        status, text = ask(served, path, Cookie="")
        assert status == 401
        assert "needs a token" in text
    assert shake_hands(served, Origin=origin(served), Cookie="") == 403
    assert ask(served, FILE, "POST", b"x", Origin=origin(served), Cookie="")[0] == 401


def test_the_printed_address_opens(guarded: Served) -> None:
    assert guarded.token == TOKEN
    assert ask(guarded, f"/?token={quote(guarded.token)}", Cookie="")[0] == 303


def test_a_wrong_cookie_is_no_token(guarded: Served) -> None:
    name = cookie(guarded).partition("=")[0]
    assert ask(guarded, "/", Cookie=f"{name}=wrong")[0] == 401
    assert ask(guarded, "/", Cookie=f"{name}=é; ;;=")[0] == 401


def cookie(served: Served) -> str:
    """What a browser keeps after the address with the token."""
    got = answer(served, f"/new?paper=1&token={quote(TOKEN)}", Cookie="")
    assert (got.status, got.headers["Location"]) == (303, "/new?paper=1")
    said = got.headers["Set-Cookie"]
    assert "HttpOnly" in said
    assert re.match(r"papercoder-[0-9a-f]{8}=[0-9a-f]{64};", said)
    assert "samesite=lax" in said.lower()
    return said.partition(";")[0]


def test_with_the_token_all_is_open_by_any_name(guarded: Served) -> None:
    assert ask(guarded, "/", Cookie=cookie(guarded), Host="desk.example:1")[0] == 200
    assert shake_hands(guarded, Cookie=cookie(guarded), Origin=origin(guarded)) == 101


def test_the_token_does_not_help_another_sites_page(guarded: Served) -> None:
    assert shake_hands(guarded, Cookie=cookie(guarded), Origin="http://evil.example") == 403
    assert ask(guarded, POLL, "POST", b"x", Cookie=cookie(guarded), Origin="http://evil.example")[0] == 403


def test_the_way_in_leads_nowhere_else(guarded: Served) -> None:
    got = answer(guarded, f"//evil.example/?token={quote(TOKEN)}", Cookie="")
    assert (got.status, got.headers["Location"]) == (303, "/evil.example/")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 0),
        pytest.param(signal.SIGTERM, -signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 128 + signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_a_token_is_made_and_a_signal_ends_the_server_without_an_error(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with server(tmp_path, token="") as served:
        assert len(served.token) >= 24
        assert ask(served, "/", Cookie="")[0] == 401
        assert ask(served, f"/?token={served.token}", Cookie="")[0] == 303
        served.process.send_signal(number)
        said = served.process.communicate(timeout=60)[0]
        assert served.process.returncode == code
    assert "Traceback" not in said
    assert "Stopping" in said


def test_a_short_token_and_a_taken_port_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="at least 16 characters"):
        serve(tmp_path, "/", "127.0.0.1", 0, "short", print, browser=False)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsError, match="is not available"):
        serve(tmp_path, "/", "127.0.0.1", taken.getsockname()[1], None, print, browser=False)
