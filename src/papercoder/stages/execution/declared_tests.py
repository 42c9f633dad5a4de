"""The tests that a repository declares, found by reading its code, so that no test can be left out unnoticed."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from papercoder.errors import RunFolderError
from papercoder.files.regular import read_bytes, walk
from papercoder.repository.syntax import quiet_parser

_SKIPPED_FOLDERS = frozenset({"build", "dist", "node_modules", "venv", "CVS", "_darcs", "__pycache__"})
"""Folders that pytest does not enter, besides hidden ones."""

_MOST_BYTES = 1 << 20

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def declared_tests(repository: Path) -> frozenset[str]:
    """The names of all test functions and methods below `tests/` in pytest's notation, without parameters.

    Only those that pytest finds without doubt: at the top level of a file or of a class, not under a condition.
    """
    paths = walk(repository, "tests", enters=lambda folder: not _is_skipped(folder.name))
    names = (f"tests/{path}" for path in paths if path.match("test_*.py") or path.match("*_test.py"))
    return frozenset(f"{name}::{test}" for name in names for test in _tests(repository, name))


def _is_skipped(folder: str) -> bool:
    return folder.startswith(".") or folder in _SKIPPED_FOLDERS


def _tests(repository: Path, path: str) -> Iterator[str]:
    try:
        with quiet_parser():
            tree = ast.parse((read_bytes(repository, path) or b"")[:_MOST_BYTES])
    except (RunFolderError, SyntaxError, ValueError, RecursionError, MemoryError, LookupError):
        return  # pytest reports it
    for name, node in _definitions(tree.body).items():
        if not isinstance(node, ast.ClassDef):
            if name.startswith("test"):
                yield name
        elif name.startswith("Test") and all(ast.unparse(base).endswith("TestCase") for base in node.bases):
            methods = _definitions(node.body)
            if not {"__init__", "__new__", "__test__"} & {*methods, *_assigned(node.body)}:
                yield from (f"{name}::{method}" for method in methods if method.startswith("test"))


def _definitions(body: list[ast.stmt]) -> Mapping[str, _Definition]:
    """The functions and classes of a body that are no fixtures and whose names are not assigned or deleted there."""
    assigned = _assigned(body)
    return {
        node.name: node
        for node in body
        if isinstance(node, _Definition) and node.name not in assigned and not any(map(_hides, node.decorator_list))
    }


def _hides(decorator: ast.expr) -> bool:
    """Whether a decorated function may be no test; marks keep it one."""
    return not ast.unparse(decorator).startswith(("pytest.mark.", "mark."))


def _assigned(body: list[ast.stmt]) -> frozenset[str]:
    """The names that statements assign, delete or change: `x` in `x = 1`, `x.y = 1` and `del x`."""
    nodes = (node for one in body if not isinstance(one, _Definition) for node in ast.walk(one))
    stored = (node for node in nodes if isinstance(node, ast.Name | ast.Attribute))
    return frozenset(ast.unparse(node).partition(".")[0] for node in stored if not isinstance(node.ctx, ast.Load))
