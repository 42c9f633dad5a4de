"""Who may ask: no other site's page, no other name for this machine, and off loopback none without the token."""

import hmac
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from papercoder.web.runs.folder import UPLOAD

BODY = 2 * 2**20
"""Bytes of any body that is no upload."""

_FORM = 2**16
"""Bytes that an upload's form has around its file."""

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
"""NiceGUI's client needs inline scripts and eval; nothing is fetched from anywhere else, and nothing frames us."""

_ASK = """<!doctype html><meta name="viewport" content="width=device-width"><title>PaperCoder</title>
<body style="font: 1rem/1.5 system-ui; max-width: 34rem; margin: 15vh auto; padding: 0 1rem">
<h1 style="font-family: serif">PaperCoder</h1><p>This page needs a token. Open the address that
<code>papercoder web</code> printed, or enter the token.</p>
<form><input name="token" type="password" autofocus autocomplete="off" aria-label="token">
<button>Open</button></form>"""


@dataclass(frozen=True)
class Access:
    """What is asked of who comes."""

    token: str | None = None
    """None: whoever reaches us on loopback."""

    @property
    def cookie(self) -> str:
        """The cookie's name: servers on other ports of this machine have theirs."""
        return f"papercoder-{self._digest('name')[:8]}"

    @property
    def ticket(self) -> str:
        """What the cookie holds: browsers send it to all ports of this machine, so it does not tell the token."""
        return self._digest("ticket")

    def knows(self, said: str) -> bool:
        """Is this the token?"""
        return self.token is None or hmac.compare_digest(said.encode(), self.token.encode())

    def admits(self, kept: str) -> bool:
        """Is this what the cookie of who gave the token holds?"""
        return self.token is None or hmac.compare_digest(kept.encode(), self.ticket.encode())

    def _digest(self, purpose: str) -> str:
        return hmac.new((self.token or "").encode(), purpose.encode(), "sha256").hexdigest()


class Guard:
    """Stands before the whole application."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a cap on what comes in and headers on what goes out."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif refusal := self._refusal(scope, Headers(scope=scope)):
            await _refuse(refusal, scope, receive, send)
        else:
            await self.app(scope, _capped(scope, receive), _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if self.access.token is None and not is_loopback(_name(headers.get("host", ""))):
            return PlainTextResponse("This page is only served to this machine, at localhost.", 421)
        if _is_from_elsewhere(scope, headers):
            return PlainTextResponse("Requests from other sites are not allowed.", 403)
        if _length(headers) > _most(scope):
            return PlainTextResponse(f"That is more than {_most(scope) // 2**20} MiB.", 413)
        if self.access.admits(_cookie(headers, self.access.cookie)):
            return None
        return self._admission(scope)

    def _admission(self, scope: Scope) -> Response:
        """From an address with the token on to the same without it; who has none is asked for it."""
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        if scope["type"] != "http" or not self.access.knows("".join(asked.pop("token", []))):
            return HTMLResponse(_ASK, 401)
        query = urlencode(asked, doseq=True)
        response = RedirectResponse(f"/{scope['path'].lstrip('/')}" + (f"?{query}" if query else ""), 303)
        response.set_cookie(self.access.cookie, self.access.ticket, httponly=True, samesite="lax")
        return response


def is_loopback(name: str) -> bool:
    """Does this name or address mean this very machine?"""
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


def _is_from_elsewhere(scope: Scope, headers: Headers) -> bool:
    """Browsers say whose page asks: `Origin` where something is sent or a socket opened, else `Sec-Fetch-Site`."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower().partition("://")[2] != headers.get("host", "").lower()
    return headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and not _is_visit(scope, headers)


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Did somebody follow a link? What a page shows on a visit changes nothing."""
    is_read = scope["type"] == "http" and scope["method"] == "GET"
    return is_read and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _length(headers: Headers) -> int:
    said = headers.get("content-length", "0")
    return int(said) if said.isdecimal() else 0


def _most(scope: Scope) -> int:
    """Bytes that the body of this request may have."""
    return UPLOAD + _FORM if scope["type"] == "http" and "/upload/" in scope["path"] else BODY


def _capped(scope: Scope, receive: Receive) -> Receive:
    """A body that names no length is counted as it comes."""
    left = _most(scope)

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        if message["type"] == "http.request":
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"That is more than {_most(scope) // 2**20} MiB.")
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)  # a page that shuts more out says so itself
        await send(message)

    return sent


async def _refuse(refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
    else:
        await refusal(scope, receive, _with_headers(send))
