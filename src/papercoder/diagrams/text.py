"""Untrusted text in a drawing: what may be printed, how wide it is, how it is cut and wrapped."""

import re
import unicodedata

_NARROW = frozenset("iljtfrI.,:;'|!()[]{} /\\-`")
_WIDE = frozenset("mwMW@%&—…→←")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def printable(text: str) -> str:
    """The text without terminal escapes, control signs, lone surrogates, and signs that turn the reading direction."""
    plain = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in plain if sign in "\n\t" or unicodedata.category(sign) not in _UNSEEN)


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def one_line(text: str) -> str:
    """The text on one line, its blanks collapsed."""
    return " ".join(printable(text).split())


def text_width(text: str, size: float, *, mono: bool = False) -> float:
    """About how wide a line is, in the unit of the font size; a little too wide rather than too narrow."""
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
    """At most so many signs, with an ellipsis where some are left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def wrapped(text: str, width: float, size: float, most: int = 4) -> tuple[str, ...]:
    """The text on up to `most` lines no wider than `width`; `<br/>` breaks a line as in Mermaid."""
    lines: list[str] = []
    for part in re.split(r"<br\s*/?>|\\n|\n", printable(text)):
        lines += _filled(part.split(), width, size)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} …"]
    return tuple(lines) or ("",)


def _filled(words: list[str], width: float, size: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        word = shortened(word, max(int(width / size / 0.6), 4))  # noqa: PLW2901  a word wider than a line is cut
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
