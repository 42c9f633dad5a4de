"""Parses tokens into a tree of groups, commands, environments and formulas; formulas remain tokens, verbatim."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from papercoder.paper.latex.tokens import PAR, VERBATIM, is_blank, is_name, join
from papercoder.paper.latex.vocabulary import ENVIRONMENTS, KNOWN, MATHS, SIGNATURES

_WITH_SIZE = frozenset(
    r"""
    \penalty \vskip \hskip \kern \mskip \mkern \baselineskip \parskip \parindent \hangindent \hangafter \looseness
    \tolerance \emergencystretch \lineskip \lower \raise \moveleft \moveright
    """.split()
)
_SIZE = re.compile(r"=?[-+]?[\d.]*(?:pt|em|ex|in|cm|mm|sp|pc|bp)?")
_DEEPEST = 60
"""Braces within braces beyond this depth are ignored: no paper needs them, and recursion must end."""

_MOST_ARGUMENTS = 9
_LONGEST_RAW = 300
"""Tokens of the longest argument that is kept as tokens: a number or a unit."""

TAB_STOPS = frozenset(r"\= \> \< \+ \- \' \`".split())
"""Commands that move between tab stops in `tabbing`; elsewhere they are accents and spaces."""

_WITH_WIDTH = frozenset("tabu longtabu".split())
_LONGEST_WIDTH = 12


@dataclass(frozen=True)
class Group:
    """What braces hold."""

    children: "list[Node]"


@dataclass(frozen=True)
class Maths:
    """The tokens of a formula, without its delimiters."""

    tokens: list[str]
    environment: str = ""
    """`$` for a formula in text, `$$` for an unnumbered display, otherwise the environment's name."""


@dataclass(frozen=True)
class Command:
    """A command with its arguments; an optional argument that is missing is None."""

    name: str
    """Without the backslash."""

    star: bool = False
    arguments: "tuple[list[Node] | None, ...]" = ()

    @property
    def last(self) -> "list[Node]":
        """The last argument, empty if there is none."""
        return (self.arguments[-1] if self.arguments else None) or []


@dataclass(frozen=True)
class Environment:
    """The content of `\\begin` and `\\end`."""

    name: str
    arguments: "tuple[list[Node] | None, ...]"
    children: "list[Node]"


Node = str | Group | Maths | Command | Environment
"""A string is a token: a word, a blank, an empty line, `&`, or a verbatim text."""


def parse(tokens: Sequence[str]) -> list[Node]:
    """The tree of a whole text."""
    parser = _Parser(list(tokens))
    nodes: list[Node] = []
    while parser.position < len(parser.tokens):
        nodes += parser.nodes(lambda _: False)
        parser.position += 1  # past a brace or an \end that nothing opened
    return nodes


def commands(nodes: Sequence[Node]) -> Iterator[Command]:
    """All commands, outer before inner."""
    for node in nodes:
        if isinstance(node, Command):
            yield node
            for argument in node.arguments:
                yield from commands(argument or [])
        elif isinstance(node, Group | Environment):
            yield from commands(node.children)


def plain(nodes: Sequence[Node] | None) -> str:
    """The characters of an argument that is a name or a number, not a text."""
    return "".join(
        join(node.tokens) if isinstance(node, Maths) else plain(node.children) if isinstance(node, Group) else node
        for node in nodes or []
        if isinstance(node, str | Group | Maths)
    ).replace(VERBATIM, "")


def tokens_of(nodes: "Sequence[Node] | None") -> list[str]:
    """The tokens of nodes again."""
    return [token for node in nodes or [] for token in _tokens_of(node)]


def _tokens_of(node: Node) -> list[str]:
    match node:
        case str():
            return [node]
        case Group(children=children):
            return ["{", *tokens_of(children), "}"]
        case Maths(tokens=tokens, environment=environment):
            sign = "$" if environment == "$" else "$$"
            return [sign, *tokens, sign]
        case Command(name=name, star=star, arguments=arguments):
            kinds = SIGNATURES.get(f"\\{name}", "").removeprefix("*")
            tokens = [f"\\{name}", *(["*"] if star else [])]
            for place, argument in enumerate(arguments):
                opening, closing = ("[", "]") if kinds[place : place + 1] in ("o", "q") else ("{", "}")
                tokens += [] if argument is None else [opening, *tokens_of(argument), closing]
            return tokens
        case Environment(name=name, children=children):
            return ["\\begin", "{", name, "}", *tokens_of(children), "\\end", "{", name, "}"]


@dataclass
class _Parser:
    tokens: list[str]
    position: int = 0
    open: list[str] = field(default_factory=list)
    depth: int = 0
    unclosed_before: int = 0
    """No bracket before this position is closed: a scan has looked."""

    def nodes(self, ends: Callable[[str], bool]) -> list[Node]:
        """Nodes up to a token that `ends` them, or up to a `}` or `\\end` of something around them."""
        nodes: list[Node] = []
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if ends(token) or token == "}" or (token == "\\end" and self._closes()):
                break
            nodes += self._node(token)
        return nodes

    def _node(self, token: str) -> list[Node]:
        self.position += 1
        match token:
            case "{":
                return self._group()
            case "$" | "$$" | "\\(" | "\\[":
                return [self._formula(token)]
            case "\\ensuremath":
                return [self._ensured()]
            case "\\begin":
                return self._environment()
            case "\\end":
                self._argument()
                return []
        return [self._command(token)] if token[0] == "\\" else [token]

    def _group(self) -> list[Node]:
        if self.depth >= _DEEPEST:
            return []
        self.depth += 1
        children = self.nodes(lambda _: False)
        self.depth -= 1
        self._skip("}")
        return [Group(children)]

    def _skip(self, wanted: str) -> bool:
        found = self.position < len(self.tokens) and self.tokens[self.position] == wanted
        self.position += found
        return found

    def _skip_blanks(self) -> None:
        while self.position < len(self.tokens) and is_blank(self.tokens[self.position]):
            self.position += 1

    # Commands

    def _command(self, token: str) -> Command:
        if token in TAB_STOPS and "tabbing" in self.open:
            return Command(token[1:])
        signature = SIGNATURES.get(token, "")
        star = signature.startswith("*") and self._skip("*")
        near = token in ("\\\\", "\\cmidrule", "\\cline")
        arguments = self._arguments(signature.removeprefix("*"), near=near)
        if token not in KNOWN and is_name(token):
            arguments = tuple(self._unknown_arguments())
        if token in _WITH_SIZE:  # `\penalty0`, `\vskip 0.3in plus 1em minus .5em`
            self._strip_size()
            while self._skip_word("plus") or self._skip_word("minus"):
                self._strip_size()
        elif not arguments and is_name(token):
            self._space_after_name()
        return Command(token[1:], star, arguments)

    def _unknown_arguments(self) -> "Iterator[list[Node]]":
        """The groups that directly follow a command that is not known; options in front of them are left out."""
        self._skip("*")
        for _ in range(_MOST_ARGUMENTS):
            start = self.position
            while self._bracketed("[", "]") is not None:
                pass
            if self.tokens[self.position : self.position + 1] != ["{"]:
                self.position = start
                return
            yield self._argument()

    def _strip_size(self) -> None:
        self._skip_blanks()
        if self.position < len(self.tokens):
            self.tokens[self.position] = _SIZE.sub("", self.tokens[self.position], count=1)
            self.position += not self.tokens[self.position]

    def _skip_word(self, word: str) -> bool:
        start = self.position
        self._skip_blanks()
        found = self._skip(word)
        self.position = self.position if found else start
        return found

    def _space_after_name(self) -> None:
        # TeX skips the blank after a control word, but not an empty line.
        if self.position < len(self.tokens) and is_blank(self.tokens[self.position]):
            self.position += 1

    def _arguments(self, signature: str, *, near: bool = False) -> "tuple[list[Node] | None, ...]":
        return tuple(self._one(kind, near=near) for kind in signature)

    def _one(self, kind: str, *, near: bool) -> "list[Node] | None":
        start = self.position
        if kind == "m":
            return self._argument()
        if kind == "r":
            return list(self._raw("{", "}") or [])
        if not near:
            self._skip_blanks()
        if kind == "p":
            found = self._parentheses()
        elif kind == "q":
            found = self._raw("[", "]")
        else:
            found = self._bracketed(*(("{", "}") if kind == "g" else ("[", "]")))
        if found is None:
            self.position = start
        return found

    def _argument(self) -> list[Node]:
        self._skip_blanks()
        if self.position >= len(self.tokens) or self.tokens[self.position] in ("}", PAR, "&", "\\end"):
            return []
        token = self.tokens[self.position]
        if token == "{":
            self.position += 1
            group = self._group()
            return group[0].children if group and isinstance(group[0], Group) else []
        if token[0] in "\\$" or len(token) == 1 or token[0] == VERBATIM:
            if token == "\\begin" or self.depth >= _DEEPEST:
                return []
            self.depth += 1
            nodes = self._node(token)
            self.depth -= 1
            return nodes
        self.tokens[self.position] = token[1:]
        return [token[0]]

    def _raw(self, opening: str, closing: str) -> "list[Node] | None":
        """An argument as tokens."""
        self._skip_blanks()
        if self.tokens[self.position : self.position + 1] != [opening]:
            return None
        depth, start = 0, self.position + 1
        for end in range(start, min(len(self.tokens), start + _LONGEST_RAW)):
            token = self.tokens[end]
            if token == closing and depth == 0:
                self.position = end + 1
                return list(self.tokens[start:end])
            depth += (token == "{") - (token == "}")
            if depth < 0 or token == PAR:
                break
        return None

    def _bracketed(self, opening: str, closing: str) -> "list[Node] | None":
        if opening == "{":
            return self._argument() if self.tokens[self.position : self.position + 1] == ["{"] else None
        if self.tokens[self.position : self.position + 1] != [opening] or not self._is_closed(closing):
            return None
        self.position += 1
        nodes = self.nodes(lambda token: token == closing)
        self._skip(closing)
        return nodes

    def _is_closed(self, closing: str) -> bool:
        if self.position < self.unclosed_before:
            return False
        depth, position = 0, self.position
        for position in range(self.position + 1, len(self.tokens)):
            token = self.tokens[position]
            if token == closing and depth == 0:
                return True
            depth += (token == "{") - (token == "}")
            if token == PAR or depth < 0:
                break
        self.unclosed_before = position
        return False

    def _parentheses(self) -> "list[Node] | None":
        token = self.tokens[self.position] if self.position < len(self.tokens) else ""
        if not (token.startswith("(") and token.endswith(")")):
            return None
        self.position += 1
        return [token]

    # Environments and maths

    def _closes(self) -> bool:
        """Whether the `\\end` here closes something open."""
        return join(self.tokens[self.position + 2 : self.position + 3]) in self.open

    def _environment(self) -> list[Node]:
        name = plain(self._argument()).strip()
        if name in MATHS or name == "math":
            return [Maths(self._until_end(name), "$" if name == "math" else name)]
        if self.depth >= _DEEPEST:
            return []
        if name in _WITH_WIDTH:  # `to 5cm`, `spread 1cm`
            self._skip_blanks()
            if self.tokens[self.position : self.position + 1] in (["to"], ["spread"]):
                opening = self.tokens[self.position : self.position + _LONGEST_WIDTH]
                self.position += opening.index("{") if "{" in opening else 0
        arguments = self._arguments(ENVIRONMENTS.get(name, ""))
        self.open.append(name)
        self.depth += 1
        children = self.nodes(lambda _: False)
        while self._skip("}"):  # a brace too many within
            children += self.nodes(lambda _: False)
        self.depth -= 1
        self.open.pop()
        if self._ended(name):
            self.position += 4
        return [Environment(name, arguments, children)]

    def _ended(self, name: str) -> bool:
        return self.tokens[self.position : self.position + 4] == ["\\end", "{", name, "}"]

    def _until_end(self, name: str) -> list[str]:
        start = self.position
        while self.position < len(self.tokens) and not self._ended(name):
            if self.tokens[self.position] == "\\end" and self._closes():
                return self.tokens[start : self.position]
            self.position += 1
        found = self.tokens[start : self.position]
        self.position += 4
        return found

    def _ensured(self) -> Maths:
        self._skip_blanks()
        if not self._skip("{"):
            self.position += 1
            return Maths(self.tokens[self.position - 1 : self.position], "$")
        start, depth = self.position, 0
        while self.position < len(self.tokens) and not (depth == 0 and self.tokens[self.position] in ("}", PAR)):
            depth += (self.tokens[self.position] == "{") - (self.tokens[self.position] == "}")
            self.position += 1
        found = self.tokens[start : self.position]
        self._skip("}")
        return Maths([token for token in found if token not in ("$", "\\xspace")], "$")

    def _formula(self, opening: str) -> Maths:
        closing = {"\\(": "\\)", "\\[": "\\]"}.get(opening, opening)
        start, depth = self.position, 0
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if (depth <= 0 and token in (closing, "}")) or token == PAR:
                break
            depth += (token == "{") - (token == "}")
            self.position += 1
        found = self.tokens[start : self.position]
        self._skip(closing)
        return Maths(found, "$" if opening in ("$", "\\(") else "$$")
