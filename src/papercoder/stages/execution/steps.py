"""The steps after install: the command of each, and what it must produce besides exit code 0."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts.execution import Outcome, StepName
from papercoder.environments.environment import has_tests
from papercoder.environments.repository_copy import RESULTS
from papercoder.repository.paths import module_parts
from papercoder.stages.execution import import_script

FindProblem = Callable[[Outcome, str | None], str]
"""From a successful outcome and the text of `results.json` to what is missing; empty if nothing."""


@dataclass(frozen=True)
class ExecutionStep:
    """A command and the check of its outcome."""

    name: StepName
    argv: tuple[str, ...]
    shown: str
    """The command as a user would type it."""

    problem: FindProblem
    skip_reason: str = ""
    """Why the step is skipped; empty if it is to run."""


def steps(repository: Path, reproduce: bool) -> tuple[ExecutionStep, ...]:
    """The steps in their order."""
    modules = tuple(sorted(_modules(repository)))
    script = Path(import_script.__file__).read_text(encoding="utf-8")
    listed = f"python -c 'import {', '.join(modules)}'"
    tests = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    no_tests = "" if has_tests(repository) else "the repository has no tests"
    return (
        ExecutionStep("import", ("python", "-c", script, *modules), listed, _imports_all(len(modules))),
        ExecutionStep("start", ("python", "main.py", "--help"), "python main.py --help", _prints_usage),
        ExecutionStep("tests", tests, "python -m pytest tests", _passes_tests, no_tests),
        ExecutionStep("smoke", ("bash", "reproduce.sh", "--smoke"), "./reproduce.sh --smoke", _writes_results),
        ExecutionStep(
            "reproduce",
            ("bash", "reproduce.sh"),
            "./reproduce.sh",
            _writes_results,
            "" if reproduce else "not requested",
        ),
    )


def _modules(repository: Path) -> Iterator[str]:
    """All importable modules except tests and `__main__` modules, which start a program."""
    for path in repository.rglob("*.py"):
        names = module_parts(path.relative_to(repository))
        if names and all(map(str.isidentifier, names)) and names[0] not in _NOT_OURS and names[-1] != "__main__":
            yield ".".join(names)


_NOT_OURS = frozenset({"tests", "venv", "setup"})


def _imports_all(count: int) -> FindProblem:
    said = f"imported {count} of {count} modules"
    return lambda outcome, _: (
        "" if said in outcome.output else "an import ended Python before all modules were imported"
    )


def _prints_usage(outcome: Outcome, _: str | None) -> str:
    return "" if "usage" in outcome.output.lower() else "it printed no usage"


def _passes_tests(outcome: Outcome, _: str | None) -> str:
    return "" if re.search(r"\b[1-9]\d* passed\b", outcome.output) else "no test passed"


def _writes_results(_: Outcome, results: str | None) -> str:
    if results is None:
        return f"it wrote no readable {RESULTS}"
    try:
        value = json.loads(results)
    except (ValueError, RecursionError):
        return f"its {RESULTS} is not JSON"
    rows = value.get("results") if isinstance(value, dict) else None
    return "" if isinstance(rows, list) and rows else f"its {RESULTS} has no rows"
