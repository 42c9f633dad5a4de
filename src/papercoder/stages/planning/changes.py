"""Changes of a planning artifact: what differs, instead of the whole artifact again."""

from collections.abc import Mapping
from typing import ClassVar, TypeVar

from pydantic import ValidationError

from papercoder.artifacts import Artifact, ConfigValue, FileLogic, FilePlan

A = TypeVar("A", bound=Artifact)


class ChangeError(ValueError):
    """A change does not fit the artifact. Its message is sent to the model."""


class TextEdit(Artifact):
    """A change in a text, or in a list of texts."""

    field: str
    """The name of the field, such as `approach` or `unclear`."""

    search: str = ""
    """Words of the field, copied character by character, that occur in it once; empty to add at its end."""

    replace: str
    """What replaces them; a list's text that becomes empty is dropped."""


class Changes(Artifact):
    """Changes of an artifact that has named parts; what is not mentioned stays."""

    drop: tuple[str, ...] = ()
    """Names of the parts to remove: paths of files, or keys of settings."""

    parts: ClassVar[tuple[str, str, str]]
    """What a part is, the field with the parts, and the field with a part's name."""


class TextChanges(Changes):
    """Changes of an artifact that has texts beside its parts."""

    edits: tuple[TextEdit, ...] = ()


class ArchitectureChanges(TextChanges):
    """Changes of an architecture."""

    parts = ("file", "files", "path")
    files: tuple[FilePlan, ...] = ()
    """Files to add, or to replace by their path, each in full."""


class LogicChanges(TextChanges):
    """Changes of a logic design."""

    parts = ("file", "files", "path")
    files: tuple[FileLogic, ...] = ()
    """Files to add, or to replace by their path, each in full."""


class ConfigChanges(Changes):
    """Changes of a configuration."""

    parts = ("setting", "values", "key")
    values: tuple[ConfigValue, ...] = ()
    """Values to add, or to replace by their key, each in full."""


def apply_changes(artifact: A, changes: Changes) -> A:
    """The artifact with the changes.

    Raises:
        ChangeError: a name or the words to replace are not in the artifact, or the result is invalid.
    """
    fields: dict[str, object] = dict(artifact)
    for edit in changes.edits if isinstance(changes, TextChanges) else ():
        fields[edit.field] = _edited(fields, edit)
    _, name, key = changes.parts
    kept = {getattr(item, key): item for item in getattr(artifact, name)}
    for dropped in changes.drop:
        if kept.pop(dropped, None) is None:
            raise ChangeError(f"`{dropped}` cannot be dropped; there is no such {key}.")
    kept |= {getattr(item, key): item for item in getattr(changes, name)}
    fields[name] = tuple(kept.values())
    try:
        return type(artifact).model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ChangeError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _edited(fields: Mapping[str, object], edit: TextEdit) -> object:
    """The field's text or list of texts after an edit."""
    old = fields.get(edit.field)
    if isinstance(old, str):
        return _replaced(old, edit) if edit.search else f"{old.rstrip()}\n\n{edit.replace}".strip()
    if not isinstance(old, tuple) or not all(isinstance(text, str) for text in old):
        texts = ", ".join(name for name, value in fields.items() if isinstance(value, str))
        raise ChangeError(f"`{edit.field}` is not a text of the artifact; its texts are {texts}.")
    if not edit.search:
        return (*old, edit.replace)
    places = [index for index, text in enumerate(old) if edit.search in text]
    if len(places) != 1:
        raise ChangeError(f"{len(places)} texts of `{edit.field}` contain {edit.search!r}; copy words of exactly one.")
    before, after = old[: places[0]], old[places[0] + 1 :]
    changed = _replaced(old[places[0]], edit)
    return (*before, changed, *after) if changed else (*before, *after)


def _replaced(text: str, edit: TextEdit) -> str:
    if text.count(edit.search) != 1:
        raise ChangeError(f"`{edit.field}` contains {edit.search!r} {text.count(edit.search)} times, not once.")
    return text.replace(edit.search, edit.replace)
