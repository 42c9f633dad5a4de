"""A copy of the parsed modules for ruff and mypy, outside the reach of the repository's own configuration."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from papercoder.files.temporary import temporary_folder
from papercoder.stages.checking import limited_module
from papercoder.stages.checking.repository import Module

_LONGEST_NAME, _LONGEST_PATH = 255, 4000
"""Bytes."""


@contextmanager
def mirror(modules: Iterable[Module], folder: str = "") -> Iterator[Path]:
    """A temporary folder with these modules below `folder`, and a `files.txt` beside it with one path per line."""
    with temporary_folder() as parent:
        root = parent / "code"
        listed = []
        for module in modules:
            path = root / folder / module.path
            if not _fits(path):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(module.text, encoding="utf-8")
            listed.append(f"./{PurePosixPath(folder) / module.path}\n")
        root.mkdir(exist_ok=True)
        (parent / "files.txt").write_text("".join(listed), encoding="utf-8")
        yield root


def write_opaque(root: Path, unread: Iterable[PurePosixPath]) -> None:
    """Write stubs of modules that were not read: every attribute exists and has type `Any`."""
    for path in unread:
        stub = root / path.with_name(f"{path.name.split('.')[0]}.pyi")
        if stub.name.isprintable() and _fits(stub) and not stub.with_suffix(".py").exists():
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text("from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n", encoding="utf-8")


def _fits(path: Path) -> bool:
    """Whether the system can create a file of this name, which is longer here than in the repository."""
    return len(os.fsencode(path.name)) <= _LONGEST_NAME and len(os.fsencode(path)) <= _LONGEST_PATH


def is_plain(module: Module) -> bool:
    """Whether its path can be a line of a list of files."""
    return str(module.path).isprintable()


def run_tool(arguments: list[str], root: Path, seconds: float, memory: int = 4 << 30, **variables: str) -> str | None:
    """The standard output of a tool; None if it reached a limit or crashed without output.

    Args:
        arguments: the tool, as a Python module, and its arguments.
        root: its working directory.
        seconds: its time limit.
        memory: its limit on address space, in bytes.
        variables: further environment variables.
    """
    command = [sys.executable, "-I", limited_module.__file__, str(memory), *arguments]
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "LANG") if name in os.environ}
    env = {**kept, "HOME": str(root.parent), "PYTHONUTF8": "1", **variables}
    try:
        ended = subprocess.run(
            command, cwd=root, env=env, capture_output=True, text=True, encoding="utf-8", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return ended.stdout if ended.stdout or ended.returncode == 0 else None
