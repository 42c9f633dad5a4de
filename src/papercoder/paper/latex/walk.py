"""The tree of a paper to its elements in reading order."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from papercoder.artifacts import Loss
from papercoder.paper.draft import Display, Draft, Element, Grid, Heading, Listing, Picture, Text
from papercoder.paper.latex.algorithms import LISTINGS, code_of, pseudocode
from papercoder.paper.latex.commands import DROPPED
from papercoder.paper.latex.displays import displays
from papercoder.paper.latex.floats import elements_of, is_float
from papercoder.paper.latex.numbers import LEVELS, Counters, Labels
from papercoder.paper.latex.prose import Prose, tidy
from papercoder.paper.latex.tables import TABULARS, rows_of
from papercoder.paper.latex.tokens import PAR
from papercoder.paper.latex.tree import Command, Environment, Group, Maths, Node, plain
from papercoder.paper.names import names

_LETTER = re.compile(r"[^\W_]|\$")
_LISTS = names("itemize enumerate description compactitem compactenum inparaenum tablenotes")
_RUN_IN = names("paragraph subparagraph")
_BOXES = names("resizebox scalebox parbox makebox framebox colorbox mbox centerline fbox rotatebox textcolor")


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
        if value.lstrip("-").isdecimal() and len(value) < 6:
            before = self.counters.values.get(counter, 0) if command.name == "addtocounter" else 0
            self.counters.values[counter] = before + int(value)

    # Environments

    def _environment(self, environment: Environment) -> None:
        name = environment.name.removesuffix("*")
        if name in DROPPED:
            return
        if is_float(environment):
            self.end_paragraph()
            self.draft.elements += elements_of(environment, self.prose, self.counters)
            self.end_paragraph()
        elif environment.name in TABULARS:
            self.end_paragraph()
            self._add(Grid("", rows_of(environment, self.prose)))
        elif environment.name in LISTINGS:
            self.end_paragraph()
            self._add(Listing(*code_of(environment)))
        elif name in _LISTS:
            self._list(environment)
        elif name == "restatable":
            self._environment(Environment(plain(environment.arguments[1]), (), environment.children))
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
