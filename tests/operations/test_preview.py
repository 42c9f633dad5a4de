"""The preview of an edit: what it says is made again is what is made again then."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts import CheckReport, OverallPlan
from papercoder.errors import ArtifactError, RunFolderError
from papercoder.operations.edit import save
from papercoder.operations.generate import generate
from papercoder.operations.preview import Preview, artifact_states, generated_text, preview, preview_settings
from papercoder.operations.revise import load_design, settings_to_resume
from papercoder.runs.events import ArtifactMade, Event
from papercoder.settings import Settings
from tests.scripted import executing, play, project
from tests.support import MODEL_PY, PLAN, Scripted, of_kind, tree

SETTINGS = Settings(sandbox="none", refine=0)


@pytest.fixture(autouse=True)
def nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking takes seconds; what it finds has tests of its own."""
    for room in ("pipeline.rounds", "pipeline.pipeline"):
        monkeypatch.setattr(f"papercoder.{room}.check", lambda _: CheckReport(files=2, checks=()))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    return play(monkeypatch, project())


@pytest.fixture
def run(model: Scripted, paper_file: Path, tmp_path: Path) -> Path:
    """A finished run."""
    again(tmp_path / "run", paper_file)
    return tmp_path / "run"


def again(folder: Path, paper: Path, settings: Settings = SETTINGS) -> set[str]:
    """Run on; returns what was made."""
    events: list[Event] = []
    asyncio.run(generate(str(paper), folder, settings, [events.append]))
    return {event.artifact for event in of_kind(events, ArtifactMade)}


def foresee(folder: Path, **edits: str | None) -> Preview:
    return asyncio.run(preview(folder, edits))


def names(remade: Preview) -> tuple[set[str], set[str]]:
    return {each.artifact for each in remade.certain}, {each.artifact for each in remade.possible}


def text(folder: Path, artifact: str) -> str:
    return (folder / artifact).read_text(encoding="utf-8")


def with_statement(folder: Path) -> str:
    """The requirements, the first of them said otherwise."""
    requirements = load_design(folder).requirements
    first = requirements.items[0].model_copy(update={"statement": "There is a bias."})
    return requirements.model_copy(update={"items": (first, *requirements.items[1:])}).model_dump_json()


def with_epochs(folder: Path) -> str:
    """The configuration, with another number in it."""
    config = load_design(folder).config
    values = tuple(
        value.model_copy(update={"value": 41}) if value.key == "training.epochs" else value for value in config.values
    )
    return config.model_copy(update={"values": values}).model_dump_json()


EDITS: dict[str, tuple[str, Callable[[Path], str]]] = {
    "analysis": (
        "analysis/tinyfit/model.py.md",
        lambda run: text(run, "analysis/tinyfit/model.py.md") + "\nThere is a bias.\n",
    ),
    "code": ("repo/tinyfit/model.py", lambda run: text(run, "repo/tinyfit/model.py") + "\nBIAS = 1.0\n"),
    "plan": ("planning/plan.json", lambda _: PLAN.model_copy(update={"data": "Other points."}).model_dump_json()),
    "statement": ("planning/requirements.json", with_statement),
    "value": ("planning/config.json", with_epochs),
    "settings": ("repo/config.yaml", lambda run: text(run, "repo/config.yaml").replace("40", "41")),
    "same": ("analysis/tinyfit/model.py.md", lambda run: text(run, "analysis/tinyfit/model.py.md")),
}


@pytest.mark.slow
@pytest.mark.parametrize("which", EDITS)
def test_what_is_foreseen_is_what_is_made(run: Path, paper_file: Path, which: str) -> None:
    artifact, edited = EDITS[which]
    foreseen, _ = names(foresee(run, **{artifact: edited(run)}))
    (run / artifact).write_text(edited(run), encoding="utf-8")
    assert again(run, paper_file) == foreseen  # the model answers as before, so nothing follows


def test_an_analysis_makes_its_file_again_and_its_review_and_tests_may_follow(run: Path) -> None:
    made, follow = names(foresee(run, **{"analysis/tinyfit/model.py.md": "There is a bias.\n"}))
    assert made == {"repo/tinyfit/model.py"}
    assert {"review/tinyfit/model.py.json", "repo/tests/test_tinyfit_model.py"} <= follow
    assert "repo/tinyfit/experiments.py" not in follow
    assert not [name for name in follow if name.startswith(("planning/", "analysis/"))]


def test_in_layers_what_imports_a_file_may_follow_too(model: Scripted, paper_file: Path, tmp_path: Path) -> None:
    again(tmp_path / "run", paper_file, SETTINGS.model_copy(update={"coding": "layered"}))
    made, follow = names(foresee(tmp_path / "run", **{"analysis/tinyfit/model.py.md": "There is a bias.\n"}))
    assert made == {"repo/tinyfit/model.py"}
    assert "repo/tinyfit/experiments.py" in follow


def test_what_follows_when_the_code_comes_out_otherwise(
    run: Path, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = {"analysis/tinyfit/model.py.md": "There is a bias.\n"}
    made, follow = names(foresee(run, **edit))
    play(monkeypatch, project(coding=lambda request: f"```python\n{MODEL_PY}# of {request.subject}, again\n```\n"))
    (run / "analysis/tinyfit/model.py.md").write_text(edit["analysis/tinyfit/model.py.md"], encoding="utf-8")
    assert made <= again(run, paper_file) <= made | follow


@pytest.mark.slow
def test_a_number_of_the_configuration_writes_no_code(run: Path) -> None:
    foreseen = foresee(run, **{"planning/config.json": with_epochs(run)})
    made, _ = names(foreseen)
    assert not [name for name in made if name.startswith(("repo/", "analysis/"))]
    assert foreseen.rewritten == ("repo/config.yaml",)


@pytest.mark.slow
def test_a_number_needs_trials_alone_and_a_statement_edits_of_the_code(run: Path) -> None:
    (run / "repo" / "trials.py").touch()
    number = foresee(run, **{"planning/config.json": with_epochs(run)})
    assert number.trials_suffice
    assert foresee(run, **{"repo/config.yaml": text(run, "repo/config.yaml").replace("40", "41")}).trials_suffice
    assert not foresee(run, **{"repo/config.yaml": text(run, "repo/config.yaml") + "other: 1\n"}).trials_suffice
    statement = foresee(run, **{"planning/requirements.json": with_statement(run)})
    assert "completion tokens" in statement.code_edits
    assert not statement.trials_suffice
    save(
        run,
        "planning/plan.json",
        text(run, "planning/plan.json"),
        PLAN.model_copy(update={"data": "O."}).model_dump_json(),
    )
    assert not foresee(run, **{"planning/config.json": with_epochs(run)}).trials_suffice  # the plan must be made


def test_other_settings_say_what_they_make_again(run: Path) -> None:
    assert asyncio.run(preview_settings(run, settings_to_resume(run, {}))) == ()
    other = asyncio.run(preview_settings(run, settings_to_resume(run, {"model": "openai:gpt-6-luna"})))
    assert {"planning/plan.json", "repo/tinyfit/model.py"} <= {each.artifact for each in other}
    coding = asyncio.run(preview_settings(run, settings_to_resume(run, {"models": {"coding": "openai:gpt-6-luna"}})))
    assert {each.artifact for each in coding} >= {"repo/tinyfit/model.py"}
    assert "planning/plan.json" not in {each.artifact for each in coding}


def test_a_statement_makes_the_owner_again_and_not_the_other(run: Path) -> None:
    made, _ = names(foresee(run, **{"planning/requirements.json": with_statement(run)}))
    assert {"analysis/tinyfit/model.py.md", "repo/tinyfit/model.py", "review/tinyfit/model.py.json"} <= made
    assert not made & {"analysis/tinyfit/experiments.py.md", "repo/tinyfit/experiments.py"}


def test_nothing_is_asked_and_nothing_is_written(run: Path, model: Scripted) -> None:
    before, asked = tree(run), len(model.requests)
    foresee(run, **{"planning/plan.json": PLAN.model_copy(update={"data": "Other."}).model_dump_json()})
    assert tree(run) == before
    assert len(model.requests) == asked


def test_each_has_its_price_of_the_last_time(run: Path) -> None:
    foreseen = foresee(run, **{"analysis/tinyfit/model.py.md": "There is a bias.\n"})
    (remade,) = foreseen.certain
    assert remade.agents == ("coding",)
    assert remade.is_cost_known
    assert not remade.is_pending
    assert remade.cost.calls == 1
    assert foreseen.max_cost.calls == 1 + len(foreseen.possible)


def test_an_invalid_edit_is_one_sentence(run: Path) -> None:
    with pytest.raises(ArtifactError, match=r"planning/plan\.json was edited and is not valid: summary"):
        foresee(run, **{"planning/plan.json": "{}"})
    with pytest.raises(ArtifactError, match=r"paper\.json was edited"):
        foresee(run, **{"paper.json": "no paper"})


def test_a_damaged_file_can_be_replaced(run: Path) -> None:
    good = text(run, "planning/plan.json")
    (run / "planning/plan.json").write_text("{}", encoding="utf-8")
    foreseen = foresee(run, **{"planning/plan.json": good})
    assert foreseen.certain == ()
    assert foreseen.error == ""


@pytest.mark.parametrize("name", ["review/verdicts.json", "events.jsonl", "repo/nothing.py"])
def test_what_nothing_reads_is_not_edited(run: Path, name: str) -> None:
    with pytest.raises(RunFolderError, match="does not read"):
        foresee(run, **{name: "{}"})


@pytest.mark.parametrize("text", ["{}", None])
def test_no_file_outside_is_touched_to_foresee_an_edit(run: Path, tmp_path: Path, text: str | None) -> None:
    other = tmp_path / "other.md"
    other.write_text("Not of this run.", encoding="utf-8")
    for name in (str(other), f"../../../../../..{other}", "repo/../../elsewhere"):
        with pytest.raises(RunFolderError, match="leads out of the folder"):
            foresee(run, **{name: text})
    assert other.read_text(encoding="utf-8") == "Not of this run."
    assert not (Path(tempfile.gettempdir()) / "elsewhere").exists()


def test_execution_is_said_to_be_run_again(
    model: Scripted, paper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed = executing(monkeypatch, lambda _: None)
    again(tmp_path / "run", paper_file, Settings(sandbox="subprocess", refine=0))
    foreseen = foresee(tmp_path / "run", **{"repo/config.yaml": "seed: 7\n"})
    assert "execution/0.json" in names(foreseen)[0]
    assert len(executed) == 1


def test_an_edit_can_be_taken_back(run: Path, paper_file: Path) -> None:
    made = text(run, "planning/plan.json")
    other = OverallPlan.model_validate_json(made).model_copy(update={"data": "Other points."}).model_dump_json()
    (run / "planning/plan.json").write_text(other, encoding="utf-8")
    again(run, paper_file)
    assert asyncio.run(artifact_states(run))["planning/plan.json"] == "edited"
    assert asyncio.run(generated_text(run, "planning/plan.json")) == made
    assert foresee(run, **{"planning/plan.json": None}).certain == ()  # it was all made before


def test_whose_each_artifact_is(run: Path) -> None:
    (run / "analysis/tinyfit/experiments.py.md").write_text("Mine.\n", encoding="utf-8")
    (run / "planning/requirements.json").write_text(
        with_statement(run).replace("The learning rate is 0.05.", "The rate is 0.05."), encoding="utf-8"
    )
    kept = asyncio.run(artifact_states(run))
    assert kept["analysis/tinyfit/experiments.py.md"] == "stale"
    assert kept["planning/requirements.json"] == "edited"
    assert kept["repo/tinyfit/model.py"] == "generated"
    assert next(iter(kept)) == "paper.json"


def test_a_run_that_did_not_come_to_its_end(
    run: Path, paper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run / "planning/logic.json").unlink()
    for kept in (run / ".store/steps").glob("step-*"):
        if '"shared_knowledge' in kept.read_text(encoding="utf-8").replace("\\", ""):
            kept.unlink()
    foreseen = foresee(run, **{"planning/plan.json": PLAN.model_copy(update={"data": "Other."}).model_dump_json()})
    assert "planning/logic.json" in names(foreseen)[0]
    assert next(each for each in foreseen.certain if each.artifact == "planning/logic.json").is_pending
    assert foreseen.error == "planning/logic.json has not been made yet."
