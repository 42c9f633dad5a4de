"""The fields of a form, derived from the type of an artifact, and the values that people type into them."""

import json
import math
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import JsonValue
from pydantic.fields import FieldInfo

from papercoder.artifacts import Artifact
from papercoder.artifacts.planning import Value

FieldKind = Literal["line", "number", "whole", "flag", "choice", "lines", "items", "value"]
"""`lines`: a list of texts, one a line. `items`: a list of artifacts. `value`: a value of a configuration."""

_DERIVED = frozenset({"id_found", "printed", "quote_found", "supported_by"})
"""Fields that follow from others."""

_LONG = frozenset({"implements", "purpose", "quote", "statement", "text"})
_LONGER_THAN = 70
"""Characters; a longer text gets several lines."""


@dataclass(frozen=True)
class Field:
    """A field of a form."""

    name: str
    kind: FieldKind
    help: str
    """What it means, from the artifact's docstring."""

    choices: tuple[str, ...] = ()
    is_optional: bool = False
    """Empty is allowed, and means None."""

    item: type[Artifact] | None = None
    """The type of its items."""

    @property
    def label(self) -> str:
        """Its name in words."""
        return self.name.replace("_", " ").capitalize()

    def is_long(self, value: JsonValue) -> bool:
        """Whether a text needs several lines."""
        return self.name in _LONG or len(str(value)) > _LONGER_THAN or "\n" in str(value)


@cache
def fields_of(kind: type[Artifact]) -> tuple[Field, ...]:
    """The fields of a form for this type, without ids and what follows from other fields."""
    return tuple(
        _field(name, info)
        for name, info in kind.model_fields.items()
        if name not in _DERIVED and not (name == "id" and has_numbered_ids(kind))
    )


def has_numbered_ids(kind: type[Artifact]) -> bool:
    """Whether the ids of this type are a letter and a number, such as `R1`."""
    info = kind.model_fields.get("id")
    return info is not None and any(getattr(each, "pattern", None) for each in info.metadata)


def _field(name: str, info: FieldInfo) -> Field:
    help_text = " ".join((info.description or "").replace("`", "").split())
    if info.annotation == Value:
        return Field(name, "value", help_text)
    annotation, is_optional = _without_none(info.annotation)
    kind, choices, item = _kind_of(annotation)
    return Field(name, kind, help_text, choices, is_optional, item)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """The annotation without None and metadata, and whether it allowed None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, types.UnionType}:
        rest = [each for each in get_args(annotation) if each is not type(None)]
        return _without_none(rest[0])[0], len(rest) < len(get_args(annotation))
    return annotation, False


def _kind_of(annotation: Any) -> tuple[FieldKind, tuple[str, ...], type[Artifact] | None]:
    if get_origin(annotation) is Literal:
        return "choice", tuple(map(str, get_args(annotation))), None
    if get_origin(annotation) is tuple:
        item, _ = _without_none(get_args(annotation)[0])
        return ("items", (), item) if isinstance(item, type) and issubclass(item, Artifact) else ("lines", (), None)
    kinds: Mapping[Any, FieldKind] = {bool: "flag", int: "whole", float: "number"}
    return kinds.get(annotation, "line"), (), None


def blank(kind: type[Artifact]) -> dict[str, JsonValue]:
    """A new item of this type, with its defaults and the first of all choices; it need not be valid."""
    values: dict[str, JsonValue] = {}
    for name, info in kind.model_fields.items():
        if not info.is_required():
            default = info.get_default(call_default_factory=True)
            values[name] = list(default) if isinstance(default, tuple) else default
            continue
        field = _field(name, info)
        starts: dict[FieldKind, JsonValue] = {"flag": False, "whole": 0, "number": 0.0, "lines": [], "items": []}
        values[name] = field.choices[0] if field.choices else starts.get(field.kind, "")
    return values


def parse(field: Field, typed: str, before: JsonValue) -> JsonValue:
    """The value of what was typed into a field.

    Raises:
        ValueError: it is not a value of this field; says what to write.
    """
    text = typed.strip()
    if field.is_optional and not text:
        return None
    match field.kind:
        case "lines":
            return [line.strip() for line in typed.splitlines() if line.strip()]
        case "flag":
            return text == "true"
        case "whole" | "number":
            number = parse_number(text)
            if number is None:
                raise ValueError("Write a number, such as 0.05 or 1e-4.")
            if field.kind == "whole" and not isinstance(number, int):
                raise ValueError("Write a whole number.")
            return number
        case "value":
            return parse_value(text, before)
        case _:
            return typed.replace("\r\n", "\n")


def parse_number(text: str) -> int | float | None:
    """A finite number; None if the text is none."""
    try:
        number = int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text.replace("_", "x"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def parse_value(text: str, before: JsonValue) -> JsonValue:
    """A value of a configuration, of the same type as the one before.

    Raises:
        ValueError: it is of another type.
    """
    if isinstance(before, bool):
        if text.lower() not in {"true", "false"}:
            raise ValueError("Write true or false.")
        return text.lower() == "true"
    if isinstance(before, int | float):
        number = parse_number(text)
        if number is None:
            raise ValueError("Write a number, such as 0.05 or 1e-4.")
        return float(number) if isinstance(before, float) else number
    if isinstance(before, list):
        return _parse_list(text, before)
    if before is None:
        return _parse_any(text)
    return text


def _parse_list(text: str, before: list[JsonValue]) -> JsonValue:
    parts = [part.strip() for part in text.strip().removeprefix("[").removesuffix("]").split(",")]
    sample = before[0] if before else None
    try:
        return [parse_value(part.strip("\"'"), sample) for part in parts if part]
    except ValueError as error:
        raise ValueError("Write values of the same kind with commas between them, such as 2, 5, 10.") from error


def _parse_any(text: str) -> JsonValue:
    """A value whose type is not known: as JSON, else the text."""
    if text in {"", "null"}:
        return None
    number = parse_number(text)
    if number is not None:
        return number
    try:
        found: JsonValue = json.loads(text.lower() if text in {"True", "False"} else text)
    except ValueError:
        return text
    return text if isinstance(found, dict) else found


def show_value(value: JsonValue) -> str:
    """A value as it is typed into a field."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}" if float(f"{value:g}") == value else repr(value)
        case list():
            return ", ".join(map(show_value, value))
        case _:
            return str(value)
