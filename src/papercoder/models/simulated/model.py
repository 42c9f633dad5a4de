"""The simulated model: pace, prompt cache and faults around the answers."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from papercoder.models.contract import Answer, Price, Request, StreamingModel, Usage
from papercoder.models.estimate import prompt_tokens
from papercoder.models.failures import PassingError
from papercoder.models.simulated.answers import Answers
from papercoder.models.simulated.faults import Fault, Faults, malformed
from papercoder.models.simulated.prompt_cache import PromptCache
from papercoder.models.simulated.spec import Simulation
from papercoder.models.tokens import count_tokens


@dataclass(frozen=True)
class _Reply:
    """What goes out, and the completion tokens that it took."""

    text: str
    tokens: int
    cut: bool


_EVERY = 1.0
"""Seconds between two pieces of an answer."""


class Simulated(StreamingModel):
    """Answers like a model that invents a project; see Simulation for what it can be told."""

    def __init__(self, spec: str) -> None:
        """Take a specification, with or without `simulated:` before it.

        Raises:
            SettingsError: the specification names an unknown knob, or a value does not fit.
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
            PassingError: a fault was asked for.
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
                raise PassingError("the connection was lost (simulated)")
            case "fail":
                raise PassingError("500, the server had an error (simulated)")
            case "rate_limit":
                wait = self.simulation.retry_after / self.simulation.speed
                raise PassingError("429, too many requests (simulated)", retry_after=wait)
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
    """False where an answer was given before, and was cut or refused."""
    return all(message.role == "user" for message in request.messages)


def _rest(request: Request, text: str) -> str:
    """What is left of the answer where the request shows its beginning, else all of it."""
    given = [message.text for message in request.messages if message.role == "assistant"]
    return text[len(given[-1]) :] if given and text.startswith(given[-1]) else text
