"""Footnotes, often in the middle of a paragraph, and the entries of a bibliography, as converters write them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from papercoder.artifacts import Reference
from papercoder.paper.draft import Text
from papercoder.paper.markdown.floats import Block, Passage
from papercoder.paper.markdown.source import plain, without_links
from papercoder.paper.printed import PrintedHeading

_SIGN = re.compile(r"\s*\$\s*(?:\{\s*\}\s*)?\^\s*(?:\{\s*(\d{1,2})\s*\}|(\d{1,2}))\s*\$")
_BEFORE_LINK = re.compile(r"(?:^|(?<=\s))(\d{1,2})\s?(?=https?://|www\.)")
_BEGINS = re.compile(r"\s*(?:[A-Z“\"'(]|https?://|www\.)")
_LINK = re.compile(r"\s*(?:[A-Z][^.$]*)?(?:https?://|www\.)")
_ENDED = re.compile(r"(?:^|[.!?:;)\]”\"'])\s*$")
_REST = re.compile(r"(?:(?<=[.!?])|(?<=[.!?]\))|(?:https?://|www\.)\S+)(\s+)(?=[a-z])")
_WORD_BEFORE = re.compile(r"(?:[^\W\d]{3}|[.,;:!?)\]”\"'])\s*$")

_NEAR = 120
"""Characters before a sign that are looked at: more than the longest run of blanks."""


@dataclass(frozen=True)
class _Sign:
    number: str
    line: int
    start: int
    end: int
    begins_sentence: bool
    """Whether a capital letter or a link follows."""

    is_after_sentence: bool
    """Whether it follows a sentence or at the start of a paragraph."""

    has_link: bool


def with_footnotes(lines: Sequence[str]) -> list[str]:
    """The lines with these footnotes as `[^1]` and `[^1]: text`, each in a paragraph of its own.

    A sign in front of a sentence is a footnote's own if the same sign was in the text before it, if it begins a
    paragraph, or if a link follows.
    """
    signs = sorted(_signs(lines), key=lambda sign: (sign.line, sign.start))
    notes: dict[str, _Sign] = {}
    earlier: set[str] = set()
    for sign in signs:
        is_alone = sign.is_after_sentence and (sign.start == 0 or sign.has_link)
        if sign.begins_sentence and (sign.number in earlier or is_alone):
            notes[sign.number] = sign
        earlier.add(sign.number)
    by_line: dict[int, list[_Sign]] = {}
    for sign in signs:
        if sign.number in notes:
            by_line.setdefault(sign.line, []).append(sign)
    found: list[str] = []
    for position, line in enumerate(lines):
        own = by_line.get(position)
        found += _rewritten(line, own, notes) if own else [line]
    return found


def _signs(lines: Sequence[str]) -> Iterator[_Sign]:
    """The signs behind the front matter, where they point to affiliations."""
    headings = [position for position, line in enumerate(lines) if line.startswith("#")]
    for position in range(headings[1] if len(headings) > 1 else len(lines), len(lines)):
        line = lines[position]
        if "|" in line or "<t" in line:
            continue
        for match in (*_SIGN.finditer(line), *_BEFORE_LINK.finditer(line)):
            number = next(filter(None, match.groups()))
            yield _Sign(
                number,
                position,
                *match.span(),
                begins_sentence=bool(_BEGINS.match(line, match.end())),
                is_after_sentence=bool(_ENDED.search(line[max(0, match.start() - _NEAR) : match.start()])),
                has_link=bool(_LINK.match(line, match.end())),
            )


def _rewritten(line: str, signs: Sequence[_Sign], notes: dict[str, _Sign]) -> list[str]:
    """The line without its footnotes, and the footnotes after it."""
    own = [sign for sign in signs if notes[sign.number] == sign]
    text = line[: own[0].start] if own else line
    below: list[str] = []
    ends = [after.start for after in own[1:]] + [len(line)]
    for sign, end in zip(own, ends, strict=False):
        note = line[sign.end : end]
        if not re.search(r"[.!?:]\W*$", text) and text.strip() and (rest := _REST.search(note)):
            note, text = note[: rest.start(1)], f"{text.rstrip()} {note[rest.end() :]}"
        below += ["", f"[^{sign.number}]: {note.strip()}"]
    for sign in reversed([sign for sign in signs if sign not in own and sign.end <= len(text)]):
        if _WORD_BEFORE.search(text[max(0, sign.start - _NEAR) : sign.start]):
            text = f"{text[: sign.start]}[^{sign.number}]{text[sign.end :]}"
    return [text, *below, ""] if own else [text]


def rejoined(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, each paragraph that a footnote interrupts in one piece, with the footnote behind it."""
    found: list[Block] = []
    cut = -1
    """The position of the last block that is not a footnote."""
    for block in blocks:
        before = found[cut] if cut >= 0 else None
        if (
            isinstance(block, Passage)
            and isinstance(before, Passage)
            and _is_note(found[-1])
            and _continues(before, block)
        ):
            found[cut] = Passage(f"{before.text} {block.text}", f"{before.source} {block.source}")
        else:
            found.append(block)
            cut = cut if _is_note(block) else len(found) - 1
    return found


def _is_note(block: Block) -> bool:
    return isinstance(block, Text) and block.text.startswith("[^")


def _continues(before: Passage, after: Passage) -> bool:
    return after.text[:1].islower() and not re.search(r"[.!?:]\W*$", before.text)


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
