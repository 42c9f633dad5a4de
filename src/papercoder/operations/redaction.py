"""Removes from an export: secrets, names of this machine and, if asked, the paper's words."""

import getpass
import json
import os
import re
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from papercoder.artifacts import Paper
from papercoder.artifacts.paper import render_block

REMOVED = "[removed]"
LEFT_OUT = "[words of the paper left out]"

_SECRETS = re.compile(
    r"""
    -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?-----END[ ][A-Z ]*PRIVATE[ ]KEY-----
    | \bsk-[\w-]{16,} | \bhf_\w{16,} | \bgh[pousr]_\w{16,} | \bgithub_pat_\w{16,} | \bglpat-[\w-]{16,}
    | \bAKIA[0-9A-Z]{16}\b | \bAIza[\w-]{30,} | \bxox[abposr]-[\w-]{10,} | \bgsk_\w{16,} | \bxai-\w{16,}
    | \beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}
    | (?<=[Bb]earer[ ])[\w.~+/=-]{12,}
    | (?<=://)[^\s/:@"']+:[^\s/@"']+(?=@)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Keys of the known kinds, tokens in headers, and passwords in addresses."""

_HOMES = re.compile(r"/(?:home|Users)/[^/\s\"'`<>|:;,)\\]+|(?<![\w.-])/root(?=[/\s\"'`:;,)]|$)")
_SECRET_VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
_GENERIC = frozenset(
    {"admin", "debian", "guest", "home", "jovyan", "localhost", "main", "root", "test", "ubuntu", "user"}
)
"""Names of users and machines that say nothing, and are words of code and prose too."""

_SHORTEST_NAME, _SHORTEST_SECRET = 3, 8
_WORD = re.compile(r"\w+")
_RUN_OF_WORDS = 10
"""As many consecutive words of the paper are its text, wherever they are."""

_SHORTEST_QUOTE = 20
"""Characters; a shorter quote may be ordinary text."""


class Redaction:
    """Removes from texts and values what must not be in an export."""

    def __init__(self, folder: Path, paper: Paper | None = None, quotes: Iterable[str] = ()) -> None:
        """Prepare it for a run.

        Args:
            folder: the run folder, whose path becomes `.`.
            paper: whose words are left out; None: they stay.
            quotes: of the paper; left out too, if long enough.
        """
        self.leaves_out_the_paper = paper is not None
        self._paths = _by_length({str(folder.absolute()), os.path.realpath(folder)})
        self._home = str(Path.home())
        self._names = _names_pattern()
        self._values = _by_length(
            value
            for name, value in os.environ.items()
            if _SECRET_VARIABLE.search(name) and len(value) >= _SHORTEST_SECRET
        )
        self._quotes = _by_length(quote for quote in quotes if _is_prose(quote)) if paper else []
        self._runs = set(_runs_of_words(_body(paper))) if paper else set()

    def text(self, text: str) -> str:
        """The text without them."""
        for value in self._values:
            text = text.replace(value, REMOVED)
        text = _SECRETS.sub(REMOVED, text)
        for path in self._paths:
            text = text.replace(path, ".")
        if len(self._home) > 1:
            text = re.sub(re.escape(self._home) + r"(?![\w.-])", "~", text)
        text = self._names.sub(REMOVED, _HOMES.sub("~", text))
        for quote in self._quotes:
            text = text.replace(quote, LEFT_OUT)
        return self._without_runs(text) if self._runs else text

    def value(self, value: Any) -> Any:
        """A value of JSON's kinds with all its texts redacted; quotes and pictures of the paper become empty."""
        match value:
            case str():
                return value if value.startswith("data:image/") else self.text(value)
            case dict():
                return {
                    key: "" if self._is_of_the_paper(key, inner) else self.value(inner) for key, inner in value.items()
                }
            case list() | tuple():
                return type(value)(self.value(inner) for inner in value)
            case _:
                return value

    def json(self, text: str) -> str:
        """A JSON text, redacted value by value; one that is not JSON is redacted as text."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return self.text(text)
        redacted = self.value(value)
        return text if redacted == value else json.dumps(redacted, indent=1, ensure_ascii=False) + "\n"

    def _is_of_the_paper(self, key: object, inner: object) -> bool:
        return self.leaves_out_the_paper and key in {"quote", "picture"} and isinstance(inner, str)

    def _without_runs(self, text: str) -> str:
        """The text without runs of the paper's words, each from its first to its last word."""
        words = list(_WORD.finditer(text))
        plain = [word[0].casefold() for word in words]
        taken = [False] * len(words)
        for start in range(len(words) - _RUN_OF_WORDS + 1):
            if tuple(plain[start : start + _RUN_OF_WORDS]) in self._runs:
                taken[start : start + _RUN_OF_WORDS] = [True] * _RUN_OF_WORDS
        parts, position, index = [], 0, 0
        while index < len(words):
            if not taken[index]:
                index += 1
                continue
            last = index
            while last + 1 < len(words) and taken[last + 1]:
                last += 1
            parts += [text[position : words[index].start()], LEFT_OUT]
            position, index = words[last].end(), last + 1
        return "".join([*parts, text[position:]])


def quotes_in(value: Any) -> Iterator[str]:
    """All quotes of the paper in a value of JSON's kinds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "quote" and isinstance(inner, str):
                yield inner
            else:
                yield from quotes_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from quotes_in(inner)


def _names_pattern() -> re.Pattern[str]:
    """The names of this user and this machine, as whole words."""
    host = socket.gethostname()
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may have no entry for this user
        user = ""
    names = {user, Path.home().name, host, host.partition(".")[0]}
    known = _by_length(name for name in names if len(name) >= _SHORTEST_NAME and name.lower() not in _GENERIC)
    return re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in known) or r"(?!)")


def _is_prose(quote: str) -> bool:
    """Not a row of a table, whose cells are names and numbers."""
    return len(quote) >= _SHORTEST_QUOTE and "|" not in quote


def _body(paper: Paper) -> str:
    """The paper without its title, which stays."""
    return "\n\n".join([paper.abstract, *map(render_block, paper.blocks())])


def _by_length(texts: Iterable[str]) -> list[str]:
    """The longest first, so that no part of one is replaced before it."""
    return sorted({text for text in texts if text}, key=lambda text: (-len(text), text))


def _runs_of_words(text: str) -> Iterator[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return (tuple(words[start : start + _RUN_OF_WORDS]) for start in range(len(words) - _RUN_OF_WORDS + 1))
