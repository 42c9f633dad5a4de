"""Reduces an SVG from Mermaid to shapes and text, so that nothing a model writes can run, load or restyle anything.

Everything outside the lists below is dropped: scripts, styles, event handlers, links, images, HTML, colors. HTML labels
become SVG text, classes and ids get our own prefixes, and colors come from `mermaid.css`.
"""

import re
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from math import ceil
from typing import Any, Literal

from lxml import etree
from markupsafe import Markup

from papercoder.runs.folder import digest
from papercoder.text.characters import one_line, printable

Element = Any
"""An element of lxml, which has no types."""

_SVG = "http://www.w3.org/2000/svg"
_XHTML = "http://www.w3.org/1999/xhtml"
_LINE_HEIGHT = 19.5
"""Of HTML labels: 1.5 times the font size of 13 px."""

_NUMBER = r"-?\d+(\.\d+)?(e-?\d+)?"
_LENGTH = re.compile(rf"{_NUMBER}(px|em)?")
_NUMBERS = re.compile(r"[\d\s.,eE+-]+")
_PATH = re.compile(r"[MmZzLlHhVvCcSsQqTtAa\d\s.,eE+-]+")
_TRANSFORM = re.compile(rf"((translate|rotate|scale)\(\s*{_NUMBER}([\s,]+{_NUMBER})*\s*\)\s*)+")
_NAME = re.compile(r"[\w.:-]+")
_POINTER = re.compile(r"url\(#([\w.:-]+)\)")
_VALUES = {
    **dict.fromkeys(("x", "y", "dx", "dy", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry"), _LENGTH),
    **dict.fromkeys(("width", "height", "refX", "refY", "markerWidth", "markerHeight"), _LENGTH),
    **dict.fromkeys(("points", "viewBox"), _NUMBERS),
    **dict.fromkeys(("fill", "stroke"), re.compile("none")),
    "d": _PATH,
    "transform": _TRANSFORM,
    "orient": re.compile(r"auto|auto-start-reverse|-?\d+"),
    "markerUnits": re.compile("userSpaceOnUse|strokeWidth"),
    "text-anchor": re.compile("start|middle|end"),
    "dominant-baseline": re.compile("central|middle|hanging"),
}
"""Attribute -> what its value may be."""

_TAGS = frozenset({"g", "defs", "marker", "path", "rect", "circle", "ellipse", "line", "polygon", "polyline"})
_TEXT_TAGS = frozenset({"text", "tspan"})


class InvalidSvgError(ValueError):
    """The SVG is not well-formed, or has no size."""


def clean(svg: str) -> str:
    """The SVG with allowed elements and attributes only; classes start with `m-`, ids with a digest of the SVG.

    Raises:
        InvalidSvgError: the SVG is not well-formed, or has no size.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(svg.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise InvalidSvgError(f"Mermaid's SVG is not well-formed ({error})") from error
    box = root.get("viewBox", "")
    size = [float(number) for number in box.split() if re.fullmatch(_NUMBER, number)]
    if len(size) != 4 or min(size[2:]) <= 0:
        raise InvalidSvgError("Mermaid's SVG has no size")
    width, height = ceil(size[2]), ceil(size[3])
    cleaned = etree.Element(
        f"{{{_SVG}}}svg", nsmap={None: _SVG}, viewBox=box, width=str(width), height=str(height), style=f"--w:{width}px"
    )
    cleaned.set("class", "pc-mermaid")
    cleaned.extend(_children(root, f"m{digest(svg)[:8]}-"))
    return str(etree.tostring(cleaned, encoding="unicode"))


def to_markup(cleaned: str, title: str, description: str = "", role: Literal["img", "group"] = "img") -> Markup:
    """A cleaned SVG for a page, with its style and its name for screen readers.

    A `group` lets screen readers reach the links inside; an `img` hides its parts from them, so without a description
    its words are the description.
    """
    svg = etree.fromstring(cleaned)
    svg.set("role", role)
    svg.set("aria-label", one_line(title))
    about = description or "; ".join(dict.fromkeys("".join(text.itertext()) for text in svg.iter(f"{{{_SVG}}}text")))
    for name, text in (("style", _style()), ("desc", printable(about)[:4_000]), ("title", printable(title))):
        element = etree.Element(f"{{{_SVG}}}{name}")
        element.text = text
        svg.insert(0, element)
    return Markup(etree.tostring(svg, encoding="unicode"))  # noqa: S704  cleaned, and escaped by lxml


@cache
def _style() -> str:
    return files("papercoder.diagrams").joinpath("mermaid.css").read_text(encoding="utf-8").strip()


def _children(element: Element, prefix: str) -> Iterator[Element]:
    for child in element:
        namespace, _, tag = child.tag[1:].partition("}") if isinstance(child.tag, str) else ("", "", "")
        if namespace != _SVG or child.get("display") == "none" or "actorPopupMenu" in child.get("class", ""):
            continue
        if tag in _TAGS or tag == "a":
            kept = _kept(child, "g" if tag == "a" else tag, prefix)
            kept.extend(_children(child, prefix))
            yield kept
        elif tag in _TEXT_TAGS:
            yield _text(child, tag, prefix)
        elif tag == "foreignObject" and (label := _label(child)) is not None:
            yield label


def _kept(element: Element, tag: str, prefix: str) -> Element:
    """The element with its allowed attributes and without its children."""
    kept = etree.Element(f"{{{_SVG}}}{tag}")
    for name, value in element.attrib.items():
        if name in _VALUES and _VALUES[name].fullmatch(value):
            kept.set(name, value)
        elif name in {"marker-start", "marker-end"} and (pointer := _POINTER.fullmatch(value)):
            kept.set(name, f"url(#{prefix}{pointer[1]})")
        elif name == "id" and _NAME.fullmatch(value):
            kept.set(name, prefix + value)
    if classes := [f"m-{name}" for name in element.get("class", "").split() if _NAME.fullmatch(name)]:
        kept.set("class", " ".join(dict.fromkeys(classes)))
    return kept


def _text(element: Element, tag: str, prefix: str) -> Element:
    kept = _kept(element, tag, prefix)
    anchor = re.search(r"text-anchor:\s*(start|middle|end)", element.get("style", ""))
    if anchor:
        kept.set("text-anchor", anchor[1])
    kept.text = printable(element.text or "")
    for child in element:
        if child.tag == f"{{{_SVG}}}tspan":
            part = _text(child, "tspan", prefix)
            part.tail = printable(child.tail or "")
            kept.append(part)
    return kept


def _label(element: Element) -> Element | None:
    """An HTML label as SVG text at the same place; None if it is empty."""
    lines = _lines(element)
    width, height = (_pixels(element.get(side, "")) for side in ("width", "height"))
    if not any(lines):
        return None
    outer = "".join(parent.get("style") or "" for parent in (element, *element.iterancestors(f"{{{_SVG}}}g")))
    html_style = "".join(part.get("style") or "" for part in element.iter(f"{{{_XHTML}}}div"))
    planned = round(height / _LINE_HEIGHT)
    if "break-spaces" in html_style and planned > len(lines):
        lines = _wrapped(" ".join(lines), planned)
    is_centered = "text-align: center" in html_style and not element.xpath("ancestor::*[contains(@class, '-group')]")
    text = etree.Element(f"{{{_SVG}}}text")
    styles = {"italic": "font-style:italic", "underline": "text-decoration:underline"}
    if classes := [f"m-{name}" for name, style in styles.items() if style in outer.replace(": ", ":")]:
        text.set("class", " ".join(classes))
    if is_centered:
        text.set("text-anchor", "middle")
    for row, line in enumerate(lines):
        part = etree.SubElement(text, f"{{{_SVG}}}tspan", x=f"{width / 2 if is_centered else 0:g}")
        part.set("y", f"{height * (row + 0.5) / len(lines):g}")
        part.set("dominant-baseline", "central")
        part.text = line
    return text


def _pixels(length: str) -> float:
    return float(length.removesuffix("px")) if re.fullmatch(rf"{_NUMBER}(px)?", length) else 0.0


def _lines(element: Element) -> list[str]:
    """The text of an HTML label, line by line."""
    text = ""
    for event, part in etree.iterwalk(element, events=("start", "end")):
        tag = etree.QName(part).localname
        if event == "start":
            text += ("\n" if tag in {"br", "p"} else "") + (part.text or "")
        else:
            text += part.tail or "" if part is not element else ""
    return [one_line(line) for line in text.strip().splitlines()]


def _wrapped(text: str, count: int) -> list[str]:
    """The text on at most `count` lines of about the same length."""
    widths = range(ceil(len(text) / count), len(text) + 1)
    return next(lines for width in widths if len(lines := textwrap.wrap(text, width)) <= count)
