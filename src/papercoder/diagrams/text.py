"""Untrusted text: which characters are safe to show, and how to shorten a line."""

import re
import unicodedata

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def printable(text: str) -> str:
    """The text without terminal escapes, control characters, lone surrogates and changes of the reading direction."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in plain if sign in "\n\t" or unicodedata.category(sign) not in _UNSEEN)


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def one_line(text: str) -> str:
    """The text on one line, with single spaces."""
    return " ".join(printable(text).split())


def shortened(text: str, most: int) -> str:
    """The first `most` characters, ending in an ellipsis if there are more."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
