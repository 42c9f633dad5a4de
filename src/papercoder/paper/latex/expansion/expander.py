"""TeX's expansion: macros and conditionals are expanded, everything else is passed on.

The expander reads only LaTeX files of the paper's own folder, and knows whether it is in a formula or in text.

A budget of tokens limits what macros may cost, so that a definition that calls itself, or doubles itself thirty times
over, ends like any other text.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from papercoder.artifacts import Loss
from papercoder.paper.files import Files, decode, inside
from papercoder.paper.latex.expansion.macro import Macro, Stream, Unclosed, substitute, take_arguments
from papercoder.paper.latex.tokens import END_OF_FILE, PAR, is_blank, is_name, verbatim_environments
from papercoder.paper.latex.vocabulary import MATHS

_SUFFIXES = frozenset(
    """
    .tex .ltx .latex .bbl .bib .sty .cls .clo .def .fd .tikz .pgf .pdf_tex .eps_tex .pstex_t .tbl .tab
    """.split()
)
_LARGEST_TOTAL = 64 * 2**20
"""Bytes of all files together; what comes after them is not read."""


@dataclass
class Sources:
    """Reads the text of files and records which were read."""

    files: Files
    main: str = ""
    """The main file, which the user named or the reader found; it is read with any suffix."""

    losses: list[Loss] = field(default_factory=list)
    read: dict[str, None] = field(default_factory=dict)
    """The files read, in order."""

    carried: dict[str, str] = field(default_factory=dict)
    """Files that the source holds within itself (`filecontents`)."""

    known: dict[str, bytes | None] = field(default_factory=dict)
    """The content of every requested file."""

    size: int = 0
    """Bytes of all these files."""

    def data(self, name: str) -> bytes | None:
        """The content of a file, or None if there is none that may be read."""
        plain = inside(name)
        if not plain or not (plain == self.main or is_readable(plain)):
            return None
        if plain not in self.known:
            self.known[plain] = self.files.get(plain) if self.size <= _LARGEST_TOTAL else None
            self.size += len(self.known[plain] or b"")
        return self.known[plain]

    def find(self, name: str) -> str | None:
        """The normalized name of a file that exists and may be read, or None."""
        plain = inside(name)
        return plain if plain and (plain in self.carried or self.data(plain) is not None) else None

    def text(self, name: str) -> str | None:
        """The text of a file, or None if there is none that may be read."""
        found = self.find(name)
        data = self.data(found) if found else None
        if not found or data is None:
            return self.carried.get(found) if found else None
        self.read[found] = None
        return decode(data, found, self.losses)

    def verbatim_environments(self) -> dict[str, str]:
        """The verbatim environments that any of the files defines, each with its built-in equivalent."""
        found: dict[str, str] = {}
        for name in dict.fromkeys([self.main, *self.names()]):
            if name == self.main or name.endswith((".tex", ".sty", ".cls")):
                found |= verbatim_environments((self.data(name) or b"").decode("latin-1"))
        return found

    def names(self) -> list[str]:
        """The names of all files that may be read, sorted."""
        return [name for name in self.files.names() if is_readable(name)]


def is_readable(name: str) -> bool:
    """Whether a file of this name is LaTeX, and no part of its path is hidden."""
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in _SUFFIXES and not hidden


_TEXT = frozenset(
    r"""
    \text \mbox \hbox \textrm \textit \textbf \textsf \texttt \textnormal \intertext \shortintertext
    """.split()
)
_OPENING = {"\\(": "\\)", "\\[": "\\]"}


@dataclass
class Mode:
    """Follows tokens; formulas and text nest in each other."""

    frames: list[tuple[str, bool]] = field(default_factory=list)
    """What closes each formula, text in a formula or group that is open, and whether its content is a formula."""

    wanted: bool | None = None
    """Whether the next group is a formula or text, if the last command decides that."""

    in_name: str = ""
    """`\\begin` or `\\end`, while the name of its environment passes."""

    @property
    def is_math(self) -> bool:
        """Whether the next token is part of a formula."""
        return bool(self.frames) and self.frames[-1][1]

    def feed(self, token: str) -> None:
        """Let one token pass."""
        if token == PAR:
            self.frames.clear()
        elif self.in_name:
            self._environment(token)
        elif token in ("\\begin", "\\end"):
            self.in_name = token
        elif token == "{":
            self.frames.append(("}", self.is_math if self.wanted is None else self.wanted))
            self.wanted = None
        elif token in _TEXT or token == "\\ensuremath":
            self.wanted = token == "\\ensuremath"
        elif not is_blank(token):
            self.wanted = None
            self._delimiter(token)

    def _delimiter(self, token: str) -> None:
        if self.frames and self.frames[-1][0] == token:
            self.frames.pop()
        elif token in ("$", "$$"):
            self.frames.append((token, True))
        elif token in _OPENING:
            self.frames.append((_OPENING[token], True))

    def _environment(self, token: str) -> None:
        if token in ("{", " "):
            return
        if token in MATHS or token == "math":
            if self.in_name == "\\begin":
                self.frames.append((token, True))
            elif self.frames and self.frames[-1][0] == token:
                self.frames.pop()
        if token == "}" or token[0] == "\\":
            self.in_name = ""


_BUDGET = 200_000
"""Tokens that macros may cost, in addition to what the files allow."""

_DEEPEST = 40


@dataclass(frozen=True)
class Alias:
    """What a name means if it is another name for one of LaTeX's own commands, or for a character."""

    name: str


Meaning = Macro | Alias
_BUILT_IN = {"\\empty": Macro((), ()), "\\@empty": Macro((), ()), "\\space": Macro((), (" ",))}
"""LaTeX's own commands that are macros for `\\ifx`."""

Action = Callable[["Expander", str], None]
"""Carries out a command; it is given the command's name, since related commands share an action."""


@dataclass(frozen=True)
class Language:
    """The commands that an expander carries out itself, and what it knows about all others."""

    actions: Mapping[str, Action]
    expandable: frozenset[str]
    """The actions that put their result in front of the stream, so that `\\expandafter` can run them."""

    conditions: frozenset[str]
    """The actions that are conditionals and end with `\\fi`."""

    undecidable: Action
    """Carries out a conditional that nothing is known about."""

    assign: Action
    """Carries out the name of a register, which what follows is assigned to."""

    is_protected: Callable[[str], bool]
    """Whether the user's redefinition of this name is ignored, because the reader relies on its meaning."""

    is_known: Callable[[str], bool]
    """Whether LaTeX, or a package that the reader knows, defines this name."""


@dataclass
class OpenFile:
    """A file that is being read."""

    name: str
    folder: str
    """The folder in which it looks for files first."""


@dataclass
class Options:
    """The options of a package or class."""

    given: list[str]
    declared: dict[str, list[str]] = field(default_factory=dict)
    """What each option does."""


@dataclass
class Expander:
    """Reads tokens from a stream and writes the expanded ones to `out`."""

    sources: Sources
    language: Language
    stream: Stream = field(default_factory=lambda: Stream(_BUDGET))
    out: list[str] = field(default_factory=list)
    mode: Mode = field(default_factory=Mode)
    meanings: dict[str, Meaning] = field(default_factory=lambda: dict(_BUILT_IN))
    """What the user's names mean; a name that is missing here is LaTeX's own, or undefined."""

    environments: dict[str, tuple[Macro, tuple[str, ...]]] = field(default_factory=dict)
    """The user's environments: the macro that begins one, and the tokens that end it."""

    begun: list[tuple[str, list[str]]] = field(default_factory=list)
    """The user's environments that are open, and what ends each."""

    scopes: list[dict[str, Meaning | None]] = field(default_factory=list)
    """For every open group, the meanings that its end restores."""

    is_global: bool = False
    """Whether the next definition is global."""

    counts: dict[str, int | None] = field(default_factory=dict)
    """Values of the count registers, by the name of their command; None if only a full run of TeX would know it."""

    lengths: dict[str, int | None] = field(default_factory=dict)
    """Values of the lengths in scaled points, in the same way."""

    counters: dict[str, int] = field(default_factory=dict)
    """Values of LaTeX's counters that are known during expansion."""

    units: set[str] = field(default_factory=set)
    """Units of measurement that the user defines."""

    branches: list[bool] = field(default_factory=list)
    """For every open conditional, whether it was decided; of one that was not, every branch is kept."""

    files: list[OpenFile] = field(default_factory=list)
    """The files that are being read, the innermost last."""

    verbatim: dict[str, str] = field(default_factory=dict)
    """The user's verbatim environments, each with its built-in equivalent."""

    size: int = 0
    """Characters of the files that were included so far."""

    inclusions: int = 0
    """How many files were included so far, each as often as it was."""

    included_only: frozenset[str] | None = None
    """The files that `\\include` may read, if the source limits them."""

    packages: dict[str, list[str]] = field(default_factory=dict)
    """Packages and classes in use, with their options."""

    options: list["Options"] = field(default_factory=list)
    """The options of the style files that are being read."""

    struck: list[str] = field(default_factory=list)
    """Text that is crossed out in print."""

    absent: list[str] = field(default_factory=list)
    """Files that the source includes, and that are not there or may not be read."""

    too_large: list[str] = field(default_factory=list)
    """Files that were left out because the source is too large."""

    left_out: list[str] = field(default_factory=list)
    """Files that `\\includeonly` leaves out."""

    undecided: Counter[str] = field(default_factory=Counter)
    """Conditionals that could not be decided, by their command."""

    depth: int = 0
    only_defines: bool = False
    """Whether macros are defined but not expanded, apart from those that set a conditional."""

    def run(self) -> None:
        """Expand everything that is pending."""
        while self.stream.pending:
            token = self.stream.pop()
            if token == END_OF_FILE:
                self.files.pop()
            elif token[0] != "\\" or self.stream.budget <= 0:
                self.emit(token)
            else:
                self._control(token)

    def emit(self, *tokens: str) -> None:
        """Write tokens; braces open and close the scope of definitions."""
        for token in tokens:
            if token == "{":
                self.scopes.append({})
            elif token == "}":
                self.close_scope()
            self.mode.feed(token)
        self.out += tokens

    def _control(self, token: str) -> None:
        mark = len(self.out)
        try:
            if not self.expand(token):
                name = self.canonical(token)
                action = self.language.actions.get(name)
                if action and not isinstance(self.meanings.get(token), Macro):
                    self._skip_blank_after(token)
                    action(self, name)
                elif token in self.counts or token in self.lengths:
                    self.language.assign(self, token)
                else:
                    self.emit(name)
        except Unclosed:
            del self.out[mark:]
            self.emit(token)

    def expand(self, token: str) -> bool:
        """Replace a macro or an expandable command by the tokens that it expands to; False if it is neither."""
        meaning = self.meanings.get(token)
        if isinstance(meaning, Macro):
            if (self.only_defines and not meaning.is_switch) or not self.can_expand(meaning):
                return False
            self._skip_blank_after(token)
            self.stream.push(substitute(meaning.body, take_arguments(meaning.parameters, self.stream)))
            return True
        name = self.canonical(token)
        action = self.language.actions.get(name) if name in self.language.expandable else None
        if not action and self.is_condition(name):
            action = self.language.undecidable
        if action:
            self._skip_blank_after(token)
            with self.deeper():
                action(self, name)
        return bool(action)

    def _skip_blank_after(self, token: str) -> None:
        """TeX skips the blank after a control word; `\\xspace` brings it back."""
        if is_name(token):
            self.stream.skip_blanks()

    def can_expand(self, macro: Macro) -> bool:
        """Whether everything internal that a macro uses is known."""
        return all(name in self.meanings or self.language.is_known(name) for name in macro.internals)

    def expanded(self, tokens: Sequence[str], most: int | None = None) -> list[str]:
        """These tokens, expanded by themselves; raises `Unclosed` if expansions nest too deeply.

        Args:
            tokens: what to expand.
            most: a budget of their own; the stream's if None.
        """
        stream, out, mode, scopes = self.stream, self.out, self.mode, len(self.scopes)
        self.stream = Stream(stream.budget if most is None else most, list(reversed(tokens)))
        self.out, self.mode = [], Mode(mode.frames[-1:])
        try:
            with self.deeper():
                self.run()
            return self.out
        finally:
            stream.budget = self.stream.budget if most is None else stream.budget - max(most - self.stream.budget, 0)
            self.stream, self.out, self.mode = stream, out, mode
            while len(self.scopes) > scopes:
                self.close_scope()

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level deeper in the evaluation of commands within commands; raises `Unclosed` beyond a limit."""
        if self.depth >= _DEEPEST:
            raise Unclosed
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    # What names mean

    def canonical(self, token: str) -> str:
        """The name under which LaTeX knows a command that the user gave another name."""
        meaning = self.meanings.get(token)
        return meaning.name if isinstance(meaning, Alias) else token

    def is_defined(self, name: str) -> bool:
        """Whether TeX would know this command."""
        return name in self.meanings or name in self.counts or name in self.lengths or self.language.is_known(name)

    def is_condition(self, name: str) -> bool:
        """Whether this is one of TeX's conditionals, or looks like one that a class defines; it has just been taken."""
        if isinstance(self.meanings.get(name), Macro):
            return False
        name = self.canonical(name)
        is_unknown = name.startswith("\\if") and not self.language.is_known(name) and self.stream.peek != "{"
        return name in self.language.conditions or is_unknown

    def define(self, name: str, meaning: Meaning | None, *, everywhere: bool = False) -> None:
        """Give a name a meaning, until the group ends if not everywhere; None makes it undefined."""
        everywhere, self.is_global = everywhere or self.is_global, False
        if self.language.is_protected(name):
            return
        if everywhere:
            for scope in self.scopes:
                scope.pop(name, None)
        elif self.scopes:
            self.scopes[-1].setdefault(name, self.meanings.get(name))
        self._set(name, meaning)

    def close_scope(self) -> None:
        """End the innermost group: names mean again what they meant before it."""
        if self.scopes:
            for name, meaning in self.scopes.pop().items():
                self._set(name, meaning)

    def _set(self, name: str, meaning: Meaning | None) -> None:
        if meaning is None:
            self.meanings.pop(name, None)
        else:
            self.meanings[name] = meaning
