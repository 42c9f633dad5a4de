"""Packages for trials without a package index."""

import sys
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
        # `bin` has a `python`, which Debian's own Python has not.
        lent = {"bin": Path(sys.prefix, "bin"), "packages": Path(sysconfig.get_path("purelib"))}
        binds = tuple(Bind(source, f"/environment/{name}") for name, source in lent.items())
        return Installation("pip install", _OwnEnvironment(binds, sandbox.python), "# nothing\n")


@dataclass(frozen=True)
class _OwnEnvironment(Environment):
    @property
    def variables(self) -> Mapping[str, str]:
        return {
            **super().variables,
            "PYTHONPATH": "/environment/packages",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PATH": "/environment/bin:/usr/bin:/bin",
        }


@contextmanager
def own_packages() -> Iterator[None]:
    """Repositories are run with the packages of the tests while the context is open."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(preparation, "Packages", OwnPackages)
        yield
