"""From lines to clean running text: hyphens, ligatures, and the marks that touch formulas."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"})
_HYPHENATED = re.compile(r"(?P<head>[^\W\d_][\w-]*)[-‐\u00ad]$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

_LONGEST = 2_000
"""Characters of a word that are looked at. Web addresses are long, but not longer."""

_COMPOUNDING = frozenset(("non", "self", "cross", "well", "high", "low", "fine", "zero", "one", "two", "three", "real"))
"""Heads of compounds; few words begin with them but for a hyphen."""

_LINKING = frozenset(("the", "of", "to", "in", "by", "and", "on", "at", "a", "out"))
_ENDINGS = frozenset(("over", "able", "less", "ness", "ward", "wards", "ever", "ment", "ments"))


@dataclass(frozen=True)
class Vocabulary:
    """The words of a document as they stand within lines, where no hyphen was put in."""

    words: frozenset[str]

    def has(self, word: str) -> bool:
        """Whether the document has the word."""
        return word.lower() in self.words

    def hyphen_stays(self, head: str, tail: str) -> bool:
        """Whether `head-` at the end of a line and `tail` at the start of the next keep their hyphen."""
        head, tail = head.lower(), tail.lower()
        if f"{head}-{tail}" in self.words:
            return True
        if head + tail in self.words:
            return False
        last, first = head.split("-")[-1], tail.split("-")[0]
        if "-" in head or last in _COMPOUNDING or ("-" in tail and first in _LINKING):
            return True
        return {last, first} <= self.words and min(len(last), len(first)) > 3 and first not in _ENDINGS


def vocabulary(texts: Iterable[str]) -> Vocabulary:
    """The words of these lines, without those that a hyphen breaks."""
    words: set[str] = set()
    broken = False
    for text in map(clean, texts):
        found = [word.lower() for word in _WORD.findall(text)]
        goes_on, broken = broken, text.endswith("-")
        words.update(found[1 if goes_on else 0 : -1 if broken else None])
    return Vocabulary(frozenset(words))


def joined(texts: Sequence[str], known: Vocabulary) -> str:
    """The lines as one text."""
    parts: list[str] = []
    last = ""
    for text in filter(None, map(clean, texts)):
        if last:
            between = _between(last, text, known)
            if between is None:
                parts[-1], last, between = parts[-1][:-1], last[:-1], ""
            parts.append(between)
            last = f"{last}{between}"
        parts.append(text)
        last = f"{last}{text}".rpartition(" ")[2][-_LONGEST:]
    return polished("".join(parts))


def _between(last: str, text: str, known: Vocabulary) -> str | None:
    """What stands between the last word of a line and the next line: a space or nothing; None removes a hyphen."""
    broken, tail = _HYPHENATED.search(last), _WORD.match(text)
    if broken is None or tail is None:
        return "" if _address_goes_on(last) else " "
    named = not tail[0][0].islower() and not known.has(broken["head"] + tail[0])
    return "" if named or known.hyphen_stays(broken["head"], tail[0]) else None


def _address_goes_on(last: str) -> bool:
    """Whether a web address was broken at the end of the line."""
    return "://" in last and last[-1] in "/-_.="


def clean(text: str) -> str:
    """Ligatures as letters, one kind of space, no control characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFC", text.translate(_LIGATURES))
    return " ".join("".join(c if c.isprintable() or c.isspace() else " " for c in text.replace("\u00ad", "")).split())


def polished(text: str) -> str:
    """Marks and hyphens that the parser drew into a formula stand beside it again."""
    parts = text.split("$")
    if len(parts) % 2 == 0:
        return text
    for i in range(1, len(parts), 2):
        parts[i - 1], parts[i], parts[i + 1] = _beside(parts[i - 1], parts[i], parts[i + 1])
    return re.sub(r" {2,}", " ", "$".join(parts))


def _beside(before: str, formula: str, after: str) -> tuple[str, str, str]:
    mark = re.match(r"[.,;:)]+(?=.)", formula)
    if mark and before[-1:].isalnum():
        before, formula = f"{before}{mark[0]} ", formula[mark.end() :]
    if formula.endswith("-") and len(formula) > 1 and after[:1].isalpha():
        formula, after = formula[:-1], f"-{after}"
    if after[:1].isalpha():
        after = f" {after}"
    return before, formula, after
