"""Resources of steps are compared with those of nodes, so that no task waits forever."""

from pathlib import Path
from typing import Any

import pytest

from papercoder.artifacts import StepName
from papercoder.bench.manifest import Entry, Resources, entries
from papercoder.bench.manifest_file import load_manifest
from papercoder.bench.ray.execution import GIB, missing_capacity, required, unmet_needs
from papercoder.bench.ray.placement import RayPlacement
from papercoder.errors import SettingsError
from tests.bench.benches import Silent, write_manifest

SMALL = {"CPU": 4.0, "memory": 8.0 * GIB, "node:127.0.0.1": 1.0}
LENT = {"CPU": 16.0, "GPU": 2.0, "memory": 64.0 * GIB}


def test_a_task_needs_the_maximum_of_its_steps() -> None:
    resources: dict[StepName, Resources] = {"tests": Resources(cpus=2), "smoke": Resources(gpus=1, memory=4)}
    assert required(resources, ("install", "tests", "smoke")) == Resources(cpus=2, gpus=1, memory=4)
    assert required(resources, ("install",)) == Resources(cpus=1, gpus=0)


@pytest.mark.parametrize(
    "needed",
    [
        Resources(cpus=4, memory=8),
        Resources(cpus=0, gpus=0.5),
        Resources(cpus=0),
        Resources(cpus=16, gpus=2, memory=64),
    ],
)
def test_one_node_with_all_resources_is_enough(needed: Resources) -> None:
    assert unmet_needs(("smoke",), needed, (SMALL, LENT)) == ""


@pytest.mark.parametrize(
    "needed", [Resources(cpus=17), Resources(gpus=3), Resources(cpus=1, memory=65), Resources(cpus=4, gpus=4)]
)
def test_resources_that_no_node_has_are_unmet(needed: Resources) -> None:
    assert unmet_needs(("smoke",), needed, (SMALL, LENT))


def test_resources_of_two_nodes_are_not_added() -> None:
    many = {"CPU": 64.0, "memory": 8.0 * GIB}
    assert unmet_needs(("smoke",), Resources(cpus=32, memory=32), (many, LENT))


def test_the_message_names_needed_and_available_resources() -> None:
    assert unmet_needs(("smoke",), Resources(cpus=1, gpus=1, memory=64), (SMALL, SMALL, {"CPU": 1.0})) == (
        "`resources`: smoke needs 1 CPU, 1 GPU, 64 GiB of memory, but no node of the cluster has that "
        "(2 nodes with 4 CPUs, 0 GPUs, 8 GiB of memory; 1 node with 1 CPU, 0 GPUs, 0 GiB of memory)"
    )
    assert unmet_needs(("install", "smoke"), Resources(cpus=9), ()) == (
        "`resources`: install to smoke need 9 CPUs, but no node of the cluster has that (the cluster has no nodes)"
    )


def todo(folder: Path, resources: dict[str, Any], **settings: Any) -> tuple[Entry, ...]:
    manifest = write_manifest(folder, texts=1, variants=[{"name": "full", **settings}], resources=resources)
    return entries(load_manifest(manifest), folder / "out")


def test_only_steps_that_run_need_resources(tmp_path: Path) -> None:
    assert missing_capacity(todo(tmp_path, {"smoke": {"cpus": 2}}), (SMALL,)) == ""
    assert "install to smoke need" in missing_capacity(todo(tmp_path, {"tests": {"cpus": 5}}), (SMALL,))
    assert missing_capacity(todo(tmp_path, {"smoke": {"cpus": 5}}, sandbox="none"), (SMALL,)) == ""


def test_a_small_local_cluster_is_an_error_and_a_small_running_one_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    listener = Silent()
    RayPlacement()._check_capacity("", listener)
    with pytest.raises(SettingsError, match="too much"):
        RayPlacement()._check_capacity("too much", listener)
    assert listener.warned == []
    RayPlacement("head:6379")._check_capacity("too much", listener)
    assert listener.warned == ["too much; the task waits for such a node."]
