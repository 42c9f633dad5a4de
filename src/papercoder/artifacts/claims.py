"""Claims: what the paper reports of its own experiments, and how the generated code's measurements compare with it."""

from operator import not_
from typing import Literal

from pydantic import Field

from papercoder.artifacts.base import Artifact

ClaimVerdict = Literal["met", "differs", "toy", "inconclusive", "not_run"]
"""`toy`: measured at reduced scale or on synthetic data. `inconclusive`: more seeds are needed to tell."""

Bound = Literal["=", ">", "<", ">=", "<=", "about"]
Direction = Literal["higher", "lower"]
"""Which values of a metric are better."""

Statistic = Literal["mean", "std", "median", "min", "max", "count"]
SpreadKind = Literal["std", "stderr", "ci95", "other"]
"""What a number after ± is: over runs the standard deviation, the standard error, or half of a 95 % interval; or
something else, such as the deviation between data sets."""

Comparison = Literal["higher_by", "lower_by", "higher_by_share", "lower_by_share", "times_higher", "times_lower"]


class ClaimDraft(Artifact):
    """One number that the paper reports of its own experiments."""

    anchor: str
    """The anchor of the paragraph, table or figure that reports it; `abstract` for the abstract."""

    experiment: str
    """Which experiment, in a few words: `main comparison`, `ablation`."""

    method: str
    """The method, variant or setting, as the paper names it; the same name wherever it occurs."""

    dataset: str
    """The data set, split or condition; the same name wherever it occurs."""

    averaged_over: tuple[str, ...] = Field(default=(), exclude_if=not_)
    """If the number is a mean over several data sets, their names; `dataset` is what the paper calls them together,
    such as `Average`."""

    metric: str
    """What is measured in one run, without unit, statistic and number of runs: `accuracy`, `training time`."""

    unit: str = ""
    """`%`, `s`, `MB`; empty if it has none."""

    direction: Direction | None = None
    """Which values are better; null if neither."""

    statistic: Statistic = "mean"
    """What is reported of the runs. `count`: in how many of them the condition holds, or the method is better than
    `compared_with`. A single run is its own mean."""

    value: float
    """As printed: 96.5 for `96.5 %`, 0.1 for `a tenth of a second`."""

    bound: Bound = "="
    """`>` for "more than", `<=` for "at most", `about` for "about" and "roughly"."""

    spread: float | None = None
    """The number printed after ±, or null."""

    runs: int | None = None
    """How many runs, seeds or draws the number summarises, if the paper says so."""

    is_own: bool = False
    """Whether the method is the paper's own, complete and with its default settings."""

    compared_with: str = ""
    """The other method, if the number compares two methods."""

    comparison: Comparison | None = None
    """How the number compares them: `lower_by_share` for "reduces the error by 40 %", `higher_by` for "1.3 points
    better", `times_lower` for "half the memory" (value 2)."""

    condition: str = Field(default="", pattern=r"^$|^[<>]=? ?-?\d+(\.\d+)?$")
    """For a `count` of runs on one side of a value: `< 90`."""

    quote: str
    """The words that hold the number, copied character by character."""


class Claim(ClaimDraft):
    """A claim with its id; its number was found in the paper."""

    id: str = Field(pattern=r"^C[1-9]\d*$")
    """`C1`, `C2`, ... in the paper's order."""

    printed: str = ""
    """The number as the paper prints it, with its trailing zeros: `96.50`."""

    spread_kind: SpreadKind = "std"
    """What `spread` is."""

    row: int | None = None
    column: int | None = None
    """The table's cell, from 1; None outside tables."""

    also: tuple[str, ...] = ()
    """Anchors of other places that report the same number."""

    from_image: bool = False
    """Whether a model read the value from the image of a plot, so that it is approximate."""


class Ordering(Artifact):
    """A statement about which of several results is better."""

    id: str = Field(pattern=r"^O[1-9]\d*$")
    anchor: str
    experiment: str
    dataset: str
    """Empty if the data sets are what differs, or if it is stated for all of them."""

    metric: str
    direction: Direction
    methods: tuple[str, ...] = Field(min_length=2)
    """Best first."""

    claims: tuple[str, ...] = ()
    """Ids of the claims with their values, best first; empty if the paper gives no values."""

    statement: str
    """In one sentence."""

    quote: str = ""
    """The words that state it; empty if a table's values imply it."""


class Claims(Artifact):
    """All claims, in the paper's order."""

    items: tuple[Claim, ...] = ()
    orderings: tuple[Ordering, ...] = ()

    def claim(self, name: str) -> Claim | None:
        """The claim with this id."""
        return next((item for item in self.items if item.id == name), None)

    def averaged_over(self, experiment: str, dataset: str) -> tuple[str, ...]:
        """The data sets that an experiment's claims on this one average over; empty if it is a data set itself."""
        wanted = (experiment.casefold(), dataset.casefold())
        found = (c.averaged_over for c in self.items if (c.experiment.casefold(), c.dataset.casefold()) == wanted)
        return next(filter(None, found), ())


class Tolerance(Artifact):
    """How far a measured value may be from the reported one."""

    spreads: float = Field(default=2.0, ge=0)
    """Multiple of the standard deviation over runs, if the paper prints it."""

    relative: float = Field(default=0.05, ge=0)
    """Share of the value, if it does not."""

    about: float = Field(default=0.2, ge=0)
    """Share of a value that the paper gives as approximate."""

    @property
    def rule(self) -> str:
        """The rule in one sentence."""
        return (
            f"The tolerance is {self.spreads:g} times the reported standard deviation. Without one, it is "
            f"{100 * self.relative:.3g} % of the value, or {100 * self.about:.3g} % if the paper says “about”. It is "
            "at least half a unit of the last printed digit."
        )


class Measured(Artifact):
    """What was measured for one claim."""

    claim: str
    """Its id."""

    value: float
    """The statistic that the claim reports, in the claim's unit."""

    std: float | None = None
    """The standard deviation over the seeds; None for one seed."""

    seeds: int | None = None
    """How many seeds were measured, if it is known."""

    values: tuple[float, ...] = ()
    """The value of each seed; empty if only a summary is known."""


class ClaimResult(Artifact):
    """A claim, its measurement and the verdict."""

    claim: Claim
    measured: Measured | None
    """None if nothing was measured."""

    tolerance: float
    """The largest difference that still counts as met, in the claim's unit; 0 for a bound."""

    verdict: ClaimVerdict
    reason: str = ""
    """Why, in one or two sentences."""

    difference: float | None = None
    """Measured less reported."""

    interval: tuple[float, float] | None = None
    """The 95 % interval of the difference; None if too little is known for one."""


class OrderingResult(Artifact):
    """An ordering and its verdict."""

    ordering: Ordering
    verdict: ClaimVerdict
    reason: str = ""
    difference: float | None = None
    """By how much the better of two methods is better, positive if as claimed; of several, the smallest step."""

    interval: tuple[float, float] | None = None
    """The 95 % interval of the difference."""

    seeds: int = 0
    """Seeds that both methods have in common."""


class UnclaimedResult(Artifact):
    """A measurement that no claim names."""

    experiment: str
    method: str
    dataset: str
    metric: str
    mean: float
    std: float | None = None
    seeds: int = 1


class ClaimResults(Artifact):
    """All claims and orderings with their verdicts, and what was measured beside them."""

    tolerance: Tolerance = Tolerance()
    items: tuple[ClaimResult, ...] = ()
    orderings: tuple[OrderingResult, ...] = ()
    unclaimed: tuple[UnclaimedResult, ...] = ()

    @property
    def differing(self) -> frozenset[str]:
        """Ids of the claims and orderings that differ."""
        claims = {item.claim.id for item in self.items if item.verdict == "differs"}
        return frozenset(claims | {item.ordering.id for item in self.orderings if item.verdict == "differs"})
