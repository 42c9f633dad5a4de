"""Printed numbers with what belongs to them: bounds, powers of ten and spreads, as table cells have them."""

import re
import unicodedata
from dataclasses import dataclass

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
