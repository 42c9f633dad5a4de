"""Becomes a command, after entering its control groups and lowering its limits.

Run as a file by an isolated interpreter, so that the limits hold before the command's first instruction, and without
code between fork and exec, where a process with threads may deadlock.
"""

import json
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path


def prefix(file_bytes: int, groups: Sequence[Path] = ()) -> tuple[str, ...]:
    """What stands before a command to start it this way.

    Args:
        file_bytes: how large one file may become.
        groups: folders of control groups to enter.
    """
    told = json.dumps({"file_bytes": file_bytes, "groups": [str(group) for group in groups]})
    return sys.executable, "-I", "-S", str(Path(__file__).resolve()), told


def become(told: str, argv: list[str]) -> None:
    """Replace this process by the command."""
    asked = json.loads(told)
    for group in asked["groups"]:
        (Path(group) / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (asked["file_bytes"],) * 2)
    _be_first_to_go()
    os.execv(argv[0], argv)  # noqa: S606


def _be_first_to_go() -> None:
    """Where memory runs out on the whole machine, the kernel should end this and not the user's work."""
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text("1000", encoding="ascii")


if __name__ == "__main__":
    become(sys.argv[1], sys.argv[2:])
