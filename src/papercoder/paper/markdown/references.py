"""The entries of a bibliography, in each of the forms that converters write."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from papercoder.artifacts import Reference
from papercoder.paper.markdown.inline import plain, without_links

_BULLET = re.compile(r"\s*(?:[-*+•]|\u2022)\s+")
_ANCHOR = re.compile(r"</?(?:span|a|p|div|li)\b[^<>]*>\s*", re.IGNORECASE)
_LABEL = re.compile(
    r"\s*(?:\\?\[(?P<square>[^\[\]\\]{1,40})\\?\]|\((?P<round>\d{1,3})\)|(?P<plain>\d{1,3})\\?[.)])\s+(?=\S)"
)
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
