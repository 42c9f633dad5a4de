"""A server on this machine that serves files and simulates failures."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Server:
    """Its files, its failures, and the requests it received."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    """Path -> after how many bytes each of the next responses is cut."""

    busy: dict[str, list[str]] = field(default_factory=dict)
    """Path -> Retry-After of each of the next responses, which have status 503."""

    errors: dict[str, int] = field(default_factory=dict)
    """Path -> status code of the response."""

    raw: dict[str, bytes] = field(default_factory=dict)
    """Path -> raw response; the connection is closed after it."""

    more: dict[str, dict[str, str]] = field(default_factory=dict)
    """Path -> further headers of the response."""

    token: str = ""
    """If set, files are sent only with this bearer token."""

    tags: bool = True
    ranges: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of each request."""

    headers: list[dict[str, str]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing."""

    def do_HEAD(self) -> None:
        state: Server = self.server.state
        data = state.files.get(self.path)
        if data is None or self.path in state.errors:
            return self._end(state.errors.get(self.path, 404))
        self.send_response(200)
        for name, value in {**state.more.get(self.path, {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        return None

    def do_GET(self) -> None:
        state: Server = self.server.state
        state.asked.append((self.path, self.headers.get("Range", "")))
        state.headers.append(dict(self.headers))
        if waits := state.busy.get(self.path):
            return self._end(503, **{"Retry-After": waits.pop(0)})
        if self.path in state.raw:
            self.close_connection = True
            with suppress(ConnectionError):  # the client may have closed it
                self.wfile.write(state.raw[self.path])
            return None
        data = state.files.get(self.path)
        if self.path in state.errors or data is None:
            return self._end(state.errors.get(self.path, 404), **state.more.get(self.path, {}))
        if state.token and self.headers.get("Authorization") != f"Bearer {state.token}":
            return self._end(401)
        return self._send(state, data)

    def _send(self, state: Server, data: bytes) -> None:
        tag = f'"{hashlib.sha256(data).hexdigest()[:8]}"'
        start = self._start(state, tag)
        if start and start >= len(data):
            return self._end(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if state.tags:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        cuts = state.cuts.get(self.path)
        self.wfile.write(data[start : start + cuts.pop(0)] if cuts else data[start:])
        self.close_connection = cuts is not None
        return None

    def _start(self, state: Server, tag: str) -> int:
        asked = self.headers.get("Range", "")
        fits = self.headers.get("If-Range", tag) == tag
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked and fits and state.ranges else 0

    def _end(self, code: int, **headers: str) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def serving() -> Iterator[Server]:
    """A running server."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.state = Server(address=f"http://127.0.0.1:{http.server_port}")  # type: ignore[attr-defined]
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield http.state  # type: ignore[attr-defined]
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
