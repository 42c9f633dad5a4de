"""Agreement of the rubric judge with people on the same leaves, as in PaperBench's judge evaluation."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from papercoder.artifacts import Agreement, Difference, LeafScore
from papercoder.errors import ArtifactError
from papercoder.runs.folder import read_given_text


class _Graded(BaseModel):
    """A node of a graded rubric; other fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    score: float | None = None
    sub_tasks: tuple["_Graded", ...] | None = None

    @property
    def leaves(self) -> Iterator["_Graded"]:
        if not self.sub_tasks:
            yield self
        for part in self.sub_tasks or ():
            yield from part.leaves


def load_labels(path: Path) -> dict[str, bool]:
    """Load labels, leaf id -> met, from a rubric whose leaves have a `score` of 0 or 1.

    Raises:
        ArtifactError: the file does not exist or is not a graded rubric.
    """
    text = read_given_text(path)
    if text is None:
        raise ArtifactError(f"{path} does not exist. Give a graded rubric with --labels.")
    try:
        tree = _Graded.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ArtifactError(f"{path} is not a graded rubric: {where}: {first['msg']}.") from error
    labels = {leaf.id: leaf.score for leaf in tree.leaves if leaf.score is not None}
    if odd := next((leaf for leaf, score in labels.items() if score not in {0, 1}), None):
        raise ArtifactError(f"{path}: the score of leaf {odd} is {labels[odd]:g}; labels are 0 or 1.")
    if not labels:
        raise ArtifactError(f"{path} has no labels: none of its leaves has a score.")
    return {leaf: bool(score) for leaf, score in labels.items()}


def agreement(leaves: tuple[LeafScore, ...], labels: Mapping[str, bool]) -> Agreement:
    """Compare the judge's verdicts with the labels; leaves decided without the judge do not count."""
    judged = {leaf.leaf: leaf.met for leaf in leaves if leaf.judgement}
    pairs = {leaf: (labels[leaf], met) for leaf, met in judged.items() if leaf in labels}
    counts = {pair: list(pairs.values()).count(pair) for pair in _PAIRS}
    both, alone, missed, neither = (counts[pair] for pair in _PAIRS)
    met, unmet = _f1(both, alone, missed), _f1(neither, missed, alone)
    return Agreement(
        leaves=len(pairs),
        both_met=both,
        judge_alone=alone,
        people_alone=missed,
        neither=neither,
        accuracy=_share(both + neither, len(pairs)),
        precision=_share(both, both + alone),
        recall=_share(both, both + missed),
        f1=met,
        macro_f1=None if met is None or unmet is None else (met + unmet) / 2,
        kappa=_kappa(both, alone, missed, neither),
        differences=tuple(
            Difference(leaf=leaf, people=people, judge=judge)
            for leaf, (people, judge) in pairs.items()
            if people != judge
        ),
        unlabelled=tuple(leaf for leaf in judged if leaf not in labels),
        unjudged=tuple(leaf.leaf for leaf in leaves if leaf.invalid),
        unasked=tuple(leaf.leaf for leaf in leaves if not leaf.asked),
    )


_PAIRS = ((True, True), (False, True), (True, False), (False, False))
"""Verdicts of people and of the judge: both met, only the judge, only people, neither."""


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _f1(right: int, too_many: int, missed: int) -> float | None:
    """The harmonic mean of precision and recall; None if the class does not occur."""
    return _share(2 * right, 2 * right + too_many + missed)


def _kappa(both: int, alone: int, missed: int, neither: int) -> float | None:
    """Cohen (1960): agreement beyond chance; None if all verdicts are equal."""
    leaves = both + alone + missed + neither
    if not leaves:
        return None
    met, unmet = (both + alone) * (both + missed), (neither + alone) * (neither + missed)
    chance = (met + unmet) / leaves**2
    return _share((both + neither) / leaves - chance, 1 - chance)
