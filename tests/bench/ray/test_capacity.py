"""What steps take is held against what nodes have, before a cluster is left to wait for what never comes."""

from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import StepName
from papercoder.bench.manifest.file import load_manifest
from papercoder.bench.manifest.manifest import Resources
from papercoder.bench.manifest.trials import Trial, trials
from papercoder.bench.ray.capacity import GIB, most, no_room, without_room
from papercoder.bench.ray.placement import OnRay
from papercoder.errors import SettingsError
from tests.bench.benches import Silent, write_manifest

SMALL = {"CPU": 4.0, "memory": 8.0 * GIB, "node:127.0.0.1": 1.0}
LENT = {"CPU": 16.0, "GPU": 2.0, "memory": 64.0 * GIB}


def test_steps_in_one_task_take_the_most_that_any_of_them_takes() -> None:
    resources: dict[StepName, Resources] = {"tests": Resources(cpus=2), "smoke": Resources(gpus=1, memory=4)}
    assert most(resources, ("install", "tests", "smoke")) == Resources(cpus=2, gpus=1, memory=4)
    assert most(resources, ("reproduce",)) == Resources(cpus=1, gpus=0)


@pytest.mark.parametrize(
    "takes",
    [
        Resources(cpus=4, memory=8),
        Resources(cpus=0, gpus=0.5),
        Resources(cpus=0),
        Resources(cpus=16, gpus=2, memory=64),
    ],
)
def test_there_is_room_where_one_node_has_all_of_it(takes: Resources) -> None:
    assert no_room(("smoke",), takes, (SMALL, LENT)) == ""


@pytest.mark.parametrize(
    "takes", [Resources(cpus=17), Resources(gpus=3), Resources(cpus=1, memory=65), Resources(cpus=4, gpus=4)]
)
def test_there_is_none_where_no_node_has_it(takes: Resources) -> None:
    assert no_room(("smoke",), takes, (SMALL, LENT))


def test_what_two_nodes_have_together_is_no_room() -> None:
    many = {"CPU": 64.0, "memory": 8.0 * GIB}
    assert no_room(("smoke",), Resources(cpus=32, memory=32), (many, LENT))


def test_it_is_said_what_is_taken_and_what_there_is() -> None:
    assert no_room(("reproduce",), Resources(cpus=1, gpus=1, memory=64), (SMALL, SMALL, {"CPU": 1.0})) == (
        "`resources`: reproduce takes 1 CPU, 1 GPU, 64 GiB of memory, and no node of the cluster has that "
        "(2 nodes with 4 CPUs, 0 GPUs, 8 GiB of memory; 1 node with 1 CPU, 0 GPUs, 0 GiB of memory)"
    )
    assert no_room(("install", "smoke"), Resources(cpus=9), ()) == (
        "`resources`: all from install to smoke takes 9 CPUs, and no node of the cluster has that (it has none)"
    )


def todo(folder: Path, resources: dict[str, Any], **settings: Any) -> tuple[Trial, ...]:
    manifest = write_manifest(folder, texts=1, variants=[{"name": "full", **settings}], resources=resources)
    return trials(load_manifest(manifest), folder / "out")


def test_only_steps_that_are_climbed_need_room(tmp_path: Path) -> None:
    large = {"reproduce": {"gpus": 8}}
    assert without_room(todo(tmp_path, large), (SMALL,)) == ""
    assert "reproduce takes 1 CPU, 8 GPUs" in without_room(todo(tmp_path, large, reproduce=True), (SMALL,))
    assert "from install to smoke" in without_room(todo(tmp_path, {"tests": {"cpus": 5}}), (SMALL,))
    assert without_room(todo(tmp_path, {"smoke": {"cpus": 5}}, sandbox="none"), (SMALL,)) == ""


def test_a_cluster_of_our_own_is_refused_and_one_that_may_grow_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    watcher = Silent()
    OnRay()._find_room("", watcher)
    with pytest.raises(SettingsError, match="too much"):
        OnRay()._find_room("too much", watcher)
    assert watcher.warned == []
    OnRay("head:6379")._find_room("too much", watcher)
    assert watcher.warned == ["too much; what takes it waits until one has it."]
