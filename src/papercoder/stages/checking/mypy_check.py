"""Wrong calls, attributes and operations across files, found by mypy."""

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ValidationError

from papercoder.artifacts.checking import Finding, Severity, warning
from papercoder.stages.checking.attributes import Attributes, attributes
from papercoder.stages.checking.imports.index import dotted_name
from papercoder.stages.checking.mirror import is_plain, mirror, run_tool, write_opaque
from papercoder.stages.checking.nodes import functions
from papercoder.stages.checking.repository import Module, Tree, is_test

_CHECK = "calls"
_SECONDS = 120
_MEMORY = 1 << 30
"""Bytes; the code of a paper takes a fifth of it."""

_CODE = frozenset({".py", ".pyx", ".so", ".pyd"})
_KNOWN = Path(__file__).parent / "known"
"""Stubs of libraries whose classes research code subclasses, so that mypy knows the inherited attributes."""

_CODES: dict[str, Severity] = {
    "call-arg": "error",
    "attr-defined": "error",
    "name-defined": "error",
    "func-returns-value": "error",
    "index": "error",
    "operator": "error",
    "return": "error",
    "call-overload": "warning",
    "arg-type": "warning",
    "return-value": "warning",
}
"""mypy's error codes that are reported; the others concern style, or are often false alarms in working code."""

_UNPACKING = re.compile(r"(Need more than|Too many values)\b.*\bunpack")
_UNSURE = re.compile(
    r"\w\? has no attribute|unknown type|typing special form|\w*Mixin\w*\" has no attribute|\"object\"|\"Collection\["
    r"|\"Sequence\[|right operand type for in"
)
"""Messages about types that mypy could not infer, joined from several types, or that subclasses complete."""

_MISSING = re.compile(r"(?:`(?:type\[)?(\w*)[^`]*`|Module) has no attribute `(\w+)`")

_ADVICE = {
    "call-arg": "Call it with the parameters that it defines.",
    "attr-defined": "Use a name that exists, or define this one.",
    "name-defined": "Define it, import it, or correct the spelling.",
    "func-returns-value": "Return a value from the function, or do not use its result.",
    "index": "Use an index or key of the right type.",
    "operator": "Convert one of the operands.",
    "return": "Return a value on every path through the function.",
    "call-overload": "Call it with the parameters that it defines.",
    "arg-type": "Convert the argument, or correct the annotation.",
    "return-value": "Convert the result, or correct the annotation.",
    "misc": "Unpack as many values as there are.",
}
_OPTIONS = (
    f"--config-file={os.devnull} --cache-dir={os.devnull} --no-incremental --no-site-packages --python-version=3.11 "
    "--ignore-missing-imports --check-untyped-defs --no-strict-optional --implicit-optional --allow-redefinition "
    "--namespace-packages --explicit-package-bases --output=json --no-error-summary --hide-error-context"
).split()


class _Diagnostic(BaseModel):
    """A line of mypy's JSON output."""

    file: str
    line: int
    message: str
    code: str | None
    severity: str


def check_calls(tree: Tree) -> Iterator[Finding]:
    """Run mypy with PaperCoder's own configuration."""
    modules = tuple(module for module in tree.modules if _is_importable(module))
    read = {module.path for module in modules}
    unread = (path for path in map(PurePosixPath, tree.files) if path.suffix in _CODE and path not in read)
    with mirror(modules, tree.package) as root:
        write_opaque(root / tree.package, unread)
        command = ["mypy", *_OPTIONS, "@../files.txt"]
        output = run_tool(command, root, _SECONDS, _MEMORY, MYPYPATH=str(_KNOWN)) if modules else ""
        if output is None:
            message = "mypy took too much time or memory, so calls were not checked."
            yield warning(_CHECK, ".", 1, message, "Check a smaller folder.")
            return
        known = _known(modules)
        for line in output.splitlines():
            finding = _finding(line, f"./{tree.package}/" if tree.package else "./")
            if finding and not known.excuses(finding):
                yield finding


def _is_importable(module: Module) -> bool:
    """Whether mypy accepts the module: it can be imported and hides no module of the standard library."""
    name = dotted_name(module.path)
    return name is not None and is_plain(module) and name.split(".")[0] not in sys.stdlib_module_names


@dataclass(frozen=True)
class _Known:
    """Facts about the modules that mypy does not know."""

    returning: frozenset[tuple[str, int]]
    """Path and line of functions that may end without `return`: they may return None, or `match` handles every case."""

    spread: frozenset[tuple[str, int]]
    """Path and line of calls with an unknown number of arguments, such as `f(*array.shape, y)`."""

    discarding: frozenset[tuple[str, int, str]]
    """Path, line and function of calls whose value is discarded, in a lambda or a comprehension used as a statement."""

    attributes: Attributes

    def excuses(self, finding: Finding) -> bool:
        """Whether the finding is a false alarm."""
        if finding.advice == _ADVICE["return"]:
            return (finding.path, finding.line) in self.returning
        if finding.advice == _ADVICE["call-arg"] and (finding.path, finding.line) in self.spread:
            return True
        name = finding.message.split("`")[1] if finding.advice == _ADVICE["func-returns-value"] else ""
        if (finding.path, finding.line, name) in self.discarding:
            return True
        missing = _MISSING.search(finding.message)
        return missing is not None and self.attributes.may_have(missing[1] or "", missing[2])


def _known(modules: tuple[Module, ...]) -> _Known:
    returning = ((str(module.path), line) for module in modules for line in _returning(module))
    spread = ((str(module.path), line) for module in modules for line in _spreading(module))
    discarding = ((str(module.path), *call) for module in modules for call in _discarding(module))
    return _Known(frozenset(returning), frozenset(spread), frozenset(discarding), attributes(modules))


def _spreading(module: Module) -> Iterator[int]:
    for node in module.nodes:
        if isinstance(node, ast.Call) and any(isinstance(each, ast.Starred) for each in node.args):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _discarding(module: Module) -> Iterator[tuple[int, str]]:
    for node in module.nodes:
        if isinstance(node, ast.Lambda):
            yield from _calls_for_effect(node.body)
        elif isinstance(node, ast.Expr):
            yield from _calls_for_effect(node.value)


def _calls_for_effect(node: ast.expr) -> Iterator[tuple[int, str]]:
    """Line and function of the calls that an expression makes only for their effect."""
    parts: list[ast.expr] = []
    match node:
        case ast.Call(func=function):
            yield node.lineno, ast.unparse(function).rpartition(".")[2]
        case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.GeneratorExp(elt=part):
            parts = [part]
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
            pass
        case ast.IfExp(body=one, orelse=other):
            parts = [one, other]
    for part in parts:
        yield from _calls_for_effect(part)


def _returning(module: Module) -> Iterator[int]:
    for function in functions(module.nodes):
        kind = ast.unparse(function.returns) if function.returns else ""
        if "None" in kind or "Optional" in kind or any(isinstance(node, ast.Match) for node in ast.walk(function)):
            yield function.lineno


def _finding(line: str, base: str) -> Finding | None:
    try:
        one = _Diagnostic.model_validate_json(line)
    except ValidationError:
        return _stopped(line)
    if one.severity == "error" and one.code in {None, "syntax"}:
        return _stopped(one.message)
    code = one.code or ""
    severity = "error" if _UNPACKING.search(one.message) else _CODES.get(code)
    if severity is None or one.severity != "error" or _UNSURE.search(one.message):
        return None
    path = PurePosixPath(one.file).relative_to(PurePosixPath(base))
    return Finding(
        check=_CHECK,
        severity="warning" if is_test(path) else severity,
        path=path.as_posix(),
        line=max(one.line, 1),
        message=one.message.replace('"', "`").rstrip(".?") + ".",
        advice=_ADVICE[code],
    )


def _stopped(why: str) -> Finding:
    message = f"mypy stopped, so calls were not checked: {why.strip()[:200]}"
    return warning(_CHECK, ".", 1, message, "Fix this, or check a smaller folder.")
