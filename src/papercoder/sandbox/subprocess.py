"""No isolation: an ordinary subprocess with a clean environment and limits. Used only where it is asked for by name."""

from dataclasses import dataclass

from papercoder.artifacts.execution import Outcome
from papercoder.sandbox.contract import Command, host_python, host_system, standard_environment
from papercoder.sandbox.gpu import VENDORS, Vendor, gpu_access
from papercoder.sandbox.processes import ProcessTree
from papercoder.sandbox.supervision import supervise
from papercoder.sandbox.systemd_scope import kernel_group

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
