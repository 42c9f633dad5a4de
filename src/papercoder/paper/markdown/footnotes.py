"""Footnotes as MinerU writes them, with `$^ { 1 }$` or a bare number, and often in the middle of a paragraph."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from papercoder.paper.draft import Text
from papercoder.paper.markdown.floats import Block, Passage

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
    """Whether it stands behind a sentence or at the start of a paragraph."""

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
    """The position of the last block that is no footnote."""
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
