"""Calibration: whether a judge's scores satisfy orders that hold for every paper and repository.

Controls are repositories derived from the judged one, whose scores must be in a known order.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from papercoder.artifacts import (
    AnyJudge,
    Calibration,
    Contender,
    ControlName,
    ControlScores,
    CritiqueScore,
    Fitness,
    JudgeFitness,
    MissingControl,
    OrderCheck,
    OrderVerdict,
    Rubric,
    RubricScore,
    SourceFile,
)
from papercoder.evaluation.repository_view import Files
from papercoder.evaluation.rubric import only, weighted
from papercoder.evaluation.statistics import LEVEL, difference, sign_test
from papercoder.repository.mutations import mutate

LOWEST = 1.0
"""The lowest score of a critique judge; two repositories with this mean cannot be distinguished."""

_DIGITS = 9
"""Digits of a weighted difference; further digits are rounding errors."""


@dataclass(frozen=True)
class Gap:
    """The difference between the scores of two contenders."""

    difference: float | None = None
    """None if one of them has no score."""

    beyond: bool = False
    """Whether the difference is significant, in either direction."""

    low: float | None = None
    high: float | None = None
    """95 % interval of the difference, for critique judges."""

    higher_alone: int | None = None
    lower_alone: int | None = None
    """Leaves that only one of the two meets, for the rubric judge."""

    is_blind: bool = False
    """True if the judge did not read any file in which the two differ."""

    is_excused: bool = False
    """True if a good judge might not distinguish the two either."""


class ScoreOrder(Protocol):
    """One judge with its scores of all contenders."""

    @property
    def judge(self) -> AnyJudge:
        """The judge's name."""

    @property
    def contenders(self) -> Set[Contender]:
        """The contenders that it scored."""

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """The score of `higher` minus the score of `lower`."""


def score_orders(
    repository: Iterable[CritiqueScore],
    controls: Iterable[ControlScores],
    rubric: tuple[Rubric, RubricScore] | None = None,
) -> Iterator[ScoreOrder]:
    """One for each judge; `rubric` is the tree and its score of the repository."""
    controls = tuple(controls)
    changed: dict[Contender, Set[str]] = {control.control: frozenset(control.changed) for control in controls}
    for own in repository:
        scores: dict[Contender, CritiqueScore] = {"repository": own}
        scores |= {
            control.control: score for control in controls for score in control.scores if score.judge == own.judge
        }
        yield CritiqueOrder(own.judge, scores, changed)
    if rubric:
        tree, leaves = rubric
        by_leaf: dict[Contender, RubricScore] = {"repository": leaves}
        by_leaf |= {control.control: control.rubric for control in controls if control.rubric}
        yield RubricOrder(tree, by_leaf, changed)


def _is_blind(changed: Set[str], unseen: Iterable[Iterable[str]]) -> bool:
    """Whether the judge never read a changed file."""
    return bool(changed) and all(changed <= set(each) for each in unseen)


@dataclass(frozen=True)
class CritiqueOrder:
    """Compares the means of samples by Welch's interval."""

    judge: AnyJudge
    scores: Mapping[Contender, CritiqueScore]
    changed: Mapping[Contender, Set[str]]

    @property
    def contenders(self) -> Set[Contender]:
        """All contenders."""
        return self.scores.keys()

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """The difference of the means."""
        one, other = self.scores[higher].score, self.scores[lower].score
        if one is None or other is None:
            return Gap()
        between = difference(one, other)
        return Gap(
            difference=one.mean - other.mean,
            beyond=between is not None and (between.low > 0 or between.high < 0),
            low=between.low if between else None,
            high=between.high if between else None,
            is_blind=self._is_blind(higher) or self._is_blind(lower),
            is_excused=one.mean == other.mean == LOWEST,
        )

    def _is_blind(self, contender: Contender) -> bool:
        return _is_blind(self.changed.get(contender, frozenset()), [self.scores[contender].unseen])


@dataclass(frozen=True)
class RubricOrder:
    """Compares the leaves, each judged once, by a sign test on those with different verdicts.

    Only leaves that the judge decided for both contenders count, without invalid answers and without leaves that were
    decided without the judge.
    """

    rubric: Rubric
    scores: Mapping[Contender, RubricScore]
    changed: Mapping[Contender, Set[str]]
    judge: AnyJudge = "rubric"

    @property
    def contenders(self) -> Set[Contender]:
        """All but the empty control, whose leaves are decided without the judge."""
        return {name for name, score in self.scores.items() if any(leaf.asked for leaf in score.leaves)}

    def gap(self, higher: Contender, lower: Contender) -> Gap:
        """The difference of the weighted scores."""
        one, other = self._met(higher), self._met(lower)
        tree = only(self.rubric, lambda leaf: leaf.id in one and leaf.id in other)
        if tree is None:
            return Gap()
        met = Counter((one[leaf.id], other[leaf.id]) for leaf in tree.leaves)
        gained, lost = met[True, False], met[False, True]
        gap = round(weighted(tree, one) - weighted(tree, other), _DIGITS)
        beyond = gap * (gained - lost) > 0 and sign_test(gained, lost) < LEVEL
        # A wrong equation affects the score only if a leaf is about it, and a rubric need not have such a leaf.
        may_be_silent = lower == "mutated" and not beyond
        return Gap(
            difference=gap,
            beyond=beyond,
            higher_alone=gained,
            lower_alone=lost,
            is_blind=self._is_blind(higher) or self._is_blind(lower),
            is_excused=may_be_silent or met[False, False] == met.total(),
        )

    def _met(self, contender: Contender) -> dict[str, bool]:
        return {leaf.leaf: leaf.met for leaf in self.scores[contender].leaves if leaf.judgement}

    def _is_blind(self, contender: Contender) -> bool:
        judged = (leaf for leaf in self.scores[contender].leaves if leaf.judgement)
        return _is_blind(self.changed.get(contender, frozenset()), (leaf.unseen for leaf in judged))


_CODE = frozenset({".py", ".sh", ".bash"})
_CONFIGURATION = frozenset({".yaml", ".yml", ".toml", ".cfg"})


@dataclass(frozen=True)
class Control:
    """A repository that is judged like the real one."""

    name: ControlName
    made: str
    """How it was made."""

    files: Files
    paths: tuple[str, ...]
    """All its files, including those that no judge reads."""


class _NotApplicable(Exception):
    """A control cannot be made from this repository; the message gives the reason."""


@dataclass(frozen=True)
class _Repository:
    files: Files
    paths: tuple[str, ...]


def controls(
    files: Files, paths: tuple[str, ...], authors: Control | None = None
) -> tuple[tuple[Control, ...], tuple[MissingControl, ...]]:
    """Make the controls of a repository, deterministically, and list those that cannot be made.

    Args:
        files: the files that a judge may read.
        paths: all files.
        authors: the control with the authors' repository, if there is one.
    """
    repository, made, missing = _Repository(files, paths), list[Control](), list[MissingControl]()
    for name, make in _MAKERS.items():
        try:
            control = make(repository)
        except _NotApplicable as reason:
            missing.append(MissingControl(control=name, reason=str(reason)))
        else:
            made.append(control)
    return (*made, *([authors] if authors else [])), tuple(missing)


def authors_control(gold: Files, paths: tuple[str, ...]) -> Control:
    """The authors' repository, judged like the generated one."""
    return Control("authors", "the authors' repository", gold, paths)


def _empty(repository: _Repository) -> Control:
    """Some judges praise an empty repository, such as the plain reference-free one."""
    if not repository.files:
        raise _NotApplicable("the repository has no file that a judge reads")
    return Control("empty", "without any file", (), ())


def _config_only(repository: _Repository) -> Control:
    """Settings and package lists name much of a paper but do nothing; the README is removed, as it describes code."""
    kept = tuple(file for file in repository.files if _is_configuration(file.path))
    if not kept:
        raise _NotApplicable("the repository has no configuration")
    if len(kept) == len(repository.files):
        raise _NotApplicable("the repository has only configuration")
    paths = tuple(file.path for file in kept)
    return Control("config-only", f"only {', '.join(paths)}", kept, paths)


def _is_configuration(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    listed = name.startswith("requirements") and name.endswith(".txt")
    return listed or PurePosixPath(name).suffix in _CONFIGURATION or (name.endswith(".json") and "config" in name)


def _shuffled(repository: _Repository) -> Control:
    """All code is there, but file names do not match their content and imports fail."""
    contents = {file.path: file.text for file in _code(repository)}
    if len(set(contents.values())) < 2:
        raise _NotApplicable("the repository has fewer than two different code files")
    texts = list(contents.values())
    moved = dict(zip(contents, [*texts[1:], texts[0]], strict=True))
    files = tuple(SourceFile(path=file.path, text=moved.get(file.path, file.text)) for file in repository.files)
    made = f"each of the {len(moved)} code files has the content of the next one"
    return Control("shuffled", made, files, repository.paths)


def _code(repository: _Repository) -> Iterator[SourceFile]:
    """Non-empty code files, sorted by suffix and path."""
    code = (file for file in repository.files if PurePosixPath(file.path).suffix in _CODE and file.text.strip())
    return iter(sorted(code, key=lambda file: (PurePosixPath(file.path).suffix, file.path)))


def _mutated(repository: _Repository) -> Control:
    """The hardest control: one sign or operator of the method is wrong."""
    mutation = mutate(repository.files)
    if mutation is None:
        raise _NotApplicable("no Python function has arithmetic to change")
    return Control("mutated", mutation.where, mutation.files, repository.paths)


_MAKERS: dict[ControlName, Callable[[_Repository], Control]] = {
    "empty": _empty,
    "config-only": _config_only,
    "shuffled": _shuffled,
    "mutated": _mutated,
}


@dataclass(frozen=True)
class Order:
    """`higher` must score more than `lower`, or, if not strict, at least as much."""

    higher: Contender
    lower: Contender
    strict: bool = True
    leafwise: bool = True
    """False if it does not apply to the rubric judge."""


ORDERS: tuple[Order, ...] = (
    # Damaging a repository makes it worse.
    Order("repository", "mutated"),
    Order("repository", "shuffled"),
    Order("repository", "config-only"),
    Order("repository", "empty"),
    # One wrong sign does less damage than shuffled code, settings without code, or an empty repository. A judge may
    # give all of them its lowest score, because the core is wrong in each.
    Order("mutated", "shuffled", strict=False),
    Order("mutated", "config-only", strict=False),
    Order("mutated", "empty", strict=False),
    # Shuffled code and settings are not worse than nothing. They are not compared with each other.
    Order("shuffled", "empty", strict=False),
    Order("config-only", "empty", strict=False),
    # The authors' code is not compared with the repository, which may follow the paper's text more closely. A wrong
    # sign affects at most one leaf of a rubric, so the rubric judge may score the mutated one above the authors'.
    Order("authors", "mutated", strict=False, leafwise=False),
    Order("authors", "shuffled"),
    Order("authors", "config-only"),
    Order("authors", "empty"),
)
"""Orders that hold for every repository; a judge that breaks one cannot distinguish good from bad."""


def calibrate(
    repository: Iterable[CritiqueScore],
    controls: tuple[ControlScores, ...],
    missing: tuple[MissingControl, ...] = (),
    rubric: tuple[Rubric, RubricScore] | None = None,
) -> Calibration:
    """Check each judge's scores of the repository and the controls against the orders.

    Args:
        repository: its scores by the critique judges.
        controls: the controls with the scores of all judges.
        missing: controls that could not be created.
        rubric: the tree and its score of the repository; None without the rubric judge.
    """
    checks = {each.judge: tuple(_checks(each)) for each in score_orders(repository, controls, rubric)}
    return Calibration(
        controls=controls,
        missing=missing,
        orders=tuple(check for each in checks.values() for check in each),
        judges=tuple(JudgeFitness(judge=judge, fitness=_fitness(each)) for judge, each in checks.items()),
    )


def _checks(scores: ScoreOrder) -> Iterator[OrderCheck]:
    for order in ORDERS:
        if {order.higher, order.lower} <= scores.contenders and (order.leafwise or scores.judge != "rubric"):
            yield _check(scores.judge, order, scores.gap(order.higher, order.lower))


def _check(judge: AnyJudge, order: Order, gap: Gap) -> OrderCheck:
    return OrderCheck(
        judge=judge,
        higher=order.higher,
        lower=order.lower,
        strict=order.strict,
        verdict=_verdict(gap, order.strict),
        difference=gap.difference,
        low=gap.low,
        high=gap.high,
        higher_alone=gap.higher_alone,
        lower_alone=gap.lower_alone,
    )


def _verdict(gap: Gap, strict: bool) -> OrderVerdict:
    if gap.is_blind or gap.difference is None:
        return "not shown"
    if strict and gap.difference <= 0:
        return "not shown" if gap.is_excused else "broken"
    if strict:
        return "holds" if gap.beyond else "within noise"
    return "holds" if gap.difference >= 0 else "broken" if gap.beyond else "within noise"


def _fitness(orders: Iterable[OrderCheck]) -> Fitness:
    """The worst verdict; orders without evidence count only if there are no others."""
    orders = tuple(orders)
    strict = {order.verdict for order in orders if order.strict}
    found = {order.verdict for order in orders}
    if "broken" in found:
        return "unfit"
    if strict <= {"not shown"}:
        return "not shown"
    return "within noise" if "within noise" in found else "fit"
