"""The inputs of an evaluation, read from disk and validated before any model call."""

from dataclasses import dataclass, field
from pathlib import Path

from papercoder.artifacts import JudgeName, MissingControl, Paper, Rubric
from papercoder.errors import ArtifactError, RunFolderError, SettingsError
from papercoder.evaluation.calibration.controls import Control, authors_control, controls
from papercoder.evaluation.execution import Observations, load_observations
from papercoder.evaluation.repository_view import Files, judged_files, paths_of
from papercoder.evaluation.rubric.agreement import load_labels
from papercoder.evaluation.rubric.rubric import code_dev, load_rubric


@dataclass(frozen=True)
class EvaluationOptions:
    """What to evaluate."""

    judges: tuple[JudgeName, ...] = ("reference-free",)
    """Critique judges; may be empty if there is a rubric."""

    samples: int = 8
    """Samples per critique judge."""

    gold: Path | None = None
    """The authors' repository."""

    rubric: Path | None = None
    code_dev: bool = False
    """Only the Code Development leaves of the rubric."""

    calibrate: bool = False
    """Also judge the controls."""

    labels: Path | None = None
    """A rubric graded by people."""


@dataclass(frozen=True)
class Subject:
    """A repository with everything that its judges read."""

    repository: Path
    paper: Paper
    files: Files
    paths: tuple[str, ...]
    gold: Files
    observed: Observations
    rubric: Rubric | None
    labels: dict[str, bool]
    controls: tuple[Control, ...] = ()
    missing: tuple[MissingControl, ...] = field(default=())

    @property
    def code_rubric(self) -> Rubric | None:
        """The rubric for controls, which are never executed: its code leaves, or None if it has none."""
        return code_dev(self.rubric) if self.rubric else None


def read_subject(repository: Path, paper: Paper, options: EvaluationOptions) -> Subject:
    """Read a repository and everything to compare it with.

    Raises:
        RunFolderError: a folder is missing, or a file cannot be read.
        ArtifactError: the rubric or the labels are invalid.
        SettingsError: the options contradict each other.
    """
    _check_options(options)
    _check_folder(repository, "repository to judge")
    files, paths = judged_files(repository), paths_of(repository)
    gold, authors = _authors(options.gold)
    made, missing = controls(files, paths, authors) if options.calibrate else ((), ())
    return Subject(
        repository=repository,
        paper=paper,
        files=files,
        paths=paths,
        gold=gold,
        observed=load_observations(repository),
        rubric=_rubric(options),
        labels=load_labels(options.labels) if options.labels else {},
        controls=made,
        missing=missing,
    )


def _check_options(options: EvaluationOptions) -> None:
    if options.samples < 1:
        raise SettingsError("--samples must be at least 1.")
    if "reference-based" in options.judges and not options.gold:
        raise SettingsError("The judge reference-based needs the authors' repository. Give its folder with --gold.")
    if not options.rubric and (options.code_dev or options.labels):
        flag = "--code-dev" if options.code_dev else "--labels"
        raise SettingsError(f"{flag} needs a rubric. Give its file with --rubric.")
    if not options.rubric and not options.judges:
        raise SettingsError("There is nothing to evaluate. Choose a judge with --judge or a rubric with --rubric.")


def _check_folder(folder: Path, what: str) -> None:
    if not folder.is_dir():
        raise RunFolderError(f"{folder} is not a folder. Give the folder of the {what}.")


def _authors(gold: Path | None) -> tuple[Files, Control | None]:
    if gold is None:
        return (), None
    _check_folder(gold, "authors' repository")
    files = judged_files(gold)
    if not files:
        raise RunFolderError(
            f"The authors' repository {gold} has no file that a judge can read. Give another folder with --gold."
        )
    return files, authors_control(files, paths_of(gold))


def _rubric(options: EvaluationOptions) -> Rubric | None:
    if options.rubric is None:
        return None
    rubric = load_rubric(options.rubric)
    if not options.code_dev:
        return rubric
    pruned = code_dev(rubric)
    if pruned is None:
        raise ArtifactError(f"{options.rubric} has no Code Development leaf. Omit --code-dev.")
    return pruned
