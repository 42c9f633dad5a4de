"""What a run can do without: where no answer was fit after all retries, it is told and the run goes on."""

from collections.abc import Awaitable
from typing import TypeVar

from papercoder.errors import AnswerError
from papercoder.runs.events import Emit, Warned

T = TypeVar("T")


async def if_fit(making: Awaitable[T], emit: Emit, where: str) -> T | None:
    """What is made; None, with a warning, where the model never gave an answer that fits."""
    try:
        return await making
    except AnswerError as error:
        emit(Warned(where=where, message=str(error)))
        return None
