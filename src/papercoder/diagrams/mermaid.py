"""Renders Mermaid source with Mermaid itself, one process per diagram, and reduces the SVG to shapes and text.

Syntax errors have a line and a column. Nothing that a model writes can run, load or restyle anything.
"""

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Any, Literal

from lxml import etree
from markupsafe import Markup

from papercoder.errors import RunFolderError
from papercoder.runs.folder import digest, write_synced
from papercoder.settings import cache_folder
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


Kind = Literal["classDiagram", "sequenceDiagram"]

TIME_LIMIT = 60.0
"""Seconds for one diagram. An ordinary one takes 1 to 3 on an idle machine, 60 classes about 30."""

_SCRIPT = Path(__file__).with_name("render_script.py")
_NAMES: dict[Kind, str] = {"classDiagram": "class diagram", "sequenceDiagram": "sequence diagram"}
_CONFIG: dict[str, object] = {
    "theme": "base",
    "handDrawnSeed": 1,
    "themeVariables": {"fontSize": "13px"},
    "flowchart": {"htmlLabels": True, "nodeSpacing": 20, "rankSpacing": 40, "padding": 8, "wrappingWidth": 600},
    "class": {"hideEmptyMembersBox": True, "nodeSpacing": 40, "rankSpacing": 50},
    "sequence": {
        "width": 100,
        "height": 34,
        "actorMargin": 16,
        "messageMargin": 26,
        "wrapPadding": 4,
        "diagramMarginX": 10,
        "boxMargin": 8,
        "actorFontSize": 13,
        "messageFontSize": 12,
        "noteFontSize": 12,
    },
}
"""Sizes, and a seed so that a source always gives the same SVG. Colors come from our style sheet.

Labels are HTML, because Mermaid takes ten times as long for labels as text here.
"""


@dataclass(frozen=True)
class Rendering:
    """What Mermaid made of a source; exactly one field is set."""

    svg: str = ""
    """Cleaned."""

    syntax_error: str = ""
    """Mermaid's message."""

    failure: str = ""
    """Why there is no result, although the source may be correct."""


def render(source: str) -> Rendering:
    """Render a diagram; this takes seconds the first time."""
    return submit(source).result()


@lru_cache(maxsize=256)
def submit(source: str) -> Future[Rendering]:
    """Start to render a diagram in the background; the same source is rendered once per process."""
    return _threads().submit(_render, _without_settings(source))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="mermaid")


def syntax_problem(source: str, kind: Kind) -> str | None:
    """Why Mermaid cannot parse this as a diagram of this kind, in one line for the model; None if it can.

    A diagram that could not be rendered for another reason, such as its size, counts as correct.
    """
    text = _without_settings(source)
    if text.split("\n", 1)[0].split()[:1] not in ([kind], [f"{kind}-v2"]):
        return f"the {_NAMES[kind]} does not start with `{kind}`"
    error = render(source).syntax_error
    skipped = source.strip().count("\n") - text.count("\n")  # lines of settings above the diagram
    return f"the {_NAMES[kind]} does not parse{_place(error, text, skipped)}" if error else None


def _without_settings(source: str) -> str:
    """The source without front matter, directives and comments, which could change how Mermaid works."""
    text = printable(source).strip()
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(r"%%\{(?:(?!%%).)*\}%%", "", text, flags=re.DOTALL)
    return re.sub(r"^[ \t]*%%.*$", "", text, flags=re.MULTILINE).strip()


def _render(source: str) -> Rendering:
    kept = cache_folder() / "diagrams" / f"{digest([version('mermaidx'), _CONFIG, source])}.svg"
    with suppress(OSError, UnicodeDecodeError, InvalidSvgError):
        return Rendering(svg=clean(kept.read_text(encoding="utf-8")))
    rendering = _run_script(source)
    if not rendering.svg:
        return rendering
    with suppress(RunFolderError):  # a cache that cannot be written only costs time
        write_synced(kept, rendering.svg)
    try:
        return Rendering(svg=clean(rendering.svg))
    except InvalidSvgError as error:
        return Rendering(failure=str(error))


def _run_script(source: str) -> Rendering:
    """What Mermaid makes of the source, not cleaned yet."""
    request = json.dumps({"source": source, "config": _CONFIG})
    command = [sys.executable, "-P", str(_SCRIPT)]
    try:
        done = subprocess.run(
            command, input=request, capture_output=True, encoding="utf-8", timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return Rendering(failure=f"Mermaid needed more than {TIME_LIMIT:.0f} s")
    except OSError as error:
        return Rendering(failure=f"Mermaid cannot be started ({error.strerror})")
    if done.returncode:
        return Rendering(failure=f"Mermaid stopped with exit code {done.returncode}")
    answer = json.loads(done.stdout)
    if "svg" in answer:
        return Rendering(svg=answer["svg"])
    message = answer["error"].removeprefix("Mermaid rendering failed: ").removeprefix("Error: ")
    return Rendering(syntax_error=message)


def _place(error: str, text: str, skipped: int) -> str:
    """Where the error is: line, column and what is there; Mermaid's own message if it names no line.

    Mermaid prints the line's number, up to 20 characters before the error without their line breaks, and a pointer.
    """
    found = re.search(r"error on line (\d+)[^\n]*\n([^\n]*)\n(-*)\^", error)
    if not found:
        return f": {error.splitlines()[0]}"
    number, lines = int(found[1]), text.splitlines()
    if number > len(lines):
        return f" at its end, after line {len(lines) + skipped}: `{lines[-1].strip()}`"
    line = lines[number - 1]
    before = found[2][: len(found[3])].removeprefix("...")
    ends = (end for end in range(len(line), -1, -1) if line[:end].endswith(before) or before.endswith(line[:end]))
    unexpected = re.search(r"got '([^']*)'|Unrecognized text", error)
    reason = f" (unexpected {unexpected[1]})" if unexpected and unexpected[1] else ""
    return f" at line {number + skipped}, column {next(ends) + 1}: `{line.strip()}`{reason}"
