# ruff: noqa: S105  (a token is LaTeX's here, no secret)
"""Flattening: included files put in place, simple macros expanded, switched-off text removed.

What a macro may cost is bounded by a budget of tokens, so that a definition that calls itself, or doubles itself thirty
times over, ends like any other text.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from papercoder.artifacts import Loss
from papercoder.paper.decoding import decode
from papercoder.paper.files import Files, Memory, inside
from papercoder.paper.latex.commands import ENVIRONMENTS, MATHS, SIGNATURES
from papercoder.paper.latex.stream import Stream, Unclosed
from papercoder.paper.latex.tokens import END_OF_FILE, VERBATIM, is_blank, is_name, tokenize
from papercoder.paper.names import names

_BUDGET = 1_000_000
_LARGEST_SOURCE = 8 * 2**20
_MOST_FILES = 2_000
_CONDITIONS = names(
    r"""
    \if \ifx \ifnum \ifdim \ifcat \ifodd \ifmmode \ifhmode \ifvmode \ifcase \ifdefined \ifcsname \ifpdf
    \ifCLASSINFOpdf \iftrue \iffalse
    """
)
_BEYOND = names(
    r"""
    \csname \expandafter \futurelet \let \catcode \def \newcommand \renewcommand \global \the \endcsname
    """
)
_PARAMETER = re.compile(r"#(\d)")


@dataclass(frozen=True)
class Macro:
    """A user's macro: its parameters `#1`, `#2`, ... stand in the body."""

    arity: int
    default: tuple[str, ...] | None
    """What the optional first parameter is when it is not given; None where there is none."""

    body: tuple[str, ...]


@dataclass(frozen=True)
class Flattened:
    """A paper as one stream of tokens."""

    tokens: list[str]
    included: tuple[str, ...]
    """The files read, the main file first."""

    files_in_source: Memory
    """Files that the source carries within itself (`filecontents`)."""

    losses: list[Loss]


def flatten(main: str, files: Files) -> Flattened:
    """The main file with everything that it includes."""
    expander = _Expander(files)
    expander.include(main)
    tokens = expander.run()
    losses = [*expander.losses, *expander.missing()]
    return Flattened(tokens, tuple(expander.included), Memory(expander.carried, main), losses)


@dataclass
class _Expander:
    files: Files
    stream: Stream = field(default_factory=lambda: Stream(_BUDGET))
    out: list[str] = field(default_factory=list)
    macros: dict[str, Macro] = field(default_factory=dict)
    openings: dict[str, Macro] = field(default_factory=dict)
    endings: dict[str, Macro] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=lambda: {"\\iftrue": True, "\\iffalse": False})
    primitives: set[str] = field(default_factory=set)
    """Names whose meaning the user keeps under another name, to wrap them: they are left as they are."""

    open_files: list[str] = field(default_factory=list)
    included: list[str] = field(default_factory=list)
    carried: dict[str, bytes] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    branches: list[bool] = field(default_factory=list)
    read: int = 0

    def run(self) -> list[str]:
        while self.stream.pending:
            token = self.stream.pop()
            if token == END_OF_FILE:
                self.open_files.pop()
            elif token[0] != "\\" or self.stream.budget <= 0:
                self.out.append(token)
            else:
                self._control(token)
        if self.stream.budget <= 0:
            self.losses.append(
                Loss(kind="macros", message="The macros were too many to expand; some stand in the text as written.")
            )
        return self.out

    def missing(self) -> list[Loss]:
        listed = ", ".join(dict.fromkeys(self.absent))
        message = f"The source includes files that are not there: {listed}."
        return [Loss(kind="missing_file", message=message)] if listed else []

    def include(self, name: str) -> bool:
        """Put a file's tokens next; False where it is not there, not allowed or already open."""
        found = next((path for path in self._paths(name) if self._data(path) is not None), None)
        if not found or found in self.open_files:
            return False
        data = self._data(found) or b""
        self.read += len(data)
        if self.read > _LARGEST_SOURCE or len(self.included) >= _MOST_FILES:
            self.losses.append(Loss(kind="too_large", message=f"The source is too large; {found} was left out."))
            return True
        self.open_files.append(found)
        self.included.append(found)
        self.stream.pending += [END_OF_FILE, *reversed(tokenize(decode(data, found, self.losses)))]
        return True

    def _paths(self, name: str) -> Iterator[str]:
        """Where a file may be: beside the main file, at the top, beside the file that includes it."""
        near = [self.open_files[0], "", self.open_files[-1]] if self.open_files else [""]
        for folder, suffix in product(dict.fromkeys(map(posixpath.dirname, near)), ("", ".tex")):
            if path := inside(posixpath.join(folder, name + suffix)):
                yield path

    def _data(self, name: str) -> bytes | None:
        data = self.files.get(name)
        return self.carried.get(name) if data is None else data

    def _control(self, token: str) -> None:
        mark = len(self.out)
        try:
            if action := _ACTIONS.get(token):
                action(self)
            elif (label := f"\\algorithmic{token[1:].lower()}") in self.macros:
                self.stream.push(["\\algolabel", "{", *self.macros[label].body, "}"])
            elif token in self.macros:
                self._expand(self.macros[token])
            elif token.startswith("\\if") and (token in _CONDITIONS or token in self.switches):
                self._condition(token)
            else:
                self.out.append(token)
        except Unclosed:
            del self.out[mark:]
            self.out.append(token)

    # Macros

    def _expand(self, macro: Macro) -> None:
        arguments: list[Sequence[str]] = []
        if macro.default is not None:
            option = self.stream.option()
            arguments.append(macro.default if option is None else option)
        arguments += [self.stream.argument() for _ in range(macro.arity - len(arguments))]
        if not macro.arity:
            self._skip_blanks_after(macro)
        self.stream.push(_substituted(macro.body, arguments))

    def _skip_blanks_after(self, macro: Macro) -> None:
        # TeX eats the blank after a control word; \xspace brings it back.
        if is_blank(self.stream.peek):
            self.stream.pop()
            if macro.body[-1:] == ("\\xspace",):
                self.stream.pending.append(" ")

    def _define(self, name: str, macro: Macro) -> None:
        if name.startswith("\\the") and name[4:].isalpha() and name not in SIGNATURES:
            self.out += ["\\papercoderthe", "{", name[4:], "}", "{", *macro.body, "}"]
        if not (_is_beyond(macro.body) or name in _KEPT or name in self.primitives):
            self.macros[name] = macro

    def newcommand(self) -> None:
        self.stream.star()
        name = self.stream.name()
        arity, default = self._arity(), self.stream.option()
        self._define(name, Macro(arity, None if default is None else tuple(default), tuple(self.stream.argument())))

    def _arity(self) -> int:
        count = "".join(self.stream.option() or "0").strip()
        return int(count) if count.isdecimal() and len(count) == 1 else 0

    def plain_definition(self) -> None:
        self.stream.skip_blanks()
        name = self.stream.pop()
        parameters: list[str] = []
        while self.stream.peek not in ("", "{", END_OF_FILE) and len(parameters) < 20:
            parameters.append(self.stream.pop())
        body = tuple(self.stream.argument())
        if all(_PARAMETER.fullmatch(parameter) or is_blank(parameter) for parameter in parameters):
            self._define(name, Macro(sum(p[0] == "#" for p in parameters), None, body))

    def alias(self) -> None:
        self.stream.skip_blanks()
        new = self.stream.pop()
        self.stream.skip_blanks()
        if self.stream.peek.startswith("="):
            rest = self.stream.pop()[1:]
            self.stream.pending += [rest] if rest else []
            self.stream.skip_blanks()
        old = self.stream.pop()
        if is_name(new) and old[:1] == "\\":
            self.primitives.add(old)
            self._define(new, self.macros.get(old) or Macro(0, None, (old,)))

    def operator(self) -> None:
        star = ["*"] if self.stream.star() else []
        name = self.stream.name()
        self._define(name, Macro(0, None, ("\\operatorname", *star, "{", *self.stream.argument(), "}")))

    def newenvironment(self) -> None:
        self.stream.star()
        name, arity, default = self.stream.name(), self._arity(), self.stream.option()
        opening, ending = tuple(self.stream.argument()), tuple(self.stream.argument())
        if not (_is_beyond((*opening, *ending)) or name in ENVIRONMENTS or name in MATHS):
            self.openings[name] = Macro(arity, None if default is None else tuple(default), opening)
            self.endings[name] = Macro(0, None, ending)

    def begin(self) -> None:
        name = self.stream.name()
        if name.startswith("filecontents"):
            self._carry(name)
        elif name in self.openings:
            self._expand(self.openings[name])
        elif name:
            self.out += ["\\begin", "{", name, "}"]

    def end(self) -> None:
        name = self.stream.name()
        if name in self.endings:
            self.stream.push(self.endings[name].body)
        elif name:
            self.out += ["\\end", "{", name, "}"]

    def _carry(self, environment: str) -> None:
        text = self.stream.pop().removeprefix(VERBATIM)
        if match := re.match(r"\s*(?:\[[^\]]*\])?\s*\{([^{}]+)\}", text):
            self.carried.setdefault(match[1].strip(), text[match.end() :].encode())
        closing = ["\\end", "{", environment, "}"]
        if self.stream.pending[-4:][::-1] == closing:
            del self.stream.pending[-4:]

    # Conditions

    def newswitch(self) -> None:
        name = self.stream.name()
        self.switches[name] = False
        base = name.removeprefix("\\if")
        self.macros[f"\\{base}true"] = Macro(0, None, ("\\papercoderswitch", "{", name, "}", "1"))
        self.macros[f"\\{base}false"] = Macro(0, None, ("\\papercoderswitch", "{", name, "}", "0"))

    def switch(self) -> None:
        name = self.stream.name()
        self.switches[name] = self.stream.argument() == ["1"]

    def _condition(self, token: str) -> None:
        """Keep the branch that holds; where that cannot be known, keep both."""
        holds = self.switches.get(token, True)
        self.branches.append(token in self.switches)
        if not holds and self._skip_branch() == "\\fi":
            self.branches.pop()

    def otherwise(self) -> None:
        if self.branches and self.branches[-1] and self._skip_branch() == "\\fi":
            self.branches.pop()

    def end_condition(self) -> None:
        if self.branches:
            self.branches.pop()

    def _skip_branch(self) -> str:
        depth = 0
        while self.stream.peek not in ("", END_OF_FILE):
            token = self.stream.pop()
            if token in ("\\fi", "\\else") and depth == 0:
                return token
            depth += token in _CONDITIONS or token in self.switches
            depth -= token == "\\fi"
        return "\\fi"

    # Files

    def input(self) -> None:
        self.stream.skip_blanks()
        name = self.stream.name() if self.stream.peek == "{" else self.stream.bare_name()
        self._include_or_report(name)

    def import_from(self) -> None:
        self.stream.star()
        folder, name = self.stream.name(), self.stream.name()
        self._include_or_report(f"{folder.rstrip('/')}/{name}")

    def _include_or_report(self, name: str) -> None:
        name = name.strip('"')
        if not self.include(name) and not set(self._paths(name)) & set(self.open_files):
            self.absent.append(name or "(a file without a name)")

    def end_input(self) -> None:
        while self.stream.peek not in ("", END_OF_FILE):
            self.stream.pop()

    def package(self) -> None:
        """Macros from a style file beside the paper, where they are simple."""
        self.stream.option()
        for name in self.stream.name().split(","):
            if (data := self.files.get(f"{name.strip()}.sty")) and len(data) < 2**17:
                self._definitions(decode(data, name, []))

    def _definitions(self, source: str) -> None:
        inner = _Expander(Memory({}, ""), Stream(self.stream.budget // 4, tokenize(source)[::-1]))
        inner.run()
        self.macros.update(inner.macros)
        self.switches.update(inner.switches)


def _is_beyond(body: Sequence[str]) -> bool:
    """Whether a macro's body computes, so that putting it in place would not do."""
    return any(
        token in _BEYOND or token in _CONDITIONS or ("@" in token and token[0] == "\\" and token != "\\@")
        for token in body
    )


def _substituted(body: Sequence[str], arguments: Sequence[Sequence[str]]) -> list[str]:
    tokens: list[str] = []
    for token in body:
        match = _PARAMETER.fullmatch(token)
        if match and 0 < int(match[1]) <= len(arguments):
            tokens += arguments[int(match[1]) - 1]
        else:
            tokens.append(token)
    return tokens


_ACTIONS: dict[str, Callable[[_Expander], None]] = {
    "\\newcommand": _Expander.newcommand,
    "\\renewcommand": _Expander.newcommand,
    "\\providecommand": _Expander.newcommand,
    "\\DeclareRobustCommand": _Expander.newcommand,
    "\\def": _Expander.plain_definition,
    "\\gdef": _Expander.plain_definition,
    "\\edef": _Expander.plain_definition,
    "\\xdef": _Expander.plain_definition,
    "\\let": _Expander.alias,
    "\\DeclareMathOperator": _Expander.operator,
    "\\newenvironment": _Expander.newenvironment,
    "\\renewenvironment": _Expander.newenvironment,
    "\\begin": _Expander.begin,
    "\\end": _Expander.end,
    "\\newif": _Expander.newswitch,
    "\\papercoderswitch": _Expander.switch,
    "\\else": _Expander.otherwise,
    "\\fi": _Expander.end_condition,
    "\\input": _Expander.input,
    "\\include": _Expander.input,
    "\\subfile": _Expander.input,
    "\\import": _Expander.import_from,
    "\\subimport": _Expander.import_from,
    "\\endinput": _Expander.end_input,
    "\\usepackage": _Expander.package,
    "\\RequirePackage": _Expander.package,
}
_KEPT = frozenset(SIGNATURES) | frozenset(_ACTIONS) | _CONDITIONS
