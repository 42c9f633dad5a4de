"""What formulas may have lost: the page is compared with the text that was read from it.

On the page, every fraction and root has a bar, every accent and large operator is a sign, and limits are small text
below and above an operator. Where the text has fewer of them, something fell apart.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from papercoder.paper.draft import Area, Display, Doubt, Element, Grid, Text
from papercoder.paper.pdf.extract import RawPage, Rule, Sign, Word

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
