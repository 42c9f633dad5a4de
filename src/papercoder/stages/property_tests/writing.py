"""Property tests: what the paper's mathematics imply, as tests of the code."""

import ast
import re

from papercoder.agents.agent import NO_CONVENTIONS, Agent, Agents, uses
from papercoder.agents.context import cited_part, text_part
from papercoder.agents.edits import SearchReplace, edit_problems
from papercoder.agents.listings import python_code, requirement_lines
from papercoder.agents.python_file import Python
from papercoder.artifacts import Edits, Paper, Requirement, SourceFile
from papercoder.repository.config_text import settings_named_in
from papercoder.repository.paths import module_of
from papercoder.repository.syntax import parse

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
