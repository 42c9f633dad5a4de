"""Answers that arrive piece by piece, and models that stay silent."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from papercoder.errors import ModelError
from papercoder.models import retries
from papercoder.models.contract import Answer, Price, Request, StreamingModel, TransientError
from papercoder.models.retries import IdleTimeout, RetryingModel
from papercoder.models.simulated import Simulated
from papercoder.models.stack import assemble
from papercoder.runs.events import CallProgress
from papercoder.settings import Settings
from tests.models.fakes import Events, Held, Memory, ask, said


class Pieces(StreamingModel):
    """Sends its pieces, then stays silent, fails or gives the whole answer."""

    name = "pieces:test"
    context_window = 100_000
    price = Price(prompt=0.0, cached=0.0, completion=0.0)

    def __init__(self, *pieces: str, ending: Exception | None = None, hangs: bool = False) -> None:
        self.pieces = pieces
        self.ending = ending
        self.hangs = hangs
        self.closed = 0

    async def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
        try:
            for piece in self.pieces:
                yield piece
            if self.hangs:
                await asyncio.Event().wait()
            if self.ending:
                raise self.ending
            yield said("".join(self.pieces))
        finally:
            self.closed += 1


async def no_wait(_: float) -> None:
    pass


def test_the_last_item_is_the_answer() -> None:
    model = Pieces("one ", "two")
    assert asyncio.run(model.answer(ask())).text == "one two"
    assert model.closed == 1


def test_what_is_written_so_far_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "REPORT_EVERY", 0.0)
    events = Events()
    answer = asyncio.run(IdleTimeout(Pieces("one two", " three"), 10.0, events).answer(ask(subject="a.py")))
    assert answer.text == "one two three"
    assert [event.completion for event in events.all if isinstance(event, CallProgress)] == [2, 3]


def test_reports_of_one_answer_are_rare() -> None:
    events = Events()
    asyncio.run(IdleTimeout(Pieces(*"abcdefgh"), 10.0, events).answer(ask()))
    assert events.all == []


def test_a_model_that_falls_silent_is_given_up_and_its_stream_closed() -> None:
    model = Pieces("one", hangs=True)
    with pytest.raises(TransientError, match=r"no new token within 0.02 s \(--idle-timeout\)"):
        asyncio.run(IdleTimeout(model, 0.02, Events()).answer(ask()))
    assert model.closed == 1


def test_the_limit_starts_again_with_every_token() -> None:
    """Twenty pieces, each in less than the limit and together in more."""

    class Slow(Pieces):
        async def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
            for _ in range(20):
                await asyncio.sleep(0.02)
                yield "piece "
            yield said("all")

    assert asyncio.run(IdleTimeout(Slow(), 0.3, Events()).answer(ask())).text == "all"


def test_a_model_that_does_not_stream_gets_as_long_for_all() -> None:
    with pytest.raises(TransientError, match="no new token"):
        asyncio.run(IdleTimeout(Held(said("never")), 0.02, Events()).answer(ask()))


def test_a_cut_stream_is_retried() -> None:
    class CutOnce(Pieces):
        async def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
            self.closed += 1
            yield "half "
            if self.closed == 1:
                raise TransientError("the stream ended before the answer did")
            yield said("half and half")

    model, events = CutOnce(), Events()
    stack = RetryingModel(IdleTimeout(model, 10.0, events), 2, events, sleep=no_wait)
    assert asyncio.run(stack.answer(ask())).text == "half and half"
    assert (model.closed, events.kinds) == (2, ["call_retried"])


def test_only_whole_answers_are_journaled() -> None:
    store, settings = Memory(), Settings(call_retries=0)
    with pytest.raises(ModelError):
        asyncio.run(assemble(Pieces("x", ending=TransientError("cut")), settings, store, Events()).answer(ask()))
    assert store.kept == {}
    for model in (Pieces("a", "b"), Pieces(ending=TransientError("asked again"))):
        assert asyncio.run(assemble(model, settings, store, Events()).answer(ask())).text == "ab"


def test_the_simulated_model_streams() -> None:
    async def pieces() -> list[str | Answer]:
        model = Simulated("simulated:tps=1000,speed=1,ttft=0")
        return [piece async for piece in model.stream(ask(subject="main.py", max_tokens=16_000))]

    *written, answer = asyncio.run(pieces())
    assert isinstance(answer, Answer)
    assert len(written) > 1
    assert "".join(map(str, written)) == answer.text
