"""The environment of a generated repository: resolved to a lock file, installed from wheels, and cached.

Installing runs no code of a package: only packages with a version and hashes are installed, from wheels alone, and each
installation has its own downloads, so that none can change what another one installs. A cached environment is used only
if its files are those that were installed.
"""

import asyncio
import os
import shlex
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from papercoder.artifacts.execution import Outcome
from papercoder.environments.indexes import Indexes, user_indexes
from papercoder.environments.inventory import is_unchanged, take_inventory
from papercoder.environments.lock import LOCK, MOST_BYTES, REQUIREMENTS, InvalidLock, locked_packages
from papercoder.environments.missing_modules import SCRIPT, missing_modules, needed_modules
from papercoder.environments.repository_copy import delete_folder, read_untrusted_file, temporary_copy
from papercoder.environments.tools import ENVIRONMENT, PYTHON, Tool, find_tool
from papercoder.errors import RunFolderError
from papercoder.files.regular import walk, write_failure
from papercoder.files.temporary import hold, mark, sweep
from papercoder.repository.packages import package_problem
from papercoder.runs.store import digest
from papercoder.sandbox.contract import Bind, Command, Limits, Phase, Sandbox
from papercoder.settings import cache_folder

_FOLDER = "environment"
_DOWNLOADS = ".downloads"
"""In the environment while it is built."""

_COMPILE = (PYTHON, "-I", "-S", "-m", "compileall", "-q", "-j", "0", f"{ENVIRONMENT}/lib")


@dataclass(frozen=True)
class Environment:
    """An installed environment, as commands need it."""

    binds: tuple[Bind, ...]
    python: str = PYTHON

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables of every command."""
        folder = str(Path(self.python).parent)
        return {
            "PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin",
            "PYTHON": self.python,
            "VIRTUAL_ENV": str(Path(folder).parent),
            "PYTHONUNBUFFERED": "1",
            "MPLBACKEND": "Agg",
        }


@dataclass(frozen=True)
class Installation:
    """The result of an installation."""

    command: str
    environment: Environment | None = None
    """None if the installation failed."""

    lock: str | None = None
    """The text of `requirements.lock`, if the packages were resolved."""

    outcomes: tuple[Outcome, ...] = ()
    """The outcomes of its commands; empty if an environment with these packages exists already."""

    reason: str = ""
    """Why it failed, if no command failed."""


class Installer(Protocol):
    """Creates the environment of a repository."""

    async def install(self, repository: Path, sandbox: Sandbox, limits: Limits) -> Installation:
        """Install the packages of `requirements.txt`, and pytest if there are tests."""


@dataclass(frozen=True)
class Packages:
    """Installs from the user's package index."""

    cache: Path = field(default_factory=cache_folder)
    indexes: Indexes = field(default_factory=user_indexes)
    tool: Tool | None = None
    """None: uv if it is found, else pip."""

    async def install(self, repository: Path, sandbox: Sandbox, limits: Limits) -> Installation:
        """Resolve, install and compile, or reuse a cached environment.

        Raises:
            RunFolderError: the folder that keeps environments cannot be written.
            SandboxError: the sandbox could not be started.
        """
        part = await asyncio.to_thread(_new_folder, self.cache)
        try:
            building = _Building(self, sandbox, limits, part, self.tool or find_tool())
            return await building.build(repository)
        finally:
            await delete_folder(part)


@dataclass
class _Building:
    """An environment that is being built."""

    packages: Packages
    sandbox: Sandbox
    limits: Limits
    folder: Path
    """Becomes the environment's folder if all steps succeed."""

    tool: Tool
    outcomes: tuple[Outcome, ...] = ()
    command: str = ""

    async def build(self, repository: Path) -> Installation:
        """Run all steps until one fails."""
        text = read_untrusted_file(repository, REQUIREMENTS)
        if text is None:
            return Installation("", reason=f"there is no {REQUIREMENTS} that can be read")
        wanted = tuple(line for raw in text.splitlines() if (line := raw.partition("#")[0].strip()))
        if problem := next(filter(None, map(package_problem, wanted)), None):
            return Installation("", reason=problem)
        try:
            lock = await self._lock((*wanted, *(("pytest",) if has_tests(repository) else ())), repository)
            packages = locked_packages(lock or "")
        except InvalidLock as error:
            return Installation(self.command, reason=str(error))
        if lock is None:
            return self._ended(None)
        self.command = shlex.join(("pip", "install", "-r", LOCK))
        built_by = (self.sandbox.name, self.sandbox.python, self.sandbox.system, self.tool.name)
        final = self.packages.cache / "environments" / digest([built_by, packages])
        if not await asyncio.to_thread(is_unchanged, final / _FOLDER):
            await delete_folder(final)
            if not await self._create(packages):
                return self._ended(lock)
            await asyncio.to_thread(take_inventory, self.environment)
        environment = Environment((Bind(_move(self.folder, final) / _FOLDER, ENVIRONMENT),))
        hold(final)
        os.utime(final)  # `papercoder cache prune` goes by the last use
        reason = await self._missing(repository, environment)
        return Installation(self.command, None if reason else environment, lock, self.outcomes, reason)

    @property
    def environment(self) -> Path:
        """The folder that commands see."""
        return self.folder / _FOLDER

    def _ended(self, lock: str | None) -> Installation:
        return Installation(self.command, None, lock, self.outcomes)

    async def _missing(self, repository: Path, environment: Environment) -> str:
        """The imported modules that the environment lacks, in one sentence; empty if none."""
        imported = await asyncio.to_thread(needed_modules, repository)
        if not imported:
            return ""
        argv = (environment.python, "-I", "-c", SCRIPT.read_text(encoding="utf-8"), *imported)
        async with temporary_copy(repository) as folder:
            command = Command(
                argv,
                Bind(folder, "/repository"),
                readable=environment.binds,
                environment=environment.variables,
                limits=self.limits,
            )
            outcome = await self.sandbox.run(command)
        return missing_modules(outcome, imported)

    async def _lock(self, wanted: tuple[str, ...], repository: Path) -> str | None:
        """The repository's lock if it belongs to these requirements, else a new one; None if none can be resolved."""
        head = f"# {REQUIREMENTS} {digest(wanted)[:12]}, resolved with hashes for {self.sandbox.system}\n"
        former = read_untrusted_file(repository, LOCK, MOST_BYTES)
        if former and former.startswith(head):
            return former
        if not wanted:
            return head
        self._write(REQUIREMENTS, wanted)
        self.command = shlex.join(("pip", "install", "-r", REQUIREMENTS))
        if not await self._run("install", *self.tool.resolve(self.sandbox.python)):
            return None
        return head + self.tool.read_lock(self.environment)

    async def _create(self, packages: tuple[str, ...]) -> bool:
        if not await self._run("run", self.sandbox.python, "-m", "venv", "--without-pip", ENVIRONMENT):
            return False
        if packages:
            self._write(LOCK, packages)
            if not await self._run("install", *self.tool.install(self.sandbox.python)):
                return False
        await delete_folder(self.environment / _DOWNLOADS)
        return await self._compile()

    def _write(self, name: str, lines: tuple[str, ...]) -> None:
        (self.environment / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    async def _compile(self) -> bool:
        """Compile to bytecode, since commands cannot write to the environment and would compile it every time.

        Files that cannot be compiled, such as templates, are not a failure.
        """
        compiled = await self.sandbox.run(self._step("run", _COMPILE))
        if compiled.limit:
            self.outcomes += (compiled,)
        return compiled.limit is None

    async def _run(self, phase: Phase, *argv: str) -> bool:
        outcome = await self.sandbox.run(self._step(phase, argv))
        self.outcomes += (outcome,)
        return outcome.succeeded

    def _step(self, phase: Phase, argv: tuple[str, ...]) -> Command:
        here = Bind(self.environment, ENVIRONMENT)
        if phase == "run":
            return Command(argv, here, limits=self.limits)
        indexes = self.packages.indexes
        return Command(
            argv,
            here,
            phase,
            readable=(*self.tool.binds, *indexes.binds),
            environment={**indexes.variables, **self.tool.variables(f"{ENVIRONMENT}/{_DOWNLOADS}")},
            limits=self.limits,
        )


def has_tests(repository: Path) -> bool:
    """Whether `tests/` contains a test."""
    return any(path.match("test_*.py") for path in walk(repository, "tests"))


def _move(built: Path, final: Path) -> Path:
    """Move a folder to its final name, unless another process created the same environment first."""
    if not final.is_dir():
        try:
            built.rename(final)
        except OSError as error:
            if not final.is_dir():
                raise RunFolderError(write_failure(final, error)) from error
    return final


def _new_folder(cache: Path) -> Path:
    folder = cache / "environments" / f".part-{mark()}-{uuid.uuid4().hex}"
    sweep(folder.parent, ".part-")
    try:
        (folder / _FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFolderError(write_failure(folder, error)) from error
    return folder
