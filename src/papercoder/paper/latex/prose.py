"""Nodes to running text: formulas verbatim between dollars, everything else as it would be read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from papercoder.paper.latex.commands import DROPPED, SILENT
from papercoder.paper.latex.numbers import Labels, reference
from papercoder.paper.latex.symbols import ACCENTS, DINGBATS, SYMBOLS, accented
from papercoder.paper.latex.tokens import PAR, VERBATIM, join
from papercoder.paper.latex.tree import Command, Environment, Group, Maths, Node, plain
from papercoder.paper.names import names

_XSPACE = "\ue002"
_AFTER_XSPACE = re.compile(_XSPACE + r"+\s*(?=(.)?)")
_CLOSE = frozenset(".,'/?;:!~-)]}–—\"")
_BLANKS = re.compile(r"\s+")
_MATH_REFERENCE = re.compile(r"\\(eqref|ref)\s*\{([^{}]*)\}")
_LIGATURES = (("``", '"'), ("''", '"'), ("---", "—"), ("--", "–"), ("`", "'"))
_CITATIONS = ("cite", "Cite", "parencite", "textcite", "autocite", "footcite", "fullcite", "onlinecite", "shortcite")


def tidy(text: str) -> str:
    """The text on one line, blanks as they would be printed."""
    text = _AFTER_XSPACE.sub(lambda match: " " if match[1] and match[1] not in _CLOSE else "", text)
    return _BLANKS.sub(" ", text).strip()


def formula(tokens: Sequence[str]) -> str:
    """A formula's source on one line."""
    text = join(token for token in tokens if token not in ("\\xspace", "\\protect"))
    text = _MATH_REFERENCE.sub(lambda match: reference(match[1], match[2]), text)
    return _BLANKS.sub(" ", text).strip()


@dataclass
class Prose:
    """Renders nodes as text; footnotes are set aside, and labels on the way are noted."""

    labels: Labels
    footnotes: list[str] = field(default_factory=list)
    """Texts of the footnotes met since they were last taken."""

    notes: int = 0
    cited: dict[str, None] = field(default_factory=dict)
    """Keys cited, in order."""

    def __call__(self, nodes: Sequence[Node] | None) -> str:
        """The text of nodes, tidied."""
        return tidy(self.raw(nodes))

    def raw(self, nodes: Sequence[Node] | None) -> str:
        """The text of nodes as pieces put together; to be tidied."""
        return "".join(self.one(node) for node in nodes or [])

    def one(self, node: Node) -> str:
        """The text of one node."""
        match node:
            case str():
                return _word(node)
            case Group(children=children):
                return self.raw(children)
            case Maths(tokens=tokens, environment=environment):
                sign = "$" if environment == "$" else "$$"
                text = formula(tokens)
                return f"{sign}{text}{sign}" if text else ""
            case Environment(name=name, children=children):
                return "" if name in DROPPED else f" {self.raw(children)} "
            case Command():
                return self._command(node)

    def _command(self, command: Command) -> str:
        name = command.name
        if name in _SPECIAL:
            return _SPECIAL[name](self, command)
        if name in SYMBOLS:
            return SYMBOLS[name]
        if name.startswith(_CITATIONS) and command.arguments:
            return self._citation(command)
        if name in ACCENTS:
            return accented(name, self.raw(command.last))
        return "" if name in SILENT else self.raw(command.last)

    def _citation(self, command: Command) -> str:
        before, after, keys = command.arguments
        if after is None:
            before, after = None, before
        keys_cited = [key.strip() for key in plain(keys).split(",") if key.strip()]
        self.cited.update(dict.fromkeys(keys_cited))
        parts = [self(before), ", ".join(keys_cited)]
        inside = " ".join(part for part in parts if part)
        return f"[{inside}, {self(after)}]" if after else f"[{inside}]"

    def _footnote(self, command: Command) -> str:
        self.notes += 1
        mark = f"[^{self.notes}]"
        self.footnotes.append(f"{mark}: {self(command.last)}")
        return mark

    def _label(self, command: Command) -> str:
        self.labels.add(plain(command.last))
        return ""

    def _reference(self, command: Command) -> str:
        style = {"ref": "ref", "eqref": "eqref", "subref": "ref"}.get(command.name, "cref")
        return reference(style, plain(command.last))

    def _link(self, command: Command) -> str:
        target, shown = command.arguments
        return self.raw(shown) or plain(target)

    def _fraction(self, command: Command) -> str:
        return "/".join(self(argument) for argument in command.arguments)

    def _quantity(self, command: Command) -> str:
        """A value with its unit, whose names are commands: `\\SI{5}{\\milli\\second}`."""
        _, value, unit = command.arguments
        names_of_unit = (node.name if isinstance(node, Command) else self.one(node) for node in unit or [])
        return f"{self.raw(value)} {' '.join(names_of_unit)}"

    def take_footnotes(self) -> list[str]:
        """The footnotes since last time."""
        taken, self.footnotes = self.footnotes, []
        return taken


def _word(token: str) -> str:
    if token[0] == VERBATIM:
        return token[1:]
    if token in ("~", PAR):
        return " "
    for source, printed in _LIGATURES:
        token = token.replace(source, printed)
    return token


_SPECIAL: dict[str, Callable[[Prose, Command], str]] = {
    "footnote": Prose._footnote,
    "footnotetext": Prose._footnote,
    "label": Prose._label,
    "href": Prose._link,
    "SI": Prose._quantity,
    "qty": Prose._quantity,
    "nicefrac": Prose._fraction,
    "sfrac": Prose._fraction,
    "xspace": lambda _, __: _XSPACE,
    "ding": lambda _, command: DINGBATS.get(plain(command.last).strip(), "•"),
    "enquote": lambda prose, command: f'"{prose.raw(command.last)}"',
    "textsuperscript": lambda prose, command: f"^{prose.raw(command.last)}",
    "textsubscript": lambda prose, command: f"_{prose.raw(command.last)}",
    "Call": lambda prose, command: "{}({})".format(*map(prose, command.arguments)),
    "cite": Prose._citation,
} | dict.fromkeys(names("ref eqref cref Cref autoref nameref vref Vref subref"), Prose._reference)
