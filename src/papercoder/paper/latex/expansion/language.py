"""Everything that expansion carries out, and which names it leaves alone."""

from papercoder.paper.latex.expansion.conditions import BRANCHES, CONDITIONS, new_if, undecidable
from papercoder.paper.latex.expansion.definitions import DEFINITIONS
from papercoder.paper.latex.expansion.environments import ENVIRONMENT_ACTIONS
from papercoder.paper.latex.expansion.expander import Action, Language
from papercoder.paper.latex.expansion.inclusion import INCLUSION
from papercoder.paper.latex.expansion.loops import LOOPS
from papercoder.paper.latex.expansion.packages.changes import CHANGES
from papercoder.paper.latex.expansion.packages.choices import CHOICES, SWITCHES
from papercoder.paper.latex.expansion.packages.units import UNITS
from papercoder.paper.latex.expansion.packages.xparse import XPARSE, XPARSE_TESTS
from papercoder.paper.latex.expansion.primitives import EXPANSION, PRIMITIVES
from papercoder.paper.latex.expansion.registers import REGISTERS, assign
from papercoder.paper.latex.expansion.styles import STYLES
from papercoder.paper.latex.vocabulary.commands import ENVIRONMENTS, KNOWN, MATHS, PROTECTED

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


def _is_known(name: str) -> bool:
    return name in _ACTIONS or name in KNOWN


LANGUAGE = Language(
    actions=_ACTIONS,
    expandable=frozenset(_EXPANDABLE),
    conditions=frozenset(CONDITIONS),
    undecidable=undecidable,
    assign=assign,
    is_protected=_is_protected,
    is_known=_is_known,
)
