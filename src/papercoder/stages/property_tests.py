"""Tests from the paper's mathematics: written, and run against wrong versions of the code.

A test that no wrong version fails shows nothing.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.context import cited_part, text_part
from papercoder.agents.edits import SearchReplace, edit_problems
from papercoder.agents.files import Python
from papercoder.agents.listings import python_code, requirement_lines
from papercoder.artifacts import Artifact, Edits, MutantOutcome, MutationReport, Paper, Requirement, SourceFile
from papercoder.environments.environment import Installer, Packages
from papercoder.environments.repository_copy import ScriptReport, read_report, script, temporary_copy, write_nonce
from papercoder.errors import PaperCoderError
from papercoder.files.temporary import temporary_folder
from papercoder.repository.config_text import settings_named_in
from papercoder.repository.files import module_of, parse
from papercoder.repository.packages import third_party_imports
from papercoder.repository.traceability import marks
from papercoder.runs.run import EmitsEvents, runs_execution_steps
from papercoder.sandbox.contract import GIB, Bind, Command, Limits, Sandbox
from papercoder.sandbox.selection import select_sandbox, why_unavailable

TESTER = Agent("property_tests", "review", Python(), NO_CONVENTIONS)
STRENGTHENER = Agent("strengthen", "review", SearchReplace(), NO_CONVENTIONS)


@uses(TESTER)
async def write_property_tests(
    agents: Agents,
    paper: Paper,
    requirements: tuple[Requirement, ...],
    config: str,
    own: SourceFile,
    imported: tuple[SourceFile, ...],
) -> str:
    """Write tests of a file from what the paper says of the requirements that it owns.

    `config` lists keys, types and meanings.
    """
    return await agents.ask(
        TESTER,
        own.path,
        (
            cited_part(paper, (item.anchor for item in requirements)),
            text_part("The configuration", settings_named_in(config, own.text, *(file.text for file in imported))),
            text_part("Files that the file imports", "\n\n".join(map(python_code, imported)) or "None.", ""),
            text_part("The file", python_code(own)),
        ),
        lambda code, _: problems(code, own),
        path=own.path,
        module=module_of(own.path),
        requirements=requirement_lines(requirements, quoted=False),
    )


@uses(STRENGTHENER)
async def strengthen_tests(
    agents: Agents,
    paper: Paper,
    requirements: tuple[Requirement, ...],
    config: str,
    own: SourceFile,
    test: SourceFile,
    weak: tuple[str, ...],
    survivors: tuple[str, ...],
) -> Edits:
    """Edit tests that failed on no wrong version of the file.

    `weak` are their names, `survivors` the changes that no test noticed.
    """

    def check(edits: Edits, _: int) -> list[str]:
        return edit_problems((test,), edits, {test.path})

    return await agents.ask(
        STRENGTHENER,
        own.path,
        (
            cited_part(paper, (item.anchor for item in requirements)),
            text_part("The configuration", settings_named_in(config, own.text, test.text)),
            text_part("The file", python_code(own)),
            text_part("The tests", python_code(test)),
        ),
        check,
        path=own.path,
        test=test.path,
        weak=weak,
        survivors=survivors,
        requirements=requirement_lines(requirements, quoted=False),
    )


def requirements_to_test(requirements: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    """All but those that only say what is run: method, data, training, evaluation, and equations of any kind."""
    return tuple(item for item in requirements if re.match(r"(eq|alg):", item.anchor) or item.kind != "experiment")


def property_test_path(path: str) -> str:
    """The path of a file's property tests."""
    return f"tests/test_{path.removesuffix('.py').replace('/', '_')}.py"


def problems(code: str, own: SourceFile) -> list[str]:
    """Problems that make the code useless as a test of the file."""
    tree = parse(code)
    tests = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    found = [f"`{test.name}` asserts nothing." for test in tests if not _asserts(test)]
    if not tests:
        found.append("There is no function whose name starts with `test_`.")
    if not any(module_of(own.path) in _imported(node) for node in ast.walk(tree)):
        found.append(f"It does not import `{module_of(own.path)}`.")
    return found


def _imported(node: ast.AST) -> set[str]:
    """The modules that a statement may import."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def _asserts(test: ast.FunctionDef) -> bool:
    """`assert`, or a call such as `assert_allclose(...)`, `pytest.raises(...)`."""
    return any(
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Call) and re.match(r"assert|raises$", _called(node)) is not None)
        for node in ast.walk(test)
    )


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


_SLOWEST = 300.0
"""Seconds that imports, the right version and the last wrong one may take besides."""

_INSTALL = Limits(seconds=1800, disk=32 * GIB)
_PLAN = ".papercoder-plan"
_SCRIPT = Path(__file__).parent / "mutation_script.py"


class Version(Artifact):
    """A wrong version of one file."""

    path: str
    text: str
    change: str
    """What is wrong, and where."""

    requirements: tuple[str, ...] = ()
    """Ids of the requirements that it concerns."""


class NotRunError(PaperCoderError):
    """No test was run, for reasons outside the tests; no step stores it as its result."""


@runs_execution_steps("install", "tests")
async def run_against_versions(
    context: EmitsEvents,  # noqa: ARG001 - every step has one
    files: tuple[SourceFile, ...],
    test: str,
    tested: str,
    versions: tuple[Version, ...],
    seconds: float,
    sandbox: str,
) -> MutationReport:
    """Run the tests of one file against each wrong version, in one command in a sandbox.

    Args:
        context: of the run.
        files: of the repository, with its tests.
        test: the path of the tests.
        tested: the path of the file that they test.
        versions: the wrong versions.
        seconds: the time from which on no other version is begun.
        sandbox: `auto` or a sandbox's name.

    Raises:
        NotRunError: there is no sandbox, or the packages could not be installed.
        SandboxError: the requested sandbox is not available.
    """
    chosen = await select_sandbox(sandbox)
    if chosen is None:
        raise NotRunError(await why_unavailable())
    return await measure(files, test, tested, versions, seconds, chosen, Packages())


async def measure(
    files: tuple[SourceFile, ...],
    test: str,
    tested: str,
    versions: tuple[Version, ...],
    seconds: float,
    sandbox: Sandbox,
    installer: Installer,
) -> MutationReport:
    """As `run_against_versions`, in this sandbox with the packages of this installer."""
    with temporary_folder() as repository:
        for file in files:
            path = repository / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8", newline="\n")
        installed = await installer.install(repository, sandbox, _INSTALL)
        if installed.environment is None:
            raise NotRunError(installed.reason or "the packages could not be installed")
        async with temporary_copy(repository) as folder:
            nonce = write_nonce(folder)
            (folder / _PLAN).write_text(_plan(files, test, versions, seconds), encoding="utf-8")
            threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
            command = Command(
                script(_SCRIPT, _PLAN),
                Bind(folder, "/repository"),
                readable=installed.environment.binds,
                environment={**installed.environment.variables, **threads, "PYTHONDONTWRITEBYTECODE": "1"},
                limits=Limits(seconds=_SLOWEST + 2 * seconds),
            )
            outcome = await sandbox.run(command)
            report = read_report(folder, nonce)
    reason = "" if report else f"the tests did not end: {outcome.output[-300:].strip() or 'no output'}"
    return _report(test, tested, versions, report, reason)


def _plan(files: tuple[SourceFile, ...], test: str, versions: tuple[Version, ...], seconds: float) -> str:
    local = {file.path.partition("/")[0].removesuffix(".py") for file in files}
    code = (file for file in files if file.path.endswith(".py") and (file.path == test or "tests/" not in file.path))
    packages = {name for file in code for name in third_party_imports(file.text, local)}
    changed = [{"path": each.path, "text": each.text} for each in versions]
    return json.dumps({"test": test, "seconds": seconds, "packages": sorted(packages), "versions": changed})


def _report(
    test: str, tested: str, versions: tuple[Version, ...], report: ScriptReport | None, reason: str
) -> MutationReport:
    outcomes = report.outcomes if report else {}
    passed, failed = _results(outcomes.get("", ""))
    found = []
    for number, version in enumerate(versions):
        if (said := outcomes.get(str(number))) is None:
            continue
        noticed = passed & _results(said)[1]
        found.append(
            MutantOutcome(
                change=version.change,
                requirements=version.requirements,
                noticed_by=tuple(sorted(map(_name, noticed))),
                stopped=not said or test in _results(said)[1],
            )
        )
    return MutationReport(
        path=tested,
        test=test,
        passed=tuple(sorted(map(_name, passed))),
        failed=tuple(sorted(map(_name, failed))),
        versions=tuple(found),
        left=len(versions) - len(found),
        reason=reason,
    )


def _results(said: str) -> tuple[frozenset[str], frozenset[str]]:
    passed, failed = json.loads(said) if said else ([], [])
    return frozenset(passed), frozenset(failed)


def _name(node: str) -> str:
    """`TestLoss::test_zero` of `tests/test_a.py::TestLoss::test_zero`."""
    return node.partition("::")[2] or node


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def functions_of_tests(code: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The tests of a file, by their names as in `MutationReport`."""
    for node in parse(code).body:
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        for each in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test"):
                yield prefix + each.name, each


def requirements_of_tests(code: str) -> dict[str, frozenset[str]]:
    """Test -> ids of the requirements that its comments name."""
    marked = marks(code)
    return {
        name: frozenset(key for key, lines in marked.items() if any(_covers(node, line) for line in lines))
        for name, node in functions_of_tests(code)
    }


def without_tests(code: str, names: Iterable[str]) -> str:
    """The code without these tests; empty if none would be left."""
    dropped, lines = set(names), code.splitlines(keepends=True)
    tests = dict(functions_of_tests(code))
    if set(tests) <= dropped:
        return ""
    nodes: list[_Definition] = [tests[name] for name in dropped & set(tests)]
    for node in parse(code).body:
        if isinstance(node, ast.ClassDef):
            methods = {f"{node.name}::{each.name}" for each in node.body if isinstance(each, _FUNCTIONS)}
            if methods <= dropped and len(methods) == len(node.body):  # nothing would be left of the class
                inside = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                nodes = [*(each for each in nodes if each.lineno not in inside), node]
    for each in sorted(nodes, key=lambda each: -each.lineno):
        first = _first_line(each)
        while first > 1 and lines[first - 2].lstrip().startswith("#"):
            first -= 1
        del lines[first - 1 : each.end_lineno]
    return "".join(lines).rstrip("\n") + "\n"


def _covers(node: ast.FunctionDef | ast.AsyncFunctionDef, line: int) -> bool:
    return _first_line(node) - 1 <= line <= (node.end_lineno or node.lineno)


def _first_line(node: _Definition) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])
