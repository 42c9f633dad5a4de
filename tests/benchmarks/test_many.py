import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.many.claims import ClaimsResults, section
from benchmarks.many.heartbeat import BEAT, Heartbeat
from benchmarks.many.load import load, manifest
from benchmarks.many.measure import Watched
from benchmarks.many.trials import claims_manifest, start_no_processes
from benchmarks.many.watching import Held, held_by, tree, watching

from papercoder.bench.placement import LocalPlacement
from papercoder.stages import checking


def test_a_heart_beats_for_as_long_as_it_is_entered() -> None:
    async def beating() -> Heartbeat:
        async with Heartbeat() as heart:
            await asyncio.sleep(5 * BEAT)
        beats = len(heart.late)
        await asyncio.sleep(3 * BEAT)
        assert len(heart.late) == beats > 0
        return heart

    assert asyncio.run(beating()).lag.beats > 0


def test_lateness_is_given_in_percentiles() -> None:
    lag = Heartbeat(late=[0.001] * 98 + [0.2, 3.0]).lag
    assert (lag.median, lag.p99, lag.most, lag.beats) == (0.001, 0.2, 3.0, 100)


def test_a_tree_of_processes_is_watched() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert {os.getpid(), child.pid} <= set(tree([os.getpid()]))
        held = held_by([os.getpid()])
        assert held.processes >= 2
        assert held.memory_mib > 1
        assert held.files > 3
        with watching(lambda: [os.getpid()], every=0.01) as peak:
            while not peak.held.threads:
                time.sleep(0.01)
    finally:
        child.communicate(b"\n")
    assert peak.held.threads > 1


def test_what_is_gone_holds_nothing() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    assert held_by([child.pid]) == Held(0.0, 0, 0, 0)


def test_a_tiny_load_of_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start_no_processes(monkeypatch.setattr)
    seen = asyncio.run(load(claims_manifest(2, 2, tmp_path / ".papers"), tmp_path, LocalPlacement()))
    assert (seen.papers, seen.complete) == (2, 2)
    assert (seen.answers, seen.trials, seen.trials_again) == (seen.calls, 24, 0)
    watched = Watched(seen, Held(100.0, 1, 1, 1))
    shown = section(ClaimsResults(watched, watched, watched)).render()
    assert "2 of 2 ended complete" in shown
    assert "| one paper alone | 1 of 2 | 1 of 2 | 0 of 2 | 0 of 2 |" in shown


def test_a_tiny_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "CHECKS", ())
    seen = asyncio.run(load(manifest(2, 1, 1e5), tmp_path, LocalPlacement()))
    assert (seen.papers, seen.complete) == (2, 2)
    assert seen.calls > 2 * 6
    assert seen.lag.beats
