"""The formats of answers: what a model is asked for, and how its answer is read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from papercoder.agents.json_text import read_object
from papercoder.artifacts import Artifact

T_co = TypeVar("T_co", covariant=True)
A = TypeVar("A", bound=Artifact)


class InvalidAnswerError(ValueError):
    """The answer does not have the format that was asked for. Its message is sent to the model, which tries again."""


Correction = Literal["patch", "edits", ""]
"""How a rejected answer is corrected: by a JSON patch, by SEARCH/REPLACE edits, or by writing it again."""


class Format(Protocol[T_co]):
    """A format of answers."""

    @property
    def correction(self) -> Correction:
        """How an answer in this format is corrected."""

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
    def correction(self) -> Correction:
        """A patch of the wrong entries."""
        return "patch"

    @property
    def instructions(self) -> str:
        """The artifact's type; its comments are the docstrings of the fields."""
        return (
            f"Answer with one JSON object of the type `{self.kind.__name__}` and nothing else. Fields with `?` may be "
            "left out; there are no others. Inside strings, write every backslash of a formula twice.\n\n"
            f"```typescript\n{type_outline(self.kind)}\n```"
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


@cache
def type_outline(kind: type[Artifact]) -> str:
    """An artifact's schema as TypeScript types, which take less than half the tokens of a JSON schema."""
    schema = kind.model_json_schema()
    types = {kind.__name__: schema, **schema.get("$defs", {})}
    return "\n\n".join("\n".join(_type_lines(name, found, types)) for name, found in types.items())


def _type_lines(name: str, schema: dict[str, Any], types: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The lines of a type; of the fields that it has from another of these types, only the name of that type."""
    fields, required = schema.get("properties", {}), schema.get("required", ())
    bases = [key for key, other in types.items() if key != name and _is_part(other, schema)]
    base = max(bases, key=lambda key: len(types[key]["properties"]), default="")
    yield f"type {name} = {base and f'{base} & '}{{{_comment(schema)}"
    for field, found in fields.items():
        if not base or field not in types[base]["properties"]:
            yield f"  {field}{'' if field in required else '?'}: {_type(found)};{_comment(found)}"
    yield "};"


def _is_part(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the second type has all fields of the first, with the same meaning, and more."""
    some, fields = one.get("properties", {}), other.get("properties", {})
    required = {name for name in other.get("required", ()) if name in some} == set(one.get("required", ()))
    return 1 < len(some) < len(fields) and required and all(fields.get(name) == some[name] for name in some)


def _comment(schema: dict[str, Any]) -> str:
    """What a type or field means, and its default and pattern if it has one that says something."""
    default = f"Default: {json.dumps(schema['default'])}." if schema.get("default") else ""
    pattern = f"Pattern: {schema['pattern']}" if "pattern" in schema else ""
    said = " ".join(f"{schema.get('description', '')} {default} {pattern}".split())
    return f"  // {said}" if said else ""


def _type(schema: dict[str, Any]) -> str:
    match schema:
        case {"$ref": str(name)}:
            return name.rpartition("/")[2]
        case {"const": value}:
            return json.dumps(value)
        case {"enum": values}:
            return " | ".join(map(json.dumps, values))
        case {"anyOf": choices}:
            return " | ".join(map(_type, choices))
        case {"type": "array", "items": item}:
            inner = _type(item)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case {"type": "object", "additionalProperties": dict(item)}:
            return f"Record<string, {_type(item)}>"
        case _:
            return str(schema.get("type", "unknown"))


def _problems(error: ValidationError, limit: int = 12) -> Iterator[str]:
    for issue in error.errors()[:limit]:
        yield f"{'.'.join(map(str, issue['loc'])) or 'the object'}: {issue['msg']}"


@dataclass(frozen=True)
class Prose:
    """Markdown."""

    @property
    def correction(self) -> Correction:
        """Edits of the wrong lines."""
        return "edits"

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
