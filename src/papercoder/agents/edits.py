"""SEARCH/REPLACE edits: an answer format, exact application, checks for edits that hide a failure, and corrections."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from papercoder.agents.answers import Correction, InvalidAnswerError, read_object
from papercoder.agents.files import left_out
from papercoder.artifacts import Artifact, Edit, Edits, ProposedAmendment, SourceFile
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
        if text:
            raise InvalidAnswerError(f"`{edit.path}` exists; an edit of it must replace lines that it has.")
        if edit.search.strip():
            raise InvalidAnswerError(f"There is no file `{edit.path}` to edit.")
        if problem := path_problem(edit.path):
            raise InvalidAnswerError(f"{problem}.")
        return edit.replace
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
        try:
            loaded = load_yaml(new)
        except InvalidYaml as error:
            yield f"`{path}` would not be valid YAML: line {error.line}: {error}."
        else:
            if not isinstance(loaded, dict):
                yield f"`{path}` would have no keys."
    elif path.endswith(".py"):
        try:
            tree = parse(new)
        except SyntaxError as error:
            yield f"`{path}` would have a syntax error: {error}."
        else:
            yield from _losses(path, old, new, tree)


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


_NAMES = ("id", "requirement", "key", "path", "name", "anchor")
"""The fields by which a patch may name an item of a list."""

_REMOVED = object()
_ANSWER = "answer"
"""The path of the answer in its edits."""


class Operation(Artifact):
    """An operation of a JSON patch (RFC 6902). Indices of all operations count in the answer before the patch."""

    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = None


class Patch(Artifact):
    """A JSON patch."""

    patch: tuple[Operation, ...]


def corrected(correction: Correction, former: str, text: str) -> str:
    """The former answer with the corrections in a text; the text itself if it is a whole answer.

    Raises:
        InvalidAnswerError: the corrections do not fit the former answer.
    """
    if correction == "edits" and "<<<<<<< SEARCH" in text:
        edits = SearchReplace().read(text).edits
        in_answer = Edits(edits=tuple(edit.model_copy(update={"path": _ANSWER}) for edit in edits))
        return apply((SourceFile(path=_ANSWER, text=former),), in_answer)[0].text
    if correction == "patch":
        return _patched(former, text)
    return text


def is_patchable(text: str) -> bool:
    """Whether an answer is a JSON object, so that a patch can correct it."""
    return isinstance(_object(text), dict)


def _object(text: str) -> object:
    try:
        return read_object(text)
    except (ValueError, RecursionError):
        return None


def _patched(former: str, text: str) -> str:
    given = _object(text)
    if not isinstance(given, dict) or set(given) != {"patch"}:
        return text
    document = _object(former)
    if not isinstance(document, dict):
        raise InvalidAnswerError("There is no JSON object to patch; answer in full.")
    try:
        patch = Patch.model_validate(given)
    except ValidationError as error:
        raise InvalidAnswerError(f"The patch is invalid: {error.errors(include_url=False)[0]['msg']}.") from error
    for operation in patch.patch:
        _operate(document, operation)
    return json.dumps(_without_removed(document), ensure_ascii=False)


def _operate(document: object, operation: Operation) -> None:
    *above, last = [part.replace("~1", "/").replace("~0", "~") for part in operation.path.strip("/").split("/")]
    target = document
    for part in above:
        target = _child(target, part, operation)
    value = _REMOVED if operation.op == "remove" else operation.value
    if isinstance(target, list) and operation.op == "add":
        target.append(value)  # at the end, so that the other indices stay; the order of items means nothing
    elif isinstance(target, dict):
        if operation.op != "add":
            _child(target, last, operation)
        target[last] = value
    elif isinstance(target, list):
        target[_index(target, last, operation)] = value
    else:
        raise _nowhere(operation)


def _child(target: object, part: str, operation: Operation) -> object:
    if isinstance(target, dict) and part in target:
        return target[part]
    if isinstance(target, list):
        return target[_index(target, part, operation)]
    raise _nowhere(operation)


def _index(items: list[Any], part: str, operation: Operation) -> int:
    """The index of an item, which is given as a number or by its id, key or path."""
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    named = [
        index
        for index, item in enumerate(items)
        if isinstance(item, dict) and part in [item.get(name) for name in _NAMES]
    ]
    if len(named) != 1:
        raise _nowhere(operation)
    return named[0]


def _nowhere(operation: Operation) -> InvalidAnswerError:
    return InvalidAnswerError(f"The patch's path `{operation.path}` is not in the answer.")


def _without_removed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_removed(item) for key, item in value.items() if item is not _REMOVED}
    if isinstance(value, list):
        return [_without_removed(item) for item in value if item is not _REMOVED]
    return value
