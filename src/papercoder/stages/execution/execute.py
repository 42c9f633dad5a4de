"""The ladder: install, import, start, tests, smoke, reproduce; the first step that fails ends the climb."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from papercoder.artifacts.execution import ExecutionReport, Outcome, StepName, StepResult
from papercoder.sandbox.contract import GIB, MIB, Bind, Command, Limits, Sandbox
from papercoder.sandbox.selection import why_unavailable
from papercoder.stages.execution.copying import RESULTS, bring_back, fresh_copy
from papercoder.stages.execution.environment import Environment, Installation, Installer, Packages
from papercoder.stages.execution.reaching import unreachable
from papercoder.stages.execution.steps import ExecutionStep, steps

REPOSITORY = "/repository"

LIMITS: Mapping[StepName, Limits] = MappingProxyType(
    {
        "install": Limits(seconds=1800, disk=32 * GIB),
        "import": Limits(seconds=300),
        "start": Limits(seconds=120),
        "tests": Limits(seconds=600),
        "smoke": Limits(seconds=600),
        "reproduce": Limits(seconds=24 * 3600, disk=64 * GIB),
    }
)
"""What each step may use, where the caller does not say otherwise."""

Emit = Callable[[StepResult], None]


def _nobody(_: StepResult) -> None:
    """Nobody listens."""


async def execute(
    repository: Path,
    sandbox: Sandbox | None,
    installer: Installer | None = None,
    limits: Mapping[StepName, Limits] = LIMITS,
    *,
    reproduce: bool = False,
    gpu: bool = False,
    emit: Emit = _nobody,
) -> ExecutionReport:
    """Climb the ladder, each step in a fresh copy of the repository.

    Args:
        repository: is read, never written.
        sandbox: None: nothing is executed, and the report says why.
        installer: None: from the user's package index.
        limits: step -> what it may use; those that are missing have their `LIMITS`.
        reproduce: whether to run the full reproduction too.
        gpu: whether the code may use this machine's GPUs; installers may not.
        emit: is told every step once it is decided.

    Raises:
        SandboxError: the sandbox could not be started, or the repository not be copied.
        RunFolderError: the folder that keeps environments cannot be written.
    """
    ladder = steps(repository, reproduce)
    if sandbox is None:
        return _nothing(ladder, await why_unavailable(), emit)
    climb = _Execution(repository, sandbox, {**LIMITS, **limits}, emit, gpu)
    installation = await (installer or Packages()).install(repository, sandbox, climb.limits["install"])
    climb.note(_installed(installation, climb.limits["install"]), installation.outcomes)
    for step in ladder:
        await climb.on(step, installation.environment)
    return climb.report(installation.lock)


async def reproduce(
    repository: Path,
    sandbox: Sandbox | None,
    before: ExecutionReport,
    installer: Installer | None = None,
    limits: Mapping[StepName, Limits] = LIMITS,
    *,
    gpu: bool = False,
    emit: Emit = _nobody,
) -> ExecutionReport:
    """Climb the last step, where those below it were seen before, be it on another machine.

    Args:
        repository: with the `requirements.lock` of that time, so that the same packages are installed.
        sandbox: as for `execute`.
        before: what was seen of this very repository.
        installer: as for `execute`.
        limits: as for `execute`.
        gpu: as for `execute`.
        emit: is told the last step once it is decided.

    Raises:
        SandboxError: as for `execute`.
        RunFolderError: as for `execute`.
    """
    last = steps(repository, reproduce=True)[-1]
    if sandbox is None:
        result = _skipped(last, await why_unavailable())
        emit(result)
        return _joined(before, result)
    climb = _Execution(repository, sandbox, {**LIMITS, **limits}, _nobody, gpu)
    installation = await (installer or Packages()).install(repository, sandbox, climb.limits["install"])
    climb.note(_installed(installation, climb.limits["install"]), installation.outcomes)
    climb.emit = emit
    await climb.on(last, installation.environment)
    return _joined(before, climb.done[-1], climb.report(installation.lock))


def _joined(before: ExecutionReport, last: StepResult, after: ExecutionReport | None = None) -> ExecutionReport:
    """What was seen before, and then of the last step."""
    changes = {"notes": tuple(dict.fromkeys((*before.notes, *after.notes))), "results": after.results} if after else {}
    return before.model_copy(update={"steps": (*before.steps[:-1], last), **changes})


def _nothing(ladder: tuple[ExecutionStep, ...], reason: str, emit: Emit) -> ExecutionReport:
    install = StepResult(step="install", status="skipped", reason=reason)
    results = (install, *(_skipped(step, reason) for step in ladder))
    for result in results:
        emit(result)
    return ExecutionReport(steps=results, sandbox="")


class _Execution:
    """How far it is."""

    def __init__(
        self, repository: Path, sandbox: Sandbox, limits: Mapping[StepName, Limits], emit: Emit, gpu: bool
    ) -> None:
        self.repository, self.sandbox, self.limits, self.emit, self.gpu = repository, sandbox, limits, emit, gpu
        self.done: list[StepResult] = []
        self.notes: dict[str, None] = {}
        self.results: dict[StepName, str | None] = {}

    async def on(self, step: ExecutionStep, environment: Environment | None) -> None:
        """Try a step, unless one below it failed or nobody asked for it."""
        fallen = next((result.step for result in self.done if result.status == "failed"), None)
        if fallen:
            self.note(_skipped(step, f"{fallen} failed before it"))
        elif not environment:
            self.note(_skipped(step, self.done[0].reason))
        elif step.unasked:
            self.note(_skipped(step, step.unasked))
        else:
            outcome, results = await self._try(step, environment)
            self.results[step.name] = results
            missing = step.complaint(outcome, results) if outcome.succeeded else ""
            self.note(_result(step.name, step.shown, outcome, self.limits[step.name], missing), (outcome,))

    async def _try(self, step: ExecutionStep, environment: Environment) -> tuple[Outcome, str | None]:
        async with fresh_copy(self.repository) as folder:
            command = Command(
                step.argv,
                Bind(folder, REPOSITORY),
                readable=environment.binds,
                environment=environment.variables,
                limits=self.limits[step.name],
                gpu=self.gpu,
            )
            return await self.sandbox.run(command), bring_back(folder, RESULTS)

    def note(self, result: StepResult, outcomes: tuple[Outcome, ...] = ()) -> None:
        """Keep and tell what became of a step."""
        self.done.append(result)
        self.notes |= dict.fromkeys(note for outcome in outcomes for note in outcome.notes)
        self.emit(result)

    def report(self, lock: str | None) -> ExecutionReport:
        """All that was seen; results only of a step that was."""
        seen = {result.step for result in self.done if result.status == "passed"}
        return ExecutionReport(
            steps=tuple(self.done),
            sandbox=self.sandbox.name,
            notes=tuple(self.notes),
            lock=lock,
            smoke_results=self.results.get("smoke") if "smoke" in seen else None,
            results=self.results.get("reproduce") if "reproduce" in seen else None,
        )


def _skipped(step: ExecutionStep, reason: str) -> StepResult:
    return StepResult(step=step.name, status="skipped", command=step.shown, reason=reason)


def _installed(installation: Installation, limits: Limits) -> StepResult:
    if not installation.outcomes:
        return StepResult(
            step="install",
            status="passed" if installation.environment else "failed",
            command=installation.command,
            output="These very packages were installed before." if installation.environment else "",
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
    missing = "" if installation.environment else installation.reason or "no environment came of it"
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
    last = next((line.strip() for line in reversed(outcome.output.splitlines()) if line.strip()), "it said nothing")
    return f"it ended with exit code {outcome.exit_code}: {last[:300]}"


def _amount(outcome: Outcome, limits: Limits) -> str:
    return {
        "seconds": f"{limits.seconds:.0f} seconds",
        "memory": f"{limits.memory / MIB:.0f} MiB of memory",
        "processes": f"{limits.processes} processes and threads",
        "disk": f"{limits.disk / MIB:.0f} MiB in its folder",
        "output": f"{limits.output / MIB:.0f} MiB of output",
    }[outcome.limit or "seconds"]
