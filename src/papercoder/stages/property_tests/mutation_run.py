"""Tests are run against wrong versions of the code that they test: a test that none of them fails shows nothing."""

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from papercoder.artifacts import Artifact, MutantOutcome, MutationReport, SourceFile
from papercoder.environments.environment import Installer, Packages
from papercoder.environments.repository_copy import temporary_copy
from papercoder.environments.script_report import ScriptReport, read_report, script, write_nonce
from papercoder.errors import PaperCoderError
from papercoder.files.temporary import temporary_folder
from papercoder.repository.packages import third_party_imports
from papercoder.repository.syntax import parse
from papercoder.repository.traceability import marks
from papercoder.runs.executor import EmitsEvents, runs_execution_steps
from papercoder.sandbox.contract import GIB, Bind, Command, Limits, Sandbox
from papercoder.sandbox.selection import select_sandbox, why_unavailable

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
