"""Corrections: a rejected answer is corrected where it is wrong, instead of being written again in full."""

import json
from typing import Any, Literal

from pydantic import ValidationError

from papercoder.agents.answers import Correction, InvalidAnswerError
from papercoder.agents.edits import SearchReplace, apply
from papercoder.agents.json_text import read_object
from papercoder.artifacts import Artifact, Edits, SourceFile

_NAMES = ("id", "requirement", "key", "path", "name", "anchor")
"""The fields by which a patch may name an item of a list."""

_REMOVED = object()
_ANSWER = "answer"
"""The path of the answer in its edits."""


class Operation(Artifact):
    """An operation of a JSON patch (RFC 6902). Indices of all operations count in the answer before the patch."""

    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = None


class Patch(Artifact):
    """A JSON patch."""

    patch: tuple[Operation, ...]


def corrected(correction: Correction, former: str, text: str) -> str:
    """The former answer with the corrections in a text; the text itself if it is a whole answer.

    Raises:
        InvalidAnswerError: the corrections do not fit the former answer.
    """
    if correction == "edits" and "<<<<<<< SEARCH" in text:
        edits = SearchReplace().read(text).edits
        in_answer = Edits(edits=tuple(edit.model_copy(update={"path": _ANSWER}) for edit in edits))
        return apply((SourceFile(path=_ANSWER, text=former),), in_answer)[0].text
    if correction == "patch":
        return _patched(former, text)
    return text


def is_patchable(text: str) -> bool:
    """Whether an answer is a JSON object, so that a patch can correct it."""
    return isinstance(_object(text), dict)


def _object(text: str) -> object:
    try:
        return read_object(text)
    except (ValueError, RecursionError):
        return None


def _patched(former: str, text: str) -> str:
    given = _object(text)
    if not isinstance(given, dict) or set(given) != {"patch"}:
        return text
    document = _object(former)
    if not isinstance(document, dict):
        raise InvalidAnswerError("There is no JSON object to patch; answer in full.")
    try:
        patch = Patch.model_validate(given)
    except ValidationError as error:
        raise InvalidAnswerError(f"The patch is invalid: {error.errors(include_url=False)[0]['msg']}.") from error
    for operation in patch.patch:
        _operate(document, operation)
    return json.dumps(_without_removed(document), ensure_ascii=False)


def _operate(document: object, operation: Operation) -> None:
    *above, last = [part.replace("~1", "/").replace("~0", "~") for part in operation.path.strip("/").split("/")]
    target = document
    for part in above:
        target = _child(target, part, operation)
    value = _REMOVED if operation.op == "remove" else operation.value
    if isinstance(target, list) and operation.op == "add":
        target.append(value)  # at the end, so that the other indices stay; the order of items means nothing
    elif isinstance(target, dict):
        if operation.op != "add":
            _child(target, last, operation)
        target[last] = value
    elif isinstance(target, list):
        target[_index(target, last, operation)] = value
    else:
        raise _nowhere(operation)


def _child(target: object, part: str, operation: Operation) -> object:
    if isinstance(target, dict) and part in target:
        return target[part]
    if isinstance(target, list):
        return target[_index(target, part, operation)]
    raise _nowhere(operation)


def _index(items: list[Any], part: str, operation: Operation) -> int:
    """The index of an item, which is given as a number or by its id, key or path."""
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    named = [
        index
        for index, item in enumerate(items)
        if isinstance(item, dict) and part in [item.get(name) for name in _NAMES]
    ]
    if len(named) != 1:
        raise _nowhere(operation)
    return named[0]


def _nowhere(operation: Operation) -> InvalidAnswerError:
    return InvalidAnswerError(f"The patch's path `{operation.path}` is not in the answer.")


def _without_removed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_removed(item) for key, item in value.items() if item is not _REMOVED}
    if isinstance(value, list):
        return [_without_removed(item) for item in value if item is not _REMOVED]
    return value
