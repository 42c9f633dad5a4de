"""Agreement with people's labels: read leniently, counted leaf by leaf, and never a number where there is none."""

import json
from pathlib import Path

import pytest

from papercoder.artifacts import LeafJudgement, LeafScore
from papercoder.errors import ArtifactError
from papercoder.evaluation.rubric.agreement import agreement, load_labels

GRADED = {
    "id": "root",
    "requirements": "All.",
    "score": 0.5,
    "judge_metadata": None,
    "sub_tasks": [
        {"id": "a", "score": 1, "explanation": "seen", "sub_tasks": []},
        {"id": "b", "score": 0.0, "sub_tasks": None},
        {"id": "c", "sub_tasks": []},
    ],
}


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "graded.json"
    path.write_text(json.dumps(GRADED), encoding="utf-8")
    return path


def leaves(**met: bool) -> tuple[LeafScore, ...]:
    return tuple(
        LeafScore(leaf=name, met=value, judgement=LeafJudgement(expected="It.", found="It.", met=value))
        for name, value in met.items()
    )


def test_labels_are_those_of_leaves(labels: Path) -> None:
    assert load_labels(labels) == {"a": True, "b": False}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not a graded rubric"),
        ('{"sub_tasks": []}', "id: Field required"),
        ('{"id": "a", "score": 0.5}', "the score of leaf a is 0.5; labels are 0 or 1"),
        ('{"id": "a"}', "has no labels"),
    ],
)
def test_what_are_no_labels_is_said_in_a_sentence(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "graded.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError, match=reason):
        load_labels(path)


def test_missing_labels_are_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="does not exist"):
        load_labels(tmp_path / "none.json")


def test_counts_and_measures() -> None:
    judged = leaves(a=True, b=True, c=True, d=False, e=False, f=False, g=False, h=False)
    found = agreement(
        judged, {"a": True, "b": True, "c": False, "d": True, "e": False, "f": False, "g": False, "h": False}
    )
    assert (found.both_met, found.judge_alone, found.people_alone, found.neither) == (2, 1, 1, 4)
    assert (found.leaves, found.accuracy) == (8, 0.75)
    assert found.precision == found.recall == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert found.kappa == pytest.approx((0.75 - (9 + 25) / 64) / (1 - (9 + 25) / 64))
    assert [(each.leaf, each.people, each.judge) for each in found.differences] == [
        ("c", False, True),
        ("d", True, False),
    ]


def test_only_leaves_that_both_judged_count() -> None:
    lost = LeafScore(leaf="lost", met=False, invalid=True, reason="no fit answer")
    unrun = LeafScore(leaf="unrun", met=False, reason="nothing was executed")
    labels = {"a": True, "lost": True, "unrun": False, "other": False}
    found = agreement((*leaves(a=True, new=True), lost, unrun), labels)
    assert (found.leaves, found.unlabelled, found.unjudged, found.unasked) == (1, ("new",), ("lost",), ("unrun",))


def test_where_a_divisor_is_zero_there_is_no_measure() -> None:
    found = agreement(leaves(a=False, b=False), {"a": False, "b": False})
    assert (found.accuracy, found.precision, found.recall, found.f1, found.kappa) == (1.0, None, None, None, None)
    nothing = agreement((), {"a": True})
    assert (nothing.leaves, nothing.accuracy, nothing.kappa) == (0, None, None)
