"""The options of a simulation, as text: `files=16,width=4,speed=20,rate_limit_every=7`."""

from typing import Self

from pydantic import Field, ValidationError

from papercoder.artifacts.base import Artifact
from papercoder.errors import SettingsError


class Simulation(Artifact):
    """All options; times are those of the simulated model, and `speed` makes its clock run faster than ours."""

    files: int = Field(default=16, ge=1)
    """Files of the invented project, `main.py` included."""

    width: int = Field(default=4, ge=1)
    """Files in a layer of its dependency graph."""

    fan_in: int = Field(default=2, ge=0)
    """Files of the layer below that a file imports."""

    seed: int = 0
    speed: float = Field(default=20.0, gt=0)
    ttft: float = Field(default=1.0, ge=0)
    """Seconds to the first token."""

    tps: float = Field(default=60.0, gt=0)
    """Completion tokens a second."""

    context: int = Field(default=128_000, ge=1)
    """Tokens of the context window."""

    price_in: float = Field(default=0.0, ge=0)
    """Dollars per million prompt tokens."""

    price_cached: float = Field(default=0.0, ge=0)
    price_out: float = Field(default=0.0, ge=0)

    rate_limit_every: int = Field(default=0, ge=0)
    """Every so many calls, one is rejected with a time to wait; 0: none."""

    fail_every: int = Field(default=0, ge=0)
    """... fails with a server error."""

    drop_every: int = Field(default=0, ge=0)
    """... loses its connection."""

    hang_every: int = Field(default=0, ge=0)
    """... never returns."""

    cut_every: int = Field(default=0, ge=0)
    """... is cut off in the middle of its answer."""

    garbage_every: int = Field(default=0, ge=0)
    """... gives a malformed answer, but not twice to the same question."""

    retry_after: float = Field(default=1.0, ge=0)
    """Seconds to wait after a rate limit."""

    overall_plan: int = Field(default=1500, ge=0)
    """Tokens of this agent's answer, thinking included; the same for the agents below."""

    requirements: int = Field(default=300, ge=0)
    architecture: int = Field(default=1500, ge=0)
    logic: int = Field(default=1500, ge=0)
    config: int = Field(default=300, ge=0)
    verify: int = Field(default=100, ge=0)
    analysis: int = Field(default=1500, ge=0)
    coding: int = Field(default=2000, ge=0)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name=value,name=value`.

        Raises:
            SettingsError: an unknown name, or a value that does not fit.
        """
        parts = [part.partition("=") for part in text.split(",") if part.strip()]
        try:
            return cls.model_validate({name.strip(): value.strip() for name, _, value in parts})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = first["loc"][0]
            raise SettingsError(
                f"simulated:{text}: {name}: {first['msg']}; the names are {', '.join(cls.model_fields)}."
            ) from None

    def size_of(self, agent: str) -> int:
        """Tokens of this agent's answers; 0 for agents without a size."""
        return getattr(self, agent) if agent in AGENTS else 0


AGENTS = frozenset({"overall_plan", "requirements", "architecture", "logic", "config", "verify", "analysis", "coding"})
"""Agents whose answers have a size."""
