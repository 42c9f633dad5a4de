"""Files as a model's answer: one whole Python file in its fence, or several, each after its path."""

import ast
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from papercoder.agents.answers import Correction, InvalidAnswerError
from papercoder.artifacts import SourceFile
from papercoder.artifacts.base import normalise_path
from papercoder.repository.files import collisions, module_problem, parse, path_problem, tokens


@dataclass(frozen=True)
class Python:
    """One Python file as plain text in a fence."""

    @property
    def correction(self) -> Correction:
        """Edits of the wrong lines."""
        return "edits"

    @property
    def instructions(self) -> str:
        """A single fenced block."""
        return "Answer with the whole file in one fenced block that starts with ```python, and nothing else."

    def read(self, text: str) -> str:
        """Return the code. Fences inside its strings belong to it; a short usage example after it does not.

        Raises:
            InvalidAnswerError: there is no code, it has a syntax error, or it is not one whole file.
        """
        text = _INDENTATION.sub(lambda found: found[0].replace("\u00a0", " "), text.replace("\r\n", "\n"))
        blocks = list(_python_blocks(text.split("\n")))
        code = _one_file(blocks) if blocks and _syntax_error(text) else text
        if error := _syntax_error(code):
            raise InvalidAnswerError(error)
        is_empty_module = code is not text and "#" in code and not parse(code).body
        if not is_empty_module and not any(map(_says_something, parse(code).body)):
            raise InvalidAnswerError("The answer holds no code.")
        if complaint := _several_files(code) or left_out(code):
            raise InvalidAnswerError(complaint)
        return code.strip("\n") + "\n"


@dataclass(frozen=True)
class _Block:
    """A fenced block."""

    label: str
    """What follows the opening fence, in lower case: a language or a path."""

    path: str
    """The path of a Python file in the label or alone in the line above the block; empty if there is none."""

    code: str
    """Up to the first closing fence that makes it valid Python, else up to the first closing fence."""

    @property
    def defines(self) -> bool:
        """Whether it defines a function or a class, which a usage example does not."""
        return re.search(r"^(async def|def|class) ", self.code, re.MULTILINE) is not None


_INDENTATION = re.compile(r"^[ \t\u00a0]+", re.MULTILINE)
_PYTHON_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(\S*)[^`]*$")
_PATH = re.compile(r"[\s#*_`>=-]*(?:file(?:name)?|path)?[\s:*`]*([\w./-]+\.py)[\s`*:=-]*", re.IGNORECASE)
"""A line with nothing but the path of a Python file."""


def _python_blocks(lines: list[str]) -> Iterator[_Block]:
    """The fenced blocks, in order; none overlap."""
    index = 0
    while index < len(lines):
        if opening := _PYTHON_FENCE.match(lines[index]):
            label, first = opening[2].lower(), index + 1
            above = next((line for line in reversed(lines[max(index - 2, 0) : index]) if line.strip()), "")
            path = _PATH.fullmatch(above) or re.search(r"([\w./-]+\.py)\b", opening[0])
            ends = [end for end in range(first, len(lines)) if _closes_block(lines[end], opening[1])] or [len(lines)]
            indented = len(lines[index]) - len(lines[index].lstrip(" "))  # in a list, for example
            body = [line[min(indented, len(line) - len(line.lstrip(" "))) :] for line in lines[first : ends[-1]]]
            codes = {end: "\n".join(body[: end - first]) for end in ends}
            end = ends[0]
            if not label or "py" in label:
                valid = (end for end, code in codes.items() if _syntax_error(code) is None)
                end = next(valid, ends[-1] if label else ends[0])
            yield _Block(label, path[1] if path else "", codes[end])
            index = end
        index += 1


def _closes_block(line: str, mark: str) -> bool:
    return mark in line and not line.strip().strip(mark[0])


def _one_file(blocks: list[_Block]) -> str:
    """The code of the block that is the file.

    Raises:
        InvalidAnswerError: no block is Python, or several are files.
    """
    marked = [block for block in blocks if block.label]
    python = [block for block in marked if "py" in block.label] or [
        block for block in blocks if not block.label and block.code.strip()
    ]
    if marked and not python:
        raise InvalidAnswerError(
            f"The block is marked `{marked[0].label}`. Write the whole file in a block marked `python`."
        )
    files = [block.code for block in python if block.defines or block.path]
    if len(set(files)) > 1:
        raise InvalidAnswerError(_SEVERAL)
    return next(iter(files or [block.code for block in python]), "")


_SEVERAL = "The answer holds several files. Write only the one that was asked for."


def _several_files(code: str) -> str | None:
    """A complaint if comments such as `# src/model.py` divide the code into files."""
    lines = code.split("\n")
    headings = [number for number, _ in comments(code) if number == 1 or not lines[number - 2].strip("#=- ")]
    paths = {found[1] for number in headings if (found := _PATH.fullmatch(lines[number - 1]))}
    return _SEVERAL if len(paths) > 1 else None


def _says_something(node: ast.stmt) -> bool:
    """False for `Done` and `Status: complete`, which are valid Python too."""
    match node:
        case ast.Expr(value=ast.Call() | ast.Await() | ast.Constant(value=str())):
            return True
        case ast.Expr() | ast.AnnAssign(value=None):
            return False
        case _:
            return True


def _syntax_error(code: str) -> str | None:
    try:
        parse(code)
    except SyntaxError as error:
        return f"The code has a syntax error{f' at line {error.lineno}' if error.lineno else ''}: {error.msg}."
    return None


_CODE = r"(?:code|file|class|function|method|module|script|implementation|logic|content|import|definition)(?:e?s)?"
_OTHER = rf"\b(?:existing|previous|original|other|remaining|earlier|unchanged)\s+(?:\w+\s+)?{_CODE}"
_SAME = (
    r"(?:(?:is|are|remains?|stays?|kept)\s+)*"
    r"(?:unchanged|identical|omitted|not\s+shown|(?:the\s+)?same(?:\s+as\s+\w+)?|as\s+(?:before|above|is))\W*$"
)
_LEFT_OUT = re.compile(
    # ... rest of the code | ... (same as before) ...
    r"^\W*(?:\.\.\.|…)(?=.*\b(?:rest|existing|previous|original|remaining|other|same|unchanged|omitted|as\s+before)\b)"
    # rest of the code | the rest of the class is unchanged
    rf"|\b(?:rest|remainder)\s+of\s+(?:\w+\s+){{0,2}}{_CODE}\W*(?:$|{_SAME}|(?:goes\s+|remains\s+|stays\s+)?here\W*$)"
    rf"|\b(?:rest|remainder)\s+of\s+(?:\w+\s+){{0,2}}{_CODE}\s+(?:remains?|stays?|is)\s+the\s+same\b"
    # other methods remain unchanged | existing code here | existing imports ... | code above is unchanged
    rf"|{_OTHER}\W*{_SAME}|^\W*{_OTHER}\W*(?:goes\s+)?(?:here|below|above)\W*$|{_OTHER}\s*(?:\.\.\.|…)"
    rf"|^\W*{_CODE}\s+(?:above|below)\s+{_SAME}"
    # omitted for brevity
    r"|\b(?:omitted|elided|abbreviated|truncated|skipped)\s+for\s+(?:brevity|clarity|simplicity|space)",
    re.IGNORECASE,
)
"""Comments in place of code."""


def left_out(code: str) -> str | None:
    """Where a comment takes the place of code, such as `# rest of the code unchanged`; None if nowhere."""
    for line, comment in comments(code):
        if _LEFT_OUT.search(comment):
            return f"Line {line} leaves out code: `{comment[:80]}`. Write the whole file."
    return None


def comments(code: str) -> Iterator[tuple[int, str]]:
    """Line numbers and texts of comments, of other files than Python too; `...  # text` is `... text`."""
    try:
        found = list(tokens(code))
    except SyntaxError:
        lines = enumerate(code.split("\n"), 1)
        yield from ((number, line.lstrip("# ")) for number, line in lines if line.lstrip().startswith("#"))
        return
    for token in found:
        if token.type == tokenize.COMMENT:
            before = token.line[: token.start[1]].strip()
            yield token.start[0], ("... " if before == "..." else "") + token.string.lstrip("# ")


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
        files = tuple(_files(text.replace("\r\n", "\n").split("\n")))
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


def _files(lines: list[str]) -> Iterator[SourceFile]:
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
        if _closes_fence(lines[index], mark):
            below = _next(lines, index + 1)
            if len(mark) > _SHORT_FENCE or below == len(lines) or below in starts:
                return index
            fallback = index if fallback is None else fallback
    if fallback is None:
        raise InvalidAnswerError(f"The block of `{path}` is incomplete: it has no closing fence.")
    return fallback


def _closes_fence(line: str, mark: str) -> bool:
    text = line.strip()
    return len(text) >= len(mark) and not text.strip(mark[0])


def _next(lines: list[str], index: int) -> int:
    """The index of the next line that is not empty; after the last line if there is none."""
    return next((number for number in range(index, len(lines)) if lines[number].strip()), len(lines))


def _text(lines: list[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return f"{text}\n" if text else ""
