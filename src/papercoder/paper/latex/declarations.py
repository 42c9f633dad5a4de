"""Declarations: what the source says about numbering, theorems, units, acronyms and columns before it uses them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from papercoder.paper.latex.numbering import Counters
from papercoder.paper.latex.prose import Prose
from papercoder.paper.latex.siunitx import parse_options
from papercoder.paper.latex.tokens import join
from papercoder.paper.latex.tree import Command, plain, tokens_of

OF_THEOREMS = frozenset("newtheorem declaretheorem newproof newtcbtheorem spnewtheorem newmdtheoremenv".split())
"""Commands that declare them."""

_OF_CLASSES = frozenset(
    """
    theorem lemma corollary proposition definition remark example assumption conjecture claim observation fact property
    hypothesis exercise problem question solution note case
    """.split()
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
        """Printed name and counter of an environment, or None if it is not a statement."""
        base = environment.removesuffix("*")
        if base in self.declared:
            shown, counter = self.declared[base]
            return shown, "" if environment != base else counter
        return (base.capitalize(), base) if base in _OF_CLASSES and environment == base else None

    def declare(self, command: Command) -> None:
        """Apply a declaration."""
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


@dataclass
class Declarations:
    """Reads declarations into the objects that use them: the counters, the prose, the theorems."""

    prose: Prose
    theorems: Theorems = field(init=False)

    def __post_init__(self) -> None:
        self.theorems = Theorems(self.prose.counters)

    def read(self, command: Command) -> None:
        """Read one of `DECLARATIONS`."""
        if command.name in OF_THEOREMS:
            self.theorems.declare(command)
        else:
            _READERS[command.name](self.prose, command)


def _number_within(prose: Prose, command: Command) -> None:
    inner, outer = (plain(argument).strip() for argument in command.arguments[-2:])
    prose.counters.nest(inner, outer)


def _number_without(prose: Prose, command: Command) -> None:
    prose.counters.within.pop(plain(command.arguments[0]).strip(), None)


def _number_format(prose: Prose, command: Command) -> None:
    counter, shown = command.arguments
    prose.counters.formats[plain(counter)] = join(tokens_of(shown))


def _set_counter(prose: Prose, command: Command) -> None:
    counter, value = (plain(argument).strip() for argument in command.arguments)
    if value.lstrip("-").isdecimal() and len(value) < 6:
        before = prose.counters.values.get(counter, 0) if command.name == "addtocounter" else 0
        prose.counters.values[counter] = before + int(value)


def _new_counter(prose: Prose, command: Command) -> None:
    name, within = (plain(argument).strip() for argument in command.arguments)
    prose.counters.values.setdefault(name, 0)
    if within:
        prose.counters.nest(name, within)


def _step_counter(prose: Prose, command: Command) -> None:
    name = plain(command.last).strip()
    number = prose.counters.step(name)
    if command.name == "refstepcounter":
        prose.labels.point(name, number)
        prose.counters.stepped_equation = number if name == "equation" else ""


def _label_text(prose: Prose, command: Command) -> None:
    """The source itself says what the labels that follow print."""
    prose.labels.point("item", prose(command.last))


def _new_float(prose: Prose, command: Command) -> None:
    prose.floats.add(plain(command.arguments[0] if command.name == "newfloat" else command.last).strip())


def _column_type(prose: Prose, command: Command) -> None:
    letter, arity, body = command.arguments
    if arity is None:
        prose.columns[plain(letter).strip()] = tokens_of(body)


def _setup_quantities(prose: Prose, command: Command) -> None:
    prose.quantities.setup(join(tokens_of(command.last)))


def _declare_unit(prose: Prose, command: Command) -> None:
    tokens = [token for token in command.last if isinstance(token, str)]
    prose.quantities.declare(command.name, plain(command.arguments[-2]), tokens)


def _acronym(prose: Prose, command: Command) -> None:
    if command.name == "DeclareAcronym":
        key, options = plain(command.arguments[0]).strip(), parse_options(join(tokens_of(command.last)))
        prose.acronyms[key] = options.get("short", key), options.get("long", key)
    else:
        _, name, short, long = command.arguments
        prose.acronyms[plain(name).strip()] = prose(short), prose(long)


def _keyword(prose: Prose, command: Command) -> None:
    """A word of pseudocode: of algorithm2e, or one that the source gives to `\\algorithmicrequire`."""
    name, shown = (prose(argument) for argument in command.arguments[:2])
    for each in name.replace(",", " ").split():
        prose.keywords[each] = command.name, shown


_READERS: dict[str, Callable[[Prose, Command], None]] = {
    "numberwithin": _number_within,
    "counterwithin": _number_within,
    "counterwithout": _number_without,
    "papercoderthe": _number_format,
    "papercoderlabel": _label_text,
    "setcounter": _set_counter,
    "addtocounter": _set_counter,
    "newcounter": _new_counter,
    "stepcounter": _step_counter,
    "refstepcounter": _step_counter,
    "newfloat": _new_float,
    "DeclareFloatingEnvironment": _new_float,
    "newcolumntype": _column_type,
    "sisetup": _setup_quantities,
    "DeclareSIUnit": _declare_unit,
    "DeclareSIPrefix": _declare_unit,
    "newacronym": _acronym,
    "DeclareAcronym": _acronym,
    "SetKw": _keyword,
    "SetKwData": _keyword,
    "SetKwFunction": _keyword,
    "SetKwInOut": _keyword,
    "SetKwInput": _keyword,
    "SetKwProg": _keyword,
}
DECLARATIONS = frozenset(_READERS) | OF_THEOREMS
"""Commands that are read here; they print nothing."""
