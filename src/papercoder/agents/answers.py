"""How an agent's answer is read: what is asked for, and what makes it unfit."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from papercoder.artifacts import Artifact
from papercoder.repository.syntax import parse

T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A", bound=Artifact)


class InvalidAnswerError(ValueError):
    """The answer does not have the form that was asked for; its text goes back to the model."""


class Format(Protocol[T_co]):
    """A form of answer."""

    @property
    def instructions(self) -> str:
        """What the prompt says of the form."""

    def read(self, text: str) -> T_co:
        """The answer's content.

        Raises:
            UnfitError: it does not have this form.
        """


@dataclass(frozen=True)
class Json(Generic[A]):
    """One JSON object that fits an artifact's schema."""

    kind: type[A]

    @property
    def instructions(self) -> str:
        """The schema, whose descriptions are the docstrings of the artifact's fields."""
        schema = json.dumps(_untitled(self.kind.model_json_schema()), ensure_ascii=False)
        return (
            "Answer with one JSON object and nothing else. Inside strings, write every backslash of a formula twice. "
            f"The object fits this JSON schema:\n\n```json\n{schema}\n```"
        )

    def read(self, text: str) -> A:
        """The artifact."""
        try:
            return TypeAdapter(self.kind).validate_python(_restored(_loads(text)))
        except InvalidAnswerError:
            raise
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise InvalidAnswerError(f"The JSON is broken at {where}: {error.msg}.") from error
        except ValidationError as error:
            raise InvalidAnswerError("\n".join(_complaints(error))) from error
        except (ValueError, RecursionError) as error:
            raise InvalidAnswerError(f"The JSON cannot be read: {error}.") from error


_DECODER = json.JSONDecoder(strict=False)
_SINGLE = re.compile(r'(?<!\\)((?:\\\\)*)\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
"""A formula's backslash written once: `\alpha` is no JSON escape."""


def _untitled(schema: object) -> object:
    """A schema without the titles that only repeat its names."""
    if isinstance(schema, dict):
        return {key: _untitled(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)}
    return [_untitled(value) for value in schema] if isinstance(schema, list) else schema


def _loads(text: str) -> object:
    """The first object that can be decoded, with what surrounds it left aside."""
    problem: json.JSONDecodeError | None = None
    for candidate in _objects(text):
        for spelling in (candidate, _SINGLE.sub(r"\1\\\\", candidate)):
            try:
                return _DECODER.raw_decode(spelling)[0]
            except json.JSONDecodeError as error:
                problem = problem or error
    raise problem or InvalidAnswerError("There is no JSON object in the answer.")


def _objects(text: str) -> Iterator[str]:
    """From where an object may start, the likeliest first: in a fence, at the start of a line, anywhere."""
    for pattern in (r"^\s*(?:```|~~~)\w*\s*\{", r"^\s*\{", r"\{"):
        if start := re.search(pattern, text, re.MULTILINE):
            yield text[start.end() - 1 :]


_EATEN = {"\b": r"\b", "\f": r"\f", "\t": r"\t", "\r": r"\r"}


def _restored(value: object) -> object:
    r"""Give back the backslash that JSON took from `\beta`, `\frac`, `\theta` and `\rho` written with one."""
    if isinstance(value, str):
        value.encode()  # half of a surrogate pair could be written nowhere
        return re.sub(r"[\b\f\t\r](?=[a-zA-Z])", lambda found: _EATEN[found[0]], value)
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if isinstance(value, dict):
        return {key: _restored(item) for key, item in value.items()}
    return value


def _complaints(error: ValidationError, most: int = 12) -> Iterator[str]:
    for issue in error.errors()[:most]:
        yield f"{'.'.join(map(str, issue['loc'])) or 'the object'}: {issue['msg']}"


@dataclass(frozen=True)
class Prose:
    """Markdown."""

    @property
    def instructions(self) -> str:
        """Plain words."""
        return "Answer in Markdown, with nothing before or after it."

    def read(self, text: str) -> str:
        """The text."""
        if not text.strip():
            raise InvalidAnswerError("The answer is empty.")
        return text.strip() + "\n"


@dataclass(frozen=True)
class Python:
    """One Python file as plain text in a fence."""

    @property
    def instructions(self) -> str:
        """A single fenced block."""
        return "Answer with the whole file in one fenced block that starts with ```python, and nothing else."

    def read(self, text: str) -> str:
        """The code; fences inside its strings are its own.

        Raises:
            UnfitError: there is no code, or it has a syntax error.
        """
        candidates = list(_fenced(text)) or [text]
        code = next((code for code in candidates if code.strip() and _syntax_error(code) is None), None)
        if code is not None:
            return code.strip("\n") + "\n"
        raise InvalidAnswerError(_syntax_error(max(candidates, key=len)) or "The answer holds no code.")


_FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*([\w.+-]*)[^`]*$")


def _fenced(text: str) -> Iterator[str]:
    """What the fences may hold, those called Python first: each up to its first possible end, its second, and so on."""
    lines = text.replace("\r\n", "\n").split("\n")
    openings = [(index, found) for index, line in enumerate(lines) if (found := _FENCE.match(line))]
    for index, opening in sorted(openings, key=lambda item: not item[1][2].lower().startswith("py")):
        yield from _up_to_an_end(lines[index + 1 :], opening[1])


def _up_to_an_end(lines: list[str], mark: str) -> Iterator[str]:
    ends = [index for index, line in enumerate(lines) if line.strip().strip(mark[0]) == "" and mark in line]
    for end in ends or [len(lines)]:
        yield "\n".join(lines[:end])


def _syntax_error(code: str) -> str | None:
    try:
        parse(code)
    except SyntaxError as error:
        return f"The code has a syntax error{f' at line {error.lineno}' if error.lineno else ''}: {error.msg}."
    return None
