"""Draws which file imports which, from left to right, and what each owns."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from markupsafe import Markup, escape

from papercoder.artifacts import FileLogic, LogicDesign
from papercoder.diagrams.layers import Box, Link, Spacing, Spot, lay_out
from papercoder.diagrams.svg import drawing, group, link_to, node, rect, words
from papercoder.diagrams.text import one_line, shortened, text_width
from papercoder.diagrams.undrawable import Undrawable
from papercoder.diagrams.wires import curve, tip, wire

_MARGIN, _HEIGHT, _MOST = 14.0, 46.0, 150
_BOLD = 1.13
"""How much wider names are, since they are bold."""


def draw_files(
    logic: LogicDesign,
    notes: Mapping[str, str],
    title: str = "Dependency graph of the files",
    classes: Mapping[str, str] = MappingProxyType({}),
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The files, each left of those that it imports.

    Args:
        logic: the files and their imports.
        notes: path -> a few words that stand below the name.
        title: of the drawing.
        classes: path -> CSS class of what is drawn of the file.
        addresses: path -> where what is drawn of the file leads to, if anywhere.

    Raises:
        Undrawable: there are too many files for one drawing.
    """
    if len(logic.files) > _MOST:
        raise Undrawable(f"the repository has {len(logic.files)} files, too many for one drawing")
    widths = {file.path: _width(file.path, notes.get(file.path, "")) for file in logic.files}
    links = [Link(file.path, item.path) for file in logic.files for item in file.imports if item.path in widths]
    layout = lay_out(
        [Box(path, _HEIGHT, width) for path, width in widths.items()], links, Spacing(beside=16, between=70, widest=900)
    )
    names = {(file.path, item.path): item.names for file in logic.files for item in file.imports}
    parts = [
        group(
            [
                wire(curve([(p.depth + _MARGIN, p.breadth + _MARGIN) for p in route], sideways=True)),
                tip("arrow", (route[-1].depth + _MARGIN, route[-1].breadth + _MARGIN), 0.0),
            ],
            title=f"{link.upper} imports {', '.join(names[link.upper, link.lower])} from {link.lower}",
        )
        for link, route in zip(links, layout.routes, strict=True)
        if route
    ]
    for file in logic.files:
        drawn = _file(file, layout.spots[file.path], widths[file.path], notes)
        box = group(drawn, classes.get(file.path), f"{file.path}: {one_line(file.implements)}"[:400])
        parts.append(link_to(addresses[file.path], box) if file.path in addresses else box)
    size = layout.depth + 2 * _MARGIN, layout.breadth + 2 * _MARGIN
    return drawing(parts, *size, title, _about(logic), role="group" if addresses else "img")


def _about(logic: LogicDesign) -> str:
    sentences = (
        f"{file.path} imports {', '.join(item.path for item in file.imports) or 'no file of the repository'}."
        for file in logic.files
    )
    return " ".join(sentences)


def _shown(path: str) -> tuple[str, str]:
    """The folder and the name."""
    pure = PurePosixPath(one_line(path))
    folder = str(pure.parent)
    return ("" if folder == "." else shortened(f"{folder}/", 30), shortened(pure.name, 34))


def _width(path: str, note: str) -> float:
    folder, name = _shown(path)
    line = text_width(folder, 11) + text_width(name, 13) * _BOLD
    return max(line, text_width(shortened(note, 34), 11), 70) + 24


def _file(file: FileLogic, spot: Spot, width: float, notes: Mapping[str, str]) -> list[Markup]:
    x, y = spot.depth + _MARGIN, spot.breadth + _MARGIN
    folder, name = _shown(file.path)
    note = notes.get(file.path, "")
    down = y + (19 if note else 28)
    parts = [rect(x, y, width, _HEIGHT, "head" if file.path == "main.py" else "box", 6)]
    spans = [node("tspan", escape(folder), class_="soft small"), node("tspan", escape(name), class_="name")]
    parts.append(node("text", *spans, x=x + 12, y=down))
    if note:
        parts.append(words(shortened(note, 34), x + 12, y + 36, "soft small", full=note))
    return parts
