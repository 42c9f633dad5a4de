"""Rubrics: what their leaves come to, what is left of them without execution, and files that hold none."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import (
    Claim,
    Claims,
    LeafJudgement,
    LeafScore,
    Requirements,
    Rubric,
    RubricGroup,
    RubricGroups,
    RubricScore,
    TaskCategory,
    WeighedItem,
)
from papercoder.errors import AnswerError, ArtifactError, PaperError, RunFolderError
from papercoder.evaluation.rubric import (
    DEEPEST,
    ancestors,
    assemble,
    by_anchor,
    code_dev,
    complaints,
    draft_rubric,
    group,
    load_rubric,
    rubric_score,
    to_json,
    weighted,
)
from papercoder.evaluation.rubric_judge import judge_rubric
from papercoder.runs.event_log import read_events
from papercoder.runs.events import RunEnded
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from papercoder.settings import Settings
from tests.evaluation.test_repository_view import REPRODUCED
from tests.evaluation.trees import TREE, leaf, node
from tests.scripted import CODE, play, project
from tests.support import PAPER, Says, Scripted, make_agents, of_kind, requirement

PUBLIC = Path(__file__).parents[3] / "shared/papers/paperbench/test-time-model-adaptation/rubric.json"


@pytest.mark.parametrize(
    ("met", "score"),
    [
        (set(), 0.0),
        ({"a"}, 2 / 8 * 1 / 4),
        ({"b"}, 2 / 8 * 3 / 4),
        ({"a", "b"}, 2 / 8),
        ({"c", "run"}, 6 / 8 * 2 / 4),
        ({"b", "table"}, 2 / 8 * 3 / 4 + 6 / 8 * 2 / 4),
        ({"a", "b", "c", "run", "table"}, 1.0),
    ],
)
def test_a_node_is_the_mean_of_its_parts_by_weight(met: set[str], score: float) -> None:
    assert weighted(TREE, dict.fromkeys(met, 1.0)) == pytest.approx(score)


def test_without_execution_the_other_weights_are_rescaled() -> None:
    code = code_dev(TREE)
    assert code is not None
    assert [each.id for each in code.leaves] == ["a", "b", "c"]
    assert weighted(code, {"c": 1.0}) == pytest.approx(6 / 8)
    assert weighted(code, {"a": 1.0, "table": 1.0}) == pytest.approx(2 / 8 * 1 / 4)


def test_a_node_whose_leaves_all_go_goes_too() -> None:
    tree = node("root", node("results", leaf("t", category="Result Analysis")), node("code", leaf("a")))
    code = code_dev(tree)
    assert code is not None
    assert [each.id for each in code.nodes] == ["root", "code", "a"]


@pytest.mark.parametrize("tree", [leaf("t", category="Result Analysis"), node("root", leaf("t", 1, "Code Execution"))])
def test_of_a_rubric_without_code_nothing_is_left(tree: Rubric) -> None:
    assert code_dev(tree) is None
    assert rubric_score(tree, (LeafScore(leaf="t", met=True),)).code_dev is None


def test_parts_that_weigh_nothing_count_nothing() -> None:
    tree = node("root", node("idle", leaf("a", 0), leaf("b", 0)), node("work", leaf("c"), weight=3))
    assert weighted(tree, {"a": 1.0, "b": 1.0}) == 0.0
    assert weighted(tree, {"a": 1.0, "b": 1.0, "c": 1.0}) == pytest.approx(3 / 4)


def test_a_leaf_may_be_the_whole_rubric() -> None:
    assert weighted(leaf("a"), {"a": 1.0}) == 1.0
    assert ancestors(leaf("a"), "a") == ()


def test_ancestors_go_from_the_root_down() -> None:
    assert [above.id for above in ancestors(TREE, "table")] == ["root", "experiment"]
    assert ancestors(TREE, "root") == ancestors(TREE, "nobody") == ()


def test_the_score_has_the_whole_and_the_code() -> None:
    leaves = tuple(LeafScore(leaf=name, met=name in {"a", "table"}) for name in ("a", "b", "c", "run", "table"))
    score = rubric_score(TREE, leaves)
    assert score.score == pytest.approx(2 / 8 * 1 / 4 + 6 / 8 * 2 / 4)
    assert score.code_dev == pytest.approx(2 / 8 * 1 / 4)
    assert score.leaves == leaves


# Any tree

CATEGORIES: tuple[TaskCategory, ...] = get_args(TaskCategory)
WEIGHTS = st.integers(1, 9) | st.floats(1e-3, 1e3)
LEAVES = st.builds(lambda weight, category: leaf("x", weight, category), WEIGHTS, st.sampled_from(CATEGORIES))
TREES = st.recursive(
    LEAVES,
    lambda parts: st.builds(
        lambda weight, children: node("x", *children, weight=weight), WEIGHTS, st.lists(parts, min_size=1, max_size=4)
    ),
    max_leaves=12,
).map(lambda tree: _named(tree, iter(range(1000))))


def _named(tree: Rubric, numbers: Iterable[int]) -> Rubric:
    numbers = iter(numbers)
    name = str(next(numbers))
    return tree.model_copy(update={"id": name, "sub_tasks": tuple(_named(part, numbers) for part in tree.sub_tasks)})


@given(TREES, st.data())
def test_a_score_lies_between_nothing_and_all(tree: Rubric, data: st.DataObject) -> None:
    names = [each.id for each in tree.leaves]
    met = {name: data.draw(st.floats(0, 1)) for name in names}
    assert 0.0 <= weighted(tree, met) <= 1.0 + 1e-12
    assert weighted(tree, dict.fromkeys(names, 0.0)) == 0.0
    assert weighted(tree, dict.fromkeys(names, 1.0)) == pytest.approx(1.0)


@given(TREES, st.data())
def test_one_more_leaf_never_lowers_a_score(tree: Rubric, data: st.DataObject) -> None:
    names = [each.id for each in tree.leaves]
    met = {name: float(data.draw(st.booleans())) for name in names}
    more = {**met, data.draw(st.sampled_from(names)): 1.0}
    assert weighted(tree, more) >= weighted(tree, met) - 1e-12


@given(TREES)
def test_pruning_twice_is_pruning_once(tree: Rubric) -> None:
    code = code_dev(tree)
    wanted = [each.id for each in tree.leaves if each.task_category == "Code Development"]
    assert ([each.id for each in code.leaves] if code else []) == wanted
    assert code is None or code_dev(code) == code


@given(TREES)
def test_ancestors_are_a_way_down(tree: Rubric) -> None:
    for each in tree.leaves:
        way = (*ancestors(tree, each.id), each)
        assert way[0] == tree
        assert all(below in above.sub_tasks for above, below in pairwise(way))


# Files


def written(folder: Path, content: Any) -> Path:
    path = folder / "rubric.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_rubric_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert load_rubric(written(tmp_path, TREE.model_dump_json())) == TREE


def test_what_public_rubrics_say_beside_it_is_passed_over(tmp_path: Path) -> None:
    tree = TREE.model_dump(mode="json")
    tree["version"] = 3
    tree["sub_tasks"][0]["sub_tasks"][0] |= {"notes": {"by": "someone"}, "sub_tasks": None}
    assert load_rubric(written(tmp_path, tree)) == TREE


def _broken(**changes: Any) -> dict[str, Any]:
    tree: dict[str, Any] = TREE.model_dump(mode="json")
    tree["sub_tasks"][1]["sub_tasks"][2] |= changes
    return tree


def _deep() -> dict[str, Any]:
    tree = leaf("x").model_dump(mode="json")
    for depth in range(DEEPEST):
        tree = {"id": str(depth), "requirements": "", "weight": 1, "sub_tasks": [tree]}
    return tree


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not valid JSON: line 1"),
        ("", "is not valid JSON"),
        ("[" * 100_000, "levels"),
        ("1" * 5000, "cannot be read as JSON"),
        ("[]", "the root"),
        ("{}", "the root: id: Field required"),
        (_broken(weight=-1), "root > experiment > table: weight: "),
        (_broken(weight=None), "root > experiment > table: weight: "),
        ('{"id": "r", "requirements": "", "weight": NaN, "task_category": "Code Execution"}', "r: weight: "),
        ('{"id": "r", "requirements": "", "weight": Infinity, "task_category": "Code Execution"}', "r: weight: "),
        (_broken(task_category=None), "root > experiment > table: table: a leaf needs a task_category"),
        (_broken(task_category="Code"), "root > experiment > table: task_category: "),
        (_broken(id=None), "root > experiment > node 3: id: "),
        (_broken(sub_tasks="none"), "root > experiment > table"),
        (_broken(id="a"), "several nodes have the id 'a'"),
        (_deep(), "levels"),
    ],
)
def test_an_invalid_rubric_is_an_error_of_one_sentence(tmp_path: Path, content: Any, reason: str) -> None:
    with pytest.raises(ArtifactError) as error:
        load_rubric(written(tmp_path, content))
    assert reason in str(error.value)
    assert str(tmp_path / "rubric.json") in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_rubric_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"does not exist. To draft a rubric: "):
        load_rubric(tmp_path / "none.json")
    (tmp_path / "core").write_bytes(b"\xff\xfe")
    with pytest.raises(RunFolderError, match="cannot be read as text"):
        load_rubric(tmp_path / "core")
    with pytest.raises(RunFolderError, match="cannot be read as text"):
        load_rubric(tmp_path)


@pytest.mark.skipif(not PUBLIC.is_file(), reason="needs a public rubric that is not part of this repository")
def test_a_public_rubric_is_read() -> None:
    rubric = load_rubric(PUBLIC)
    code = code_dev(rubric)
    assert len(list(rubric.leaves)) == 163
    assert code is not None
    assert len(list(code.leaves)) == 86
    everything = {each.id: 1.0 for each in rubric.leaves}
    assert weighted(rubric, everything) == pytest.approx(1.0)
    assert json.loads(rubric.model_dump_json()) == json.loads(PUBLIC.read_text(encoding="utf-8"))


def claim(name: str, anchor: str = "tab:1", value: float = 0.12, spread: float | None = None) -> Claim:
    return Claim(
        id=name,
        anchor=anchor,
        experiment="Main comparison",
        method="TinyFit",
        dataset="dots",
        metric="error",
        value=value,
        spread=spread,
        quote=f"TinyFit | {value}",
    )


NEEDS = Requirements(
    items=(
        requirement("R1"),
        requirement("R2", kind="training", statement="The learning rate is 0.05.", anchor="2¶1", quote="of 0.05"),
        requirement("R3", kind="experiment", statement="TinyFit is run on 10,000 dots.", anchor="2¶1"),
        requirement("R4", statement="The seed is 0.", status="assumed", quote=""),
    )
)
CLAIMS = Claims(items=(claim("C1"), claim("C2", "2¶1", 40.0), claim("C3", spread=0.02)))


def groups(*given: tuple[int, dict[str, int]]) -> RubricGroups:
    """A weight and id -> weight for each group."""
    return RubricGroups(
        groups=tuple(
            RubricGroup(
                requirement=f"Part {number} is there.",
                weight=weight,
                items=tuple(WeighedItem(id=name, weight=each) for name, each in items.items()),
            )
            for number, (weight, items) in enumerate(given, 1)
        )
    )


GROUPS = groups((3, {"R1": 2, "R2": 1, "R4": 1}), (1, {"R3": 1, "tab:1": 2, "2¶1": 1}))


def test_requirements_and_claims_become_weighted_leaves() -> None:
    rubric = assemble(PAPER, NEEDS, CLAIMS, GROUPS)
    assert [node.id for node in rubric.nodes] == [
        "root", "group-1", "R1", "R2", "R4", "group-2", "R3", "results-tab:1", "C1", "C3", "results-2¶1", "C2"
    ]  # fmt: skip
    leaves = {leaf.id: leaf for leaf in rubric.leaves}
    assert {name: leaf.task_category for name, leaf in leaves.items()} == {
        **dict.fromkeys(("R1", "R2", "R4"), "Code Development"),
        "R3": "Code Execution",
        **dict.fromkeys(("C1", "C2", "C3"), "Result Analysis"),
    }
    assert leaves["R1"].requirements == (
        'The prediction is w x. [1¶1] "The model predicts the target as a scaled input"'
    )
    assert "The paper does not specify this" in leaves["R4"].requirements
    assert leaves["C3"].requirements == (
        "Main comparison; TinyFit; dots: the measured error agrees with the 0.12 ± 0.02 that [tab:1] reports, "
        "to within 0.04."
    )
    assert weighted(rubric, {"R1": 1.0, "C3": 1.0}) == pytest.approx(3 / 4 * 2 / 4 + 1 / 4 * 2 / 4 * 1 / 2)


def test_claims_stand_under_what_reports_them() -> None:
    assert {anchor: [each.id for each in made] for anchor, made in by_anchor(CLAIMS).items()} == {
        "tab:1": ["C1", "C3"],
        "2¶1": ["C2"],
    }


IDS = ("R1", "R2", "tab:1")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (groups((1, {"R1": 1, "R2": 1})), "tab:1 is in no group."),
        (groups((1, {"R1": 1, "R2": 1, "tab:1": 1}), (1, {"R1": 2})), "R1 is in 2 groups; put it into exactly one."),
        (groups((1, {"R1": 1, "R2": 1, "tab:1": 1, "R9": 1})), "R9 is not in the lists."),
        (groups((1, {"R1": 1, "R2": 1, "tab:1": 1}), (1, {})), "The group 'Part 2 is there.' has no items."),
        (groups(), "R1 is in no group."),
    ],
)
def test_what_drops_or_doubles_is_sent_back(given: RubricGroups, complaint: str) -> None:
    assert complaint in list(complaints(given, IDS))
    assert list(complaints(groups((1, dict.fromkeys(IDS, 1))), IDS)) == []


def grouped(*says: Says) -> tuple[RubricGroups, Scripted]:
    model = Scripted({"rubric": list(says)})
    return asyncio.run(group(make_agents(model), PAPER, NEEDS, CLAIMS)), model


def test_the_agent_reads_the_paper_the_requirements_and_the_results() -> None:
    made, model = grouped(GROUPS)
    assert made == GROUPS
    text = model.requests[0].text
    assert "- R3 (experiment, stated): TinyFit is run on 10,000 dots." in text
    assert "- tab:1 (2 results):" in text
    assert "- C3 [tab:1]: Main comparison; `error`: `TinyFit` on `dots`" in text
    assert "averaged over the batch" in text


def test_a_missing_id_is_retried_and_then_an_error() -> None:
    dropped = groups((1, {"R1": 1}))
    made, model = grouped(dropped, GROUPS)
    assert made == GROUPS
    assert "tab:1 is in no group." in model.requests[1].text
    with pytest.raises(AnswerError, match="is in no group"):
        grouped(dropped)


# A whole draft

TINY = groups((2, {"R1": 1, "R2": 3}))


def drafted(paper: Path, folder: Path, planned: Path | None = None) -> Rubric:
    return asyncio.run(draft_rubric(paper, folder, Settings(), planned=planned))


def test_a_draft_is_kept_and_paid_once(monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path) -> None:
    play(monkeypatch, project(rubric=TINY, verify="{}"))
    rubric = drafted(paper_file, tmp_path / "draft")
    assert [leaf.id for leaf in rubric.leaves] == ["R1", "R2"]
    assert load_rubric(tmp_path / "draft" / "rubric.json") == rubric
    assert [event.status for event in of_kind(read_events(tmp_path / "draft"), RunEnded)] == ["complete"]
    silent = play(monkeypatch, {})
    assert drafted(paper_file, tmp_path / "draft") == rubric
    assert silent.requests == []


def test_the_file_has_the_form_of_paperbench() -> None:
    tree = json.loads(to_json(assemble(PAPER, NEEDS, CLAIMS, GROUPS)))
    fields = {"id", "requirements", "weight", "sub_tasks", "task_category", "finegrained_task_category"}
    nodes = [tree]
    for each in nodes:
        assert set(each) == fields
        assert type(each["weight"]) is int
        nodes += each["sub_tasks"]
    assert Counter(bool(each["task_category"]) for each in nodes) == {True: 7, False: 5}


def test_an_edited_draft_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path) -> None:
    play(monkeypatch, project(rubric=TINY, verify="{}"))
    drafted(paper_file, tmp_path)
    path = tmp_path / "rubric.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"weight": 3', '"weight": 7'), encoding="utf-8")
    assert [leaf.weight for leaf in drafted(paper_file, tmp_path).leaves] == [1, 7]
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ArtifactError, match="the root: id"):
        drafted(paper_file, tmp_path)


def test_what_a_run_has_extracted_is_not_extracted_again(
    monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path
) -> None:
    planned = tmp_path / "run" / "planning"
    planned.mkdir(parents=True)
    (planned / "requirements.json").write_text(NEEDS.model_dump_json(), encoding="utf-8")
    (planned / "claims.json").write_text(CLAIMS.model_dump_json(), encoding="utf-8")
    model = play(monkeypatch, {"rubric": GROUPS})
    rubric = drafted(paper_file, tmp_path / "draft", planned.parent)
    assert len(list(rubric.leaves)) == 7
    assert [request.agent for request in model.requests] == ["rubric"]
    assert {path.name for path in planned.parent.iterdir()} == {"planning"}


def test_an_unplanned_run_is_an_error(monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path) -> None:
    play(monkeypatch, {})
    with pytest.raises(RunFolderError, match=r"has no planning/requirements\.json yet"):
        drafted(paper_file, tmp_path / "draft", tmp_path / "none")


def test_a_paper_without_requirements_is_an_error(
    monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path
) -> None:
    play(monkeypatch, project(requirements="{}", verify="{}"))
    with pytest.raises(PaperError, match="a rubric cannot be drafted"):
        drafted(paper_file, tmp_path)
    (end,) = of_kind(read_events(tmp_path), RunEnded)
    assert (end.status, "a rubric cannot be drafted" in end.reason) == ("partial", True)


def test_a_draft_is_judged(tmp_path: Path) -> None:
    rubric = assemble(PAPER, NEEDS, CLAIMS, GROUPS)
    model = Scripted({"judge_leaf": LeafJudgement(expected="It.", found=f"`{CODE[0].path}:3`", met=True)})
    run = Run(tmp_path, make_agents(model), lambda _: None, step_store(tmp_path))

    async def judge() -> RubricScore:
        return await judge_rubric(run, PAPER, rubric, CODE, tuple(file.path for file in CODE), REPRODUCED)

    score = asyncio.run(judge())
    assert (score.score, score.code_dev) == (1.0, 1.0)
    assert len(model.requests) == 7
