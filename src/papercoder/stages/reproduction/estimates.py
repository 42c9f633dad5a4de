"""How long trials take: measured where one has ended, from progress where one was started, else from similar ones."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from papercoder.artifacts.reproduction import Estimate, TrialKind


@dataclass
class Estimates:
    """The time of each kind of trial, corrected as results arrive."""

    known: dict[TrialKind, Estimate] = field(default_factory=dict)

    def add(self, estimates: Iterable[Estimate]) -> None:
        """Add estimates that an earlier invocation made."""
        self.known |= {estimate.kind: estimate for estimate in estimates if estimate.basis != "similar"}

    def measured(self, kind: TrialKind, seconds: float) -> None:
        """A trial of this kind has ended."""
        former = self.known.get(kind)
        if former and former.basis == "measured" and former.seconds is not None:
            seconds = (former.seconds + seconds) / 2
        self.known[kind] = Estimate(kind=kind, seconds=seconds, basis="measured")

    def stopped(self, kind: TrialKind, elapsed: float, total: float | None) -> None:
        """A trial of this kind was stopped after `elapsed` seconds, and would have taken `total`, if that is known."""
        former = self.known.get(kind)
        if former and former.basis == "measured":
            return
        if total is None:
            self.known[kind] = Estimate(kind=kind, seconds=elapsed, basis="at_least")
        else:
            self.known[kind] = Estimate(kind=kind, seconds=max(total, elapsed), basis="progress")

    def of(self, kind: TrialKind) -> Estimate:
        """The estimate for a kind.

        Without one of its own: the geometric mean over its experiment, method and data set of the times that are
        known for these, which is exact where time is a product of a factor for each.
        """
        if own := self.known.get(kind):
            return own
        known = {other: estimate.seconds for other, estimate in self.known.items() if estimate.seconds}
        if not known:
            return Estimate(kind=kind, seconds=None, basis="unknown")
        overall = statistics.geometric_mean(known.values())
        seconds = overall
        for position in (1, 2):  # method, data set
            alike = [value for other, value in known.items() if other[position] == kind[position]]
            seconds *= (statistics.geometric_mean(alike) / overall) if alike else 1.0
        return Estimate(kind=kind, seconds=seconds, basis="similar")

    def seconds(self, kind: TrialKind) -> float:
        """The time to plan with: 1 second where nothing is known, so that such trials are tried early, and twice the
        time after which a trial was stopped without progress.
        """
        found = self.of(kind)
        if found.seconds is None:
            return 1.0
        return 2 * found.seconds if found.basis == "at_least" else found.seconds
