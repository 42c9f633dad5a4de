"""Orderings: which results the paper's tables and text present as better."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from papercoder.artifacts import Artifact, Claim, Ordering, Paper
from papercoder.artifacts.claims import Direction
from papercoder.paper.evidence import find_quote, half_unit

_MOST_PAIRS = 40
"""Pairs of methods in a table; with more, the paper's own method is only compared with the best other one."""

_SHORTEST_CHAIN = 3
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class StatedOrdering(Artifact):
    """A sentence about which of several methods or settings is better."""

    anchor: str
    experiment: str
    methods: tuple[str, ...]
    """Best first, two or more, by the names that the tables have."""

    dataset: str = ""
    """Empty if it is said of all data sets."""

    metric: str
    direction: Direction
    quote: str
    """The words that say so, copied character by character."""


def stated_orderings(paper: Paper, stated: Iterable[StatedOrdering]) -> Iterator[Ordering]:
    """The orderings that the paper's text contains; their ids are all `O1`."""
    for item in stated:
        anchor = find_quote(paper, item.quote, item.anchor)
        if anchor and len(item.methods) > 1:
            fields = dict(item) | {"anchor": anchor}
            yield Ordering(**fields, id="O1", statement=_statement(item.methods, item.metric, item.dataset))


def table_orderings(claims: Iterable[Claim]) -> Iterator[Ordering]:
    """The orderings that the values of tables imply; their ids are all `O1`.

    The paper's own method against each other method, for each data set and metric; and chains over a numeric setting in
    which the metric is monotone. Values that rounding may have made different count as equal.
    """
    tables: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        if claim.row is not None and claim.direction and claim.statistic in ("mean", "median") and claim.bound == "=":
            tables.setdefault((claim.anchor, claim.experiment), []).append(claim)
    for found in tables.values():
        yield from _pairs(found)
        yield from _chains(found)


def _pairs(table: list[Claim]) -> Iterator[Ordering]:
    """The paper's own method with others, in the conditions that both have."""
    pairs = [
        sorted((own, other), key=_rank)
        for own in table
        if own.is_own
        for other in table
        if not other.is_own and _condition(own) == _condition(other) and differs(own, other)
    ]
    if len(pairs) > _MOST_PAIRS:
        pairs = list(_with_best_other(pairs))
    yield from (_ordering(pair) for pair in pairs)


def _with_best_other(pairs: list[list[Claim]]) -> Iterator[list[Claim]]:
    """For each of the paper's own results, the pair with the best of the others."""
    best: dict[str, list[Claim]] = {}
    for pair in pairs:
        own, other = sorted(pair, key=lambda claim: not claim.is_own)
        known = best.get(own.id)
        if known is None or _rank(other) < _rank(next(claim for claim in known if not claim.is_own)):
            best[own.id] = pair
    yield from best.values()


def _chains(table: list[Claim]) -> Iterator[Ordering]:
    """Methods, or data sets of one method, that differ in one number, if the metric rises or falls with it."""
    groups: dict[tuple[object, ...], list[Claim]] = {}
    for claim in table:
        groups.setdefault(("method", _NUMBER.sub("#", claim.method), _condition(claim)), []).append(claim)
        if claim.is_own:
            key = ("dataset", claim.method, _NUMBER.sub("#", claim.dataset), claim.metric, claim.unit)
            groups.setdefault(key, []).append(claim)
    for (kind, *_), group in groups.items():
        setting = [_numbers(claim.method if kind == "method" else claim.dataset) for claim in group]
        varying = [place for place in range(len(setting[0])) if len({numbers[place] for numbers in setting}) > 1]
        if len(group) < _SHORTEST_CHAIN or len(varying) != 1:
            continue
        by_setting = sorted(zip(setting, group, strict=True), key=lambda item: item[0])
        chain = [claim for _, claim in by_setting]
        chain = chain if _rank(chain[0]) < _rank(chain[-1]) else chain[::-1]
        if all(_rank(better) < _rank(worse) and differs(better, worse) for better, worse in pairwise(chain)):
            yield _ordering(chain)


def _numbers(name: str) -> tuple[float, ...]:
    return tuple(map(float, _NUMBER.findall(name)))


def differs(one: Claim, other: Claim) -> bool:
    """Whether two values differ by more than rounding explains."""
    apart = abs(one.value - other.value)
    return apart > (half_unit(one.printed) + half_unit(other.printed)) * (1 + 1e-9)


def _condition(claim: Claim) -> tuple[str, ...]:
    return claim.dataset, claim.metric, claim.unit, claim.statistic


def _rank(claim: Claim) -> float:
    """Lower is better."""
    return -claim.value if claim.direction == "higher" else claim.value


def _ordering(claims: list[Claim]) -> Ordering:
    """These claims, best first."""
    first = claims[0]
    same_method = len({claim.method for claim in claims}) == 1
    methods = tuple(f"{claim.method}, {claim.dataset}" if same_method else claim.method for claim in claims)
    dataset = "" if same_method else first.dataset
    return Ordering(
        id="O1",
        anchor=first.anchor,
        experiment=first.experiment,
        dataset=dataset,
        metric=first.metric,
        direction=first.direction or "higher",
        methods=methods,
        claims=tuple(claim.id for claim in claims),
        statement=_statement(methods, first.metric, dataset),
    )


def _statement(methods: tuple[str, ...], metric: str, dataset: str) -> str:
    where = f" on {dataset}" if dataset else ""
    best, *others = methods
    return f"{metric}{where}: {best} is better than {', which is better than '.join(others)}."
