"""No isolation: a subprocess with a clean environment and caps. Only for who asks for it by name."""

from dataclasses import dataclass

from papercoder.artifacts.execution import Outcome
from papercoder.sandbox.cage import Cage
from papercoder.sandbox.cgroup import make_group
from papercoder.sandbox.contract import Command, standard_environment
from papercoder.sandbox.gpu import VENDORS, Vendor, lend
from papercoder.sandbox.interpreter import base_python, this_system
from papercoder.sandbox.processes import Tree
from papercoder.sandbox.supervision import supervise

OPEN = "There is no isolation: the code can read and write what you can, and has the network."


@dataclass(frozen=True)
class Plain:
    """Runs commands as they are; paths inside are translated to those of this machine."""

    vendors: tuple[Vendor, ...] = VENDORS
    """Whose GPUs it looks for; the code could use them without being asked, but would not know which are ours."""

    name: str = "plain"

    @property
    def python(self) -> str:
        """The interpreter that PaperCoder itself runs on, without its packages."""
        return str(base_python())

    @property
    def system(self) -> str:
        """That of PaperCoder itself."""
        return this_system()

    async def run(self, command: Command) -> Outcome:
        """Run a command in its folder.

        Raises:
            SandboxError: it could not be started.
        """
        cage: Cage = make_group(command.caps) or Tree()
        argv = self.argv(command)
        outcome = await supervise(argv, cage, command.caps, command.folder.source, self.name)
        notes = (OPEN, *outcome.notes, *lend(command.gpu, self.vendors).notes)
        return outcome.model_copy(update={"notes": notes, "output": _inwards(outcome.output, command)})

    def argv(self, command: Command) -> tuple[str, ...]:
        """The command line, with paths of this machine."""
        chosen = dict(lend(command.gpu, self.vendors).variables)
        variables = {**standard_environment("/usr/local/bin:/usr/bin:/bin"), **chosen, **command.environment}
        settings = (f"{name}={_outwards(value, command)}" for name, value in variables.items())
        words = (_outwards(word, command) for word in command.argv)
        return "/usr/bin/env", "-i", *settings, *words


def _outwards(text: str, command: Command) -> str:
    for bind in command.binds:
        text = text.replace(bind.target, str(bind.source))
    return text


def _inwards(text: str, command: Command) -> str:
    for bind in command.binds:
        text = text.replace(str(bind.source), bind.target)
    return text
