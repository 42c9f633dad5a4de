"""What judges say of a repository: critiques, a score, and how sure one can be of it."""

from typing import Literal

from pydantic import Field

from papercoder.artifacts.base import Artifact

Severity = Literal["high", "medium", "low"]
JudgeName = Literal["reference-free", "reference-free-plain", "reference-based"]


class CodeCritique(Artifact):
    """One thing that is wrong in the repository, held against the paper."""

    file: str
    """The path of the file in the repository; empty where a whole part is missing."""

    function: str = ""
    """The function or class, where it is one."""

    severity: Severity
    """`high`: the paper's core method, loss or experiment is missing or wrong. `medium`: training, data or other main
    parts deviate so that results suffer. `low`: evaluation details, settings, defaults, logging."""

    critique: str
    """What is wrong, against which words of the paper, or which code of the authors."""


class Judgement(Artifact):
    """One sample of a judge (Paper2Code, section 4.2)."""

    critiques: tuple[CodeCritique, ...] = ()
    """All that is wrong; empty where nothing is."""

    score: int = Field(ge=1, le=5)
    """Correctness of the implementation. 1: the core is missing or wrong. 2: attempted, with significant mistakes or
    missing parts. 3: some of the core is right, with notable errors. 4: the key parts are right, with minor
    deviations. 5: all of it is there and right."""


class SelectedFiles(Artifact):
    """The files that matter most for a judgement, of a repository that is too large to be read whole."""

    paths: tuple[str, ...]
    """Paths as listed, the most relevant first."""


class Interval(Artifact):
    """A mean and where it lies with 95 % confidence."""

    mean: float
    low: float
    high: float
    n: int
    """Values that the mean is over; with one, low and high are that value and say nothing."""


class InvalidSample(Artifact):
    """A sample that gave no judgement."""

    sample: int
    """Counted from 1."""

    reason: str


class CritiqueScore(Artifact):
    """A judge's samples, and what they come to."""

    judge: JudgeName
    score: Interval | None
    """1 to 5, over the valid samples; None where there are none."""

    samples: tuple[Judgement, ...] = ()
    """The valid ones, in order."""

    invalid: tuple[InvalidSample, ...] = ()
    unseen: tuple[str, ...] = ()
    """Files of the repository that the judge was not shown, or not whole."""

    gold_unseen: tuple[str, ...] = ()
    """Files of the authors' repository that the judge was not shown, or not whole."""
