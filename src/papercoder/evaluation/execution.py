"""What was observed when a repository was executed; its own word for it counts for nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts import ExecutionReport, StepResult, TaskCategory
from papercoder.runs.folder import load, read_text

_REPORT = "execution/report.json"
_TAIL = 4_000
"""Characters of what a command printed, from its end."""

_LONGEST = 40_000
"""Characters of a log or of results; half from the beginning, half from the end."""

OBSERVED_FILES = frozenset({"reproduce.log", "results.json"})
"""Names by which an answer may cite what was observed."""

NOTHING_EXECUTED = "not met: nothing was executed"
NO_RESULTS = "not met: no results of a full reproduction were seen"


@dataclass(frozen=True)
class Observed:
    """The ladder of a run, or the log and results of an executed submission as PaperBench has them."""

    report: ExecutionReport | None = None
    log: str = ""
    """What `reproduce.sh` printed."""

    results: str = ""
    """The text of the full reproduction's `results.json`."""

    @property
    def executed(self) -> bool:
        """Was anything observed?"""
        return self.report.observed if self.report else bool(self.log.strip())

    @property
    def reproduced(self) -> bool:
        """Were results of a full reproduction seen? A submission's log may print them."""
        if self.report:
            return "reproduce" in self.report.passed and bool(self.results.strip())
        return self.executed

    def unmet(self, category: TaskCategory) -> str:
        """Why leaves of this category are not met whatever a judge would say; empty where a judge is needed."""
        if category == "Code Development":
            return ""
        if not self.executed:
            return NOTHING_EXECUTED
        return NO_RESULTS if category == "Result Analysis" and not self.reproduced else ""

    def render(self) -> str:
        """As a judge reads it."""
        steps = [part for step in (self.report.steps if self.report else ()) for part in _step(step)]
        parts = [*steps, *_fenced("What `reproduce.sh` printed", self.log)]
        return "\n\n".join([*parts, *_fenced("`results.json` as the full reproduction wrote it", self.results)])


def observed_of(repository: Path) -> Observed:
    """What is known of a repository: from the run that made it, where it is `RUN/repo`, else from beside its code.

    A run's report is PaperCoder's own, and all there is of a run. Elsewhere `reproduce.log` is taken for the word of
    whoever executed the submission, as PaperBench does; `results.json` without it proves nothing.

    Raises:
        RunFolderError: a file cannot be read, or the run's report does not fit.
    """
    run = repository.resolve().parent
    if repository.resolve().name == "repo" and (run / _REPORT).is_file():
        report = load(run, _REPORT, ExecutionReport)
        return Observed(report=report, results=report.results or "")
    if repository.resolve().name == "repo" and (run / "events.jsonl").is_file():
        return Observed()
    log = read_text(repository / "reproduce.log") or ""
    return Observed(log=log, results=(read_text(repository / "results.json") or "") if log.strip() else "")


def _step(step: StepResult) -> Iterator[str]:
    command = f" (`{step.command}`)" if step.command else ""
    took = f", {step.seconds:.1f} s" if step.status != "skipped" else ""
    yield f"- {step.step}{command}: {step.status.replace('_', ' ')}{took}. {step.reason}".strip()
    yield from _fenced(f"The end of what {step.step} printed", step.output[-_TAIL:])


def _fenced(title: str, text: str) -> Iterator[str]:
    if text.strip():
        yield f"{title}:\n\n````\n{_cut(text)}\n````"


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"
