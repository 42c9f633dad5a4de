"""The context guard: what cannot fit is never sent."""

from papercoder.errors import ContextError
from papercoder.models.contract import Answer, Request
from papercoder.models.estimate import prompt_tokens
from papercoder.models.wrapped import Wrapped


class Guarded(Wrapped):
    """Refuses a request whose prompt and completion may together exceed the context window."""

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer.

        Raises:
            ContextError: the request is too large; it was not sent.
        """
        prompt = prompt_tokens(request)
        if prompt + request.max_tokens > self.context_window:
            raise ContextError(
                f"{request.agent} {request.subject}".strip() + f": about {prompt:,} prompt tokens and up to "
                f"{request.max_tokens:,} for the answer exceed the {self.context_window:,} of {self.name}; choose a "
                "model with a larger context window, or lower --max-tokens."
            )
        return await self.inner.answer(request)
