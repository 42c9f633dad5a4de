"""What trials run in: a sandbox with the repository's packages, a fresh copy of its files per command, settings."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from papercoder.artifacts import ConfigValue, Outcome, RunData, SourceFile, TrialList
from papercoder.artifacts.reproduction import Setting
from papercoder.datasets.run_data import DATA_ROOT, Mounts, mounts_for
from papercoder.environments.environment import Environment, Installer, Packages
from papercoder.environments.installers import LOCK, REQUIREMENTS
from papercoder.environments.repository_copy import delete_folder, read_untrusted_file
from papercoder.errors import ReproductionError, SandboxError
from papercoder.files.temporary import new_temporary_folder
from papercoder.repository.code_graph import import_closure
from papercoder.sandbox.contract import GIB, MIB, Bind, Command, Limits, Sandbox
from papercoder.sandbox.selection import select_sandbox, why_unavailable
from papercoder.text.yaml_text import InvalidYaml, load_yaml

CONFIG = "config.yaml"


def data_settings(files: Iterable[SourceFile], data: RunData) -> tuple[Setting, ...]:
    """Where the data are; synthetic data unless all that the repository needs are there.

    A setting that `config.yaml` does not have is left out.
    """
    mounts = mounts_for(data)
    if not mounts.present and not mounts.missing:
        return ()
    known = flat_settings(files)
    values = {"data.root": DATA_ROOT, "data.synthetic": not mounts.complete}
    return tuple(Setting(key=key, value=value) for key, value in values.items() if key in known)


def flat_settings(files: Iterable[SourceFile], changes: Iterable[Setting] = ()) -> dict[str, object]:
    """Dotted key -> value of every setting in `config.yaml`, with these changes; empty if it is not YAML."""
    text = next((file.text for file in files if file.path == CONFIG), "")
    try:
        config = load_yaml(text)
    except InvalidYaml:
        return {}
    return {**dict(_flat(config, "")), **{change.key: change.value for change in changes}}


def _flat(config: object, prefix: str) -> Iterator[tuple[str, object]]:
    if isinstance(config, dict):
        for name, value in config.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else str(name))
    elif prefix:
        yield prefix, config


def scaled_settings(values: Iterable[ConfigValue], scale: float) -> tuple[Setting, ...]:
    """The settings that change at this share of the paper's scale.

    Counts are rounded, lists shortened. Neither becomes smaller than its value in the smoke run, or than 1.
    """
    return tuple(_scaled(values, scale)) if scale < 1 else ()


def _scaled(values: Iterable[ConfigValue], scale: float) -> Iterator[Setting]:
    for item in values:
        if not item.scalable:
            continue
        match item.value:
            case bool() | str() | None:
                continue
            case int(count):
                least = item.smoke if isinstance(item.smoke, int) and 1 <= item.smoke <= count else min(1, count)
                new: int | float | list[object] = max(least, round(count * scale))
            case float(amount):
                least_amount = item.smoke if isinstance(item.smoke, int | float) and item.smoke <= amount else 0.0
                new = max(least_amount, amount * scale)
            case items:
                shortest = len(item.smoke) if isinstance(item.smoke, list | tuple) else 1
                new = list(items[: max(shortest, math.ceil(len(items) * scale))])
        if new != item.value:
            yield Setting(key=item.key, value=new)


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


_OUTPUT = "trial-list.json"
_INTO_FILE = f'exec python {MAIN} --list "$@" > {_OUTPUT}'
"""A shell command, because the sandbox keeps only the end of what is printed."""

_LIMITS = Limits(seconds=300)
_LONGEST = 32 * MIB


async def list_trials(
    preparation: Preparation, files: tuple[SourceFile, ...], settings: tuple[Setting, ...] = ()
) -> TrialList:
    """List the trials of a repository with these settings, in the sandbox.

    Raises:
        ReproductionError: it lists none, or not as the convention of trials says.
        SandboxError: the sandbox could not be started.
    """
    async with repository_folder(files) as folder:
        outcome = await preparation.run(("sh", "-c", _INTO_FILE, "sh", *options_of(settings)), folder, _LIMITS)
        text = read_untrusted_file(folder, _OUTPUT, _LONGEST)
    command = f"`python {MAIN} --list`"
    if not outcome.succeeded or text is None:
        why = f"it reached its limit of {outcome.limit}" if outcome.limit else outcome.output.strip()[-500:]
        raise ReproductionError(f"The repository does not list its trials: {command} failed: {why or 'no output'}")
    try:
        listed = TrialList.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the output"
        raise ReproductionError(f"{command} printed an invalid list of trials: {where}: {first['msg']}.") from error
    if twice := [name for name, count in Counter(trial.id for trial in listed.trials).items() if count > 1]:
        raise ReproductionError(f"{command} printed two trials with the id {twice[0]!r}.")
    if not listed.trials:
        raise ReproductionError(f"{command} printed no trials, so there is nothing to reproduce.")
    return listed
