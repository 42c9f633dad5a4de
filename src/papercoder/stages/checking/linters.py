"""Undefined names and wrong calls, found by ruff and mypy on a copy of the modules.

The copy is outside the reach of the repository's own configuration.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, TypeAdapter, ValidationError

from papercoder.artifacts.coding import Finding, Severity, warning
from papercoder.files.temporary import temporary_folder
from papercoder.stages.checking import limited_module
from papercoder.stages.checking.definitions import Attributes, attributes, dotted_name, index
from papercoder.stages.checking.imports import import_sites
from papercoder.stages.checking.repository import Module, Tree, functions, is_test

_LONGEST_NAME, _LONGEST_PATH = 255, 4000
"""Bytes."""


@contextmanager
def mirror(modules: Iterable[Module], folder: str = "") -> Iterator[Path]:
    """A temporary folder with these modules below `folder`, and a `files.txt` beside it with one path per line."""
    with temporary_folder() as parent:
        root = parent / "code"
        listed = []
        for module in modules:
            path = root / folder / module.path
            if not _fits(path):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(module.text, encoding="utf-8")
            listed.append(f"./{PurePosixPath(folder) / module.path}\n")
        root.mkdir(exist_ok=True)
        (parent / "files.txt").write_text("".join(listed), encoding="utf-8")
        yield root


def write_opaque(root: Path, unread: Iterable[PurePosixPath]) -> None:
    """Write stubs of modules that were not read: every attribute exists and has type `Any`."""
    for path in unread:
        stub = root / path.with_name(f"{path.name.split('.')[0]}.pyi")
        if stub.name.isprintable() and _fits(stub) and not stub.with_suffix(".py").exists():
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text("from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n", encoding="utf-8")


def _fits(path: Path) -> bool:
    """Whether the system can create a file of this name, which is longer here than in the repository."""
    return len(os.fsencode(path.name)) <= _LONGEST_NAME and len(os.fsencode(path)) <= _LONGEST_PATH


def is_plain(module: Module) -> bool:
    """Whether its path can be a line of a list of files."""
    return str(module.path).isprintable()


def run_tool(arguments: list[str], root: Path, seconds: float, memory: int = 4 << 30, **variables: str) -> str | None:
    """The standard output of a tool; None if it reached a limit or crashed without output.

    Args:
        arguments: the tool, as a Python module, and its arguments.
        root: its working directory.
        seconds: its time limit.
        memory: its limit on address space, in bytes.
        variables: further environment variables.
    """
    command = [sys.executable, "-I", limited_module.__file__, str(memory), *arguments]
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "LANG") if name in os.environ}
    env = {**kept, "HOME": str(root.parent), "PYTHONUTF8": "1", **variables}
    try:
        ended = subprocess.run(
            command, cwd=root, env=env, capture_output=True, text=True, encoding="utf-8", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return ended.stdout if ended.stdout or ended.returncode == 0 else None


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
_RUFF_SECONDS = 60


class _Place(BaseModel):
    row: int


class _RuffDiagnostic(BaseModel):
    """A diagnostic of ruff's JSON output."""

    code: str | None
    filename: str
    location: _Place
    message: str


_DIAGNOSTICS = TypeAdapter(tuple[_RuffDiagnostic, ...])


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
            _RUFF_SECONDS,
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
                yield _ruff_finding(one, path)


def _is_offered(one: _RuffDiagnostic, path: str, offered: frozenset[tuple[str, str]]) -> bool:
    """Whether other modules use this import, which is unused in its own module."""
    name = re.split(r"[. ]", one.message.split("`")[1])[-1]
    return path.endswith("__init__.py") or (path, name) in offered


def _ruff_finding(one: _RuffDiagnostic, path: str) -> Finding:
    if not one.code or one.code == "invalid-syntax":
        message, advice = f"Syntax error: {one.message}.", "Write this line as valid Python 3.11."
        return _say("syntax", "error", one, path, message, advice)
    severity: Severity = "error"
    advice = _advice(one.code, _ERRORS)
    if not advice:
        severity, advice = "warning", _advice(one.code, _WARNINGS)
    return _say("names", severity, one, path, _sentence(one.message), advice)


def _say(check: str, severity: Severity, one: _RuffDiagnostic, path: str, message: str, advice: str) -> Finding:
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


_CHECK = "calls"
_MYPY_SECONDS = 120
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


class _MypyDiagnostic(BaseModel):
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
        output = run_tool(command, root, _MYPY_SECONDS, _MEMORY, MYPYPATH=str(_KNOWN)) if modules else ""
        if output is None:
            message = "mypy took too much time or memory, so calls were not checked."
            yield warning(_CHECK, ".", 1, message, "Check a smaller folder.")
            return
        known = _known(modules)
        for line in output.splitlines():
            finding = _mypy_finding(line, f"./{tree.package}/" if tree.package else "./")
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


def _mypy_finding(line: str, base: str) -> Finding | None:
    try:
        one = _MypyDiagnostic.model_validate_json(line)
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
