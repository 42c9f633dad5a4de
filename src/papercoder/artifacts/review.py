"""The results of review: a verdict for each requirement."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from papercoder.artifacts.base import Artifact
from papercoder.artifacts.planning import ProposedAmendment

VerdictKind = Literal["implemented", "partly", "missing", "contradicts"]
Degradation = Literal["none", "generic_stand_in", "dropped_term", "changed_constant", "changed_order", "other"]


class Location(Artifact):
    """A line of code."""

    path: str
    line: int
    """Counted from 1, as printed before the line."""


_PLACE = re.compile(r"([^\s:,]+):(\d+(?:\s*[,-]\s*\d+)*)")
_IMPLEMENTED = re.compile(r"\s*(R[1-9]\d*)[\s:]+(.*)", re.DOTALL)


def _as_locations(value: object) -> object:
    """Places as models write them, `model.py:12,40 data.py:7`, as locations."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return value
    places = _PLACE.findall(" ".join(texts))
    return [{"path": path, "line": int(line)} for path, lines in places for line in re.split("[,-]", lines)]


Evidence = Annotated[tuple[Location, ...], BeforeValidator(_as_locations), WithJsonSchema({"type": "string"})]
"""Lines of code. An answer has them in short: `model.py:12,40 data.py:7`."""


class Verdict(Artifact):
    """Whether the code implements one requirement."""

    requirement: str
    """Its id."""

    verdict: VerdictKind
    """`implemented`: the code does it exactly. `partly`: some of it. `missing`: nothing does it. `contradicts`:
    the code does something other than the paper says."""

    evidence: Evidence = ()
    """The lines that do it, or that do something else: `model.py:12,40 data.py:7`. Empty only if it is missing."""

    degradation: Degradation = "none"
    """How the paper's method was weakened, if it was: a `generic_stand_in` for the paper's own part, a
    `dropped_term`, a `changed_constant`, a `changed_order` of steps."""

    chosen_in: tuple[str, ...] = ()
    """Only for `partly`, if the code differs from the paper only because assumed requirements approximate it on
    purpose: their ids."""

    reason: str = ""
    """Why, and what the code would have to do, in one or two sentences; empty if it is implemented."""


class Verdicts(Artifact):
    """Verdicts on the requirements of one file, or of all."""

    implemented: tuple[str, ...] = Field(default=(), exclude=True)
    """One line for each requirement that the code does exactly: its id and lines, `ID model.py:12,40`."""

    verdicts: tuple[Verdict, ...] = ()
    """Each of the other requirements."""

    @model_validator(mode="before")
    @classmethod
    def _with_implemented(cls, data: Any) -> Any:
        """The lines of `implemented` become verdicts, so that all verdicts are in one place."""
        if not isinstance(data, dict) or not isinstance(lines := data.get("implemented"), list):
            return data
        short = [_IMPLEMENTED.fullmatch(line) if isinstance(line, str) else None for line in lines]
        if wrong := next((line for line, found in zip(lines, short, strict=True) if found is None), None):
            raise ValueError(
                f"`implemented`: {str(wrong)[:80]!r} is not an id and its lines, such as `ID model.py:12,40`"
            )
        made = [{"requirement": found[1], "verdict": "implemented", "evidence": found[2]} for found in short if found]
        others = {key: value for key, value in data.items() if key != "implemented"}
        return {**others, "verdicts": [*made, *data.get("verdicts", ())]}

    amendments: tuple[ProposedAmendment, ...] = ()
    """Corrections of assumptions that cannot stand; usually empty."""

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts that are not `implemented`."""
        return tuple(verdict for verdict in self.verdicts if verdict.verdict != "implemented")


class MutantOutcome(Artifact):
    """What a file's tests said to one wrong version."""

    change: str
    """What was wrong, and where."""

    requirements: tuple[str, ...] = ()
    """Ids of the requirements that it concerns."""

    noticed_by: tuple[str, ...] = ()
    """The tests that failed on it and pass on the right version."""

    stopped: bool = False
    """Whether the tests could not be imported with it or did not end, so that no single test noticed it."""


class MutationReport(Artifact):
    """A file's tests against wrong versions of the code that they test."""

    path: str
    """The tested file."""

    test: str
    """The file with the tests."""

    passed: tuple[str, ...] = ()
    """The tests that pass on the right version; only these are measured."""

    failed: tuple[str, ...] = ()
    versions: tuple[MutantOutcome, ...] = ()
    left: int = 0
    """How many versions were not run, because their time was up."""

    reason: str = ""
    """Why nothing was measured; empty if it was."""

    dropped: tuple[str, ...] = ()
    """Tests that failed on no wrong version and were removed."""

    covered: tuple[str, ...] = ()
    """Ids of the requirements that a test names which failed on a wrong version."""

    @property
    def noticed(self) -> int:
        """How many wrong versions a test noticed."""
        return sum(bool(each.noticed_by) or each.stopped for each in self.versions)

    @property
    def survivors(self) -> tuple[str, ...]:
        """The changes that no test noticed."""
        return tuple(each.change for each in self.versions if not each.noticed_by and not each.stopped)

    def covered_by(self, named: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """The requirements of tests that failed on a wrong version, given the requirements that each test names."""
        noticing = {name for each in self.versions for name in each.noticed_by}
        return frozenset(key for name in noticing for key in named.get(name, ()))

    def weak(self, named: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
        """The tests that failed on no wrong version.

        If the time did not suffice for all versions, only tests whose requirements have a version that was run count.

        Args:
            named: the tests that the file has now -> ids of the requirements that each names.
        """
        strong = {name for each in self.versions for name in each.noticed_by}
        concerned = {key for each in self.versions for key in each.requirements}
        others = (name for name in self.passed if name in named and name not in strong)
        return tuple(name for name in others if (concerned & named[name] if self.left else self.versions))


class MutationReports(Artifact):
    """All tests from the paper's mathematics against wrong versions."""

    items: tuple[MutationReport, ...] = ()
    reason: str = ""
    """Why nothing was run; empty if it was."""

    @property
    def covered(self) -> tuple[str, ...]:
        """Ids of the requirements with a test that failed on a wrong version."""
        return tuple(sorted({name for item in self.items for name in item.covered}, key=lambda name: int(name[1:])))


class AmendmentOutcome(Artifact):
    """What became of a proposed correction of an assumption."""

    proposal: ProposedAmendment
    former: str
    """The statement that the requirement had."""

    status: Literal["applied", "rejected", "failed"]
    reason: str = ""
    """Why it was not applied; empty if it was."""


class Amendments(Artifact):
    """All proposed corrections of assumptions."""

    items: tuple[AmendmentOutcome, ...] = ()

    @property
    def applied(self) -> tuple[AmendmentOutcome, ...]:
        """Those that changed the requirements and the code."""
        return tuple(item for item in self.items if item.status == "applied")
