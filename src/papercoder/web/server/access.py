"""One socket, and access control on it: a token for everyone, no requests from other sites, and limits on bodies."""

import contextlib
import hmac
import os
import secrets
import signal
import socket
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from types import FrameType
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from papercoder.errors import SettingsError
from papercoder.web.runs.folder import UPLOAD

_SHORTEST_TOKEN = 16
_GRACE = 2
"""Seconds that open connections may take to close after Ctrl-C."""


def token_from(given: str | None) -> str:
    """The token that the user gave, or a new one.

    Raises:
        SettingsError: it is too short.
    """
    if given is None:
        return secrets.token_urlsafe(24)
    if len(given) < _SHORTEST_TOKEN:
        raise SettingsError(f"--token: give at least {_SHORTEST_TOKEN} characters, or omit it to generate one.")
    return given


def listen(host: str, port: int) -> socket.socket:
    """A socket on this address; port 0 picks a free one.

    Raises:
        SettingsError: the address is not available.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"{host}:{port} is not available ({error.strerror}). Choose another with --host and --port."
        ) from error


def address_of(host: str, port: int, opened: str) -> str:
    """The address of a page."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{opened}"


def run_until_stopped(application: ASGIApp, sock: socket.socket, show: Callable[[str], None]) -> None:
    """Serve an application until Ctrl-C; `show` tells the user that it stops."""
    config = uvicorn.Config(
        application,
        ws="wsproto",
        log_config=None,  # the handler of the command line
        log_level="warning",
        timeout_graceful_shutdown=_GRACE,
        access_log=False,
    )
    server = Server(config, show)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` sets it
        signal.signal(signal.SIGHUP, server.handle_exit)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[sock])


class Server(uvicorn.Server):
    """Stops gracefully at the first Ctrl-C, when active calls have finished, and at once at the second."""

    def __init__(self, config: uvicorn.Config, show: Callable[[str], None]) -> None:
        super().__init__(config)
        self._show = show

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop on a signal."""
        if self.should_exit:
            os._exit(128 + sig)
        super().handle_exit(sig, frame)
        with contextlib.suppress(OSError):  # its terminal may be gone
            self._show("Stopping. Active calls finish first; press Ctrl-C again to stop at once.")


BODY = 2 * 2**20
"""Largest body in bytes, except for uploads."""

_FORM_BYTES = 2**16
"""Size of an upload's form without its file."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""NiceGUI's client needs inline scripts and eval. Nothing is loaded from elsewhere, and no site may embed the page."""

_LOGIN_PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>PaperCoder</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui; max-width: 34rem; margin: 15vh auto; padding: 0 1rem; }
h1 { font: bold 1.5rem/1.3 serif; }
form { display: flex; gap: 0.5rem; }
input, button { font: inherit; color: inherit; background: none; padding: 0.35rem 0.8rem; }
input, button { border: 1px solid #8888; border-radius: 6px; }
input { flex: 1; min-width: 0; }
</style>
<h1>PaperCoder</h1><p>This page needs a token. Open the address that
<code>papercoder web</code> printed, or enter the token.</p>
<form><input name="token" type="password" autofocus autocomplete="off" aria-label="token">
<button>Open</button></form>"""


class Access:
    """What a visitor must present: the token once, then the cookie that the server answers with."""

    def __init__(self, token: str, *, is_local: bool = True) -> None:
        """Require this token.

        Args:
            token: the secret. Other users of the machine can reach a port on loopback, so there is always one.
            is_local: whether the server listens on loopback only; then it answers to names of loopback only.
        """
        self.token = token
        self.is_local = is_local
        self._ticket = ""

    @property
    def cookie(self) -> str:
        """The cookie's name; differs between servers on different ports of this machine."""
        return f"papercoder-{self._digest('name')[:8]}"

    @property
    def cookie_value(self) -> str:
        """The cookie's value. It does not reveal the token, since browsers send it to all ports of this machine."""
        return self._digest("cookie")

    def new_ticket(self) -> str:
        """A secret that is accepted once in place of the token: for a link that a list of processes shows."""
        self._ticket = secrets.token_urlsafe(24)
        return self._ticket

    def accepts_token(self, secret: str) -> bool:
        """Is this the token, or the ticket, which it uses up?"""
        if self._ticket and hmac.compare_digest(secret.encode(), self._ticket.encode()):
            self._ticket = ""
            return True
        return hmac.compare_digest(secret.encode(), self.token.encode())

    def _digest(self, purpose: str) -> str:
        return hmac.new(self.token.encode(), purpose.encode(), "sha256").hexdigest()


class AccessControl:
    """ASGI middleware in front of the whole application."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reject the request, or pass it on with a limit on its body and our headers on the response."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif rejection := self._rejection(scope, Headers(scope=scope)):
            await _reject(rejection, scope, receive, send)
        else:
            await self._serve(scope, receive, _with_headers(send))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a body that turns out to be too large is answered here, not by the application."""
        body = _LimitedBody(receive, send, _max_bytes(scope))
        try:
            await self.app(scope, body.receive, body.send)
        except* _TooLargeError:  # middleware with tasks of its own raises groups
            pass
        if body.is_too_large and not body.is_answered:
            await _too_large(scope)(scope, receive, send)

    def _rejection(self, scope: Scope, headers: Headers) -> Response | None:
        if self.access.is_local and not is_loopback(_name(headers.get("host", ""))):
            return PlainTextResponse("This page is only served to this machine, at localhost.", 421)
        if _is_cross_site(scope, headers):
            return PlainTextResponse("Requests from other sites are not allowed.", 403)
        if _length(headers) > _max_bytes(scope):
            return _too_large(scope)
        if hmac.compare_digest(_cookie(headers, self.access.cookie).encode(), self.access.cookie_value.encode()):
            return None
        return self._ask_for_token(scope)

    def _ask_for_token(self, scope: Scope) -> Response:
        """Redirect a URL with the token to the same URL without it; show a form if there is no valid token."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if scope["type"] != "http" or not self.access.accepts_token("".join(query.pop("token", []))):
            return HTMLResponse(_LOGIN_PAGE, 401)
        rest = urlencode(query, doseq=True)
        response = RedirectResponse(f"/{scope['path'].lstrip('/')}" + (f"?{rest}" if rest else ""), 303)
        response.set_cookie(self.access.cookie, self.access.cookie_value, httponly=True, samesite="lax")
        return response


def is_loopback(name: str) -> bool:
    """Is this a loopback name or address?"""
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name.lower() == "localhost"


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_cross_site(scope: Scope, headers: Headers) -> bool:
    """Browsers name the requesting site: in `Origin` if they send data or open a socket, else in `Sec-Fetch-Site`."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower().partition("://")[2] != headers.get("host", "").lower()
    return headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and not _is_navigation(scope, headers)


def _is_navigation(scope: Scope, headers: Headers) -> bool:
    """Did the user follow a link? Such requests change nothing."""
    is_read = scope["type"] == "http" and scope["method"] == "GET"
    return is_read and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0


def _max_bytes(scope: Scope) -> int:
    """Largest allowed body of this request."""
    return UPLOAD + _FORM_BYTES if scope["type"] == "http" and "/upload/" in scope["path"] else BODY


def _too_large(scope: Scope) -> Response:
    text = f"That is more than {_max_bytes(scope) // 2**20} MiB."
    return PlainTextResponse(text, 413, headers={"Connection": "close"})


class _TooLargeError(Exception):
    """The application has read as much of a body as is allowed."""


class _LimitedBody:
    """Counts the bytes of a body as they arrive, since it need not state its length."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive = receive
        self._send = send
        self._left = most
        self.is_answered = False

    @property
    def is_too_large(self) -> bool:
        """Whether more has arrived than is allowed."""
        return self._left < 0

    async def receive(self) -> Message:
        """The next part of the body.

        Raises:
            _TooLargeError: it exceeds the limit.
        """
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
        if self.is_too_large:
            raise _TooLargeError
        return message

    async def send(self, message: Message) -> None:
        """Pass on the application's answer, but not one about a body that it could not read to its end."""
        if self.is_answered or not self.is_too_large:
            self.is_answered = True
            await self._send(message)


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)  # a page may set stricter ones
        await send(message)

    return sent


async def _reject(rejection: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
    else:
        await rejection(scope, receive, _with_headers(send))
