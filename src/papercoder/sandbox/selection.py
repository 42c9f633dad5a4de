"""Selects a sandbox: the one that is asked for, or else the first that works here; a plain subprocess only by name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from papercoder.artifacts import Outcome
from papercoder.errors import SandboxError
from papercoder.sandbox.bubblewrap import find_bubblewrap
from papercoder.sandbox.contract import Command, Sandbox, host_python, host_system, standard_environment
from papercoder.sandbox.control_group import kernel_group
from papercoder.sandbox.docker import find_docker
from papercoder.sandbox.gpu import VENDORS, Vendor, gpu_access
from papercoder.sandbox.processes import ProcessTree
from papercoder.sandbox.supervision import supervise

NOT_ISOLATED = "The code was not isolated: it could read and write what you can, and it had network access."


@dataclass(frozen=True)
class Subprocess:
    """Runs commands as subprocesses. Paths inside the sandbox are translated to paths of the host."""

    vendors: tuple[Vendor, ...] = VENDORS
    """The vendors whose GPUs to look for. The code can use any GPU, but only this tells it which are ours."""

    name: str = "subprocess"

    @property
    def python(self) -> str:
        """The host's interpreter."""
        return host_python()

    @property
    def system(self) -> str:
        """The host's Python version and platform."""
        return host_system()

    async def run(self, command: Command) -> Outcome:
        """Run a command in its folder.

        Raises:
            SandboxError: it could not be started.
        """
        group = kernel_group(command.limits) or ProcessTree()
        gpus = gpu_access(command.gpu, self.vendors)
        variables = {
            **standard_environment("/usr/local/bin:/usr/bin:/bin"),
            **dict(gpus.variables),
            **command.environment,
        }
        environment = (f"{name}={_to_host(value, command)}" for name, value in variables.items())
        argv = ("/usr/bin/env", "-i", *environment, *(_to_host(word, command) for word in command.argv))
        outcome = await supervise(
            argv, group, command.limits, command.folder.source, self.name, on_line=command.on_line
        )
        notes, output = (NOT_ISOLATED, *outcome.notes, *gpus.notes), _from_host(outcome.output, command)
        return outcome.model_copy(update={"notes": notes, "output": output})


def _to_host(text: str, command: Command) -> str:
    for bind in command.binds:
        text = text.replace(bind.target, str(bind.source))
    return text


def _from_host(text: str, command: Command) -> str:
    for bind in command.binds:
        text = text.replace(str(bind.source), bind.target)
    return text


Find = Callable[[], Awaitable[Sandbox | str]]
"""Returns a sandbox that works, or the reason why there is none."""


async def _subprocess() -> Sandbox:
    return Subprocess()


ISOLATED: dict[str, Find] = {"bubblewrap": find_bubblewrap, "docker": find_docker}
"""The sandboxes that isolate, by name, in order of preference."""

SANDBOXES: dict[str, Find] = {**ISOLATED, "subprocess": _subprocess}
"""All sandboxes by name."""


async def select_sandbox(name: str) -> Sandbox | None:
    """The sandbox of this name. For `auto`: the first that isolates; None where none works (see `why_unavailable`).

    Raises:
        SandboxError: the sandbox that is asked for is unknown or does not work here.
    """
    if name == "auto":
        for find in ISOLATED.values():
            if not isinstance(found := await find(), str):
                return found
        return None
    if name not in SANDBOXES:
        raise SandboxError(f"Unknown sandbox {name!r}: choose auto, {', '.join(SANDBOXES)} or none.")
    found = await SANDBOXES[name]()
    if isinstance(found, str):
        raise SandboxError(f"The sandbox {name} cannot be used: {found}. Use --sandbox auto to select one that works.")
    return found


async def why_unavailable() -> str:
    """One sentence on why no sandbox works here, and what to do about it."""
    reasons = [found for find in ISOLATED.values() if isinstance(found := await find(), str)]
    return (
        f"Nothing can be executed because no sandbox works here: {'; '.join(reasons)}; on a machine without valuable "
        "data, `--sandbox subprocess` runs the code without isolation."
    )
