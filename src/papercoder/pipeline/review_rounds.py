"""Review and check, revise what failed, and again."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from papercoder.agents.agent import Agents
from papercoder.agents.edits import apply
from papercoder.artifacts import CheckReport, Edits, Paper, Requirement, SourceFile, Verdict, Verdicts
from papercoder.artifacts.design import Design
from papercoder.concurrency import gather_all
from papercoder.pipeline.optional_steps import if_fit
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.traceability import trace
from papercoder.runs.run import Run
from papercoder.stages.checking import check
from papercoder.stages.execution.files import write_files
from papercoder.stages.packaging import equipment
from papercoder.stages.review import review_file, revise_file


@dataclass(frozen=True)
class Reviewing:
    """The review of a repository's source files."""

    run: Run[Agents]
    paper: Paper
    design: Design
    configuration: Files
    """`config.yaml` and `config.smoke.yaml`."""

    publish: Publisher
    _reviewed: dict[str, "_Reviewed"] = field(default_factory=dict)

    async def rounds(self, code: Files, most: int) -> Files:
        """At most so many rounds; fewer where nothing is wrong, or nothing is changed about it."""
        for number in range(1, most + 1):
            problems = problems_of(await self.verdicts(code), await self.findings(code), self.design)
            ours = {file.path for file in code} - self.publish.theirs(code)
            own = {path: problems[path] for path in problems if path in ours}
            changed = apply(code, await self._revised(number, code, own))
            if changed == code:
                break
            code = await self.publish(changed, f"Review: round {number}")
        return code

    async def verdicts(self, code: Files) -> Verdicts:
        """A verdict for each requirement that a file owns; a file keeps its own while what they show is the same."""
        owners = [(file, own) for file in code if (own := self.design.owned_by(file.path))]
        reviewed = await gather_all(self._review(code, file, own) for file, own in owners)
        return Verdicts(verdicts=tuple(verdict for each in reviewed if each for verdict in each.verdicts))

    async def _review(self, code: Files, file: SourceFile, own: tuple[Requirement, ...]) -> Verdicts | None:
        before = self._reviewed.get(file.path)
        if before and before.shown <= set(code):
            return before.verdicts
        config, around = self.configuration[0].text, self._around(code, file.path)
        inputs = (self.paper, own, config, file, around, self.design.assumed)
        step = self.run.step(f"review/{file.path}.json", review_file, *inputs)
        verdicts = await if_fit(step, self.run.emit, f"review {file.path}")
        if verdicts:
            self._reviewed[file.path] = _Reviewed(verdicts, _shown(verdicts, file, code))
        return verdicts

    async def findings(self, code: Files) -> CheckReport:
        """What checking finds in the code and what stands around it, whatever else a former run left on disk."""
        traceability = trace(self.design.requirements, self.design.architecture, code)
        table = SourceFile(path="TRACEABILITY.json", text=traceability.model_dump_json())
        files = (*self.configuration, *code, *equipment(self.design.logic, code), table)
        return await self.run.recall(_checked, files)

    async def _revised(self, number: int, code: Files, problems: dict[str, tuple[str, ...]]) -> Edits:
        made = await gather_all(
            self._revise(number, code, file, problems[file.path]) for file in code if file.path in problems
        )
        return Edits(edits=tuple(edit for edits in made if edits for edit in edits.edits))

    async def _revise(self, number: int, code: Files, file: SourceFile, problems: tuple[str, ...]) -> Edits | None:
        own, config, around = self.design.owned_by(file.path), self.configuration[0].text, self._around(code, file.path)
        artifact = f"review/round-{number}/{file.path}.json"
        step = self.run.step(artifact, revise_file, self.paper, own, config, problems, file, around)
        return await if_fit(step, self.run.emit, f"revise {file.path}")

    def _around(self, code: Files, path: str) -> Files:
        near = self.design.around(path)
        return tuple(file for file in code if file.path in near)


@dataclass(frozen=True)
class _Reviewed:
    verdicts: Verdicts
    shown: frozenset[SourceFile]
    """The file itself, and those that its evidence points to."""


def _shown(verdicts: Verdicts, file: SourceFile, code: Files) -> frozenset[SourceFile]:
    named = {place.path for verdict in verdicts.verdicts for place in verdict.evidence}
    return frozenset({file, *(other for other in code if other.path in named)})


def _checked(files: Files) -> CheckReport:
    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        write_files(files, Path(folder))
        return check(Path(folder))


def problems_of(verdicts: Verdicts, report: CheckReport, design: Design) -> dict[str, tuple[str, ...]]:
    """Path -> what is wrong there: verdicts that failed, at the place they name, and errors that checking found.

    What falls short by a choice is right as it is: code that met the paper there would go against that choice.
    """
    found: dict[str, list[str]] = {}
    for verdict in (each for each in verdicts.failed if not each.chosen_in):
        owner = design.architecture.owner_of(verdict.requirement)
        if where := next((place.path for place in verdict.evidence), owner):
            found.setdefault(where, []).append(_told(verdict, design.requirements.pick([verdict.requirement])))
    for finding in report.errors:
        found.setdefault(finding.path, []).append(f"Line {finding.line}: {finding.message} {finding.advice}")
    return {path: tuple(problems) for path, problems in found.items()}


def _told(verdict: Verdict, requirements: Iterable[Requirement]) -> str:
    lines = ", ".join(f"`{place.path}:{place.line}`" for place in verdict.evidence) or "nowhere"
    kind = "" if verdict.degradation == "none" else f", {verdict.degradation.replace('_', ' ')}"
    statement = "".join(item.statement for item in requirements)
    return f"{verdict.requirement} is {verdict.verdict}{kind} ({lines}): {verdict.reason} Required: {statement}"
