"""The order of trials: most claims decided earliest, cheap ones first, one seed of everything before further seeds.

How long trials take and which of them each claim needs decide it.
"""

import statistics
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from papercoder.artifacts import Claim, Claims, Ordering, Trial
from papercoder.artifacts.reproduction import Estimate, TrialKind, kind_of


def needed_kinds(claims: Claims, trials: Collection[Trial]) -> dict[str, frozenset[TrialKind]]:
    """Id of a claim or an ordering -> the kinds of trials that decide it; those that no trial measures are left out.

    A value needs the trials that name it, and those of the method with which it compares. A mean over data sets needs
    the trials of each of them, and is left out if one has none. An ordering needs the trials of all its methods.
    """
    of_claim: dict[str, set[TrialKind]] = {}
    for trial in trials:
        for name in trial.claims:
            of_claim.setdefault(name, set()).add(kind_of(trial))
    kinds = frozenset(map(kind_of, trials))
    for claim in claims.items:
        if claim.averaged_over:
            parts = [set(_matching(kinds, claim.experiment, {claim.method}, each)) for each in claim.averaged_over]
            of_claim[claim.id] = set().union(*parts) if all(parts) else set()
    found = {
        claim.id: frozenset({*of_claim[claim.id], *_compared(claim, kinds)})
        for claim in claims.items
        if of_claim.get(claim.id)
    }
    orderings = ((each.id, frozenset(_ordered(each, claims, of_claim, kinds))) for each in claims.orderings)
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
    for dataset in (claim.averaged_over or (claim.dataset,)) if claim.compared_with else ():
        yield from _matching(kinds, claim.experiment, {claim.compared_with}, dataset)


def _ordered(
    ordering: Ordering, claims: Claims, of_claim: dict[str, set[TrialKind]], kinds: Collection[TrialKind]
) -> Iterator[TrialKind]:
    for claim in ordering.claims:
        yield from of_claim.get(claim, ())
    for dataset in claims.averaged_over(ordering.experiment, ordering.dataset) or (ordering.dataset,):
        yield from _matching(kinds, ordering.experiment, set(ordering.methods), dataset)


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


@dataclass
class Estimates:
    """The time of each kind of trial, corrected as results arrive."""

    known: dict[TrialKind, Estimate] = field(default_factory=dict)

    def add(self, estimates: Iterable[Estimate]) -> None:
        """Add estimates that an earlier invocation made."""
        self.known |= {estimate.kind: estimate for estimate in estimates if estimate.basis != "similar"}

    def measured(self, kind: TrialKind, seconds: float) -> None:
        """A trial of this kind has ended."""
        former = self.known.get(kind)
        if former and former.basis == "measured" and former.seconds is not None:
            seconds = (former.seconds + seconds) / 2
        self.known[kind] = Estimate(kind=kind, seconds=seconds, basis="measured")

    def stopped(self, kind: TrialKind, elapsed: float, total: float | None) -> None:
        """A trial of this kind was stopped after `elapsed` seconds, and would have taken `total`, if that is known."""
        former = self.known.get(kind)
        if former and former.basis == "measured":
            return
        if total is None:
            self.known[kind] = Estimate(kind=kind, seconds=elapsed, basis="at_least")
        else:
            self.known[kind] = Estimate(kind=kind, seconds=max(total, elapsed), basis="progress")

    def of(self, kind: TrialKind) -> Estimate:
        """The estimate for a kind.

        Without one of its own: the geometric mean over its experiment, method and data set of the times that are
        known for these, which is exact where time is a product of a factor for each.
        """
        if own := self.known.get(kind):
            return own
        known = {other: estimate.seconds for other, estimate in self.known.items() if estimate.seconds}
        if not known:
            return Estimate(kind=kind, seconds=None, basis="unknown")
        overall = statistics.geometric_mean(known.values())
        seconds = overall
        for position in (1, 2):  # method, data set
            alike = [value for other, value in known.items() if other[position] == kind[position]]
            seconds *= (statistics.geometric_mean(alike) / overall) if alike else 1.0
        return Estimate(kind=kind, seconds=seconds, basis="similar")

    def follows(self, kind: TrialKind) -> bool:
        """Whether its method and its data set are both known from other kinds."""
        return all(any(other[place] == kind[place] for other in self.known) for place in (1, 2))

    def seconds(self, kind: TrialKind) -> float:
        """The time to plan with: 1 second where nothing is known, so that such trials are tried early, and twice the
        time after which a trial was stopped without progress.
        """
        found = self.of(kind)
        if found.seconds is None:
            return 1.0
        return 2 * found.seconds if found.basis == "at_least" else found.seconds


Seconds = Callable[[TrialKind], float]
"""How long a trial of a kind takes."""


@dataclass(frozen=True)
class Target:
    """Claims that the same kinds of trials decide: a number needs one kind, an ordering one for each method."""

    claims: tuple[str, ...]
    kinds: frozenset[TrialKind]


@dataclass(frozen=True)
class Step:
    """A trial, and the claims that have a measurement once it and those before it have ended."""

    trial: Trial
    decides: tuple[str, ...] = ()


def targets_of(kinds: Mapping[str, Collection[TrialKind]]) -> tuple[Target, ...]:
    """Claim id -> the kinds of trials that it needs, as targets; claims with the same kinds share one."""
    claims: dict[frozenset[TrialKind], list[str]] = {}
    for claim, needed in kinds.items():
        if needed:
            claims.setdefault(frozenset(needed), []).append(claim)
    return tuple(Target(tuple(ids), needed) for needed, ids in claims.items())


def order(
    targets: Iterable[Target],
    pending: Iterable[Trial],
    measured: Iterable[TrialKind],
    seconds: Seconds,
    capacity: float = float("inf"),
) -> Iterator[Step]:
    """The trials that have no result, in the order in which they should run; trials of no target come last.

    Greedy: the target with the fewest seconds for each claim that it decides comes next. Every target gets one seed,
    then every target a second one, and so on. In the first round, targets that cost more than the rest of the capacity
    come after those that fit.

    Args:
        targets: the claims.
        pending: the trials that could run.
        measured: the kind of each trial that has a measurement or is running.
        seconds: estimates.
        capacity: the seconds of all workers together.
    """
    rounds = _Rounds(targets, pending, measured, seconds, capacity)
    while rounds.has_pending_targets:
        yield from rounds.next_round()
    yield from rounds.rest()


class _Rounds:
    """The state of the planner. In each round, every kind gets one more seed."""

    def __init__(
        self,
        targets: Iterable[Target],
        pending: Iterable[Trial],
        measured: Iterable[TrialKind],
        seconds: Seconds,
        capacity: float,
    ) -> None:
        self._capacity = capacity
        self._pending: dict[TrialKind, deque[Trial]] = {}
        for trial in pending:
            self._pending.setdefault(kind_of(trial), deque()).append(trial)
        self._seeds: dict[TrialKind, int] = {}
        for kind in measured:
            self._seeds[kind] = self._seeds.get(kind, 0) + 1
        self._round = 0
        self._seconds = {kind: seconds(kind) for kind in self._pending}
        # A target with a kind that has no measurement and cannot get one stays undecided.
        possible = self._seeds.keys() | self._pending.keys()
        self._targets = tuple(target for target in targets if target.kinds <= possible)
        self._of_kind: dict[TrialKind, list[int]] = {}
        for index, target in enumerate(self._targets):
            for kind in target.kinds:
                self._of_kind.setdefault(kind, []).append(index)

    @property
    def has_pending_targets(self) -> bool:
        """Whether a trial that contributes to a target is left."""
        return any(trials and kind in self._of_kind for kind, trials in self._pending.items())

    def next_round(self) -> Iterator[Step]:
        """One more seed of each kind that a target needs."""
        missing = {index: self._missing(target) for index, target in enumerate(self._targets)}
        still_open = {index: kinds for index, kinds in missing.items() if kinds}
        costs = {index: self._cost(index, still_open) for index in still_open}
        while still_open:
            chosen = min(costs, key=lambda index: self._priority(*costs[index]))
            taken = sorted(still_open[chosen], key=lambda kind: (self._seconds[kind], kind))
            changed = {index for kind in taken for index in self._of_kind[kind]} & still_open.keys()
            neighbours = {other for index in changed for kind in still_open[index] for other in self._of_kind[kind]}
            for kind in taken:
                ended = [index for index in changed if still_open.get(index, frozenset()) == {kind}]
                claims = tuple(claim for index in ended for claim in self._targets[index].claims)
                yield Step(self._take(kind), claims if self._round == 0 else ())
                for index in ended:
                    del still_open[index], costs[index]
                for index in changed & still_open.keys():
                    still_open[index] -= {kind}
            costs |= {index: self._cost(index, still_open) for index in neighbours & still_open.keys()}
        self._round += 1

    def rest(self) -> Iterator[Step]:
        """The trials that contribute to no target."""
        left = [trial for trials in self._pending.values() for trial in trials]
        yield from (Step(trial) for trial in sorted(left, key=lambda trial: self._seconds[kind_of(trial)]))

    def _missing(self, target: Target) -> frozenset[TrialKind]:
        """The kinds of a target that can get a seed in this round."""
        return frozenset(
            kind for kind in target.kinds if self._seeds.get(kind, 0) <= self._round and self._pending.get(kind)
        )

    def _cost(self, index: int, still_open: Mapping[int, frozenset[TrialKind]]) -> tuple[float, int]:
        """The seconds that a target still needs, and how many claims are decided then."""
        kinds = still_open[index]
        touched = {other for kind in kinds for other in self._of_kind[kind] if other in still_open}
        decided = sum(len(self._targets[other].claims) for other in touched if still_open[other] <= kinds)
        return sum(self._seconds[kind] for kind in kinds), decided

    def _priority(self, cost: float, decided: int) -> tuple[bool, float]:
        """Seconds for each claim; what does not fit into the capacity comes last."""
        return self._round == 0 and cost > self._capacity, cost / decided

    def _take(self, kind: TrialKind) -> Trial:
        self._seeds[kind] = self._seeds.get(kind, 0) + 1
        self._capacity -= self._seconds[kind]
        return self._pending[kind].popleft()
