"""Tests from the paper's mathematics: written, run against wrong versions of the code, written again, or dropped."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from papercoder.agents.agent import Agents
from papercoder.agents.answers import InvalidAnswerError
from papercoder.agents.edits import apply, proposals_in
from papercoder.artifacts import (
    ExperimentConfig,
    MutationReport,
    MutationReports,
    Paper,
    ProposedAmendment,
    Requirement,
    SourceFile,
    Value,
)
from papercoder.artifacts.design import Design
from papercoder.concurrency import gather_all
from papercoder.pipeline.publisher import Files, Publisher
from papercoder.repository.code_graph import import_closure
from papercoder.repository.config_text import config_outline, to_yaml
from papercoder.repository.mutations import mutants
from papercoder.runs.run import Run
from papercoder.stages.property_tests import (
    NotRunError,
    Version,
    property_test_path,
    requirements_of_tests,
    requirements_to_test,
    run_against_versions,
    strengthen_tests,
    without_tests,
    write_property_tests,
)
from papercoder.stages.reproduction.places import usable_cores

REPORT = "review/mutation.json"

_VERSIONS = 40
"""Wrong versions of a file; more of them rarely show more."""

_SECONDS, _LEAST_SECONDS = 30.0, 5.0
"""The time for the wrong versions of all files together, and the least for one file."""

_SETTINGS = 8
"""Wrong settings that the tests of one file are run with."""

CONFIG = "config.yaml"


@dataclass(frozen=True)
class PropertyTests:
    """The tests of one repository."""

    run: Run[Agents]
    paper: Paper
    design: Design
    configuration: Files
    """`config.yaml` and `config.smoke.yaml`."""

    publish: Publisher
    sandbox: str

    _cores: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(usable_cores()))
    """For the tests of several files side by side."""

    async def write(self, code: Files, equipment: Files) -> Files:
        """The tests of all files that own a requirement that a test can show.

        Args:
            code: the source files.
            equipment: what they need to run, without tests.
        """
        owners = [(file, owned) for file in code if (owned := requirements_to_test(self.design.owned_by(file.path)))]
        written = await gather_all(self._write(code, file, owned) for file, owned in owners)
        tests = {test.path: test for test in written if test}
        reports, reason = dict[str, MutationReport](), ""
        seconds = max(_SECONDS / max(len(tests), 1), _LEAST_SECONDS)

        async def measure(file: SourceFile, owned: tuple[Requirement, ...], test: SourceFile) -> None:
            measured = await self._measured((*code, *equipment), file, owned, test, seconds)
            tests[test.path], reports[file.path] = measured

        tested = [(file, owned, tests.get(property_test_path(file.path))) for file, owned in owners]
        try:
            if self.sandbox != "none":
                await gather_all(measure(file, owned, test) for file, owned, test in tested if test)
        except NotRunError as error:
            reason = str(error)
        if self.sandbox == "none":
            reason = "Nothing is executed with the sandbox none."
        items = tuple(reports[file.path] for file in code if file.path in reports)
        await self.run.write_output(REPORT, MutationReports(items=items, reason=reason))
        return await self.publish(tuple(test for test in tests.values() if test.text), "Property tests")

    async def _write(self, code: Files, file: SourceFile, owned: tuple[Requirement, ...]) -> SourceFile | None:
        imported = tuple(other for other in code if other.path in self.design.imported_by(file.path))
        path = property_test_path(file.path)
        inputs = (self.paper, owned, self._outline, file, imported)
        text = await self.run.optional_step(f"repo/{path}", write_property_tests, *inputs)
        return None if text is None else SourceFile(path=path, text=text)

    @property
    def _outline(self) -> str:
        return config_outline(self.configuration[0].text, self.design.config)

    async def _measured(
        self, files: Files, file: SourceFile, owned: tuple[Requirement, ...], test: SourceFile, seconds: float
    ) -> tuple[SourceFile, MutationReport]:
        """The tests without those that fail on no wrong version.

        Those whose requirements another test covers are dropped at once, the others if they still fail on none after
        they were written again.
        """
        report = await self._report(files, file, test, seconds, 1)
        named = requirements_of_tests(test.text)
        weak = report.weak(named)
        if weak and not self.publish.edited((test,)):
            repeated = tuple(name for name in weak if named[name] <= report.covered_by(named))
            test, weak = _without(test, repeated), tuple(name for name in weak if name not in repeated)
            stronger = await self._strengthened(file, owned, test, weak, report) if weak else test
            if stronger != test:
                test = stronger
                report = await self._report(files, file, test, seconds, 2)
                weak = report.weak(requirements_of_tests(test.text))
            report = report.model_copy(update={"dropped": (*repeated, *weak)})
            test = _without(test, weak)
        covered = report.covered_by(requirements_of_tests(test.text))
        return test, report.model_copy(update={"covered": tuple(sorted(covered, key=lambda key: int(key[1:])))})

    async def _strengthened(
        self,
        file: SourceFile,
        owned: tuple[Requirement, ...],
        test: SourceFile,
        weak: tuple[str, ...],
        report: MutationReport,
    ) -> SourceFile:
        """The tests after the weak ones were written again; as they are if a change of the run has reached them."""
        artifact = f"review/mutation/{file.path}.edits.json"
        inputs = (self.paper, owned, self._outline, file, test, weak, report.survivors)
        edits = await self.run.optional_step(artifact, strengthen_tests, *inputs)
        try:
            return apply((test,), edits)[0] if edits else test
        except InvalidAnswerError:
            return test

    async def _report(
        self, files: Files, file: SourceFile, test: SourceFile, seconds: float, number: int
    ) -> MutationReport:
        """Run the tests with the code that they import and no other, so that a change elsewhere runs nothing again."""
        versions = (*_wrong_code(file), *_wrong_settings(self.design.config, test.text))
        used = {each.path for start in (test, file) for each in import_closure((*files, test), start.path)}
        needed = tuple(each for each in (*files, test) if each.path in used or not each.path.endswith(".py"))
        inputs = (needed, test.path, file.path, versions, seconds, self.sandbox)
        async with self._cores:
            return await self.run.step(f"review/mutation/{file.path}.{number}.json", run_against_versions, *inputs)


def proposals_of_tests(tests: Files) -> tuple[ProposedAmendment, ...]:
    """The corrections of assumptions that comments of the tests propose."""
    return tuple(proposal for test in tests for proposal in proposals_in(test.text))


def _without(test: SourceFile, names: tuple[str, ...]) -> SourceFile:
    return test.model_copy(update={"text": without_tests(test.text, names)})


def _wrong_code(file: SourceFile) -> Iterator[Version]:
    for mutant in mutants(file, _VERSIONS):
        ids = tuple(sorted(mutant.requirements))
        yield Version(path=file.path, text=mutant.file.text, change=mutant.where, requirements=ids)


def _wrong_settings(config: ExperimentConfig, test: str) -> Iterator[Version]:
    """The configuration with another number each, for the settings that the tests name."""
    named = [item for item in config.values if _other(item.value) is not None and _names(test, item.key)]
    for item in named[:_SETTINGS] if CONFIG in test else ():
        new = item.model_copy(update={"value": _other(item.value)})
        values = tuple(new if each is item else each for each in config.values)
        text = to_yaml(config.model_copy(update={"values": values}))
        change = f"{CONFIG}, {item.key}: {item.value} became {new.value}"
        ids = (item.requirement,) if item.requirement else ()
        yield Version(path=CONFIG, text=text, change=change, requirements=ids)


def _names(test: str, key: str) -> bool:
    last = key.rpartition(".")[2]
    return f'"{last}"' in test or f"'{last}'" in test


def _other(value: Value) -> Value:
    """Another number; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value + 1 if isinstance(value, int) else value * 1.5 or 1.0
