"""Execute the repository and repair what fails, in rounds; edits that make an earlier step fail are undone."""

from dataclasses import dataclass, field

from papercoder.agents.agent import Agents
from papercoder.agents.edits import apply
from papercoder.artifacts import ExecutionReport, ProposedAmendment, SourceFile, StepResult
from papercoder.artifacts.design import Design
from papercoder.pipeline.publisher import Files, Publisher, execute_in_run
from papercoder.runs.run import Run
from papercoder.stages.repair import Attempt, Failure, repair

_MAX_SAME_ERROR = 3
"""Repair stops when the same error has occurred this often."""


@dataclass
class RepairRounds:
    """The executions and repairs of one repository."""

    run: Run[Agents]
    design: Design
    publish: Publisher
    sandbox: str
    gpu: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def proposals(self) -> tuple[ProposedAmendment, ...]:
        """The corrections of assumptions that came with repairs."""
        return tuple(proposal for attempt in self.attempts for proposal in attempt.edits.amendments)

    async def run_rounds(self, files: Files, max_rounds: int) -> tuple[Files, ExecutionReport | None]:
        """Execute, then repair and execute again for at most `max_rounds` rounds.

        Returns:
            The files that passed the most steps, and their report; None if the sandbox is `none`.
        """
        if self.sandbox == "none":
            return files, None
        report = await self._execute(0, files)
        signatures: list[str] = []
        for number in range(1, max_rounds + 1):
            if report.failed is None or signatures.count(_failure(report.failed).signature) >= _MAX_SAME_ERROR:
                break
            signatures.append(_failure(report.failed).signature)
            attempts_before = len(self.attempts)
            files, report = await self._repair(number, files, report, report.failed)
            if len(self.attempts) == attempts_before:
                break
        # Results of a smoke run are not part of the repository.
        texts = {"requirements.lock": report.lock}
        produced = tuple(SourceFile(path=path, text=text) for path, text in texts.items() if text is not None)
        return (*files, *await self.publish(produced, "Execution: installed versions and results")), report

    async def _repair(
        self, number: int, files: Files, report: ExecutionReport, failed: StepResult
    ) -> tuple[Files, ExecutionReport]:
        failure, requirements = _failure(failed), self.design.requirements.items
        edited = tuple(sorted(self.publish.edited(files)))
        edits = await self.run.optional_step(
            f"repair/{number}.json", repair, failure, files, requirements, tuple(self.attempts), edited
        )
        if edits is None:
            return files, report
        candidate = apply(files, edits)
        changed = tuple(file for file in candidate if file not in files)
        if not changed or self.publish.edited(changed):
            return files, report
        outcome = await self._execute(number, candidate)
        if not outcome.observed:
            return files, report
        self.attempts.append(Attempt(edits=edits, outcome=_describe(failure, report, outcome)))
        if len(outcome.passed) < len(report.passed):
            return files, report
        await self.publish(changed, f"Repair {number}: {failed.step}")
        return candidate, outcome

    async def _execute(self, number: int, files: Files) -> ExecutionReport:
        artifact = f"execution/{number}.json"
        return await execute_in_run(self.run, artifact, files, self.sandbox, self.gpu)


def _failure(step: StepResult) -> Failure:
    return Failure(what=step.step, command=step.command, output=f"{step.output}\n{step.reason}".strip())


def _describe(before: Failure, report: ExecutionReport, outcome: ExecutionReport) -> str:
    """The outcome of an attempt, for the next one's prompt."""
    if outcome.failed is None:
        return "After these edits, nothing failed."
    after = _failure(outcome.failed)
    if len(outcome.passed) < len(report.passed):
        undone = f"These edits were undone, because they made {after.what} fail, which passed before"
        return f"{undone}:\n{after.output[-1500:]}"
    if after.signature == before.signature:
        return f"The same error occurred again:\n{after.output[-800:]}"
    return f"After these edits, {after.what} failed:\n{after.output[-1500:]}"
