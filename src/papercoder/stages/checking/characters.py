"""Characters that hide code or make it look like other code (Boucher and Anderson, Trojan Source, 2021)."""

import builtins
import keyword
import re
import tokenize
import unicodedata
from collections.abc import Iterator, Set
from contextlib import suppress
from pathlib import PurePosixPath

from papercoder.artifacts.coding import Finding, error, warning
from papercoder.repository.files import tokens
from papercoder.stages.checking.repository import Module, Tree

_CHECK = "characters"
_CODE = frozenset({".sh", ".bash", ".toml", ".yaml", ".yml", ".cfg", ".ini"})
_MOST = 20
"""Findings in one file."""

_DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROL = "\x00-\x08\x0b\x0e-\x1f\x7f-\x9f"
_UNSEEN = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2064\u206a-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(f"[{_DIRECTION}{_CONTROL}{_UNSEEN}]")
_REORDERS = re.compile(f"[{_DIRECTION}]")
_REWRITES = re.compile(f"[{_CONTROL}]")
_JOINS = re.compile("[\u200c\u200d\ufe00-\ufe0f]")
"""Part of emoji and of some scripts."""

_LOOK_ALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеорсухѕіјһԁԛԝɡΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲϳօսհոց",
    "ABESIJKMHOPCTXYaeopcyxsijhdqwgABEZHIKMNOPTYXocjouhng",
)
"""Cyrillic, Greek and Armenian letters -> the Latin letter that they look like in most fonts."""


def check_characters(tree: Tree) -> Iterator[Finding]:
    """Find hidden characters in code and settings, and names and texts with letters that look like others."""
    for module in tree.modules:
        yield from _hidden(str(module.path), module.text)
    for name in sorted(tree.files):
        path = PurePosixPath(name)
        if path.suffix in _CODE or (path.suffix == ".txt" and path.name.startswith("requirements")):
            yield from _hidden(name, tree.text(name) or "")
    unusual = [module for module in tree.modules if not module.text.isascii()]
    names = _ascii_names(tree) if unusual else frozenset()
    for module in unusual:
        yield from list(_look_alikes(module, names))[:_MOST]


def _hidden(path: str, text: str) -> Iterator[Finding]:
    """One finding for each of the first lines with hidden characters."""
    if not _HIDDEN.search(text):
        return
    lines = ((number, _worst(line)) for number, line in enumerate(text.split("\n"), 1))
    for number, character in [(number, character) for number, character in lines if character][:_MOST]:
        advice = "Remove it, or write it as an escape sequence."
        if _REORDERS.match(character):
            message = f"{_name(character)} changes the order in which the line is shown."
            yield error(_CHECK, path, number, message, advice)
        elif _REWRITES.match(character):
            yield error(_CHECK, path, number, f"{_name(character)} can hide parts of the line in a terminal.", advice)
        else:
            yield warning(_CHECK, path, number, f"{_name(character)} cannot be seen.", advice)


def _worst(line: str) -> str:
    """The most dangerous hidden character of a line; empty if there is none."""
    found = [match[0] for match in _HIDDEN.finditer(line) if not _joins(line, match)]
    return next(iter(sorted(found, key=lambda character: not _REORDERS.match(character))), "")


def _joins(line: str, match: re.Match[str]) -> bool:
    """Whether the character belongs to an emoji or a letter of another script before it."""
    return bool(_JOINS.match(match[0])) and match.start() > 0 and line[match.start() - 1] > "\u02ff"


def _name(character: str) -> str:
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'control character').lower()})"


def _ascii_names(tree: Tree) -> Set[str]:
    """All words of the code that could be meant by a look-alike."""
    words = {word for module in tree.modules for word in re.findall(r"\b[A-Za-z_]\w+", module.text, re.ASCII)}
    return words | set(dir(builtins)) | set(keyword.kwlist)


def _look_alikes(module: Module, names: Set[str]) -> Iterator[Finding]:
    path = str(module.path)
    for token in _unusual_tokens(module.text):
        line, name = token.start[0], token.string
        if token.type != tokenize.NAME:
            mixed = filter(_is_mixed, re.findall(r"\w+", name))
            yield from (warning(_CHECK, path, line, f"`{word}` {_among(word)}.", _ADVICE) for word in mixed)
        elif _is_mixed(name):
            yield error(_CHECK, path, line, f"`{name}` {_among(name)}.", _ADVICE)
        elif (meant := _plain(name)) in names:
            yield error(_CHECK, path, line, f"`{name}` looks like `{meant}`, but is another name.", _ADVICE)
        elif (read := unicodedata.normalize("NFKC", name)) != name and read.isascii():
            yield error(_CHECK, path, line, f"Python reads `{name}` as `{read}`.", f"Write `{read}`.")


_ADVICE = "Write it with the letters that it seems to have, or choose another word."


def _unusual_tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Names and literals that are not ASCII."""
    with suppress(SyntaxError):
        for token in tokens(text):
            if not token.string.isascii() and token.type != tokenize.COMMENT:
                yield token


def _plain(word: str) -> str:
    """The word with the letters that it seems to have."""
    return word.translate(_LOOK_ALIKES)


def _is_mixed(word: str) -> bool:
    """Whether a word looks like Latin letters alone, but has others among them."""
    return not word.isascii() and _plain(word).isascii() and bool(re.search("[A-Za-z]", word))


def _among(word: str) -> str:
    return f"has {next(_name(letter) for letter in word if letter > chr(127))} among Latin letters"
