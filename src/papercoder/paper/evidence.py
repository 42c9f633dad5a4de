"""Looks for quotes and numbers, with bounds and spreads, in the paper's text, without a model."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from papercoder.artifacts import Paper, render_block
from papercoder.artifacts.claims import Bound

_SYMBOLS = {
    "pm": "±",
    "times": "×",
    "cdot": "×",
    "approx": "≈",
    "sim": "≈",
    "ge": "≥",
    "geq": "≥",
    "geqslant": "≥",
    "gt": ">",
    "le": "≤",
    "leq": "≤",
    "leqslant": "≤",
    "lt": "<",
    "ell": "ℓ",
    "infty": "∞",
    "uparrow": "↑",
    "downarrow": "↓",
    "dagger": "†",
    "ddagger": "‡",
    "ast": "*",
    "to": "→",
    "rightarrow": "→",
    "gets": "←",
    "varepsilon": "ε",
    "varphi": "φ",
}
_BOUNDS: dict[str, Bound] = {">": ">", "<": "<", "≥": ">=", "≤": "<=", "≈": "about", "~": "about"}
_SUFFIXES = {"k": 3, "K": 3, "M": 6, "B": 9}

_RAISED = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_POWER = r"\s*[×*x]\s*10\s*\^\s*(?P<{0}>[+-]?\d+)|[eE](?P<{0}_e>[+-]?\d+)"
_QUANTITY = re.compile(
    r"(?P<bound>[<>≥≤≈~])?\s*(?<![\w.^])(?P<sign>(?<!\d)[+-])?\s*"
    rf"(?:10\s*\^\s*(?P<alone>[+-]?\d+)|(?P<number>{_NUMBER})(?:{_POWER.format('power')})?)"
    rf"(?P<suffix>[kKMB](?![A-Za-z]))?\s*%?(?:\s*±\s*(?P<spread>{_NUMBER})(?:{_POWER.format('raised')})?)?"
)
_SHARED_POWER = re.compile(r"\(([^()±]+)±([^()±]+)\)\s*([×*x]\s*10\s*\^\s*[+-]?\d+)")
_PRINTED = re.compile(r"[+-]?(?:\d[\d,]*(?:\.(?P<decimals>\d+))?|\.(?P<only>\d+))(?:e(?P<power>[+-]?\d+))?")


@dataclass(frozen=True)
class Quantity:
    """One printed number."""

    value: float
    printed: str
    """Its digits with their trailing zeros, a power of ten as `1.50e4`."""

    bound: Bound = "="
    spread: float | None = None
    """The number after ±."""


def cell_text(cell: str) -> str:
    r"""A cell without LaTeX: `$\mathbf{96.5 \pm 1.4}$` is `96.5 ± 1.4`, `$\beta = 0.1$` is `β = 0.1`."""
    text = re.sub(r"(?<=\d)(?:\\,|\{,\})(?=\d{3})", ",", cell)
    text = re.sub(r"\\([A-Za-z]+)", lambda command: _symbol(command[1]), text)
    text = re.sub(r"\\[ ,;:!]|~(?!\d)", " ", text.replace(r"\%", "%").replace("**", ""))
    return " ".join(re.sub(r"[${}\\]", "", text).split())


def _symbol(command: str) -> str:
    """What a LaTeX command prints; nothing for commands such as `mathbf`, which only style."""
    if command in _SYMBOLS:
        return _SYMBOLS[command]
    size = "CAPITAL" if command[0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {command.upper()}")
    except KeyError:
        return ""


def label_text(cell: str) -> str:
    """A cell as a name: without LaTeX, citations and arrows."""
    text = re.sub(r"\s*\[[^\]]*\]|[↑↓]", "", cell_text(cell))
    return re.sub(r"\(\s*\)", "", re.sub(r"[,;]\s*(?=\))", "", text)).strip(" ,;:")


def read_quantities(cell: str) -> tuple[Quantity, ...]:
    """The numbers in a cell, in order; numbers in brackets and within words do not count."""
    text = cell_text(re.sub(_RAISED, lambda raised: f"^{unicodedata.normalize('NFKC', raised[0])}", cell))
    text = _DASHES.sub("-", re.sub(r"\[[^\]]*\]", " ", text)).replace("·", "×")
    text = re.sub(r"(?<=[\d%])_", " ", text)
    text = _SHARED_POWER.sub(lambda found: f"{found[1].strip()}{found[3]} ± {found[2].strip()}{found[3]}", text)
    return tuple(_quantity(found) for found in _QUANTITY.finditer(text))


def _quantity(found: re.Match[str]) -> Quantity:
    digits = "1" if found["alone"] else found["number"].replace(",", "")
    power = int(found["alone"] or found["power"] or found["power_e"] or 0) + _SUFFIXES.get(found["suffix"] or "", 0)
    printed = ("-" if found["sign"] == "-" else "") + digits + (f"e{power}" if power else "")
    raised = found["raised"] or found["raised_e"]
    spread = None if found["spread"] is None else float(f"{found['spread'].replace(',', '')}e{raised or 0}")
    return Quantity(float(printed), printed, _BOUNDS.get(found["bound"] or "", "="), spread)


def half_unit(printed: str) -> float:
    """Half a unit of the last digit of a printed number; 0 for anything else, such as a fraction or a word."""
    found = _PRINTED.fullmatch(printed)
    if found is None:
        return 0.0
    return 0.5 * 10.0 ** (int(found["power"] or 0) - len(found["decimals"] or found["only"] or ""))


_ALIKE = 96.0
"""Of 100: how similar a quote and the paper's words must be; parsers and models make small mistakes."""

_CRUCIAL = re.compile(r"-?\d+(?:\.\d+)?|\b(?:no|not|nor|never|without)\b")
"""What a small mistake must not change."""

_FEW_WORDS = 3
_CELLS_BETWEEN = 4
"""How many words of a table's row may be left out between two that are quoted."""

_FEW_SIGNS = 5
_SIGNS_A_SLIP = 12
"""How many signs of an equation there must be for each that a parser may read otherwise, a sum as a P, say."""

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_ANY_DASHES = re.compile(r"[\u2010-\u2015\u2212]|-{2,3}")


def plain(text: str) -> str:
    """A text's letters, digits and signs of arithmetic, in lower case, apart by single blanks."""
    text = _ANY_DASHES.sub("-", unicodedata.normalize("NFKC", text).translate(_INVISIBLE))
    text = re.sub(r"\\[ ,;:!]|\\(?:quad|qquad|left|right)\b", " ", text)
    text = re.sub(r"[^\w.%+=<>^-]+", " ", text.replace("_", " ").lower())
    text = re.sub(r"\s*(?:([=<>+^])\s*|(%))", r"\1\2", re.sub(r"-(?! ?\d)", " ", text))
    return re.sub(r"\s+", " ", text).strip(" .")


def find_quote(paper: Paper, quote: str, anchor: str = "") -> str | None:
    """The anchor of the block that says this: the one named, else the first that does; None where none does.

    The named block is given up only if it does not say so in any of the ways that count: words that occur twice, an
    equation that a parser read otherwise, or a row of a table stay where the model saw them. An ellipsis parts a
    quote; every part must stand in the same block.
    """
    pieces = [piece for piece in map(plain, pieces_of(quote)) if piece]
    if not pieces:
        return None
    rendered = [("abstract", paper.abstract), ("title", paper.title)]
    rendered += [(block.anchor, render_block(block)) for block in paper.blocks()]
    rendered += [(section.anchor, _section_text(section.title, section.blocks)) for section in paper.sections]
    blocks = _blocks_of(tuple(rendered))
    for names in ((anchor,), tuple(name for name, _ in blocks)):
        for says in (_holds, _nearly, _has_in_a_row, _has_signs):
            for name, text in blocks:
                if name in names and all(says(name, text, piece) for piece in pieces):
                    return name
    return None


def pieces_of(quote: str) -> list[str]:
    """What an ellipsis parts."""
    return re.split(r"\[?(?:\.\.\.|…)\]?", quote)


def _holds(_: str, text: str, piece: str) -> bool:
    """As whole words and numbers: 0.05 is not in 0.057."""
    return re.search(rf"(?<![a-z0-9])(?<!\d\.){re.escape(piece)}(?![a-z0-9]|\.\d)", text) is not None


def _nearly(_: str, text: str, piece: str) -> bool:
    if len(piece) < 20 or len(piece) > len(text) + 5:
        return False
    best = fuzz.partial_ratio_alignment(piece, text, score_cutoff=_ALIKE)
    if best is None:
        return False
    there = text[max(best.dest_start - 2, 0) : best.dest_end + 2]
    return Counter(_CRUCIAL.findall(piece)) <= Counter(_CRUCIAL.findall(there)) and _denials(piece) == _denials(there)


def _has_in_a_row(name: str, text: str, piece: str) -> bool:
    """Of a table: the piece's words and numbers in their order, with at most a few others of the row after each."""
    words, there = piece.split(), text.split()
    if not name.startswith("tab:") or len(words) < _FEW_WORDS:
        return False
    ends = {index for index, word in enumerate(there) if word == words[0]}
    for wanted in words[1:]:
        after = {place for end in ends for place in range(end + 1, end + 2 + _CELLS_BETWEEN)}
        ends = {place for place in after if place < len(there) and there[place] == wanted}
    return bool(ends)


def _has_signs(name: str, text: str, piece: str) -> bool:
    """Of an equation: its signs, in any order, since parsers of pages disagree on where a fraction's parts belong."""
    signs, there = (Counter(re.findall(r"\w+|[^\w\s]", side)) for side in (piece, text))
    missing = signs - there
    few = missing.total() * _SIGNS_A_SLIP <= signs.total()
    is_long = name.startswith("eq:") and signs.total() >= _FEW_SIGNS
    return is_long and few and not any(sign.isdecimal() for sign in missing)


def _denials(text: str) -> list[str]:
    return [word for word in _CRUCIAL.findall(text) if word.isalpha()]


@lru_cache(maxsize=4)
def _blocks_of(rendered: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((anchor, plain(text)) for anchor, text in rendered)


def _section_text(title: str, blocks: tuple[object, ...]) -> str:
    return "\n".join([title, *(render_block(block) for block in blocks)])  # type: ignore[arg-type]


_TIMES = r"(?:\\times|\\cdot|x|\*|·|×)"
_POWER_OF_TEN = re.compile(rf"(?:(\d+(?:\.\d+)?)\s*{_TIMES}\s*)?(?<![\d.])10\s*(?:\^\s*\{{?\s*([+-]?\s*\d+)|(-\s*\d+))")
_SIZED = re.compile(r"(\d+(?:\.\d+)?)\s?(k|K|M|thousand|million)\b")
_SIZES = {"k": "e3", "K": "e3", "thousand": "e3", "M": "e6", "million": "e6"}
_NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNTS = {word: float(value) for value, word in enumerate(_NAMES, 1)}
_OTHER_COUNTS = {"single": 1.0, "once": 1.0, "twice": 2.0, "double": 2.0, "hundred": 100.0}
_PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10, "hundredth": 1 / 100}
_WORDS = _COUNTS | _OTHER_COUNTS | _PARTS
_TENS = {word: 10.0 * value for value, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty"), 2)}
_SHARE = re.compile(rf"\b({'|'.join(_COUNTS)})[ -]({'|'.join(_PARTS)})s?\b")
_COMPOUND = re.compile(rf"\b({'|'.join(_TENS)})(?:[ -]({'|'.join(_NAMES[:9])}))?\b")
_FRACTION = re.compile(r"(?<![\w./])(\d{1,4})\s*/\s*(\d{1,4})(?![\w./])")
_DOTS = r"(?:\.\.\.|…|\\[cl]?dots)"
_RANGE = re.compile(rf"(?<![\d.])(\d{{1,6}})\s*(?:,\s*{_DOTS}\s*,|{_DOTS})\s*(\d{{1,6}})(?![\d.]\d)")
_ONE_UNIT = re.compile(r"\ban? (?:millisecond|second|minute|hour|day|week)\b", re.IGNORECASE)


def numbers(text: str) -> frozenset[float]:
    r"""The numbers that a text names: `0.001`, `5\times10^{-4}`, `2^8`, `10,000`, `10k`, `10%`, `5/6`, `two thirds`.

    A list such as `0, ..., 19` also names how many it has, 20.
    """
    text = unicodedata.normalize("NFKC", _RAISED.sub(r"^\g<0>", text)).replace("\N{MINUS SIGN}", "-")
    text = re.sub(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}\b)", "", text)
    found = {float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+", text)}
    for factor, raised, hung in _POWER_OF_TEN.findall(text):
        found.add(float(f"{factor or 1}e{''.join((raised or hung).split())}"))
    found |= {float(base) ** int(power) for base, power in re.findall(r"\b(\d{1,2})\s*\^\s*\{?(\d{1,2})\b", text)}
    found |= {float(number + _SIZES[size]) for number, size in _SIZED.findall(text)}
    found |= {float(f"{share}e-2") for share in re.findall(r"(\d+(?:\.\d+)?)\s*\\?%", text)}
    found |= {int(part) / int(whole) for part, whole in _FRACTION.findall(text) if int(whole)}
    found |= {float(last) - float(first) + 1 for first, last in _RANGE.findall(text) if int(last) > int(first)}
    found |= {1.0} if _ONE_UNIT.search(text) else set()
    words = text.lower()
    found |= {_COUNTS[count] * _PARTS[part] for count, part in _SHARE.findall(words)}
    found |= {_TENS[ten] + _COUNTS.get(one, 0.0) for ten, one in _COMPOUND.findall(words)}
    return frozenset(found | {_WORDS[word] for word in re.findall(r"[a-z]+", words) if word in _WORDS})
