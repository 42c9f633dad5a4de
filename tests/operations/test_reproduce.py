"""A run is reproduced within a budget; it may be killed at any moment, and no trial with a result runs again."""

import asyncio
import json
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from papercoder.artifacts import Figure, Paper, Section, SourceFile
from papercoder.artifacts.reproduction import Reproduction, ReproductionOptions, ReproductionPlan
from papercoder.errors import RunFolderError, SettingsError
from papercoder.operations.reproduce import options_to_resume, reproduce_run
from papercoder.pipeline import reproduction as pipeline
from papercoder.pipeline import trial_schedule
from papercoder.report import load
from papercoder.runs.event_log import EventLog, read_events
from papercoder.runs.events import ClaimDecided, Event, ReproductionPlanned, RunEnded, TrialEnded, TrialStarted, Warned
from papercoder.runs.folder import lock as lock_run
from papercoder.runs.folder import step_store
from papercoder.runs.run import PlainContext, Run
from papercoder.settings import Settings
from papercoder.stages.reproduction import places
from papercoder.stages.reproduction.trial import TrialOutcome, run_trial
from tests.reproduction.packages import own_packages
from tests.reproduction.runs import EXPERIMENTS, MODEL, claims, repository, write_run
from tests.support import cancel_at, git, of_kind

_PROCESSES = multiprocessing.get_context("spawn")


@pytest.fixture(autouse=True, scope="module")
def _own_packages() -> Iterator[None]:
    with own_packages():
        yield


def reproduce(folder: Path, *, retry_failed: bool = False, **options: Any) -> Reproduction:
    given = ReproductionOptions(**{"budget": 120.0, "sandbox": "subprocess", "workers": 2, **options})
    return asyncio.run(reproduce_run(folder, given, retry_failed=retry_failed))


def ended(folder: Path) -> "Counter[tuple[str, str]]":
    """(trial, status) -> how often it ended so."""
    return Counter((event.trial, event.status) for event in of_kind(read_events(folder), TrialEnded))


def verdicts(found: Reproduction) -> dict[str, str]:
    return {item.claim.id: item.verdict for item in found.claims.items}


def test_claims_are_measured_and_compared(tmp_path: Path) -> None:
    found = reproduce(write_run(tmp_path))
    assert (found.trials, found.measured, found.failed, found.omitted) == (4, 4, (), ())
    assert verdicts(found) == {"C1": "met", "C2": "met", "C3": "met", "C4": "differs", "C9": "not_run"}
    assert found.not_measured == {"C9": "it needs a cluster"}
    assert 0 < found.share_used <= 1
    assert len(list((tmp_path / "reproduction" / "trials").iterdir())) == 4
    events = list(read_events(tmp_path))
    assert {event.claim: event.verdict for event in of_kind(events, ClaimDecided)}["C4"] == "differs"
    assert of_kind(events, ReproductionPlanned)[-1].claims_total == 6
    assert of_kind(events, RunEnded)[-1].status == "complete"


def test_the_repository_has_the_results(tmp_path: Path) -> None:
    reproduce(write_run(tmp_path))
    readme = (tmp_path / "repo" / "README.md").read_text(encoding="utf-8")
    row = "| C4 | baseline | wine | accuracy | 50.0 | 80 | 1 | differs |"
    assert row in readme
    assert row in (tmp_path / "repo" / "results.md").read_text(encoding="utf-8")
    assert "4 trials took" in readme
    rows = json.loads((tmp_path / "repo" / "results.json").read_text(encoding="utf-8"))["results"]
    assert {row["claim"]: row["mean"] for row in rows} == {"C1": 95.0, "C2": 85.0, "C3": 90.0, "C4": 80.0}


FIGURES = """
def figures(results, folder):
    from PIL import Image

    Image.new("RGB", (len(results), 3), "red").save(folder / "fig-1.png")
    (folder / "figure 2.png").write_text("<script>")
    (folder / "fig-3.svg").write_text("<svg/>")
"""


def test_figures_are_drawn_in_the_sandbox_and_shown_beside_the_papers(tmp_path: Path) -> None:
    write_run(tmp_path, {"tiny/experiments.py": EXPERIMENTS + FIGURES})
    section = Section(anchor="1", level=1, title="Results", blocks=(Figure(anchor="fig:1", caption="Accuracy."),))
    paper = Paper(title="Tiny", abstract="", sections=(section,), source="markdown")
    (tmp_path / "paper.json").write_text(paper.model_dump_json(), encoding="utf-8")
    reproduce(tmp_path)
    (drawn,) = load(tmp_path).figures
    assert (drawn.name, drawn.anchor, drawn.caption) == ("fig-1.png", "fig:1", "Accuracy.")
    with Image.open(tmp_path / "repo" / "figures" / "fig-1.png") as picture:
        assert picture.size == (4, 3)
    assert drawn.picture in (tmp_path / "report.html").read_text(encoding="utf-8")
    warnings = [event.message for event in of_kind(read_events(tmp_path), Warned)]
    assert warnings == ["2 of 3 figures are not shown: draw them as PNG"]
    assert git(tmp_path / "repo", "status", "--short", "figures") == ""


def test_figures_that_fail_cost_no_result_and_those_of_before_are_removed(tmp_path: Path) -> None:
    write_run(tmp_path, {"tiny/experiments.py": EXPERIMENTS + FIGURES})
    reproduce(tmp_path)
    code = EXPERIMENTS + FIGURES.replace("from PIL", "raise RuntimeError('no ink')\n    from PIL")
    (tmp_path / "repo" / "tiny" / "experiments.py").write_text(code, encoding="utf-8")
    assert reproduce(tmp_path).measured == 4
    assert "could not be drawn" in of_kind(read_events(tmp_path), Warned)[-1].message
    assert list((tmp_path / "repo" / "figures").iterdir()) == []
    assert load(tmp_path).figures == ()


def count_processes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What each process with trials was started with."""
    processes = []

    async def count(*given: Any) -> TrialOutcome:
        processes.append(given)
        return await run_trial(*given)

    monkeypatch.setattr(places, "run_trial", count)
    return processes


@pytest.mark.parametrize("failing", [None, ["ours", "wine"]])
def test_short_trials_share_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: list[str] | None
) -> None:
    processes = count_processes(monkeypatch)
    found = reproduce(write_run(tmp_path, seeds=6, failing=failing), workers=1)
    assert found.measured == (24 if failing is None else 18)
    assert len(processes) < 16
    assert {failure.reason for failure in found.failed} == ({"RuntimeError: out of luck"} if failing else set())


def test_kinds_that_were_not_probed_share_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_schedule, "_PROBE_SHARE", 0.0)
    processes = count_processes(monkeypatch)
    assert reproduce(write_run(tmp_path), workers=1).measured == 4
    assert len(processes) == 2


def test_nothing_that_has_a_result_runs_again(tmp_path: Path) -> None:
    first = reproduce(write_run(tmp_path))
    assert reproduce(tmp_path).claims == first.claims
    assert set(ended(tmp_path).values()) == {1}


def test_results_of_the_pipeline_are_those_of_the_command(tmp_path: Path) -> None:
    """The pipeline has the files in another order, and the lock among them."""
    lock = SourceFile(path="requirements.lock", text="# of this machine\n")
    write_run(tmp_path, {lock.path: lock.text})
    files, log = (*reversed(repository(tmp_path)), lock), EventLog(tmp_path)
    run = Run(tmp_path, PlainContext(log), log, step_store(tmp_path))
    options = ReproductionOptions(budget=120.0, sandbox="subprocess")

    async def run_pipeline() -> None:
        await pipeline.reproduce(await pipeline.prepare_trials(run, files, (), options), claims())

    asyncio.run(run_pipeline())
    reproduce(tmp_path)
    assert set(ended(tmp_path).values()) == {1}


def test_only_what_a_change_reaches_runs_again(tmp_path: Path) -> None:
    reproduce(write_run(tmp_path))
    (tmp_path / "repo" / "tiny" / "plots.py").write_text("# draws other figures\n", encoding="utf-8")
    reproduce(tmp_path)
    assert set(ended(tmp_path).values()) == {1}
    (tmp_path / "repo" / "tiny" / "model.py").write_text(MODEL.replace("90.0", "70.0"), encoding="utf-8")
    assert verdicts(reproduce(tmp_path))["C1"] == "differs"
    assert set(ended(tmp_path).values()) == {2}


def arrays(folder: Path) -> dict[str, list[float]]:
    """The curve that each trial kept, by the first words of the trial's id."""
    found = {path.parent.name: np.load(path, allow_pickle=False).tolist() for path in folder.glob("*/curve.npy")}
    return {"-".join(name.split("-")[1:3]): curve for name, curve in found.items()}


def test_arrays_of_trials_come_and_go_with_their_results(tmp_path: Path) -> None:
    shown, of_repository = tmp_path / "reproduction" / "trials", tmp_path / "repo" / "results"
    reproduce(write_run(tmp_path, keeping=True), workers=1)
    measured = {"ours-digits": 95.0, "ours-wine": 90.0, "baseline-digits": 85.0, "baseline-wine": 80.0}
    expected = {name: [value, 0.0, 1.0] for name, value in measured.items()}
    assert arrays(shown) == arrays(of_repository) == expected
    shutil.rmtree(of_repository)
    next(shown.glob("*ours-digits*/curve.npy")).write_bytes(b"changed")
    reproduce(tmp_path)
    assert arrays(shown) == arrays(of_repository) == expected
    assert set(ended(tmp_path).values()) == {1}
    (tmp_path / "repo" / "tiny" / "model.py").write_text(MODEL.replace("90.0", "70.0"), encoding="utf-8")
    reproduce(tmp_path)
    assert (
        arrays(shown) == arrays(of_repository) == {**expected, "ours-digits": [75.0, 0, 1], "ours-wine": [70.0, 0, 1]}
    )
    config = tmp_path / "repo" / "config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("keeping: true", "keeping: false"), encoding="utf-8")
    reproduce(tmp_path)
    assert arrays(shown) == arrays(of_repository) == {}


def test_a_setting_that_no_trial_reads_changes_nothing(tmp_path: Path) -> None:
    reproduce(write_run(tmp_path))
    config = tmp_path / "repo" / "config.yaml"
    config.write_text(f"{config.read_text(encoding='utf-8')}color: blue\n", encoding="utf-8")
    assert reproduce(tmp_path).measured == 4
    assert set(ended(tmp_path).values()) == {1}
    config.write_text(config.read_text(encoding="utf-8").replace("steps: 2", "steps: 3"), encoding="utf-8")
    assert reproduce(tmp_path).measured == 4
    assert set(ended(tmp_path).values()) == {2}


def test_a_failure_costs_itself_alone_and_is_retried_only_if_asked(tmp_path: Path) -> None:
    write_run(tmp_path, failing=["ours", "wine"], diverging=["baseline", "wine"])
    found = reproduce(tmp_path)
    assert (found.measured, len(found.failed)) == (2, 2)
    assert {failure.reason.split(":")[0] for failure in found.failed} >= {"RuntimeError"}
    reproduce(tmp_path)
    assert set(ended(tmp_path).values()) == {1}
    reproduce(tmp_path, retry_failed=True)
    assert sorted(ended(tmp_path).values()) == [1, 1, 2, 2]


def test_a_kind_that_fails_twice_is_given_up(tmp_path: Path) -> None:
    found = reproduce(write_run(tmp_path, seeds=4, failing=["ours", "wine"]), workers=1)
    assert len(found.failed) == 2
    assert [omitted.reason for omitted in found.omitted] == ["2 other seeds failed"] * 2


def test_claims_tables_seeds_and_trials_can_be_limited(tmp_path: Path) -> None:
    write_run(tmp_path, seeds=3)
    assert reproduce(tmp_path, claims=("C3",), seeds=1).trials == 1
    assert reproduce(tmp_path, tables=("1",), seeds=2, max_trials=1).measured == 1
    found = verdicts(reproduce(tmp_path, tables=("1",), seeds=1))
    assert {name for name, verdict in found.items() if verdict != "not_run"} == {"C1", "C2", "C3"}  # C3 from before
    with pytest.raises(SettingsError, match="no claim C77"):
        reproduce(tmp_path, claims=("C77",))
    with pytest.raises(SettingsError, match="no claim is in table 9"):
        reproduce(tmp_path, tables=("9",))


def test_results_at_reduced_scale_are_toy(tmp_path: Path) -> None:
    found = reproduce(write_run(tmp_path, steps=10), scale=0.2)
    assert set(verdicts(found).values()) == {"toy", "not_run"}
    plan = ReproductionPlan.model_validate_json((tmp_path / "reproduction" / "plan.json").read_text(encoding="utf-8"))
    assert plan.options.scale == 0.2


def test_the_budget_stops_trials_and_the_plan_says_what_stays_out(tmp_path: Path) -> None:
    write_run(tmp_path, steps=1000, pause=0.1)
    found = reproduce(tmp_path, budget=6.0)
    assert found.measured == 0
    assert len(found.omitted) == 4
    assert all("seconds, and" in omitted.reason for omitted in found.omitted)
    assert {status for _, status in ended(tmp_path)} == {"stopped"}


def test_an_interrupted_reproduction_resumes(tmp_path: Path) -> None:
    write_run(tmp_path, seeds=2)
    options = ReproductionOptions(budget=120.0, sandbox="subprocess", workers=1)
    for number in range(1, 4):
        count = iter(range(number))

        def happened(event: Event, count: Iterator[int] = count) -> bool:
            return isinstance(event, TrialStarted) and next(count, None) is None

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(cancel_at(happened, lambda listen: reproduce_run(tmp_path, options, [listen])))
    found = reproduce(tmp_path)
    assert found.measured == 8
    assert [count for (_, status), count in ended(tmp_path).items() if status == "done"] == [1] * 8


def _run_until_killed(folder: Path, trials: int) -> None:
    ends = iter(range(trials))

    def die(event: Event) -> None:
        if isinstance(event, TrialEnded) and next(ends, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    with own_packages():
        options = ReproductionOptions(budget=120.0, sandbox="subprocess", workers=2)
        asyncio.run(reproduce_run(folder, options, [die]))


def test_a_killed_reproduction_resumes(tmp_path: Path) -> None:
    write_run(tmp_path, seeds=2)
    process = _PROCESSES.Process(target=_run_until_killed, args=(tmp_path, 3))
    process.start()
    process.join(240)
    assert process.exitcode == -signal.SIGKILL
    kept = {trial for trial, _ in ended(tmp_path)}
    found = reproduce(tmp_path)
    assert found.measured == 8
    assert len(kept) == 4
    assert set(ended(tmp_path).values()) == {1}


def test_another_process_in_the_same_run_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path)
    with lock_run(tmp_path), pytest.raises(RunFolderError, match="Another process"):
        reproduce(tmp_path)


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="has no repository yet"):
        reproduce(tmp_path)


def test_a_profile_without_claims_is_named(tmp_path: Path) -> None:
    write_run(tmp_path)
    (tmp_path / "planning" / "requirements.json").unlink()
    with pytest.raises(RunFolderError, match="neither requirements nor claims"):
        reproduce(tmp_path)


def test_options_are_those_given_then_those_of_last_time_then_the_settings(tmp_path: Path) -> None:
    settings = Settings(budget="10m", sandbox="subprocess")
    assert options_to_resume(tmp_path, settings).budget == 600
    reproduce(write_run(tmp_path), seeds=1, budget=90.0)
    resumed = options_to_resume(tmp_path, settings, scale=0.5, seeds=None)
    assert (resumed.budget, resumed.seeds, resumed.scale) == (90.0, 1, 0.5)
    with pytest.raises(SettingsError, match="--scale"):
        options_to_resume(tmp_path, settings, scale=2.0)


def test_a_plan_that_is_not_confirmed_runs_nothing_more(tmp_path: Path) -> None:
    write_run(tmp_path, seeds=2)
    plans: list[ReproductionPlan] = []

    async def refuse(plan: ReproductionPlan) -> bool:
        plans.append(plan)
        return False

    options = ReproductionOptions(budget=120.0, sandbox="subprocess", workers=1)
    found = asyncio.run(reproduce_run(tmp_path, options, confirm=refuse))
    (plan,) = plans
    assert found.measured == len(plan.finished) < 8  # they ended within their probes
    assert len(plan.trials) == 8 - found.measured
