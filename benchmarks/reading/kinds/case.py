"""A generated input, what its parse must hold, and the share of that which it does hold."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts import Paper
from papercoder.errors import PaperError
from papercoder.paper import read
from papercoder.paper.fidelity import fidelity

_INPUTS = Path(__file__).parent / "inputs"


@dataclass(frozen=True)
class Case:
    """One input. Texts are compared without regard to line breaks and repeated blanks."""

    kind: str
    """The group that is scored together, with its format first: `LaTeX: units`."""

    name: str
    make: Callable[[Path], Path]
    """Writes the input into an empty folder and returns the path to read."""

    holds: tuple[str, ...]
    """Texts that the parse must contain; headings and blocks with anchors, as `Paper.render` writes them."""

    lacks: tuple[str, ...] = ()
    """Texts that the parse must not contain."""

    warns: tuple[str, ...] = ()
    """Texts that the warnings of the fidelity report must contain."""


def file_case(
    kind: str, name: str, holds: tuple[str, ...], *, lacks: tuple[str, ...] = (), warns: tuple[str, ...] = ()
) -> Case:
    """A case that reads a file in `inputs/`."""
    return Case(kind, name, lambda folder: Path(shutil.copy(_INPUTS / name, folder)), holds, lacks, warns)


@dataclass(frozen=True)
class Outcome:
    """A case and which of its expectations failed."""

    case: Case
    failed: tuple[str, ...] = field(default=())

    @property
    def score(self) -> float:
        """Share of the expectations that were met."""
        count = len(self.case.holds) + len(self.case.lacks) + len(self.case.warns)
        return 1 - len(self.failed) / count if count else 1.0


def measure(cases: Iterable[Case]) -> tuple[Outcome, ...]:
    """Make and read every input."""
    return tuple(outcome(case) for case in cases)


def outcome(case: Case) -> Outcome:
    """Make and read one input; one that cannot be read meets no expectation."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            paper = read(case.make(Path(folder)))
        except PaperError as error:
            text, warnings = "", str(error)
        else:
            text, warnings = _text(paper), " ".join(fidelity(paper).warnings)
    found, said = _one_line(text), _one_line(warnings)
    absent = [f"not found: {wanted}" for wanted in case.holds if _one_line(wanted) not in found]
    leaked = [f"found: {unwanted}" for unwanted in case.lacks if not text or _one_line(unwanted) in found]
    silent = [f"no warning: {wanted}" for wanted in case.warns if _one_line(wanted) not in said]
    return Outcome(case, (*absent, *leaked, *silent))


def _text(paper: Paper) -> str:
    return "\n".join([paper.render(), *(f"[{each.key}] {each.text}" for each in paper.references)])


def _one_line(text: str) -> str:
    return " ".join(text.split())
