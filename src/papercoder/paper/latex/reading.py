"""Reads a LaTeX paper, of one file or many, into a draft with its bibliography."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from papercoder.artifacts import Loss, Reference
from papercoder.errors import PaperError
from papercoder.paper.draft import Draft, Grid
from papercoder.paper.files import Files
from papercoder.paper.latex.expansion import flatten
from papercoder.paper.latex.expansion.expander import Sources
from papercoder.paper.latex.expansion.inclusion import BEGIN_DOCUMENT, body_of, position
from papercoder.paper.latex.prose import Prose
from papercoder.paper.latex.tables import TABULARS
from papercoder.paper.latex.tokens import PAR, tokenize
from papercoder.paper.latex.tree import Command, Environment, Group, Node, commands, parse, plain
from papercoder.paper.latex.walk import IN_PREAMBLE, Walk

_ENTRY = re.compile(r"@\s*(\w+)\s*[{(]\s*([^\s,{}()]+)\s*,")
_FIELD = re.compile(r"\s*,?\s*([A-Za-z][\w-]*)\s*=\s*")
_BARE = re.compile(r"[^\s,{}\"#]+")
_FIELDS = (
    "author",
    "editor",
    "title",
    "booktitle",
    "journal",
    "volume",
    "publisher",
    "year",
    "date",
    "doi",
    "eprint",
    "url",
)
_NO_ENTRIES = frozenset("string preamble comment".split())


def printed(environment: Environment, prose: Prose) -> Iterator[Reference]:
    """The entries of a `thebibliography`."""
    for key, nodes in _items(environment.children):
        if text := prose(nodes):
            yield Reference(key=key, text=text)


def _items(nodes: Sequence[Node]) -> Iterator[tuple[str, list[Node]]]:
    key, part = "", list[Node]()
    for node in nodes:
        if isinstance(node, Command) and node.name == "bibitem":
            if key:
                yield key, part
            key, part = plain(node.last).strip(), []
        else:
            part.append(" " if node == PAR else node)
    if key:
        yield key, part


def from_bib(source: str, keys: Iterable[str], prose: Prose) -> Iterator[Reference]:
    """The entries of a `.bib` file that are cited, in the order of `keys`; all of them for the key `*`."""
    entries = dict(_entries(source))
    wanted = list(keys)
    for key in entries if "*" in wanted else wanted:
        if key in entries:
            parts = (entries[key].get(name, "") for name in _FIELDS)
            text = ". ".join(prose(parse(tokenize(part))) for part in parts if part)
            yield Reference(key=key, text=text)


def _entries(source: str) -> Iterator[tuple[str, dict[str, str]]]:
    position = 0
    while match := _ENTRY.search(source, position):
        fields, position = _fields(source, match.end())
        if match[1].lower() not in _NO_ENTRIES:
            yield match[2], fields


def _fields(source: str, position: int) -> tuple[dict[str, str], int]:
    """The fields of an entry, and where they end."""
    fields: dict[str, str] = {}
    while match := _FIELD.match(source, position):
        value, position = _value(source, match.end())
        fields.setdefault(match[1].lower(), value)
    return fields, position


def _value(source: str, position: int) -> tuple[str, int]:
    opening = source[position : position + 1]
    if opening == "{":
        end = _closing(source, position)
        return source[position + 1 : end], end + 1
    if opening == '"':
        end = source.find('"', position + 1, position + 20_000)
        return (source[position + 1 : end], end + 1) if end > 0 else ("", position)
    bare = _BARE.match(source, position)
    return (bare[0], bare.end()) if bare else ("", position)


def _closing(source: str, position: int) -> int:
    depth = 0
    for match in re.compile(r"(?<!\\)[{}]").finditer(source, position, position + 20_000):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    return min(position + 20_000, len(source))


_COMMENT = re.compile(rb"(?<!\\)%[^\n]*")
_SUFFIXES = (".tex", ".ltx", ".latex")


def read_latex(files: Files, main: str | None = None) -> Draft:
    """The draft of a paper in LaTeX.

    Raises:
        PaperError: there is no LaTeX file, or the main file has no text.
    """
    sources = Sources(files)
    sources.main = main or find_main(sources)
    flattened = flatten(sources)
    start = position(flattened.tokens, BEGIN_DOCUMENT)
    walk = Walk()
    walk.walk([node for node in commands(parse(flattened.tokens[: start or 0])) if node.name in IN_PREAMBLE])
    walk.end_paragraph()
    nodes = parse(body_of(flattened.tokens))
    walk.walk(nodes)
    draft = walk.finish()
    draft.references += _references(walk, sources, nodes)
    draft.losses += [*sources.losses, *flattened.losses, *_suspicions(draft, walk, nodes)]
    draft.files += sources.read
    if not draft.elements and not draft.abstract:
        raise PaperError(f"{files.where} has no text in LaTeX; is {sources.main} the paper's main file?")
    return draft


def find_main(sources: Sources) -> str:
    """The file that LaTeX would be run on; raises `PaperError` if there is none."""
    found = {name: _COMMENT.sub(b"", sources.data(name) or b"") for name in sources.names() if name.endswith(_SUFFIXES)}
    if not found:
        raise PaperError(
            f"{sources.files.where} holds no .tex file; give the folder of the LaTeX source, or its main file."
        )
    documents = {name: text for name, text in found.items() if b"\\documentclass" in text or b"\\documentstyle" in text}
    complete = {name: text for name, text in documents.items() if b"\\begin{document}" in text}
    candidates = complete or documents or found
    best = max(candidates, key=lambda name: _rank(name, candidates[name], sources))
    others = sorted(name for name in candidates if name != best and not _is_part(candidates[name]))
    if others:
        message = (
            f"Several files could be the paper; {best} was read. Name another to read it instead: "
            f"{', '.join(others[:5])}."
        )
        sources.losses.append(Loss(kind="main_file", message=message))
    return best


def _is_part(text: bytes) -> bool:
    """Whether this is a document for itself only while it is written: a subfile or a standalone figure."""
    return bool(re.search(rb"\\documentclass\s*(?:\[[^\]]*\])?\s*\{(?:subfiles|standalone)\}", text))


def _rank(name: str, text: bytes, sources: Sources) -> tuple[bool, bool, bool, int, int]:
    path = PurePosixPath(name)
    has_bibliography = sources.find(str(path.with_suffix(".bbl"))) is not None
    is_named = path.stem.lower() in ("main", "paper", "ms")
    return not _is_part(text), has_bibliography, is_named, -len(path.parts), len(text)


# References


def _references(walk: Walk, sources: Sources, body: Sequence[Node]) -> list[Reference]:
    found = [reference for environment in walk.bibliography for reference in printed(environment, walk.prose)]
    if found:
        return found
    own = str(PurePosixPath(sources.main).with_suffix(".bbl"))
    for name in [own, *(name for name in sources.names() if name.endswith(".bbl") and name != own)]:
        read_before = dict(sources.read)
        environments = _environments(parse(tokenize(sources.text(name) or "")))
        found = [reference for environment in environments for reference in printed(environment, walk.prose)]
        if any(reference.key in walk.prose.cited for reference in found):
            return found
        sources.read = read_before
    return _from_bib(walk, sources, body)


def _environments(nodes: Sequence[Node]) -> Iterator[Environment]:
    for node in nodes:
        if isinstance(node, Environment):
            if node.name == "thebibliography":
                yield node
            yield from _environments(node.children)


def _from_bib(walk: Walk, sources: Sources, body: Sequence[Node]) -> list[Reference]:
    keys = dict(walk.prose.cited)
    names: dict[str, None] = {}
    for command in commands(body):
        listed = [name.strip() for name in plain(command.last).split(",")]
        if command.name == "nocite":
            keys.update(dict.fromkeys(listed))
        elif command.name in ("bibliography", "addbibresource"):
            names.update(dict.fromkeys(listed))
    found: dict[str, Reference] = {}
    for name in names:
        found |= {reference.key: reference for reference in _entries_of(name, keys, walk, sources)}
    return list(found.values())


def _entries_of(name: str, keys: dict[str, None], walk: Walk, sources: Sources) -> Iterator[Reference]:
    name = name if name.endswith(".bib") else f"{name}.bib"
    beside = str(PurePosixPath(sources.main).parent / name)
    source = sources.text(beside) or sources.text(name)
    if source is None:
        message = f"The bibliography {name} is missing, so its references are missing too."
        walk.draft.losses.append(Loss(kind="missing_file", message=message))
        return
    yield from from_bib(source, keys, walk.prose)


# What may be missing


def _suspicions(draft: Draft, walk: Walk, body: Sequence[Node]) -> Iterator[Loss]:
    if walk.prose.cited and not draft.references:
        message = f"The paper cites {len(walk.prose.cited)} works, but its source has no bibliography."
        yield Loss(kind="missing_references", message=message)
    written = sum(1 for _ in _tabulars(body))
    kept = sum(isinstance(element, Grid) and bool(element.rows) for element in draft.elements)
    if kept < written:
        message = f"The source has {written} tables, but only {kept} were read with their cells."
        yield Loss(kind="tables", message=message)


def _tabulars(nodes: Sequence[Node]) -> Iterator[Environment]:
    """The tables in a text, not those within their cells."""
    for node in nodes:
        if isinstance(node, Environment) and node.name in TABULARS:
            yield node
        elif isinstance(node, Environment | Group):
            yield from _tabulars(node.children)
        elif isinstance(node, Command):
            for argument in node.arguments:
                yield from _tabulars(argument or [])
