"""The results of review: a verdict for each requirement."""

import re
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
