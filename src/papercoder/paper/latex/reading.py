"""A LaTeX paper, from one file or many, to a draft."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from papercoder.artifacts import Loss, Reference
from papercoder.errors import PaperError
from papercoder.paper.decoding import decode
from papercoder.paper.draft import Draft, Grid
from papercoder.paper.files import Files
from papercoder.paper.latex.bibliography import from_bib, printed
from papercoder.paper.latex.macros import Flattened, flatten
from papercoder.paper.latex.tables import TABULARS
from papercoder.paper.latex.tokens import tokenize
from papercoder.paper.latex.tree import Command, Environment, Group, Node, commands, parse, plain
from papercoder.paper.latex.walk import Walk
from papercoder.paper.names import names

_COMMENT = re.compile(rb"(?<!\\)%[^\n]*")
_SUFFIXES = (".tex", ".ltx", ".latex")
_OPENING = ["\\begin", "{", "document", "}"]
_CLOSING = ["\\end", "{", "document", "}"]
_PREAMBLE = names(
    """
    title icmltitle abstract newtheorem numberwithin counterwithin papercoderthe setcounter addtocounter
    """
)


def read_latex(files: Files, main: str | None = None) -> Draft:
    """The draft of a paper in LaTeX.

    Raises:
        PaperError: there is no LaTeX file, or the main file has no text.
    """
    losses: list[Loss] = []
    flattened = flatten(main or find_main(files, losses), files)
    preamble, body = _parts(flattened.tokens)
    walk = Walk()
    walk.walk([node for node in commands(parse(preamble)) if node.name in _PREAMBLE])
    walk.end_paragraph()
    nodes = parse(body)
    walk.walk(nodes)
    draft = walk.finish()
    draft.references += _references(walk, flattened, files, nodes)
    draft.losses += [*losses, *flattened.losses, *_suspicions(draft, walk, nodes)]
    if not draft.elements and not draft.abstract:
        raise PaperError(f"{files.where} has no text in LaTeX; is {flattened.included[0]} the paper's main file?")
    return draft


def find_main(files: Files, losses: list[Loss]) -> str:
    """The file that LaTeX would be run on; raises `PaperError` where there is none."""
    sources = {name: _COMMENT.sub(b"", files.get(name) or b"") for name in files.names() if _is_source(name)}
    if not sources:
        raise PaperError(f"{files.where} holds no .tex file; give the folder of the LaTeX source, or its main file.")
    documents = {n: s for n, s in sources.items() if b"\\documentclass" in s or b"\\documentstyle" in s}
    complete = {name: source for name, source in documents.items() if b"\\begin{document}" in source}
    candidates = complete or documents or sources
    best = max(candidates, key=lambda name: _rank(name, len(candidates[name]), files))
    if len(candidates) > 1:
        others = ", ".join(sorted(candidates.keys() - {best})[:5])
        message = f"Several files could be the paper; {best} was read. Name another to read it instead: {others}."
        losses.append(Loss(kind="main_file", message=message))
    return best


def _is_source(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in _SUFFIXES and not hidden


def _rank(name: str, size: int, files: Files) -> tuple[bool, bool, int, int]:
    path = PurePosixPath(name)
    has_bibliography = files.get(str(path.with_suffix(".bbl"))) is not None
    return has_bibliography, path.stem.lower() in ("main", "paper", "ms"), -len(path.parts), size


def _parts(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Preamble and body; without `\\begin{document}`, all is body."""
    start = _find(tokens, _OPENING)
    end = _find(tokens, _CLOSING)
    body = tokens[start + len(_OPENING) if start is not None else 0 : end]
    return tokens[: start or 0], body


def _find(tokens: list[str], wanted: list[str]) -> int | None:
    starts = (i for i, token in enumerate(tokens) if token == wanted[0] and tokens[i : i + len(wanted)] == wanted)
    return next(starts, None)


# References


def _references(walk: Walk, flattened: Flattened, files: Files, body: Sequence[Node]) -> list[Reference]:
    found = [reference for environment in walk.bibliography for reference in printed(environment, walk.prose)]
    if found:
        return found
    for name in _printed_files(flattened, files):
        environments = _environments(parse(tokenize(decode(files.get(name) or b"", name, walk.draft.losses))))
        found = [reference for environment in environments for reference in printed(environment, walk.prose)]
        if any(reference.key in walk.prose.cited for reference in found):
            return found
    return _from_bib(walk, flattened, files, body)


def _printed_files(flattened: Flattened, files: Files) -> Iterator[str]:
    main = PurePosixPath(flattened.included[0])
    own = str(main.with_suffix(".bbl"))
    yield own
    yield from (name for name in files.names() if name.endswith(".bbl") and name != own and _is_visible(name))


def _is_visible(name: str) -> bool:
    return not PurePosixPath(name).name.startswith("._")


def _environments(nodes: Sequence[Node]) -> Iterator[Environment]:
    for node in nodes:
        if isinstance(node, Environment):
            if node.name == "thebibliography":
                yield node
            yield from _environments(node.children)


def _from_bib(walk: Walk, flattened: Flattened, files: Files, body: Sequence[Node]) -> list[Reference]:
    used = [command for command in commands(body) if command.name in ("bibliography", "nocite", "addbibresource")]
    keys = dict(walk.prose.cited)
    found: dict[str, Reference] = {}
    for command in used:
        names = [name.strip() for name in plain(command.last).split(",")]
        if command.name == "nocite":
            keys.update(dict.fromkeys(names))
    for command in used:
        if command.name != "nocite":
            for name in plain(command.last).split(","):
                found |= _entries_of(name.strip(), keys, walk, flattened, files)
    return list(found.values())


def _entries_of(
    name: str, keys: dict[str, None], walk: Walk, flattened: Flattened, files: Files
) -> dict[str, Reference]:
    name = name if name.endswith(".bib") else f"{name}.bib"
    folder = PurePosixPath(flattened.included[0]).parent
    data = files.get(str(folder / name)) or files.get(name) or flattened.files_in_source.get(name)
    if data is None:
        message = f"The bibliography {name} is not there, so its references are missing."
        walk.draft.losses.append(Loss(kind="missing_file", message=message))
        return {}
    source = decode(data, name, walk.draft.losses)
    return {reference.key: reference for reference in from_bib(source, keys, walk.prose)}


# What may be missing


def _suspicions(draft: Draft, walk: Walk, body: Sequence[Node]) -> Iterator[Loss]:
    if walk.prose.cited and not draft.references:
        message = f"The paper cites {len(walk.prose.cited)} works, but its source carries no bibliography."
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
