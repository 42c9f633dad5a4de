"""Programs that resolve and install packages: uv, or else pip."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ValidationError

from papercoder.environments.lock import LOCK, REQUIREMENTS, InvalidLock
from papercoder.sandbox.contract import Bind

ENVIRONMENT = "/environment"
PYTHON = f"{ENVIRONMENT}/bin/python"
_UV = "/tools/uv"
_WHEELS = ("--only-binary", ":all:")
_VERIFIED = (*_WHEELS, "--require-hashes")


class Tool(Protocol):
    """A program that works in the environment's folder, on its `requirements.txt` and `requirements.lock`."""

    @property
    def name(self) -> str:
        """`uv`, `pip`."""

    @property
    def binds(self) -> tuple[Bind, ...]:
        """Files that it needs in the sandbox."""

    def variables(self, downloads: str) -> Mapping[str, str]:
        """Its environment variables; `downloads` is a folder for what it downloads."""

    def resolve(self, python: str) -> tuple[str, ...]:
        """The command that resolves compatible versions."""

    def read_lock(self, folder: Path) -> str:
        """The resolved packages with their versions and hashes.

        Raises:
            InvalidLock: one of them is not a wheel.
        """

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
        """The cache."""
        return {"UV_CACHE_DIR": f"{downloads}/uv", "UV_NO_PROGRESS": "1"}

    def resolve(self, python: str) -> tuple[str, ...]:
        """`uv pip compile`."""
        form = ("--quiet", "--no-header", "--no-annotate", "--generate-hashes")
        return (_UV, "pip", "compile", *form, *_WHEELS, "--python", python, "-o", LOCK, REQUIREMENTS)

    def read_lock(self, folder: Path) -> str:
        """The output of `uv pip compile`."""
        return (folder / LOCK).read_text(encoding="utf-8")

    def install(self, python: str) -> tuple[str, ...]:  # noqa: ARG002
        """`uv pip install`."""
        return _UV, "pip", "install", "--quiet", *_VERIFIED, "--python", PYTHON, "-r", LOCK


class _PipArchive(BaseModel):
    hashes: dict[str, str]


class _PipDownload(BaseModel):
    archive_info: _PipArchive


class _PipMetadata(BaseModel):
    name: str
    version: str


class _PipPackage(BaseModel):
    """A package in pip's report. Only archives have hashes; a checked-out repository is not valid here."""

    metadata: _PipMetadata
    download_info: _PipDownload

    def __str__(self) -> str:
        """Its line in a lock."""
        sha256 = self.download_info.archive_info.hashes.get("sha256", "")
        return f"{self.metadata.name.lower()}=={self.metadata.version} --hash=sha256:{sha256}\n"


class _PipReport(BaseModel):
    """The report of `pip install --report`."""

    install: list[_PipPackage]


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
        return python, "-I", "-m", "pip", "install", *dry, *_WHEELS, "-r", REQUIREMENTS

    def read_lock(self, folder: Path) -> str:
        """Names, versions and hashes from the report."""
        try:
            report = _PipReport.model_validate_json((folder / "resolved.json").read_bytes())
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise InvalidLock(f"pip resolved a package that is not a wheel of the index (at {where})") from error
        return "".join(sorted(map(str, report.install)))

    def install(self, python: str) -> tuple[str, ...]:
        """`pip install`, run from outside the environment, which has no pip."""
        return python, "-I", "-m", "pip", "--python", PYTHON, "install", "--quiet", *_VERIFIED, "-r", LOCK


def find_tool() -> Tool:
    """uv next to this interpreter or on the path, else pip. A uv for macOS would not run in a container."""
    program = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    return Uv(Path(program)) if program and sys.platform == "linux" else Pip()
