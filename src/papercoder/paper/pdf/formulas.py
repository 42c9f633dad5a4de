"""Displayed equations, and what formulas may have lost.

On the page, every fraction and root has a bar, every accent and large operator is a sign, and limits are small text
below and above an operator. Where the text that was read has fewer of them, something fell apart.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from papercoder.paper.draft import Area, Display, Doubt, Element, Grid, Text
from papercoder.paper.pdf.columns import area
from papercoder.paper.pdf.extract import RawPage, Rule, Sign, Word
from papercoder.paper.pdf.page import Typography
from papercoder.paper.pdf.prose import clean, polished
from papercoder.paper.pdf.shapes import Line

_NUMBER = re.compile(r"\(((?:[A-Z]\.?)?\d{1,3}(?:\.\d{1,3})?[a-z]?)\)")
_FORMULA = re.compile(r"\$[^$]*\$")
_WORD = re.compile(r"[^\W\d_]{3,}(?![\w]|\s?\()")
_OPERATORS = frozenset(
    {"softmax", "argmax", "argmin", "arg", "max", "min", "exp", "log", "sup", "inf", "lim", "sin", "cos", "tan", "tanh"}
    | {"relu", "sign", "where", "otherwise", "for", "and", "such", "that"}
)
_SIGNS = re.compile(r"[=<>≤≥∑∏∫√±×·∈∼≈→←∂∇∥⊙⊕|]|\$|\\[a-z]+")


def equation_number(line: Line) -> str:
    """The number at the line's right end, without its brackets; empty where there is none."""
    last = line.spans[-1]
    found = _NUMBER.fullmatch(last.text)
    alone = len(line.spans) == 1 or last.box.x0 - line.spans[-2].box.x1 > 0.4 * last.size
    at_the_right = last.box.x1 > line.column.x1 - 0.12 * line.column.width
    return found[1] if found and alone and at_the_right else ""


def _prose_words(text: str) -> int:
    words = _WORD.findall(_FORMULA.sub("(", text))  # a word that a formula follows is the name of a function
    return sum(word.lower() not in _OPERATORS and not word.isupper() for word in words)


def formula(line: Line, look: Typography) -> bool:
    """Whether the line is a displayed formula, or a part of one."""
    text = line.text
    words = _prose_words(text)
    if equation_number(line):
        return words <= 6 or words < 0.3 * len(text.split())
    apart = line.indent > 0.5 * look.size and line.box.x1 < line.column.x1 - 0.5 * look.size
    formal = bool(_SIGNS.search(text)) or (any(span.math for span in line.spans) and len(text) > 2)
    return apart and formal and words <= max(2, 0.1 * len(text) / 5)


def limits(line: Line, look: Typography) -> bool:
    """Whether the line is the limit of a sum: small, short and without words."""
    return line.size < 0.85 * look.size and len(line.text) < 24 and _prose_words(line.text) == 0


def displays(lines: Sequence[Line]) -> list[Display]:
    """Adjacent lines of formulas as equations, one to each number."""
    found: list[Display] = []
    parts: list[Line] = []
    number = ""
    for position, line in enumerate(lines):
        own = equation_number(line)
        if own and number:
            found.append(_display(parts, number))
            parts, number = [], ""
        parts.append(line)
        number = own or number
        if position == len(lines) - 1:
            found.append(_display(parts, number))
    return found


def _display(lines: Sequence[Line], number: str) -> Display:
    texts = [span.text for line in lines for span in (line.spans[:-1] if equation_number(line) else line.spans)]
    return Display(polished(clean(" ".join(texts))), number, area(lines))


_BARRED = re.compile(r"\\(?:[dt]?frac|sqrt|overline|underline|binom)(?![A-Za-z])")
_ROOT = re.compile(r"\\sqrt(?![A-Za-z])|√")
_ACCENT = re.compile(r"\\(?:hat|tilde|bar|dot|ddot|check|vec|widehat|widetilde|overline|acute|grave)(?![A-Za-z])")
_STRAY_ACCENT = re.compile(r"(?<=\w)\s?[ˆ˜¯˙ˇ]|[ˆ˜¯˙ˇ]\s?(?=\w)")
_OPERATOR = re.compile(r"(?:\\(?:sum|prod)(?![A-Za-z])|[∑∏])\s*(?P<limit>[_^])?")

REACH = 30.0
"""Points above and below an operator within which its limits are."""

WIDEST_BAR = 260.0
"""Points; a longer rule belongs to a table or the page."""


def formula_doubts(pages: Sequence[RawPage], elements: Iterable[Element]) -> Iterator[Doubt]:
    """A doubt for every kind of loss in every element."""
    for element in elements:
        if isinstance(element, Display | Text) and element.area:
            page = pages[element.area.page - 1]
            if not (page.recognised or page.plain_only):
                yield from _of_formula(element, element.text, page, element.area)
        elif isinstance(element, Grid):
            yield from _of_table(element)


def _of_formula(element: Element, text: str, page: RawPage, area: Area) -> Iterator[Doubt]:
    signs = [sign for sign in page.signs if area.left - 2 < sign.x < area.right + 2 and _is_inside(sign.y, area)]
    roots = sum(sign.text == "√" for sign in signs)
    if isinstance(element, Display) and (bars := _bars(page, area)) > (read := len(_BARRED.findall(text))):
        message = f"A fraction or a root of {{place}} may have fallen apart: the page has {bars} bars, the text {read}."
        yield Doubt(element, "fraction", message.replace("1 bars", "1 bar"))
    elif roots > len(_ROOT.findall(text)):
        yield Doubt(element, "fraction", "A root in {place} may have fallen apart: its sign is missing in the text.")
    if any(_has_limits(sign, page.words) for sign in signs if sign.text in "∑∏") and not _all_limited(text, signs):
        yield Doubt(element, "limits", "A sum or product in {place} has limits on the page, but not in the text.")
    accents = sum(sign.text in "ˆ˜¯˙¨ˇ⃗" for sign in signs)
    is_short = isinstance(element, Display) and accents > len(_ACCENT.findall(text))
    if is_short or _STRAY_ACCENT.search(text):
        yield Doubt(element, "accent", "An accent in {place} is missing or stands apart from its letter.")


def _is_inside(y: float, area: Area) -> bool:
    return area.top - 4 < y < area.bottom + 4


def _bars(page: RawPage, area: Area) -> int:
    """How many bars are in the area; those that are drawn twice count once."""
    rules = [rule for rule in (*page.bars, *page.rules) if rule.x1 - rule.x0 < WIDEST_BAR and _is_inside(rule.y, area)]
    inside = [rule for rule in rules if area.left - 2 < rule.x0 and rule.x1 < area.right + 2]
    apart: list[Rule] = []
    for rule in inside:
        if not any(abs(rule.y - other.y) < 1 and abs(rule.x0 - other.x0) < 2 for other in apart):
            apart.append(rule)
    return len(apart)


def _has_limits(sign: Sign, words: Iterable[Word]) -> bool:
    """Whether small text is centred below or above the sign, and not beside it."""
    for word in words:
        middle, across = word.y + word.height / 2, word.x + word.width / 2
        if word.size < 8 and abs(across - sign.x) < 15 and 7 < abs(middle - sign.y) < REACH and len(word.text) < 24:
            return True
    return False


def _all_limited(text: str, signs: Sequence[Sign]) -> bool:
    """Whether every operator of the page is in the text, with a limit."""
    operators = _OPERATOR.findall(text)
    return all(operators) and len(operators) >= sum(sign.text in "∑∏" for sign in signs)


_SEVERAL = re.compile(r"(?:[-−]?\d+(?:\.\d+)?%?\s+){2,}[-−]?\d+(?:\.\d+)?%?")


def _of_table(table: Grid) -> Iterator[Doubt]:
    """A row in which one cell has the numbers of several, next to empty ones."""
    for row in table.rows:
        if sum(not cell for cell in row) > 1 and any(_SEVERAL.fullmatch(cell) for cell in row):
            yield Doubt(table, "cells", "A row of {place} has several numbers in one cell; columns may be wrong.")
            return
