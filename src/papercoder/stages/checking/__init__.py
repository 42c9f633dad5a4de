"""Checking: static checks of a repository. No model is called and none of the code runs."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from papercoder.artifacts.coding import CheckReport, Finding, error
from papercoder.stages.checking.characters import check_characters
from papercoder.stages.checking.conventions import check_entry, check_marks, check_paths, check_trials
from papercoder.stages.checking.dependencies import check_dependencies
from papercoder.stages.checking.honesty import check_fallbacks, check_stubs
from papercoder.stages.checking.imports import check_cycles, check_imports
from papercoder.stages.checking.linters import check_calls, check_names
from papercoder.stages.checking.repository import Tree, read_tree
from papercoder.stages.checking.settings import check_config

CHECKS: tuple[tuple[str, Callable[[Tree], Iterator[Finding]]], ...] = (
    ("syntax", lambda tree: iter(tree.broken)),
    ("characters", check_characters),
    ("names", check_names),
    ("imports", check_imports),
    ("cycles", check_cycles),
    ("calls", check_calls),
    ("dependencies", check_dependencies),
    ("config", check_config),
    ("marks", check_marks),
    ("stubs", check_stubs),
    ("fallbacks", check_fallbacks),
    ("paths", check_paths),
    ("entry", check_entry),
    ("trials", check_trials),
)
"""Name -> check."""

MOST_FINDINGS = 5_000
"""Limit for the findings of one check."""


def check(repository: Path) -> CheckReport:
    """Check a folder of Python code without running or importing it.

    Raises:
        RunFolderError: there is no such folder, or no Python file in it.
    """
    tree = read_tree(repository)
    found = _without_repetitions({finding for name, find in CHECKS for finding in _first(name, find(tree))})
    names = ("files", *(name for name, _ in CHECKS))
    return CheckReport(files=len(tree.modules), checks=names, findings=tuple(sorted(found, key=_order)))


def _first(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of a check up to `MOST_FINDINGS`. More are an error, because there may be errors among them."""
    yield from islice(findings, MOST_FINDINGS)
    if next(findings, None):
        message = f"More than {MOST_FINDINGS:,} findings; the others are not listed."
        yield error(name, ".", 1, message, "Correct these, or check a smaller folder.")


def _order(finding: Finding) -> tuple[str, str, int, str, str]:
    return finding.severity, finding.path, finding.line, finding.check, finding.message


def _without_repetitions(found: set[Finding]) -> Iterator[Finding]:
    """Drop findings of the type checker on lines where a more specific check found an error."""
    explained = {(one.path, one.line) for one in found if one.check in {"names", "imports"} and one.severity == "error"}
    return (one for one in found if one.check != "calls" or (one.path, one.line) not in explained)
