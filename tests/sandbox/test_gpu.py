"""GPUs: which device files a command gets, and that it gets none unless asked. There is no GPU here; files stand in."""

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
from papercoder.sandbox.gpu import AMD, GIVEN, NONE, NVIDIA, VARIABLES, Gpus, Vendor, lend
from papercoder.sandbox.plain import Plain
from tests.sandbox.conftest import isolating


@pytest.fixture(autouse=True)
def _no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-user")


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    """What stands in for `/dev`."""
    (tmp_path / "dev" / "nvidia-caps").mkdir(parents=True)
    return tmp_path / "dev"


def moved(vendor: Vendor, dev: Path) -> Vendor:
    """The same vendor, looked for elsewhere."""

    def there(pattern: str) -> str:
        return pattern.replace("/dev/", f"{dev}/", 1)

    return replace(vendor, cards=there(vendor.cards), beside=tuple(map(there, vendor.beside)))


def plug(dev: Path, *names: str) -> tuple[str, ...]:
    """Make device files: for root a device that gives zeros, else a file with some."""
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
def test_what_is_a_card(path: str, is_card: bool) -> None:
    assert fnmatch(f"/dev/{path}", NVIDIA.cards) == is_card
    assert not fnmatch(f"/dev/{path}", AMD.cards)


def test_a_vendor_has_all_its_files_or_none(dev: Path) -> None:
    vendor = moved(NVIDIA, dev)
    beside = plug(dev, "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps/nvidia-cap1")
    assert vendor.devices == ()
    cards = plug(dev, "nvidia0", "nvidia1")
    assert vendor.devices == (*cards, *beside)
    assert moved(AMD, dev).devices == ()
    assert set(plug(dev, "kfd", "dri/renderD128")) == set(moved(AMD, dev).devices)


def test_nothing_is_lent_unless_asked(dev: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    plug(dev, "nvidia0")
    vendors = (moved(NVIDIA, dev),)
    assert lend(False, vendors) == Gpus()
    assert lend(True, vendors).notes == (GIVEN,)
    assert lend(True, ()).notes == (NONE,)


@pytest.mark.parametrize("chosen", ["", "-1"])
def test_where_a_scheduler_gives_none_none_is_lent(dev: Path, monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    plug(dev, "nvidia0", "kfd")
    assert lend(True, (moved(NVIDIA, dev),)) == Gpus((), (NONE,), (("CUDA_VISIBLE_DEVICES", chosen),))
    assert lend(True, (moved(AMD, dev),)).notes == (GIVEN,)


def test_bubblewrap_binds_the_devices_that_are_there(
    dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    devices = plug(dev, "nvidia0", "nvidiactl")
    walls = Bubblewrap("bwrap", vendors=(moved(NVIDIA, dev), moved(AMD, dev)))
    argv = walls.prefix(command(tmp_path, "true"))
    assert binds(argv, "--dev-bind-try") == [(path, path) for path in devices]
    assert ("CUDA_VISIBLE_DEVICES", "1") in binds(argv, "--setenv")
    assert ("/sys/devices/system", "/sys/devices/system") in binds(argv, "--ro-bind-try")
    assert argv.index("--dev-bind-try") < argv.index("--remount-ro")
    assert "secret-of-the-user" not in " ".join(argv)
    shut = walls.prefix(command(tmp_path, "true", gpu=False))
    assert not {"--dev-bind-try", "CUDA_VISIBLE_DEVICES", "/sys/devices/system"} & set(shut)


@pytest.fixture
def walls(dev: Path) -> Sandbox:
    found = isolating()
    assert isinstance(found, Bubblewrap)
    return replace(found, vendors=(moved(NVIDIA, dev),))


def test_in_bubblewrap_a_device_works_and_cannot_be_taken_from_others(
    walls: Sandbox, dev: Path, tmp_path: Path
) -> None:
    (card,) = plug(dev, "nvidia0")
    script = f"head -c 3 {card} | od -An -tx1; ls -d /sys/devices/system/cpu; chmod 000 {card}; rm {card}; ls {dev}"
    (tmp_path / "repository").mkdir()
    mode = Path(card).stat().st_mode
    outcome = asyncio.run(walls.run(command(tmp_path / "repository", "sh", "-c", script)))
    assert " 00 00 00\n/sys/devices/system/cpu\n" in outcome.output
    assert outcome.output.endswith("nvidia0\n")
    assert GIVEN in outcome.notes
    assert os.geteuid() or Path(card).stat().st_mode == mode
    shut = asyncio.run(walls.run(command(tmp_path / "repository", "ls", card, "/sys", gpu=False)))
    assert shut.output.count("No such file") == 2
    assert GIVEN not in shut.notes


def test_a_machine_without_a_gpu_is_told_and_is_no_error(walls: Sandbox, tmp_path: Path) -> None:
    outcome = asyncio.run(walls.run(command(tmp_path, "true")))
    assert outcome.succeeded
    assert outcome.notes[-1] == NONE


def test_docker_is_asked_for_all_gpus(dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVIDIA_VISIBLE_DEVICES", "GPU-1")
    plug(dev, "nvidia0", "nvidiactl")
    engine = Docker(("docker",), vendors=(moved(NVIDIA, dev), moved(AMD, dev)))
    pairs = set(itertools.pairwise(engine.prefix(command(tmp_path), "name")))
    assert {("--gpus", "all"), ("--env", "NVIDIA_VISIBLE_DEVICES=GPU-1")} <= pairs
    assert "--device" not in {option for option, _ in pairs}
    assert "--gpus" not in engine.prefix(command(tmp_path, gpu=False), "name")


def test_docker_gets_devices_that_no_toolkit_hands_over(dev: Path, tmp_path: Path) -> None:
    devices = plug(dev, "kfd", "dri/renderD128")
    argv = Docker(("docker",), vendors=(moved(NVIDIA, dev), moved(AMD, dev))).prefix(command(tmp_path), "name")
    assert {("--device", path) for path in devices} <= set(itertools.pairwise(argv))
    assert ("--group-add", str(Path(devices[0]).stat().st_gid)) in itertools.pairwise(argv)
    assert "--gpus" not in argv


REFUSES = """#!/bin/sh
case "$1" in
  run) echo 'docker: could not select device driver "" with capabilities: [[gpu]].' >&2; exit 125 ;;
esac
"""


def test_an_engine_without_the_toolkit_is_no_fault_of_the_code(dev: Path, tmp_path: Path) -> None:
    plug(dev, "nvidia0")
    client = tmp_path / "client"
    client.write_text(REFUSES, encoding="utf-8")
    client.chmod(0o755)
    engine = Docker((str(client),), vendors=(moved(NVIDIA, dev),))
    with pytest.raises(SandboxError, match="NVIDIA Container Toolkit, or leave --gpu out"):
        asyncio.run(engine.run(command(tmp_path, "true")))


def test_without_isolation_the_code_is_told_which_are_ours(
    dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "3")
    plug(dev, "kfd")
    plain = Plain(vendors=(moved(AMD, dev),))
    outcome = asyncio.run(plain.run(command(tmp_path, "env")))
    assert "HIP_VISIBLE_DEVICES=3\n" in outcome.output
    assert outcome.notes[-1] == GIVEN
    assert "HIP_VISIBLE_DEVICES" not in asyncio.run(plain.run(command(tmp_path, "env", gpu=False))).output
