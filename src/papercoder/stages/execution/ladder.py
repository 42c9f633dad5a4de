"""The ladder: install, import, start, tests, smoke, reproduce; the first rung that fails ends the climb."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from papercoder.artifacts.execution import ExecutionReport, Outcome, RungName, RungResult
from papercoder.sandbox.choosing import why_none
from papercoder.sandbox.contract import GIB, MIB, Bind, Caps, Command, Sandbox
from papercoder.stages.execution.copying import RESULTS, bring_back, fresh_copy
from papercoder.stages.execution.environment import Environment, Installation, Installer, Packages
from papercoder.stages.execution.reaching import unreachable
from papercoder.stages.execution.rungs import Rung, rungs

REPOSITORY = "/repository"

CAPS: Mapping[RungName, Caps] = MappingProxyType(
    {
        "install": Caps(seconds=1800, disk=32 * GIB),
        "import": Caps(seconds=300),
        "start": Caps(seconds=120),
        "tests": Caps(seconds=600),
        "smoke": Caps(seconds=600),
        "reproduce": Caps(seconds=24 * 3600, disk=64 * GIB),
    }
)
"""What each rung may use, where the caller does not say otherwise."""

Emit = Callable[[RungResult], None]


def _nobody(_: RungResult) -> None:
    """Nobody listens."""


async def execute(
    repository: Path,
    sandbox: Sandbox | None,
    installer: Installer | None = None,
    caps: Mapping[RungName, Caps] = CAPS,
    *,
    reproduce: bool = False,
    gpu: bool = False,
    emit: Emit = _nobody,
) -> ExecutionReport:
    """Climb the ladder, each rung in a fresh copy of the repository.

    Args:
        repository: is read, never written.
        sandbox: None: nothing is executed, and the report says why.
        installer: None: from the user's package index.
        caps: rung -> what it may use; those that are missing have their `CAPS`.
        reproduce: whether to run the full reproduction too.
        gpu: whether the code may use this machine's GPUs; installers may not.
        emit: is told every rung once it is decided.

    Raises:
        SandboxError: the sandbox could not be started, or the repository not be copied.
        RunFolderError: the folder that keeps environments cannot be written.
    """
    ladder = rungs(repository, reproduce)
    if sandbox is None:
        return _nothing(ladder, await why_none(), emit)
    climb = _Climb(repository, sandbox, {**CAPS, **caps}, emit, gpu)
    installation = await (installer or Packages()).install(repository, sandbox, climb.caps["install"])
    climb.note(_installed(installation, climb.caps["install"]), installation.outcomes)
    for rung in ladder:
        await climb.on(rung, installation.environment)
    return climb.report(installation.lock)


async def reproduce(
    repository: Path,
    sandbox: Sandbox | None,
    before: ExecutionReport,
    installer: Installer | None = None,
    caps: Mapping[RungName, Caps] = CAPS,
    *,
    gpu: bool = False,
    emit: Emit = _nobody,
) -> ExecutionReport:
    """Climb the last rung, where those below it were seen before, be it on another machine.

    Args:
        repository: with the `requirements.lock` of that time, so that the same packages are installed.
        sandbox: as for `execute`.
        before: what was seen of this very repository.
        installer: as for `execute`.
        caps: as for `execute`.
        gpu: as for `execute`.
        emit: is told the last rung once it is decided.

    Raises:
        SandboxError: as for `execute`.
        RunFolderError: as for `execute`.
    """
    last = rungs(repository, reproduce=True)[-1]
    if sandbox is None:
        result = _not_run(last, await why_none())
        emit(result)
        return _joined(before, result)
    climb = _Climb(repository, sandbox, {**CAPS, **caps}, _nobody, gpu)
    installation = await (installer or Packages()).install(repository, sandbox, climb.caps["install"])
    climb.note(_installed(installation, climb.caps["install"]), installation.outcomes)
    climb.emit = emit
    await climb.on(last, installation.environment)
    return _joined(before, climb.done[-1], climb.report(installation.lock))


def _joined(before: ExecutionReport, last: RungResult, after: ExecutionReport | None = None) -> ExecutionReport:
    """What was seen before, and then of the last rung."""
    changes = {"notes": tuple(dict.fromkeys((*before.notes, *after.notes))), "results": after.results} if after else {}
    return before.model_copy(update={"rungs": (*before.rungs[:-1], last), **changes})


def _nothing(ladder: tuple[Rung, ...], reason: str, emit: Emit) -> ExecutionReport:
    install = RungResult(rung="install", status="not_run", reason=reason)
    results = (install, *(_not_run(rung, reason) for rung in ladder))
    for result in results:
        emit(result)
    return ExecutionReport(rungs=results, sandbox="")


class _Climb:
    """How far it is."""

    def __init__(
        self, repository: Path, sandbox: Sandbox, caps: Mapping[RungName, Caps], emit: Emit, gpu: bool
    ) -> None:
        self.repository, self.sandbox, self.caps, self.emit, self.gpu = repository, sandbox, caps, emit, gpu
        self.done: list[RungResult] = []
        self.notes: dict[str, None] = {}
        self.results: dict[RungName, str | None] = {}

    async def on(self, rung: Rung, environment: Environment | None) -> None:
        """Try a rung, unless one below it failed or nobody asked for it."""
        fallen = next((result.rung for result in self.done if result.status == "failed"), None)
        if fallen:
            self.note(_not_run(rung, f"{fallen} failed before it"))
        elif not environment:
            self.note(_not_run(rung, self.done[0].reason))
        elif rung.unasked:
            self.note(_not_run(rung, rung.unasked))
        else:
            outcome, results = await self._try(rung, environment)
            self.results[rung.name] = results
            missing = rung.complaint(outcome, results) if outcome.succeeded else ""
            self.note(_result(rung.name, rung.shown, outcome, self.caps[rung.name], missing), (outcome,))

    async def _try(self, rung: Rung, environment: Environment) -> tuple[Outcome, str | None]:
        async with fresh_copy(self.repository) as folder:
            command = Command(
                rung.argv,
                Bind(folder, REPOSITORY),
                readable=environment.binds,
                environment=environment.variables,
                caps=self.caps[rung.name],
                gpu=self.gpu,
            )
            return await self.sandbox.run(command), bring_back(folder, RESULTS)

    def note(self, result: RungResult, outcomes: tuple[Outcome, ...] = ()) -> None:
        """Keep and tell what became of a rung."""
        self.done.append(result)
        self.notes |= dict.fromkeys(note for outcome in outcomes for note in outcome.notes)
        self.emit(result)

    def report(self, lock: str | None) -> ExecutionReport:
        """All that was seen; results only of a rung that was."""
        seen = {result.rung for result in self.done if result.status == "seen"}
        return ExecutionReport(
            rungs=tuple(self.done),
            sandbox=self.sandbox.name,
            notes=tuple(self.notes),
            lock=lock,
            smoke_results=self.results.get("smoke") if "smoke" in seen else None,
            results=self.results.get("reproduce") if "reproduce" in seen else None,
        )


def _not_run(rung: Rung, reason: str) -> RungResult:
    return RungResult(rung=rung.name, status="not_run", command=rung.shown, reason=reason)


def _installed(installation: Installation, caps: Caps) -> RungResult:
    if not installation.outcomes:
        return RungResult(
            rung="install",
            status="seen" if installation.environment else "failed",
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
        return RungResult(
            rung="install", status="not_run", command=installation.command, output=last.output, reason=cut
        )
    missing = "" if installation.environment else installation.reason or "no environment came of it"
    return _result("install", installation.command, whole, caps, missing)


def _result(name: RungName, command: str, outcome: Outcome, caps: Caps, missing: str) -> RungResult:
    reason = missing if outcome.succeeded else _why(outcome, caps)
    return RungResult(
        rung=name,
        status="failed" if reason else "seen",
        command=command,
        exit_code=outcome.exit_code,
        seconds=outcome.seconds,
        peak_memory_mb=None if outcome.peak_memory is None else outcome.peak_memory / MIB,
        output=outcome.output,
        reason=reason,
    )


def _why(outcome: Outcome, caps: Caps) -> str:
    if outcome.cap:
        return f"it was ended at its cap of {_amount(outcome, caps)}"
    last = next((line.strip() for line in reversed(outcome.output.splitlines()) if line.strip()), "it said nothing")
    return f"it ended with exit code {outcome.exit_code}: {last[:300]}"


def _amount(outcome: Outcome, caps: Caps) -> str:
    return {
        "seconds": f"{caps.seconds:.0f} seconds",
        "memory": f"{caps.memory / MIB:.0f} MiB of memory",
        "processes": f"{caps.processes} processes and threads",
        "disk": f"{caps.disk / MIB:.0f} MiB in its folder",
        "output": f"{caps.output / MIB:.0f} MiB of output",
    }[outcome.cap or "seconds"]
