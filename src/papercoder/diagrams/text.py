"""Untrusted text: which characters are safe to show, how wide a line is, and how to shorten it."""

import re
import unicodedata

_NARROW = frozenset("iljtfrI.,:;'|!()[]{} /\\-`")
_WIDE = frozenset("mwMW@%&—…→←")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def printable(text: str) -> str:
    """The text without terminal escapes, control characters, lone surrogates and changes of the reading direction."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in plain if sign in "\n\t" or unicodedata.category(sign) not in _UNSEEN)


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def one_line(text: str) -> str:
    """The text on one line, with single spaces."""
    return " ".join(printable(text).split())


def text_width(text: str, size: float, *, mono: bool = False) -> float:
    """The width of a line in units of the font size, estimated on the high side."""
    return size * sum(_share(sign, mono=mono) for sign in text)


def _share(sign: str, *, mono: bool) -> float:
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.05
    if mono:
        return 0.61
    if sign in _NARROW:
        return 0.36
    if sign in _WIDE:
        return 0.95
    return 0.69 if sign.isupper() else 0.585


def shortened(text: str, most: int) -> str:
    """The first `most` characters, ending in an ellipsis if there are more."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
