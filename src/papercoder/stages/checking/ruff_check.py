"""Undefined names, unused imports and wrong format strings in single files, found by ruff."""

import ast
import re
from collections.abc import Iterator

from pydantic import BaseModel, TypeAdapter, ValidationError

from papercoder.artifacts.checking import Finding, Severity, warning
from papercoder.stages.checking.imports.import_sites import import_sites
from papercoder.stages.checking.imports.index import index
from papercoder.stages.checking.mirror import is_plain, mirror, run_tool
from papercoder.stages.checking.repository import Tree

_ERRORS = {
    "F821": "Define it, import it, or correct the spelling.",
    "F823": "Assign it before it is read, or rename the local variable.",
    "NPY001": "Use Python's own type, such as `float`; NumPy removed this name.",
    "F50": "Make the format and its values match.",
    "F52": "Make the format and its values match.",
    "F70": "Move it to where Python allows it.",
    "PLE01": "Use valid Python.",
    "PLE02": "Use valid Python.",
    "PLE1": "Use what Python or the library allows.",
}  # fmt: skip
"""Rules or prefixes of rules whose violations fail at run time -> advice."""

_WARNINGS = {
    "F822": "Define it, or remove it from `__all__`.",
    "F401": "Remove the import, or use it.",
    "F811": "Remove or rename one of them.",
    "F632": "Compare values with `==`.",
    "NPY201": "Use NumPy 2's name.",
}
_BUILTINS = "--config=builtins = ['get_ipython', 'reveal_type']"
_SECONDS = 60


class _Place(BaseModel):
    row: int


class _Diagnostic(BaseModel):
    """A diagnostic of ruff's JSON output."""

    code: str | None
    filename: str
    location: _Place
    message: str


_DIAGNOSTICS = TypeAdapter(tuple[_Diagnostic, ...])


def check_names(tree: Tree) -> Iterator[Finding]:
    """Run ruff with PaperCoder's own configuration."""
    with mirror(filter(is_plain, tree.modules)) as root:
        selected = ",".join((*_ERRORS, *_WARNINGS))
        options = [
            "--isolated",
            "--no-cache",
            "--exit-zero",
            "--output-format=json",
            "--target-version=py311",
            _BUILTINS,
        ]
        output = run_tool(
            ["ruff", "check", *options, f"--select={selected}", "@../files.txt"],
            root,
            _SECONDS,
        )
        try:
            found = _DIAGNOSTICS.validate_json(output or "")
        except ValidationError:
            yield warning(
                "names", ".", 1, "ruff gave no valid output, so names were not checked.", "Check a smaller folder."
            )
            return
        base = root.resolve().as_posix() + "/"
        offered = reexported(tree)
        for one in found:
            path = one.filename.removeprefix(base)
            if one.code != "F401" or not _is_offered(one, path, offered):
                yield _finding(one, path)


def _is_offered(one: _Diagnostic, path: str, offered: frozenset[tuple[str, str]]) -> bool:
    """Whether other modules use this import, which is unused in its own module."""
    name = re.split(r"[. ]", one.message.split("`")[1])[-1]
    return path.endswith("__init__.py") or (path, name) in offered


def _finding(one: _Diagnostic, path: str) -> Finding:
    if not one.code or one.code == "invalid-syntax":
        message, advice = f"Syntax error: {one.message}.", "Write this line as valid Python 3.11."
        return _say("syntax", "error", one, path, message, advice)
    severity: Severity = "error"
    advice = _advice(one.code, _ERRORS)
    if not advice:
        severity, advice = "warning", _advice(one.code, _WARNINGS)
    return _say("names", severity, one, path, _sentence(one.message), advice)


def _say(check: str, severity: Severity, one: _Diagnostic, path: str, message: str, advice: str) -> Finding:
    return Finding(check=check, severity=severity, path=path, line=one.location.row, message=message, advice=advice)


def _advice(code: str, table: dict[str, str]) -> str:
    return next((text for rule, text in table.items() if code.startswith(rule)), "")


def _sentence(message: str) -> str:
    text = re.sub(r"\s+", " ", message).rstrip(".")
    return text[:1].upper() + text[1:] + "."


def reexported(tree: Tree) -> frozenset[tuple[str, str]]:
    """Pairs of a module's path and a name that another module imports from it."""
    known = index(tree)
    found = set()
    for module in tree.modules:
        for site in import_sites(module.tree):
            if isinstance(site.node, ast.ImportFrom) and (target := known.target(site.node, module)) in known.modules:
                path = str(known.modules[target].path)
                found |= {(path, alias.name) for alias in site.node.names}
    return frozenset(found)
