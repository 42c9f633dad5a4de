"""Displayed equations, and figures, tables and algorithms with their captions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from papercoder.paper.draft import Display, Element, Grid, Listing, Picture, Text
from papercoder.paper.latex.algorithms import LISTINGS, listing_of, pseudocode
from papercoder.paper.latex.numbering import STYLES, Target
from papercoder.paper.latex.prose import Prose, tidy
from papercoder.paper.latex.siunitx import parse_options
from papercoder.paper.latex.tables import TABULARS, rows_of
from papercoder.paper.latex.tokens import is_blank, join, tokenize
from papercoder.paper.latex.tree import Command, Environment, Group, Maths, Node, commands, parse, plain, tokens_of
from papercoder.paper.latex.vocabulary import DROPPED, MATHS, SIGNATURES, SILENT

_ROW_BY_ROW = frozenset("align gather eqnarray flalign alignat IEEEeqnarray subeqnarray".split())
_WRAPPERS = {"gather": "gathered", "multline": "gathered", "eqnarray": "array", "IEEEeqnarray": "array"}
_LEADING_ARGUMENT = frozenset("alignat alignat* IEEEeqnarray IEEEeqnarray* empheq".split())
_LONGEST_LABEL = 200
_OPTION = re.compile(r"^\s*\[[^\]]*\]")


@dataclass(frozen=True)
class _Row:
    tokens: list[str]
    label: str
    tag: str
    unnumbered: bool


def displays(maths: Maths, prose: Prose) -> Iterator[Display]:
    """The equations of a display: one for each number that it prints, or one without a number."""
    base = maths.environment.removesuffix("*")
    tokens = _without_argument(maths)
    rows = [_row(tokens) for tokens in (_rows(tokens) if base in _ROW_BY_ROW else [tokens])]
    numbered = MATHS.get(maths.environment) == "numbered"
    for group in _grouped(rows, numbered=numbered):
        number = _number(group, prose, numbered=numbered)
        if text := _text(base, group, prose):
            yield Display(text, number)


def _without_argument(maths: Maths) -> list[str]:
    tokens = maths.tokens
    if maths.environment in _LEADING_ARGUMENT and "{" in tokens[:2]:
        return tokens[tokens.index("}") + 1 :] if "}" in tokens else tokens
    return tokens


def _rows(tokens: Sequence[str]) -> Iterator[list[str]]:
    """The rows of an alignment, not those of an environment within it."""
    row: list[str] = []
    depth = 0
    for token in tokens:
        depth += (token in ("{", "\\begin")) - (token in ("}", "\\end"))
        if token == "\\\\" and depth == 0:
            yield row
            row = []
        else:
            row.append(token)
    yield row


def _row(tokens: Sequence[str]) -> _Row:
    kept: list[str] = []
    found = {"\\label": "", "\\tag": "", "\\eqno": "", "\\leqno": ""}
    unnumbered, position = False, 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token in found:
            found[token], position = _argument(tokens, position, is_rest=token.endswith("eqno"))
        elif token in ("\\notag", "\\nonumber", "\\IEEEnonumber"):
            unnumbered = True
        else:
            kept.append(token)
    return _Row(kept, found["\\label"], found["\\tag"] or found["\\eqno"] or found["\\leqno"], unnumbered)


def _argument(tokens: Sequence[str], position: int, *, is_rest: bool = False) -> tuple[str, int]:
    """The next argument, or all that is left, and the position after it."""
    if is_rest:
        return join(tokens[position:]).strip(), len(tokens)
    while position < len(tokens) and (is_blank(tokens[position]) or tokens[position] == "*"):
        position += 1
    if tokens[position : position + 1] != ["{"]:
        return "", position
    depth = 0
    for end in range(position, min(position + _LONGEST_LABEL, len(tokens))):
        depth += (tokens[end] == "{") - (tokens[end] == "}")
        if depth == 0:
            return join(tokens[position + 1 : end]).strip(), end + 1
    return "", position


def _grouped(rows: Sequence[_Row], *, numbered: bool) -> list[list[_Row]]:
    """Rows by the number that they share: rows without one belong to the next that has one, or else to the last."""
    rows = [row for row in rows if "".join(row.tokens).strip() or row.label] or list(rows[:1])
    if not numbered:
        return [list(rows)]
    groups: list[list[_Row]] = [[]]
    for row in rows:
        groups[-1].append(row)
        if not row.unnumbered or row.tag:
            groups.append([])
    *whole, rest = groups
    if rest and whole:
        whole[-1] += rest
        return whole
    return whole or [rest]


def _number(group: Sequence[_Row], prose: Prose, *, numbered: bool) -> str:
    """The number that is printed, or that the source steps to in front of the display."""
    tag = next((row.tag for row in group if row.tag), "")
    stepped, prose.counters.stepped_equation = prose.counters.stepped_equation, ""
    if tag:
        has_counter = "\\the" in tag or "\\arabic" in tag
        number = (prose.counters.formatted(tag) if has_counter else tag).strip("$() ")
    elif numbered and any(not row.unnumbered for row in group):
        number = prose.counters.step_equation()
    else:
        number = stepped
    for row in group:
        if row.label:
            prose.labels.add(row.label, Target("equation", number) if number else None)
    return number


def _unaligned(tokens: Sequence[str]) -> Iterator[str]:
    """A row by itself, without the marks that align it with others."""
    depth = 0
    for token in tokens:
        depth += (token in ("{", "\\begin")) - (token in ("}", "\\end"))
        if token != "&" or depth:
            yield token


def _text(base: str, group: Sequence[_Row], prose: Prose) -> str:
    if len(group) == 1 and base in _ROW_BY_ROW:
        return _OPTION.sub("", prose.formula(list(_unaligned(group[0].tokens)))).strip()
    text = " \\\\ ".join(row for row in (prose.formula(row.tokens) for row in group) if row)
    text = _OPTION.sub("", text).strip().removesuffix("\\\\").strip()
    if base in ("equation", "$$", "displaymath") or not ("&" in text or "\\\\" in text):
        return text
    wrapper = _WRAPPERS.get(base, "aligned")
    columns = "{rcl}" if wrapper == "array" else ""
    return f"\\begin{{{wrapper}}}{columns} {text} \\end{{{wrapper}}}" if text else ""


FLOATS: dict[str, str] = (
    dict.fromkeys(
        "figure wrapfigure sidewaysfigure teaserfigure SCfigure figurehere figwindow floatingfigure".split(), "figure"
    )
    | dict.fromkeys(
        """
        table wraptable sidewaystable longtable longtabu xltabular ltabulary longtblr talltblr supertabular xtabular
        deluxetable splitdeluxetable SCtable tablehere specialtable
        """.split(),
        "table",
    )
    | dict.fromkeys("algorithm algorithm2e procedure".split(), "algorithm")
    | {"listing": "lstlisting"}
)
"""Environments that float, with the counter of their captions."""

_HOLDERS = frozenset("minipage center adjustbox flushleft tcolorbox".split())
_NOTES = frozenset("tablenotes tablecomments tablenotetext tablerefs tnotetext".split())
_CAPTIONS = frozenset("caption captionof tablecaption topcaption bottomcaption".split())
_ALGORITHMIC = frozenset("algorithmic algorithmicx".split())
_WITH_CAPTION = frozenset("subcaption subfloat subfigure subcaptionbox captionbox".split())
_BOXES = frozenset("ttabbox ffigbox capbtabbox fcapside".split())
_FEWEST_WORDS = 12


def is_float(environment: Environment, prose: Prose) -> bool:
    """Whether this floats, or has a caption as if it did."""
    has_caption = any(isinstance(node, Command) and node.name == "captionof" for node in environment.children)
    return bool(_kind(environment, prose)) or (environment.name in _HOLDERS and has_caption)


def _kind(environment: Environment, prose: Prose) -> str:
    name = environment.name.removesuffix("*")
    return FLOATS.get(name, "") or (name if name in prose.floats else "")


def elements_of(environment: Environment, prose: Prose) -> Iterator[Element]:
    """What a float holds, in order, with captions and numbers."""
    kind = _kind(environment, prose) or "figure"
    found = _Float(kind, prose)
    own = [node for node in environment.children if isinstance(node, Command)]
    if environment.name in TABULARS:
        found.parts.append(Grid("", rows_of(environment, prose)))
        found.gather([node for node in own if node.name in _CAPTIONS | _NOTES | {"label"}])
        found.read_options(environment)
    elif kind == "algorithm" and not _holds(environment.children, _ALGORITHMIC | LISTINGS):
        found.gather([node for node in own if node.name in ("caption", "label")])
        found.parts.append(Listing("", pseudocode(environment.children, prose)))
    else:
        found.gather(environment.children)
    shown = (plain(each.last).strip() for each in commands(environment.children) if each.name == "includegraphics")
    graphics = tuple(filter(None, shown))
    for element in found.put_together():
        yield replace(element, graphics=graphics) if isinstance(element, Picture) else element


@dataclass(frozen=True)
class _Caption:
    kind: str
    text: str
    number: str


_Part = _Caption | Element


@dataclass
class _Float:
    """What a float holds, until its captions and contents are put together."""

    kind: str
    prose: Prose
    parts: list[_Part] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    inner_labels: list[tuple[str, str]] = field(default_factory=list)
    """Labels of the parts of a figure, each with the letter of its part."""

    subcaptions: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """Text that is neither caption nor table, such as a prompt that is printed in a figure."""

    notes: list[str] = field(default_factory=list)
    """Notes below a table."""

    def gather(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            match node:
                case Group(children=children):
                    self.gather(children)
                case Maths(environment=environment) if environment != "$":
                    self.parts += displays(node, self.prose)
                case str() | Maths():
                    self.words.append(self.prose.one(node))
                case Environment():
                    self._environment(node)
                case Command():
                    self._command(node)

    def read_options(self, environment: Environment) -> None:
        """The caption and label of a `longtblr`, which are options."""
        options = parse_options(join(tokens_of(environment.arguments[0])) if environment.arguments else "")
        if caption := options.get("caption"):
            self._caption(self.kind, parse(tokenize(caption)))
        if label := options.get("label"):
            self.labels.append(label)

    def _command(self, command: Command) -> None:
        name = command.name
        if name in _CAPTIONS:
            kind = plain(command.arguments[0]) if name == "captionof" else self.kind
            self._caption(kind, command.last, numbered=not command.star)
        elif name == "label":
            self.labels.append(plain(command.last))
        elif name in _NOTES:
            self.notes.append(" ".join(self.prose(argument) for argument in command.arguments))
        elif name in _WITH_CAPTION:
            self._captioned(command)
        elif name == "floatconts":
            label, caption, content = command.arguments
            self.labels.append(plain(label))
            self._caption(self.kind, caption or [])
            self.gather(content or [])
        elif name in SILENT or not command.arguments or name in STYLES or name.startswith("cite"):
            self.words.append(self.prose.one(command))
        else:
            whole = name in _BOXES or f"\\{name}" not in SIGNATURES
            for argument in command.arguments if whole else command.arguments[-1:]:
                self.gather(argument or [])

    def _captioned(self, command: Command) -> None:
        """A part of a figure with its caption: `\\subfloat[caption]{...}`."""
        caption = next((argument for argument in command.arguments[:-1] if argument), [])
        if command.name == "subcaption":
            self._subcaption(command.last)
            return
        if command.name == "captionbox":
            self._caption(self.kind, caption)
        elif caption:
            self._subcaption(caption)
        self.gather(command.last)

    def _caption(self, kind: str, nodes: Sequence[Node], *, numbered: bool = True) -> None:
        number = self.prose.counters.step(kind) if numbered else ""
        self.labels += _labels_in(nodes)
        self.parts.append(_Caption(kind, self.prose(nodes), number))

    def _subcaption(self, nodes: Sequence[Node]) -> None:
        letter = chr(97 + len(self.subcaptions) % 26)
        self.inner_labels += [(label, letter) for label in _labels_in(nodes)]
        self.subcaptions.append(self.prose(nodes))

    def _environment(self, environment: Environment) -> None:
        name = environment.name
        if name in TABULARS:
            self.parts.append(Grid("", rows_of(environment, self.prose)))
        elif name in _ALGORITHMIC:
            self.parts.append(Listing("", pseudocode(environment.children, self.prose)))
        elif name in LISTINGS:
            self.parts.append(listing_of(environment, self.prose))
        elif name in ("subfigure", "subtable", "subfloat"):
            self._inner(environment)
        elif name in _NOTES:
            self.notes.append(self.prose(_with_marks(environment.children)))
        elif name not in DROPPED:
            self.gather(environment.children)

    def _inner(self, environment: Environment) -> None:
        """A float within a float: its caption is that of a part."""
        before = dict(self.prose.counters.values)
        inner = _Float(self.kind, self.prose)
        inner.gather(environment.children)
        self.prose.counters.values = before
        captions = [part for part in inner.parts if isinstance(part, _Caption)]
        letter = chr(97 + len(self.subcaptions) % 26)
        self.inner_labels += [(label, letter) for label in inner.labels]
        self.subcaptions.append(" ".join(caption.text for caption in captions if caption.text))
        self.parts += [part for part in inner.parts if not isinstance(part, _Caption)]
        self.notes += inner.notes

    def put_together(self) -> Iterator[Element]:
        captions = [part for part in self.parts if isinstance(part, _Caption)]
        contents = [part for part in self.parts if not isinstance(part, _Caption)]
        if captions:
            kind, number = captions[0].kind, captions[0].number
            for label in self.labels:
                self.prose.labels.add(label, Target(kind, number, captions[0].text))
            for label, letter in self.inner_labels:
                self.prose.labels.add(label, Target(kind, number + letter))
            captions[0] = _with_parts(captions[0], self.subcaptions)
        if len(captions) == 1 and captions[0].kind != "figure":
            captions += [_part(captions[0], place) for place in range(1, sum(_takes_caption(c) for c in contents))]
        text = tidy("".join(self.words))
        if len(text.split()) >= _FEWEST_WORDS:
            contents.append(Text(text))
        contents.sort(key=_takes_caption, reverse=True)
        notes = [Text(note) for note in self.notes if note]
        for content, caption in zip_longest(contents, captions):
            yield from _captioned(content, caption)
        yield from notes


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


def _with_marks(nodes: Sequence[Node]) -> list[Node]:
    """The items of a table's notes, each after its mark."""
    marked: list[Node] = []
    for node in nodes:
        is_item = isinstance(node, Command) and node.name == "item"
        marked += [" ", *(node.last if isinstance(node, Command) else []), " "] if is_item else [node]
    return marked


def _labels_in(nodes: Sequence[Node]) -> list[str]:
    return [plain(node.last) for node in nodes if isinstance(node, Command) and node.name == "label"]


def _holds(nodes: Sequence[Node], names: frozenset[str]) -> bool:
    return any(
        (isinstance(node, Environment) and (node.name in names or _holds(node.children, names)))
        or (isinstance(node, Group) and _holds(node.children, names))
        for node in nodes
    )
