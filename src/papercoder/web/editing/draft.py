"""A draft: an artifact while it is edited, with the fields of its form, derived from its type. Values may be wrong."""

import json
import math
import re
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import JsonValue, ValidationError
from pydantic.fields import FieldInfo

from papercoder.artifacts import Artifact, Value
from papercoder.errors import ArtifactError
from papercoder.runs.folder import artifact_text, parse_artifact

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


_NAMES = ("id", "key", "name", "path", "anchor")
"""Fields that name an item, the best first."""

_UNIQUE = ("id", "key", "name", "path")
_NEEDED = ("method", "metric", "path", "statement")
"""Texts of an item that must not be empty."""

_UNDO = 50
"""Changes that can be undone."""


class Draft:
    """The JSON of an artifact, and what was typed and is no value."""

    def __init__(
        self, artifact: str, kind: type[Artifact], text: str, is_quote: Callable[[str], bool] = lambda _: False
    ) -> None:
        """Open the text of an artifact.

        Args:
            artifact: its name.
            kind: its type.
            text: its text.
            is_quote: whether the paper says these words.

        Raises:
            ArtifactError: it is not valid.
        """
        self._is_quote = is_quote
        self.artifact, self.kind, self.text_before = artifact, kind, text
        opened = parse_artifact(artifact, kind, text)
        assert isinstance(opened, Artifact)
        self._opened = opened
        self.data: Any = opened.model_dump(mode="json")
        self.before: Any = deepcopy(self.data)
        self._typed: dict[str, str] = {}
        """Path -> what is wrong with what was typed there."""

        self._history: list[tuple[Any, dict[str, str]]] = []

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the opened text."""
        return bool(self._typed) or self.data != self.before

    def text(self) -> str:
        """The text of the artifact; the opened one if nothing changed.

        Raises:
            ArtifactError: a value is not valid.
        """
        if errors := self.errors():
            raise ArtifactError(f"Correct {'the marked field' if len(errors) == 1 else 'the marked fields'} first.")
        value = self.kind.model_validate(self.data)
        return self.text_before if value == self._opened else artifact_text(value, self.kind)

    def at(self, path: str) -> Any:
        """The value at a path such as `items.3.statement`.

        Raises:
            ArtifactError: there is none.
        """
        found: Any = self.data
        try:
            for part in path.split("."):
                found = found[int(part)] if isinstance(found, list) else found[part]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ArtifactError(f"{self.artifact} has no value at {path[:100]!r}.") from error
        return found

    def kind_at(self, path: str) -> type[Artifact]:
        """The type of the artifact at a path, such as `items.3` or `items`; empty: that of the whole."""
        kind = self.kind
        for part in path.split(".") if path else ():
            if not part.isdecimal():
                item = next((field.item for field in fields_of(kind) if field.name == part), None)
                if item is None:
                    raise ArtifactError(f"{self.artifact} has no items at {path[:100]!r}.")
                kind = item
        return kind

    def set(self, path: str, typed: str) -> bool:
        """Set the value of a field to what was typed; False if that changes nothing."""
        above, _, name = path.rpartition(".")
        field = next((each for each in fields_of(self.kind_at(above)) if each.name == name), None)
        if field is None or field.kind == "items":
            raise ArtifactError(f"{self.artifact} has no field {path[:100]!r}.")
        item = self.at(above) if above else self.data
        value, problem = item[name], ""
        try:
            value = parse(field, typed, self._sample(field, path, item[name]))
        except ValueError as error:
            problem = str(error)
        if value == item[name] and problem == self._typed.get(path, ""):
            return False
        self.remember()
        item[name] = value
        self._typed.pop(path, None)
        if problem:
            self._typed[path] = problem
        if name == "quote" and "quote_found" in self.kind_at(above).model_fields:
            item["quote_found"] = not item[name] or self._is_quote(item[name])
        return True

    def _sample(self, field: Field, path: str, value: JsonValue) -> JsonValue:
        """A value whose type a typed value must have: the one before; for a smoke value, the full one."""
        if field.kind == "value" and value is None and path.endswith(".smoke"):
            full: JsonValue = self.at(path.removesuffix("smoke") + "value")
            return full
        return value

    def add(self, path: str) -> int:
        """Add an empty item to a list; returns its index."""
        items, kind = self.at(path), self.kind_at(path)
        self.remember()
        item = blank(kind)
        if has_numbered_ids(kind):
            letter = items[0]["id"][0] if items else kind.__name__[0]
            item["id"] = f"{letter}{max((int(each['id'][1:]) for each in items), default=0) + 1}"
        if "alternatives" in item:
            item["status" if "status" in item else "source"] = "assumed"
        items.append(item)
        return len(items) - 1

    def remove(self, path: str) -> None:
        """Remove an item of a list."""
        above, _, index = path.rpartition(".")
        items = self.at(above)
        self.at(path)
        self.remember()
        del items[int(index)]
        self._typed = {each: error for each, error in self._typed.items() if not each.startswith(f"{above}.")}

    def use(self, path: str, number: int) -> None:
        """Choose an alternative of the item at a path; the former choice becomes an alternative.

        Raises:
            ArtifactError: it is not a value of this kind, or there is no such alternative.
        """
        item, chosen = self.at(path), self.at(f"{path}.alternatives.{number}")
        name = "statement" if "statement" in item else "value"
        value = usable(item, chosen)
        if value is None:
            raise ArtifactError(f"“{chosen}” is not a value of this kind. Type the value that it means.")
        self.remember()
        item["alternatives"][number] = show_value(item[name])  # in its place, so that a second click takes it back
        item[name] = value
        self._typed.pop(f"{path}.{name}", None)
        if "supported_by" in item:
            item["supported_by"] = ""

    def remember(self) -> None:
        """Keep the present state, so that the next change can be undone."""
        self._history = [*self._history[1 - _UNDO :], (deepcopy(self.data), dict(self._typed))]

    def undo(self) -> bool:
        """Take back the last change; False if there is none."""
        if not self._history:
            return False
        self.data, self._typed = self._history.pop()
        return True

    def errors(self) -> dict[str, str]:
        """Path -> what is wrong there."""
        found = dict(_problems(self.data, ""))
        try:
            self.kind.model_validate(self.data)
        except ValidationError as error:
            for each in error.errors(include_url=False, include_context=False):
                found.setdefault(".".join(map(str, each["loc"])), _message(each["type"], each["msg"]))
        return found | self._typed

    def changes(self) -> tuple[str, ...]:
        """The names of what differs from the opened text."""
        found: list[str] = []
        for field in fields_of(self.kind):
            now, before = self.data[field.name], self.before[field.name]
            if field.kind != "items":
                found += [field.label.lower()] if now != before else []
                continue
            old = {name_of(item): item for item in before}
            new = {name_of(item): item for item in now}
            found += [name or "a new one" for name, item in new.items() if old.get(name) != item]
            found += [f"{name} removed" for name in old if name not in new]
        return tuple(found)

    def is_item_changed(self, path: str) -> bool:
        """Whether the item at a path differs from the one of this name in the opened text."""
        field, item = path.split(".", maxsplit=1)[0], self.at(path)
        return item not in self.before[field]


def name_of(item: dict[str, Any]) -> str:
    """The name of an item: its id, key, name or path."""
    return next((str(item[name]) for name in _NAMES if item.get(name)), "")


def usable(item: dict[str, Any], alternative: str) -> JsonValue:
    """The value that an alternative of an item means; None if it is only described in words."""
    if "statement" in item:
        return alternative
    try:
        return parse_value(alternative.strip(), item["value"])
    except ValueError:
        return None


def _problems(data: Any, path: str) -> Iterator[tuple[str, str]]:
    """Path -> what is wrong with an item: its name is that of another one, or something is missing."""
    for field, value in data.items() if isinstance(data, dict) else ():
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            continue
        for name in _UNIQUE:
            counts = Counter(item.get(name) for item in value if item.get(name))
            for index, item in enumerate(value):
                if counts[item.get(name)] > 1:
                    yield f"{path}{field}.{index}.{name}", "Another one has this name too."
        for index, item in enumerate(value):
            here = f"{path}{field}.{index}."
            yield from ((f"{here}{name}", "Write something here.") for name in _NEEDED if item.get(name) == "")
            if item.get("status", "assumed") != "assumed" and not item.get("quote"):
                yield f"{here}quote", "Quote the paper, or choose the status “assumed”."
            yield from _problems(item, here)


def _message(kind: str, message: str) -> str:
    """What pydantic says, in a sentence for people."""
    if kind == "string_pattern_mismatch":
        return "This is not of the form that is described below."
    if kind == "too_short":
        return "At least one is needed."
    return message.removeprefix("Value error, ").removeprefix("Input should be ").capitalize() + "."
