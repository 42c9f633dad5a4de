"""A server on this machine that serves files, and misbehaves as it is told."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Server:
    """What it serves, what it does wrong, and what it was asked."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    """Path -> after how many bytes each of the next answers breaks off."""

    busy: dict[str, list[str]] = field(default_factory=dict)
    """Path -> Retry-After of each of the next answers, which are 503."""

    refused: dict[str, int] = field(default_factory=dict)
    """Path -> the code that it is refused with."""

    sent: dict[str, bytes] = field(default_factory=dict)
    """Path -> an answer that is sent as it stands; the connection ends with it."""

    tags: bool = True
    ranges: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range of each request."""

    headers: list[dict[str, str]] = field(default_factory=list)


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing is printed."""

    def do_GET(self) -> None:
        told: Server = self.server.told
        told.asked.append((self.path, self.headers.get("Range", "")))
        told.headers.append(dict(self.headers))
        if waits := told.busy.get(self.path):
            return self._end(503, **{"Retry-After": waits.pop(0)})
        if self.path in told.sent:
            self.close_connection = True
            with suppress(ConnectionError):  # who asked may have heard enough
                self.wfile.write(told.sent[self.path])
            return None
        data = told.files.get(self.path)
        if self.path in told.refused or data is None:
            return self._end(told.refused.get(self.path, 404))
        return self._send(told, data)

    def _send(self, told: Server, data: bytes) -> None:
        tag = f'"{hashlib.sha256(data).hexdigest()[:8]}"'
        start = self._start(told, tag)
        if start and start >= len(data):
            return self._end(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if told.tags:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        cuts = told.cuts.get(self.path)
        self.wfile.write(data[start : start + cuts.pop(0)] if cuts else data[start:])
        self.close_connection = cuts is not None
        return None

    def _start(self, told: Server, tag: str) -> int:
        asked = self.headers.get("Range", "")
        fits = self.headers.get("If-Range", tag) == tag
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked and fits and told.ranges else 0

    def _end(self, code: int, **headers: str) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def serving() -> Iterator[Server]:
    """A server, for as long as this lasts."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    http.told = Server(address=f"http://127.0.0.1:{http.server_port}")  # type: ignore[attr-defined]
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield http.told  # type: ignore[attr-defined]
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
