"""Turns its own process into a command, after it has joined control groups, left its keyring and lowered its limits.

An isolated interpreter runs this file as a script. So the limits hold before the command's first instruction, and no
Python code runs between fork and exec, where a process with threads can deadlock.
"""

import ctypes
import json
import os
import platform
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

_KEYCTL = {"x86_64": 250, "aarch64": 219}
"""Architecture -> number of the system call."""

_JOIN_SESSION_KEYRING = 1


def launcher(file_bytes: int, groups: Sequence[Path] = ()) -> tuple[str, ...]:
    """The start of a command line that launches the rest of it.

    Args:
        file_bytes: the size that one file may reach.
        groups: folders of control groups to join.
    """
    options = json.dumps({"file_bytes": file_bytes, "groups": [str(group) for group in groups]})
    return sys.executable, "-I", "-S", str(Path(__file__).resolve()), options


def launch(options: str, argv: list[str]) -> None:
    """Replace this process with the command."""
    given = json.loads(options)
    for group in given["groups"]:
        (Path(group) / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (given["file_bytes"],) * 2)
    score = Path("/proc/self/oom_score_adj")
    if score.exists():  # when the whole machine runs out of memory, the kernel kills this before the user's own work
        score.write_text("1000", encoding="ascii")
    _leave_keyring()
    os.execv(argv[0], [Path(argv[0]).name, *argv[1:]])  # noqa: S606 - code can read this name in `/proc/1/cmdline`


def _leave_keyring() -> None:
    """Start an empty session keyring, since the user's may hold passwords and keys. Kernels without keys have none."""
    if sys.platform == "linux" and (number := _KEYCTL.get(platform.machine())):
        ctypes.CDLL(None).syscall(number, _JOIN_SESSION_KEYRING, None)


if __name__ == "__main__":
    launch(sys.argv[1], sys.argv[2:])
