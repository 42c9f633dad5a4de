"""A paper as one stream of tokens: files in place, macros expanded, conditionals decided, struck text removed.

`LANGUAGE` has everything that expansion carries out, and which names it leaves alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from papercoder.artifacts import Loss
from papercoder.paper.latex.expansion.choices import CHOICES, SWITCHES, UNITS
from papercoder.paper.latex.expansion.conditions import BRANCHES, CONDITIONS, new_if, undecidable
from papercoder.paper.latex.expansion.definitions import DEFINITIONS, ENVIRONMENT_ACTIONS, XPARSE, XPARSE_TESTS
from papercoder.paper.latex.expansion.expander import Action, Expander, Language, Sources
from papercoder.paper.latex.expansion.inclusion import INCLUSION, STYLES, include
from papercoder.paper.latex.expansion.primitives import EXPANSION, PRIMITIVES
from papercoder.paper.latex.expansion.registers import LOOPS, REGISTERS, assign
from papercoder.paper.latex.tokens import join
from papercoder.paper.latex.vocabulary import ENVIRONMENTS, KNOWN, MATHS, PROTECTED


def struck(expander: Expander, command: str) -> None:
    """Crossed-out text is dropped and counted; in a formula, `\\cancel` is notation and stays."""
    if command.endswith("cancel") and expander.mode.is_math:
        expander.emit(command)
        return
    expander.stream.option()
    _drop(expander)


def added(expander: Expander, _: str) -> None:
    """New text stays, without its mark."""
    expander.stream.option()
    expander.stream.push(expander.stream.argument())


def replaced(expander: Expander, _: str) -> None:
    """`\\replaced{new}{old}`."""
    expander.stream.option()
    new = expander.stream.argument()
    _drop(expander)
    expander.stream.push(new)


def edited(expander: Expander, command: str) -> None:
    """AASTeX's `\\edit1{new}`."""
    if expander.stream.peek[:1].isdecimal():
        expander.stream.character()
    else:
        expander.emit(command)


def of_trackchanges(expander: Expander, command: str) -> None:
    """The package's `\\add`, `\\remove` and `\\change{old}{new}`, names that mean something else without it."""
    if "trackchanges" not in expander.packages:
        expander.emit(command)
        return
    expander.stream.option()
    if command != "\\add":
        _drop(expander)
    if command != "\\remove":
        expander.stream.push(expander.stream.argument())


def _drop(expander: Expander) -> None:
    old = " ".join(join(expander.stream.argument()).split())
    if old:
        expander.struck.append(old)


CHANGES: dict[str, Action] = {
    "\\DIFdel": struck,
    "\\DIFdelFL": struck,
    "\\sout": struck,
    "\\st": struck,
    "\\xout": struck,
    "\\cancel": struck,
    "\\bcancel": struck,
    "\\xcancel": struck,
    "\\deleted": struck,
    "\\DIFadd": added,
    "\\DIFaddFL": added,
    "\\added": added,
    "\\replaced": replaced,
    "\\edit": edited,
    "\\add": of_trackchanges,
    "\\remove": of_trackchanges,
    "\\change": of_trackchanges,
}


_EXPANDABLE: dict[str, Action] = CONDITIONS | BRANCHES | CHOICES | XPARSE_TESTS | EXPANSION
_ACTIONS: dict[str, Action] = (
    _EXPANDABLE
    | {"\\newif": new_if}
    | SWITCHES
    | DEFINITIONS
    | ENVIRONMENT_ACTIONS
    | XPARSE
    | REGISTERS
    | PRIMITIVES
    | LOOPS
    | STYLES
    | INCLUSION
    | UNITS
    | CHANGES
)
_OWN = frozenset(CONDITIONS | BRANCHES | EXPANSION | DEFINITIONS | ENVIRONMENT_ACTIONS | REGISTERS | STYLES | INCLUSION)
"""LaTeX's own commands; a package's name may mean something else in a paper that does not use the package."""

_PROTECTED_ENVIRONMENTS = frozenset(ENVIRONMENTS) | frozenset(MATHS) | {"document", "abstract", "appendix"}


def _is_protected(name: str) -> bool:
    if name[:1] != "\\":
        return name in _PROTECTED_ENVIRONMENTS
    return name in PROTECTED or name in _OWN


LANGUAGE = Language(
    actions=_ACTIONS,
    expandable=frozenset(_EXPANDABLE),
    conditions=frozenset(CONDITIONS),
    undecidable=undecidable,
    assign=assign,
    is_protected=_is_protected,
    is_known=lambda name: name in _ACTIONS or name in KNOWN,
)


@dataclass(frozen=True)
class Flattened:
    """What expansion made of a paper."""

    tokens: list[str]
    packages: frozenset[str]
    """Packages and classes that it uses."""

    losses: list[Loss]


def flatten(sources: Sources) -> Flattened:
    """The main file with everything that it includes."""
    expander = Expander(sources, LANGUAGE, verbatim=sources.verbatim_environments())
    include(expander, sources.main, "")
    expander.run()
    return Flattened(expander.out, frozenset(expander.packages), _losses(expander))


def _losses(expander: Expander) -> list[Loss]:
    found: list[Loss] = []
    if expander.stream.budget <= 0:
        message = "The source has too many macros to expand; some are in the text as written."
        found.append(Loss(kind="macros", message=message))
    if expander.absent:
        message = f"The source includes files that are missing or may not be read: {_listed(expander.absent)}."
        found.append(Loss(kind="missing_file", message=message))
    if expander.too_large:
        message = f"The source is too large; these files were left out: {_listed(expander.too_large)}."
        found.append(Loss(kind="too_large", message=message))
    if expander.left_out:
        message = f"The source's \\includeonly leaves out: {_listed(expander.left_out)}."
        found.append(Loss(kind="left_out", message=message))
    if expander.undecided:
        count = expander.undecided.total()
        message = (
            f"{count} conditional{'' if count == 1 else 's'} could not be decided without running LaTeX, so all "
            f"branches were kept: {_listed(expander.undecided)}."
        )
        found.append(Loss(kind="conditional", message=message))
    if expander.struck:
        quoted = _listed(f"“{text[:60]}”" for text in expander.struck)
        count = len(expander.struck)
        passages = "1 struck-out passage was" if count == 1 else f"{count} struck-out passages were"
        found.append(Loss(kind="struck", message=f"{passages} left out: {quoted}."))
    return found


def _listed(found: Iterable[str], most: int = 5) -> str:
    """The first of these, each once."""
    unique = list(dict.fromkeys(found))
    return ", ".join(islice(unique, most)) + (", ..." if len(unique) > most else "")
