"""What trials run in: a sandbox with the repository's packages, and a fresh copy of its files for each command."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts import RunData, SourceFile
from papercoder.artifacts.execution import Outcome
from papercoder.artifacts.reproduction import Setting
from papercoder.datasets.mounts import Mounts, mounts_for
from papercoder.environments.environment import Environment, Installer, Packages
from papercoder.environments.lock import LOCK, REQUIREMENTS
from papercoder.environments.repository_copy import delete_folder
from papercoder.errors import ReproductionError, SandboxError
from papercoder.files.temporary import new_temporary_folder
from papercoder.repository.import_graph import import_closure
from papercoder.sandbox.contract import GIB, Bind, Command, Limits, Sandbox
from papercoder.sandbox.selection import select_sandbox, why_unavailable

MAIN, RUNNER, EXPERIMENTS, CLAIMS = "main.py", "trials.py", "experiments.py", "claims.json"
_DATA = frozenset({".json", ".yaml", ".yml", ".txt", ".toml", ".cfg"})
"""Extensions of files that code may read."""

_DOCUMENTS = frozenset({"TRACEABILITY.json", "config.smoke.yaml", "pyproject.toml", "results.json", CLAIMS})
"""Files at the root that no trial reads."""

_INSTALL = Limits(seconds=1800, disk=32 * GIB)
_REPOSITORY = "/repository"


def trial_files(files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """The files that a trial can read, by path: the code that its experiments import, settings, and data beside it.

    A trial runs in a folder with these files alone, so that its result cannot depend on any other.

    Raises:
        ReproductionError: the repository does not follow the convention of trials.
    """
    experiments = [
        file.path for file in files if Path(file.path).name == EXPERIMENTS and len(Path(file.path).parts) > 1
    ]
    missing = {MAIN, RUNNER} - {file.path for file in files}
    if missing or len(experiments) != 1:
        what = sorted(missing)[0] if missing else f"PACKAGE/{EXPERIMENTS}"
        raise ReproductionError(
            f"The repository has no {what}, so it has no trials to run. Make it with this version of PaperCoder: "
            "papercoder run PAPER."
        )
    others = (file for file in files if file.path not in {MAIN, RUNNER})
    code = {MAIN, RUNNER, *(file.path for file in import_closure(others, experiments[0]))}
    kept = (file for file in files if file.path in code or _is_data(Path(file.path)))
    return tuple(sorted(kept, key=lambda file: file.path))


def _is_data(path: Path) -> bool:
    if path.parts[0] in {"tests", "results"} or str(path) in _DOCUMENTS:
        return False
    return path.suffix in _DATA or path.name in {LOCK, REQUIREMENTS}


@dataclass(frozen=True)
class Preparation:
    """A sandbox, the installed packages of a repository, and its data."""

    sandbox: Sandbox
    environment: Environment
    mounts: Mounts

    async def run(
        self,
        argv: tuple[str, ...],
        folder: Path,
        limits: Limits,
        *,
        threads: int = 1,
        gpu: str | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Outcome:
        """Run a command in a copy of the repository.

        Args:
            argv: the command.
            folder: the copy.
            limits: its caps.
            threads: for libraries that would otherwise start one for each core.
            gpu: the number of the GPU that it may use; None: no GPU.
            on_line: receives each line of output.

        Raises:
            SandboxError: the sandbox could not be started.
        """
        pinned = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        gpus = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
        command = Command(
            argv,
            Bind(folder, _REPOSITORY),
            readable=(*self.environment.binds, *self.mounts.binds),
            environment={
                **self.environment.variables,
                **self.mounts.environment,
                **pinned,
                **gpus,
                "PYTHONHASHSEED": "0",
            },
            limits=limits,
            gpu=gpu is not None,
            on_line=on_line,
        )
        return await self.sandbox.run(command)


async def prepare(
    files: tuple[SourceFile, ...], sandbox: str, data: RunData | None = None, installer: Installer | None = None
) -> Preparation:
    """Select a sandbox and install the repository's packages, from its lock file if it has one.

    Args:
        files: of the repository.
        sandbox: `auto` or a sandbox's name.
        data: the run's data, of which those in files are readable.
        installer: None installs from the user's package index.

    Raises:
        SandboxError: no sandbox works here, or not the one that is asked for.
        ReproductionError: the packages cannot be installed.
        RunFolderError: the folder that keeps environments cannot be written.
    """
    chosen = await select_sandbox(sandbox)
    if chosen is None:
        raise SandboxError(await why_unavailable())
    async with repository_folder(files) as folder:
        installation = await (installer or Packages()).install(folder, chosen, _INSTALL)
    if installation.environment is None:
        reason = installation.reason or _last_line(installation.outcomes[-1].output)
        raise ReproductionError(f"The repository's packages could not be installed: {reason}")
    return Preparation(chosen, installation.environment, mounts_for(data or RunData()))


def _last_line(output: str) -> str:
    return next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")


@asynccontextmanager
async def repository_folder(files: tuple[SourceFile, ...]) -> AsyncIterator[Path]:
    """A temporary folder with these files, without results of earlier trials, which would pass for new ones."""
    parent = await asyncio.to_thread(new_temporary_folder)
    try:
        folder = parent / "repository"
        await asyncio.to_thread(_write, files, folder)
        yield folder
    finally:
        await delete_folder(parent)


def _write(files: tuple[SourceFile, ...], folder: Path) -> None:
    for file in files:
        if file.path.startswith("results/") and file.path.endswith(".json"):
            continue
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="\n")


def options_of(settings: tuple[Setting, ...]) -> tuple[str, ...]:
    """Changed settings as options of `main.py`."""
    return tuple(part for setting in settings for part in ("--set", setting.option))
