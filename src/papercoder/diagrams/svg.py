"""SVG as text: every attribute and every word is escaped, since names come from a model."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

from markupsafe import Markup, escape

from papercoder.diagrams.text import printable

Value = str | float


def node(tag: str, *children: str, **attributes: Value | None) -> Markup:
    """An element; `class_` is `class`, underscores are hyphens; children that are no markup are escaped."""
    named = Markup("").join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), _written(value))
        for name, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(children)
    if not inside:
        return Markup("<{}{}/>").format(tag, named)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, named, inside)


def _written(value: Value) -> str:
    if isinstance(value, str):
        return printable(value)
    return f"{value:.1f}".removesuffix(".0")


def words(text: str, x: float, y: float, class_: str = "", anchor: str | None = None, full: str = "") -> Markup:
    """A line of text on its baseline; `full` is shown where the pointer rests, if the line was cut."""
    line = printable(text)
    hint = node("title", escape(printable(full))) if full and printable(full) != line else ""
    return node("text", escape(line), hint, x=x, y=y, class_=class_ or None, text_anchor=anchor)


def rect(x: float, y: float, width: float, height: float, class_: str, r: float = 0) -> Markup:
    """A rectangle with rounded corners."""
    return node("rect", x=x, y=y, width=width, height=height, rx=r or None, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return node("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def path(d: str, class_: str) -> Markup:
    """A path."""
    return node("path", d=d, class_=class_)


def group(children: Iterable[str], class_: str | None = None, title: str = "") -> Markup:
    """Elements that belong together."""
    hint = node("title", escape(printable(title))) if title else ""
    return node("g", hint, *children, class_=class_)


def drawing(
    children: Iterable[str],
    width: float,
    height: float,
    title: str,
    about: str = "",
    role: Literal["img", "group"] = "img",
) -> str:
    """A standalone SVG that names itself to screen readers and keeps its own colours, light and dark.

    `role`: an image hides from screen readers what stands in it; a group does not, and so can have links.
    """
    return str(
        node(
            "svg",
            node("title", escape(printable(title))),
            node("desc", escape(printable(about))) if about else "",
            node("style", Markup(_style())),  # noqa: S704  a file of this package
            *children,
            xmlns="http://www.w3.org/2000/svg",
            class_="pc-diagram",
            viewBox=f"0 0 {width:.0f} {height:.0f}",
            width=f"{width:.0f}",
            height=f"{height:.0f}",
            style=f"--w:{width:.0f}px",
            role=role,
            aria_label=title,
        )
    )


@cache
def _style() -> str:
    return files("papercoder.diagrams").joinpath("diagram.css").read_text(encoding="utf-8").strip()
