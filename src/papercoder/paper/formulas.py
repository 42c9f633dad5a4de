"""Displayed formulas and their numbers."""

import re

from papercoder.paper.draft import Display
from papercoder.paper.markup import tidy
from papercoder.paper.printed import display

SIGNS = {"$$": "$$", "\\[": "\\]"}
"""What opens a displayed formula, and what closes it."""

DISPLAYED = re.compile(r"(?:\\\[|\$\$)(.*?)(?:\\\]|\$\$)")
_NUMBER = r"\(\s*((?:[A-Z]\.?)?\d{1,3}(?:\.\d{1,3}){0,2}[a-z]?'?)\s*\)"
NUMBER_AFTER = re.compile(rf"\s*{_NUMBER}\s*")
_NUMBER_WITHIN = re.compile(rf"(?:\\qquad|\\quad|\\hfill|\\hspace\{{[^{{}}]*\}}) ?{_NUMBER}$")
_LONGEST_NUMBER = 60
_TAG = re.compile(r"\\tag\*?\s*\{\s*\(?([^{}()]*)\)?\s*\}|\\eqno\s*\{?\s*\(([^{}()]*)\)\s*\}?")


def equation(source: str, after: str = "") -> Display:
    """A displayed formula without its number, which is in a tag, follows the formula, or stands behind a wide space."""
    tags = [tag or eqno for tag, eqno in _TAG.findall(source)]
    text = tidy(_TAG.sub("", source))
    outside = NUMBER_AFTER.fullmatch(after) if after.strip() else None
    if tags or outside:
        return display(text, tags[0] if tags else outside[1] if outside else "")
    within = _NUMBER_WITHIN.search(text[-_LONGEST_NUMBER:])
    if within and (body := text.removesuffix(within[0])):
        return display(body, within[1])
    return display(text)
