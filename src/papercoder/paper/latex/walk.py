"""Walks the tree of a paper and yields its elements in reading order; lists number their items."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from papercoder.artifacts import Loss
from papercoder.paper.draft import Display, Draft, Element, Grid, Heading, Listing, Picture, Text
from papercoder.paper.latex.algorithms import LISTINGS, listing_of, pseudocode
from papercoder.paper.latex.declarations import DECLARATIONS, Declarations
from papercoder.paper.latex.floats import displays, elements_of, is_float
from papercoder.paper.latex.numbering import LEVELS, Counters, Labels, in_style
from papercoder.paper.latex.prose import Prose, tidy
from papercoder.paper.latex.siunitx import parse_options
from papercoder.paper.latex.tables import TABULARS, WITH_HEADS_BEFORE, rows_of
from papercoder.paper.latex.tokens import PAR, join, tokenize
from papercoder.paper.latex.tree import Command, Environment, Group, Maths, Node, parse, plain, tokens_of
from papercoder.paper.latex.vocabulary import DROPPED, KNOWN, SILENT
from papercoder.paper.printed import authors

LISTS = frozenset(
    """
    itemize enumerate description compactitem compactenum compactdesc inparaenum asparaenum asparaitem tablenotes
    """.split()
)
_NUMBERED = frozenset("enumerate compactenum inparaenum asparaenum".split())
_DEFAULTS = (("", "arabic", "."), ("(", "alph", ")"), ("", "roman", "."), ("", "Alph", "."))
"""What LaTeX prints around the number of an item, and in which style, by depth."""

_COUNTER = re.compile(r"\\(arabic|alph|Alph|roman|Roman)\s*(?:\*|\{\*\})")
_SHORT = re.compile(r"(?<![A-Za-z\\])([1aAiI])(?![A-Za-z])")
_STYLES = {"1": "arabic", "a": "alph", "A": "Alph", "i": "roman", "I": "Roman"}


@dataclass
class OpenList:
    """A list whose items are being read."""

    before: str = "- "
    style: str = ""
    """How its items are numbered; empty if they are not."""

    after: str = ""
    count: int = 0
    parent: str = ""
    """The number of the item that the list is part of, which references print in front."""

    is_labelled: bool = False
    """Whether the source sets the label, which references then print as a whole."""

    def next_mark(self) -> str:
        """The mark of the next item."""
        if not self.style:
            return self.before
        self.count += 1
        return f"{self.before}{in_style(self.style, self.count)}{self.after} "

    @property
    def reference(self) -> str:
        """What a reference to the last item prints."""
        if not (self.style and self.count):
            return ""
        number = self.parent + in_style(self.style, self.count)
        return f"{self.before}{number}{self.after}" if self.is_labelled else number


def open_list(environment: Environment, outer: list[OpenList], prose: Prose) -> OpenList:
    """The list that an environment begins, within others."""
    if environment.name.removesuffix("*") not in _NUMBERED:
        return OpenList()
    numbered = [each for each in outer if each.style]
    source = join(tokens_of(environment.arguments[0])) if environment.arguments else ""
    options = parse_options(source)
    start = options.get("start", "1")
    count = int(start) - 1 if start.isdecimal() and len(start) < 6 else 0
    label = options.get("label") or ("" if "=" in source else source)
    if match := _COUNTER.search(label) or _SHORT.search(label):
        before, after = (prose(parse(tokenize(part))) for part in (label[: match.start()], label[match.end() :]))
        return OpenList(before, _STYLES.get(match[1], match[1]), after, count, is_labelled=True)
    before, style, after = _DEFAULTS[min(len(numbered), 3)]
    return OpenList(before, style, after, count, numbered[-1].reference if numbered else "")


_LETTER = re.compile(r"[^\W_]|\$")
_RUN_IN = frozenset("paragraph subparagraph bmhead".split())
_MOST_NAMED = 8


@dataclass
class Walk:
    """Walks a body once and numbers as it goes; `finish` resolves the references at the end."""

    counters: Counters = field(default_factory=Counters)
    labels: Labels = field(default_factory=Labels)
    draft: Draft = field(default_factory=Draft)
    prose: Prose = field(init=False)
    declarations: Declarations = field(init=False)
    bibliography: list[Environment] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    lists: list[OpenList] = field(default_factory=list)
    """The lists that are open, the innermost last."""

    heads: list[Node] = field(default_factory=list)
    """Heads and captions that the source sets for the next table in front of it (supertabular)."""

    subtitle: str = ""

    def __post_init__(self) -> None:
        self.prose = Prose(self.labels, self.counters)
        self.declarations = Declarations(self.prose)

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
                case Environment(name="icmlauthorlist", children=children):
                    self.walk([child for child in children if isinstance(child, Command)])
                case Environment():
                    self._environment(node)

    def finish(self) -> Draft:
        """The draft, with its references resolved."""
        self.end_paragraph()
        resolve = self.labels.resolve
        title = ": ".join(filter(None, (self.draft.title, self.subtitle)))
        self.draft.title, self.draft.abstract = resolve(title), resolve(self.draft.abstract)
        self.draft.elements = [_resolved(element, resolve) for element in self.draft.elements]
        if unknown := sorted(self.labels.unknown):
            shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            message = f"{len(unknown)} references point to labels that the source does not define: {shown}."
            self.draft.losses.append(Loss(kind="unresolved_reference", message=message))
        if self.prose.unknown:
            self.draft.losses.append(_unknown_commands(self.prose))
        return self.draft

    # Paragraphs

    def _word(self, token: str) -> None:
        if token == PAR:
            self.end_paragraph()
        else:
            self.line.append(self.prose.one(token))

    def end_paragraph(self) -> None:
        """Close the open paragraph; its footnotes follow it."""
        text = tidy("".join(self.line))
        self.line.clear()
        if _LETTER.search(text):
            self._add(Text(text))
        for note in self.prose.take_footnotes():
            self._add(Text(note))

    def _add(self, element: Element) -> None:
        self.draft.elements.append(element)

    # Formulas

    def _maths(self, maths: Maths) -> None:
        if maths.environment == "$":
            self.line.append(self.prose.one(maths))
            return
        self.end_paragraph()
        found = list(displays(maths, self.prose))
        self.draft.elements += found
        if found and found[-1].number:
            self.labels.point("equation", found[-1].number)

    # Commands

    def _command(self, command: Command) -> None:
        name = command.name
        if name in _STRUCTURE:
            _STRUCTURE[name](self, command)
        elif name in DECLARATIONS:
            self.declarations.read(command)
        elif name in LEVELS or name in _RUN_IN:
            self._heading(command)
        elif name == "par":
            self.end_paragraph()
        elif any(_is_block(argument) for argument in command.arguments) and not self.prose.is_inline(name):
            self._contents(command)
        else:
            self.line.append(self.prose.one(command))

    def _contents(self, command: Command) -> None:
        """A command around tables, displays or paragraphs."""
        if f"\\{command.name}" in KNOWN:
            self.walk([] if command.name in SILENT else command.last)
            return
        self.prose.unknown[f"\\{command.name}"] += 1
        for argument in command.arguments:
            self.walk(argument or [])
            self.line.append(" ")

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
            self.labels.point("appendix" if self.counters.appendix else command.name, number, title)
        level = LEVELS[command.name] + (self.counters.has_chapters and command.name != "chapter")
        number = number and self.counters.heading_number(command.name)
        self._add(Heading(title, level, number, self.counters.appendix))
        self.prose.raw([node for node in command.last if isinstance(node, Command) and node.name == "label"])

    def _item(self, command: Command) -> None:
        self.end_paragraph()
        innermost = self.lists[-1] if self.lists else OpenList()
        mark = self.prose(command.last)
        self.line.append(f"- {mark} " if mark else innermost.next_mark())
        if not mark and innermost.reference:
            self.labels.point("item", innermost.reference)

    def _start_appendix(self, _: Command) -> None:
        self.end_paragraph()
        self.counters.start_appendix()

    def _title(self, command: Command) -> None:
        self.draft.title = self.draft.title or self.prose(_without_notes(command.last))

    def _author(self, command: Command) -> None:
        """The names in `\\author`: the first line of each part that `\\and` begins."""
        name = command.arguments[0 if command.name == "icmlauthor" else 1]
        lines: list[list[Node]] = [[]]
        is_name = True
        for node in _without_notes(_ungrouped(name or [])):
            if isinstance(node, Command) and node.name in ("and", "And", "AND"):
                lines.append([])
                is_name = True
            elif isinstance(node, Command) and node.name in ("\\", "newline", "affiliations", "institute", "email"):
                is_name = False
            elif is_name and not (isinstance(node, Command) and node.name in _AFFILIATION_MARKS):
                lines[-1].append(node)
        known = [*self.draft.authors, *authors(map(self.prose, lines))]
        self.draft.authors = list(dict.fromkeys(known))

    def _subtitle(self, command: Command) -> None:
        self.subtitle = self.subtitle or self.prose(_without_notes(command.last))

    def _abstract(self, command: Command) -> None:
        self.draft.abstract = self.draft.abstract or self._aside(command.last)

    def _front(self, command: Command) -> None:
        """`\\twocolumn[...]`, whose option holds the text above the columns."""
        self.walk(command.last)

    # Environments

    def _environment(self, environment: Environment) -> None:
        name = environment.name.removesuffix("*")
        if name in WITH_HEADS_BEFORE:
            children = [*self.heads, *environment.children]
            environment, self.heads = Environment(environment.name, environment.arguments, children), []
        if name in DROPPED:
            pass
        elif is_float(environment, self.prose):
            self.end_paragraph()
            self.draft.elements += elements_of(environment, self.prose)
            self.end_paragraph()
        elif name in TABULARS or environment.name in LISTINGS:
            self.end_paragraph()
            is_table = name in TABULARS
            self._add(Grid("", rows_of(environment, self.prose)) if is_table else listing_of(environment, self.prose))
        elif name in LISTS:
            self._list(environment)
        elif name == "restatable":
            self._environment(Environment(plain(environment.arguments[1]), (), environment.children))
        elif self.declarations.theorems.find(environment.name):
            self._statement(environment)
        else:
            self._block(environment)

    def _block(self, environment: Environment) -> None:
        match environment.name:
            case "abstract" | "onecolabstract":
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
        self.lists.append(open_list(environment, self.lists, self.prose))
        self.walk(environment.children)
        self.end_paragraph()
        self.lists.pop()

    def _statement(self, environment: Environment) -> None:
        self.end_paragraph()
        shown, counter = self.declarations.theorems.find(environment.name) or ("", "")
        number = self.counters.step(counter) if counter else ""
        if number:
            self.labels.point(shown.lower(), number)
        note, children = _leading_option(environment)
        lead = " ".join(part for part in (shown, number, f"({self.prose(note)})" if note else "") if part)
        self.line.append(f"{lead}. ")
        prefix = self.declarations.theorems.prefixes.get(environment.name)
        if prefix is not None:
            children = self._boxed_title(children, prefix)
        self.walk(children)
        self.end_paragraph()

    def _boxed_title(self, children: Sequence[Node], prefix: str) -> Sequence[Node]:
        """tcolorbox's statements begin with a title and a label in braces."""
        groups = [node for node in children[:4] if isinstance(node, Group)][:2]
        if len(groups) < 2:
            return children
        self.line.append(f"{self.prose(groups[0].children)}. " if groups[0].children else "")
        self.labels.add(f"{prefix}:{plain(groups[1].children).strip()}")
        return children[children.index(groups[1]) + 1 :]

    def _table_command(self, command: Command) -> None:
        """ctable's `\\ctable[caption=...]{columns}{notes}{rows}`: a float with its table."""
        option, columns, notes, rows = command.arguments
        options = parse_options(join(tokens_of(option)))
        caption = Command("caption", arguments=(None, parse(tokenize(options.get("caption", "")))))
        label = Command("label", arguments=([options.get("label", "")],))
        tabular = Environment("tabular", (None, columns), rows or [])
        self._environment(
            Environment("table", (), [caption, label, tabular, Environment("tablenotes", (), notes or [])])
        )

    def _table_head(self, command: Command) -> None:
        """supertabular's `\\tablehead` and `\\topcaption`, which come before the table."""
        self.heads.append(command)

    def _aside(self, nodes: Sequence[Node]) -> str:
        """The text of nodes by themselves, with empty lines between paragraphs."""
        inner = Walk(self.counters, self.labels)
        inner.prose, inner.declarations = self.prose, self.declarations
        inner.walk(nodes)
        inner.end_paragraph()
        return "\n\n".join(_text_of(element) for element in inner.draft.elements).strip()


def _is_block(nodes: Sequence[Node] | None) -> bool:
    """Whether nodes hold more than running text."""
    return any(
        isinstance(node, Environment)
        or node == PAR
        or (isinstance(node, Maths) and node.environment != "$")
        or (isinstance(node, Command) and (node.name in LEVELS or any(map(_is_block, node.arguments))))
        or (isinstance(node, Group) and _is_block(node.children))
        for node in nodes or []
    )


def _unknown_commands(prose: Prose) -> Loss:
    named = ", ".join(name for name, _ in prose.unknown.most_common(_MOST_NAMED))
    more = ", ..." if len(prose.unknown) > _MOST_NAMED else ""
    count, total = len(prose.unknown), prose.unknown.total()
    commands = "1 command is" if count == 1 else f"{count} commands are"
    message = (
        f"{commands} not known and only the text of {'its' if count == 1 else 'their'} arguments was kept, "
        f"in {total} place{'' if total == 1 else 's'}: {named}{more}."
    )
    return Loss(kind="unknown_command", message=message)


def _leading_option(environment: Environment) -> "tuple[Sequence[Node], Sequence[Node]]":
    """The text in brackets right after `\\begin{theorem}`, and the rest."""
    children = environment.children
    if environment.arguments:
        return environment.arguments[0] or [], children
    if children[:1] == ["["] and "]" in children:
        end = children.index("]")
        return children[1:end], children[end + 1 :]
    return [], children


def _ungrouped(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node, Group):
            yield from _ungrouped(node.children)
        else:
            yield node


def _without_notes(nodes: Iterable[Node]) -> list[Node]:
    """A title without its thanks and footnotes."""
    notes = ("thanks", "footnote", "footnotemark", "tnoteref", "titlefootnote", "titlenote")
    return [node for node in nodes if not (isinstance(node, Command) and node.name in notes)]


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
            return Picture(resolve(caption), element.number, graphics=element.graphics)


_STRUCTURE: dict[str, Callable[[Walk, Command], None]] = {
    "item": Walk._item,
    "appendix": Walk._start_appendix,
    "appendices": Walk._start_appendix,
    "title": Walk._title,
    "Title": Walk._title,
    "icmltitle": Walk._title,
    "author": Walk._author,
    "icmlauthor": Walk._author,
    "subtitle": Walk._subtitle,
    "abstract": Walk._abstract,
    "twocolumn": Walk._front,
    "ctable": Walk._table_command,
    "topcaption": Walk._table_head,
    "bottomcaption": Walk._table_head,
    "tablecaption": Walk._table_head,
    "tablehead": Walk._table_head,
    "tablefirsthead": Walk._table_head,
}
"""Commands that print more than running text, or nothing in it."""

_AFFILIATION_MARKS = frozenset(
    """
    IEEEauthorblockA inst textsuperscript orcidID orcid samethanks ref affmark authornotemark footnotemark email
    """.split()
)

IN_PREAMBLE = DECLARATIONS | frozenset("title Title icmltitle subtitle abstract author icmlauthor".split())
"""The commands that count in front of `\\begin{document}`."""
