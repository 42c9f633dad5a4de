"""SEARCH/REPLACE edits: read off an answer, applied exactly or refused with the reason, and kept from cheating."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from papercoder.answers import UnfitError
from papercoder.artifacts import Edit, Edits, SourceFile
from papercoder.paths import complaint, normalise
from papercoder.traceability import marks

_BLOCK = re.compile(
    r"^(?P<path>[^\n]+)\n<{7} SEARCH\n(?P<search>.*?)^={7}\n(?P<replace>.*?)^>{7} REPLACE[ \t]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class SearchReplace:
    """Edits as blocks of plain text."""

    @property
    def instructions(self) -> str:
        """How a block is written."""
        return _HOW

    def read(self, text: str) -> Edits:
        """The edits, in order.

        Raises:
            UnfitError: there is no block, or one that is cut.
        """
        text = text.replace("\r\n", "\n")
        edits = tuple(
            Edit(path=_path(found["path"]), search=found["search"], replace=found["replace"])
            for found in _BLOCK.finditer(text)
        )
        if text.count("<<<<<<< SEARCH") != len(edits):
            raise UnfitError("A block is not complete: the path, SEARCH, =======, REPLACE, each on a line of its own.")
        if not edits and _NONE not in text:
            raise UnfitError(f"There is no SEARCH/REPLACE block. If nothing is to be changed, answer {_NONE}.")
        return Edits(edits=edits)


_NONE = "NO EDITS"

_HOW = f"""\
Answer with one or more blocks of this form, and nothing else:

path/of/the/file.py
<<<<<<< SEARCH
lines as they are in the file now, exactly, enough of them to be there only once
=======
lines that take their place
>>>>>>> REPLACE

To make a new file, leave the part between SEARCH and ======= empty. If nothing is to be changed, answer {_NONE}."""


def _path(line: str) -> str:
    return normalise(line.strip().strip("`*#: ").removeprefix("a/"))


def apply(files: Iterable[SourceFile], edits: Edits) -> tuple[SourceFile, ...]:
    """The files after all edits.

    Raises:
        UnfitError: an edit's text is not there, or not only once; or its file may not be written.
    """
    texts = {file.path: file.text for file in files}
    for edit in edits.edits:
        texts[edit.path] = _edited(texts.get(edit.path), edit)
    return tuple(SourceFile(path=path, text=text) for path, text in texts.items())


def _edited(text: str | None, edit: Edit) -> str:
    if text is None or not edit.search.strip():
        return _made(text, edit)
    count = text.count(edit.search)
    if count != 1:
        found = "is not there" if count == 0 else f"is there {count} times"
        raise UnfitError(f"`{edit.path}`: what is searched {found}; copy it exactly:\n{edit.search}")
    return text.replace(edit.search, edit.replace)


def _made(text: str | None, edit: Edit) -> str:
    if text:
        raise UnfitError(f"`{edit.path}` exists; an edit of it must search for lines that it has.")
    if edit.search.strip():
        raise UnfitError(f"There is no file `{edit.path}` to edit.")
    if reason := complaint(edit.path):
        raise UnfitError(f"{reason}.")
    return edit.replace


def refusals(files: tuple[SourceFile, ...], edits: Edits, allowed: set[str]) -> list[str]:
    """Why these edits cannot be taken; nothing where they can."""
    strange = sorted(edits.paths - allowed)
    if strange:
        return [f"`{path}` may not be edited here." for path in strange]
    try:
        return damage(files, apply(files, edits))
    except UnfitError as error:
        return [str(error)]


def damage(before: Iterable[SourceFile], after: Iterable[SourceFile]) -> list[str]:
    """What edits broke or took away that they may not: syntax, marks, tests, assertions, errors swallowed."""
    old = {file.path: file.text for file in before}
    return [
        text
        for file in after
        if file.path.endswith(".py") and file.text != old.get(file.path)
        for text in _damage(file.path, old.get(file.path, ""), file.text)
    ]


def _damage(path: str, old: str, new: str) -> Iterator[str]:
    try:
        tree = ast.parse(new)
    except (SyntaxError, ValueError) as error:
        yield f"`{path}` would have a syntax error: {error}."
        return
    if lost := sorted(set(marks(old)) - set(marks(new))):
        yield f"`{path}` would lose the mark of {', '.join(lost)}."
    before, now = _census(_parsed(old)), _census(tree)
    if lost_tests := sorted(before.tests - now.tests):
        yield f"`{path}` would lose the test {', '.join(lost_tests)}."
    if now.assertions < before.assertions:
        yield f"`{path}` would lose an assertion."
    if now.swallowed > before.swallowed:
        yield f"`{path}` would swallow an error: an `except` that only passes or catches everything."


@dataclass(frozen=True)
class _Census:
    tests: frozenset[str]
    assertions: int
    swallowed: int


def _census(tree: ast.AST) -> _Census:
    nodes = list(ast.walk(tree))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return _Census(
        tests=frozenset(node.name for node in functions if node.name.startswith("test")),
        assertions=sum(isinstance(node, ast.Assert) for node in nodes),
        swallowed=sum(isinstance(node, ast.ExceptHandler) and _swallows(node) for node in nodes),
    )


def _swallows(handler: ast.ExceptHandler) -> bool:
    everything = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(handler))
    only_passes = all(isinstance(node, ast.Pass | ast.Continue) for node in handler.body)
    return only_passes or (everything and not raises)


def _parsed(code: str) -> ast.AST:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])
