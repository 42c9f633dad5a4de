"""The numbers that the paper reports, and those that the generated code measured."""

from typing import Literal

from pydantic import Field

from papercoder.artifacts.base import Artifact

ClaimVerdict = Literal["met", "differs", "not_run"]


class ClaimDraft(Artifact):
    """One number that the paper reports of its own experiments."""

    anchor: str
    """The anchor of the table, or of the paragraph, that reports it."""

    experiment: str
    """Which experiment, in a few words: `main comparison`, `ablation`."""

    method: str
    """The row: method, variant or setting, as the paper names it."""

    dataset: str
    """The data set, split or condition."""

    metric: str
    """The metric with its unit."""

    value: float
    """As printed."""

    spread: float | None = None
    """The number printed after ±, or null."""

    quote: str
    """The row's or sentence's own words, copied character by character, that hold the number."""


class ClaimDrafts(Artifact):
    """The claims of one table or section."""

    claims: tuple[ClaimDraft, ...] = ()


class Claim(ClaimDraft):
    """A claim with its number; its quote and value were found in the paper."""

    id: str = Field(pattern=r"^C[1-9]\d*$")
    """`C1`, `C2`, ... in the paper's order."""


class Claims(Artifact):
    """All claims, in the paper's order."""

    items: tuple[Claim, ...] = ()


class Measured(Artifact):
    """The row of `results.json` for one claim."""

    claim: str
    """Its id."""

    mean: float
    std: float | None = None
    seeds: int | None = None
    """The number of runs in the mean."""


class ClaimResult(Artifact):
    """A claim and its measured value."""

    claim: Claim
    measured: Measured | None
    """None if the code did not measure it, or the reproduction was not run."""

    tolerance: float
    """The largest difference between mean and claimed value that still counts as met."""

    verdict: ClaimVerdict
