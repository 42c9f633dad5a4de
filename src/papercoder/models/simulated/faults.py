"""Faults on demand: every so many calls, the most violent first."""

from itertools import count
from typing import Literal

from papercoder.models.simulated.spec import Simulation

Fault = Literal["drop", "hang", "fail", "rate_limit", "cut", "garbage"]


class Faults:
    """Counts calls, and says whose turn it is."""

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
    """The answer, spoilt so that neither JSON nor a code block can be read from it."""
    return f"Here it is: {text[: len(text) // 2]}".replace("```", "").replace("}", "").replace("]", "") + ' {"x": ,'
