"""An answer format for several files: fenced blocks, each after the path of its file."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.agents.answers import Correction, InvalidAnswerError
from papercoder.agents.python_file import left_out
from papercoder.artifacts import SourceFile
from papercoder.artifacts.base import normalise_path
from papercoder.repository.files import collisions, module_problem, parse, path_problem

_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*([\w.+-]*)[^`]*$")
_SHORT_FENCE = 3

_HOW = """\
Answer with all files, one after the other, each in this form, and nothing else:

path/of/the/file.py
````
the whole file
````

Paths are relative, with forward slashes and a file extension. The fences have four backticks, so that a file can
contain fences of three."""


@dataclass(frozen=True)
class FileBlocks:
    """Files as fenced blocks."""

    @property
    def correction(self) -> Correction:
        """None; the answer is written again."""
        return ""

    @property
    def instructions(self) -> str:
        """The form of a block."""
        return _HOW

    def read(self, text: str) -> tuple[SourceFile, ...]:
        """The files, in order.

        Raises:
            InvalidAnswerError: there is no block, a block is incomplete or has no path, or a file is not valid.
        """
        files = tuple(_blocks(text.replace("\r\n", "\n").split("\n")))
        if not files:
            raise InvalidAnswerError("The answer has no file.")
        if problems := list(file_problems(files)):
            raise InvalidAnswerError("\n".join(problems))
        return files


def file_problems(files: Iterable[SourceFile]) -> Iterator[str]:
    """Invalid and duplicate paths, syntax errors, and files with parts left out."""
    counted = Counter(file.path for file in files)
    yield from (f"`{path}` occurs {count} times." for path, count in counted.items() if count > 1)
    yield from (f"{text}." for text in collisions(counted))
    for file in files:
        if problem := _path_problem(file.path) or _syntax_problem(file):
            yield f"{problem}."
        elif file.path.endswith((".py", ".yaml", ".yml")) and (reason := left_out(file.text)):
            yield f"`{file.path}`: {reason}"


def _path_problem(path: str) -> str | None:
    if problem := path_problem(path):
        return problem
    if not PurePosixPath(path).suffix:
        return f"`{path}` has no file extension such as `.py`"
    return module_problem(path, ()) if path.endswith(".py") else None


def _syntax_problem(file: SourceFile) -> str | None:
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
    """Indices of lines that may start a block: a path followed by a fence."""
    return frozenset(
        index
        for index, line in enumerate(lines)
        if _path(line) and _FENCE.match(lines[min(_next(lines, index + 1), len(lines) - 1)])
    )


def _path_above(lines: list[str], fence: int) -> str:
    above = next((line for line in reversed(lines[max(fence - 2, 0) : fence]) if line.strip()), "")
    if path := _path(above):
        return path
    raise InvalidAnswerError(f"The fence in line {fence + 1} of the answer has no path on the line above it.")


def _path(line: str) -> str:
    """The path in a line that has nothing else, without Markdown around it; else empty. A single word is not a path."""
    text = line.strip().strip("`*#: ")
    return normalise_path(text) if re.fullmatch(r"\S*[./]\S*", text) and not _FENCE.match(line) else ""


def _end(lines: list[str], first: int, mark: str, path: str, starts: frozenset[int]) -> int:
    """The index of the closing fence: the first; for short fences, the first with another block or the end after it."""
    fallback = None
    for index in range(first, len(lines)):
        if fallback is not None and index in starts:
            break
        if _closes(lines[index], mark):
            below = _next(lines, index + 1)
            if len(mark) > _SHORT_FENCE or below == len(lines) or below in starts:
                return index
            fallback = index if fallback is None else fallback
    if fallback is None:
        raise InvalidAnswerError(f"The block of `{path}` is incomplete: it has no closing fence.")
    return fallback


def _closes(line: str, mark: str) -> bool:
    text = line.strip()
    return len(text) >= len(mark) and not text.strip(mark[0])


def _next(lines: list[str], index: int) -> int:
    """The index of the next line that is not empty; after the last line if there is none."""
    return next((number for number in range(index, len(lines)) if lines[number].strip()), len(lines))


def _text(lines: list[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return f"{text}\n" if text else ""
