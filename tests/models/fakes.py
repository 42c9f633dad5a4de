"""Models, a store and requests for the tests of models."""

import asyncio
from collections.abc import Iterable, Iterator

from papercoder.artifacts import Image
from papercoder.models.contract import Answer, Message, Model, ModelWrapper, Price, Request, Usage
from papercoder.runs.events import Event

PNG = b"\x89PNG\r\n\x1a\n of a figure"
"""Bytes that no test decodes."""

IMAGE = Image(digest="5f" * 32, width=1400, height=800, data=PNG)


def ask(agent: str = "coding", subject: str = "model.py", text: str = "Write it.", **more: object) -> Request:
    values: dict[str, object] = {"system": "You write code.", "messages": (Message(role="user", text=text),)}
    return Request.model_validate({"agent": agent, "subject": subject, "max_tokens": 1000} | values | more)


def said(text: str, **usage: float) -> Answer:
    return Answer(text=text, usage=Usage.model_validate(usage))


def cut(text: str, **usage: float) -> Answer:
    return said(text, **usage).model_copy(update={"finish": "length"})


class Scripted:
    """Gives the answers of its script in turn, raises its exceptions, and repeats the last for ever."""

    def __init__(self, *script: Answer | Exception, seconds: float = 0.0) -> None:
        self.script = list(script)
        self.seconds = seconds
        self.name = "scripted:test"
        self.context_window = 100_000
        self.price: Price | None = Price(prompt=0.0, cached=0.0, completion=0.0)
        self.asked: list[Request] = []
        self.finished = 0
        self.at_once = 0
        self.most_at_once = 0

    async def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._think()
        finally:
            self.at_once -= 1
        said = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.finished += 1
        if isinstance(said, Exception):
            raise said
        return said

    async def _think(self) -> None:
        await asyncio.sleep(self.seconds)


class Held(Scripted):
    """Answers once it is let go."""

    def __init__(self, *script: Answer | Exception) -> None:
        super().__init__(*script)
        self.free = asyncio.Event()

    async def _think(self) -> None:
        await self.free.wait()


class Collecting(ModelWrapper):
    """Keeps all requests and answers that pass."""

    def __init__(self, inner: Model) -> None:
        super().__init__(inner)
        self.answers: list[tuple[Request, Answer]] = []

    async def answer(self, request: Request) -> Answer:
        answer = await self.inner.answer(request)
        self.answers.append((request, answer))
        return answer


class Memory:
    """A store that forgets."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        return self.kept.get(key)

    def put(self, key: str, text: str) -> None:
        self.kept[key] = text

    def texts(self) -> Iterator[str]:
        return iter(self.kept.values())


class Events:
    """Where events go."""

    def __init__(self) -> None:
        self.all: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.all.append(event)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.all]


def texts(answers: Iterable[Answer]) -> list[str]:
    return [answer.text for answer in answers]
