"""Rubrics: what their leaves come to, what is left of them without execution, and files that hold none."""

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papercoder.artifacts import LeafScore, Rubric, TaskCategory
from papercoder.errors import ArtifactError, RunFolderError
from papercoder.evaluation.rubric.rubric import DEEPEST, ancestors, code_dev, load_rubric, rubric_score, weighted
from tests.evaluation.trees import TREE, leaf, node

PUBLIC = Path(__file__).parents[4] / "shared/papers/paperbench/test-time-model-adaptation/rubric.json"


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
