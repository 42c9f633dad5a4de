"""A bench on a cluster of two nodes on this machine: a death costs only the calls in flight."""

import asyncio
import importlib
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from benchmarks.many.trials import claims_manifest

from papercoder.artifacts import BenchResults
from papercoder.bench.bench import bench
from papercoder.bench.manifest import Resources
from papercoder.bench.manifest_file import load_manifest
from papercoder.bench.ray.execution import ClusterExecutor
from papercoder.bench.ray.host import EntryRequest
from papercoder.bench.ray.placement import RayPlacement, provider_variables
from papercoder.errors import AnswerError, SettingsError
from papercoder.models.stack import calls, made
from papercoder.runs.event_log import read_events
from papercoder.runs.events import CallMade, CallStarted, Event, RunStarted, TrialEnded, Warned
from papercoder.runs.folder import answer_store, write_synced
from papercoder.sandbox.ray import RAY_VARIABLES, connected
from tests.bench.benches import FULL, TINY, Silent, entry_of, run, write_manifest
from tests.bench.hosts import HOSTS, PACE, POISON, Mortal, WithoutProcesses, current_process, locate
from tests.support import Scripted, calls_in_flight, make_agents, of_kind

ROOT = Path(__file__).parents[3]


def started(start: Callable[[], Any]) -> Any:
    """Start a node, with retries: Ray allows half a minute, which a busy machine may exceed."""
    for _ in range(3):
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
    return start()


class Machines:
    """A cluster of two nodes, and the hosts that were started on it."""

    def __init__(self, folder: Path) -> None:
        utilities: Any = importlib.import_module("ray.cluster_utils")  # after RAY_VARIABLES are set
        self.folder = folder
        node = {"num_cpus": 1}
        head = {**node, "include_dashboard": False}
        self.cluster = started(lambda: utilities.Cluster(initialize_head=True, head_node_args=head))
        self.second = started(lambda: self.cluster.add_node(**node, num_gpus=1))

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def hosts(self) -> list[dict[str, Any]]:
        """All hosts, dead ones too."""
        return [json.loads(path.read_text(encoding="utf-8")) for path in self.folder.glob("*.json")]

    def at_work(self, node: str) -> int | None:
        """The process of the living host on a node, if it has entries."""
        pids = (host["pid"] for host in self.hosts() if host["node"] == node and host["entries"])
        return next((pid for pid in pids if Path(f"/proc/{pid}").exists()), None)

    def kill(self) -> bool:
        """Kill the process of the host on the first node, once it has entries."""
        if pid := self.at_work(self.cluster.head_node.node_id):
            os.kill(pid, signal.SIGKILL)
            self.allow_calls(120)
        return pid is not None

    def lose(self) -> bool:
        """Remove the second node once its host has entries."""
        if busy := self.at_work(self.second.node_id) is not None:
            self.cluster.remove_node(self.second, allow_graceful=False)
            self.allow_calls(None)
        return busy

    def allow_calls(self, calls: int | None) -> None:
        """Allow each host this many calls, so that no entry ends too early."""
        path = self.folder / PACE
        path.unlink() if calls is None else write_synced(path, str(calls))

    def forget(self) -> None:
        """Forget the hosts of earlier benches."""
        for path in self.folder.glob("*.json"):
            path.unlink()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("hosts")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", f"{ROOT / 'src'}{os.pathsep}{ROOT}")
        patched.setenv(HOSTS, str(folder))
        patched.setenv("RAY_worker_niceness", "0")  # the hosts have the same priority as the tests
        for name, value in RAY_VARIABLES.items():
            patched.setenv(name, value)
        found = Machines(folder)
        yield found
        found.cluster.shutdown()


class Disturbing(Silent):
    """Runs each action after this number of calls of all entries together, when it is possible."""

    def __init__(self, *actions: tuple[int, Callable[[], bool]]) -> None:
        super().__init__()
        self.actions = list(actions)
        self.made = 0

    def on_event(self, entry: str, event: Event) -> None:
        super().on_event(entry, event)
        self.made += isinstance(event, CallMade)
        if self.actions and self.made >= self.actions[0][0] and self.actions[0][1]():
            self.actions.pop(0)


def on_ray(machines: Machines, manifest: Path, folder: Path, listener: Silent | None = None) -> BenchResults:
    machines.forget()
    placement = RayPlacement(machines.address, Mortal)
    return asyncio.run(bench(load_manifest(manifest), folder, placement, listener or Silent()))


def journal(folder: Path) -> dict[str, set[str]]:
    """Entry -> the keys of its answers."""
    return {
        entry.name: {path.name for path in answer_store(entry).folder.glob("call-*")}
        for entry in sorted(folder.iterdir())
        if entry.is_dir() and not entry.name.startswith(".")
    }


def sessions(events: list[Event]) -> list[list[Event]]:
    """The events of each process that worked on a run."""
    starts = [at for at, event in enumerate(events) if isinstance(event, RunStarted)]
    return [events[start:end] for start, end in zip(starts, [*starts[1:], len(events)], strict=True)]


def call_key(event: CallMade) -> str:
    return event.model_dump_json(exclude={"at", "artifact"})


@pytest.mark.slow
def test_a_bench_is_the_same_on_a_cluster(machines: Machines, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, texts=4, variants=[FULL])
    listener = Silent()
    there = on_ray(machines, manifest, tmp_path / "there", listener)
    here = run(manifest, tmp_path / "here")
    same = {"seconds", "cached"}  # what a provider has cached depends on the order in which calls happen to come
    assert [t.model_dump(exclude=same) for t in there.entries] == [t.model_dump(exclude=same) for t in here.entries]
    assert {entry.status for entry in there.entries} == {"complete"}
    assert journal(tmp_path / "there") == journal(tmp_path / "here")
    busy = [host for host in machines.hosts() if host["entries"]]
    assert {host["node"] for host in busy} == {machines.cluster.head_node.node_id, machines.second.node_id}
    assert not [host for host in busy if host["loop"].startswith("uvloop")]
    assert Counter(entry for entry, event in listener.events if isinstance(event, CallMade)) == {
        entry.entry: entry.calls for entry in there.entries
    }


def test_execution_steps_run_where_their_resources_are(machines: Machines) -> None:
    events: list[Event] = []
    hand = make_agents(Scripted({}), events.append)
    executor = ClusterExecutor({"smoke": Resources(gpus=1, cpus=0.5), "install": Resources(memory=0.1)})

    async def play() -> tuple[int, dict[str, Any]]:
        here, there = await executor.perform(current_process, hand), await executor.perform(locate, hand, "around")
        with pytest.raises(AnswerError, match="no answer"):
            await executor.perform(locate, hand, "trouble")
        return here, there

    with connected(machines.address):
        pid, there = asyncio.run(play())
    assert pid == os.getpid() != there["pid"]
    assert there["node"] == machines.second.node_id
    assert there["resources"] == {"CPU": 0.5, "GPU": 1.0, "memory": pytest.approx(0.1 * 2**30, rel=0.01)}
    assert [event.message for event in of_kind(events, Warned)] == ["around", "trouble"]


@pytest.mark.slow
def test_a_paper_that_kills_its_host_does_not_affect_the_others(machines: Machines, tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path, texts=3, variants=[FULL])
    text = manifest.read_text(encoding="utf-8").replace("id: p2", f"id: {POISON}")
    manifest.write_text(text, encoding="utf-8")
    results = {entry.paper: entry for entry in on_ray(machines, manifest, tmp_path / "out").entries}
    assert {paper: entry.status for paper, entry in results.items()} == {
        "p1": "complete",
        POISON: "failed",
        "p3": "complete",
    }
    assert "died 5 times, the last time without other entries in it" in results[POISON].reason
    poisoned = [host["entries"] for host in machines.hosts() if POISON in host["entries"]]
    assert len(poisoned) == 5
    assert [entries for entries in poisoned if entries == [POISON]][:2] == [[POISON], [POISON]]


@pytest.mark.slow
def test_the_budget_is_shared_by_all_hosts(machines: Machines, tmp_path: Path) -> None:
    priced = f"{TINY},price_in=1,price_out=0.1"
    whole = run(write_manifest(tmp_path, texts=4, variants=[FULL], models=priced), tmp_path / "whole")
    cost = sum(entry.cost_usd for entry in whole.entries)
    manifest = write_manifest(tmp_path, texts=4, variants=[FULL], models=priced, max_cost=cost * 0.6)
    capped = on_ray(machines, manifest, tmp_path / "out").entries
    stopped = [entry for entry in capped if entry.status != "complete"]
    assert stopped
    assert all(entry.capped and "exceeds the cap" in entry.reason for entry in stopped)
    assert 0 < sum(entry.cost_usd for entry in capped) <= cost * 0.6


def test_a_killed_worker_and_a_lost_node_cost_only_calls_in_flight(
    machines: Machines, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    manifest = write_manifest(tmp_path, texts=12, variants=[FULL], papers_at_once=12, concurrency=200)
    run(manifest, tmp_path / "undisturbed")
    first, second = (node.node_id for node in (machines.cluster.head_node, machines.second))
    listener = Disturbing((60, machines.kill), (130, machines.lose))
    machines.allow_calls(40)
    results = on_ray(machines, manifest, tmp_path / "disturbed", listener)
    assert listener.actions == []
    assert capfd.readouterr() == ("", "")
    assert {host["node"] for host in machines.hosts() if host["entries"]} == {first, second}
    assert len([host for host in machines.hosts() if host["entries"]]) == 3, "no entry got a host of its own"
    assert {entry.status for entry in results.entries} == {"complete"}
    kept = journal(tmp_path / "disturbed")
    assert kept == journal(tmp_path / "undisturbed")

    killed = 0
    for entry, keys in kept.items():
        folder = tmp_path / "disturbed" / entry
        events = list(read_events(folder))
        processes = sessions(events)
        killed += len(processes) > 1
        lost = sum((calls_in_flight(process) for process in processes[:-1]), Counter[tuple[str, str]]()).total()
        assert calls_in_flight(processes[-1]).total() == 0
        assert len(keys) <= len(of_kind(events, CallStarted)) <= len(keys) + lost
        paid, on_disk = (
            Counter(map(call_key, of_kind(events, CallMade))),
            Counter(map(call_key, map(made, calls(answer_store(folder))))),
        )
        assert paid == on_disk, "a kept answer was paid for again, or is not counted"
    assert killed >= 2


@pytest.mark.slow
def test_claims_of_papers_on_a_cluster_that_loses_a_node(machines: Machines, tmp_path: Path) -> None:
    if not machines.cluster.worker_nodes:
        machines.second = started(lambda: machines.cluster.add_node(num_cpus=1))
    todo = claims_manifest(8, 8, tmp_path / "papers")
    machines.forget()
    machines.allow_calls(50)
    listener = Disturbing((60, machines.lose))
    placement = RayPlacement(machines.address, WithoutProcesses)
    results = asyncio.run(bench(todo, tmp_path / "out", placement, listener))
    assert {entry.status for entry in results.entries} == {"complete"}, [entry.reason for entry in results.entries]
    assert listener.actions == []
    (summary,) = results.claims
    shares = (summary.met, summary.differs, summary.only_toy, summary.undecided)
    assert [(share.count, share.papers) for share in shares] == [(2, 8)] * 4
    for entry in results.entries:
        folder = tmp_path / "out" / entry.entry
        events = list(read_events(folder))
        assert len(of_kind(events, CallMade)) == len(journal(tmp_path / "out")[entry.entry]), "paid twice"
        done = Counter(event.trial for event in of_kind(events, TrialEnded) if event.status == "done")
        assert len(done) == entry.trials_measured == 12
        assert set(done.values()) == {1}


@pytest.mark.parametrize("address", ["ray://head:10001", "http://head:8265"])
def test_an_unsupported_address(address: str) -> None:
    with pytest.raises(SettingsError, match="on a machine of the cluster"):
        RayPlacement(address)


def test_an_unsupported_address_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(SettingsError, match="RAY_ADDRESS ray"):
        RayPlacement()


def test_without_ray_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"pip install 'papercoder\[ray\]'"):
        asyncio.run(bench(load_manifest(write_manifest(tmp_path)), tmp_path / "out", RayPlacement(), Silent()))


def test_only_keys_of_used_providers_go_to_hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "asked")
    monkeypatch.setenv("OPENAI_API_KEY", "not asked")
    entry = entry_of(write_manifest(tmp_path, models="anthropic:claude-sonnet-5"), tmp_path / "out")
    assert provider_variables(entry) == {"ANTHROPIC_API_KEY": "asked"}
    assert "asked" not in repr(EntryRequest(entry, None, None, provider_variables(entry), retry=False))


def test_ray_does_not_replace_the_sigterm_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = SimpleNamespace(init=lambda **_: signal.signal(signal.SIGTERM, signal.SIG_IGN), shutdown=lambda: None)
    monkeypatch.setitem(sys.modules, "ray", ray)
    before = signal.getsignal(signal.SIGTERM)
    with connected("auto"):
        assert signal.getsignal(signal.SIGTERM) is before
