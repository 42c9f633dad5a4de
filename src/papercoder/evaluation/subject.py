"""What is to be judged, by whom and against what, read from the disk before anything is asked."""

from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts import JudgeName, MissingControl, Paper, Rubric
from papercoder.errors import ArtifactError, RunFolderError, SettingsError
from papercoder.evaluation.calibration.controls import Control, authors_control, controls
from papercoder.evaluation.execution import Observed, observed_of
from papercoder.evaluation.repository_view import Files, judged_files, paths_of
from papercoder.evaluation.rubric.agreement import load_labels
from papercoder.evaluation.rubric.rubric import code_dev, load_rubric


@dataclass(frozen=True)
class Wanted:
    """What an evaluation shall tell."""

    judges: tuple[JudgeName, ...] = ("reference-free",)
    """Those by critique; may be none where there is a rubric."""

    samples: int = 8
    """Of each judge by critique."""

    gold: Path | None = None
    """The authors' repository."""

    rubric: Path | None = None
    code_dev: bool = False
    """The rubric's leaves of Code Development alone."""

    calibrate: bool = False
    """Judge controls too."""

    labels: Path | None = None
    """A graded rubric: what people said of its leaves."""


@dataclass(frozen=True)
class Subject:
    """A repository with all that its judges read."""

    repository: Path
    paper: Paper
    files: Files
    paths: tuple[str, ...]
    gold: Files
    observed: Observed
    rubric: Rubric | None
    labels: dict[str, bool]
    controls: tuple[Control, ...] = ()
    missing: tuple[MissingControl, ...] = field(default=())

    @property
    def code_rubric(self) -> Rubric | None:
        """What the rubric asks of controls, which are code that nobody executed; None where it asks nothing of code."""
        return code_dev(self.rubric) if self.rubric else None


def read_subject(repository: Path, paper: Paper, wanted: Wanted) -> Subject:
    """Read a repository, and whatever it is to be held against.

    Raises:
        RunFolderError: a folder is missing, or a file cannot be read.
        ArtifactError: the rubric or the labels do not fit.
        SettingsError: what is wanted does not go together.
    """
    _agree(wanted)
    _there(repository, "repository to judge")
    files, paths = judged_files(repository), paths_of(repository)
    gold, authors = _authors(wanted.gold)
    made, missing = controls(files, paths, authors) if wanted.calibrate else ((), ())
    return Subject(
        repository=repository,
        paper=paper,
        files=files,
        paths=paths,
        gold=gold,
        observed=observed_of(repository),
        rubric=_rubric(wanted),
        labels=load_labels(wanted.labels) if wanted.labels else {},
        controls=made,
        missing=missing,
    )


def _agree(wanted: Wanted) -> None:
    """What needs something else has it."""
    if wanted.samples < 1:
        raise SettingsError("--samples: a judge gives one sample at least.")
    if "reference-based" in wanted.judges and not wanted.gold:
        raise SettingsError("The judge reference-based needs the authors' repository; name its folder with --gold.")
    if not wanted.rubric and (wanted.code_dev or wanted.labels):
        flag = "--code-dev" if wanted.code_dev else "--labels"
        raise SettingsError(f"{flag} needs a rubric; name its file with --rubric.")
    if not wanted.rubric and not wanted.judges:
        raise SettingsError("Nothing is asked for; name a judge with --judge, or a rubric with --rubric.")


def _there(folder: Path, what: str) -> None:
    if not folder.is_dir():
        raise RunFolderError(f"There is no {what} at {folder}; it must be a folder.")


def _authors(gold: Path | None) -> tuple[Files, Control | None]:
    if gold is None:
        return (), None
    _there(gold, "authors' repository")
    files = judged_files(gold)
    if not files:
        raise RunFolderError(f"The authors' repository {gold} has no file that a judge can read; name another.")
    return files, authors_control(files, paths_of(gold))


def _rubric(wanted: Wanted) -> Rubric | None:
    if wanted.rubric is None:
        return None
    rubric = load_rubric(wanted.rubric)
    if not wanted.code_dev:
        return rubric
    pruned = code_dev(rubric)
    if pruned is None:
        raise ArtifactError(f"{wanted.rubric} has no leaf of Code Development; leave --code-dev out.")
    return pruned
