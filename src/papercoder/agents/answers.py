"""Answer formats: what a model is asked for, and how its answer is parsed, including JSON with mistakes.

Strict JSON is decoded by the standard library. Otherwise `json_repair` gets its turn, but it also completes cut
objects, drops items, and keeps only the last of two equal keys. Its result is therefore used only if our own tokens
show that the object is complete and that every key and value of the source is in the result, in the same order.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Literal, Protocol, TypeVar

import json_repair
from pydantic import TypeAdapter, ValidationError

from papercoder.artifacts import Artifact

_CERTAIN = "abla|eq|eg|ot|otin|leq|geq|cong|atural|earrow|warrow|ewline|olimits|onumber|orm|ormalsize|um|icefrac"
r"""LaTeX commands that start with n, without the n. None of these is a word, so `\nabla` is never a new line."""

_LATEX = re.compile(
    r"(?<!\\)((?:\\\\)*)\\"  # an odd number of backslashes, then
    r"""(?:(?!["'\\/bfnrtu])"""  # what JSON does not escape: \alpha, \{
    r"|(?=[bfrt][a-zA-Z])"  # \beta, \frac, \rho, \theta: a model never means the control character
    r"|(?=u(?![0-9a-fA-F]{4}))"  # \upsilon
    rf"|(?=n(?:{_CERTAIN})(?![a-zA-Z])))"
)
_NU_OR_NE = re.compile(r"(?<!\\)((?:\\\\)*)\\(?=n[ue](?![a-zA-Z]))")


def read_object(text: str) -> object:
    """Return the first JSON object in a text; None if there is none.

    Raises:
        json.JSONDecodeError: the object is broken or cut.
        ValueError: a key occurs twice, or a number is too large.
        RecursionError: it is nested too deeply.
    """
    problem: json.JSONDecodeError | None = None
    for candidate in _candidates(text):
        source = _double_latex_backslashes(candidate)
        try:
            return _DECODER.raw_decode(source)[0]
        except json.JSONDecodeError as error:
            problem = problem or error
        found = _repair(source)
        if found is not None:
            return found
    if problem:
        raise problem
    return None


def _double_latex_backslashes(source: str) -> str:
    r"""Write the backslash of LaTeX commands twice where a model wrote it once.

    `\nu` and `\ne` could also be a line break before a word. They are taken for LaTeX if another command in the text
    has a single backslash, or between dollar signs.
    """
    is_single = _LATEX.search(source) is not None

    def double(found: re.Match[str]) -> str:
        is_math = source.count("$", source.rfind('"', 0, found.start()) + 1, found.start()) % 2
        return f"{found[0]}\\" if is_single or is_math else found[0]

    return _LATEX.sub(r"\1\\\\", _NU_OR_NE.sub(double, source))


def _candidates(text: str) -> Iterator[str]:
    """Where an object may start, most likely first: in a fence, at the start of a line, before a key, anywhere."""
    for pattern in (r"^\s*(?:```|~~~)\w*\s*\{", r"^\s*\{", _BEFORE_KEY, r"\{"):
        if start := re.search(pattern, text, re.MULTILINE):
            yield text[start.end() - 1 :]


_BEFORE_KEY = r"\{(?=\s*(?:[\"'“‘]|\w+\s*:))"
"""Unlike the brace of a set in the prose around it."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key `{next(key for key in keys if keys.count(key) > 1)}` occurs twice in one object")
    return found


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_unique)

# A quote ends a string only if a delimiter follows, so that 'it's' is one string.
_END = r"(?=\s*(?:[,:)\]}/#]|$))"
_TOKEN = re.compile(
    r"(?P<blank>\s+|,)"
    r"|(?P<comment>//[^\n]*|\#[^\n]*|/\*.*?\*/)"
    r'|(?P<string>"""(?:[^\\]|\\.)*?"""|'
    r"'''(?:[^\\]|\\.)*?'''"
    rf"|\"(?:[^\"\\]|\\.|\"(?!{_END}))*\"{_END}|'(?:[^'\\]|\\.|'(?!{_END}))*'{_END}"
    rf"|“(?:[^”\\]|\\.|”(?!{_END}))*”{_END}|‘(?:[^’\\]|\\.|’(?!{_END}))*’{_END})"
    r"|(?P<word>[\w.+-]+)"
    r"|(?P<bracket>[\[\]{}():])",
    re.DOTALL,
)
_CLOSING = {"{": "}", "[": "]", "(": ")"}


def _repair(source: str) -> object | None:
    """Read an object that is not strict JSON; None if it is cut, or if anything would be lost or added."""
    plain: list[str] = []
    written: list[str | float | bool | None] = []
    for token in _object_tokens(source):
        if token.lastgroup == "string":
            written.append(_string(token[0]))
            plain.append(json.dumps(written[-1]))
        elif token.lastgroup != "comment":
            plain.append(token[0])
            if token.lastgroup == "word":
                written.append(_word(token[0]))
    try:
        found = json_repair.loads("".join(plain), skip_json_loads=True) if plain else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and list(_keys_and_values(found)) == written else None


def _object_tokens(source: str) -> Iterable[re.Match[str]]:
    """The tokens of the object at the start; none if it does not end or its brackets do not match."""
    tokens: list[re.Match[str]] = []
    expected: list[str] = []
    position = 0
    while token := _TOKEN.match(source, position):
        tokens.append(token)
        position = token.end()
        if token[0] in _CLOSING:
            expected.append(_CLOSING[token[0]])
        elif token.lastgroup == "bracket" and token[0] != ":" and expected.pop() != token[0]:
            break
        if not expected:
            return tokens
    return ()


def _string(text: str) -> str:
    """The content of a string between any quotes."""
    quotes = 3 if text[:3] in {'"""', "'''"} and len(text) > 5 else 1
    content = text[quotes:-quotes].replace("\\'", "'")
    escaped = re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', content)
    return str(_DECODER.decode(f'"{escaped}"'))


_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}


def _word(text: str) -> str | float | bool | None:
    """The value of a number, a constant or an unquoted string."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _keys_and_values(value: object) -> Iterator[object]:
    """The keys and plain values, from first to last."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _keys_and_values(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys_and_values(item)
    else:
        yield value


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
