"""Several files in one answer: fenced blocks of plain text, each headed by its path."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.agents.answers import InvalidAnswerError
from papercoder.agents.python_file import left_out
from papercoder.artifacts import SourceFile
from papercoder.artifacts.base import normalise_path
from papercoder.repository.paths import collisions, module_problem, path_problem
from papercoder.repository.syntax import parse

_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*([\w.+-]*)[^`]*$")
_SHORTEST = 3

_HOW = """\
Answer with all files, one after the other, each in this form, and nothing else:

path/of/the/file.py
````
the whole file
````

Paths are relative and have forward slashes and an ending. The fences have four backticks, so that a file may hold
fences of three."""


@dataclass(frozen=True)
class FileBlocks:
    """Files as blocks of plain text."""

    @property
    def instructions(self) -> str:
        """The form of a block."""
        return _HOW

    def read(self, text: str) -> tuple[SourceFile, ...]:
        """Return the files, in order.

        Raises:
            InvalidAnswerError: there is no block, one is cut or has no path, or a file may not be written.
        """
        files = tuple(_blocks(text.replace("\r\n", "\n").split("\n")))
        if not files:
            raise InvalidAnswerError("There is no file in the answer.")
        if found := list(complaints(files)):
            raise InvalidAnswerError("\n".join(found))
        return files


def complaints(files: Iterable[SourceFile]) -> Iterator[str]:
    """What is wrong with the files: paths that are invalid or occur twice, syntax errors, parts that are left out."""
    counted = Counter(file.path for file in files)
    yield from (f"`{path}` occurs {count} times." for path, count in counted.items() if count > 1)
    yield from (f"{text}." for text in collisions(counted))
    for file in files:
        if reason := _path_complaint(file.path) or _syntax_complaint(file):
            yield f"{reason}."
        elif file.path.endswith((".py", ".yaml", ".yml")) and (reason := left_out(file.text)):
            yield f"`{file.path}`: {reason}"


def _path_complaint(path: str) -> str | None:
    if reason := path_problem(path):
        return reason
    if not PurePosixPath(path).suffix:
        return f"`{path}` has no ending such as `.py`"
    return module_problem(path, ()) if path.endswith(".py") else None


def _syntax_complaint(file: SourceFile) -> str | None:
    if not file.path.endswith(".py"):
        return None
    try:
        parse(file.text)
    except SyntaxError as error:
        return f"`{file.path}` has a syntax error{f' at line {error.lineno}' if error.lineno else ''}: {error.msg}"
    return None


def _blocks(lines: list[str]) -> Iterator[SourceFile]:
    starts = _starts(lines)
    index = 0
    while index < len(lines):
        if opening := _FENCE.match(lines[index]):
            path = _path_above(lines, index)
            if opening[2].lower() in {"diff", "patch"}:
                raise InvalidAnswerError(f"The block of `{path}` is marked `{opening[2]}`. Write the whole file.")
            end = _end(lines, index + 1, opening[1], path, starts)
            yield SourceFile(path=path, text=_text(lines[index + 1 : end]))
            index = end
        index += 1


def _starts(lines: list[str]) -> frozenset[int]:
    """Lines with a path above a fence, where blocks may start."""
    return frozenset(
        index
        for index, line in enumerate(lines)
        if _path(line) and _FENCE.match(lines[min(_next(lines, index + 1), len(lines) - 1)])
    )


def _path_above(lines: list[str], fence: int) -> str:
    above = next((line for line in reversed(lines[max(fence - 2, 0) : fence]) if line.strip()), "")
    if path := _path(above):
        return path
    raise InvalidAnswerError(f"The fence in line {fence + 1} of the answer has no path above it, on a line of its own.")


def _path(line: str) -> str:
    """The path that is alone in a line, with any markup; empty if there is none. A single word is not a path."""
    text = line.strip().strip("`*#: ")
    return normalise_path(text) if re.fullmatch(r"\S*[./]\S*", text) and not _FENCE.match(line) else ""


def _end(lines: list[str], first: int, mark: str, path: str, starts: frozenset[int]) -> int:
    """The closing fence: the first; with three backticks, which a file may contain, the first that ends a block."""
    fallback = None
    for index in range(first, len(lines)):
        if fallback is not None and index in starts:
            break
        if _closes(lines[index], mark):
            below = _next(lines, index + 1)
            if len(mark) > _SHORTEST or below == len(lines) or below in starts:
                return index
            fallback = index if fallback is None else fallback
    if fallback is None:
        raise InvalidAnswerError(f"The block of `{path}` is cut: it has no closing fence.")
    return fallback


def _closes(line: str, mark: str) -> bool:
    text = line.strip()
    return len(text) >= len(mark) and not text.strip(mark[0])


def _next(lines: list[str], index: int) -> int:
    """The next line that is not empty, or the number of lines."""
    return next((number for number in range(index, len(lines)) if lines[number].strip()), len(lines))


def _text(lines: list[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return f"{text}\n" if text else ""
