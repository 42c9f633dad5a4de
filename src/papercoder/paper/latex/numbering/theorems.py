"""Theorems and their relatives: which environments are numbered statements, by which counter, and under which name."""

from dataclasses import dataclass, field

from papercoder.paper.latex.numbering.counters import Counters
from papercoder.paper.latex.siunitx.quantities import parse_options
from papercoder.paper.latex.tokens import join
from papercoder.paper.latex.tree import Command, plain, tokens_of
from papercoder.paper.names import names

DECLARATIONS = names("newtheorem declaretheorem newproof newtcbtheorem spnewtheorem newmdtheoremenv")
"""Commands that declare them."""

_OF_CLASSES = names(
    """
    theorem lemma corollary proposition definition remark example assumption conjecture claim observation fact property
    hypothesis exercise problem question solution note case
    """
)
"""Environments that journal classes define without the source saying so."""


@dataclass
class Theorems:
    """The statements of a paper."""

    counters: Counters
    declared: dict[str, tuple[str, str]] = field(default_factory=lambda: {"proof": ("Proof", "")})
    """Environment to the name that is printed and the counter, which is empty if there is no number."""

    prefixes: dict[str, str] = field(default_factory=dict)
    """What tcolorbox puts in front of the label of a statement, by its environment."""

    def find(self, environment: str) -> tuple[str, str] | None:
        """Printed name and counter of an environment, or None if it is no statement."""
        base = environment.removesuffix("*")
        if base in self.declared:
            shown, counter = self.declared[base]
            return shown, "" if environment != base else counter
        return (base.capitalize(), base) if base in _OF_CLASSES and environment == base else None

    def declare(self, command: Command) -> None:
        """Take up a declaration."""
        match command.name:
            case "declaretheorem":
                self._by_keys(command)
            case "newtcbtheorem":
                options, name, shown, _, prefix = (plain(argument) for argument in command.arguments)
                self._add(name, shown, parse_options(options).get("use counter from", ""))
                self.prefixes[name] = prefix.strip()
                if within := parse_options(options).get("number within"):
                    self.counters.nest(name, within)
            case "spnewtheorem":
                name, shared, shown, within, *_ = (plain(argument) for argument in command.arguments)
                self._add(name, shown, shared, numbered=not command.star, within=within)
            case "newproof":
                _, name = (plain(argument) for argument in command.arguments)
                self._add(name, name.capitalize(), "", numbered=False)
            case _:
                name, shared, shown, within = (plain(argument) for argument in command.arguments)
                self._add(name, shown, shared, numbered=not command.star, within=within)

    def _by_keys(self, command: Command) -> None:
        """thmtools: `\\declaretheorem[name=Theorem, sibling=lemma]{theorem}`."""
        options = parse_options(join(tokens_of(command.arguments[0])))
        shared = options.get("sibling") or options.get("numberlike") or options.get("sharenumber") or ""
        within = options.get("numberwithin") or options.get("parent") or options.get("within") or ""
        for name in plain(command.last).split(","):
            shown = options.get("name") or options.get("title") or name.strip().capitalize()
            self._add(name, shown, shared, numbered=options.get("numbered") not in ("no", "false"), within=within)

    def _add(self, name: str, shown: str, shared: str, *, numbered: bool = True, within: str = "") -> None:
        name, shared = name.strip(), shared.strip()
        shared_counter = self.declared[shared][1] if shared in self.declared else shared
        self.declared[name] = (shown.strip() or name.capitalize(), (shared_counter or name) if numbered else "")
        if within.strip() and numbered:
            self.counters.nest(name, within.strip())
