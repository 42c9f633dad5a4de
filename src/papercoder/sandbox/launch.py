"""Turns its own process into a command, after it has joined control groups and lowered its limits.

An isolated interpreter runs this file as a script. So the limits hold before the command's first instruction, and no
Python code runs between fork and exec, where a process with threads can deadlock.
"""

import json
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path


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
    os.execv(argv[0], argv)  # noqa: S606


if __name__ == "__main__":
    launch(sys.argv[1], sys.argv[2:])
