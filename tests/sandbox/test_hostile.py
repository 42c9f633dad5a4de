"""Hostile code does no damage. What it tries here would be harmless even if it succeeded."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from papercoder.artifacts.execution import Outcome
from papercoder.files.temporary import mark
from papercoder.sandbox.bubblewrap import NAMES
from papercoder.sandbox.contract import MIB
from papercoder.sandbox.control_group import MOUNT
from papercoder.sandbox.processes import descendants
from tests.sandbox.conftest import SMALL, Attack


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    others = {one.pid for one in descendants(os.getpid())}  # such as the resource tracker of an earlier test
    yield
    deadline = time.monotonic() + 60
    while [one for one in descendants(os.getpid()) if one.pid not in others] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [one for one in descendants(os.getpid()) if one.pid not in others] == []
    groups = (name for _, names, _ in os.walk(MOUNT) for name in names)  # other tests create and remove some meanwhile
    assert [name for name in groups if name.startswith(f"papercoder-{mark()}-")] == []


def _count(word: str, outcome: Outcome) -> int:
    return sum(line.startswith(f"{word} ") for line in outcome.output.splitlines())


def test_keys_in_the_environment_are_not_visible(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-user")
    outcome = attack("import os; print(sorted(os.environ))")
    assert outcome.succeeded
    assert "OPENAI" not in outcome.output
    assert "'PATH'" in outcome.output


READ_ALL_ENVIRONMENTS = """
from pathlib import Path
for path in Path("/proc").glob("[0-9]*/environ"):
    try:
        print(path, path.read_text())
    except OSError as error:
        print(path, error)
"""


def test_keys_are_not_visible_in_the_environment_of_bubblewrap(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-user")
    outcome = attack(READ_ALL_ENVIRONMENTS)
    assert "/proc/1/environ" in outcome.output
    assert "secret-of-the-user" not in outcome.output


LIST = """
import os, sys
for place in sys.argv[1:]:
    try:
        print("listed", place, os.listdir(place))
    except OSError as error:
        print("refused", place, error.strerror)
"""


def test_the_home_folder_is_not_visible(attack: Attack, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    private = (Path.home() / ".ssh", Path.home() / ".config", Path.home() / ".cache", Path("/etc/ssh"), tmp_path)
    outcome = attack(LIST, *map(str, private))
    assert _count("listed", outcome) == 0
    assert _count("refused", outcome) == len(private)


def test_only_the_path_to_the_interpreter_is_visible_of_the_home_folder(attack: Attack) -> None:
    outcome = attack(LIST, str(Path.home()))
    prefix = Path(sys.base_prefix)
    way = [prefix.relative_to(Path.home()).parts[0]] if prefix.is_relative_to(Path.home()) else []
    assert "refused" in outcome.output or f"{way}" in outcome.output


WRITE = """
import sys
for place in sys.argv[1:]:
    try:
        open(place, "w").write("mine")
        print("written", place)
    except OSError as error:
        print("refused", place, error.strerror)
"""


def test_nothing_is_written_outside(attack: Attack, folder: Path, tmp_path: Path) -> None:
    mark = "papercoder-was-here"
    outside = [
        f"{place}/{mark}" for place in ("", "/usr", "/usr/bin", "/etc", "/dev", "/var", "/home", sys.base_prefix)
    ]
    outcome = attack(WRITE, *outside, f"../{mark}", str(tmp_path / mark), "inside", "/tmp/inside", "/dev/shm/inside")
    assert _count("written", outcome) == 3
    assert (folder / "inside").read_text(encoding="utf-8") == "mine"
    assert not [place for place in outside if Path(place).exists()]
    assert not (tmp_path / mark).exists()


SAME_AGAIN = """
from pathlib import Path
for path in map(Path, ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/proc/self/oom_score_adj")):
    try:
        path.write_text(path.read_text())
        print("written", path)
    except OSError as error:
        print("refused", path, error.strerror)
"""
"""Writes the current values, so that nothing changes if it succeeds."""


def test_no_kernel_setting_is_written(attack: Attack) -> None:
    outcome = attack(SAME_AGAIN)
    assert _count("written", outcome) == 0
    assert _count("refused", outcome) == 3


WHICH = """
import os, sys
for place in sys.argv[1:]:
    print("chmod", os.stat(place).st_ino, os.stat(place).st_dev)
print("wrote", open("/dev/null", "w").write("it takes what is written"))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who alone can change the permissions of devices")
def test_the_devices_of_the_host_are_not_visible(attack: Attack) -> None:
    devices = [f"/dev/{name}" for name in NAMES]
    outcome = attack(WHICH, *devices)
    assert _count("wrote", outcome) == 1
    assert _count("chmod", outcome) == len(devices)
    for device in map(Path, devices):
        assert f"chmod {device.stat().st_ino} {device.stat().st_dev}\n" not in outcome.output


CONNECT = """
import socket, sys
for address in sys.argv[1:]:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
        print("connected", address)
    except OSError as error:
        print("refused", address, error.strerror)
"""


def test_neither_loopback_nor_the_network_is_reachable(attack: Attack) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        outcome = attack(CONNECT, f"127.0.0.1:{port}", f"localhost:{port}", "192.0.2.1:80", "example.org:443")
    assert _count("connected", outcome) == 0
    assert _count("refused", outcome) == 4


def test_an_abstract_socket_of_the_host_is_not_reachable(attack: Attack) -> None:
    name = f"papercoder-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(f"\0{name}")
        server.listen()
        outcome = attack(f"import socket; socket.socket(socket.AF_UNIX).connect('\\0{name}'); print('connected')")
    assert "connected" not in outcome.output.splitlines()
    assert "refused" in outcome.output


FORK_BOMB = """
import os, time
for _ in range(8):
    try:
        os.fork()
    except OSError:
        pass
time.sleep(30)
"""


def test_a_fork_bomb_is_killed(attack: Attack) -> None:
    outcome = attack(FORK_BOMB)
    assert outcome.limit == "processes"


GROW = """
import time
kept = []
for _ in range(40):
    kept.append(b"x" * (16 << 20))
    time.sleep(0.02)
time.sleep(30)
print("grown")
"""


def test_memory_is_limited(attack: Attack) -> None:
    outcome = attack(GROW)
    assert outcome.limit == "memory"
    assert "grown" not in outcome.output.splitlines()
    assert outcome.peak_memory
    assert outcome.peak_memory > 64 * MIB


GROW_TOGETHER = f"import os\nfor _ in range(3): os.fork()\n{GROW.replace('16 <<', '4 <<')}"


def test_memory_is_limited_for_all_processes_together(attack: Attack) -> None:
    assert attack(GROW_TOGETHER).limit == "memory"


FILL = """
import os, time
block = os.urandom(1 << 20)
for number in range(128):
    with open(f"{number}.bin", "wb") as file:
        file.write(block)
    time.sleep(0.02)
time.sleep(30)
print("filled")
"""
ONE_BIG_FILE = "open('big', 'wb').write(bytes(128 << 20)); print('filled')"
MANY_EMPTY_FILES = """
import os, time
for number in range(100_000):
    open(f"{number}", "w").close()
    if number % 1000 == 0:
        time.sleep(0.02)
time.sleep(30)
print("filled")
"""
DELETED_BUT_OPEN = """
import os, time
kept = []
for number in range(16):
    kept.append(open("hidden", "wb"))
    os.unlink("hidden")
    kept[-1].write(os.urandom(8 << 20))
    time.sleep(0.1)
time.sleep(30)
print("filled")
"""
TOO_DEEP = """
import os, time
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
time.sleep(5)
open("big", "wb").write(bytes(8 << 20))
time.sleep(30)
print("filled")
"""


FILLING = {
    "many files": FILL,
    "one file": ONE_BIG_FILE,
    "empty files": MANY_EMPTY_FILES,
    "deleted files": DELETED_BUT_OPEN,
    "a folder too deep to look into": TOO_DEEP,
}


@pytest.mark.parametrize("code", FILLING.values(), ids=FILLING)
def test_disk_space_is_limited(attack: Attack, code: str) -> None:
    outcome = attack(code, limits=replace(SMALL, seconds=60))
    assert outcome.limit == "disk"
    assert "filled" not in outcome.output.splitlines()


def test_temporary_files_in_memory_are_limited(attack: Attack) -> None:
    outcome = attack(WRITE.replace('"mine"', '"mine" * (8 << 20)'), "/tmp/big", "/dev/shm/big")
    assert outcome.output.count("No space left on device") == 2


def test_output_is_limited_and_its_end_is_kept(attack: Attack) -> None:
    outcome = attack("while True: print('flood ' * 1000)")
    assert outcome.limit == "output"
    assert len(outcome.output) < 20_000
    assert "flood flood" in outcome.output


def test_a_long_last_line_does_not_block(attack: Attack) -> None:
    outcome = attack("import os, time\nos.write(1, b'x' * 65536)\ntime.sleep(30)", limits=replace(SMALL, seconds=1))
    assert outcome.limit == "seconds"
    assert outcome.exit_code is None


DAEMON = """
import os, signal, sys, time
for name in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(name, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            open("alive", "w").write(str(time.time()))
            time.sleep(0.05)
    os._exit(0)
while not os.path.exists("alive"):
    time.sleep(0.01)
time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("stays", ["60", "0.5"], ids=["until the time limit", "leaving a daemon behind"])
def test_no_process_survives(attack: Attack, folder: Path, stays: str) -> None:
    outcome = attack(DAEMON, stays, limits=replace(SMALL, seconds=3 if stays == "60" else 30))
    assert (outcome.limit == "seconds") == (stays == "60")
    alive = (folder / "alive").read_text(encoding="utf-8")
    time.sleep(0.3)
    assert (folder / "alive").read_text(encoding="utf-8") == alive


def test_a_symbolic_link_does_not_lead_outside(attack: Attack, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    (folder / "link").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    outcome = attack("print(open('link').read())")
    assert "No such file" in outcome.output
    attack(WRITE, "link", "up/new")
    assert secret.read_text(encoding="utf-8") == "secret"
    assert not (tmp_path / "new").exists()


def test_namespaces_and_privileges_are_denied(attack: Attack) -> None:
    code = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print("unshare", libc.unshare(0x10000000), "mount", libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))
print([line for line in open("/proc/self/status") if line.startswith(("CapEff", "NoNewPrivs"))])
"""
    outcome = attack(code)
    assert "unshare -1 mount -1" in outcome.output
    assert "CapEff:\\t0000000000000000" in outcome.output
    assert "NoNewPrivs:\\t1" in outcome.output


def test_control_sequences_are_removed_from_the_output(attack: Attack) -> None:
    outcome = attack(r"print('\x1b[2J\x1b]0;title\x07' + 'step 1\rstep 2\r\nnext\x07')")
    assert outcome.output == "step 2\nnext\n"
