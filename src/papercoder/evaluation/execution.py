"""What was observed when a repository was executed; claims of the repository itself do not count."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts import ExecutionReport, StepResult, TaskCategory
from papercoder.files.regular import is_file, read_text
from papercoder.runs.event_log import LOG
from papercoder.runs.folder import load
from papercoder.text.fences import fence

_REPORT = "execution/report.json"
_CLAIMS = "reproduction/claims.json"
_TAIL = 4_000
"""Characters at the end of a command's output."""

_LONGEST = 40_000
"""Characters of a log or results; longer ones lose their middle."""

OBSERVED_FILES = frozenset({"reproduce.log", "results.json"})
"""Names by which an answer may cite observations."""

NOTHING_EXECUTED = "not met: nothing was executed"
NO_RESULTS = "not met: there are no results of a full reproduction"


@dataclass(frozen=True)
class Observations:
    """The execution report of a run, or the log and results of an executed submission as in PaperBench."""

    report: ExecutionReport | None = None
    log: str = ""
    """Output of `reproduce.sh`."""

    results: str = ""
    """The claims with what trials measured, or a submission's `results.json`."""

    @property
    def executed(self) -> bool:
        """Whether anything was executed."""
        return self.report.observed if self.report else bool(self.log.strip())

    @property
    def reproduced(self) -> bool:
        """Whether anything was measured; a submission's log may contain results."""
        if self.report:
            return bool(self.results.strip())
        return self.executed

    def unmet(self, category: TaskCategory) -> str:
        """Why leaves of this category are not met without asking a judge; empty if a judge is needed."""
        if category == "Code Development":
            return ""
        if not self.executed:
            return NOTHING_EXECUTED
        return NO_RESULTS if category == "Result Analysis" and not self.reproduced else ""

    def render(self) -> str:
        """Text for a judge."""
        steps = [part for step in (self.report.steps if self.report else ()) for part in _step(step)]
        parts = [*steps, *_fenced("Output of `reproduce.sh`", self.log)]
        return "\n\n".join([*parts, *_fenced("Results", self.results)])


def load_observations(repository: Path) -> Observations:
    """Observations of a repository: from its run if it is `RUN/repo`, otherwise from files in the repository.

    For a run, only PaperCoder's own execution report counts. For other repositories, `reproduce.log` counts as the
    output of the submission, as in PaperBench; `results.json` counts only if the log exists.

    Raises:
        RunFolderError: a file cannot be read or the run's report is invalid.
    """
    run = repository.resolve().parent
    if repository.resolve().name == "repo" and is_file(run, _REPORT):
        report = load(run, _REPORT, ExecutionReport)
        return Observations(report=report, results=read_text(run, _CLAIMS) or "")
    if repository.resolve().name == "repo" and is_file(run, LOG):
        return Observations()
    log = read_text(repository, "reproduce.log") or ""
    return Observations(log=log, results=(read_text(repository, "results.json") or "") if log.strip() else "")


def _step(step: StepResult) -> Iterator[str]:
    command = f" (`{step.command}`)" if step.command else ""
    took = f", {step.seconds:.1f} s" if step.status != "skipped" else ""
    yield f"- {step.step}{command}: {step.status.replace('_', ' ')}{took}. {step.reason}".strip()
    yield from _fenced(f"End of the output of {step.step}", step.output[-_TAIL:])


def _fenced(title: str, text: str) -> Iterator[str]:
    if text.strip():
        yield f"{title}:\n\n{fence(_cut(text))}"


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters omitted]\n{text[-half:]}"
