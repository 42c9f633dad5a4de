"""The environment of a generated repository: resolved to a lock file, installed from wheels, cached and compared.

Compared are the files that were installed, before each use, and the modules that the code imports.
"""

import asyncio
import fcntl
import hashlib
import os
import shlex
import stat
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from packaging.utils import canonicalize_name
from pydantic import TypeAdapter, ValidationError

from papercoder.artifacts import Artifact, Outcome
from papercoder.environments import distributions_script
from papercoder.environments.installers import (
    ENVIRONMENT,
    LOCK,
    MOST_BYTES,
    PYTHON,
    REQUIREMENTS,
    Indexes,
    InvalidLock,
    Tool,
    find_tool,
    locked_packages,
    user_indexes,
)
from papercoder.environments.repository_copy import delete_folder, read_untrusted_file, temporary_copy
from papercoder.errors import RunFolderError
from papercoder.files.regular import read_text, walk, write_failure
from papercoder.files.temporary import hold, mark, sweep
from papercoder.repository.packages import distributions_of, is_brought, needed_imports, package_problem
from papercoder.runs.folder import digest
from papercoder.sandbox.contract import Bind, Command, Limits, Phase, Sandbox
from papercoder.settings import cache_folder

SCRIPT = Path(distributions_script.__file__)
"""Prints the distributions of modules as JSON; runs in the environment's interpreter."""

_FOUND = TypeAdapter(dict[str, list[str] | None])
_SKIPPED = frozenset({"tests", "venv", ".venv"})


def needed_modules(repository: Path) -> dict[str, str]:
    """The third-party modules that the code needs, and a file that imports each; tests are left out.

    Any module or folder of the repository counts as local, since programs may change `sys.path`.
    """
    paths = [path for path in sorted(walk(repository)) if path.suffix == ".py"]
    own = {name for path in paths for name in (*path.parts[:-1], path.stem)}
    code = [path for path in reversed(paths) if not _SKIPPED & set(path.parts)]
    return {module: str(path) for path in code for module in _needed(repository, str(path), own)}


def _needed(repository: Path, path: str, own: set[str]) -> Iterator[str]:
    try:
        yield from needed_imports(read_text(repository, path) or "", own)
    except (SyntaxError, ValueError, RunFolderError):
        return  # the import step reports it


def missing_modules(outcome: Outcome, imported: Mapping[str, str]) -> str:
    """The modules that the right distribution does not provide, in one sentence; empty if none.

    Args:
        outcome: of `SCRIPT`, run with the names of the modules.
        imported: module -> a file that imports it.
    """
    try:
        found = _FOUND.validate_json(outcome.output.strip().rpartition("\n")[2] if outcome.succeeded else "{}")
    except ValidationError:
        return ""
    wrong = [text for module, names in found.items() if (text := _problem(module, names, imported.get(module, "")))]
    return "; ".join(wrong)


def _problem(module: str, names: list[str] | None, path: str) -> str:
    right = next(iter(distributions_of(module)), "")
    advice = f"; install `{right}`" if right else ""
    if names is None:
        return f"`{module}` is imported in {path}, but no installed package provides it{advice}"
    brought = {canonicalize_name(name) for name in names}
    same_name = canonicalize_name(module.partition(".")[0])
    if brought == {same_name} and not is_brought(module, brought):
        return f"`{module}`, imported in {path}, comes from the package `{names[0]}`, a different project{advice}"
    return ""


_FILE = "inventory.json"


class _Entry(Artifact):
    """A file or link."""

    content: str
    """The hash of the file, or the target of the link."""

    state: tuple[int, int, int]
    """Size, time of the last change of the content, and of the file; while they are the same, so is the content."""


class _Inventory(Artifact):
    """All files and links of an environment."""

    entries: dict[str, _Entry]


def take_inventory(environment: Path) -> None:
    """Record the files of a new environment."""
    entries = {
        path: _Entry(content=_content(environment / path), state=_state(environment / path))
        for path in _paths(environment)
    }
    text = _Inventory(entries=entries).model_dump_json()
    environment.with_name(_FILE).write_text(text, encoding="utf-8")


def is_unchanged(environment: Path) -> bool:
    """Whether an environment has its inventory and exactly the files in it."""
    try:
        recorded = _Inventory.model_validate_json(environment.with_name(_FILE).read_bytes()).entries
        return set(_paths(environment)) == recorded.keys() and all(
            _state(environment / path) == entry.state or _content(environment / path) == entry.content
            for path, entry in recorded.items()
        )
    except (OSError, ValidationError):
        return False


def _paths(environment: Path) -> Iterator[str]:
    for root, folders, names in os.walk(environment):
        links = (name for name in folders if Path(root, name).is_symlink())
        yield from (Path(root, name).relative_to(environment).as_posix() for name in (*links, *names))


def _state(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _content(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {path.readlink()}"
    if not stat.S_ISREG(mode):
        return "no file"
    with path.open("rb") as file:
        return f"{stat.S_IMODE(mode):o} {hashlib.file_digest(file, 'sha256').hexdigest()}"


_FOLDER = "environment"
_DOWNLOADS = ".downloads"
"""In the environment while it is built."""

_RESOLVED: dict[str, str] = {}
"""What this process has resolved: the same requirements get the same versions, and an index is asked once."""

_POLL = 0.1
"""Seconds between two looks at whether another environment is finished."""

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
        async with _only_builder(self.packages.cache / f".building-{final.name}"):
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
        script = await asyncio.to_thread(SCRIPT.read_text, encoding="utf-8")
        argv = (environment.python, "-I", "-c", script, *imported)
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
        key = digest([str(self.packages.cache), head, self.tool.name, self.packages.indexes.variables])
        if key not in _RESOLVED:
            self._write(REQUIREMENTS, wanted)
            self.command = shlex.join(("pip", "install", "-r", REQUIREMENTS))
            if not await self._run("install", *self.tool.resolve(self.sandbox.python)):
                return None
            _RESOLVED[key] = head + self.tool.read_lock(self.environment)
        return _RESOLVED[key]

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


@asynccontextmanager
async def _only_builder(lock: Path) -> AsyncIterator[None]:
    """Wait for others, of this process or not, that build the same environment."""
    with lock.open("wb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_POLL)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


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
