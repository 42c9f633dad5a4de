"""Diagrams of the architecture: files and imports, classes, and the sequence of a full reproduction."""

import re
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lxml import etree
from markupsafe import Markup

from papercoder.artifacts import FileLogic, LogicDesign
from papercoder.artifacts.design import ENTRY, EXPERIMENTS
from papercoder.diagrams import mermaid
from papercoder.diagrams.mermaid import Rendering, to_markup
from papercoder.report.formatting import plural
from papercoder.report.model import Report
from papercoder.text.characters import one_line, shortened

_MOST_FILES = 100
"""Files in one graph; larger graphs are slow and unreadable."""

_NOTE_WIDTH = 16
"""Room for the line below a file's name, in widths of an x."""

Element = Any
"""An element of lxml, which has no types."""


@dataclass(frozen=True)
class Diagram:
    """A diagram as SVG; without an SVG, the page shows the source and the reason."""

    title: str
    source: str
    svg: Markup | None = None
    reason: str = ""


def diagrams(report: Report) -> tuple[Diagram, ...]:
    """The diagrams whose sources exist. The first call takes seconds, because Mermaid renders them."""
    sources: dict[str, str] = {}
    if design := report.architecture:
        sources = {"Classes": design.class_diagram, "A full reproduction": design.sequence_diagram}
    renderings = {title: mermaid.submit(source) for title, source in sources.items()}
    found = [_files_diagram(report, report.logic)] if report.logic else []
    found += [_diagram(title, sources[title], rendering.result()) for title, rendering in renderings.items()]
    return tuple(found)


def _diagram(title: str, source: str, rendering: Rendering) -> Diagram:
    if rendering.syntax_error:
        error = rendering.syntax_error.splitlines()[0].rstrip(":")
        return Diagram(title, source, reason=f"it does not parse ({error})")
    if rendering.failure:
        return Diagram(title, source, reason=rendering.failure)
    return Diagram(title, source, to_markup(rendering.svg, title))


def _files_diagram(report: Report, logic: LogicDesign) -> Diagram:
    title = "Files and their imports"
    imports = "\n".join(f"{file.path}: {', '.join(item.path for item in file.imports) or '-'}" for file in logic.files)
    counts: dict[str, int] = {}
    for item in report.requirements:
        if item.owner:
            counts[item.owner] = counts.get(item.owner, 0) + 1
    notes = {path: f"owns {plural(count, 'requirement')}" for path, count in counts.items()}
    rendering = submit_graph(logic)
    if rendering is None:
        return Diagram(title, imports, reason=f"{len(logic.files)} files are too many for one graph")
    if not rendering.result().svg:
        return Diagram(title, imports, reason=rendering.result().failure or "Mermaid cannot draw it")
    return Diagram(title, imports, file_graph(logic, rendering.result().svg, notes, title))


def submit_graph(logic: LogicDesign) -> Future[Rendering] | None:
    """Start to render the graph of the files; None if there are too many."""
    return mermaid.submit(_graph_source(logic)) if len(logic.files) <= _MOST_FILES else None


def _graph_source(logic: LogicDesign) -> str:
    """The files as a flowchart whose boxes have room for a path and a note, but no text.

    `file_graph` adds the text, so paths need no escaping and the layout does not depend on the notes.
    """
    numbers = {file.path: number for number, file in enumerate(logic.files)}
    boxes = [f'f{numbers[file.path]}["{"x" * len(file.path)}<br>{"x" * _NOTE_WIDTH}"]' for file in logic.files]
    edges = [
        f"f{numbers[file.path]} --> f{numbers[item.path]}"
        for file in logic.files
        for item in file.imports
        if item.path in numbers
    ]
    return "\n".join(["flowchart LR", *boxes, *edges])


def file_graph(
    logic: LogicDesign,
    svg: str,
    notes: Mapping[str, str],
    title: str,
    classes: Mapping[str, str] = MappingProxyType({}),
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> Markup:
    """Adds names and notes to the SVG that Mermaid rendered from the graph of the files.

    Args:
        logic: the files and their imports.
        svg: the rendering of `submit_graph(logic)`.
        notes: path -> a short text below the name.
        title: of the graph.
        classes: path -> CSS class of the file's box.
        addresses: path -> link target of the file's box.
    """
    graph = etree.fromstring(svg)
    for element in graph.xpath("//*[@id]"):
        node = re.search(r"-flowchart-f(\d+)-\d+$", element.get("id"))
        edge = re.search(r"-L_f(\d+)_f(\d+)_\d+$", element.get("id"))
        if node:
            file = logic.files[int(node[1])]
            _fill_box(element, file, notes.get(file.path, ""), classes.get(file.path, ""))
            if file.path in addresses:
                _link(element, addresses[file.path])
        elif edge:
            _name_edge(element, logic.files[int(edge[1])], logic.files[int(edge[2])].path)
    description = " ".join(
        f"{file.path} imports {', '.join(item.path for item in file.imports) or 'no other file'}."
        for file in logic.files
    )
    return to_markup(etree.tostring(graph, encoding="unicode"), title, description, "group" if addresses else "img")


def _fill_box(box: Element, file: FileLogic, note: str, css_class: str) -> None:
    """Set the path, note and tooltip of a file's box."""
    kinds = [box.get("class"), css_class, "m-main" if file.path.rpartition("/")[2] in {ENTRY, EXPERIMENTS} else ""]
    box.set("class", " ".join(filter(None, kinds)))
    _tooltip(box, f"{file.path}: {file.implements}"[:400])
    name, below = box.xpath(".//*[local-name() = 'tspan']")
    folder, _, last = one_line(file.path).rpartition("/")
    name.text = None
    for text, kind in ((f"{folder}/" if folder else "", "m-soft"), (last, "m-name")):
        part = etree.SubElement(name, box.tag.replace("}g", "}tspan"))
        part.text = text
        part.set("class", kind)
    below.text = shortened(one_line(note), 26)
    below.set("class", "m-soft")
    if not note:
        name.set("y", f"{(float(name.get('y')) + float(below.get('y'))) / 2:g}")


def _name_edge(edge: Element, importing: FileLogic, imported: str) -> None:
    names = next(item.names for item in importing.imports if item.path == imported)
    _tooltip(edge, f"{importing.path} imports {', '.join(names)} from {imported}")


def _tooltip(element: Element, text: str) -> None:
    title = etree.Element(element.tag.rpartition("}")[0] + "}title")
    title.text = one_line(text)
    element.insert(0, title)


def _link(box: Element, address: str) -> None:
    """Make a box a link."""
    link = etree.Element(box.tag.replace("}g", "}a"), href=address)
    box.getparent().replace(box, link)
    link.append(box)
