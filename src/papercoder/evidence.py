"""Does the paper say so? Quotes and numbers are looked for in its text, without a model."""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz

from papercoder.artifacts import Paper, render_block

_ALIKE = 96.0
"""Of 100: how alike a quote and the paper's words must be, for a slip of the parser or of the model's copying."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def plain(text: str) -> str:
    """A text's letters, digits and signs of arithmetic, in lower case, apart by single blanks."""
    text = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    text = re.sub(r"\\[ ,;:!]|\\(?:quad|qquad|left|right)\b", " ", text)
    return re.sub(r"[^\w.%+=<>^-]+", " ", text.replace("_", " ").lower()).strip(" .")


def find_quote(paper: Paper, quote: str, anchor: str = "") -> str | None:
    """The anchor of the block that says this: the one named, else the first that does; None where none does.

    An ellipsis parts a quote; every part must stand in the same block.
    """
    pieces = [plain(piece) for piece in re.split(r"\[?(?:\.\.\.|…)\]?", quote)]
    pieces = [piece for piece in pieces if piece]
    if not pieces:
        return None
    blocks = _blocks(paper)
    for name, text in sorted(blocks, key=lambda block: block[0] != anchor):
        if all(piece in text for piece in pieces):
            return name
    for name, text in sorted(blocks, key=lambda block: block[0] != anchor):
        if all(_nearly(piece, text) for piece in pieces):
            return name
    return None


def _nearly(piece: str, text: str) -> bool:
    if len(piece) < 20 or len(piece) > len(text) + 5:
        return False
    best = fuzz.partial_ratio_alignment(piece, text, score_cutoff=_ALIKE)
    if best is None:
        return False
    there = text[max(best.dest_start - 2, 0) : best.dest_end + 2]
    return set(_NUMBER.findall(piece)) <= set(_NUMBER.findall(there))


@lru_cache(maxsize=4)
def _blocks_of(rendered: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((anchor, plain(text)) for anchor, text in rendered)


def _blocks(paper: Paper) -> tuple[tuple[str, str], ...]:
    rendered = [("abstract", paper.abstract), ("title", paper.title)]
    rendered += [(block.anchor, render_block(block)) for block in paper.blocks()]
    rendered += [(section.anchor, _section_text(section.title, section.blocks)) for section in paper.sections]
    return _blocks_of(tuple(rendered))


def _section_text(title: str, blocks: tuple[object, ...]) -> str:
    return "\n".join([title, *(render_block(block) for block in blocks)])  # type: ignore[arg-type]


def numbers(text: str) -> frozenset[float]:
    r"""The numbers that a text names, as `0.001`, `1e-3`, `10^{-3}`, `5\times10^{-4}`, `10,000` or `10%`."""
    text = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    found = {float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+", text)}
    powers = re.findall(r"(?:(\d+(?:\.\d+)?)\s*(?:\\times|\\cdot|x|\*|·|×)\s*)?10\s*\^?\s*\{?\s*(-\s*\d+)\}?", text)
    found |= {float(factor or 1) * 10.0 ** int(power.replace(" ", "")) for factor, power in powers}
    found |= {float(share) / 100 for share in re.findall(r"(\d+(?:\.\d+)?)\s*\\?%", text)}
    return frozenset(found)
