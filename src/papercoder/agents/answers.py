"""The formats of answers: what a model is asked for, and how its answer is read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from papercoder.agents.json_text import read_object
from papercoder.artifacts import Artifact

T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A", bound=Artifact)


class InvalidAnswerError(ValueError):
    """The answer does not have the format that was asked for. Its message is sent to the model, which tries again."""


class Format(Protocol[T_co]):
    """A format of answers."""

    @property
    def instructions(self) -> str:
        """What the prompt says about the format."""

    def read(self, text: str) -> T_co:
        """Return the answer's content.

        Raises:
            InvalidAnswerError: it does not have this format.
        """


@dataclass(frozen=True)
class Json(Generic[A]):
    """One JSON object that is valid for an artifact's schema."""

    kind: type[A]

    @property
    def instructions(self) -> str:
        """The JSON schema; its descriptions are the docstrings of the artifact's fields."""
        schema = json.dumps(_without_titles(self.kind.model_json_schema()), ensure_ascii=False)
        return (
            "Answer with one JSON object and nothing else. Inside strings, write every backslash of a formula twice. "
            f"The object must be valid for this JSON schema:\n\n```json\n{schema}\n```"
        )

    def read(self, text: str) -> A:
        """Return the artifact.

        Raises:
            InvalidAnswerError: the JSON is broken, cut, or does not fit the schema.
        """
        try:
            found = read_object(text)
            json.dumps(found, ensure_ascii=False).encode()  # fails on half a surrogate pair, which no file can hold
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise InvalidAnswerError(f"The JSON is invalid at {where}: {error.msg}.") from error
        except (ValueError, RecursionError) as error:
            raise InvalidAnswerError(f"The JSON cannot be parsed: {error}.") from error
        if found is None:
            raise InvalidAnswerError("The answer has no JSON object.")
        try:
            return TypeAdapter(self.kind).validate_python(found)
        except ValidationError as error:
            raise InvalidAnswerError("\n".join(_problems(error))) from error


def _without_titles(schema: object) -> object:
    """The schema without titles, which only repeat the names."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)
        }
    return [_without_titles(value) for value in schema] if isinstance(schema, list) else schema


def _problems(error: ValidationError, limit: int = 12) -> Iterator[str]:
    for issue in error.errors()[:limit]:
        yield f"{'.'.join(map(str, issue['loc'])) or 'the object'}: {issue['msg']}"


@dataclass(frozen=True)
class Prose:
    """Markdown."""

    @property
    def instructions(self) -> str:
        """One sentence."""
        return "Answer in Markdown, with nothing before or after it."

    def read(self, text: str) -> str:
        """Return the text.

        Raises:
            InvalidAnswerError: it is empty.
        """
        if not text.strip():
            raise InvalidAnswerError("The answer is empty.")
        return text.strip() + "\n"
