"""Imports go one way, and importing does nothing and takes little."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

import papercoder

ROOT = Path(papercoder.__file__).parent
ROOMS = (
    "errors",
    "concurrency",
    "text",
    "files",
    "artifacts",
    "settings",
    "runs",
    "repository",
    "models",
    "paper",
    "claims",
    "agents",
    "diagrams",
    "sandbox",
    "datasets",
    "environments",
    "stages",
    "pipeline",
    "report",
    "operations",
    "evaluation",
    "bench",
    "console",
    "cli",
    "web",
    "mcp",
    "__init__",
    "__main__",
)
"""Every room may import from itself and from the rooms before it."""

FACES = {"cli", "web", "mcp"}
"""`papercoder web` and `papercoder mcp` start servers from the command line."""


def modules() -> dict[str, Path]:
    """Dotted name below the package -> file."""
    paths = sorted(ROOT.rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = modules()


def imports(name: str, nodes: list[ast.stmt] | None = None) -> Iterator[str]:
    """The modules of the package that a module imports; given `nodes`, by these statements alone."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    for node in nodes if nodes is not None else ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            package = (
                f"papercoder.{name}" if MODULES[name].name == "__init__.py" else f"papercoder.{name}".rpartition(".")[0]
            )
            source = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            for alias in node.names:
                yield from known(f"{source}.{alias.name}", source)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from known(alias.name)


def known(*names: str) -> Iterator[str]:
    """The first of these that is a module of the package."""
    below = (name.removeprefix("papercoder.") for name in names if name.startswith("papercoder."))
    yield from [name for name in below if name in MODULES][:1]


def room(name: str) -> str:
    """The room of a module: the first part of its name."""
    return name.split(".", maxsplit=1)[0]


def position(name: str) -> int:
    """The position of a module's room in the order, -1 for a room that has none."""
    return ROOMS.index(room(name)) if room(name) in ROOMS else -1


def test_every_room_has_its_position() -> None:
    assert {room(name) for name in MODULES if position(name) < 0} == set()


def test_nothing_else_lies_loose_at_the_root() -> None:
    loose = {path.stem for path in ROOT.glob("*.py")}
    assert loose <= {"__init__", "__main__", "errors", "settings", "concurrency"}


def test_imports_are_found() -> None:
    assert {"pipeline.pipeline", "runs.run", "models.stack"} <= set(imports("operations.generate"))
    assert "paper.reading" in set(imports("cli.papers"))
    assert position("errors") < position("models.stack") < position("stages.coding") < position("cli.papers")


def test_imports_between_rooms_go_one_way() -> None:
    upward = [
        f"{name} -> {other}"
        for name in MODULES
        for other in imports(name)
        if position(other) > position(name) and not {room(name), room(other)} <= FACES
    ]
    assert upward == []


def test_no_imports_go_round() -> None:
    """Imports inside functions count too."""
    try:
        TopologicalSorter({name: set(imports(name)) - {name} for name in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(f"a cycle: {' -> '.join(error.args[1])}")


def test_stages_do_not_import_each_other() -> None:
    def stage(name: str) -> str:
        return name.split(".")[1] if name.startswith("stages.") else ""

    crossing = [
        f"{name} -> {other}"
        for name in MODULES
        if stage(name)
        for other in imports(name)
        if stage(other) not in {"", stage(name)}
    ]
    assert crossing == []


def test_only_the_pipeline_and_operations_know_the_stages() -> None:
    knowing = {room(name) for name in MODULES for other in imports(name) if room(other) == "stages"}
    assert knowing <= {"__init__", "stages", "pipeline", "operations", "cli", "console"}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_importing_does_no_work(name: str) -> None:
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    working = [ast.unparse(node) for node in tree.body if not _is_still(node)]
    assert working == []


def _is_still(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case (
            ast.Import()
            | ast.ImportFrom()
            | ast.Assign()
            | ast.AnnAssign()
            | ast.FunctionDef()
            | ast.AsyncFunctionDef()
        ):
            return True
        case _:
            return isinstance(node, ast.ClassDef)


def loaded(module: str) -> set[str]:
    """The modules that a fresh interpreter has after importing one."""
    code = f"import {module}, sys; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("module", ["papercoder", "papercoder.cli", "papercoder.runs.overview", "papercoder.paper"])
def test_importing_does_not_load_what_only_calls_need(module: str) -> None:
    heavy = {
        "pydantic_ai",
        "openai",
        "anthropic",
        "google.genai",
        "torch",
        "rapidocr",
        "matplotlib",
        "scipy",
        "sklearn",
    }
    heavy |= {"scipy", "bm25s", "mermaidx", "latex2mathml"}
    assert loaded(module) & heavy == set()


def test_the_command_line_loads_next_to_nothing() -> None:
    heavy = {
        "numpy",
        "scipy",
        "matplotlib",
        "bm25s",
        "lxml",
        "jinja2",
        "httpx",
        "tenacity",
        "rapidfuzz",
        "pypdfium2",
        "liteparse",
        "pydantic_settings",
        "asyncio",
    }
    assert loaded("papercoder.cli") & heavy == set()
