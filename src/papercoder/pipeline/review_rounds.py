"""Review and check the code and revise what is wrong, in rounds."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from papercoder.agents.agent import Agents
from papercoder.agents.edits import apply
from papercoder.artifacts import CheckReport, Edits, Paper, Requirement, SourceFile, Verdict, Verdicts
from papercoder.artifacts.design import Design
from papercoder.concurrency import gather_all
from papercoder.files.temporary import temporary_folder
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.traceability import trace
from papercoder.runs.run import Run
from papercoder.stages.checking import check
from papercoder.stages.execution.files import write_files
from papercoder.stages.packaging import equipment
from papercoder.stages.review import review_file, revise_file


@dataclass(frozen=True)
class ReviewRounds:
    """The reviews and revisions of one repository."""

    run: Run[Agents]
    paper: Paper
    design: Design
    configuration: Files
    """`config.yaml` and `config.smoke.yaml`."""

    publish: Publisher
    _reviewed: dict[str, "_Review"] = field(default_factory=dict)

    async def run_rounds(self, code: Files, max_rounds: int) -> Files:
        """Review and revise for at most `max_rounds` rounds; stop early if nothing is wrong or nothing changes."""
        for number in range(1, max_rounds + 1):
            problems = problems_by_file(await self.verdicts(code), await self.findings(code), self.design)
            edited = self.publish.edited(code)
            revised = await gather_all(
                self._revise(number, code, file, problems[file.path])
                for file in code
                if file.path in problems and file.path not in edited
            )
            edits = Edits(edits=tuple(edit for each in revised if each for edit in each.edits))
            changed = apply(code, edits)
            if changed == code:
                break
            code = await self.publish(changed, f"Review: round {number}")
        return code

    async def verdicts(self, code: Files) -> Verdicts:
        """A verdict for each requirement that a file owns; reused while the file and its evidence are unchanged."""
        owners = [(file, owned) for file in code if (owned := self.design.owned_by(file.path))]
        reviews = await gather_all(self._review(code, file, owned) for file, owned in owners)
        return Verdicts(verdicts=tuple(verdict for each in reviews if each for verdict in each.verdicts))

    async def _review(self, code: Files, file: SourceFile, owned: tuple[Requirement, ...]) -> Verdicts | None:
        before = self._reviewed.get(file.path)
        if before and before.evidence <= set(code):
            return before.verdicts
        config, neighbours = self.configuration[0].text, self._neighbours(code, file.path)
        inputs = (self.paper, owned, config, file, neighbours, self.design.assumed)
        verdicts = await self.run.optional_step(f"review/{file.path}.json", review_file, *inputs)
        if verdicts:
            paths = {location.path for verdict in verdicts.verdicts for location in verdict.evidence}
            evidence = frozenset({file, *(other for other in code if other.path in paths)})
            self._reviewed[file.path] = _Review(verdicts, evidence)
        return verdicts

    async def findings(self, code: Files) -> CheckReport:
        """Check the code and its configuration, without other files that an earlier run left on disk."""
        traceability = trace(self.design.requirements, self.design.architecture, code)
        table = SourceFile(path="TRACEABILITY.json", text=traceability.model_dump_json())
        files = (*self.configuration, *code, *equipment(self.design, code), table)
        return await self.run.cached(_check_files, files)

    async def _revise(self, number: int, code: Files, file: SourceFile, problems: tuple[str, ...]) -> Edits | None:
        owned, config = self.design.owned_by(file.path), self.configuration[0].text
        neighbours = self._neighbours(code, file.path)
        artifact = f"review/round-{number}/{file.path}.json"
        return await self.run.optional_step(
            artifact, revise_file, self.paper, owned, config, problems, file, neighbours
        )

    def _neighbours(self, code: Files, path: str) -> Files:
        paths = self.design.neighbours(path)
        return tuple(file for file in code if file.path in paths)


@dataclass(frozen=True)
class _Review:
    verdicts: Verdicts
    evidence: frozenset[SourceFile]
    """The file itself and the files that its verdicts cite."""


def _check_files(files: Files) -> CheckReport:
    with temporary_folder() as folder:
        write_files(files, folder)
        return check(folder)


def problems_by_file(verdicts: Verdicts, report: CheckReport, design: Design) -> dict[str, tuple[str, ...]]:
    """Path -> its problems: failed verdicts, at the place that they name, and errors of the checks.

    A verdict that fails only because of an assumed requirement is not a problem: code that followed the paper there
    would contradict the assumption.
    """
    problems: dict[str, list[str]] = {}
    for verdict in (each for each in verdicts.failed if not each.chosen_in):
        owner = design.architecture.owner_of(verdict.requirement)
        if path := next((location.path for location in verdict.evidence), owner):
            problems.setdefault(path, []).append(_describe(verdict, design.requirements.pick([verdict.requirement])))
    for finding in report.errors:
        problems.setdefault(finding.path, []).append(f"Line {finding.line}: {finding.message} {finding.advice}")
    return {path: tuple(texts) for path, texts in problems.items()}


def _describe(verdict: Verdict, requirements: Iterable[Requirement]) -> str:
    lines = ", ".join(f"`{location.path}:{location.line}`" for location in verdict.evidence) or "nowhere"
    kind = "" if verdict.degradation == "none" else f", {verdict.degradation.replace('_', ' ')}"
    statement = "".join(item.statement for item in requirements)
    return f"{verdict.requirement} is {verdict.verdict}{kind} ({lines}): {verdict.reason} Required: {statement}"
