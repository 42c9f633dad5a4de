"""The judgement of a repository: critiques, scores and their confidence intervals."""

from typing import Literal

from pydantic import Field

from papercoder.artifacts.base import Artifact

Severity = Literal["high", "medium", "low"]
JudgeName = Literal["reference-free", "reference-free-plain", "reference-based"]


class CodeCritique(Artifact):
    """One fault of the repository, compared with the paper."""

    file: str
    """The path of the file in the repository; empty if a whole part is missing."""

    function: str = ""
    """The function or class, if the fault is in one."""

    severity: Severity
    """`high`: the paper's core method, loss or experiment is missing or wrong. `medium`: training, data or other main
    parts deviate so that results suffer. `low`: evaluation details, settings, defaults, logging."""

    critique: str
    """What is wrong, and which words of the paper or code of the authors it contradicts."""


class Judgement(Artifact):
    """One sample of a judge (Paper2Code, section 4.2)."""

    critiques: tuple[CodeCritique, ...] = ()
    """All faults; empty if there are none."""

    score: int = Field(ge=1, le=5)
    """Correctness of the implementation. 1: the core is missing or wrong. 2: attempted, with significant mistakes or
    missing parts. 3: some of the core is right, with notable errors. 4: the key parts are right, with minor
    deviations. 5: all of it is there and right."""


class SelectedFiles(Artifact):
    """The most relevant files of a repository that is too large to be read as a whole."""

    paths: tuple[str, ...]
    """Paths as listed, the most relevant first."""


class Interval(Artifact):
    """A mean with its 95 % confidence interval."""

    mean: float
    low: float
    high: float
    n: int
    """The number of values; with one, low and high are that value."""


class InvalidSample(Artifact):
    """A sample without a valid judgement."""

    sample: int
    """Counted from 1."""

    reason: str


class CritiqueScore(Artifact):
    """A judge's samples and their mean score."""

    judge: JudgeName
    score: Interval | None
    """1 to 5, over the valid samples; None if there are none."""

    samples: tuple[Judgement, ...] = ()
    """The valid samples, in order."""

    invalid: tuple[InvalidSample, ...] = ()
    unseen: tuple[str, ...] = ()
    """Files of the repository that the judge did not see, or saw only in part."""

    gold_unseen: tuple[str, ...] = ()
    """Files of the authors' repository that the judge did not see, or saw only in part."""
