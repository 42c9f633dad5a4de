"""A call that hangs is given up."""

import asyncio

from papercoder.models.contract import Answer, Model, Request
from papercoder.models.failures import PassingError
from papercoder.models.wrapped import Wrapped


class Deadline(Wrapped):
    """Gives each call so many seconds."""

    def __init__(self, inner: Model, seconds: float) -> None:
        super().__init__(inner)
        self.seconds = seconds

    async def answer(self, request: Request) -> Answer:
        """The inner model's answer.

        Raises:
            PassingError: it did not come in time.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await self.inner.answer(request)
        except TimeoutError as error:
            raise PassingError(f"no answer within {self.seconds:g} s (--call-timeout)") from error
