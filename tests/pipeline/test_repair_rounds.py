"""Repair is bounded, keeps the version that passed most steps, and reports only what was observed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from papercoder.artifacts import ExecutionReport, StepName
from papercoder.pipeline.publisher import Files
from papercoder.pipeline.rounds import RepairRounds
from papercoder.runs.events import Warned
from tests.scripted import CODE, DESIGN, Judge, Tree, Workshop, block, executing
from tests.support import Says, Scripted, history_of, of_kind

FIX = block("tinyfit/model.py", "    return w * x\n", "    return float(w) * x\n")
NOTE = block("tinyfit/experiments.py", "import math\n", "import math\nimport sys\n")


def fails_until(
    word: str, path: str = "tinyfit/model.py", step: StepName = "smoke", output: str = "KeyError: 'a'"
) -> Judge:
    return lambda tree: None if word in tree[path] else (step, output)


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Workshop]:
    return lambda *repairs: Workshop(tmp_path / "run", Scripted({"repair": list(repairs)}))


def run_repair(workshop: Workshop, rounds: int = 4, sandbox: str = "auto") -> tuple[Files, ExecutionReport | None]:
    async def work() -> tuple[Files, ExecutionReport | None]:
        files = await workshop.begin()
        repairing = RepairRounds(workshop.run, DESIGN, workshop.publish, sandbox)
        return await repairing.run_rounds(files, rounds)

    return asyncio.run(work())


Shop = Callable[..., Workshop]


def seen(report: ExecutionReport | None) -> tuple[StepName, ...]:
    assert report is not None
    return report.passed


def test_what_works_is_run_once_and_not_repaired(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executed = executing(monkeypatch, lambda _: None)
    workshop = shop(FIX)
    files, report = run_repair(workshop)
    assert len(executed) == 1
    assert workshop.model.requests == []
    assert seen(report)[-1] == "smoke"
    assert [file.path for file in files] == ["tinyfit/model.py", "tinyfit/experiments.py", "requirements.lock"]
    assert workshop.text("requirements.lock") == "numpy==2.0\n"


def test_what_failed_is_repaired_and_committed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executed = executing(monkeypatch, fails_until("float(w)"))
    workshop = shop(FIX)
    files, report = run_repair(workshop)
    assert len(executed) == 2
    assert seen(report)[-1] == "smoke"
    assert "float(w)" in files[0].text == workshop.text("tinyfit/model.py")
    assert "Repair 1: smoke" in "\n".join(history_of(workshop.folder / "repo"))


def test_the_prompt_has_the_failure_and_earlier_attempts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, fails_until("float(w)", output="File tinyfit/experiments.py\nKeyError: 'rate'"))
    workshop = shop(NOTE, FIX)
    run_repair(workshop)
    first, second = (request.text for request in workshop.model.of("repair"))
    assert "KeyError: 'rate'" in first
    assert "run smoke" in first
    assert "Earlier attempts" not in first
    assert "import sys" in second
    assert "The same error occurred again" in second


def test_rounds_are_bounded(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = iter(range(100))
    executed = executing(monkeypatch, lambda _: ("smoke", f"Error{'abcdef'[next(counter)]}Error: another"))
    more = [block("tinyfit/experiments.py", "import json\n", f"import json\n# {word}\n") for word in ("one",)]
    workshop = shop(*more, *(block("tinyfit/experiments.py", "# one\n", f"# {n}\n# one\n") for n in range(5)))
    run_repair(workshop, rounds=2)
    assert len(workshop.model.of("repair")) == 2
    assert len(executed) == 3


def test_without_rounds_it_is_run_and_not_repaired(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executed = executing(monkeypatch, fails_until("never"))
    workshop = shop(FIX)
    _, report = run_repair(workshop, rounds=0)
    assert (len(executed), workshop.model.requests) == (1, [])
    assert report is not None
    assert report.failed is not None


def test_an_edit_that_breaks_a_lower_step_is_taken_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(tree: Tree) -> tuple[StepName, str]:
        return (
            ("import", "ImportError: sys")
            if "import sys" in tree["tinyfit/experiments.py"]
            else ("smoke", "KeyError: 'a'")
        )

    executing(monkeypatch, judge)
    workshop = shop(NOTE, "NO EDITS")
    files, report = run_repair(workshop)
    assert files[:2] == CODE
    assert "import sys" not in workshop.text("tinyfit/experiments.py")
    assert seen(report) == ("install", "import", "start", "trials", "tests")
    assert "undone" in workshop.model.of("repair")[1].text
    assert len(history_of(workshop.folder / "repo")) == 2  # the code, and what was installed


def test_an_error_that_comes_again_ends_the_rounds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, fails_until("never", output="step 12: KeyError at 0x7f1\nKeyError: 'a12'"))
    edits = [block("tinyfit/experiments.py", "import json\n", f"import json\n# {n}\n") for n in range(1)]
    more: list[Says] = [block("tinyfit/experiments.py", "# 0\n", f"# {n}\n# 0\n") for n in range(1, 9)]
    workshop = shop(*edits, *more)
    run_repair(workshop, rounds=9)
    assert len(workshop.model.of("repair")) == 3


def test_another_error_at_the_same_step_is_progress(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing always ends with `imported 1 of 2 modules`; that is not the same error."""
    errors = iter(f"{name}Error: x\nimported 1 of 2 modules" for name in ("Key", "Value", "Type", "Name", "Index"))
    executing(monkeypatch, lambda _: ("import", next(errors)))
    first = block("tinyfit/experiments.py", "import json\n", "import json\n# 0\n")
    workshop = shop(first, *(block("tinyfit/experiments.py", "# 0\n", f"# {n}\n# 0\n") for n in range(1, 5)))
    run_repair(workshop, rounds=4)
    assert len(workshop.model.of("repair")) == 4


def test_an_agent_without_edits_is_not_asked_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executed = executing(monkeypatch, fails_until("never"))
    workshop = shop("NO EDITS")
    run_repair(workshop)
    assert (len(workshop.model.of("repair")), len(executed)) == (1, 1)


def test_an_agent_without_a_fit_answer_does_not_end_the_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, fails_until("never"))
    workshop = shop(block("config.yaml", "", "seed: 1\n"))
    files, report = run_repair(workshop)
    assert files[:2] == CODE
    assert report is not None
    assert report.failed is not None
    assert of_kind(workshop.events, Warned)[0].where == "repair/1.json"


def test_without_a_sandbox_nothing_is_executed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executed = executing(monkeypatch, lambda _: None)
    workshop = shop(FIX)
    assert run_repair(workshop, sandbox="none") == (CODE, None)
    assert executed == []


def test_what_lies_outside_the_code_is_not_repaired(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, None)
    workshop = shop(FIX)
    files, report = run_repair(workshop)
    assert workshop.model.requests == []
    assert files == CODE
    assert report is not None
    assert report.unseen == "smoke was not run: the index is away"


def test_what_could_not_be_observed_is_tried_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, None)
    run_repair(shop())
    executed = executing(monkeypatch, lambda _: None)
    _, report = run_repair(shop())
    assert len(executed) == 1
    assert seen(report)[-1] == "smoke"
    run_repair(shop())
    assert len(executed) == 1  # the observation is kept


def test_an_outage_between_rounds_keeps_the_last_execution(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, fails_until("float(w)"))
    workshop = shop(FIX)
    run_repair(workshop, rounds=0)
    executing(monkeypatch, None)
    files, report = run_repair(workshop)
    assert files[:2] == CODE
    assert report is not None
    assert report.failed is not None
    executing(monkeypatch, fails_until("float(w)"))
    assert "float(w)" in run_repair(workshop)[0][0].text
    assert len(workshop.model.of("repair")) == 1


def test_a_file_of_the_user_stays_and_is_not_said_to_be_repaired(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, fails_until("float(w)"))
    workshop = shop(FIX, NOTE, "NO EDITS")
    run_repair(workshop, rounds=0)
    mine = workshop.folder / "repo" / "tinyfit/model.py"
    mine.write_text(workshop.text("tinyfit/model.py") + "# mine\n", encoding="utf-8")
    _, report = run_repair(workshop)
    assert workshop.text("tinyfit/model.py").endswith("# mine\n")
    assert report is not None
    assert report.failed is not None
    refused = workshop.model.of("repair")[1]
    assert "`tinyfit/model.py` may not be edited here" in refused.text
    assert "must not change: `tinyfit/model.py`" in refused.text


def test_a_file_that_the_user_put_there_is_not_overwritten(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executed = executing(monkeypatch, fails_until("never"))
    workshop = shop(block("shapes.py", "", "x = 1\n"))
    mine = workshop.folder / "repo" / "shapes.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine\n", encoding="utf-8")
    files, _ = run_repair(workshop)
    assert mine.read_text(encoding="utf-8") == "mine\n"
    assert files[:2] == CODE
    assert len(executed) == 1


def test_resuming_makes_no_calls_and_no_commit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    executed = executing(monkeypatch, fails_until("float(w)"))
    workshop = shop(NOTE, FIX)
    first = run_repair(workshop)
    history = history_of(workshop.folder / "repo")
    asked, ran = len(workshop.model.requests), len(executed)
    assert run_repair(workshop) == first
    assert (len(workshop.model.requests), len(executed)) == (asked, ran)
    assert history_of(workshop.folder / "repo") == history
