"""Matplotlib figures as SVG that fits into a page, and plots with a row for each item: bars, means with intervals.

Matplotlib's own SVG has a style sheet for every element, a font family on every text, and ids that occur again in the
next figure of a page. None of these may be in a page, so the drawing is rewritten without them.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from lxml import etree
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from papercoder.artifacts import Interval
from papercoder.text.characters import one_line, printable, shortened

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


WIDTH = 420.0
"""In CSS pixels: a column of a wide page, and a whole narrow one."""

_BAR, _ROW = 36.0, 42.0
_EDGE = 12.0
FOOT = 24.0
_SIGN = 7.0
"""About how wide a sign is."""


@dataclass(frozen=True)
class Bar:
    """A row of a bar chart."""

    label: str
    value: float
    words: str
    """The value as text."""


@dataclass(frozen=True)
class Row:
    """A mean with its interval."""

    label: str
    value: Interval | None
    """None shows the name alone."""

    state: str = "reported"
    """`good`, `fair`, `bad` or `none` colours it."""

    values: tuple[float, ...] = ()
    """The single values behind the mean, drawn as faint dots."""

    words: str = ""
    """The mean as text; with two decimals if empty."""

    @property
    def text(self) -> str:
        """The mean as text."""
        return self.words or (f"{self.value.mean:.2f}" if self.value else "no value")


@lru_cache(maxsize=64)
def bars(rows: tuple[Bar, ...], title: str, *, alone: bool = False) -> Markup:
    """Draw horizontal bars from zero, with their values as text."""
    width = 640.0 if alone else WIDTH
    height = (30 if alone else 0) + _BAR * len(rows) + _EDGE

    def paint(figure: Figure) -> None:
        axes = row_axes(figure, len(rows), height=_BAR, foot=_EDGE)
        axes.set_xlim(0, max([row.value for row in rows], default=0.0) or 1.0)
        for index, row in enumerate(rows):
            axes.barh(index + 0.28, row.value, 0.24, color=ACCENT, alpha=0.8)
            heading(axes, index + 0.08, row.label, row.words, SOFT, "normal")
        if alone:
            place = (_EDGE / width, 1 - _EDGE / height)
            figure.text(*place, title, va="top", fontweight="bold", fontsize=NORMAL + 1)

    about = "; ".join(f"{row.label}: {row.words}" for row in rows)
    return draw(paint, width, height, title, about, alone=alone)


@lru_cache(maxsize=64)
def intervals(rows: tuple[Row, ...], low: float, high: float, title: str) -> Markup:
    """Draw a dot at each mean and a line over its interval, on one scale from `low` to `high`."""

    def inside(value: float) -> float:
        return min(max(value, low), high)

    def paint(figure: Figure) -> None:
        axes = row_axes(figure, len(rows), height=_ROW, foot=FOOT)
        axes.set_xlim(low, high)
        value_ticks(axes)
        if low < 0 < high:
            axes.axvline(0, color=SOFT, linewidth=1, zorder=1)
        for index, row in enumerate(rows):
            heading(axes, index - 0.02, row.label, row.text)
            y, colour = index + 0.22, TONES[row.state]
            axes.scatter(list(map(inside, row.values)), [y] * len(row.values), s=34, color=ACCENT, alpha=0.25, lw=0)
            if row.value and row.value.n > 1:
                interval(axes, y, inside(row.value.low), inside(row.value.high), colour)
            if row.value:
                axes.plot(inside(row.value.mean), y, "o", ms=8, color=colour, mec=SHEET, mew=1)

    about = "; ".join(_described(row, low, high) for row in rows)
    return draw(paint, WIDTH, _ROW * len(rows) + FOOT, title, about)


def _described(row: Row, low: float, high: float) -> str:
    if not row.value or row.value.n < 2:
        return f"{row.label}: {row.text}"
    return f"{row.label}: {row.text}, {max(row.value.low, low):.2f} to {min(row.value.high, high):.2f}"


def row_axes(
    figure: Figure, count: int, height: float, foot: float = 0.0, left: float = 0.0, right: float = 0.0
) -> Axes:
    """Axes with rows 0, 1, ... from the top down, each of this height, with room on the four sides."""
    width, total = figure.get_size_inches() * 72
    axes = figure.add_axes(
        ((left + _EDGE) / width, foot / total, 1 - (left + right + 2 * _EDGE) / width, height * max(count, 1) / total)
    )
    axes.set_ylim(max(count, 1) - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False, pad=5)
    return axes


def value_ticks(axes: Axes, most: int = 6) -> None:
    """Round numbers below the axes, each with a faint line."""
    axes.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter("{x:.6g}")
    axes.tick_params(labelbottom=True, labelsize=SMALL, labelcolor=SOFT)
    axes.grid(axis="x", color=FAINT, linewidth=1)
    axes.set_axisbelow(True)


def heading(axes: Axes, y: float, label: str, words: str, colour: str = INK, weight: str = "bold") -> None:
    """A name at the left, shortened if it is too long, and a value at the right."""
    where = axes.get_yaxis_transform()
    width = axes.get_window_extent().width
    name = one_line(label)
    cut = shortened(name, max(int(width / _SIGN) - len(words) - 2, 8))
    axes.text(0, y, cut, transform=where, va="bottom", gid=f"title:{name}" if cut != name else None)
    axes.text(1, y, words, transform=where, va="bottom", ha="right", color=colour, fontweight=weight)


def interval(axes: Axes, y: float, low: float, high: float, colour: str) -> None:
    """A line with caps."""
    axes.errorbar((low + high) / 2, y, xerr=(high - low) / 2, fmt="none", ecolor=colour, capsize=4, capthick=1.4)


def legend(figure: Figure, handles: Sequence[Artist], labels: Sequence[str], left: float, columns: int) -> None:
    """A legend above the axes, this far from the left."""
    width, height = figure.get_size_inches() * 72
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=((left + 4) / width, 1 + 2 / height),
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=SOFT,
        handletextpad=0.4,
        columnspacing=1.1,
        borderpad=0.2,
    )
