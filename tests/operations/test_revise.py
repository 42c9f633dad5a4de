"""Revision: a note, an edit or a new version of the paper; only what they change is made again."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts import CheckReport, ExperimentConfig
from papercoder.errors import RunFolderError, SettingsError
from papercoder.models.contract import Request
from papercoder.operations.edit import save
from papercoder.operations.generate import generate
from papercoder.operations.revise import (
    PlannedRevision,
    adopt_settings,
    apply_edits,
    apply_note,
    changed_files,
    cost_warning,
    load_design,
    planned_edits,
    repository_texts,
    settings_to_resume,
    source_to_resume,
)
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import ArtifactEdited, CallMade, Event, RunStarted
from papercoder.runs.summary import summarise
from papercoder.settings import Settings, recorded_settings
from papercoder.stages.amendment import AmendedRequirement, AmendedValue, Amendment
from tests.scripted import fenced, play, project
from tests.support import EXPERIMENTS_PY, MARKDOWN, MODEL_PY, Scripted, calls_made, git, history_of, of_kind

SETTINGS = Settings(sandbox="none", refine=0)
NOTE = "The learning rate was 0.07."
RATE = Amendment(
    requirements=(
        AmendedRequirement(
            id="R2", kind="training", statement="The learning rate is 0.07.", owner="tinyfit/experiments.py"
        ),
    ),
    values=(AmendedValue(key="training.learning_rate", value=0.07),),
)
BIAS = Amendment(
    requirements=(AmendedRequirement(id="R1", kind="method", statement="There is a bias.", owner="tinyfit/model.py"),)
)
BIASED_PY = MODEL_PY.replace("return w * x", "return w * x + 1.0")


def coding(request: Request) -> str:
    """Code that follows the requirements it is shown."""
    model = BIASED_PY if "There is a bias" in request.text else MODEL_PY
    main = EXPERIMENTS_PY.replace("rate = ", "learning_rate = rate = ") if "is 0.07" in request.text else EXPERIMENTS_PY
    return fenced(model if request.subject == "tinyfit/model.py" else main)


def implement(request: Request) -> str:
    """Edits that follow the requirements it is shown."""
    if "There is a bias" in request.text:
        return edit("tinyfit/model.py", "    return w * x\n", "    return w * x + 1.0\n")
    line = '    rate = config["training"]["learning_rate"]  # R2: learning rate\n'
    return edit("tinyfit/experiments.py", line, line.replace("rate = ", "learning_rate = rate = "))


def edit(path: str, search: str, replace: str) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


@pytest.fixture(autouse=True)
def nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking takes seconds; what it finds has tests of its own."""
    for room in ("pipeline.rounds", "pipeline.pipeline"):
        monkeypatch.setattr(f"papercoder.{room}.check", lambda _: CheckReport(files=2, checks=()))


class Done:
    """A finished run, and what happens in it from then on."""

    def __init__(self, folder: Path, paper: Path, model: Scripted) -> None:
        self.folder, self.paper, self.model = folder, paper, model
        self.events: list[Event] = []
        self.run()
        self.before = calls_made(folder)
        self.tree = repository_texts(folder)

    def run(self, paper: Path | None = None) -> None:
        self.events.clear()
        asyncio.run(generate(str(paper or self.paper), self.folder, SETTINGS, [self.events.append]))

    def go_on(self) -> None:
        """As `papercoder revise` and the page do."""
        self.events.clear()
        asyncio.run(generate(source_to_resume(self.folder), self.folder, SETTINGS, [self.events.append]))

    def amend(self, note: str = NOTE) -> str:
        """Apply a note; returns what it changes."""
        shown: list[PlannedRevision] = []

        def confirm(revision: PlannedRevision) -> bool:
            shown.append(revision)
            return True

        asyncio.run(apply_note(self.folder, note, SETTINGS, confirm=confirm))
        return shown[0].diff if shown else ""

    @property
    def asked(self) -> Counter[tuple[str, str]]:
        """What was asked since."""
        return calls_made(self.folder) - self.before

    def asked_of(self, *agents: str) -> set[tuple[str, str]]:
        return {(agent, subject) for agent, subject in self.asked if agent in agents}

    def config(self) -> dict[str, object]:
        return {value.key: value.value for value in load_design(self.folder).config.values}


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, paper_file: Path, tmp_path: Path) -> Callable[..., Done]:
    def make(*amendments: Amendment) -> Done:
        model = play(monkeypatch, project(coding=coding, amend=list(amendments), implement=implement))
        return Done(tmp_path / "run", paper_file, model)

    return make


def test_a_note_about_a_setting_is_shown_as_a_diff(done: Callable[..., Done]) -> None:
    shown = done(RATE).amend().splitlines()
    assert "-- R2 (training, stated): The learning rate is 0.05. [3¶1] “a learning rate of 0.05”" in shown
    assert "+- R2 (training, stated): The learning rate is 0.07. [3¶1] “a learning rate of 0.05”" in shown
    assert "-  learning_rate: 0.05  # R2" in shown
    assert "+  learning_rate: 0.07  # R2" in shown
    assert not [line for line in shown if "R1" in line]


def test_a_note_costs_edits_and_a_review_of_what_it_changes(done: Callable[..., Done]) -> None:
    run = done(RATE)
    run.amend()
    run.run()
    assert run.asked == Counter({("amend", ""): 1, ("implement", ""): 1, ("review", "tinyfit/experiments.py"): 1})
    assert "learning_rate: 0.07" in (run.folder / "repo" / "config.yaml").read_text(encoding="utf-8")
    assert "learning_rate = rate" in (run.folder / "repo" / "tinyfit/experiments.py").read_text(encoding="utf-8")
    assert of_kind(run.events, ArtifactEdited) == []


def test_everything_else_stays_byte_for_byte(done: Callable[..., Done]) -> None:
    run = done(BIAS)
    run.amend("There is a bias.")
    run.run()
    now = repository_texts(run.folder)
    assert {path for path in now if now[path] != run.tree.get(path)} == {
        "TRACEABILITY.json",
        "TRACEABILITY.md",
        "tinyfit/model.py",
    }
    assert run.asked_of("analysis", "coding", "property_tests") == set()


def test_a_run_that_was_stopped_after_the_note_completes_the_change(done: Callable[..., Done]) -> None:
    run = done(BIAS, RATE)
    run.amend("There is a bias.")
    run.amend()
    run.run()
    texts = repository_texts(run.folder)
    assert "w * x + 1.0" in texts["tinyfit/model.py"]
    assert "learning_rate = rate" in texts["tinyfit/experiments.py"]
    assert not (run.folder / "pending_change.json").exists()
    assert run.asked_of("analysis", "coding", "property_tests") == set()


def test_after_a_note_edits_are_followed_as_always(done: Callable[..., Done]) -> None:
    run = done(RATE)
    run.amend()
    run.run()
    before = calls_made(run.folder)
    (run.folder / "analysis" / "tinyfit/experiments.py.md").write_text("# mine\n", encoding="utf-8")
    run.run()
    assert set(calls_made(run.folder) - before) == {("coding", "tinyfit/experiments.py")}


def with_bias(folder: Path) -> str:
    """The requirements with another reading of the first."""
    requirements = load_design(folder).requirements
    first = requirements.items[0].model_copy(update={"statement": "There is a bias."})
    return requirements.model_copy(update={"items": (first, *requirements.items[1:])}).model_dump_json()


def test_an_edited_requirement_changes_the_present_code(done: Callable[..., Done]) -> None:
    run = done()
    texts = {"planning/requirements.json": with_bias(run.folder)}
    planned = planned_edits(run.folder, texts, SETTINGS)
    assert planned
    assert "tinyfit/model.py" in planned.files
    asyncio.run(apply_edits(run.folder, texts, SETTINGS))
    run.go_on()
    assert run.asked == Counter({("implement", ""): 1, ("review", "tinyfit/model.py"): 1})
    now = repository_texts(run.folder)
    assert "w * x + 1.0" in now["tinyfit/model.py"]
    assert now["tinyfit/experiments.py"] == run.tree["tinyfit/experiments.py"]
    assert "There is a bias." in (run.folder / "planning" / "requirements.json").read_text(encoding="utf-8")


def test_an_edit_that_is_saved_already_changes_the_present_code(done: Callable[..., Done]) -> None:
    run = done()
    name = "planning/requirements.json"
    save(run.folder, name, (run.folder / name).read_text(encoding="utf-8"), with_bias(run.folder))
    texts = {name: (run.folder / name).read_text(encoding="utf-8")}
    planned = planned_edits(run.folder, texts, SETTINGS)
    assert planned
    assert "tinyfit/model.py" in planned.files
    asyncio.run(apply_edits(run.folder, texts, SETTINGS))
    run.go_on()
    assert run.asked == Counter({("implement", ""): 1, ("review", "tinyfit/model.py"): 1})


def test_a_number_is_used_and_nothing_is_made_again(done: Callable[..., Done]) -> None:
    run = done()
    config = load_design(run.folder).config
    values = [each.model_copy(update={"value": 41}) if each.value == 40 else each for each in config.values]
    text = config.model_copy(update={"values": tuple(values)}).model_dump_json()
    asyncio.run(adopt_settings(run.folder, {"planning/config.json": text}))
    run.go_on()
    assert not run.asked
    now = repository_texts(run.folder)
    changed = {path for path in now if now[path] != run.tree[path]}
    assert "epochs: 41" in now["config.yaml"]
    assert changed <= {"config.yaml", "README.md"}


def test_requirements_that_come_or_go_need_a_new_plan(done: Callable[..., Done]) -> None:
    run = done()
    fewer = load_design(run.folder).requirements.model_copy(
        update={"items": load_design(run.folder).requirements.items[1:]}
    )
    assert planned_edits(run.folder, {"planning/requirements.json": fewer.model_dump_json()}, SETTINGS) is None
    assert planned_edits(run.folder, {"planning/plan.json": "{}"}, SETTINGS) is None


def test_a_note_that_is_not_confirmed_changes_nothing(done: Callable[..., Done]) -> None:
    run = done(RATE)
    assert not asyncio.run(apply_note(run.folder, NOTE, SETTINGS, confirm=lambda _: False))
    run.run()
    assert set(run.asked) == {("amend", "")}
    assert run.config()["training.learning_rate"] == 0.05


def test_remade_files_are_reported(done: Callable[..., Done]) -> None:
    run = done(BIAS)
    run.amend("There is a bias.")
    run.run()
    changed = changed_files(run.tree, repository_texts(run.folder)).splitlines()
    assert "tinyfit/model.py: 1 lines added, 1 removed" in changed
    assert not [line for line in changed if line.startswith(("tinyfit/experiments.py", "config"))]
    assert changed_files(run.tree, run.tree) == "No file changed."
    assert changed_files({"a.py": "x\n"}, {}) == "a.py: 0 lines added, 1 removed"


def test_a_note_stays_in_use_and_costs_nothing_again(done: Callable[..., Done]) -> None:
    run = done(RATE)
    run.amend()
    run.run()
    asked, history = calls_made(run.folder), history_of(run.folder / "repo")
    run.run()
    assert calls_made(run.folder) == asked
    assert history_of(run.folder / "repo") == history
    assert run.config()["training.learning_rate"] == 0.07
    assert (run.folder / "notes" / "1.md").read_text(encoding="utf-8") == f"{NOTE}\n"


def test_notes_add_up(done: Callable[..., Done]) -> None:
    run = done(RATE, BIAS)
    run.amend()
    run.amend("There is a bias.")
    run.run()
    statements = [item.statement for item in load_design(run.folder).requirements.items]
    assert statements == ["There is a bias.", "The learning rate is 0.07."]
    evidence = [[quote.anchor for quote in item.evidence] for item in load_design(run.folder).requirements.items]
    assert evidence == [["note:2"], ["note:1"]]


def test_a_note_that_changes_nothing_leaves_all_as_it_is(done: Callable[..., Done]) -> None:
    run = done(Amendment())
    assert run.amend("Nice weather.") == ""
    run.run()
    assert set(run.asked) == {("amend", "")}
    assert not list((run.folder / "notes").glob("*.md"))
    assert of_kind(run.events, ArtifactEdited) == []


def test_a_changed_number_regenerates_no_code(done: Callable[..., Done]) -> None:
    run = done()
    file = run.folder / "planning" / "config.json"
    config = ExperimentConfig.model_validate_json(file.read_text(encoding="utf-8"))
    values = [value.model_copy(update={"value": 0.1} if value.key.endswith("rate") else {}) for value in config.values]
    file.write_text(ExperimentConfig(values=tuple(values)).model_dump_json(), encoding="utf-8")
    run.run()
    assert run.asked_of("analysis", "coding", "property_tests") == set()
    assert "learning_rate: 0.1" in (run.folder / "repo" / "config.yaml").read_text(encoding="utf-8")
    assert changed_files(run.tree, repository_texts(run.folder)).splitlines() == [
        "config.smoke.yaml: 1 lines added, 1 removed",
        "config.yaml: 1 lines added, 1 removed",
    ]


def test_an_edited_number_in_the_repository_regenerates_no_code(done: Callable[..., Done]) -> None:
    run = done()
    file = run.folder / "repo" / "config.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("0.05", "0.1"), encoding="utf-8")
    run.run()
    assert run.asked_of("analysis", "coding", "property_tests") == set()
    assert "0.1" in git(run.folder / "repo", "show", "HEAD:config.yaml")


def test_an_edited_analysis_changes_its_file_alone(done: Callable[..., Done]) -> None:
    run = done()
    (run.folder / "analysis" / "tinyfit/experiments.py.md").write_text("# mine\n", encoding="utf-8")
    run.run()
    assert set(run.asked) == {("coding", "tinyfit/experiments.py")}
    assert [event.artifact for event in of_kind(run.events, ArtifactEdited)] == ["analysis/tinyfit/experiments.py.md"]


def test_a_new_version_of_the_paper_is_read(done: Callable[..., Done], tmp_path: Path) -> None:
    run = done()
    second = tmp_path / "second.md"
    second.write_text(MARKDOWN + "\nAll runs take a minute.\n", encoding="utf-8")
    run.run(second)
    assert ("overall_plan", "") in run.asked
    assert source_to_resume(run.folder) == str(second)


def test_a_run_is_resumed_from_any_folder(
    done: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = done()
    monkeypatch.chdir(run.paper.parent)
    run.run(Path(run.paper.name))
    assert source_to_resume(run.folder) == str(run.paper)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    Path(run.paper.name).write_text("# Another paper\n", encoding="utf-8")
    run.go_on()
    assert not run.asked


def test_a_run_whose_paper_is_gone_uses_its_copy(done: Callable[..., Done]) -> None:
    run = done()
    run.paper.unlink()
    assert source_to_resume(run.folder) is None
    (run.folder / "analysis" / "tinyfit/experiments.py.md").write_text("# mine\n", encoding="utf-8")
    run.go_on()
    assert set(run.asked) == {("coding", "tinyfit/experiments.py")}
    assert summarise(read_events(run.folder)).paper == str(run.paper)
    edited = (run.folder / "paper.json").read_text(encoding="utf-8").replace("Tiny", "Small")
    (run.folder / "paper.json").write_text(edited, encoding="utf-8")
    run.go_on()
    assert ("overall_plan", "") in run.asked
    assert "paper.json" in [event.artifact for event in of_kind(run.events, ArtifactEdited)]
    (run.folder / "paper.json").unlink()
    assert source_to_resume(run.folder) == str(run.paper)


@pytest.mark.parametrize("named", ["paper.md", "1706.03762", "https://arxiv.org/abs/1706.03762"])
def test_what_may_be_another_paper_by_now_is_not_read_again(tmp_path: Path, named: str) -> None:
    EventLog(tmp_path)(RunStarted(paper=named, models={}, profile="full"))
    Path("paper.md").write_text(MARKDOWN, encoding="utf-8")
    assert source_to_resume(tmp_path) == named
    (tmp_path / "paper.json").write_text("{}", encoding="utf-8")
    assert source_to_resume(tmp_path) is None


def test_a_run_that_has_not_planned_cannot_be_amended(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"has no planning/plan.json yet"):
        asyncio.run(apply_note(tmp_path / "run", NOTE, Settings(model="simulated:files=3")))
    with pytest.raises(RunFolderError, match="is not a run folder"):
        source_to_resume(tmp_path / "none")


def test_settings_are_those_that_the_run_was_started_with(done: Callable[..., Done]) -> None:
    run = done()
    settings = settings_to_resume(run.folder, {"max_cost": 2.0, "sandbox": None})
    assert (settings.refine, settings.sandbox, settings.max_cost) == (0, "none", 2.0)
    assert set(settings.models.values()) == {"scripted:test"}


def test_what_is_given_now_wins(done: Callable[..., Done]) -> None:
    run = done()
    assert settings_to_resume(run.folder, {"sandbox": "auto"}).sandbox == "auto"
    settings = settings_to_resume(run.folder, {"models": {"coding": "openai:x"}})
    assert (settings.model_for("coding"), settings.model_for("review")) == ("openai:x", "scripted:test")
    assert settings_to_resume(run.folder, {"model": "openai:x"}).model_for("review") == "openai:x"
    with pytest.raises(SettingsError):
        settings_to_resume(run.folder, {"sandbox": "elsewhere"})


def started(folder: Path, settings: Settings, cost: float = 0.0) -> Path:
    """A run of these settings that has cost this much."""
    folder.mkdir()
    call = CallMade(agent="a", subject="", model="m", prompt=1, cached=0, completion=1, cost_usd=cost, seconds=1.0)
    emit = EventLog(folder)
    emit(RunStarted(paper="p.pdf", models={"coding": "vllm:x"}, profile="full", settings=recorded_settings(settings)))
    emit(call)
    return folder


PRICED = Settings(max_cost=2.0, price_prompt=1.0, price_completion=4.0, max_tokens=9_000)


def test_a_cap_and_what_it_binds_by_are_remembered(tmp_path: Path) -> None:
    run = started(tmp_path / "run", PRICED)
    settings = settings_to_resume(run, {"max_cost": None})
    assert (settings.max_cost, settings.price_prompt, settings.price_completion) == (2.0, 1.0, 4.0)
    assert settings.max_tokens == 9_000
    assert settings_to_resume(run, {"max_cost": 3.0}).max_cost == 3.0
    assert settings_to_resume(run, {"max_cost": float("inf")}).max_cost == float("inf")


def test_prices_of_one_model_are_not_those_of_another(tmp_path: Path) -> None:
    settings = settings_to_resume(started(tmp_path / "run", PRICED), {"model": "openai:x"})
    assert (settings.max_cost, settings.price_prompt, settings.price_completion) == (2.0, None, None)


def test_the_environment_sets_an_unset_cost_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started(tmp_path / "run", Settings())
    monkeypatch.setenv("PAPERCODER_MAX_COST", "5")
    monkeypatch.setenv("PAPERCODER_MAX_TOKENS", "32000")
    settings = settings_to_resume(run, {})
    assert (settings.max_cost, settings.max_tokens) == (5.0, 32_000)


@pytest.mark.parametrize(("cost", "is_reported"), [(0.0, False), (1.99, False), (2.0, True), (2.5, True)])
def test_a_spent_cost_limit_is_reported(tmp_path: Path, cost: float, is_reported: bool) -> None:
    run = started(tmp_path / "run", PRICED, cost)
    warning = cost_warning(run, settings_to_resume(run, {}))
    assert bool(warning) == is_reported
    assert not is_reported or warning.startswith(f"The run has cost ${cost:.4f} of its limit of $2,")
    assert cost_warning(run, settings_to_resume(run, {"max_cost": 3.0})) == ""
    assert cost_warning(run, Settings()) == ""


def test_whether_code_may_use_gpus_is_remembered(tmp_path: Path) -> None:
    run = started(tmp_path / "run", Settings(gpu=True))
    assert settings_to_resume(run, {"gpu": None}).gpu
    assert not settings_to_resume(started(tmp_path / "older", Settings()), {}).gpu
