"""Matplotlib figures as SVG that fits into a page: its font, its colours in light and dark, text that can be searched.

Matplotlib's own SVG has a style sheet for every element, a font family on every text, and ids that occur again in the
next figure of a page. None of these may be in a page, so the drawing is rewritten without them.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterator
from threading import Lock

from lxml import etree
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from papercoder.text.characters import printable

INK, SOFT, FAINT, ACCENT = "#1d2430", "#566070", "#e2e5e9", "#245b8a"
GOOD, FAIR, BAD, SHEET = "#1f6b45", "#825400", "#a33024", "#ffffff"
TONES = {"good": GOOD, "fair": FAIR, "bad": BAD, "active": ACCENT, "none": SOFT, "reported": INK}
"""Tone of a state -> its colour."""

SMALL, NORMAL = 11.0, 12.5
"""Sizes of text, in CSS pixels."""

_VARIABLES = {
    INK: "--ink",
    SOFT: "--soft",
    FAINT: "--faint",
    ACCENT: "--accent",
    GOOD: "--good",
    FAIR: "--fair",
    BAD: "--bad",
    SHEET: "--sheet, var(--card)",
}
"""Colour -> the variable of the page that replaces it."""

_ALONE = """
.plot { --ink: #1d2430; --soft: #566070; --faint: #e2e5e9; --accent: #245b8a; --good: #1f6b45; --fair: #825400;
  --bad: #a33024; --sheet: #ffffff;
  font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) {
  .plot { --ink: #e3e7ec; --soft: #a1abb8; --faint: #2d343d; --accent: #8dbde6; --good: #7fcba0; --fair: #e2ba66;
    --bad: #f29b90; --sheet: #171b21; }
}
"""
"""The page's variables, for a file that stands alone."""

_LOCK = Lock()
"""Matplotlib's settings and fonts belong to the process, so one thread draws at a time."""


def draw(
    paint: Callable[[Figure], None], width: float, height: float, title: str, about: str, *, alone: bool = False
) -> Markup:
    """Draw a figure.

    Args:
        paint: draws into the figure, whose unit is the CSS pixel. An artist whose `gid` starts with `title:` shows the
            rest as a tooltip. Coordinates must lie inside the figure, since nothing is clipped.
        width: in CSS pixels.
        height: in CSS pixels.
        title: the name for screen readers.
        about: what the plot shows, for screen readers.
        alone: for a file of its own, with its own colours, background and title.
    """
    settings = rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "papercoder",
            "text.parse_math": False,
            "text.color": INK,
            "font.size": NORMAL,
            "lines.linewidth": 1.4,
        }
    )
    with _LOCK, settings, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the page's fonts draw the text
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        paint(figure)
        source = io.BytesIO()
        figure.savefig(source, format="svg", transparent=True, metadata=dict.fromkeys(_METADATA))
    return Markup(_rewritten(source.getvalue(), width, height, title, about, alone=alone))  # noqa: S704  lxml escapes


_METADATA = ("Date", "Creator", "Format", "Type")
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"


def _rewritten(source: bytes, width: float, height: float, title: str, about: str, *, alone: bool) -> str:
    """The drawing with the page's colours, without ids."""
    drawn = etree.fromstring(source)
    markers = {element.get("id"): element for element in drawn.iter(f"{_SVG}path") if element.get("id")}
    root = etree.Element(
        "svg",
        {
            "class": "plot",
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "height": f"{height:g}",
            "role": "img",
            "aria-label": printable(title),
        },
        nsmap={None: _SVG[1:-1]},
    )
    etree.SubElement(root, "title").text = printable(title)
    etree.SubElement(root, "desc").text = printable(about)
    if alone:
        etree.SubElement(root, "style").text = _ALONE
        etree.SubElement(root, "rect", width="100%", height="100%", rx="8", style="fill: var(--sheet)")
    for group in drawn.iterfind(f".//{_SVG}g[@id]"):
        shapes = list(_shapes(group, markers))
        if shapes and (tip := group.get("id", "").partition("title:")[2]):
            parent = etree.SubElement(root, "g")
            etree.SubElement(parent, "title").text = tip
            parent.extend(shapes)
        else:
            root.extend(shapes)
    return str(etree.tostring(root, encoding="unicode"))


def _shapes(group: "etree._Element", markers: "dict[str | None, etree._Element]") -> "Iterator[etree._Element]":
    """The shapes and texts directly in a group, not in groups with an id of their own."""
    for child in group:
        kind = etree.QName(child).localname
        if kind == "g" and not child.get("id"):
            yield from _shapes(child, markers)
        elif kind == "use":
            marker = markers[(child.get(_HREF) or "")[1:]]
            place = f"translate({_short(child.get('x', '0'))} {_short(child.get('y', '0'))})"
            style = _style(marker) | _style(child)
            yield _element("path", style, d=_short(marker.get("d", "")), transform=place)
        elif kind == "path" and (style := _style(child)) != {"fill": "none"}:
            yield _element("path", style, d=_short(child.get("d", "")))
        elif kind == "text":
            places = {name: _short(value) for name, value in child.items() if name in {"x", "y", "transform"}}
            if re.match(r"rotate\(-?0 ", places.get("transform", "")):
                del places["transform"]
            text = _element("text", _style(child), **places)
            text.text = child.text
            yield text


def _element(kind: str, style: dict[str, str], **attributes: str) -> "etree._Element":
    written = "; ".join(f"{name}: {value}" for name, value in style.items())
    return etree.Element(kind, {**attributes, "style": written}, nsmap={None: _SVG[1:-1]})


def _style(element: "etree._Element") -> dict[str, str]:
    """Its style, with variables for colours and without a font family."""
    pairs = (part.split(":", 1) for part in element.get("style", "").split(";") if part.strip())
    style = {name.strip(): value.strip() for name, value in pairs if name.strip() != "font-family"}
    return {name: f"var({_VARIABLES[value]})" if value in _VARIABLES else value for name, value in style.items()}


def _short(numbers: str) -> str:
    """Coordinates on one line, with two digits after the point."""
    line = " ".join(numbers.split())
    return re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), line)
