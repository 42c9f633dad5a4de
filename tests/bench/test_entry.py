"""An entry runs from paper to evaluation, and its failures are part of its result."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import BenchEntryResult, Paper
from papercoder.bench.entry import EntryBudget, run_entry
from papercoder.bench.manifest import Entry
from papercoder.bench.observation import cost_of, is_complete, observe
from papercoder.bench.shared import SharedReader, with_addendum
from papercoder.errors import CostCapReached, PaperError
from papercoder.models.limits import LocalBudget
from papercoder.operations import generate
from papercoder.operations.generate import RunEnvironment
from papercoder.paper import reading
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, CallStarted, Event
from papercoder.runs.folder import load
from papercoder.runs.summary import summarise
from tests.bench.benches import FULL, PUBLISHED, TINY, calls_of, entry_of, write_manifest
from tests.scripted import executing


def run(entry: Entry, environment: RunEnvironment | None = None) -> BenchEntryResult:
    return asyncio.run(run_entry(entry, environment or RunEnvironment(), lambda _: None))


def make_entry(tmp_path: Path, **changes: Any) -> Entry:
    return entry_of(write_manifest(tmp_path, texts=1, **changes), tmp_path / "out")


def test_a_entry_of_the_full_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executing(monkeypatch, lambda _: None)
    entry = make_entry(tmp_path, variants=[{"name": "full"}])
    result = run(entry)
    assert result.status == "complete"
    assert (result.executed, result.steps) == (True, ("install", "import", "start", "trials", "tests", "smoke"))
    assert result.requirements == result.implemented
    assert result.requirements
    assert result.findings == 0
    assert result.calls == calls_of(entry.folder).total()
    assert result.claims is None
    assert result.judges == ()
    assert is_complete(entry)
    assert observe(entry) == result


def test_a_variant_without_execution_is_executed_afterwards_without_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed = executing(monkeypatch, lambda _: ("start", "TypeError: w is text"))
    entry = make_entry(tmp_path, variants=[{"name": "published", "profile": "papercoder"}])
    result = run(entry)
    assert (result.status, result.steps) == ("complete", ("install", "import"))
    assert result.reason == "start failed: it ended with exit code 1: TypeError: w is text"
    assert (result.requirements, result.implemented, result.findings) == (None, None, 0)
    assert not any(agent in {"repair", "review"} for _, agent, _ in calls_of(entry.folder))
    assert summarise(read_events(entry.folder)).status == "complete"
    assert run(entry) == result.model_copy(update={"seconds": pytest.approx(result.seconds, abs=60)})
    assert len(executed) == 1


def test_without_a_sandbox_nothing_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executed = executing(monkeypatch, lambda _: None)
    result = run(make_entry(tmp_path))
    assert (result.status, result.executed, result.steps, executed) == ("complete", False, (), [])


def test_a_entry_that_could_not_be_observed_is_partial_and_runs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = make_entry(tmp_path, variants=[{"name": "published", "profile": "papercoder"}])
    executing(monkeypatch, None)
    result = run(entry)
    assert (result.status, result.reason) == ("partial", "smoke was not run: the index is away")
    assert not result.executed
    assert not is_complete(entry)
    executing(monkeypatch, lambda _: None)
    assert run(entry).status == "complete"
    assert set(calls_of(entry.folder).values()) == {1}


def test_an_unreadable_paper_fails_its_entry(tmp_path: Path) -> None:
    entry = make_entry(tmp_path)
    Path(entry.source).write_bytes(b"%PDF-1.4 nothing")
    result = run(entry)
    assert result.status == "failed"
    assert "truncated" in result.reason
    assert not is_complete(entry)


def test_an_unexpected_error_is_in_the_result_and_its_traceback_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("in our own code")

    monkeypatch.setattr("papercoder.pipeline.pipeline.to_yaml", broken)
    entry = make_entry(tmp_path)
    result = run(entry)
    assert result.status == "failed"
    assert "ZeroDivisionError: in our own code" in result.reason
    assert "Traceback" in (entry.folder / "error.txt").read_text()


def test_the_shared_cap_stops_a_entry_and_marks_it(tmp_path: Path) -> None:
    entry = make_entry(tmp_path, models=f"{TINY},price_in=100,price_out=100")
    result = run(entry, RunEnvironment(budget=LocalBudget(3.0)))
    assert (result.status, result.capped) == ("partial", True)
    assert "exceeds the cap" in result.reason
    assert result.cost_usd == cost_of(entry.folder) <= 3.0
    more = run(entry, RunEnvironment(budget=LocalBudget(None, result.cost_usd)))
    assert (more.status, more.capped) == ("complete", False)
    assert set(calls_of(entry.folder).values()) == {1}


def test_a_entries_own_cap_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERCODER_MAX_COST", "3")
    entry = make_entry(tmp_path, models=f"{TINY},price_in=100,price_out=100")
    result = run(entry, RunEnvironment(budget=LocalBudget(1000.0)))
    assert "exceeds the cap" in result.reason
    assert not result.capped


def test_the_budget_of_a_entry_records_a_refusal() -> None:
    async def spend() -> EntryBudget:
        budget = EntryBudget(LocalBudget(1.0))
        await budget.reserve(0.5, "a")
        await budget.settle(0.5, 0.6)
        assert not budget.refused
        with pytest.raises(CostCapReached):
            await budget.reserve(0.5, "b")
        return budget

    assert asyncio.run(spend()).refused


def test_judges_are_asked_and_their_cost_is_separate(tmp_path: Path) -> None:
    priced = f"{TINY},price_in=1,price_out=1"
    (tmp_path / "gold").mkdir(parents=True)
    (tmp_path / "gold" / "model.py").write_text("def predict(w, x):\n    return w * x\n")
    entry = make_entry(
        tmp_path,
        papers=[{"id": "p1", "paper": "p1.md", "gold": "gold"}],
        judge={"model": priced, "samples": 3},
        models=priced,
    )
    result = run(entry)
    assert result.status == "complete", result.reason
    assert [each.judge for each in result.judges] == ["reference-free", "reference-based"]
    assert [each.score.n for each in result.judges if each.score] == [3, 3]
    judged = sum(
        event.cost_usd or 0 for event in read_events(entry.folder / "evaluation") if isinstance(event, CallMade)
    )
    assert result.judge_cost_usd == pytest.approx(judged)
    assert (result.judge_calls, result.judge_unpriced) == (6, 0)
    assert 0 < result.judge_seconds < result.seconds
    assert result.judge_model.startswith("simulated")
    assert 0 < result.judge_cost_usd < result.cost_usd
    assert result.calls == calls_of(entry.folder).total()


def test_another_judge_or_paper_makes_a_entry_incomplete(tmp_path: Path) -> None:
    entry = make_entry(tmp_path)
    run(entry)
    assert is_complete(entry)
    assert is_complete(make_entry(tmp_path, concurrency=3, max_cost=5.0))
    assert not is_complete(make_entry(tmp_path, judge={"model": TINY}))
    assert "have changed" in observe(make_entry(tmp_path, judge={"model": TINY})).reason
    assert not is_complete(make_entry(tmp_path, variants=[{**PUBLISHED, "max_tokens": 9000}]))
    Path(entry.source).write_text("# Another paper\n\nIt says little.\n")
    assert not is_complete(entry)


def test_a_changed_variant_does_not_keep_earlier_reports(tmp_path: Path) -> None:
    full = make_entry(tmp_path, variants=[{**FULL, "name": "x"}])
    assert run(full).implemented
    published = make_entry(tmp_path, variants=[{**PUBLISHED, "name": "x"}])
    assert published.folder == full.folder
    result = run(published)
    assert (result.status, result.requirements, result.implemented) == ("complete", None, None)


def test_the_addendum_is_read_with_the_paper(tmp_path: Path) -> None:
    write_manifest(tmp_path, texts=1)
    (tmp_path / "more.md").write_text("The seed is 7.\n\nThe split is even.\n")
    entry = make_entry(tmp_path, papers=[{"id": "p1", "paper": "p1.md", "addendum": "more.md"}])
    assert run(entry).status == "complete"
    paper = load(entry.folder, "paper.json", Paper)
    assert "[addendum¶2] The split is even." in paper.render()


def test_an_empty_addendum_is_an_error(tmp_path: Path) -> None:
    entry = make_entry(tmp_path)
    (tmp_path / "more.md").write_text("\n")

    async def read() -> Paper:
        return await with_addendum(SharedReader(), tmp_path / "more.md")(entry.source)

    with pytest.raises(PaperError, match="missing or empty"):
        asyncio.run(read())


def test_a_paper_is_read_once_for_all_of_its_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry, read = make_entry(tmp_path), list[str]()
    whole = reading.read_within_limits

    def counted(source: str | Path) -> Paper:
        read.append(str(source))
        return whole(source)

    async def many() -> list[Paper]:
        reader = SharedReader(1)
        return await asyncio.gather(*(reader(entry.source) for _ in range(4)))

    monkeypatch.setattr(generate, "read_within_limits", counted)
    papers = asyncio.run(many())
    assert read == [entry.source]
    assert len({paper.title for paper in papers}) == 1


def test_a_cancelled_entry_ends_its_work_first(tmp_path: Path) -> None:
    entry = make_entry(tmp_path, models=TINY.replace("speed=100000", "speed=10"))

    async def stopped() -> None:
        def stop(event: Event) -> None:
            if isinstance(event, CallStarted):
                asyncio.get_running_loop().call_later(0.01, task.cancel)

        task = asyncio.ensure_future(run_entry(entry, RunEnvironment(), stop))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stopped())
    assert summarise(read_events(entry.folder)).reason == "it was interrupted"
    assert (observe(entry).status, observe(entry).reason) == ("failed", "it was interrupted")
