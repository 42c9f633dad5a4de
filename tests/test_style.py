"""Short functions, narrow excepts, rooms with names."""

import ast
from pathlib import Path
from statistics import median

import pytest

import papercoder

ROOT = Path(papercoder.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
FUNCTIONS = {
    f"{name}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
    for name, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "engine", "orchestrator", "handler", "core"}


def test_no_function_is_long() -> None:
    assert [name for name, lines in FUNCTIONS.items() if lines > 50] == []


def test_most_functions_are_short() -> None:
    assert median(FUNCTIONS.values()) < 10


SANDBOX_SCRIPTS = {
    "stages/execution/import_script.py",
    "environments/distributions_script.py",
    "stages/packaging/shipped/trials.py",
}
"""They run generated code, must report every exception, and are no modules of PaperCoder there."""


@pytest.mark.parametrize("name", sorted(TREES.keys() - SANDBOX_SCRIPTS))
def test_nothing_is_caught_blindly(name: str) -> None:
    caught = [
        ast.unparse(node.type) if node.type else "everything"
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.ExceptHandler)
    ]
    assert not {"everything", "Exception", "BaseException"} & set(caught)


@pytest.mark.parametrize("name", sorted(name for name in TREES if name.startswith("web/")))
def test_the_page_shows_texts_in_one_way(name: str) -> None:
    """`layout.Label` and `layout.Link` remove hidden characters, and `layout.page` does so in the page's title."""
    raw = {"ui.label", "ui.link", "ui.markdown", "ui.notify", "ui.page_title", "ui.tooltip"}
    used = {ast.unparse(node.func) for node in ast.walk(TREES[name]) if isinstance(node, ast.Call)}
    assert not raw & used - ({"ui.page_title"} if name == "web/server/layout.py" else set())


def test_every_file_is_named_for_what_it_holds() -> None:
    assert [path.as_posix() for path in FILES if path.stem in VAGUE] == []
    assert [path.name for path in FILES if path.stem.startswith("process_") or path.stem.endswith("_v2")] == []


@pytest.mark.parametrize("name", sorted(TREES))
def test_every_file_says_what_it_is(name: str) -> None:
    assert len(ast.get_docstring(TREES[name]) or "") > 10
