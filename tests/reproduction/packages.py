"""Packages for trials without a package index."""

import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from papercoder.environments.environment import Environment, Installation
from papercoder.sandbox.contract import Bind, Limits, Sandbox
from papercoder.stages.reproduction import preparation


@dataclass(frozen=True)
class OwnPackages:
    """Gives a repository the packages that the tests run on."""

    async def install(self, repository: Path, sandbox: Sandbox, limits: Limits) -> Installation:
        packages = Bind(Path(sysconfig.get_path("purelib")), "/environment/own")
        return Installation("pip install", _OwnEnvironment((packages,), sandbox.python), "# nothing\n")


@dataclass(frozen=True)
class _OwnEnvironment(Environment):
    @property
    def variables(self) -> Mapping[str, str]:
        path = f"{Path(self.python).parent}:/usr/bin:/bin"
        return {**super().variables, "PYTHONPATH": "/environment/own", "PATH": path}


@contextmanager
def own_packages() -> Iterator[None]:
    """Repositories are run with the packages of the tests while the context is open."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(preparation, "Packages", OwnPackages)
        yield
