"""A paper as one stream of tokens: files in place, macros expanded, conditionals decided, struck text removed."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from papercoder.artifacts import Loss
from papercoder.paper.latex.expansion.expander import Expander
from papercoder.paper.latex.expansion.inclusion import include
from papercoder.paper.latex.expansion.language import LANGUAGE
from papercoder.paper.latex.sources import Sources


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
