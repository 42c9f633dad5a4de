"""The line cut short: whom each profile asks, what its coders read, and a repository that stands on its own."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

import pytest

from papercoder.artifacts import Artifact, CheckReport, ExperimentConfig, Repository
from papercoder.errors import ArtifactError
from papercoder.models.contract import Request
from papercoder.operations.generate import PROFILES, generate
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, Emit, Event, RunEnded
from papercoder.settings import Profile, Settings
from papercoder.stages.checking import check
from tests.scripted import block, executing, fenced, play, project, verdict
from tests.support import (
    EXPERIMENTS_PY,
    LOGIC,
    MAIN_PY,
    MODEL_PY,
    PLAN,
    SIMULATED,
    Scripted,
    architecture,
    calls_made,
    cancel_at,
    history_of,
    of_kind,
    setting,
    tree,
)

PLANNED = ["overall_plan", "architecture", "logic", "config"]
CUT: dict[Profile, list[str]] = {
    "paper": ["whole"],
    "plan": ["overall_plan", "whole"],
    "architecture": ["overall_plan", "architecture", "coding_listed", "coding_listed"],
    "logic": ["overall_plan", "architecture", "logic", "coding_designed", "coding_designed"],
    "config": [*PLANNED, "coding_designed", "coding_designed"],
    "analysis": [*PLANNED, "analysis", "analysis", "coding", "coding"],
}
"""Profile -> the agents that it asks about the tiny paper, in order."""

BARE: tuple[Profile, ...] = ("paper", "plan", "architecture", "logic")
BARE_SOURCES = {"model.py": MODEL_PY, "main.py": MAIN_PY}
SOURCES = {**BARE_SOURCES, "tinyfit/model.py": MODEL_PY, "tinyfit/experiments.py": EXPERIMENTS_PY}
WHOLE = "\n".join(f"{path}\n````python\n{text}````\n" for path, text in BARE_SOURCES.items())
NO_CONFIG = "This repository has no configuration files"


def designed(full: Artifact) -> Callable[[Request], str]:
    """The design, with its paths in the root if the repository has no package."""

    def answer(request: Request) -> str:
        text = full.model_dump_json()
        if NO_CONFIG not in request.system:
            return text
        return text.replace("tinyfit/experiments.py", "main.py").replace("tinyfit/", "")

    return answer


def code(request: Request) -> str:
    return fenced(SOURCES[request.subject])


def analysis(request: Request) -> str:
    return f"# {request.subject}\n\nANALYSED, see [3].\n"


CONFIG = ExperimentConfig(values=(setting("data.synthetic", value=False), setting("training.learning_rate", 0.05)))
ANSWERS = project(
    architecture=designed(architecture(model=(), experiments=())),
    logic=designed(LOGIC),
    config=CONFIG,
    whole=WHOLE,
    coding_listed=code,
    coding_designed=code,
    analysis=analysis,
)

Line = Callable[..., Repository]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Gives the tiny project to every line."""
    return play(monkeypatch, ANSWERS)


@pytest.fixture
def line(paper_file: Path) -> Line:
    """Runs a profile in a folder."""

    def run(folder: Path, profile: Profile, **settings: object) -> Repository:
        chosen = Settings.model_validate({"refine": 0, "profile": profile, **settings})
        return asyncio.run(generate(paper_file, folder, chosen))

    return run


def texts(repository: Repository) -> dict[str, str]:
    return {file.path: file.text for file in repository.files}


def test_every_profile_has_its_line() -> None:
    assert tuple(PROFILES) == get_args(Profile)
    assert PROFILES["analysis"] is PROFILES["papercoder"]
    assert PROFILES["repair"] is PROFILES["full"]


@pytest.mark.parametrize("profile", CUT)
def test_a_line_asks_the_agents_of_its_steps_and_no_other(
    line: Line, model: Scripted, tmp_path: Path, profile: Profile
) -> None:
    line(tmp_path, profile)
    assert [request.agent for request in model.requests] == CUT[profile]
    assert not [request for request in model.requests if request.round]


SHOWN = {
    "plan": PLAN.training,
    "architecture": "# The architecture",
    "written": "# Files that are written already",
    "logic": "The file's logic design:",
    "config": "# The configuration",
    "no config": NO_CONFIG,
    "analysis": "ANALYSED",
}
"""What may be shown -> words that are there only then."""

READS: dict[Profile, set[str]] = {
    "paper": {"no config"},
    "plan": {"no config", "plan"},
    "architecture": {"no config", "plan", "architecture", "written"},
    "logic": {"no config", "plan", "logic"},
    "config": {"plan", "logic", "config"},
    "analysis": {"logic", "config", "analysis"},
}


@pytest.mark.parametrize("profile", CUT)
def test_who_writes_reads_what_the_steps_before_made_and_nothing_else(
    line: Line, model: Scripted, tmp_path: Path, profile: Profile
) -> None:
    line(tmp_path, profile)
    last = model.requests[-1]
    assert {what for what, words in SHOWN.items() if words in last.text} == READS[profile]
    assert "learning rate of 0.05" in last.text
    assert (MODEL_PY in last.text) == (profile not in {"paper", "plan"})


def test_a_file_is_given_those_listed_before_it(line: Line, model: Scripted, tmp_path: Path) -> None:
    line(tmp_path, "architecture")
    first, second = model.of("coding_listed")
    assert (first.subject, second.subject) == ("model.py", "main.py")
    assert MODEL_PY not in first.text
    assert "The purpose of the file: Holds experiments." in second.text


@pytest.mark.parametrize("profile", CUT)
def test_every_line_ends_with_what_is_needed_to_run_it(line: Line, tmp_path: Path, profile: Profile) -> None:
    repository = line(tmp_path, profile, model=SIMULATED)
    assert texts(repository) == {path: text.decode() for path, text in tree(tmp_path / "repo").items()}
    assert {"main.py", "README.md", "requirements.txt", "reproduce.sh", ".gitignore"} <= set(texts(repository))
    assert ("config.yaml" in texts(repository)) == (profile not in BARE)
    assert not [path for path in texts(repository) if path.startswith("TRACEABILITY")]
    assert (repository.traceability.traces, repository.verdicts, repository.execution) == ((), None, None)
    assert check(tmp_path / "repo").errors == ()
    (end,) = of_kind(read_events(tmp_path), RunEnded)
    assert end.status == "complete"


@pytest.mark.parametrize("profile", ["paper", "logic", "config"])
@pytest.mark.parametrize("arguments", [(), ("--smoke",)])
def test_what_a_line_writes_can_be_reproduced(
    line: Line, tmp_path: Path, profile: Profile, arguments: tuple[str, ...]
) -> None:
    line(tmp_path, profile, model=SIMULATED)
    script, environment = tmp_path / "repo" / "reproduce.sh", {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable}
    subprocess.run([script, *arguments], env=environment, check=True, capture_output=True)
    folder = "results/smoke" if profile not in BARE and arguments else ""
    row, *_ = json.loads((tmp_path / "repo" / folder / "results.json").read_text())["results"]
    assert row["experiment"] == "simulated"


@pytest.mark.parametrize("profile", CUT)
def test_a_second_run_makes_no_calls_and_no_commits(line: Line, tmp_path: Path, profile: Profile) -> None:
    line(tmp_path, profile, model=SIMULATED)
    asked, files, history = calls_made(tmp_path), tree(tmp_path / "repo"), history_of(tmp_path / "repo")
    line(tmp_path, profile, model=SIMULATED)
    assert calls_made(tmp_path) == asked
    assert tree(tmp_path / "repo") == files
    assert history_of(tmp_path / "repo") == history


@pytest.mark.parametrize("profile", ["plan", "architecture", "logic"])
def test_an_interrupted_run_resumes(
    line: Line, model: Scripted, paper_file: Path, tmp_path: Path, profile: Profile
) -> None:
    def last_but_one(event: Event) -> bool:
        return isinstance(event, CallMade) and len(calls_made(tmp_path)) == len(CUT[profile]) - 1

    def run(listener: Emit) -> Awaitable[Repository]:
        return generate(paper_file, tmp_path, Settings(refine=0, profile=profile), [listener])

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel_at(last_but_one, run))
    assert not (tmp_path / "repo" / "README.md").exists()
    line(tmp_path, profile)
    assert [request.agent for request in model.requests] == CUT[profile]
    assert (tmp_path / "repo" / "README.md").is_file()


def test_from_one_line_to_the_next_what_both_have_is_paid_for_once(line: Line, model: Scripted, tmp_path: Path) -> None:
    for profile in CUT:
        line(tmp_path, profile)
    asked = Counter(request.agent for request in model.requests)
    assert (asked["overall_plan"], asked["config"]) == (1, 1)
    assert (asked["architecture"], asked["logic"]) == (2, 2), "with and without trials"
    assert "config.yaml" in tree(tmp_path / "repo")
    line(tmp_path, "paper")
    assert Counter(request.agent for request in model.requests) == asked
    assert "config.yaml" not in tree(tmp_path / "repo")


def test_an_edit_is_used_as_it_is_and_only_what_reads_it_is_made_again(
    line: Line, model: Scripted, tmp_path: Path
) -> None:
    line(tmp_path, "architecture")
    mine = tmp_path / "repo" / "model.py"
    mine.write_text(f"{MODEL_PY}# mine\n", encoding="utf-8")
    repository = line(tmp_path, "architecture")
    assert [request.subject for request in model.of("coding_listed")] == ["model.py", "main.py", "main.py"]
    assert "# mine" in model.requests[-1].text
    assert "# mine" in texts(repository)["model.py"]


@pytest.mark.parametrize(
    ("profile", "artifact"), [("paper", "coding/files.json"), ("architecture", "planning/architecture.json")]
)
def test_an_edit_does_not_lead_out_of_the_repository(
    line: Line, model: Scripted, tmp_path: Path, profile: Profile, artifact: str
) -> None:
    line(tmp_path, profile)
    edited = tmp_path / artifact
    edited.write_text(edited.read_text().replace('"model.py"', '"../../model.py"'))
    with pytest.raises(ArtifactError, match=rf"{artifact}: `\.\./\.\./model\.py` leads out of the repository"):
        line(tmp_path, profile)
    assert not (tmp_path.parent / "model.py").exists()


def test_the_packages_are_those_planned_and_those_imported(line: Line, model: Scripted, tmp_path: Path) -> None:
    assert texts(line(tmp_path / "paper", "paper"))["requirements.txt"] == "PyYAML\n"
    assert texts(line(tmp_path / "logic", "logic"))["requirements.txt"].startswith(LOGIC.packages[1])


@pytest.mark.parametrize("profile", ["requirements", "review", "repair"])
def test_each_profile_revises_and_repairs_only_what_it_includes(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: Profile
) -> None:
    for room in ("pipeline.rounds", "pipeline.pipeline"):
        monkeypatch.setattr(f"papercoder.{room}.check", lambda _: CheckReport(files=2, checks=()))
    revised = block("tinyfit/model.py", "    return w * x\n", "    return float(w) * x\n")
    repaired = block("tinyfit/experiments.py", "import json\n", "import json\nimport sys\n")
    model = play(
        monkeypatch,
        project(
            review=lambda request: verdict(request, "implemented" if "float(w)" in request.text else "contradicts"),
            revise=lambda request: revised if request.subject == "tinyfit/model.py" else "NO EDITS",
            repair=repaired,
        ),
    )
    executing(
        monkeypatch,
        lambda tree: None if "import sys" in tree["tinyfit/experiments.py"] else ("smoke", "NameError: sys"),
    )
    repository = line(tmp_path, profile, review_rounds=1, repair_rounds=1)
    assert repository.verdicts is not None
    assert repository.execution is not None
    assert len(repository.verdicts.verdicts) == len(repository.traceability.traces) == 2
    assert ("float(w)" in texts(repository)["tinyfit/model.py"]) == (profile != "requirements")
    assert (repository.execution.failed is None) == (profile == "repair")
    assert bool(model.of("revise")) == (profile != "requirements")
    assert bool(model.of("repair")) == (profile == "repair")
