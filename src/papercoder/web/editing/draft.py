"""A draft: an artifact while it is edited as a form. Its values may be invalid for a while."""

from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from pydantic import JsonValue, ValidationError

from papercoder.artifacts import Artifact
from papercoder.errors import ArtifactError
from papercoder.runs.folder import artifact_text, parse_artifact
from papercoder.web.editing.fields import Field, blank, fields_of, has_numbered_ids, parse, parse_value, show_value

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
        others = [each for at, each in enumerate(item["alternatives"]) if at != number]
        item["alternatives"] = [*others, show_value(item[name])]
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
