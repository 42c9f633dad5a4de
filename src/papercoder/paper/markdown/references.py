"""The entries of a bibliography, in each of the forms that converters write."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from papercoder.artifacts import Reference
from papercoder.paper.markdown.floats import Block, Passage
from papercoder.paper.markdown.inline import plain, without_links
from papercoder.paper.outline import PrintedHeading

_BULLET = re.compile(r"\s*(?:[-*+•]|\u2022)\s+")
_ANCHOR = re.compile(r"</?(?:span|a|p|div|li)\b[^<>]*>\s*", re.IGNORECASE)
_LABEL = re.compile(
    r"\s*(?:\\?\[(?P<square>[^\[\]\\]{1,40})\\?\]|\((?P<round>\d{1,3})\)|(?P<plain>\d{1,3})\\?[.)])\s+(?=\S)"
)
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d[a-z]?\b")
_PARTICLES = r"(?:(?:van|von|de[rn]?|la|le)\s)*"
_AUTHORS = re.compile(
    rf"""
    (?:\[\d{{1,3}}\]\s+)?
    (?: (?:[A-Z]\.[\s-]?)+{_PARTICLES}[A-Z][\w'’-]+                       # A. Potter
      | {_PARTICLES}[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+)?,?\s(?:[A-Z]\.?[\s,-]?)+[,.;&(\s]         # Potter, A.
      | [A-Z][\w'’-]+(?:\s[A-Z][\w'’.-]*){{1,3}}(?:,\s|\.\s|\sand\s|\s&\s|\set\sal)           # Ada Potter,
      | (?:\w+\s){{1,4}}\((?:1[89]|20)\d\d[a-z]?\)                         # OpenAI (2024)
    )
    """,
    re.VERBOSE,
)
_FEWEST = 3
"""Entries of a list without a heading."""

_LONGEST_ENTRY = 600
"""Characters."""

_FOOTNOTE = re.compile(r"\s*(?:<sup>|\[\^|\$\s*\^|Footnote \d)")


@dataclass
class Bibliography:
    """Collects references paragraph by paragraph."""

    references: list[Reference] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    is_labelled: bool = False
    """The first entry has a number or a label, so a paragraph without one continues the entry before it."""

    def add(self, lines: Sequence[str]) -> None:
        """Add a paragraph: one entry, or one for every line that begins with a label or a bullet."""
        for entry in _entries(lines):
            bare = _bare(entry)
            label = _LABEL.match(bare)
            text = plain(bare)
            if not text or _FOOTNOTE.match(entry):
                continue
            if not self.references:
                self.is_labelled = bool(label)
            key = next(filter(None, label.groups()), "") if label else ""
            if self.is_labelled and not label and not _BULLET.match(_ANCHOR.sub("", entry)):
                last = self.references.pop()
                self.references.append(Reference(key=last.key, text=f"{last.text} {text}"))
            else:
                key = key.strip() if key and key.strip() not in self.keys else str(len(self.references) + 1)
                self.keys.add(key)
                self.references.append(Reference(key=key, text=text))


def without_heading(blocks: Sequence[Block]) -> tuple[list[Block], list[Reference]]:
    """The blocks without a list of references that has no heading, and its entries.

    It is the last run of paragraphs that begin with authors and have a year.
    """
    end = next((place for place in range(len(blocks), 0, -1) if _listed(blocks[place - 1])), 0)
    start = end
    while start and _listed(blocks[start - 1]):
        start -= 1
    is_last = end == len(blocks) or isinstance(blocks[end], PrintedHeading)
    bibliography = Bibliography()
    for entry in (entry for block in blocks[start:end] for entry in _listed(block)):
        bibliography.add([entry])
    if len(bibliography.references) < _FEWEST or not is_last:
        return list(blocks), []
    after = [
        replace(each, follows_references=True) if isinstance(each, PrintedHeading) else each for each in blocks[end:]
    ]
    return [*blocks[:start], *after], bibliography.references


def _listed(block: Block) -> list[str]:
    """The entries of a paragraph: one, one for each line, or one for each label; none if it is text."""
    lines = block.source.split("\n") if isinstance(block, Passage) else []
    return next((entries for entries in (lines, list(_entries(lines))) if all(map(_is_entry, entries))), [])


def _is_entry(text: str) -> bool:
    bare = _BULLET.sub("", text)
    return len(bare) < _LONGEST_ENTRY and bool(_AUTHORS.match(bare) and _YEAR.search(bare))


def _entries(lines: Sequence[str]) -> Iterator[str]:
    hard_breaks = sum(line.endswith(("  ", "\\", "<br>")) for line in lines)
    each_line = hard_breaks and hard_breaks >= len(lines) - 1
    entry = ""
    for line in lines:
        if entry and (each_line or _begins_entry(line)):
            yield entry
            entry = ""
        entry = f"{entry} {line.rstrip().removesuffix('<br>')}".strip()
    if entry:
        yield entry


def _begins_entry(line: str) -> bool:
    return bool(_BULLET.match(line) or _LABEL.match(_bare(line)))


def _bare(entry: str) -> str:
    """The entry without its bullet, anchors and links."""
    return without_links(_ANCHOR.sub("", _BULLET.sub("", _ANCHOR.sub("", entry), count=1)))
