"""A loopback server with configured replies that records its requests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A JSON body or, where `events` are given, a stream of server-sent events."""

    body: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    events: tuple[dict[str, Any], ...] = ()
    ends: bool = True
    """False: the connection is closed after the last of the events, in the middle of the stream."""

    @property
    def payload(self) -> bytes:
        if not self.events:
            return json.dumps(self.body).encode()
        return b"".join(_server_sent(event) for event in self.events) + (b"data: [DONE]\n\n" if _is_chat(self) else b"")

    @property
    def content_type(self) -> str:
        return "text/event-stream" if self.events else "application/json"

    def cut_after(self, count: int) -> "Reply":
        return replace(self, events=self.events[:count], ends=False)


def _server_sent(event: dict[str, Any]) -> bytes:
    kind = f"event: {event['type']}\n" if "type" in event else ""
    return f"{kind}data: {json.dumps(event)}\n\n".encode()


def _is_chat(reply: Reply) -> bool:
    return reply.ends and "choices" in reply.events[0]


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
        promised = len(reply.payload) + (0 if reply.ends else 1000)
        self.send_response(reply.status)
        for name, value in {
            "Content-Type": reply.content_type,
            "Content-Length": str(promised),
            **reply.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.payload)

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


def chat(text: str, finish: str = "stop", cached: int = 0, usage: bool = True) -> Reply:
    """A streamed chat completion of 1000 prompt and 10 completion tokens."""
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-6-luna", "provider": "Some"}
    pieces: list[dict[str, Any]] = [
        {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None} for word in _pieces(text)
    ]
    pieces.append({"index": 0, "delta": {}, "finish_reason": finish, "native_finish_reason": finish})
    counted = {
        "prompt_tokens": 1000,
        "completion_tokens": 10,
        "total_tokens": 1010,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    chunks = [{**head, "choices": [piece]} for piece in pieces]
    return Reply(events=(*chunks, *([{**head, "choices": [], "usage": counted}] if usage else [])))


def response(text: str, cached: int = 0, incomplete: str = "", model: str = "gpt-6-luna") -> Reply:
    """A stream of OpenAI's Responses API, of 1000 prompt and 10 completion tokens."""
    item = {"id": "m1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    done = {**item, "status": "completed", "content": [{**part, "text": text}]}
    usage = {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 1010,
    }
    whole = {
        "id": "r1",
        "object": "response",
        "created_at": 1,
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "status": "in_progress",
    }
    ending = {
        **whole,
        "output": [done],
        "usage": usage,
        "status": "incomplete" if incomplete else "completed",
        "incomplete_details": {"reason": incomplete} if incomplete else None,
    }
    where = {"item_id": "m1", "output_index": 0, "content_index": 0}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": whole},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **where, "part": part},
        *({"type": "response.output_text.delta", **where, "delta": word, "logprobs": []} for word in _pieces(text)),
        {"type": "response.output_text.done", **where, "text": text, "logprobs": []},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": f"response.{ending['status']}", "response": ending},
    ]
    return Reply(events=tuple({**event, "sequence_number": number} for number, event in enumerate(events)))


def claude(text: str, stop: str = "end_turn") -> Reply:
    """A streamed message of 100 new, 200 written and 700 cached prompt tokens and 10 completion tokens."""
    usage = {
        "input_tokens": 100,
        "cache_creation_input_tokens": 200,
        "cache_read_input_tokens": 700,
        "output_tokens": 1,
    }
    head = {"id": "1", "type": "message", "role": "assistant", "model": "claude-sonnet-5", "stop_sequence": None}
    return Reply(
        events=(
            {"type": "message_start", "message": {**head, "content": [], "stop_reason": None, "usage": usage}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            *(
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
                for word in _pieces(text)
            ),
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": stop, "stop_sequence": None},
                "usage": {**usage, "output_tokens": 10},
            },
            {"type": "message_stop"},
        )
    )


def gemini(text: str, finish: str = "STOP") -> Reply:
    """Streamed content of 1000 prompt tokens, 400 of them cached, and 10 completion tokens."""
    usage = {
        "promptTokenCount": 1000,
        "cachedContentTokenCount": 400,
        "candidatesTokenCount": 10,
        "totalTokenCount": 1010,
    }
    candidates: list[dict[str, Any]] = [
        {"content": {"role": "model", "parts": [{"text": word}]}, "index": 0} for word in _pieces(text)
    ]
    candidates[-1]["finishReason"] = finish
    return Reply(
        events=tuple(
            {"candidates": [each], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"} for each in candidates
        )
    )


def _pieces(text: str) -> list[str]:
    """Two parts of a text, as a stream sends them."""
    return [text[: len(text) // 2], text[len(text) // 2 :]]


def failure(status: int, message: str = "no", code: str = "error", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"message": message, "type": code, "code": code}}, status, named)
