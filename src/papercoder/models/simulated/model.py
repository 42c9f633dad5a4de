"""The simulated model: pace, prompt cache and faults around the answers."""

import asyncio
import hashlib
import math
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Literal

from papercoder.models.contract import (
    Answer,
    Price,
    Request,
    StreamingModel,
    TransientError,
    Usage,
    count_tokens,
    prompt_tokens,
)
from papercoder.models.simulated.answers import Answers
from papercoder.models.simulated.project import Simulation

Fault = Literal["drop", "hang", "fail", "rate_limit", "cut", "garbage"]

MIN_CACHED_TOKENS = 1024
"""Shorter prefixes are not cached, as with the large providers."""

_BLOCK = 512
"""Characters; prefixes are compared in whole blocks."""

_EVERY = 1.0
"""Seconds between two pieces of an answer."""


@dataclass(frozen=True)
class _Reply:
    """The text, and the completion tokens that it took."""

    text: str
    tokens: int
    cut: bool


class Simulated(StreamingModel):
    """Answers like a model that invents a project; `Simulation` has its options."""

    def __init__(self, spec: str) -> None:
        """Take a specification, with or without `simulated:` before it.

        Raises:
            SettingsError: the specification has an unknown option, or a value does not fit.
        """
        options = spec.removeprefix("simulated:")
        self.simulation = Simulation.parse(options)
        self.name = f"simulated:{options}"
        self.context_window = self.simulation.context
        self.price = self._price = Price(
            prompt=self.simulation.price_in,
            cached=self.simulation.price_cached,
            completion=self.simulation.price_out,
        )
        self._answers = Answers(self.simulation)
        self._faults = Faults(self.simulation)
        self._cache = PromptCache()

    async def stream(self, request: Request) -> AsyncGenerator[str | Answer, None]:
        """An invented answer, as fast as a model would write it.

        Raises:
            TransientError: the specification asks for a fault.
        """
        began = time.monotonic()
        fault = self._faults.next()
        prompt = prompt_tokens(request)
        cached = self._cache.shared(request.text, prompt)
        await self._pass(self.simulation.ttft)
        await self._fail(fault)
        self._cache.remember(request.text)
        reply = self._reply(request, fault)
        seconds = reply.tokens / self.simulation.tps
        steps = math.ceil(seconds / self.simulation.speed / _EVERY) or 1
        size = math.ceil(len(reply.text) / steps)
        for step in range(steps):
            await self._pass(seconds / steps)
            yield reply.text[step * size : (step + 1) * size]
        yield Answer(
            text=reply.text,
            finish="length" if reply.cut else "stop",
            usage=self._usage(prompt, cached, reply.tokens),
            seconds=time.monotonic() - began,
        )

    async def _pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.simulation.speed)

    async def _fail(self, fault: Fault | None) -> None:
        match fault:
            case "drop":
                raise TransientError("the connection was lost (simulated)")
            case "fail":
                raise TransientError("500, the server had an error (simulated)")
            case "rate_limit":
                wait = self.simulation.retry_after / self.simulation.speed
                raise TransientError("429, too many requests (simulated)", retry_after=wait)
            case "hang":
                await asyncio.Event().wait()

    def _reply(self, request: Request, fault: Fault | None) -> _Reply:
        text = _rest(request, self._answers.write(request))
        if fault == "garbage" and request.round == 0:
            text = malformed(text)
        tokens = count_tokens(text)
        if fault == "cut" and tokens > 1:
            return _Reply(text[: len(text) // 2], tokens // 2, cut=True)
        if tokens > request.max_tokens:
            return _Reply(text[: len(text) * request.max_tokens // tokens], request.max_tokens, cut=True)
        thought = self.simulation.size_of(request.agent) if _is_first(request) else 0
        return _Reply(text, max(tokens, min(thought, request.max_tokens)), cut=False)

    def _usage(self, prompt: int, cached: int, completion: int) -> Usage:
        cost = self._price.of(prompt, cached, completion)
        return Usage(prompt=prompt, cached=cached, completion=completion, cost_usd=cost)


def _is_first(request: Request) -> bool:
    """False if an answer was given before, and was cut off or rejected."""
    return all(message.role == "user" for message in request.messages)


def _rest(request: Request, text: str) -> str:
    """The rest of the answer if the request shows its beginning, else all of it."""
    given = [message.text for message in request.messages if message.role == "assistant"]
    return text[len(given[-1]) :] if given and text.startswith(given[-1]) else text


class Faults:
    """Counts calls and decides which one fails and how; the worst fault wins."""

    def __init__(self, simulation: Simulation) -> None:
        self._calls = count(1)
        self._every: tuple[tuple[Fault, int], ...] = (
            ("drop", simulation.drop_every),
            ("hang", simulation.hang_every),
            ("fail", simulation.fail_every),
            ("rate_limit", simulation.rate_limit_every),
            ("cut", simulation.cut_every),
            ("garbage", simulation.garbage_every),
        )

    def next(self) -> Fault | None:
        """The fault of the next call."""
        call = next(self._calls)
        return next((fault for fault, every in self._every if every and call % every == 0), None)


def malformed(text: str) -> str:
    """The answer, damaged so that neither JSON nor a code block can be read from it."""
    return f"Here it is: {text[: len(text) // 2]}".replace("```", "").replace("}", "").replace("]", "") + ' {"x": ,'


class PromptCache:
    """The provider's prompt cache: remembers prefixes of all prompts."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def shared(self, prompt: str, tokens: int) -> int:
        """How many of the prompt's tokens are remembered."""
        blocks = 0
        for prefix in _prefixes(prompt):
            if prefix not in self._seen:
                break
            blocks += 1
        cached = tokens * blocks * _BLOCK // max(1, len(prompt))
        return cached if cached >= MIN_CACHED_TOKENS else 0

    def remember(self, prompt: str) -> None:
        """Keep the prompt's prefixes."""
        self._seen.update(_prefixes(prompt))


def _prefixes(prompt: str) -> Iterator[bytes]:
    chain = hashlib.blake2b(digest_size=16)
    for start in range(0, len(prompt) - _BLOCK + 1, _BLOCK):
        chain.update(prompt[start : start + _BLOCK].encode("utf-8", "surrogatepass"))
        yield chain.digest()
