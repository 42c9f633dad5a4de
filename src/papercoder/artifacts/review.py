"""The results of review: a verdict for each requirement."""

from typing import Literal

from papercoder.artifacts.base import Artifact

VerdictKind = Literal["implemented", "partly", "missing", "contradicts"]
Degradation = Literal["none", "generic_stand_in", "dropped_term", "changed_constant", "changed_order", "other"]


class Location(Artifact):
    """A line of code."""

    path: str
    line: int
    """Counted from 1, as printed before the line."""


class Verdict(Artifact):
    """Whether the code implements one requirement."""

    requirement: str
    """Its id."""

    verdict: VerdictKind
    """`implemented`: the code does it exactly. `partly`: some of it. `missing`: nothing does it. `contradicts`:
    the code does something other than the paper says."""

    evidence: tuple[Location, ...] = ()
    """The lines that do it, or that do something else; empty only if it is missing."""

    degradation: Degradation = "none"
    """How the paper's method was weakened, if it was: a `generic_stand_in` for the paper's own part, a
    `dropped_term`, a `changed_constant`, a `changed_order` of steps."""

    chosen_in: tuple[str, ...] = ()
    """Only for `partly`, if the code differs from the paper only because assumed requirements approximate it on
    purpose: their ids."""

    reason: str
    """Why, in one or two sentences; if it is not implemented, what the code would have to do."""


class Verdicts(Artifact):
    """Verdicts on the requirements of one file, or of all."""

    verdicts: tuple[Verdict, ...] = ()

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts that are not `implemented`."""
        return tuple(verdict for verdict in self.verdicts if verdict.verdict != "implemented")
