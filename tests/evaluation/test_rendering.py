"""The page of an evaluation: all that was said, nothing that a model could do with it."""

from html.parser import HTMLParser

import pytest

from papercoder.artifacts import (
    CodeCritique,
    ControlScores,
    Costs,
    CritiqueScore,
    Evaluation,
    InvalidSample,
    Judgement,
    LeafJudgement,
    LeafScore,
    Rubric,
    RubricScore,
)
from papercoder.evaluation.calibration import calibrate
from papercoder.evaluation.rendering import branch, by_severity, to_html
from papercoder.evaluation.statistics import interval

EVIL = '<script>alert("1")</script><img src=x onerror=alert(2)>'
COSTS = Costs(calls=3, prompt=12_000, cached=4_000, completion=900, cost_usd=0.25, unpriced=0, seconds=12.0)


def score(*values: int, unseen: tuple[str, ...] = ()) -> CritiqueScore:
    critiques = (
        CodeCritique(file="b.py", severity="low", critique="A default differs."),
        CodeCritique(file=f"a{EVIL}.py", function=EVIL, severity="high", critique=f"Wrong: {EVIL} `{EVIL}`"),
    )
    samples = tuple(Judgement(critiques=critiques, score=value) for value in values)
    invalid = (InvalidSample(sample=1, reason=f"no JSON: {EVIL}"),)
    return CritiqueScore(
        judge="reference-free", score=interval(values), samples=samples, invalid=invalid, unseen=unseen
    )


RUBRIC = Rubric(
    id="root",
    requirements=f"All. {EVIL}",
    weight=1,
    sub_tasks=(
        Rubric(id="a", requirements=f"The model. {EVIL}", weight=3, task_category="Code Development"),
        Rubric(id="b", requirements="It runs.", weight=1, task_category="Code Execution"),
        Rubric(id="c", requirements="It trains.", weight=1, task_category="Code Development"),
    ),
)
LEAVES = (
    LeafScore(leaf="a", met=True, judgement=LeafJudgement(expected=f"E {EVIL}", found=f"F {EVIL}", met=True)),
    LeafScore(leaf="b", met=False, reason="not met: nothing was executed"),
    LeafScore(leaf="c", met=False, invalid=True, reason=f"no fit answer {EVIL}", unseen=(f"{EVIL}.py",)),
)


def evaluation(*scores: CritiqueScore, **changes: object) -> Evaluation:
    fields = {"paper": f"A Title {EVIL}", "repository": f"runs/{EVIL}", "files": 3, "model": "m:x", "costs": COSTS}
    return Evaluation.model_validate({**fields, "scores": scores, **changes})


MISSED = LeafScore(leaf="a", met=False, judgement=LeafJudgement(expected="E", found="Nothing.", met=False))
ALONE = RubricScore(score=0.0, code_dev=0.0, leaves=(MISSED,))
BY_RUBRIC = RubricScore(score=0.6, code_dev=0.75, leaves=LEAVES)
CONTROLS = (
    ControlScores(control="config-only", made=f"only {EVIL} left", changed=(), scores=(score(1),), rubric=ALONE),
)
FULL = evaluation(
    score(3, 4, unseen=("large.py",)),
    rubric=BY_RUBRIC,
    tree=RUBRIC,
    calibration=calibrate((score(3, 4),), CONTROLS, rubric=(RUBRIC, BY_RUBRIC)),
)


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_text_from_models_is_escaped() -> None:
    page = to_html(FULL)
    found = Elements(page)
    assert not {"script", "img", "iframe", "link", "object"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert page.count("&lt;script&gt;") > 10
    assert "default-src 'none'" in page


def test_it_loads_nothing() -> None:
    found = Elements(to_html(FULL))
    named = [value or "" for name, value in found.attributes if name in {"href", "src"}]
    assert named
    assert all(value.startswith("#") for value in named)


@pytest.mark.parametrize(
    "words",
    [
        "The judge reference-free gives 3.50 of 5",
        "3 samples, 1 invalid",
        "Rubric score: 60.0%, 1 of 3 leaves met; 1 had no valid answer",
        "Sample 1 is invalid",
        "1 file of the repository omitted or truncated for this judge",
        "1 file omitted from the judge’s context",
        "not met: nothing was executed",
        "no valid answer",
        "$0.25",
        "12.0 k prompt tokens",
        "rubric, Code Development",
        "rubric: 0.0% (0 of 1 leaves met)",
        "A wrong equation counts only if a leaf is about it",
        ">+100.0 points<",
        ">1 more, 0 fewer<",
    ],
)
def test_the_page_contains(words: str) -> None:
    assert words in " ".join(to_html(FULL).split())


def test_without_calibration_it_says_so() -> None:
    assert "The judges were not calibrated" in to_html(evaluation(score(3)))


def test_a_rubric_s_code_alone_is_said_to_be_code_alone() -> None:
    met = RubricScore(score=1.0, code_dev=1.0, leaves=LEAVES[:1])
    page = to_html(evaluation(rubric=met, tree=RUBRIC.sub_tasks[0]))
    assert "Rubric score (Code Development only): 100.0%, 1 of 1 leaves met." in page


@pytest.mark.parametrize("shown", [FULL, evaluation(), evaluation(rubric=BY_RUBRIC, tree=RUBRIC)])
def test_every_link_has_a_target(shown: Evaluation) -> None:
    attributes = Elements(to_html(shown)).attributes
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {str(value).removeprefix("#") for name, value in attributes if name == "href"} <= set(ids)


def test_a_judge_without_a_score_has_no_number() -> None:
    page = to_html(evaluation(score()))
    assert "no score (1 sample, none valid)" in page
    assert ">no value<" in page


def test_critiques_are_by_severity_and_keep_their_sample() -> None:
    found = by_severity(score(3, 4))
    assert list(found) == ["high", "low"]
    assert [each.sample for each in found["low"]] == [1, 2]


def test_the_tree_has_shares_and_sums() -> None:
    tree = branch(RUBRIC, BY_RUBRIC)
    assert tree.score == 0.6
    assert [part.share for part in tree.parts] == [0.6, 0.2, 0.2]
    assert [leaf.leaf for leaf in tree.leaves] == ["a", "b", "c"]
