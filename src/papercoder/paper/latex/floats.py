"""Floats: figures, tables and algorithms, their captions put together with what they caption."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from papercoder.paper.draft import Element, Grid, Listing, Picture, Text
from papercoder.paper.latex.algorithms import LISTINGS, code_of, pseudocode
from papercoder.paper.latex.commands import DROPPED, SILENT
from papercoder.paper.latex.displays import displays
from papercoder.paper.latex.numbers import Counters
from papercoder.paper.latex.prose import Prose, tidy
from papercoder.paper.latex.tables import TABULARS, rows_of
from papercoder.paper.latex.tree import Command, Environment, Group, Maths, Node, plain
from papercoder.paper.names import names

FLOATS = {
    "figure": "figure",
    "wrapfigure": "figure",
    "sidewaysfigure": "figure",
    "teaserfigure": "figure",
    "table": "table",
    "wraptable": "table",
    "sidewaystable": "table",
    "longtable": "table",
    "xltabular": "table",
    "algorithm": "algorithm",
    "algorithm2e": "algorithm",
    "procedure": "algorithm",
    "listing": "listing",
}
"""Environments that float, to the counter of their captions."""

_HOLDERS = names("minipage center adjustbox flushleft tcolorbox")
_ALGORITHMIC = names("algorithmic algorithmicx")
_FEWEST_WORDS = 12


def is_float(environment: Environment) -> bool:
    """Whether this floats, or stands still with a caption as if it did."""
    has_caption = any(isinstance(node, Command) and node.name == "captionof" for node in environment.children)
    return environment.name.removesuffix("*") in FLOATS or (environment.name in _HOLDERS and has_caption)


def elements_of(environment: Environment, prose: Prose, counters: Counters) -> Iterator[Element]:
    """What a float holds, in order, with captions and numbers."""
    kind = FLOATS.get(environment.name.removesuffix("*"), "figure")
    found = _Float(kind, prose, counters)
    commands = [node for node in environment.children if isinstance(node, Command)]
    if environment.name in TABULARS:
        found.parts.append(Grid("", rows_of(environment, prose)))
        found.gather(commands)
    elif kind == "algorithm" and not _holds(environment.children, _ALGORITHMIC | LISTINGS):
        found.gather([node for node in commands if node.name in ("caption", "label")])
        found.parts.append(Listing("", pseudocode(environment.children, prose)))
    else:
        found.gather(environment.children)
    return found.put_together()


@dataclass(frozen=True)
class _Caption:
    kind: str
    text: str
    number: str


_Part = _Caption | Element


@dataclass
class _Float:
    """What is found in a float, until its captions and contents are put together."""

    kind: str
    prose: Prose
    counters: Counters
    parts: list[_Part] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    subcaptions: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """Text that is neither caption nor table: notes, or a prompt printed in a figure."""

    def gather(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            match node:
                case Group(children=children):
                    self.gather(children)
                case Maths(environment=environment) if environment != "$":
                    self.parts += displays(node, self.counters, self.prose.labels)
                case str() | Maths():
                    self.words.append(self.prose.one(node))
                case Environment():
                    self._environment(node)
                case Command():
                    self._command(node)

    def _command(self, command: Command) -> None:
        match command.name:
            case "caption" | "captionof":
                kind = plain(command.arguments[0]) if command.name == "captionof" else self.kind
                number = "" if command.star else self.counters.step(kind)
                self.labels += _labels_in(command.last)
                self.parts.append(_Caption(kind, self.prose(command.last), number))
            case "subcaption":
                self.subcaptions.append(self.prose(command.last))
            case "subfloat" | "subfigure":
                if command.arguments and command.arguments[0]:
                    self.subcaptions.append(self.prose(command.arguments[0]))
                self.gather(command.last)
            case "label":
                self.labels.append(plain(command.last))
            case name if name in SILENT:
                pass
            case _ if command.arguments and not command.name.startswith(("cite", "ref", "eqref")):
                self.gather(command.last)
            case _:
                self.words.append(self.prose.one(command))

    def _environment(self, environment: Environment) -> None:
        name = environment.name
        if name in TABULARS:
            self.parts.append(Grid("", rows_of(environment, self.prose)))
        elif name in _ALGORITHMIC:
            self.parts.append(Listing("", pseudocode(environment.children, self.prose)))
        elif name in LISTINGS:
            self.parts.append(Listing(*code_of(environment)))
        elif name in ("subfigure", "subtable"):
            self._inner(environment)
        elif name not in DROPPED:
            self.gather(environment.children)

    def _inner(self, environment: Environment) -> None:
        """A float within a float: its caption is no caption of its own."""
        before = dict(self.counters.values)
        inner = _Float(self.kind, self.prose, self.counters)
        inner.gather(environment.children)
        self.counters.values = before
        captions = [part for part in inner.parts if isinstance(part, _Caption)]
        self.subcaptions += [caption.text for caption in captions if caption.text]
        self.parts += [part for part in inner.parts if not isinstance(part, _Caption)]
        self.labels += inner.labels

    def put_together(self) -> Iterator[Element]:
        captions = [part for part in self.parts if isinstance(part, _Caption)]
        contents = [part for part in self.parts if not isinstance(part, _Caption)]
        if captions:
            for label in self.labels:
                self.prose.labels.add(label, (captions[0].kind, captions[0].number))
            captions[0] = _with_parts(captions[0], self.subcaptions)
        if len(captions) == 1 and captions[0].kind != "figure":
            captions += [_part(captions[0], place) for place in range(1, sum(_takes_caption(c) for c in contents))]
        text = tidy("".join(self.words))
        if len(text.split()) >= _FEWEST_WORDS:
            contents.append(Text(text))
        contents.sort(key=_takes_caption, reverse=True)
        for content, caption in zip_longest(contents, captions):
            yield from _captioned(content, caption)


def _takes_caption(element: Element) -> bool:
    return isinstance(element, Grid | Listing)


def _part(caption: _Caption, place: int) -> _Caption:
    """The caption of a further table in a float with one caption: 3 is followed by 3b."""
    number = caption.number and caption.number + chr(97 + place % 26)
    return _Caption(caption.kind, f"{caption.text} (part {place + 1})", number)


def _captioned(content: Element | None, caption: _Caption | None) -> list[Element]:
    text, number = (caption.text, caption.number) if caption else ("", "")
    match content:
        case Grid() | Listing() if caption and caption.kind == "figure":
            return [Picture(text, number), content]
        case Grid(rows=rows):
            return [Grid(text, rows, number)]
        case Listing(caption=own, text=code):
            return [Listing(text or own, code, number)]
        case None if caption and caption.kind == "table":
            return [Grid(text, (), number)]
        case None:
            return [Picture(text, number)]
    return [content, Picture(text, number)] if caption else [content]


def _with_parts(caption: _Caption, parts: Sequence[str]) -> _Caption:
    listed = " ".join(f"({chr(97 + place % 26)}) {part}" for place, part in enumerate(parts) if part)
    return _Caption(caption.kind, f"{caption.text} {listed}".strip(), caption.number)


def _labels_in(nodes: Sequence[Node]) -> list[str]:
    return [plain(node.last) for node in nodes if isinstance(node, Command) and node.name == "label"]


def _holds(nodes: Sequence[Node], names: frozenset[str]) -> bool:
    return any(
        (isinstance(node, Environment) and (node.name in names or _holds(node.children, names)))
        or (isinstance(node, Group) and _holds(node.children, names))
        for node in nodes
    )
