"""Execution step by step, from install to smoke, with real data where all are present, else the synthetic version.

Steps after a failed one are skipped.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from papercoder.artifacts import ExecutionReport, Outcome, RunData, SourceFile, StepName, StepResult, TrialList
from papercoder.datasets.run_data import DATA_ROOT, Mounts, mounts_for
from papercoder.environments.environment import Environment, Installation, Installer, Packages
from papercoder.environments.installers import unreachable
from papercoder.environments.repository_copy import read_report, read_untrusted_file, temporary_copy, write_nonce
from papercoder.errors import PaperCoderError
from papercoder.files.temporary import temporary_folder
from papercoder.runs.events import ExecutionStepEnded
from papercoder.runs.run import EmitsEvents, runs_execution_steps
from papercoder.sandbox.contract import GIB, MIB, Bind, Command, Limits, Sandbox
from papercoder.sandbox.selection import select_sandbox, why_unavailable
from papercoder.stages.execution.steps import ExecutionStep, Observation, steps

_RUNNER = "trials.py"
"""The file of a repository whose command takes settings as options."""


@dataclass(frozen=True)
class StepData:
    """What the steps of one execution use."""

    mounts: Mounts
    obstacle: str = ""
    """Why the steps cannot use data that are present."""

    @property
    def is_real(self) -> bool:
        """Whether the smoke run uses real data."""
        return self.mounts.complete and not self.obstacle

    def options(self, step: StepName) -> tuple[str, ...]:
        """The options of `reproduce.sh` that make a step use real data."""
        if not self.is_real or step != "smoke":
            return ()
        return "--set", f"data.root={DATA_ROOT}", "--set", "data.synthetic=false"

    def note(self, step: StepName) -> str:
        """Which data a step used; empty for steps without data, and for repositories that need none in files."""
        if step != "smoke" or not (self.mounts.present or self.mounts.missing):
            return ""
        if self.is_real:
            return f"used real data: {', '.join(self.mounts.present)}"
        missing = f"{', '.join(self.mounts.missing)} missing; `papercoder data RUN` shows how to get it"
        return f"used synthetic data: {self.obstacle or missing}"


def step_data(data: RunData | None, repository: Path, sandbox: Sandbox) -> StepData:
    """The data for the execution of a repository."""
    mounts = mounts_for(data or RunData())
    if not (repository / _RUNNER).is_file():
        return StepData(mounts, f"the repository has no {_RUNNER}")
    if sandbox.name == "subprocess":
        return StepData(mounts, "without a sandbox, nothing is mounted")
    return StepData(mounts)


REPOSITORY = "/repository"

LIMITS: Mapping[StepName, Limits] = MappingProxyType(
    {
        "install": Limits(seconds=1800, disk=32 * GIB),
        "import": Limits(seconds=300),
        "start": Limits(seconds=120),
        "trials": Limits(seconds=120),
        "tests": Limits(seconds=600),
        "smoke": Limits(seconds=600),
    }
)
"""Default limits of each step."""

MOST_BYTES = 16 * MIB
"""A longer file that a step writes is not read."""

Emit = Callable[[StepResult], None]


def _ignore(_: StepResult) -> None:
    """The default listener."""


async def execute(
    repository: Path,
    sandbox: Sandbox | None,
    installer: Installer | None = None,
    limits: Mapping[StepName, Limits] = LIMITS,
    *,
    gpu: bool = False,
    data: RunData | None = None,
    emit: Emit = _ignore,
) -> ExecutionReport:
    """Execute a repository, each step in a fresh copy.

    Args:
        repository: read, never written.
        sandbox: None executes nothing; the report says why.
        installer: None installs from the user's package index.
        limits: step -> its limits; steps that are missing have their default `LIMITS`.
        gpu: give the code access to this machine's GPUs; installers never have it.
        data: what the run needs and has of its data; None: nothing in files.
        emit: called with the result of each step.

    Raises:
        SandboxError: the sandbox cannot be started or the repository cannot be copied.
        RunFolderError: the folder that keeps environments cannot be written.
    """
    planned = steps(repository)
    if sandbox is None:
        return _skip_all(planned, await why_unavailable(), emit)
    execution = _Execution(repository, sandbox, {**LIMITS, **limits}, emit, gpu, data)
    installation = await (installer or Packages()).install(repository, sandbox, execution.limits["install"])
    execution.record(_installed(installation, execution.limits["install"]), installation.outcomes)
    for step in planned:
        await execution.run(step, installation.environment)
    return execution.report(installation.lock)


def _skip_all(planned: tuple[ExecutionStep, ...], reason: str, emit: Emit) -> ExecutionReport:
    install = StepResult(step="install", status="skipped", reason=reason)
    results = (install, *(_skipped(step, "no sandbox works here") for step in planned))
    for result in results:
        emit(result)
    return ExecutionReport(steps=results, sandbox="")


class _Execution:
    """An execution in progress."""

    def __init__(
        self,
        repository: Path,
        sandbox: Sandbox,
        limits: Mapping[StepName, Limits],
        emit: Emit,
        gpu: bool,
        data: RunData | None,
    ) -> None:
        self.repository, self.sandbox, self.limits, self.emit, self.gpu = repository, sandbox, limits, emit, gpu
        self.data = step_data(data, repository, sandbox)
        self.done: list[StepResult] = []
        self.notes: dict[str, None] = {}
        self.results: dict[StepName, str | None] = {}

    async def run(self, step: ExecutionStep, environment: Environment | None) -> None:
        """Run a step, or skip it after a failure."""
        failed = next((result.step for result in self.done if result.status == "failed"), None)
        if failed:
            self.record(_skipped(step, f"{failed} failed before it"))
        elif not environment:
            self.record(_skipped(step, self.done[0].reason))
        elif step.skip_reason:
            self.record(_skipped(step, step.skip_reason))
        else:
            seen = await self._run_command(step, environment)
            outcome, self.results[step.name] = seen.outcome, seen.written
            missing = step.problem(seen) if outcome.succeeded else ""
            shown = " ".join((step.shown, *self.data.options(step.name)))
            result = _result(step.name, shown, outcome, self.limits[step.name], missing)
            self.record(result.model_copy(update={"note": self.data.note(step.name)}), (outcome,))

    async def _run_command(self, step: ExecutionStep, environment: Environment) -> Observation:
        async with temporary_copy(self.repository) as folder:
            nonce = write_nonce(folder)
            command = Command(
                (*step.argv, *self.data.options(step.name)),
                Bind(folder, REPOSITORY),
                readable=(*environment.binds, *self.data.mounts.binds),
                environment={**environment.variables, **self.data.mounts.environment},
                limits=self.limits[step.name],
                gpu=self.gpu,
            )
            outcome = await self.sandbox.run(command)
            written = read_untrusted_file(folder, step.writes, MOST_BYTES)
            return Observation(outcome, written, read_report(folder, nonce))

    def record(self, result: StepResult, outcomes: tuple[Outcome, ...] = ()) -> None:
        """Record and emit the result of a step."""
        self.done.append(result)
        self.notes |= dict.fromkeys(note for outcome in outcomes for note in outcome.notes)
        self.emit(result)

    def report(self, lock: str | None) -> ExecutionReport:
        """The report so far; results only from steps that passed."""
        passed = {result.step for result in self.done if result.status == "passed"}
        return ExecutionReport(
            steps=tuple(self.done),
            sandbox=self.sandbox.name,
            notes=tuple(self.notes),
            lock=lock,
            trials=TrialList.model_validate_json(self.results["trials"] or "") if "trials" in passed else None,
            smoke_results=self.results.get("smoke") if "smoke" in passed else None,
        )


def _skipped(step: ExecutionStep, reason: str) -> StepResult:
    return StepResult(step=step.name, status="skipped", command=step.shown, reason=reason)


def _installed(installation: Installation, limits: Limits) -> StepResult:
    if not installation.outcomes:
        return StepResult(
            step="install",
            status="passed" if installation.environment else "failed",
            command=installation.command,
            output="The same packages were installed before." if installation.environment else "",
            reason=installation.reason,
        )
    last = installation.outcomes[-1]
    peaks = [outcome.peak_memory for outcome in installation.outcomes if outcome.peak_memory is not None]
    whole = last.model_copy(
        update={
            "seconds": sum(outcome.seconds for outcome in installation.outcomes),
            "peak_memory": max(peaks, default=None),
        }
    )
    if not installation.environment and (cut := unreachable(last)):
        return StepResult(
            step="install", status="skipped", command=installation.command, output=last.output, reason=cut
        )
    missing = "" if installation.environment else installation.reason or "no environment was created"
    return _result("install", installation.command, whole, limits, missing)


def _result(name: StepName, command: str, outcome: Outcome, limits: Limits, missing: str) -> StepResult:
    reason = missing if outcome.succeeded else _why(outcome, limits)
    return StepResult(
        step=name,
        status="failed" if reason else "passed",
        command=command,
        exit_code=outcome.exit_code,
        seconds=outcome.seconds,
        peak_memory_mb=None if outcome.peak_memory is None else outcome.peak_memory / MIB,
        output=outcome.output,
        reason=reason,
    )


def _why(outcome: Outcome, limits: Limits) -> str:
    if outcome.limit:
        return f"it reached its limit of {_amount(outcome, limits)}"
    last = next((line.strip() for line in reversed(outcome.output.splitlines()) if line.strip()), "no output")
    return f"exit code {outcome.exit_code}: {last[:300]}"


def _amount(outcome: Outcome, limits: Limits) -> str:
    return {
        "seconds": f"{limits.seconds:.0f} seconds",
        "memory": f"{limits.memory / MIB:.0f} MiB of memory",
        "processes": f"{limits.processes} processes and threads",
        "disk": f"{limits.disk / MIB:.0f} MiB in its folder, or filled the disk",
        "output": f"{limits.output / MIB:.0f} MiB of output",
    }[outcome.limit or "seconds"]


UP_TO_SMOKE: tuple[StepName, ...] = ("install", "import", "start", "trials", "tests", "smoke")


class Unobserved(PaperCoderError):
    """Nothing was observed for reasons outside the files, such as no sandbox or no package index."""

    exit_code = 3

    def __init__(self, report: ExecutionReport) -> None:
        super().__init__(report.unseen)
        self.report = report

    def __reduce__(self) -> tuple[type["Unobserved"], tuple[ExecutionReport]]:
        return Unobserved, (self.report,)  # a Ray task may raise it on another machine


@runs_execution_steps(*UP_TO_SMOKE)
async def execute_files(
    context: EmitsEvents, files: tuple[SourceFile, ...], sandbox: str, gpu: bool = False, data: RunData | None = None
) -> ExecutionReport:
    """Execute files up to the smoke step; `sandbox` is `auto` or the name of a sandbox.

    Raises:
        Unobserved: nothing was observed; an error, so that no step stores it as its result.
        SandboxError: the requested sandbox is not available.
    """
    with _temporary_folder(files) as folder:
        emit = _emit_step(context, UP_TO_SMOKE)
        report = await execute(folder, await select_sandbox(sandbox), gpu=gpu, data=data, emit=emit)
    if not report.observed:
        raise Unobserved(report)
    return report


@contextmanager
def _temporary_folder(files: tuple[SourceFile, ...]) -> Iterator[Path]:
    with temporary_folder() as folder:
        write_files(files, folder)
        yield folder


def _emit_step(context: EmitsEvents, steps: tuple[StepName, ...]) -> Callable[[StepResult], None]:
    def emit(step: StepResult) -> None:
        if step.step in steps:
            context.emit(
                ExecutionStepEnded(step=step.step, status=step.status, seconds=step.seconds, reason=step.reason)
            )

    return emit


def write_files(files: tuple[SourceFile, ...], folder: Path) -> None:
    """Write files into an empty folder."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="\n")
        path.chmod(0o755 if path.suffix == ".sh" else 0o644)
