"""Displayed equations: lines of formulas apart from the text."""

import re
from collections.abc import Sequence

from papercoder.paper.draft import Display
from papercoder.paper.pdf.lines import area
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
