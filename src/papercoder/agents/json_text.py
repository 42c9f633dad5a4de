r"""JSON as models write it: within other text, with LaTeX backslashes, or in the dialects of Python and JavaScript.

Strict JSON is decoded by the standard library. Otherwise `json_repair` gets its turn, but it also completes cut
objects, drops items, and keeps only the last of two equal keys. Its result is therefore used only if our own tokens
show that the object is complete and that every key and value of the source is in the result, in the same order.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

import json_repair

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
