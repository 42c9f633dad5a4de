"""Turns nodes into running text; formulas are kept verbatim between dollar signs."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from papercoder.paper.latex.numbering import STYLES, Counters, Labels, in_style, reference
from papercoder.paper.latex.siunitx import SIGNATURES, Quantities
from papercoder.paper.latex.tokens import PAR, VERBATIM, is_blank, join
from papercoder.paper.latex.tree import Command, Environment, Group, Maths, Node, plain, tokens_of
from papercoder.paper.latex.vocabulary import ACCENTS, DINGBATS, DROPPED, KNOWN, SILENT, SYMBOLS, accented

_XSPACE = "\ue002"
_AFTER_XSPACE = re.compile(_XSPACE + r"+\s*(?=(.)?)")
_CLOSE = frozenset(".,'/?;:!~-)]}–—\"")
_BLANKS = re.compile(r"\s+")
_MATH_REFERENCE = re.compile(r"\\(eqref|ref) ?\*? ?\{([^{}]*)\}")
_LIGATURES = (("``", '"'), ("''", '"'), ("---", "—"), ("--", "–"), ("`", "'"))
_CITATIONS = tuple(
    frozenset(
        """
        cite Cite parencite Parencite textcite Textcite autocite Autocite footcite footfullcite fullcite onlinecite
        shortcite supercite smartcite
        """.split()
    )
)
_LIKE_REFERENCE = re.compile(r"[rR]efs?$")
"""Names of commands that papers and styles define for references, such as `\\figref`."""

_LONGEST_ARGUMENT = 300
_COUNTER_STYLES = frozenset("arabic roman Roman alph Alph fnsymbol".split())
_IN_FORMULA = re.compile(rf"\\(?:{'|'.join([*SIGNATURES, 'xspace', 'protect'])})$")


def tidy(text: str) -> str:
    """The text on one line, with the blanks that print."""
    text = _AFTER_XSPACE.sub(lambda match: " " if match[1] and match[1] not in _CLOSE else "", text)
    return _BLANKS.sub(" ", text).strip()


@dataclass
class Prose:
    """Renders nodes as text; collects footnotes, labels and unknown commands."""

    labels: Labels
    counters: Counters = field(default_factory=Counters)
    quantities: Quantities = field(default_factory=Quantities)
    footnotes: list[str] = field(default_factory=list)
    """Texts of the footnotes since they were last taken."""

    notes: int = 0
    cited: dict[str, None] = field(default_factory=dict)
    """Keys of citations, in order."""

    unknown: Counter[str] = field(default_factory=Counter)
    """Commands of which only the text of their arguments was kept."""

    acronyms: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Short and long forms of the paper's acronyms."""

    spelled_out: set[str] = field(default_factory=set)
    """Those that were printed in full, as at their first use."""

    keywords: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Words of pseudocode that the source defines: the command that defines them, and what they print."""

    floats: set[str] = field(default_factory=set)
    """Floats that the source defines."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    """Column types of tables that the source defines."""

    def __call__(self, nodes: Sequence[Node] | None) -> str:
        """The text of nodes, tidied."""
        return tidy(self.raw(nodes))

    def raw(self, nodes: Sequence[Node] | None) -> str:
        """The text of nodes, put together without tidying."""
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
                text = self.formula(tokens)
                return f"{sign}{text}{sign}" if text else ""
            case Environment(name=name, children=children):
                return "" if name in DROPPED else f" {self.raw(children)} "
            case Command():
                return self._command(node)

    def formula(self, tokens: Sequence[str]) -> str:
        """A formula's source on one line, with quantities and references as they print."""
        text = _BLANKS.sub(" ", join(self._in_formula(tokens))).strip()
        return _MATH_REFERENCE.sub(lambda match: reference(match[1], match[2]), text)

    def _in_formula(self, tokens: Sequence[str]) -> Sequence[str]:
        if not any(_IN_FORMULA.match(token) for token in tokens):
            return tokens
        kept: list[str] = []
        position = 0
        while position < len(tokens):
            token = tokens[position]
            position += 1
            if token[1:] in SIGNATURES:
                option, arguments, end = _arguments(tokens, position, SIGNATURES[token[1:]])
                kept.append(self.quantities.formula(token[1:], option, arguments) if arguments else token)
                position = end if arguments else position
            elif token not in ("\\xspace", "\\protect"):
                kept.append(token)
        return kept

    def is_inline(self, name: str) -> bool:
        """Whether a command sets its contents apart from the text around it, as a footnote does."""
        return name in _SPECIAL

    def _command(self, command: Command) -> str:
        name = command.name
        if name in _SPECIAL:
            return _SPECIAL[name](self, command)
        if name in STYLES:
            return self._reference(command)
        if name in SYMBOLS:
            return SYMBOLS[name]
        if name.startswith(_CITATIONS) and len(command.arguments) == 3:
            return self._citation(command)
        if name in ACCENTS:
            return accented(name, self.raw(command.last))
        if name in SIGNATURES:
            return self._quantity(command)
        if name in SILENT:
            return ""
        return self._other(command)

    def _other(self, command: Command) -> str:
        """The text of a command that formats its last argument, or that is not known."""
        if f"\\{command.name}" in KNOWN:
            return self.raw(command.last)
        if command.name.startswith("the") and command.name[3:] in self.counters.values:
            return self.counters.printed(command.name[3:])
        if command.arguments and _LIKE_REFERENCE.search(command.name):
            return reference("names", plain(command.last))
        if command.arguments and "cite" in command.name.lower():
            return self._citation(Command(command.name, arguments=(None, None, command.last)))
        self.unknown[f"\\{command.name}"] += 1
        return " ".join(self.raw(argument) for argument in command.arguments)

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
        mark, before = f"[^{self.notes}]", self.labels.current
        self.labels.point("footnote", str(self.notes))
        self.footnotes.append(f"{mark}: {self(command.last)}")
        self.labels.current = before
        return mark

    def _label(self, command: Command) -> str:
        self.labels.add(plain(command.last))
        return ""

    def _reference(self, command: Command) -> str:
        labels = ",".join(plain(argument) for argument in command.arguments)
        bare = command.star and command.name == "subref"
        return reference("ref" if bare else STYLES[command.name], labels)

    def _quantity(self, command: Command) -> str:
        option, *arguments = command.arguments
        raw = [[token for token in argument or [] if isinstance(token, str)] for argument in arguments]
        return self.quantities.text(command.name, join(tokens_of(option)), raw)

    def _counter(self, command: Command) -> str:
        return in_style(command.name, self.counters.values.get(plain(command.last).strip(), 0))

    def _acronym(self, command: Command) -> str:
        """An acronym's short form, or the long one where the command asks for it; both at its first use."""
        key, name = plain(command.last).strip(), command.name.lower()
        short, long = self.acronyms.get(key, (key, key))
        plural = "s" if name.endswith(("p", "pl")) else ""
        if name in ("acl", "aclp", "acrlong"):
            return long + plural
        is_first = name in _SPELLED_OUT_ONCE and key in self.acronyms and key not in self.spelled_out
        if is_first or name in ("acf", "acfp", "acrfull"):
            self.spelled_out.add(key)
            return f"{long}{plural} ({short}{plural})"
        return short + plural

    def take_footnotes(self) -> list[str]:
        """The footnotes since last time."""
        taken, self.footnotes = self.footnotes, []
        return taken


def _arguments(tokens: Sequence[str], position: int, signature: str) -> tuple[str, list[list[str]], int]:
    """The option and the other arguments of a command in a formula, and the position after them."""
    option, arguments = "", list[list[str]]()
    for kind in signature:
        opening, closing = ("[", "]") if kind == "o" else ("{", "}")
        start = position
        while start < len(tokens) and is_blank(tokens[start]):
            start += 1
        end = _end_of(tokens, start, opening, closing)
        found = list(tokens[start + 1 : end]) if end else None
        position = end + 1 if end else position
        if found is None and kind != "o":
            return "", [], position
        if kind == "o" and not arguments:
            option = join(found or [])
        else:
            arguments.append(found or [])
    return option, arguments, position


def _end_of(tokens: Sequence[str], start: int, opening: str, closing: str) -> int:
    """Where the argument that begins here ends; 0 if none begins or ends."""
    if start >= len(tokens) or tokens[start] != opening:
        return 0
    depth = 0
    for position in range(start + 1, min(len(tokens), start + _LONGEST_ARGUMENT)):
        if tokens[position] == closing and depth == 0:
            return position
        depth += (tokens[position] == "{") - (tokens[position] == "}")
    return 0


def _word(token: str) -> str:
    if token[0] == VERBATIM:
        return token[1:]
    if token in ("~", PAR):
        return " "
    for source, printed in _LIGATURES:
        token = token.replace(source, printed)
    return token


def _link(prose: Prose, command: Command) -> str:
    target, shown = command.arguments
    return prose.raw(shown) or plain(target)


def _fraction(prose: Prose, command: Command) -> str:
    return "/".join(prose(argument) for argument in command.arguments)


def _unit_fraction(prose: Prose, command: Command) -> str:
    """The units package's `\\unitfrac[5]{m}{s}`."""
    value, above, below = command.arguments
    return f"{prose(value)} {prose(above)}/{prose(below)}".strip()


def _table_note(prose: Prose, command: Command) -> str:
    """threeparttable's `\\tnote{1}` is a mark; ctable's `\\tnote[a]{text}` is the note."""
    mark, text = command.arguments
    return f"^{prose.raw(text)}" if mark is None else f" {prose.raw(mark)} {prose.raw(text)} "


def _ordinal(prose: Prose, command: Command) -> str:
    """`\\nth{3}`: 3rd."""
    number = prose(command.last)
    is_teen = number[-2:-1] == "1"
    return number + ("th" if is_teen else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1:], "th"))


def _initial(prose: Prose, command: Command) -> str:
    """A large first letter, which the rest of the word follows."""
    return prose.raw(command.last).strip()


_SPELLED_OUT_ONCE = frozenset("ac acp gls glspl".split())
_ACRONYMS = frozenset("acs acl acf ac acp acsp aclp acfp gls Gls glspl Glspl acrshort acrlong acrfull Ac Acp".split())
_SPECIAL: dict[str, Callable[[Prose, Command], str]] = (
    dict.fromkeys(_COUNTER_STYLES, Prose._counter)
    | dict.fromkeys(_ACRONYMS, Prose._acronym)
    | {
        "footnote": Prose._footnote,
        "footnotetext": Prose._footnote,
        "blfootnote": Prose._footnote,
        "endnote": Prose._footnote,
        "label": Prose._label,
        "href": _link,
        "nicefrac": _fraction,
        "sfrac": _fraction,
        "flatfrac": _fraction,
        "unitfrac": _unit_fraction,
        "xspace": lambda _, __: _XSPACE,
        "ding": lambda _, command: DINGBATS.get(plain(command.last).strip(), "•"),
        "enquote": lambda prose, command: f'"{prose.raw(command.last)}"',
        "textquote": lambda prose, command: f'"{prose.raw(command.last)}"',
        "textsuperscript": lambda prose, command: f"^{prose.raw(command.last)}",
        "textsubscript": lambda prose, command: f"_{prose.raw(command.last)}",
        "tablenotemark": lambda prose, command: f"^{prose.raw(command.last)}",
        "tnote": _table_note,
        "tmark": lambda prose, command: f"^{prose.raw(command.last)}",
        "nth": _ordinal,
        "IEEEPARstart": _initial,
        "lettrine": _initial,
        "dropcap": _initial,
        "Call": lambda prose, command: "{}({})".format(*map(prose, command.arguments)),
    }
)
