"""Programs that resolve and install packages: uv, or else pip."""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from papercoder.sandbox.contract import Bind

ENVIRONMENT = "/environment"
PYTHON = f"{ENVIRONMENT}/bin/python"
_UV = "/tools/uv"
_WHEELS = ("--only-binary", ":all:")


class Tool(Protocol):
    """A program that works in the environment's folder, on its `requirements.txt` and `requirements.lock`."""

    @property
    def name(self) -> str:
        """`uv`, `pip`."""

    @property
    def binds(self) -> tuple[Bind, ...]:
        """Files that it needs in the sandbox."""

    def variables(self, downloads: str) -> Mapping[str, str]:
        """Its environment variables; `downloads` is a folder that is kept."""

    def resolve(self, python: str) -> tuple[str, ...]:
        """The command that resolves compatible versions."""

    def read_lock(self, folder: Path) -> str:
        """The resolved packages, one per line."""

    def install(self, python: str) -> tuple[str, ...]:
        """The command that installs the locked packages."""


@dataclass(frozen=True)
class Uv:
    """uv, as a program of this machine."""

    program: Path
    name: str = "uv"

    @property
    def binds(self) -> tuple[Bind, ...]:
        """The program file."""
        return (Bind(self.program, _UV),)

    def variables(self, downloads: str) -> Mapping[str, str]:
        """The cache, and copies instead of links, which would connect environments."""
        return {"UV_CACHE_DIR": f"{downloads}/uv", "UV_LINK_MODE": "copy", "UV_NO_PROGRESS": "1"}

    def resolve(self, python: str) -> tuple[str, ...]:
        """`uv pip compile`."""
        quiet = ("--quiet", "--no-header", "--no-annotate")
        return (
            _UV,
            "pip",
            "compile",
            *quiet,
            *_WHEELS,
            "--python",
            python,
            "-o",
            "requirements.lock",
            "requirements.txt",
        )

    def read_lock(self, folder: Path) -> str:
        """The output of `uv pip compile`."""
        return (folder / "requirements.lock").read_text(encoding="utf-8")

    def install(self, python: str) -> tuple[str, ...]:  # noqa: ARG002
        """`uv pip install`."""
        return _UV, "pip", "install", "--quiet", *_WHEELS, "--python", PYTHON, "-r", "requirements.lock"


@dataclass(frozen=True)
class Pip:
    """The pip of the sandbox's interpreter."""

    name: str = "pip"
    binds: tuple[Bind, ...] = ()

    def variables(self, downloads: str) -> Mapping[str, str]:
        """The cache."""
        return {"PIP_CACHE_DIR": f"{downloads}/pip", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}

    def resolve(self, python: str) -> tuple[str, ...]:
        """`pip install --dry-run`, with a report."""
        dry = ("--dry-run", "--ignore-installed", "--quiet", "--report", "resolved.json")
        return python, "-I", "-m", "pip", "install", *dry, *_WHEELS, "-r", "requirements.txt"

    def read_lock(self, folder: Path) -> str:
        """Names and versions from the report."""
        report = json.loads((folder / "resolved.json").read_text(encoding="utf-8"))
        found = (item["metadata"] for item in report["install"])
        return "".join(sorted(f"{one['name'].lower()}=={one['version']}\n" for one in found))

    def install(self, python: str) -> tuple[str, ...]:
        """`pip install`, run from outside the environment, which has no pip."""
        return python, "-I", "-m", "pip", "--python", PYTHON, "install", "--quiet", *_WHEELS, "-r", "requirements.lock"


def find_tool() -> Tool:
    """uv next to this interpreter or on the path, else pip. A uv for macOS would not run in a container."""
    program = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    return Uv(Path(program)) if program and sys.platform == "linux" else Pip()
