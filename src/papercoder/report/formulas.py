"""Formulas as MathML, which browsers render without a script.

latex2mathml converts them. Its output is rebuilt from an allowlist of elements and attributes, because it may
contain HTML, links and styles from the formula. If it fails, the LaTeX source is shown.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

_LONGEST = 2_000
"""Characters of a formula; longer ones stay LaTeX."""

_FAILURES: tuple[type[Exception], ...] = (
    AttributeError,
    LookupError,
    RuntimeError,  # deep nesting too
    StopIteration,
    TypeError,
    ValueError,
    *(kind for kind in vars(exceptions).values() if isinstance(kind, type)),
)
"""What latex2mathml raises on LaTeX that it does not understand."""

_INLINE = re.compile(
    r"(?<!\\)(?:\$\$(?P<display>[^$]+)\$\$"
    r"|\\\[(?P<bracket>(?:(?!\\[\[\]]).)+)\\\]"
    r"|\\\((?P<paren>(?:(?!\\[()]).)+)\\\)"
    r"|\$(?=\S)(?P<dollar>(?:\\.|[^$\\])+)(?<=\S)\$)",
    re.DOTALL,
)
_PROSE = re.compile(r"\s[A-Za-z]{3,}(?=\s|$)|^[A-Za-z]{3,}\s")

_MACROS = re.compile(r"\\(def|gdef|edef|xdef|let|\w*newcommand|\w*newenvironment|Declare\w+)(?![a-zA-Z])")
"""Macro definitions; their expansion is unbounded."""

_REWRITTEN = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(label|nonumber|notag|tag\*?|vspace\*?|hspace\*?|style|class|href)\s*(\{[^{}]*\})?", ""),
        (r"\\(begin|end)\s*\{(aligned|alignedat|alignat|eqnarray|multline|gathered|gather)\*?\}", r"\\\1{align*}"),
        (r"(\\operatorname\*?\s*\{[^{}]*?)\\[,;: ](?=[^{}]*\})", r"\1 "),
        (r"\\(mathds|mathbbm)(?![a-zA-Z])", r"\\mathbb"),
        (r"\\textsc(?![a-zA-Z])", r"\\text"),
        (r"\\boxed(?![a-zA-Z])", ""),
        (r"\\Tilde(?![a-zA-Z])", r"\\tilde"),
    )
)
"""LaTeX that latex2mathml does not support, and its replacement."""

_TAGS = re.compile(
    "math|mrow|mi|mn|mo|mtext|mspace|msup|msub|msubsup|munder|mover|munderover|mfrac|msqrt|mroot|mtable|mtr|mtd|mstyle"
    "|mpadded|mphantom"
)
_LENGTH = re.compile(r"[+-]?\d{0,2}(\.\d{1,4})?(em|ex|px|pt)?")
_VALUES = {
    **dict.fromkeys(("stretchy", "fence", "accent", "movablelimits"), re.compile("true|false")),
    **dict.fromkeys(("largeop", "displaystyle"), re.compile("true|false")),
    **dict.fromkeys(("width", "height", "depth", "lspace", "rspace", "voffset"), _LENGTH),
    **dict.fromkeys(("minsize", "maxsize", "linethickness"), _LENGTH),
    "display": re.compile("block|inline"),
    "form": re.compile("prefix|infix|postfix"),
    "scriptlevel": re.compile(r"[+-]?\d"),
    "mathvariant": re.compile("normal"),
}
"""Attribute -> allowed values."""


def with_formulas(text: str) -> Markup:
    """Escaped text in which formulas between `$`, `$$`, `\\(` or `\\[` are typeset."""
    parts: list[Markup] = []
    end = 0
    for match in _formulas(text):
        display = match["display"] or match["bracket"]
        formula = mathml(display or match["paren"] or match["dollar"], display=bool(display))
        parts += [escape(text[end : match.start()]), formula or escape(match[0])]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def _formulas(text: str) -> Iterator[re.Match[str]]:
    """The formulas in a text, without the text between two prices or between two formulas."""
    position = 0
    while match := _INLINE.search(text, position):
        inside = match["dollar"]
        is_price = text[match.end() : match.end() + 1].isdigit() and not re.search(r"[\\^_]", inside or "\\")
        if inside and (is_price or _PROSE.search(re.sub(r"\\[a-zA-Z]+\s*\{[^{}]*\}", "", inside))):
            position = match.start() + 1
        else:
            yield match
            position = match.end()


def is_formula(text: str) -> bool:
    """Whether the text is LaTeX without dollar signs and prose, as in a displayed equation."""
    words = re.sub(r"\\[a-zA-Z]+\s*(\{[A-Za-z ]+\})?", "", text)
    return bool(re.search(r"\\[a-zA-Z]|[_^]\{", text)) and not re.search(r"\$|[A-Za-z]{4}", words)


def formula_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each formula that `with_formulas` would typeset."""
    return [match.span() for match in _formulas(text)]


@lru_cache(maxsize=4096)
def mathml(latex: str, *, display: bool = False) -> Markup | None:
    """A formula as MathML; None if it is too long or cannot be converted as a whole."""
    if len(latex) > _LONGEST or _MACROS.search(latex) or not _has_closed_braces(latex):
        return None
    for pattern, replacement in _REWRITTEN:
        latex = pattern.sub(replacement, latex)
    try:
        element = _rebuilt(convert_to_element(latex, display="block" if display else "inline"))
    except _FAILURES:
        return None
    return Markup(tostring(element, encoding="unicode"))  # noqa: S704  rebuilt from the allowlist and escaped by ElementTree


def _has_closed_braces(latex: str) -> bool:
    braces = re.sub(r"\\.", "", latex)
    return braces.count("{") == braces.count("}")


def _rebuilt(element: Element) -> Element:
    """The element with allowed tags and attributes only.

    Raises:
        ValueError: a part of the formula is not supported.
    """
    if not _TAGS.fullmatch(element.tag):
        raise ValueError(f"{element.tag} is not MathML that all browsers render")
    rebuilt = Element(element.tag)
    for name, value in element.attrib.items():
        if name in _VALUES and _VALUES[name].fullmatch(value):
            rebuilt.set(name, value)
    if side := re.fullmatch("left|right|center", element.get("columnalign", "")):
        rebuilt.set("style", f"text-align: {side[0]}")
    text = unescape(element.text or "")
    if element.tag == "mtext":
        text = re.sub(r"\\([%&_#${}])", r"\1", text)
    if "\\" in text or (text == "&" and element.tag != "mtext"):
        raise ValueError(f"{text} is not supported")
    rebuilt.text = _styled(text, element.get("mathvariant", "normal"))
    rebuilt.extend([_rebuilt(child) for child in element])
    return rebuilt


def _styled(text: str, variant: str) -> str:
    """The letters of a style, such as bold, as Unicode characters, because browsers ignore `mathvariant`."""
    if variant == "normal":
        return text
    return "".join(_styled_letter(letter, variant.replace("bold-italic", "bold italic").upper()) for letter in text)


def _styled_letter(letter: str, variant: str) -> str:
    name = re.sub("LATIN |GREEK |LETTER ", "", unicodedata.name(letter, ""))
    for full in (f"MATHEMATICAL {variant} {name}", f"{variant} {name}", f"BLACK-LETTER {name}"):
        try:
            return unicodedata.lookup(full)
        except KeyError:
            continue
    return letter
