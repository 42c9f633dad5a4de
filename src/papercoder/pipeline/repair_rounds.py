"""Run the repository, repair what failed, and again; an edit that makes an earlier step fail is taken back."""

from dataclasses import dataclass, field

from papercoder.agents.agent import Agents
from papercoder.agents.edits import apply
from papercoder.artifacts import Edits, ExecutionReport, SourceFile, StepResult
from papercoder.artifacts.design import Design
from papercoder.pipeline.execution import observe
from papercoder.pipeline.optional_steps import if_fit
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.runs.run import Run
from papercoder.stages.repair import Attempt, Failure, repair

_SAME_ERROR = 3
"""How often the same error may come before repair is given up."""


@dataclass
class Repairing:
    """The execution of a repository, and its repair."""

    run: Run[Agents]
    design: Design
    publish: Publisher
    sandbox: str
    reproduce: bool
    gpu: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    async def rounds(self, files: Files, most: int) -> tuple[Files, ExecutionReport | None]:
        """Run, then repair and run at most so many times.

        Returns:
            The files that came furthest, and how far; None where nothing was to be run.
        """
        if self.sandbox == "none":
            return files, None
        report = await self._execute(0, files)
        signatures: list[str] = []
        for number in range(1, most + 1):
            if report.failed is None or signatures.count(_failure(report.failed).signature) >= _SAME_ERROR:
                break
            signatures.append(_failure(report.failed).signature)
            tried = len(self.attempts)
            files, report = await self._repair(number, files, report, report.failed)
            if len(self.attempts) == tried:
                break
        return (*files, *await self._brought_back(report)), report

    async def _brought_back(self, report: ExecutionReport) -> Files:
        """The versions that were installed, and the results of the full reproduction; those of a smoke run stay out."""
        texts = {"requirements.lock": report.lock, "results.json": report.results}
        files = tuple(SourceFile(path=path, text=text) for path, text in texts.items() if text is not None)
        return await self.publish(files, "Execution: what was installed and measured")

    async def _repair(
        self, number: int, files: Files, report: ExecutionReport, failed: StepResult
    ) -> tuple[Files, ExecutionReport]:
        failure, needs = _failure(failed), self.design.requirements.items
        theirs = tuple(sorted(self.publish.theirs(files)))
        step = self.run.step(f"repair/{number}.json", repair, failure, files, needs, tuple(self.attempts), theirs)
        edits = await if_fit(step, self.run.emit, f"repair {failed.step}") or Edits()
        candidate = apply(files, edits)
        changed = tuple(file for file in candidate if file not in files)
        if not changed or self.publish.theirs(changed):
            return files, report
        outcome = await self._execute(number, candidate)
        if not outcome.observed:
            return files, report
        self.attempts.append(Attempt(edits=edits, outcome=_told(failure, report, outcome)))
        if _height(outcome) < _height(report):
            return files, report
        await self.publish(changed, f"Repair {number}: {failed.step}")
        return candidate, outcome

    async def _execute(self, number: int, files: Files) -> ExecutionReport:
        return await observe(self.run, f"execution/{number}.json", files, self.sandbox, self.reproduce, self.gpu)


def _failure(step: StepResult) -> Failure:
    return Failure(what=step.step, command=step.command, output=f"{step.output}\n{step.reason}".strip())


def _height(report: ExecutionReport) -> int:
    """How many steps were climbed."""
    return len(report.passed)


def _told(before: Failure, report: ExecutionReport, outcome: ExecutionReport) -> str:
    if outcome.failed is None:
        return "Then nothing failed."
    after = _failure(outcome.failed)
    if _height(outcome) < _height(report):
        return (
            f"These edits were taken back: they made {after.what}, which worked before, fail:\n{after.output[-1500:]}"
        )
    if after.signature == before.signature:
        return f"The same error came again:\n{after.output[-800:]}"
    return f"Then {after.what} failed:\n{after.output[-1500:]}"
