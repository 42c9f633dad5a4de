"""An answer that was cut off is continued until it is complete."""

import re

from papercoder.errors import ModelError
from papercoder.models.contract import Answer, Message, ModelWrapper, Request, Usage
from papercoder.models.tokens import room

CONTINUATIONS = 6
"""Further calls for one answer."""

CONTINUE = (
    "Your answer was cut off. Continue it exactly where it stopped, with the very next character. Repeat nothing, "
    "add no remark, and do not open the code block again."
)

_CERTAIN = 20
"""Characters of an overlap that cannot be a coincidence, wherever it begins."""

_LONGEST = 2000
_REOPENED_FENCE = re.compile(r"\A\s*```[\w+-]+[ \t]*\n")
_FENCE_LINE = re.compile(r"^[ \t]*```", re.MULTILINE)


class ContinuingModel(ModelWrapper):
    """Returns complete answers only."""

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer, with its continuations.

        Raises:
            ModelError: it is still cut off after so many continuations.
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
            whole = _joined(whole, part, text_so_far(further, part))
        raise ModelError(
            f"{request.about}: the answer of {self.name} is still cut off after {CONTINUATIONS} continuations. "
            "Raise --max-tokens or choose another model."
        )

    def _continued(self, request: Request, partial: str) -> Request:
        turns = (Message(role="assistant", text=partial), Message(role="user", text=CONTINUE))
        longer = request.model_copy(update={"messages": (*request.messages, *turns)})
        return longer.model_copy(update={"max_tokens": max(1, min(request.max_tokens, room(longer, self)))})

    def _widened(self, request: Request) -> Request:
        """The same request with twice the tokens, for a model that used all of them to think."""
        tokens = min(2 * request.max_tokens, room(request, self))
        if tokens <= request.max_tokens:
            raise ModelError(
                f"{request.about}: {self.name} used all its {request.max_tokens:,} tokens before it wrote an answer, "
                "and its context window leaves no more. Choose a model with a larger one, or lower --thinking."
            )
        return request.model_copy(update={"max_tokens": tokens})


def text_so_far(request: Request, answer: Answer) -> str:
    """The answer's text; for a continuation, after the text that it continues."""
    if request.messages[-1].text != CONTINUE:
        return answer.text
    return join(request.messages[-2].text, answer.text)


def join(head: str, tail: str) -> str:
    """The complete text, from its first part and the continuation.

    What the tail repeats of the head's end is dropped: at least 20 characters, or the line that was cut off. So is a
    code fence that the tail opens again while the head's is still open.
    """
    if len(_FENCE_LINE.findall(head)) % 2:
        tail = _REOPENED_FENCE.sub("", tail)
    return head + tail[_overlap(head, tail) :]


def _overlap(head: str, tail: str) -> int:
    """How many characters of the tail repeat the head's end."""
    cut_line = len(head) - (head.rfind("\n") + 1)
    for size in range(min(len(head), len(tail), _LONGEST), 0, -1):
        repeated = tail[:size]
        if (size >= _CERTAIN or size == cut_line) and len(repeated.strip()) > 1 and head.endswith(repeated):
            return size
    return 0


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
