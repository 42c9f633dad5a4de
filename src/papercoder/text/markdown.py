"""Untrusted text in Markdown: nothing in it becomes HTML, a link, a picture or another block.

The rules are those of CommonMark and GitHub. Every function removes hidden characters.
"""

import re

from papercoder.text.characters import one_line, printable
from papercoder.text.fences import code_block

_MARKUP = re.compile(
    r"""[\\`*|~$<>]"""
    r"""|(?<![^\W_])_|_(?![^\W_])"""  # an underscore within a word is no emphasis
    r"""|\](?=[(\[]|$)"""  # the end of a link's text
    r"""|^(?:[-+=\#\[]|\d{1,9}(?=[.)](?:\s|$)))"""  # a list item, heading, underline or check box
    r"""|&(?=\#?\w+;)"""
)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_SPAN = re.compile(r"`(?P<code>[^`]+)`|\$(?! )(?P<formula>[^$<>&`\[\]|!]*[^$<>&`\[\]|!\\ ])\$(?!\d)")
_UNSAFE_LATEX = re.compile(r"\\(?:href|url|style|class|cssId|html|data|unicode|require|include|\w*def|\w*command)")
"""LaTeX that can make a link or a style in a browser."""

_SPAN_OR_MARKUP = re.compile(f"{_SPAN.pattern}|{_MARKUP.pattern}")


def escaped(text: str) -> str:
    """The text on one line with all markup escaped; it fits a heading, a list item and a table cell."""
    return _MARKUP.sub(_escape, one_line(text))


def inline(text: str) -> str:
    """As `escaped`, but code between backticks and formulas between dollar signs are kept."""
    return _SPAN_OR_MARKUP.sub(_keep_or_escape, one_line(text))


def paragraphs(text: str) -> str:
    """Every paragraph of the text as by `inline`."""
    return "\n\n".join(filter(None, map(inline, re.split(r"\n\s*\n", text))))


def code(text: str) -> str:
    """A code span on one line; its content cannot end it, and it fits a table cell."""
    line = one_line(text).replace("|", "¦") or " "
    fence = "`" * (max([0, *map(len, re.findall(r"`+", line))]) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any row of backticks inside."""
    return code_block(printable(text).strip("\n"), language, shortest=3)


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    return f"{found}\\" if found.isdigit() else _ENTITIES.get(found, f"\\{found}")


def _keep_or_escape(match: re.Match[str]) -> str:
    if match["code"]:
        return code(match["code"])
    if match["formula"]:
        return escaped(match[0]) if _UNSAFE_LATEX.search(match[0]) else match[0]
    return _escape(match)
