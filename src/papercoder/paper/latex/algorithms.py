"""Turns pseudocode into lines: `algorithmic`, `algpseudocode`, `algorithm2e`, `tabbing` and code listings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from papercoder.paper.draft import Listing
from papercoder.paper.latex.declarations import DECLARATIONS, Declarations
from papercoder.paper.latex.numbering import Target
from papercoder.paper.latex.prose import Prose, tidy
from papercoder.paper.latex.siunitx import parse_options
from papercoder.paper.latex.tables import is_row_end
from papercoder.paper.latex.tokens import PAR, VERBATIM, tokenize
from papercoder.paper.latex.tree import TAB_STOPS, Command, Environment, Group, Node, parse, plain

LISTINGS = frozenset(
    """
    lstlisting lstlisting* verbatim verbatim* Verbatim Verbatim* BVerbatim LVerbatim spverbatim alltt minted tabbing
    """.split()
)
_OPENINGS = {
    "for": "for {} do",
    "forall": "for all {} do",
    "foreach": "for each {} do",
    "while": "while {} do",
    "if": "if {} then",
    "loop": "loop",
    "repeat": "repeat",
    "function": "function {}",
    "procedure": "procedure {}",
    "fn": "function {}",
    "switch": "switch {}",
    "case": "case {}",
    "begin": "begin",
    "other": "otherwise",
}
_TURNS = {"else": "else", "elsif": "else if {} then", "elseif": "else if {} then"}
_LABELS = {
    "require": "Require:",
    "ensure": "Ensure:",
    "input": "Input:",
    "output": "Output:",
    "kwin": "Input:",
    "kwdata": "Data:",
    "kwout": "Output:",
    "kwresult": "Result:",
}
_SHORT = re.compile(r"[lu](?=(?:for|foreach|while|if|elseif|else|case)$)")
_TWO_BODIES = frozenset("eIf leIf".split())
_OPTION = re.compile(r"\s*\[((?:[^\[\]{}]|\{(?:[^{}]|\{[^{}]*\})*\}|\[[^\[\]]*\])*)\]")
_LANGUAGE = re.compile(r"\A\s*\{[^{}]*\}")
_SIDE_NOTE = re.compile(r"\A\[[^\]]*\]")


def listing_of(environment: Environment, prose: Prose) -> Listing:
    """A listing of code, or lines with tab stops; one with a caption is numbered, and its label is noted."""
    if environment.name == "tabbing":
        return Listing("", _tabbed(environment.children, prose))
    text = "".join(node for node in environment.children if isinstance(node, str)).removeprefix(VERBATIM)
    has_options = environment.name.startswith(("lstlisting", "minted", "Verbatim"))
    option = _OPTION.match(text) if has_options else None
    options = parse_options(option[1]) if option else {}
    code = text[option.end() if option else 0 :]
    if environment.name == "minted":
        code = _LANGUAGE.sub("", code)
    caption = options.get("caption") or options.get("title") or ""
    number = prose.counters.step("lstlisting") if options.get("caption") else ""
    if label := options.get("label", "") if environment.name.startswith("lstlisting") else "":
        prose.labels.add(label, Target("lstlisting", number) if number else None)
    return Listing(prose(parse(tokenize(_SIDE_NOTE.sub("", caption)))), code.strip("\n"), number)


def _tabbed(nodes: Sequence[Node], prose: Prose) -> str:
    """The lines of `tabbing`, each indented by the tab stops in front of it."""
    lines: list[str] = []
    margin = indent = 0
    pieces: list[Node] = []
    for node in [*nodes, Command("\\")]:
        name = node.name if isinstance(node, Command) else ""
        if is_row_end(node) or name == "kill":
            if (text := tidy(prose.raw(pieces))) and name != "kill":
                lines.append("  " * max(indent, 0) + text)
            pieces, indent = [], margin
        elif name in ("+", "-"):
            margin += 1 if name == "+" else -1
        elif name in ("=", ">", "<") and not tidy(prose.raw(pieces)):
            indent += -1 if name == "<" else 1
        elif f"\\{name}" in TAB_STOPS:
            pieces.append(" ")
        elif name not in ("pushtabs", "poptabs"):
            pieces.append(node)
    return "\n".join(lines)


def pseudocode(nodes: Sequence[Node], prose: Prose) -> str:
    """The lines of an algorithm, indented by their nesting."""
    writer = _Writer(prose)
    writer.write(nodes)
    writer.end_line()
    return "\n".join(writer.lines)


@dataclass
class _Writer:
    prose: Prose
    lines: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    indent: int = 0
    numbered: int = 0
    """Lines that have a number so far."""

    is_begun: bool = False
    """Whether a line has begun, even if it has no text yet."""

    is_unnumbered: bool = False
    """Whether the line that has begun has no number."""

    def write(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if node == PAR or is_row_end(node):
                self.end_line()
            elif isinstance(node, Command):
                self._command(node)
            elif isinstance(node, Environment):
                self._environment(node)
            elif isinstance(node, Group) and _has_statements(node.children):
                self.write(node.children)
            else:
                self.pieces.append(self.prose.raw([node]))

    def end_line(self) -> None:
        text = tidy("".join(self.pieces))
        self.pieces.clear()
        if text:
            self.lines.append("  " * max(self.indent, 0) + text)
            self.numbered += not self.is_unnumbered
        self.is_begun = self.is_unnumbered = False

    def _environment(self, environment: Environment) -> None:
        self.end_line()
        if environment.name in LISTINGS:
            self.lines += listing_of(environment, self.prose).text.splitlines()
        else:
            self.write(environment.children)
            self.end_line()

    def _line(self, text: str) -> None:
        self.end_line()
        self.pieces.append(text)

    def _command(self, command: Command) -> None:
        name = _SHORT.sub("", command.name.lower() if command.name != "eIf" else "eif")
        keyword = self.prose.keywords.get(name if name in _LABELS else command.name)
        if keyword:
            self._keyword(*keyword, command)
        elif command.name in _TWO_BODIES:
            condition, then, otherwise = command.arguments
            self._line(f"if {self.prose(condition)} then")
            self._body(then or [])
            self._line("else")
            self._body(otherwise or [])
        elif name in _OPENINGS:
            self._open(_OPENINGS[name], command)
        elif name in _TURNS:
            self.end_line()
            self.indent -= command.arguments[-1] is None
            self._open(_TURNS[name], command)
        elif name == "until":
            self._close(f"until {self.prose(command.last)}")
        elif name.startswith("end") and name[3:] in _OPENINGS:
            self._close(f"end {name[3:]}")
        elif name in _LABELS:
            self._line(f"{_LABELS[name]} {self.prose.raw(command.last)}")
            self.is_unnumbered = True
        else:
            self._statement(name, command)

    def _keyword(self, kind: str, shown: str, command: Command) -> None:
        """A word that the source defines."""
        if kind in ("SetKwInOut", "SetKwInput"):
            self._line(f"{shown.rstrip(':')}: {self.prose.raw(command.last)}")
            self.is_unnumbered = True
        elif kind == "SetKwProg" and command.arguments:
            self._open(f"{shown} {{}}", command)
        else:
            arguments = ", ".join(self.prose(argument) for argument in command.arguments)
            self.pieces.append(
                f"{shown}({arguments})" if kind == "SetKwFunction" and arguments else f"{shown} {arguments}"
            )

    def _statement(self, name: str, command: Command) -> None:
        if command.name in DECLARATIONS:
            Declarations(self.prose).read(command)
            return
        match name:
            case "state" | "statex" | "item" | ";":
                self.end_line()
                self.is_begun, self.is_unnumbered = name != ";", name == "statex"
            case "return" | "kwret" | "ret":
                self._line(f"return {self.prose.raw(command.last)}")
            case "comment" | "tcp" | "tcc" | "tcp*" | "tcc*":
                self.pieces.append(f" // {self.prose(command.last)}")
            case "label" | "nllabel" | "lnl":
                number = self.numbered + (self.is_begun or bool(self.pieces))
                self.prose.labels.add(plain(command.last), Target("line", str(number)))
            case "caption" | "dontprintsemicolon" | "setalgolined":
                pass
            case _:
                self.pieces.append(self.prose.raw([command]))

    def _open(self, pattern: str, command: Command) -> None:
        """A line that opens a block; in `algorithm2e` the block is the last argument."""
        *heads, body = command.arguments or (None,)
        head = ", ".join(self.prose(part) for part in heads)
        if "{}" not in pattern and heads:
            pattern += " {}"
        self._line(pattern.format(head))
        if command.name.lower() in ("function", "procedure") and body is not None and not _has_statements(body):
            self.pieces.append(f"({self.prose(body)})")
            body = None
        if body is None:
            self.end_line()
            self.indent += 1
        else:
            self._body(body)

    def _body(self, nodes: Sequence[Node]) -> None:
        self.end_line()
        self.indent += 1
        self.write(nodes)
        self.end_line()
        self.indent -= 1

    def _close(self, text: str) -> None:
        self.end_line()
        self.indent -= 1
        self._line(text)
        self.end_line()


def _has_statements(nodes: Sequence[Node]) -> bool:
    return any(
        is_row_end(node) or (isinstance(node, Command) and node.name in (";", "State", "STATE", "Return", "KwRet"))
        for node in nodes
    )
