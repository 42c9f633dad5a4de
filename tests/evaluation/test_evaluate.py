"""An evaluation as a whole: what it writes, how it is resumed, and judges that cannot be trusted."""

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import Evaluation, JudgeName
from papercoder.errors import ArtifactError, CostCapReached, ModelError, PaperCoderError, RunFolderError, SettingsError
from papercoder.evaluation.evaluate import (
    EvaluationOptions,
    estimate_costs,
    estimate_evaluation,
    estimate_text,
    evaluate,
    read_subject,
)
from papercoder.models.contract import Request
from papercoder.paper.fidelity import Estimate
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallReused, Event, Forecast, RunEnded, RunStarted
from papercoder.runs.folder import load
from papercoder.settings import Settings
from tests.evaluation.projects import MET, MISSING, RUBRIC, discerning, judges, praising, write_repository
from tests.scripted import play
from tests.support import PAPER, SIMULATED, Scripted, calls_made, of_kind, tree


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "project")


@pytest.fixture
def rubric(tmp_path: Path) -> Path:
    path = tmp_path / "rubric.json"
    path.write_text(RUBRIC, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "eval"


def judged(repository: Path, folder: Path, settings: Settings | None = None, **wanted: Any) -> Evaluation:
    chosen = EvaluationOptions(**{"samples": 2, **wanted})
    return asyncio.run(evaluate(repository, PAPER, folder, settings or Settings(), chosen))


@pytest.fixture
def discerned(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    return play(monkeypatch, judges())


def test_what_it_writes_is_what_it_returns(discerned: Scripted, repository: Path, folder: Path, rubric: Path) -> None:
    found = judged(repository, folder, rubric=rubric)
    assert load(folder, "evaluation.json", Evaluation) == found
    assert (found.paper, found.files, found.model) == (PAPER.title, 3, "scripted:test")
    assert [(score.judge, score.score and score.score.mean) for score in found.scores] == [("reference-free", 5.0)]
    assert found.rubric is not None
    assert (found.rubric.score, found.rubric.code_dev) == (0.75, 1.0)
    assert found.costs.calls == 3
    assert found.shortcomings == ()
    assert PAPER.title in (folder / "evaluation.html").read_text(encoding="utf-8")


def test_the_table_has_a_row_for_each_sample_and_leaf(
    discerned: Scripted, repository: Path, folder: Path, rubric: Path
) -> None:
    judged(repository, folder, rubric=rubric, calibrate=True)
    with (folder / "evaluation.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["item"] for row in rows if row["contender"] == "repository"] == ["1", "2", "model", "run"]
    mutated = [row for row in rows if row["contender"] == "mutated" and row["judge"] == "reference-free"]
    assert [(row["score"], row["medium"], row["valid"]) for row in mutated] == [("4", "1", "1")] * 2
    leaves = [(row["contender"], row["item"], row["score"]) for row in rows if row["judge"] == "rubric"]
    assert leaves == [
        ("repository", "model", "1"),
        ("repository", "run", "0"),
        ("empty", "model", "0"),
        ("config-only", "model", "1"),
        ("shuffled", "model", "1"),
        ("mutated", "model", "1"),
    ]


def test_a_judge_that_finds_faults_is_reliable(discerned: Scripted, repository: Path, folder: Path) -> None:
    found = judged(repository, folder, calibrate=True, gold=repository)
    assert found.calibration is not None
    assert [each.fitness for each in found.calibration.judges] == ["fit"]
    assert [control.control for control in found.calibration.controls] == [
        "empty",
        "config-only",
        "shuffled",
        "mutated",
        "authors",
    ]
    assert (folder / "controls" / "mutated" / "reference-free" / "2.json").is_file()


def test_a_judge_that_praises_everything_is_unreliable_and_the_evaluation_partial(
    monkeypatch: pytest.MonkeyPatch, repository: Path, folder: Path
) -> None:
    play(monkeypatch, judges(praising))
    found = judged(repository, folder, calibrate=True)
    assert found.shortcomings == ("the judge reference-free is unreliable",)
    (ended,) = of_kind(read_events(folder), RunEnded)
    assert (ended.status, ended.reason) == ("partial", "the judge reference-free is unreliable")
    page = (folder / "evaluation.html").read_text(encoding="utf-8")
    assert page.index("UNRELIABLE: the judge reference-free broke") < page.index("gives 5.00 of 5")


def test_the_rubric_judge_is_calibrated_with_the_code_leaves(
    monkeypatch: pytest.MonkeyPatch, repository: Path, folder: Path, rubric: Path
) -> None:
    model = play(monkeypatch, judges(leaf=lambda request: MET if "return w * x" in request.text else MISSING))
    (repository / "reproduce.log").write_text("loss 0.1\n", encoding="utf-8")
    found = judged(repository, folder, judges=(), rubric=rubric, calibrate=True)
    assert found.calibration is not None
    assert {name: score.code_dev for name, score in found.by_code.items()} == {
        "repository": 1.0,
        "empty": 0.0,
        "config-only": 0.0,
        "shuffled": 1.0,
        "mutated": 0.0,
    }
    assert [request.subject for request in model.requests].count("run") == 1, "controls are not executed"
    assert all(score.leaves[0].leaf == "model" and len(score.leaves) == 1 for score in found.by_code.values())
    assert [(each.lower, each.verdict) for each in found.calibration.broken] == [("shuffled", "broken")]
    assert found.shortcomings == ("the judge rubric is unreliable",)
    assert len(list((folder / "controls" / "mutated" / "rubric" / "leaves").iterdir())) == 1


def test_calibration_is_inconclusive_without_code_leaves(
    discerned: Scripted, repository: Path, folder: Path, rubric: Path
) -> None:
    rubric.write_text(RUBRIC.replace("Code Development", "Code Execution"), encoding="utf-8")
    found = judged(repository, folder, rubric=rubric, calibrate=True)
    assert found.shortcomings == ("calibration of the judge rubric was inconclusive",)
    assert found.by_code == {}


def test_a_judge_without_valid_samples_is_a_shortcoming(
    monkeypatch: pytest.MonkeyPatch, repository: Path, folder: Path
) -> None:
    play(monkeypatch, judges("I like it."))
    found = judged(repository, folder, calibrate=True)
    assert found.scores[0].score is None
    assert [invalid.sample for invalid in found.scores[0].invalid] == [1, 2]
    assert found.shortcomings == (
        "calibration of the judge reference-free was inconclusive",
        "the judge reference-free gave no valid sample",
    )


def test_a_rubric_without_valid_verdicts_is_a_shortcoming(
    monkeypatch: pytest.MonkeyPatch, repository: Path, folder: Path, rubric: Path
) -> None:
    play(monkeypatch, judges(leaf="It is met."))
    found = judged(repository, folder, judges=(), rubric=rubric, code_dev=True)
    assert found.shortcomings == ("no leaf of the rubric has a valid verdict",)


def test_labels_are_compared_with_the_verdicts(
    discerned: Scripted, repository: Path, folder: Path, rubric: Path, tmp_path: Path
) -> None:
    labels = tmp_path / "graded.json"
    graded = json.loads(RUBRIC)
    graded["sub_tasks"][0]["score"] = graded["sub_tasks"][1]["score"] = 1
    labels.write_text(json.dumps(graded), encoding="utf-8")
    found = judged(repository, folder, judges=(), rubric=rubric, labels=labels)
    assert found.agreement is not None
    assert (found.agreement.both_met, found.agreement.accuracy) == (1, 1.0)
    assert found.agreement.unasked == ("run",), "not executed, so the judge was not asked"
    assert "agrees with people on 100% of 1 leaf " in (folder / "evaluation.html").read_text(encoding="utf-8")


def test_an_empty_folder_is_a_repository_too(discerned: Scripted, tmp_path: Path, folder: Path, rubric: Path) -> None:
    (tmp_path / "nothing").mkdir()
    found = judged(tmp_path / "nothing", folder, rubric=rubric, calibrate=True)
    assert found.scores[0].score is not None
    assert found.scores[0].score.mean == 1.0
    assert found.rubric is not None
    assert found.rubric.score == 0.0
    assert found.calibration is not None
    assert [each.control for each in found.calibration.missing] == ["empty", "config-only", "shuffled", "mutated"]
    assert "not created: the repository has no file" in (folder / "events.jsonl").read_text("utf-8")


def test_a_repeated_evaluation_makes_no_call(
    monkeypatch: pytest.MonkeyPatch, repository: Path, folder: Path, rubric: Path
) -> None:
    play(monkeypatch, judges())
    first = judged(repository, folder, rubric=rubric, calibrate=True)
    again = play(monkeypatch, judges(praising))
    second = judged(repository, folder, rubric=rubric, calibrate=True)
    assert again.requests == []
    assert second.model_copy(update={"costs": first.costs}) == first
    assert second.costs.calls == first.costs.calls


def test_more_samples_cost_only_the_new_ones(discerned: Scripted, repository: Path, folder: Path) -> None:
    judged(repository, folder, samples=2)
    judged(repository, folder, samples=5)
    assert calls_made(folder).total() == 5


def test_what_was_judged_before_a_stop_is_kept(monkeypatch: pytest.MonkeyPatch, repository: Path, folder: Path) -> None:
    def fails_once(request: Request) -> Any:
        if "2" in request.subject:
            raise ModelError("The provider is down.")
        return discerning(request)

    play(monkeypatch, judges(fails_once))
    with pytest.raises(ModelError, match="The provider is down"):
        judged(repository, folder)
    assert not (folder / "evaluation.json").exists()
    rest = play(monkeypatch, judges())
    assert judged(repository, folder).scores[0].samples == (discerning(rest.requests[0]),) * 2
    assert [request.subject for request in rest.requests] == ["sample 2"]


def test_the_cap_stops_it_and_keeps_what_was_paid(repository: Path, folder: Path) -> None:
    priced = f"{SIMULATED},price_in=10,price_out=10"
    expected = estimate_evaluation(repository, PAPER, Settings(model=priced), EvaluationOptions(samples=6))
    assert expected.cost_usd is not None
    with pytest.raises(CostCapReached, match="higher --max-cost to resume"):
        judged(repository, folder, Settings(model=priced, max_cost=expected.cost_usd, concurrency=1), samples=6)
    paid = calls_made(folder)
    assert 0 < paid.total() < 6
    found = judged(repository, folder, Settings(model=priced), samples=6)
    assert calls_made(folder).total() == found.costs.calls == 6
    assert len(found.scores[0].samples) == 6


def test_the_estimate_comes_before_the_first_call(discerned: Scripted, repository: Path, folder: Path) -> None:
    events: list[Event] = []
    settings = Settings(model=SIMULATED)
    asyncio.run(evaluate(repository, PAPER, folder, settings, EvaluationOptions(samples=2), [events.append]))
    kinds = [type(event) for event in events]
    assert kinds[:2] == [RunStarted, Forecast]
    assert kinds[-1] is RunEnded
    assert of_kind(events, CallReused) == []
    assert of_kind(events, Forecast)[0].message.startswith("Estimate: 2 calls to simulated:")


@pytest.mark.parametrize(
    ("wanted", "kind", "reason"),
    [
        ({"gold": Path("none")}, RunFolderError, "none is not a folder. Give the folder of the authors' repository"),
        ({"rubric": Path("none.json")}, ArtifactError, "none.json does not exist"),
        ({"judges": ("reference-based",)}, SettingsError, "Give its folder with --gold"),
        ({"labels": Path("none.json")}, SettingsError, "--labels needs a rubric"),
        ({"code_dev": True}, SettingsError, "--code-dev needs a rubric"),
        ({"judges": ()}, SettingsError, "There is nothing to evaluate"),
        ({"samples": 0}, SettingsError, "--samples must be at least 1"),
    ],
)
def test_invalid_options_are_rejected_before_anything_is_written(
    wanted: dict[str, Any], kind: type[PaperCoderError], reason: str, repository: Path, folder: Path
) -> None:
    with pytest.raises(kind, match=reason):
        judged(repository, folder, **wanted)
    assert not folder.exists()


def test_a_missing_repository_is_rejected(folder: Path) -> None:
    with pytest.raises(RunFolderError, match=r"none is not a folder\. Give the folder of the repository to judge"):
        judged(Path("none"), folder)


def test_an_authors_repository_with_nothing_to_read_is_refused(repository: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "gold").mkdir()
    with pytest.raises(RunFolderError, match="has no file that a judge can read"):
        judged(repository, folder, gold=tmp_path / "gold")


def test_a_rubric_without_code_has_no_code_dev(repository: Path, folder: Path, rubric: Path) -> None:
    rubric.write_text(RUBRIC.replace("Code Development", "Result Analysis"), encoding="utf-8")
    with pytest.raises(ArtifactError, match="has no Code Development leaf"):
        judged(repository, folder, rubric=rubric, code_dev=True)


def test_it_does_not_write_into_the_judged_repository(repository: Path) -> None:
    before = tree(repository)
    with pytest.raises(RunFolderError, match="Choose another folder with -o"):
        judged(repository, repository / "eval")
    assert tree(repository) == before


def test_the_leaf_s_answer_is_there_to_read(discerned: Scripted, repository: Path, folder: Path, rubric: Path) -> None:
    judged(repository, folder, judges=(), rubric=rubric)
    page = (folder / "evaluation.html").read_text(encoding="utf-8")
    assert MET.found.replace("`", "").split()[0] in page


PRICED = "simulated:price_in=2,price_out=8"


def estimate_of(repository: Path, model: str = PRICED, **wanted: object) -> Estimate:
    chosen = EvaluationOptions(**wanted)  # type: ignore[arg-type]
    return estimate_costs(read_subject(repository, PAPER, chosen), chosen, Settings(model=model))


@pytest.fixture
def test_samples_are_counted_for_the_repository_and_each_control(repository: Path) -> None:
    assert estimate_of(repository).calls == 8
    assert estimate_of(repository, samples=3).calls == 3
    assert estimate_of(repository, samples=3, calibrate=True).calls == 3 * (1 + 4)
    assert estimate_of(repository, samples=3, calibrate=True, gold=repository).calls == 3 * (1 + 5)


def test_each_judge_is_counted_and_the_authors_files_are_read_by_one(repository: Path) -> None:
    both: tuple[JudgeName, ...] = ("reference-free", "reference-based")
    one, two = estimate_of(repository), estimate_of(repository, judges=both, gold=repository)
    assert two.calls == 2 * one.calls
    assert two.prompt_tokens > 2 * one.prompt_tokens


def test_dollars_are_by_the_price(repository: Path) -> None:
    estimate = estimate_of(repository)
    assert estimate.cost_usd == pytest.approx((2 * estimate.prompt_tokens + 8 * estimate.completion_tokens) / 1e6)
    assert "8 calls to simulated" in estimate_text(estimate)


def test_a_price_that_is_not_known_is_not_guessed(repository: Path) -> None:
    estimate = estimate_of(repository, "openai:a-model-that-nobody-knows")
    assert estimate.cost_usd is None
    assert "price unknown" in estimate_text(estimate)


def test_a_repository_beyond_the_window_costs_a_choice_of_files_and_no_more_than_the_window(repository: Path) -> None:
    (repository / "large.py").write_text("x = 1 + 2\n" * 20_000, encoding="utf-8")
    estimate = estimate_of(repository, "simulated:context=30000", samples=2)
    assert estimate.calls == 2 + 1
    assert estimate.prompt_tokens < 3 * 30_000


def test_leaves_that_need_no_judge_are_not_counted(repository: Path, tmp_path: Path) -> None:
    rubric = tmp_path / "rubric.json"
    leaf = '{"id": "%s", "requirements": "It is so.", "weight": 1, "task_category": "%s"}'
    parts = ", ".join([leaf % ("a", "Code Development"), leaf % ("b", "Code Execution")])
    rubric.write_text(f'{{"id": "r", "requirements": "All.", "weight": 1, "sub_tasks": [{parts}]}}', encoding="utf-8")
    assert estimate_of(repository, judges=(), rubric=rubric).calls == 1
    controls = estimate_of(repository, judges=(), rubric=rubric, calibrate=True)
    assert controls.calls == 1 + 3, "config-only, shuffled and mutated; nobody is asked about an empty one"
