"""Trials and diagnosis in a bench: asked for by manifest, paper or variant, within budgets, and never run twice."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from benchmarks.many.trials import kind, paper_text, start_no_processes

from papercoder.artifacts import BenchResults, ClaimCounts, Paper
from papercoder.artifacts.reproduction import Reproduction
from papercoder.bench import entry as bench_entry
from papercoder.bench.bench import bench
from papercoder.bench.manifest import ReproductionSpec
from papercoder.bench.manifest_file import load_manifest
from papercoder.bench.placement import LocalPlacement
from papercoder.bench.shared import LocalShares, share_count
from papercoder.errors import ReproductionError, SandboxError
from papercoder.operations.reproduce import reproduce_run
from papercoder.runs.event_log import read_events
from papercoder.runs.events import Event, TrialEnded
from papercoder.runs.folder import load
from tests.bench.benches import TINY, Silent, calls_of, entry_of, run, write_manifest
from tests.support import of_kind

FULL = {"name": "full"}


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    start_no_processes(monkeypatch.setattr)


def manifest_of(folder: Path, papers: int = 4, **changes: Any) -> Path:
    """Papers whose claims are met, differ, are toy and are not run, in turn."""
    listed = []
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(papers):
        (folder / f"{number}.md").write_text(paper_text(number), encoding="utf-8")
        toy = {"reproduction": {"scale": 0.5}} if kind(number) == "toy" else {}
        listed.append({"id": f"p{number}", "paper": f"{number}.md", **toy})
    fields = {"papers": listed, "variants": [FULL], "reproduction": {"budget": "10m", "diagnosis": "5m"}, **changes}
    return write_manifest(folder, texts=0, **fields)


def trials_of(folder: Path) -> "Counter[tuple[str, str]]":
    """(entry, trial) -> how often it ended."""
    return Counter(
        (log.parent.name, event.trial)
        for log in folder.glob("*/events.jsonl")
        for event in of_kind(read_events(log.parent), TrialEnded)
    )


def test_claims_of_each_paper_and_shares_of_all(tmp_path: Path) -> None:
    results = run(manifest_of(tmp_path), tmp_path / "out")
    assert {entry.status for entry in results.entries} == {"complete"}, [entry.reason for entry in results.entries]
    met, differs, toy, not_run = (entry.claims for entry in results.entries)
    assert met == ClaimCounts(met=2)
    assert differs == ClaimCounts(differs=2)
    assert toy == ClaimCounts(toy=2)
    assert not_run == ClaimCounts(not_run=2)
    assert [(entry.trials, entry.trials_measured) for entry in results.entries] == [(12, 12)] * 4
    assert [entry.hypotheses_tried for entry in results.entries] == [0] * 4
    assert all(0 < entry.reproduction_seconds < entry.seconds for entry in results.entries)
    (summary,) = results.claims
    assert (summary.papers, summary.claims.total) == (4, 8)
    shares = (summary.met, summary.differs, summary.only_toy, summary.undecided)
    assert [(share.count, share.papers) for share in shares] == [(1, 4)] * 4
    assert summary.met.low < 0.25 < summary.met.high
    assert load(tmp_path / "out", "results.json", BenchResults) == results


def test_papers_and_variants_choose(tmp_path: Path) -> None:
    variants = [FULL, {"name": "published", "profile": "papercoder"}, {"name": "off", "sandbox": "none"}]
    manifest = load_manifest(manifest_of(tmp_path, variants=variants))
    first, *others = manifest.papers
    manifest = manifest.model_copy(
        update={
            "papers": (
                first.model_copy(update={"reproduction": ReproductionSpec(seeds=1)}),
                others[0].model_copy(update={"reproduction": False}),
            )
        }
    )
    listener = Silent()
    results = asyncio.run(bench(manifest, tmp_path / "out", LocalPlacement(), listener))
    found = {(entry.paper, entry.variant): entry for entry in results.entries}
    assert found["p0", "full"].trials == 4
    assert found["p0", "full"].claims == ClaimCounts(met=2)
    assert found["p0", "published"].claims is None
    assert found["p0", "off"].claims == ClaimCounts(not_run=2)
    assert {found["p1", variant].claims for variant in ("full", "published", "off")} == {None}
    assert "variant published: no trials are run, because the profile papercoder reads no claims" in listener.warned


def test_the_setting_of_a_variant_asks_too(tmp_path: Path) -> None:
    variants = [{"name": "full", "reproduce": True, "budget": "20m"}]
    entry = entry_of(manifest_of(tmp_path, papers=1, variants=variants, reproduction=None), tmp_path / "out")
    assert entry.reproduction == ReproductionSpec(budget=1200.0, diagnosis=1200.0)
    assert not entry.settings.reproduce


def test_complete_entries_run_no_trial_again_and_a_larger_budget_resumes(tmp_path: Path) -> None:
    path = manifest_of(tmp_path, papers=2, reproduction={"budget": "5m", "max_trials": 5})
    first = run(path, tmp_path / "out")
    calls, trials = calls_of(tmp_path / "out"), trials_of(tmp_path / "out")
    assert [entry.trials_measured for entry in first.entries] == [5, 5]
    again = Silent()
    assert run(path, tmp_path / "out", again) == first
    assert again.events == []
    results = run(manifest_of(tmp_path, papers=2, reproduction={"budget": "10m"}), tmp_path / "out")
    assert [entry.trials_measured for entry in results.entries] == [12, 12]
    assert calls_of(tmp_path / "out") == calls
    assert set(trials_of(tmp_path / "out").values()) == {1}
    assert trials_of(tmp_path / "out") > trials


def test_an_interrupted_reproduction_resumes_without_running_or_paying_twice(tmp_path: Path) -> None:
    path = manifest_of(tmp_path, papers=1)

    async def interrupted() -> None:
        class Stops(Silent):
            def on_event(self, entry: str, event: Event) -> None:
                super().on_event(entry, event)
                if len(of_kind((seen for _, seen in self.events), TrialEnded)) == 3:
                    task.cancel()

        task = asyncio.ensure_future(bench(load_manifest(path), tmp_path / "out", LocalPlacement(), Stops()))
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    kept = load(tmp_path / "out", "results.json", BenchResults).entries[0]
    assert (kept.status, kept.reason) == ("partial", "it was interrupted")
    results = run(path, tmp_path / "out")
    assert results.entries[0].claims == ClaimCounts(met=2)
    assert set(calls_of(tmp_path / "out").values()) == {1}
    entry = tmp_path / "out" / results.entries[0].entry
    done = Counter(event.trial for event in of_kind(read_events(entry), TrialEnded) if event.status == "done")
    assert set(done.values()) == {1}
    # One that was interrupted between its result and its event has no event, and does not run again.
    assert len(list((entry / "reproduction" / "trials").iterdir())) == 12


def test_a_budget_is_one_for_all_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, budgets = manifest_of(tmp_path, papers=1, reproduction={"budget": "10m"}), list[float]()

    async def recorded(folder: Path, options: Any, *given: Any, **named: Any) -> Reproduction:
        budgets.append(options.budget)
        return await reproduce_run(folder, options, *given, **named)

    monkeypatch.setattr(bench_entry, "reproduce_run", recorded)
    first = run(path, tmp_path / "out").entries[0]
    (tmp_path / "out" / first.entry / "entry.json").unlink()
    run(path, tmp_path / "out")
    assert budgets == [600.0, pytest.approx(600.0 - first.reproduction_seconds)]


@pytest.mark.parametrize(
    ("error", "status"),
    [(ReproductionError("It lists no trials."), "complete"), (SandboxError("There is no sandbox."), "partial")],
)
def test_what_prevents_trials_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, status: str
) -> None:
    async def fails(*_: Any, **__: Any) -> Reproduction:
        raise error

    monkeypatch.setattr(bench_entry, "reproduce_run", fails)
    (entry,) = run(manifest_of(tmp_path, papers=1), tmp_path / "out").entries
    assert (entry.status, entry.reason, entry.claims) == (status, str(error), ClaimCounts(not_run=2))


def test_a_paper_that_cannot_be_read_counts_as_undecided(tmp_path: Path) -> None:
    path = manifest_of(tmp_path, papers=1)
    (tmp_path / "0.md").write_bytes(b"%PDF-1.4 nothing")
    results = run(path, tmp_path / "out")
    assert results.entries[0].claims == ClaimCounts()
    assert (results.claims[0].undecided.count, results.claims[0].papers) == (1, 1)


def test_entries_wait_for_a_share_of_the_machine(tmp_path: Path) -> None:
    most, holding = 0, 0

    async def hold(shares: LocalShares) -> None:
        nonlocal most, holding
        async with shares.take():
            holding += 1
            most = max(most, holding)
            await asyncio.sleep(0)
            holding -= 1

    async def all_at_once() -> None:
        shares = LocalShares(2)
        await asyncio.gather(*(hold(shares) for _ in range(5)))

    asyncio.run(all_at_once())
    assert most == 2
    entry = entry_of(manifest_of(tmp_path, papers=1), tmp_path / "out")
    wide = entry.model_copy(update={"reproduction": ReproductionSpec(workers=4)})
    assert share_count([entry] * 9, at_once=5, capacity=3) == 3
    assert share_count([entry] * 9, at_once=2, capacity=64) == 2
    assert share_count([entry] * 3, at_once=5, capacity=64) == 3
    assert share_count([wide] * 9, at_once=9, capacity=8) == 2
    assert share_count([], at_once=9, capacity=8) == 1


def test_simulated_papers_state_results(tmp_path: Path) -> None:
    run(manifest_of(tmp_path, papers=1, models=TINY), tmp_path / "out")
    (folder,) = (tmp_path / "out").glob("p0--*")
    assert "ours has a value of 42.0 on small" in load(folder, "paper.json", Paper).render()
