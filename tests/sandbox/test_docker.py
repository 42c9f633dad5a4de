"""The docker sandbox's command lines; a script imitates the docker client."""

import asyncio
import csv
import itertools
from pathlib import Path

import pytest

from papercoder.sandbox.contract import Bind, Command, Limits
from papercoder.sandbox.docker import Docker, find_docker

CLIENT = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
case "$1" in
  run) echo out of the container; exit 3 ;;
  inspect) cat "$(dirname "$0")/killed" ;;
esac
"""


def pairs(argv: tuple[str, ...]) -> set[tuple[str, str]]:
    return set(itertools.pairwise(argv))


def command(folder: Path, **more: object) -> Command:
    return Command(("python3", "main.py"), Bind(folder, "/repository"), **more)  # type: ignore[arg-type]


def test_a_command_has_only_what_it_was_given(tmp_path: Path) -> None:
    asked = command(
        tmp_path,
        readable=(Bind(tmp_path, "/environment"),),
        environment={"SEED": "1"},
        limits=Limits(memory=5, processes=6),
    )
    argv = Docker(("docker",)).prefix(asked, "name", "filter.json")
    expected = {
        ("--network", "none"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--security-opt", "seccomp=filter.json"),
        ("--ipc", "private"),
        ("--memory", "5"),
        ("--memory-swap", "5"),
        ("--pids-limit", "6"),
        ("--mount", f'type=bind,"source={tmp_path}",target=/environment,readonly'),
        ("--mount", f'type=bind,"source={tmp_path}",target=/repository'),
        ("--workdir", "/repository"),
        ("--env", "SEED=1"),
    }
    assert expected <= pairs(argv)
    assert "--read-only" in argv


def test_the_name_of_a_folder_adds_no_option_to_its_mount(tmp_path: Path) -> None:
    """The last `source` counts, so data in such a folder mounted another one."""
    folder = tmp_path / 'set",source=' / "home"
    folder.mkdir(parents=True)
    argv = Docker(("docker",)).prefix(command(tmp_path, readable=(Bind(folder, "/data/set"),)), "name", "filter.json")
    (mount,) = (value for option, value in pairs(argv) if option == "--mount" and "/data/set" in value)
    (fields,) = csv.reader([mount])
    assert fields == ["type=bind", f"source={folder}", "target=/data/set", "readonly"]


def test_installers_have_network_access(tmp_path: Path) -> None:
    argv = Docker(("docker",)).prefix(command(tmp_path, phase="install"), "name", "filter.json")
    assert ("--network", "bridge") in pairs(argv)


@pytest.fixture
def client(tmp_path: Path) -> Path:
    path = tmp_path / "client"
    path.write_text(CLIENT, encoding="utf-8")
    path.chmod(0o755)
    (tmp_path / "killed").write_text("false\n", encoding="ascii")
    return path


def test_the_container_is_removed_after_its_command(client: Path, tmp_path: Path) -> None:
    outcome = asyncio.run(Docker((str(client),)).run(command(tmp_path)))
    assert outcome.exit_code == 3
    assert outcome.output == "out of the container\n"
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in asked] == ["run", "inspect", "rm"]
    assert asked[0].split("--name ")[1].split()[0] == asked[2].split()[-1]


def test_running_out_of_memory_is_reported(client: Path, tmp_path: Path) -> None:
    (tmp_path / "killed").write_text("true\n", encoding="ascii")
    assert asyncio.run(Docker((str(client),)).run(command(tmp_path))).limit == "memory"


def test_an_engine_that_does_not_respond_is_not_used(client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client.rename(client.with_name("docker"))
    client.with_name("docker").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    monkeypatch.setenv("PATH", str(client.parent))
    assert asyncio.run(find_docker()) == "the docker engine is not running"
