"""The tree of a paper to its elements in reading order."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from papercoder.artifacts import Loss
from papercoder.paper.draft import Display, Draft, Element, Grid, Heading, Listing, Picture, Text
from papercoder.paper.latex.algorithms import LISTINGS, code_of, pseudocode
from papercoder.paper.latex.commands import DROPPED, SILENT
from papercoder.paper.latex.displays import displays
from papercoder.paper.latex.numbers import LEVELS, Counters, Labels
from papercoder.paper.latex.prose import Prose, tidy
from papercoder.paper.latex.tables import TABULARS, rows_of
from papercoder.paper.latex.tokens import PAR
from papercoder.paper.latex.tree import Command, Environment, Group, Maths, Node, plain
from papercoder.paper.names import names

_LETTER = re.compile(r"[^\W_]|\$")
_FLOATS = {
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
_LISTS = names("itemize enumerate description compactitem compactenum inparaenum tablenotes")
_RUN_IN = names("paragraph subparagraph")
_FEWEST_WORDS = 12
_BOXES = names("resizebox scalebox parbox makebox framebox mbox centerline fbox rotatebox textcolor")
_ALGORITHMIC = names("algorithmic algorithmicx")


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
    parts: list[_Part] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    subcaptions: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """Text that is neither caption nor table: notes, or a prompt printed in a figure."""


@dataclass
class Walk:
    """Walks a body once, numbering as it goes; references are resolved at the end, by `finish`."""

    counters: Counters = field(default_factory=Counters)
    labels: Labels = field(default_factory=Labels)
    draft: Draft = field(default_factory=Draft)
    prose: Prose = field(init=False)
    theorems: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Environment to the name printed and the counter, empty where it has no number."""

    bibliography: list[Environment] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    item: list[str] = field(default_factory=list)
    """What the innermost list's items begin with: `- `, `1. `, ...; empty outside a list."""

    tabulars: int = 0

    def __post_init__(self) -> None:
        self.prose = Prose(self.labels)

    def walk(self, nodes: Sequence[Node]) -> None:
        """Add what these nodes print to the draft."""
        for node in nodes:
            match node:
                case str():
                    self._word(node)
                case Group(children=children):
                    self.walk(children)
                case Maths():
                    self._maths(node)
                case Command():
                    self._command(node)
                case Environment():
                    self._environment(node)

    def finish(self) -> Draft:
        """The draft, its references resolved."""
        self.end_paragraph()
        resolve = self.labels.resolve
        self.draft.title, self.draft.abstract = resolve(self.draft.title), resolve(self.draft.abstract)
        self.draft.elements = [_resolved(element, resolve) for element in self.draft.elements]
        if unknown := sorted(self.labels.unknown):
            shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            message = f"{len(unknown)} references point to labels that the source does not define: {shown}."
            self.draft.losses.append(Loss(kind="unresolved_reference", message=message))
        return self.draft

    # Paragraphs

    def _word(self, token: str) -> None:
        if token == PAR:
            self.end_paragraph()
        else:
            self.line.append(self.prose.one(token))

    def end_paragraph(self) -> None:
        """Close the paragraph under way; its footnotes follow it."""
        text = tidy("".join(self.line))
        self.line.clear()
        if _LETTER.search(text):
            self._add(Text(text))
        for note in self.prose.take_footnotes():
            self._add(Text(note))

    def _add(self, element: Element) -> None:
        self.draft.elements.append(element)

    # Maths

    def _maths(self, maths: Maths) -> None:
        if maths.environment == "$":
            self.line.append(self.prose.one(maths))
            return
        self.end_paragraph()
        found = list(displays(maths, self.counters, self.labels))
        self.draft.elements += found
        if found and found[-1].number:
            self.labels.point("equation", found[-1].number)

    # Commands

    def _command(self, command: Command) -> None:
        name = command.name
        if name in LEVELS or name in ("chapter", *_RUN_IN):
            self._heading(command)
        elif name in _DECLARATIONS:
            _DECLARATIONS[name](self, command)
        elif name in _BOXES:
            self.walk(command.last)
        elif name == "par":
            self.end_paragraph()
        else:
            self.line.append(self.prose.one(command))

    def _heading(self, command: Command) -> None:
        self.end_paragraph()
        title = self.prose(command.last)
        if command.name in _RUN_IN:
            self.line.append(title + (" " if title.endswith((".", ":", "?", "!")) else ". "))
            return
        if command.name == "part":
            return
        number = "" if command.star else self.counters.step(command.name)
        if number:
            self.labels.point("appendix" if self.counters.appendix else "section", number)
        level = LEVELS.get(command.name, 0) + bool(self.counters.values.get("chapter"))
        self._add(Heading(title, max(level, 1), number, self.counters.appendix))
        self.prose.raw([c for c in command.last if isinstance(c, Command) and c.name == "label"])

    def _item(self, command: Command) -> None:
        self.end_paragraph()
        mark = self.prose(command.last)
        if self.item and self.item[-1].rstrip(". ").isdecimal() and not mark:
            number = int(self.item[-1].rstrip(". ")) + 1
            self.item[-1] = f"{number}. "
            self.labels.point("item", str(number))
        self.line.append(f"- {mark} " if mark else self.item[-1] if self.item else "- ")

    def _start_appendix(self, _: Command) -> None:
        self.end_paragraph()
        self.counters.start_appendix()

    def _title(self, command: Command) -> None:
        self.draft.title = self.draft.title or self.prose(_without_thanks(command.last))

    def _abstract(self, command: Command) -> None:
        self.draft.abstract = self.draft.abstract or self._aside(command.last)

    def _theorem(self, command: Command) -> None:
        name, shared, shown, within = (plain(argument) for argument in command.arguments)
        self.theorems[name] = (shown, "" if command.star else shared or name)
        if within:
            self.counters.within[name] = within

    def _number_within(self, command: Command) -> None:
        inner, outer = (plain(argument).strip() for argument in command.arguments)
        self.counters.within[inner] = outer

    def _number_format(self, command: Command) -> None:
        counter, shown = command.arguments
        self.counters.formats[plain(counter)] = _source(shown or [])

    def _set_counter(self, command: Command) -> None:
        counter, value = (plain(argument).strip() for argument in command.arguments)
        if value.lstrip("-").isdecimal():
            before = self.counters.values.get(counter, 0) if command.name == "addtocounter" else 0
            self.counters.values[counter] = before + int(value)

    # Environments

    def _environment(self, environment: Environment) -> None:
        name = environment.name.removesuffix("*")
        if name in DROPPED:
            return
        if name in _FLOATS:
            self._float(environment, _FLOATS[name])
        elif name in TABULARS or environment.name in TABULARS:
            self.end_paragraph()
            self._add(Grid("", self._rows(environment)))
        elif environment.name in LISTINGS:
            self.end_paragraph()
            self._add(Listing(*code_of(environment)))
        elif name in _LISTS:
            self._list(environment)
        elif name in self.theorems or name == "proof":
            self._statement(environment)
        else:
            self._block(environment)

    def _block(self, environment: Environment) -> None:
        match environment.name:
            case "abstract":
                self.end_paragraph()
                self.draft.abstract = self.draft.abstract or self._aside(environment.children)
            case "thebibliography":
                self.bibliography.append(environment)
            case "algorithmic" | "algorithmicx":
                self.end_paragraph()
                self._add(Listing("", pseudocode(environment.children, self.prose)))
            case "subequations":
                self.labels.point("equation", self.counters.open_subequations())
                self.walk(environment.children)
                self.counters.parent_equation = ""
            case "appendix" | "appendices":
                self.counters.start_appendix()
                self.walk(environment.children)
            case _:
                self.end_paragraph()
                self.walk(environment.children)
                self.end_paragraph()

    def _list(self, environment: Environment) -> None:
        self.end_paragraph()
        counted = environment.name.removesuffix("*") in ("enumerate", "compactenum", "inparaenum")
        self.item.append("0. " if counted else "- ")
        self.walk(environment.children)
        self.end_paragraph()
        self.item.pop()

    def _statement(self, environment: Environment) -> None:
        self.end_paragraph()
        shown, counter = self.theorems.get(environment.name.removesuffix("*"), ("Proof", ""))
        number = self.counters.step(counter) if counter and not environment.name.endswith("*") else ""
        if number:
            self.labels.point(shown.lower(), number)
        note, children = _leading_option(environment)
        lead = " ".join(part for part in (shown, number, f"({self.prose(note)})" if note else "") if part)
        self.line.append(f"{lead}. ")
        self.walk(children)
        self.end_paragraph()

    def _aside(self, nodes: Sequence[Node]) -> str:
        """The text of nodes by themselves, paragraphs apart."""
        inner = Walk(self.counters, self.labels)
        inner.prose = self.prose
        inner.theorems = self.theorems
        inner.walk(nodes)
        inner.end_paragraph()
        return "\n\n".join(_text_of(element) for element in inner.draft.elements).strip()

    # Floats

    def _rows(self, tabular: Environment) -> tuple[tuple[str, ...], ...]:
        self.tabulars += 1
        return rows_of(tabular, self.prose)

    def _float(self, environment: Environment, kind: str) -> None:
        self.end_paragraph()
        found = _Float(kind)
        if environment.name.removesuffix("*") in TABULARS:
            found.parts.append(Grid("", self._rows(environment)))
            self._gather([node for node in environment.children if isinstance(node, Command)], found)
        elif kind == "algorithm" and not _holds(environment.children, _ALGORITHMIC | LISTINGS):
            self._gather([node for node in environment.children if isinstance(node, Command)], found)
            found.parts.append(Listing("", pseudocode(environment.children, self.prose)))
        else:
            self._gather(environment.children, found)
        self._put_together(found)
        self.end_paragraph()

    def _gather(self, nodes: Sequence[Node], found: _Float) -> None:
        for node in nodes:
            match node:
                case Group(children=children):
                    self._gather(children, found)
                case Maths(environment=environment) if environment != "$":
                    found.parts += displays(node, self.counters, self.labels)
                case str() | Maths():
                    found.words.append(self.prose.one(node))
                case Environment():
                    self._gather_environment(node, found)
                case Command():
                    self._gather_command(node, found)

    def _gather_command(self, command: Command, found: _Float) -> None:
        match command.name:
            case "caption" | "captionof":
                kind = plain(command.arguments[0]) if command.name == "captionof" else found.kind
                number = "" if command.star else self.counters.step(kind)
                found.labels += _labels_in(command.last)
                found.parts.append(_Caption(kind, self.prose(command.last), number))
            case "subcaption":
                found.subcaptions.append(self.prose(command.last))
            case "subfloat" | "subfigure":
                if command.arguments and command.arguments[0]:
                    found.subcaptions.append(self.prose(command.arguments[0]))
                self._gather(command.last, found)
            case "label":
                found.labels.append(plain(command.last))
            case name if name in SILENT:
                pass
            case _ if command.arguments and not command.name.startswith(("cite", "ref", "eqref")):
                self._gather(command.last, found)
            case _:
                found.words.append(self.prose.one(command))

    def _gather_environment(self, environment: Environment, found: _Float) -> None:
        name = environment.name
        if name in TABULARS:
            found.parts.append(Grid("", self._rows(environment)))
        elif name in _ALGORITHMIC:
            found.parts.append(Listing("", pseudocode(environment.children, self.prose)))
        elif name in LISTINGS:
            found.parts.append(Listing(*code_of(environment)))
        elif name in ("subfigure", "subtable"):
            self._gather_part(environment, found)
        elif name not in DROPPED:
            self._gather(environment.children, found)

    def _gather_part(self, environment: Environment, found: _Float) -> None:
        """A float within a float: its caption is no caption of its own."""
        before = dict(self.counters.values)
        inner = _Float(found.kind)
        self._gather(environment.children, inner)
        self.counters.values = before
        captions = [part for part in inner.parts if isinstance(part, _Caption)]
        found.subcaptions += [caption.text for caption in captions if caption.text]
        found.parts += [part for part in inner.parts if not isinstance(part, _Caption)]
        found.labels += inner.labels

    def _put_together(self, found: _Float) -> None:
        captions = [part for part in found.parts if isinstance(part, _Caption)]
        contents = [part for part in found.parts if not isinstance(part, _Caption)]
        if captions:
            target = (captions[0].kind, captions[0].number)
            for label in found.labels:
                self.labels.add(label, target)
            captions[0] = _with_parts(captions[0], found.subcaptions)
        if len(captions) == 1:
            captions += [_part(captions[0], place) for place in range(1, sum(_takes_caption(c) for c in contents))]
        text = tidy("".join(found.words))
        if len(text.split()) >= _FEWEST_WORDS:
            contents.append(Text(text))
        contents.sort(key=_takes_caption, reverse=True)
        for content, caption in zip_longest(contents, captions):
            self.draft.elements += _captioned(content, caption)


def _takes_caption(element: Element) -> bool:
    return isinstance(element, Grid | Listing)


def _part(caption: _Caption, place: int) -> _Caption:
    """The caption of a further table in a float with one caption: 3 is followed by 3b."""
    number = caption.number and caption.number + chr(97 + place % 26)
    return _Caption(caption.kind, f"{caption.text} (part {place + 1})", number)


def _captioned(content: Element | None, caption: _Caption | None) -> list[Element]:
    text, number = (caption.text, caption.number) if caption else ("", "")
    match content:
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


def _leading_option(environment: Environment) -> "tuple[Sequence[Node], Sequence[Node]]":
    """What stands in brackets right after `\\begin{theorem}`, and the rest."""
    children = environment.children
    if environment.arguments:
        return environment.arguments[0] or [], children
    if children[:1] == ["["] and "]" in children:
        end = children.index("]")
        return children[1:end], children[end + 1 :]
    return [], children


def _without_thanks(nodes: Sequence[Node]) -> list[Node]:
    return [
        node
        for node in nodes
        if not (isinstance(node, Command) and node.name in ("thanks", "footnote", "footnotemark"))
    ]


def _source(nodes: Sequence[Node]) -> str:
    """A counter's format as source again."""
    return "".join(_source_of(node) for node in nodes)


def _source_of(node: Node) -> str:
    match node:
        case Command(name=name):
            return f"\\{name}"
        case Group(children=children):
            return f"{{{_source(children)}}}"
        case _:
            return plain([node])


def _text_of(element: Element) -> str:
    match element:
        case Text(text=text):
            return text
        case Display(text=text):
            return f"$$ {text} $$"
        case _:
            return ""


def _resolved(element: Element, resolve: Callable[[str], str]) -> Element:
    match element:
        case Heading(title=title):
            return Heading(resolve(title), element.level, element.number, element.appendix)
        case Text(text=text):
            return Text(resolve(text))
        case Display(text=text):
            return Display(resolve(text), element.number)
        case Grid(caption=caption, rows=rows):
            cells = tuple(tuple(map(resolve, row)) for row in rows)
            return Grid(resolve(caption), cells, element.number)
        case Listing(caption=caption, text=text):
            return Listing(resolve(caption), resolve(text), element.number)
        case Picture(caption=caption):
            return Picture(resolve(caption), element.number)


_DECLARATIONS: dict[str, Callable[[Walk, Command], None]] = {
    "item": Walk._item,
    "appendix": Walk._start_appendix,
    "appendices": Walk._start_appendix,
    "title": Walk._title,
    "icmltitle": Walk._title,
    "abstract": Walk._abstract,
    "newtheorem": Walk._theorem,
    "numberwithin": Walk._number_within,
    "counterwithin": Walk._number_within,
    "papercoderthe": Walk._number_format,
    "setcounter": Walk._set_counter,
    "addtocounter": Walk._set_counter,
}
