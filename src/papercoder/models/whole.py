"""A cut answer is continued until it is whole."""

from papercoder.errors import ModelError
from papercoder.models.contract import Answer, Message, Request, Usage
from papercoder.models.estimate import room
from papercoder.models.overlap import join
from papercoder.models.wrapped import Wrapped

CONTINUATIONS = 6
"""Further calls for one answer."""

CONTINUE = (
    "Your answer was cut off. Continue it exactly where it stopped, with the very next character. Repeat nothing, "
    "add no remark, and open no code block anew."
)


class Whole(Wrapped):
    """Never gives a cut answer for a whole one."""

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer, with its continuations.

        Raises:
            ModelError: it is still cut after so many continuations.
        """
        whole = await self.inner.answer(request)
        for _ in range(CONTINUATIONS):
            if whole.finish == "stop":
                return whole
            if whole.text.strip():
                further = self._continued(request, whole.text)
            else:
                further = request = self._widened(request)
            part = await self.inner.answer(further)
            whole = _joined(whole, part, told(further, part))
        raise ModelError(
            f"{_what(request)}: the answer of {self.name} is still cut after {CONTINUATIONS} continuations; "
            "raise --max-tokens or choose another model."
        )

    def _continued(self, request: Request, partial: str) -> Request:
        turns = (Message(role="assistant", text=partial), Message(role="user", text=CONTINUE))
        longer = request.model_copy(update={"messages": (*request.messages, *turns)})
        return longer.model_copy(update={"max_tokens": max(1, min(request.max_tokens, room(longer, self)))})

    def _widened(self, request: Request) -> Request:
        """The same request with twice the tokens, for a model that thought until none was left."""
        tokens = min(2 * request.max_tokens, room(request, self))
        if tokens <= request.max_tokens:
            raise ModelError(
                f"{_what(request)}: {self.name} used all its {request.max_tokens:,} tokens without a word of an "
                "answer, and its context window leaves no more; choose a model with a larger one."
            )
        return request.model_copy(update={"max_tokens": tokens})


def told(request: Request, answer: Answer) -> str:
    """The answer, after the beginning that it continues where it is a continuation."""
    if request.messages[-1].text != CONTINUE:
        return answer.text
    return join(request.messages[-2].text, answer.text)


def _what(request: Request) -> str:
    return f"{request.agent} {request.subject}".strip()


def _joined(first: Answer, second: Answer, text: str) -> Answer:
    """One answer of two calls."""
    return Answer(
        text=text,
        finish=second.finish,
        usage=_sum(first.usage, second.usage),
        seconds=first.seconds + second.seconds,
    )


def _sum(first: Usage, second: Usage) -> Usage:
    known = first.cost_usd is not None and second.cost_usd is not None
    return Usage(
        prompt=first.prompt + second.prompt,
        cached=first.cached + second.cached,
        completion=first.completion + second.completion,
        cost_usd=(first.cost_usd or 0.0) + (second.cost_usd or 0.0) if known else None,
    )
