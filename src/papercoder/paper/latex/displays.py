# ruff: noqa: S105  (a token is LaTeX's here, no secret)
"""Displayed maths to numbered equations, the LaTeX kept as it is."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from papercoder.paper.draft import Display
from papercoder.paper.latex.numbering.references import Target
from papercoder.paper.latex.prose import Prose
from papercoder.paper.latex.tokens import is_blank, join
from papercoder.paper.latex.tree import Maths
from papercoder.paper.latex.vocabulary.commands import MATHS
from papercoder.paper.names import names

_ROW_BY_ROW = names("align gather eqnarray flalign alignat IEEEeqnarray subeqnarray")
_WRAPPERS = {"gather": "gathered", "multline": "gathered", "eqnarray": "array", "IEEEeqnarray": "array"}
_LEADING_ARGUMENT = names("alignat alignat* IEEEeqnarray IEEEeqnarray* empheq")
_LONGEST_LABEL = 200
_OPTION = re.compile(r"^\s*\[[^\]]*\]")


@dataclass(frozen=True)
class _Row:
    tokens: list[str]
    label: str
    tag: str
    unnumbered: bool


def displays(maths: Maths, prose: Prose) -> Iterator[Display]:
    """The equations of a display: one for each number that it prints, or one without a number."""
    base = maths.environment.removesuffix("*")
    tokens = _without_argument(maths)
    rows = [_row(tokens) for tokens in (_rows(tokens) if base in _ROW_BY_ROW else [tokens])]
    numbered = MATHS.get(maths.environment) == "numbered"
    for group in _grouped(rows, numbered=numbered):
        number = _number(group, prose, numbered=numbered)
        if text := _text(base, group, prose):
            yield Display(text, number)


def _without_argument(maths: Maths) -> list[str]:
    tokens = maths.tokens
    if maths.environment in _LEADING_ARGUMENT and "{" in tokens[:2]:
        return tokens[tokens.index("}") + 1 :] if "}" in tokens else tokens
    return tokens


def _rows(tokens: Sequence[str]) -> Iterator[list[str]]:
    """The rows of an alignment, not those of an environment within it."""
    row: list[str] = []
    depth = 0
    for token in tokens:
        depth += (token in ("{", "\\begin")) - (token in ("}", "\\end"))
        if token == "\\\\" and depth == 0:
            yield row
            row = []
        else:
            row.append(token)
    yield row


def _row(tokens: Sequence[str]) -> _Row:
    kept: list[str] = []
    found = {"\\label": "", "\\tag": "", "\\eqno": "", "\\leqno": ""}
    unnumbered, position = False, 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token in found:
            found[token], position = _argument(tokens, position, is_rest=token.endswith("eqno"))
        elif token in ("\\notag", "\\nonumber", "\\IEEEnonumber"):
            unnumbered = True
        else:
            kept.append(token)
    return _Row(kept, found["\\label"], found["\\tag"] or found["\\eqno"] or found["\\leqno"], unnumbered)


def _argument(tokens: Sequence[str], position: int, *, is_rest: bool = False) -> tuple[str, int]:
    """The next argument, or all that is left, and the position after it."""
    if is_rest:
        return join(tokens[position:]).strip(), len(tokens)
    while position < len(tokens) and (is_blank(tokens[position]) or tokens[position] == "*"):
        position += 1
    if tokens[position : position + 1] != ["{"]:
        return "", position
    depth = 0
    for end in range(position, min(position + _LONGEST_LABEL, len(tokens))):
        depth += (tokens[end] == "{") - (tokens[end] == "}")
        if depth == 0:
            return join(tokens[position + 1 : end]).strip(), end + 1
    return "", position


def _grouped(rows: Sequence[_Row], *, numbered: bool) -> list[list[_Row]]:
    """Rows by the number that they share: rows without one belong to the next that has one, or else to the last."""
    rows = [row for row in rows if "".join(row.tokens).strip() or row.label] or list(rows[:1])
    if not numbered:
        return [list(rows)]
    groups: list[list[_Row]] = [[]]
    for row in rows:
        groups[-1].append(row)
        if not row.unnumbered or row.tag:
            groups.append([])
    *whole, rest = groups
    if rest and whole:
        whole[-1] += rest
        return whole
    return whole or [rest]


def _number(group: Sequence[_Row], prose: Prose, *, numbered: bool) -> str:
    """The number that is printed, or that the source steps to in front of the display."""
    tag = next((row.tag for row in group if row.tag), "")
    stepped, prose.counters.stepped_equation = prose.counters.stepped_equation, ""
    if tag:
        has_counter = "\\the" in tag or "\\arabic" in tag
        number = (prose.counters.formatted(tag) if has_counter else tag).strip("$() ")
    elif numbered and any(not row.unnumbered for row in group):
        number = prose.counters.step_equation()
    else:
        number = stepped
    for row in group:
        if row.label:
            prose.labels.add(row.label, Target("equation", number) if number else None)
    return number


def _unaligned(tokens: Sequence[str]) -> Iterator[str]:
    """A row by itself, without the marks that align it with others."""
    depth = 0
    for token in tokens:
        depth += (token in ("{", "\\begin")) - (token in ("}", "\\end"))
        if token != "&" or depth:
            yield token


def _text(base: str, group: Sequence[_Row], prose: Prose) -> str:
    if len(group) == 1 and base in _ROW_BY_ROW:
        return _OPTION.sub("", prose.formula(list(_unaligned(group[0].tokens)))).strip()
    text = " \\\\ ".join(row for row in (prose.formula(row.tokens) for row in group) if row)
    text = _OPTION.sub("", text).strip().removesuffix("\\\\").strip()
    if base in ("equation", "$$", "displaymath") or not ("&" in text or "\\\\" in text):
        return text
    wrapper = _WRAPPERS.get(base, "aligned")
    columns = "{rcl}" if wrapper == "array" else ""
    return f"\\begin{{{wrapper}}}{columns} {text} \\end{{{wrapper}}}" if text else ""
