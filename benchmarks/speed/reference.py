"""The reference implementation's requests (Paper2Code, section 3): serial, each with all that came before.

Counted from the answers of the measured run, with the same token counter, and without any instructions of its own,
which is in its favour.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Tokens of one run's paper and answers."""

    paper: int
    planning: Sequence[int]
    """Overall plan, architecture, logic, configuration."""

    analyses: Sequence[int]
    codes: Sequence[int]


@dataclass(frozen=True)
class Latency:
    """Of a simulated model."""

    ttft: float
    """Seconds to the first token."""

    tps: float
    """Tokens a second."""

    def seconds(self, completion: int) -> float:
        """Of one call."""
        return self.ttft + completion / self.tps


def prompt_tokens(sizes: Sizes) -> int:
    """Of all 4 + 2N requests: planning is one conversation; each code prompt holds all code before it."""
    planning = sum(sizes.paper + sum(sizes.planning[:turn]) for turn in range(len(sizes.planning)))
    prefix = sizes.paper + sum(sizes.planning)
    analysis = len(sizes.analyses) * prefix
    coding = sum(prefix + sizes.analyses[index] + sum(sizes.codes[:index]) for index in range(len(sizes.codes)))
    return planning + analysis + coding


def seconds(sizes: Sizes, latency: Latency) -> float:
    """One request after the other."""
    return sum(latency.seconds(answer) for answer in (*sizes.planning, *sizes.analyses, *sizes.codes))
