"""Rounds: review and check the code and revise what is wrong; execute it and repair what fails.

Round 0 makes files fit that were written at once. Edits that make an earlier step fail are undone.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from papercoder.agents.agent import Agents
from papercoder.agents.answers import InvalidAnswerError
from papercoder.agents.edits import apply
from papercoder.artifacts import (
    CheckReport,
    Edits,
    ExecutionReport,
    Finding,
    Location,
    Paper,
    ProposedAmendment,
    Requirement,
    SourceFile,
    StepResult,
    Verdict,
    Verdicts,
)
from papercoder.artifacts.design import Design
from papercoder.concurrency import gather_all, gather_pair
from papercoder.errors import AnswerError
from papercoder.files.temporary import temporary_folder
from papercoder.pipeline.publisher import Files, Publisher, execute_in_run
from papercoder.repository.code_graph import CallGraph
from papercoder.repository.traceability import trace
from papercoder.runs.events import Warned
from papercoder.runs.run import Run
from papercoder.stages.checking import check
from papercoder.stages.execution.execute import write_files
from papercoder.stages.packaging import equipment
from papercoder.stages.repair import Attempt, Failure, repair
from papercoder.stages.review import Question, review_files, revise_files, shared_requests


@dataclass(frozen=True)
class ReviewRounds:
    """The reviews and revisions of one repository."""

    run: Run[Agents]
    paper: Paper
    design: Design
    configuration: Files
    """`config.yaml` and `config.smoke.yaml`."""

    publish: Publisher
    _judged: dict[str, "_Judged"] = field(default_factory=dict)
    """Requirement -> its last verdict."""

    _proposed: dict[str, ProposedAmendment] = field(default_factory=dict)

    @property
    def proposals(self) -> tuple[ProposedAmendment, ...]:
        """The corrections of assumptions that reviews proposed, at most one for each."""
        return tuple(self._proposed.values())

    async def run_rounds(self, code: Files, max_rounds: int) -> Files:
        """Review and revise for at most `max_rounds` rounds; stop early if nothing is wrong or nothing changes."""
        for number in range(1, max_rounds + 1):
            verdicts, report = await gather_pair(self.verdicts(code), self.findings(code))
            problems = problems_of(verdicts, report, self.design)
            changed = await self._revise(number, code, problems)
            if changed == code:
                break
            code = await self.publish(changed, f"Review: round {number}")
        return code

    async def reconcile(self, code: Files) -> Files:
        """One revision across files that were written at the same time and do not fit each other."""
        problems = conflicts(await self.findings(code), code, self.design)
        revised = await self._revise(0, code, problems) if problems else code
        return await self.publish(revised, "Coding: edits where files did not fit") if revised != code else code

    async def verdicts(self, code: Files) -> Verdicts:
        """A verdict for each requirement that a file owns; reused while the code that it rests on is unchanged.

        Tests and the runner, which are also among the files after the execution, are not shown to the reviewer.
        """
        planned = {file.path for file in self.design.logic.files}
        code = tuple(file for file in code if file.path in planned)
        graph = CallGraph(code)
        found = {name: verdict for name, judged in self._judged.items() if (verdict := judged.verdict_in(graph))}
        open_files = [file for file in code if any(item.id not in found for item in self.design.owned_by(file.path))]
        questions = [self._question(graph, file, found) for file in open_files]
        groups = shared_requests(self.run.context, questions)
        for verdicts in await gather_all(self._review(graph, group) for group in groups):
            found.update(verdicts)
        owned = (item.id for file in code for item in self.design.owned_by(file.path))
        return Verdicts(verdicts=tuple(found[name] for name in owned if name in found), amendments=self.proposals)

    def _question(self, graph: CallGraph, file: SourceFile, found: Mapping[str, Verdict]) -> Question:
        """What is to be judged about a file."""
        owned = self.design.owned_by(file.path)
        asked = tuple(item for item in owned if item.id not in found)
        kept = tuple(found[item.id] for item in owned if item.id in found)
        around = graph.around([file.path], graph.marked(item.id for item in asked))
        return Question(file=file, requirements=asked, around=around, kept=kept)

    async def _review(self, graph: CallGraph, group: tuple[Question, ...]) -> dict[str, Verdict]:
        """Requirement -> verdict, of files that share a request; none if the reviewer gives no valid answer."""
        artifacts = {f"review/{question.file.path}.json": question for question in group}
        inputs = (self.paper, self.configuration[0].text, self.design.assumed)
        try:
            answers = await self.run.step_together(artifacts, review_files, *inputs)
        except AnswerError as error:
            self.run.emit(Warned(where=next(iter(artifacts)), message=str(error)))
            return {}
        found = {}
        for question, answer in zip(group, answers, strict=True):
            self._proposed.update({item.requirement: item for item in answer.amendments})
            verdicts = {verdict.requirement: verdict for verdict in answer.verdicts}
            for name in (item.id for item in question.requirements if item.id in verdicts):
                self._judged[name] = _judged(verdicts[name], question.file.path, graph)
            found.update(verdicts)
        return found

    async def findings(self, code: Files) -> CheckReport:
        """Check the code and its configuration, without other files that an earlier run left on disk."""
        traceability = trace(self.design.requirements, self.design.architecture, code)
        table = SourceFile(path="TRACEABILITY.json", text=traceability.model_dump_json())
        files = (*self.configuration, *code, *equipment(self.design, code), table)
        return await self.run.cached(_check_files, files)

    async def _revise(self, number: int, code: Files, problems: Iterable["Problem"]) -> Files:
        """The code after the edits of one round; edits that lead to new errors of the checks are dropped."""
        before = await self.findings(code)
        edits = await self._edits(f"review/round-{number}", code, problems)
        revised = self._applied(code, edits)
        if new := _new_errors(before, await self.findings(revised)):
            followed = [Problem(_finding(error), (error.path,)) for error in new]
            revised = self._applied(revised, await self._edits(f"review/round-{number}/again", revised, followed))
        if left := {error.path for error in _new_errors(before, await self.findings(revised))}:
            where = f"review/round-{number}"
            message = f"a revision was dropped, because the checks find new errors in {', '.join(sorted(left))}"
            self.run.emit(Warned(where=where, message=message))
            revised = self._applied(code, [each for each in edits if not each.paths & left])
            if _new_errors(before, await self.findings(revised)):
                return code
        return revised

    async def _edits(self, folder: str, code: Files, problems: Iterable["Problem"]) -> list[Edits]:
        """The edits for each group of problems that have files in common."""
        edited = self.publish.edited(code)
        groups = grouped(problem.without(edited) for problem in problems)
        made = await gather_all(self._group_edits(folder, code, group) for group in groups)
        return [each for each in made if each]

    async def _group_edits(self, folder: str, code: Files, group: tuple["Problem", ...]) -> Edits | None:
        paths = tuple(dict.fromkeys(path for problem in group for path in problem.files))
        files = tuple(file for path in paths for file in code if file.path == path)
        if not files:
            return None
        others = tuple(file for file in code if file not in files)
        owned = tuple(item for path in paths for item in self.design.owned_by(path))
        texts, config = tuple(problem.text for problem in group), self.configuration[0].text
        artifact = f"{folder}/{paths[0]}.json"
        return await self.run.optional_step(artifact, revise_files, self.paper, owned, config, texts, files, others)

    def _applied(self, code: Files, edits: Iterable[Edits]) -> Files:
        """The code after edits; edits that no longer fit because others changed the same lines are left out."""
        edited = self.publish.edited(code)
        for each in edits:
            try:
                code = apply(code, each) if not each.paths & edited else code
            except InvalidAnswerError as error:
                self.run.emit(Warned(where="review", message=f"a revision was dropped: {error}"))
        return code


@dataclass(frozen=True)
class _Judged:
    """A verdict and the code that it rests on."""

    verdict: Verdict
    basis: frozenset[tuple[str, str]]
    """Paths and texts of definitions, or of whole files."""

    evidence: tuple[tuple[str, str, int], ...]
    """Of each line of the evidence, the path and the text around it, and its distance from the first line of that."""

    def verdict_in(self, graph: CallGraph) -> Verdict | None:
        """The verdict, with the lines at which its evidence is now; None if the code that it rests on changed."""
        if any(graph.first_line(path, text) is None for path, text in self.basis):
            return None
        places = ((path, graph.first_line(path, text), offset) for path, text, offset in self.evidence)
        found = tuple(Location(path=path, line=first + offset) for path, first, offset in places if first)
        return self.verdict.model_copy(update={"evidence": found})


def _judged(verdict: Verdict, owner: str, graph: CallGraph) -> _Judged:
    """Of what is implemented, the functions that the evidence names and the marked ones count; else the whole files."""
    evidence = tuple((item.path, *graph.around_line(item.path, item.line)) for item in verdict.evidence)
    if verdict.verdict == "implemented":
        marked = {(item.path, graph.text(item)) for item in graph.marked([verdict.requirement])}
        basis = frozenset({(path, text) for path, text, _ in evidence} | marked)
    else:
        basis = frozenset((path, graph.texts[path]) for path in {owner, *(item.path for item in verdict.evidence)})
    return _Judged(verdict, basis, evidence)


@dataclass(frozen=True)
class Problem:
    """Something that is wrong, and the files in which its cause may be."""

    text: str
    files: tuple[str, ...]
    """Paths; the first is where it shows."""

    def without(self, paths: Iterable[str]) -> "Problem":
        """Without files that must not be edited."""
        return Problem(self.text, tuple(path for path in self.files if path not in paths))


def problems_of(verdicts: Verdicts, report: CheckReport, design: Design) -> tuple[Problem, ...]:
    """Failed verdicts, with the files of their evidence and the owner's, and errors of the checks.

    A verdict that fails only because of an assumed requirement is not a problem: code that followed the paper there
    would contradict the assumption.
    """
    problems = []
    for verdict in (each for each in verdicts.failed if not each.chosen_in):
        paths = [location.path for location in verdict.evidence]
        paths += filter(None, [design.architecture.owner_of(verdict.requirement)])
        text = _review_describe(verdict, design.requirements.pick([verdict.requirement]))
        problems.append(Problem(text, tuple(dict.fromkeys(paths))))
    problems += [Problem(_finding(error), (error.path,)) for error in report.errors]
    return tuple(problems)


_BETWEEN_FILES = frozenset({"names", "imports", "cycles", "calls"})
"""The checks that see more than one file."""


def conflicts(report: CheckReport, code: Files, design: Design) -> tuple[Problem, ...]:
    """Findings about what a file uses of others, errors or not, with these files: either side may be at fault."""
    graph = CallGraph(code)
    defined = {path: set(".".join(item.name for item in graph.definitions(path)).split(".")) for path in graph.texts}
    problems = []
    for finding in report.findings:
        imports = [item for file in design.logic.files if file.path == finding.path for item in file.imports]
        if finding.check not in _BETWEEN_FILES or not imports:
            continue
        named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", finding.message))))
        others = [each.path for each in imports if named & {*defined.get(each.path, ()), PurePosixPath(each.path).stem}]
        if not others and finding.severity == "error":  # about a value, which one of the used functions returned
            used = set(re.findall(r"\w+", graph.around_line(finding.path, finding.line)[0]))
            others = [each.path for each in imports if used & {name.split(".")[0] for name in each.names}]
        if others:
            problems.append(Problem(_finding(finding), (finding.path, *others)))
    return tuple(problems)


def grouped(problems: Iterable[Problem]) -> list[tuple[Problem, ...]]:
    """Problems that have a file in common together: they may have one cause, and no two groups edit the same file."""
    groups: list[tuple[Problem, ...]] = []
    for problem in problems:
        together = [group for group in groups if any(set(problem.files) & set(each.files) for each in group)]
        groups = [group for group in groups if group not in together]
        groups.append((*(each for group in together for each in group), problem))
    return groups


def _check_files(files: Files) -> CheckReport:
    with temporary_folder() as folder:
        write_files(files, folder)
        return check(folder)


def _new_errors(before: CheckReport, after: CheckReport) -> tuple[Finding, ...]:
    known = {(error.path, error.message) for error in before.errors}
    return tuple(error for error in after.errors if (error.path, error.message) not in known)


def _finding(error: Finding) -> str:
    return f"`{error.path}`, line {error.line}: {error.message} {error.advice}"


def _review_describe(verdict: Verdict, requirements: Iterable[Requirement]) -> str:
    lines = ", ".join(f"`{location.path}:{location.line}`" for location in verdict.evidence) or "nowhere"
    kind = "" if verdict.degradation == "none" else f", {verdict.degradation.replace('_', ' ')}"
    statement = "".join(item.statement for item in requirements)
    return f"{verdict.requirement} is {verdict.verdict}{kind} ({lines}): {verdict.reason} Required: {statement}"


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
        self.attempts.append(Attempt(edits=edits, outcome=_repair_describe(failure, report, outcome)))
        if len(outcome.passed) < len(report.passed):
            return files, report
        await self.publish(changed, f"Repair {number}: {failed.step}")
        return candidate, outcome

    async def _execute(self, number: int, files: Files) -> ExecutionReport:
        artifact = f"execution/{number}.json"
        return await execute_in_run(self.run, artifact, files, self.sandbox, self.gpu)


def _failure(step: StepResult) -> Failure:
    return Failure(what=step.step, command=step.command, output=f"{step.output}\n{step.reason}".strip())


def _repair_describe(before: Failure, report: ExecutionReport, outcome: ExecutionReport) -> str:
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
