"""Drafting a rubric: every requirement and claim a leaf, exactly once; paid once; fit to judge by."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from papercoder.artifacts import (
    Claim,
    Claims,
    LeafJudgement,
    Requirements,
    Rubric,
    RubricGroup,
    RubricGroups,
    RubricScore,
    WeighedItem,
)
from papercoder.errors import AnswerError, ArtifactError, PaperError, RunFolderError
from papercoder.evaluation.rubric.draft import assemble, by_anchor, complaints, draft_rubric, group, to_json
from papercoder.evaluation.rubric.judge import judge_rubric
from papercoder.evaluation.rubric.rubric import load_rubric, weighted
from papercoder.runs.event_log import read_events
from papercoder.runs.events import RunEnded
from papercoder.runs.folder import step_store
from papercoder.runs.run import Run
from papercoder.settings import Settings
from tests.evaluation.test_execution import REPRODUCED
from tests.scripted import CODE, play, project
from tests.support import PAPER, Says, Scripted, make_agents, of_kind, requirement


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
    for node in nodes:
        assert set(node) == fields
        assert type(node["weight"]) is int
        nodes += node["sub_tasks"]
    assert Counter(bool(node["task_category"]) for node in nodes) == {True: 7, False: 5}


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
