"""An evaluation as a table: one row for each sample of a judge and for each leaf of a rubric."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

from papercoder.artifacts import Contender, CritiqueScore, Evaluation, RubricScore

COLUMNS = ("contender", "judge", "item", "valid", "score", "high", "medium", "low")
"""`contender`: the repository or a control. `item`: the sample's number or the leaf's id. `score`: 1 to 5 for a sample,
0 or 1 for a leaf. The last three count a sample's critiques by severity."""

Cell = str | int | None


def to_csv(evaluation: Evaluation) -> str:
    """The table, with a header; empty cells where there is nothing to say."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(evaluation))
    return text.getvalue()


def _rows(evaluation: Evaluation) -> Iterator[tuple[Cell, ...]]:
    for score in evaluation.scores:
        yield from _samples("repository", score)
    for control in evaluation.calibration.controls if evaluation.calibration else ():
        for score in control.scores:
            yield from _samples(control.control, score)
    yield from _leaves("repository", evaluation.rubric)
    for control in evaluation.calibration.controls if evaluation.calibration else ():
        yield from _leaves(control.control, control.rubric)


def _samples(contender: Contender, score: CritiqueScore) -> Iterator[tuple[Cell, ...]]:
    """Valid and invalid samples, by their numbers."""
    invalid = {sample.sample for sample in score.invalid}
    valid = iter(score.samples)
    for number in range(1, len(score.samples) + len(invalid) + 1):
        if number in invalid:
            yield contender, score.judge, number, 0, None, None, None, None
            continue
        sample = next(valid)
        found = Counter(critique.severity for critique in sample.critiques)
        yield contender, score.judge, number, 1, sample.score, found["high"], found["medium"], found["low"]


def _leaves(contender: Contender, score: RubricScore | None) -> Iterator[tuple[Cell, ...]]:
    for leaf in score.leaves if score else ():
        yield contender, "rubric", leaf.leaf, int(not leaf.invalid), int(leaf.met), None, None, None
