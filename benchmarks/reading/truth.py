"""The words, headings and numbers of a paper as its LaTeX source has them.

Independent of the product's own LaTeX reader: pandoc turns the source into an abstract syntax tree, and prose, headings
and numbers are taken from that. What the truth lacks: mathematics (a sentence is cut at every formula, for the source
writes formulas in another alphabet than the page), citations and cross-references (they are numbers on the page and
keys in the source), tables, figures, the bibliography, and what pandoc cannot read at all. Macros without arguments
that the paper defines are cut out too: pandoc drops many of them, and so the truth would lack their words.
"""

import io
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypandoc

CUT = "\x00"
"""Stands in the text where the source has something that is no prose."""

Node = Any
"""A node of pandoc's tree, which is JSON without a schema."""


@dataclass(frozen=True)
class TrueHeading:
    """A heading of the source, numbered as LaTeX numbers it."""

    number: str
    title: str


@dataclass(frozen=True)
class Truth:
    """What a parse is scored against."""

    name: str
    pdf: Path
    paragraphs: tuple[str, ...]
    headings: tuple[TrueHeading, ...]


def truth(pdf: Path, source: Path) -> Truth:
    """The truth of a paper whose LaTeX is one file or an archive with one main file."""
    tex = _main_file(source)
    tree = json.loads(_pandoc(_prepared(tex)))
    blocks = list(_blocks(tree["blocks"]))
    paragraphs = [text for text in (_prose(block["c"]) for block in blocks if block["t"] in {"Para", "Plain"}) if text]
    abstract = tree["meta"].get("abstract", {}).get("c", [])
    front = [_prose(block["c"]) for block in _blocks(abstract) if block["t"] in {"Para", "Plain"}]
    return Truth(pdf.parent.name, pdf, (*front, *paragraphs), tuple(_headings(blocks, tex)))


def _main_file(source: Path) -> str:
    if source.suffix != ".gz":
        return source.read_text(encoding="utf-8", errors="replace")
    with tarfile.open(fileobj=io.BytesIO(source.read_bytes())) as archive:
        texts = {
            member.name: archive.extractfile(member).read().decode("utf-8", "replace")  # type: ignore[union-attr]
            for member in archive.getmembers()
            if member.isfile() and member.name.endswith(".tex")
        }
    main = next(text for text in texts.values() if "\\begin{document}" in text)
    return re.sub(r"\\input\{([^}]+)\}", lambda found: texts.get(found[1], texts.get(found[1] + ".tex", "")), main)


def _prepared(tex: str) -> str:
    """The source without comments and preamble, and without what pandoc would read into the text."""
    tex = re.sub(r"(?<!\\)%.*", "", tex)
    head = tex.split("\\begin{document}")[0]
    macros = re.findall(r"^\\(?:newcommand|def|renewcommand)\b.*#.*$", head, re.MULTILINE)
    body = tex.split("\\begin{document}")[-1].split("\\end{document}")[0]
    for name in re.findall(r"\\(?:newcommand|def|renewcommand)\*?\s*\{?\\([A-Za-z]+)\}?\s*\{", head):
        body = re.sub(rf"\\{name}(?![A-Za-z])", r"\\cite{x}", body)
    for name in ("table", "figure", "algorithm", "wrapfigure", "wraptable", "thebibliography"):
        body = re.sub(rf"\\begin\{{{name}\*?\}}.*?\\end\{{{name}\*?\}}", "", body, flags=re.DOTALL)
    body = re.sub(r"\\(?:footnotetext|thanks|printAffiliationsAndNotice)\s*\{", r"\\footnote{", body)
    return "\n".join([*(macro for macro in macros if macro.count("{") == macro.count("}")), body])


def _pandoc(tex: str) -> str:
    command = [pypandoc.get_pandoc_path(), "--from=latex", "--to=json"]
    return subprocess.run(command, input=tex, capture_output=True, text=True, check=True, timeout=120).stdout


def _blocks(nodes: list[Node]) -> Iterator[Node]:
    """Headings and paragraphs in order, out of lists, quotes and divisions; tables and figures are left out."""
    for node in nodes:
        match node["t"]:
            case "Header" | "Para" | "Plain":
                yield node
            case "Div":
                yield from _blocks(node["c"][1])
            case "BlockQuote":
                yield from _blocks(node["c"])
            case "BulletList":
                yield from (block for item in node["c"] for block in _blocks(item))
            case "OrderedList":
                yield from (block for item in node["c"][1] for block in _blocks(item))


def _prose(nodes: list[Node]) -> str:
    return "".join(_inline(node) for node in nodes)


def _inline(node: Node) -> str:
    match node["t"]:
        case "Str":
            return str(node["c"])
        case "Space" | "SoftBreak" | "LineBreak":
            return " "
        case "Emph" | "Strong" | "SmallCaps" | "Underline" | "Strikeout":
            return _prose(node["c"])
        case "Quoted":
            return f'"{_prose(node["c"][1])}"'
        case "Span" if not node["c"][0][0]:
            return _prose(node["c"][1])
        case _:
            return f" {CUT} "


def _headings(blocks: list[Node], tex: str) -> Iterator[TrueHeading]:
    """Sections to subsubsections; where the source says appendix, letters begin."""
    appendix = _title_after_appendix(tex)
    counters = [0, 0, 0]
    lettered = False
    for block in blocks:
        if block["t"] != "Header" or block["c"][0] > 3:
            continue
        level, (_, classes, _), inlines = block["c"]
        title = _prose(inlines).replace(CUT, "").strip()
        if not lettered and appendix and _key(title) == appendix:
            counters, lettered = [0, 0, 0], True
        if "unnumbered" in classes:
            yield TrueHeading("", title)
            continue
        counters = [*counters[: level - 1], counters[level - 1] + 1, *[0] * (3 - level)]
        first = chr(64 + counters[0]) if lettered and counters[0] else str(counters[0])
        yield TrueHeading(".".join([first, *map(str, counters[1:level])]), title)


def _title_after_appendix(tex: str) -> str:
    found = re.search(r"\\(?:appendix\b|begin\{appendix\}).*?\\section\*?\{([^}]*)\}", tex, re.DOTALL)
    return _key(found[1]) if found else ""


def _key(title: str) -> str:
    return re.sub(r"[\W_]+", "", title).lower()
