"""SEARCH/REPLACE edits: an answer format, exact application, and checks for edits that would hide a failure."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from papercoder.agents.answers import Correction, InvalidAnswerError
from papercoder.agents.python_file import left_out
from papercoder.artifacts import Edit, Edits, ProposedAmendment, SourceFile
from papercoder.artifacts.base import normalise_path
from papercoder.repository.files import parse, path_problem
from papercoder.repository.traceability import marks
from papercoder.text.yaml_text import InvalidYaml, load_yaml

_BLOCK = re.compile(
    r"^(?P<path>[^\n]+)\n(?:[ \t]*\n|[`~]{3}[^\n]*\n)*<{7} SEARCH[ \t]*\n"
    r"(?P<search>.*?)^={7}[ \t]*\n(?P<replace>.*?)^>{7} REPLACE[ \t]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class SearchReplace:
    """Edits as blocks of plain text."""

    @property
    def correction(self) -> Correction:
        """None; the answer is written again."""
        return ""

    @property
    def instructions(self) -> str:
        """The form of a block."""
        return _HOW

    def read(self, text: str) -> Edits:
        """Parse the edits, in order.

        Raises:
            InvalidAnswerError: there is no block, or an incomplete one.
        """
        text = text.replace("\r\n", "\n")
        edits = tuple(
            Edit(path=_path(found["path"]), search=found["search"], replace=found["replace"])
            for found in _BLOCK.finditer(text)
        )
        if text.count("<<<<<<< SEARCH") != len(edits):
            raise InvalidAnswerError(
                "A block is not complete: the path, SEARCH, =======, REPLACE, each on a line of its own."
            )
        if not edits and _NONE not in text:
            raise InvalidAnswerError(f"The answer has no SEARCH/REPLACE block. If no change is needed, answer {_NONE}.")
        return Edits(edits=edits, amendments=proposals_in(_BLOCK.sub("", text)))


_PROPOSAL = re.compile(r"^(?:#\s*)?PROPOSE (R[1-9]\d*): (.+?) BECAUSE (.+)$", re.MULTILINE)


def proposals_in(text: str) -> tuple[ProposedAmendment, ...]:
    """Corrections of assumptions in a text, a line each: `PROPOSE R12: statement BECAUSE reason`."""
    found = _PROPOSAL.findall(text)
    return tuple(ProposedAmendment(requirement=name, statement=new, reason=why) for name, new, why in found)


_NONE = "NO EDITS"

_HOW = f"""\
Answer with one or more blocks of this form, and nothing else:

path/of/the/file.py
<<<<<<< SEARCH
lines exactly as they are in the file, enough of them to occur only once
=======
lines that replace them
>>>>>>> REPLACE

To create a file, leave the part between SEARCH and ======= empty. If no change is needed, answer {_NONE}."""


def _path(line: str) -> str:
    return normalise_path(line.strip().strip("`*#: "))


def apply(files: Iterable[SourceFile], edits: Edits) -> tuple[SourceFile, ...]:
    """The files after all edits.

    Raises:
        InvalidAnswerError: the text to replace does not occur exactly once, or the file may not be written.
    """
    texts = {file.path: file.text for file in files}
    for edit in edits.edits:
        texts[edit.path] = _edited(texts.get(edit.path), edit)
    return tuple(SourceFile(path=path, text=text) for path, text in texts.items())


def _edited(text: str | None, edit: Edit) -> str:
    if text is None or not edit.search.strip():
        return _created(text, edit)
    have, want = text.split("\n"), _lines(edit.search)
    places = _places(have, want)
    if len(places) != 1:
        found = f"occurs {len(places)} times" if places else "does not occur"
        raise InvalidAnswerError(
            f"`{edit.path}`: the text to replace {found}; copy whole lines exactly:\n{edit.search}"
        )
    have[places[0] : places[0] + len(want)] = _lines(edit.replace)
    new = "\n".join(have)
    return f"{new}\n" if new and text.endswith("\n") and not new.endswith("\n") else new


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _places(have: list[str], want: list[str]) -> list[int]:
    """The indices at which the lines occur: exactly, or else ignoring space at their ends."""
    for spelled in (str, str.rstrip):
        lines, wanted = list(map(spelled, have)), list(map(spelled, want))
        starts = range(len(lines) - len(wanted) + 1)
        if places := [start for start in starts if lines[start : start + len(wanted)] == wanted]:
            return places
    return []


def _created(text: str | None, edit: Edit) -> str:
    if text:
        raise InvalidAnswerError(f"`{edit.path}` exists; an edit of it must replace lines that it has.")
    if edit.search.strip():
        raise InvalidAnswerError(f"There is no file `{edit.path}` to edit.")
    if problem := path_problem(edit.path):
        raise InvalidAnswerError(f"{problem}.")
    return edit.replace


def edit_problems(files: tuple[SourceFile, ...], edits: Edits, allowed: set[str]) -> list[str]:
    """The reasons why these edits are invalid; none if they are valid."""
    forbidden = sorted(edits.paths - allowed)
    if forbidden:
        return [f"`{path}` may not be edited here." for path in forbidden]
    try:
        return damage(files, apply(files, edits))
    except InvalidAnswerError as error:
        return [str(error)]


def damage(before: Iterable[SourceFile], after: Iterable[SourceFile]) -> list[str]:
    """Changes that edits must not make: syntax errors, lost marks, tests or assertions, swallowed errors."""
    old = {file.path: file.text for file in before}
    changed = (file for file in after if file.text != old.get(file.path))
    return [text for file in changed for text in _damage(file.path, old.get(file.path, ""), file.text)]


def _damage(path: str, old: str, new: str) -> Iterator[str]:
    if path.endswith((".yaml", ".yml")):
        yield from _config_damage(path, new)
    elif path.endswith(".py"):
        try:
            tree = parse(new)
        except SyntaxError as error:
            yield f"`{path}` would have a syntax error: {error}."
        else:
            yield from _losses(path, old, new, tree)


def _config_damage(path: str, text: str) -> Iterator[str]:
    try:
        loaded = load_yaml(text)
    except InvalidYaml as error:
        yield f"`{path}` would not be valid YAML: line {error.line}: {error}."
    else:
        if not isinstance(loaded, dict):
            yield f"`{path}` would have no keys."


def _losses(path: str, old: str, new: str, tree: ast.AST) -> Iterator[str]:
    if lost := sorted(set(marks(old)) - set(marks(new))):
        yield f"`{path}` would lose the mark of {', '.join(lost)}."
    if (reason := left_out(new)) and not left_out(old):
        yield f"`{path}`: {reason}"
    before, now = _count(_parsed(old)), _count(tree)
    if lost_tests := sorted(before.tests - now.tests):
        yield f"`{path}` would lose the test {', '.join(lost_tests)}."
    if now.assertions < before.assertions:
        yield f"`{path}` would lose an assertion."
    if now.skipped > before.skipped:
        yield f"`{path}` would skip a test."
    if now.swallowed > before.swallowed:
        yield f"`{path}` would swallow an error: an `except` that only passes or catches everything."


@dataclass(frozen=True)
class _Counts:
    tests: frozenset[str]
    assertions: int
    skipped: int
    swallowed: int


def _count(tree: ast.AST) -> _Counts:
    nodes = list(ast.walk(tree))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return _Counts(
        tests=frozenset(node.name for node in functions if node.name.startswith("test")),
        assertions=sum(map(_asserts, nodes)),
        skipped=sum(map(_skips, nodes)),
        swallowed=sum(isinstance(node, ast.ExceptHandler) and _swallows(node) for node in nodes)
        + sum(isinstance(node, ast.Call) and _name(node.func) == "suppress" for node in nodes),
    )


_SKIP = re.compile(r"(pytest|unittest)\.(mark\.)?(skip|skipif|skipIf|skipUnless|xfail|importorskip|expectedFailure)")


def _skips(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and _SKIP.fullmatch(ast.unparse(node)) is not None


def _name(node: ast.AST) -> str:
    """The last part of a dotted name: `raises` of `pytest.raises`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _asserts(node: ast.AST) -> bool:
    """Whether it is an assertion that can fail; `assert True` is not."""
    if isinstance(node, ast.Assert):
        return not isinstance(node.test, ast.Constant)
    return isinstance(node, ast.Call) and re.match(r"assert|raises$", _name(node.func)) is not None


def _swallows(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    catches_all = any(kind is None or _name(kind) in {"Exception", "BaseException"} for kind in kinds)
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    only_passes = all(isinstance(node, ast.Pass | ast.Continue) or _is_ellipsis(node) for node in handler.body)
    return only_passes or (catches_all and not raises)


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _parsed(code: str) -> ast.AST:
    try:
        return parse(code)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])
