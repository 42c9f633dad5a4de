"""A loopback server that answers as it is told and remembers what it was sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    body: dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Stub(ThreadingHTTPServer):
    """Gives its replies in turn and repeats the last for ever."""

    daemon_threads = True

    def __init__(self, *replies: Reply) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.replies = list(replies)
        self.sent: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Exchange(BaseHTTPRequestHandler):
    server: Stub

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.server.sent.append(json.loads(self.rfile.read(length)))
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.server.paths.append(self.path)
        reply = self.server.replies.pop(0) if len(self.server.replies) > 1 else self.server.replies[0]
        body = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **reply.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def serving(*replies: Reply) -> Iterator[Stub]:
    with Stub(*replies) as stub:
        thread = threading.Thread(target=stub.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield stub
        finally:
            stub.shutdown()
            thread.join()


def chat(text: str, finish: str = "stop", cached: int = 0) -> Reply:
    """A chat completion of 1000 prompt and 10 completion tokens."""
    message = {"role": "assistant", "content": text}
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 10,
        "total_tokens": 1010,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    choice = {"index": 0, "message": message, "finish_reason": finish, "native_finish_reason": finish}
    head = {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-5-mini", "provider": "Some"}
    return Reply({**head, "choices": [choice], "usage": usage})


def claude(text: str, stop: str = "end_turn") -> Reply:
    """A message of 100 new, 200 written and 700 cached prompt tokens and 10 completion tokens."""
    usage = {
        "input_tokens": 100,
        "cache_creation_input_tokens": 200,
        "cache_read_input_tokens": 700,
        "output_tokens": 10,
    }
    head = {"id": "1", "type": "message", "role": "assistant", "model": "claude-sonnet-5", "stop_sequence": None}
    return Reply({**head, "content": [{"type": "text", "text": text}], "stop_reason": stop, "usage": usage})


def gemini(text: str, finish: str = "STOP") -> Reply:
    """Content of 1000 prompt tokens, 400 of them cached, and 10 completion tokens."""
    usage = {
        "promptTokenCount": 1000,
        "cachedContentTokenCount": 400,
        "candidatesTokenCount": 10,
        "totalTokenCount": 1010,
    }
    content = {"role": "model", "parts": [{"text": text}]}
    candidate = {"content": content, "finishReason": finish, "index": 0}
    return Reply({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"})


def failure(status: int, message: str = "no", code: str = "error", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"message": message, "type": code, "code": code}}, status, named)
