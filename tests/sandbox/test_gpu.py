"""GPU access: the device files a command gets, and that it gets none by default. Ordinary files imitate GPUs."""

import asyncio
import itertools
import os
import stat
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import pytest

from papercoder.errors import SandboxError
from papercoder.sandbox.bubblewrap import Bubblewrap
from papercoder.sandbox.contract import Bind, Command, Sandbox
from papercoder.sandbox.docker import Docker
from papercoder.sandbox.gpu import AMD, GPU_EXPOSED, NO_GPU, NVIDIA, VARIABLES, GpuAccess, Vendor, gpu_access
from papercoder.sandbox.selection import Subprocess
from tests.sandbox.conftest import isolating


@pytest.fixture(autouse=True)
def _no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-user")


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    """A folder that imitates `/dev`."""
    (tmp_path / "dev" / "nvidia-limits").mkdir(parents=True)
    return tmp_path / "dev"


def moved(vendor: Vendor, dev: Path) -> Vendor:
    """The same vendor with its device files in this folder."""

    def there(pattern: str) -> str:
        return pattern.replace("/dev/", f"{dev}/", 1)

    return replace(vendor, cards=there(vendor.cards), companions=tuple(map(there, vendor.companions)))


def plug(dev: Path, *names: str) -> tuple[str, ...]:
    """Create device files: devices that read as zeros for root, otherwise files of zeros."""
    for name in names:
        path = dev / name
        path.parent.mkdir(exist_ok=True)
        if os.geteuid():
            path.write_bytes(bytes(8))
        else:
            os.mknod(path, stat.S_IFCHR | 0o666, Path("/dev/zero").stat().st_rdev)
    return tuple(str(dev / name) for name in names)


def command(folder: Path, *argv: str, gpu: bool = True) -> Command:
    return Command(argv, Bind(folder, "/repository"), gpu=gpu)


def binds(argv: tuple[str, ...], option: str) -> list[tuple[str, str]]:
    return [(source, target) for name, source, target in zip(argv, argv[1:], argv[2:], strict=False) if name == option]


@pytest.mark.parametrize(("path", "is_card"), [("nvidia0", True), ("nvidia11", True), ("nvidiactl", False)])
def test_which_device_files_are_gpus(path: str, is_card: bool) -> None:
    assert fnmatch(f"/dev/{path}", NVIDIA.cards) == is_card
    assert not fnmatch(f"/dev/{path}", AMD.cards)


def test_a_vendor_has_all_its_device_files_or_none(dev: Path) -> None:
    vendor = moved(NVIDIA, dev)
    companions = plug(dev, "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-limits/nvidia-cap1")
    assert vendor.devices == ()
    cards = plug(dev, "nvidia0", "nvidia1")
    assert vendor.devices == (*cards, *companions)
    assert moved(AMD, dev).devices == ()
    assert set(plug(dev, "kfd", "dri/renderD128")) == set(moved(AMD, dev).devices)


def test_gpus_are_available_only_where_allowed(dev: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    plug(dev, "nvidia0")
    vendors = (moved(NVIDIA, dev),)
    assert gpu_access(False, vendors) == GpuAccess()
    assert gpu_access(True, vendors).notes == (GPU_EXPOSED,)
    assert gpu_access(True, ()).notes == (NO_GPU,)


@pytest.mark.parametrize("chosen", ["", "-1"])
def test_no_gpu_is_available_where_the_scheduler_gives_none(
    dev: Path, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    plug(dev, "nvidia0", "kfd")
    assert gpu_access(True, (moved(NVIDIA, dev),)) == GpuAccess((), (NO_GPU,), (("CUDA_VISIBLE_DEVICES", chosen),))
    assert gpu_access(True, (moved(AMD, dev),)).notes == (GPU_EXPOSED,)


def test_bubblewrap_binds_the_devices_that_exist(dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    devices = plug(dev, "nvidia0", "nvidiactl")
    sandbox = Bubblewrap("bwrap", vendors=(moved(NVIDIA, dev), moved(AMD, dev)))
    argv = sandbox.options_for(command(tmp_path, "true"))
    assert binds(argv, "--dev-bind-try") == [(path, path) for path in devices]
    assert ("CUDA_VISIBLE_DEVICES", "1") in binds(argv, "--setenv")
    assert ("/sys/devices/system", "/sys/devices/system") in binds(argv, "--ro-bind-try")
    assert argv.index("--dev-bind-try") < argv.index("--remount-ro")
    assert "secret-of-the-user" not in " ".join(argv)
    shut = sandbox.options_for(command(tmp_path, "true", gpu=False))
    assert not {"--dev-bind-try", "CUDA_VISIBLE_DEVICES", "/sys/devices/system"} & set(shut)


@pytest.fixture
def sandbox(dev: Path) -> Sandbox:
    found = isolating()
    assert isinstance(found, Bubblewrap)
    return replace(found, vendors=(moved(NVIDIA, dev),))


def test_a_device_works_in_bubblewrap_and_cannot_be_damaged(sandbox: Sandbox, dev: Path, tmp_path: Path) -> None:
    (card,) = plug(dev, "nvidia0")
    script = f"head -c 3 {card} | od -An -tx1; ls -d /sys/devices/system/cpu; chmod 000 {card}; rm {card}; ls {dev}"
    (tmp_path / "repository").mkdir()
    mode = Path(card).stat().st_mode
    outcome = asyncio.run(sandbox.run(command(tmp_path / "repository", "sh", "-c", script)))
    assert " 00 00 00\n/sys/devices/system/cpu\n" in outcome.output
    assert outcome.output.endswith("nvidia0\n")
    assert GPU_EXPOSED in outcome.notes
    assert os.geteuid() or Path(card).stat().st_mode == mode
    shut = asyncio.run(sandbox.run(command(tmp_path / "repository", "ls", card, "/sys", gpu=False)))
    assert shut.output.count("No such file") == 2
    assert GPU_EXPOSED not in shut.notes


def test_a_machine_without_a_gpu_is_noted_and_is_no_error(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = asyncio.run(sandbox.run(command(tmp_path, "true")))
    assert outcome.succeeded
    assert outcome.notes[-1] == NO_GPU


def test_docker_passes_all_gpus_through_the_toolkit(dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVIDIA_VISIBLE_DEVICES", "GPU-1")
    plug(dev, "nvidia0", "nvidiactl")
    engine = Docker(("docker",), vendors=(moved(NVIDIA, dev), moved(AMD, dev)))
    pairs = set(itertools.pairwise(engine.prefix(command(tmp_path), "name", "filter.json")))
    assert {("--gpus", "all"), ("--env", "NVIDIA_VISIBLE_DEVICES=GPU-1")} <= pairs
    assert "--device" not in {option for option, _ in pairs}
    assert "--gpus" not in engine.prefix(command(tmp_path, gpu=False), "name", "filter.json")


def test_docker_passes_devices_where_there_is_no_toolkit(dev: Path, tmp_path: Path) -> None:
    devices = plug(dev, "kfd", "dri/renderD128")
    argv = Docker(("docker",), vendors=(moved(NVIDIA, dev), moved(AMD, dev))).prefix(
        command(tmp_path), "name", "filter.json"
    )
    assert {("--device", path) for path in devices} <= set(itertools.pairwise(argv))
    assert ("--group-add", str(Path(devices[0]).stat().st_gid)) in itertools.pairwise(argv)
    assert "--gpus" not in argv


REFUSES = """#!/bin/sh
case "$1" in
  run) echo 'docker: could not select device driver "" with capabilities: [[gpu]].' >&2; exit 125 ;;
esac
"""


def test_a_missing_toolkit_is_an_error_of_the_sandbox(dev: Path, tmp_path: Path) -> None:
    plug(dev, "nvidia0")
    client = tmp_path / "client"
    client.write_text(REFUSES, encoding="utf-8")
    client.chmod(0o755)
    engine = Docker((str(client),), vendors=(moved(NVIDIA, dev),))
    with pytest.raises(SandboxError, match="NVIDIA Container Toolkit, or run without --gpu"):
        asyncio.run(engine.run(command(tmp_path, "true")))


def test_the_subprocess_sandbox_sets_the_variables_that_select_gpus(
    dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "3")
    plug(dev, "kfd")
    sandbox = Subprocess(vendors=(moved(AMD, dev),))
    outcome = asyncio.run(sandbox.run(command(tmp_path, "env")))
    assert "HIP_VISIBLE_DEVICES=3\n" in outcome.output
    assert outcome.notes[-1] == GPU_EXPOSED
    assert "HIP_VISIBLE_DEVICES" not in asyncio.run(sandbox.run(command(tmp_path, "env", gpu=False))).output
