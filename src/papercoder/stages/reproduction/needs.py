"""Which trials each claim needs."""

from collections.abc import Collection, Iterable, Iterator

from papercoder.artifacts import Claims, Trial
from papercoder.artifacts.claims import Claim, Ordering
from papercoder.artifacts.reproduction import TrialKind, kind_of


def needed_kinds(claims: Claims, trials: Collection[Trial]) -> dict[str, frozenset[TrialKind]]:
    """Id of a claim or an ordering -> the kinds of trials that decide it; those that no trial measures are left out.

    A value needs the trials that name it, and those of the method with which it compares. An ordering needs the trials
    of all its methods.
    """
    of_claim: dict[str, set[TrialKind]] = {}
    for trial in trials:
        for claim in trial.claims:
            of_claim.setdefault(claim, set()).add(kind_of(trial))
    kinds = frozenset(map(kind_of, trials))
    found = {
        claim.id: frozenset({*of_claim[claim.id], *_compared(claim, kinds)})
        for claim in claims.items
        if claim.id in of_claim
    }
    orderings = ((ordering.id, frozenset(_ordered(ordering, of_claim, kinds))) for ordering in claims.orderings)
    return found | {name: needed for name, needed in orderings if needed}


def selected_claims(claims: Claims, names: Collection[str], tables: Collection[str]) -> Claims:
    """The claims and orderings with these ids or in these tables (`1` or `tab:1`); all where neither is given."""
    if not names and not tables:
        return claims
    anchors = {anchor if ":" in anchor else f"tab:{anchor}" for anchor in tables}
    return Claims(
        items=tuple(item for item in claims.items if item.id in names or item.anchor in anchors),
        orderings=tuple(item for item in claims.orderings if item.id in names or item.anchor in anchors),
    )


def limit_seeds(trials: Iterable[Trial], seeds: int | None) -> Iterator[Trial]:
    """The trials with at most this many seeds of each kind."""
    count: dict[TrialKind, int] = {}
    for trial in trials:
        kind = kind_of(trial)
        count[kind] = count.get(kind, 0) + 1
        if seeds is None or count[kind] <= seeds:
            yield trial


def _compared(claim: Claim, kinds: Iterable[TrialKind]) -> Iterator[TrialKind]:
    if claim.compared_with:
        yield from _matching(kinds, claim.experiment, {claim.compared_with}, claim.dataset)


def _ordered(
    ordering: Ordering, of_claim: dict[str, set[TrialKind]], kinds: Collection[TrialKind]
) -> Iterator[TrialKind]:
    for claim in ordering.claims:
        yield from of_claim.get(claim, ())
    yield from _matching(kinds, ordering.experiment, set(ordering.methods), ordering.dataset)


def _matching(
    kinds: Iterable[TrialKind], experiment: str, methods: Collection[str], dataset: str
) -> Iterator[TrialKind]:
    """The kinds with these names; any data set if it is empty."""
    wanted = {_plain(method) for method in methods}
    for kind in kinds:
        same = _plain(kind.experiment) == _plain(experiment) and _plain(kind.method) in wanted
        if same and (not dataset or _plain(kind.dataset) == _plain(dataset)):
            yield kind


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
