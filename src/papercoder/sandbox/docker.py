"""The docker sandbox: one container for each command, where bubblewrap is not available."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts.execution import Outcome
from papercoder.errors import SandboxError
from papercoder.files.temporary import is_abandoned, mark, temporary_folder
from papercoder.sandbox.contract import Bind, Command, Usage, standard_environment
from papercoder.sandbox.gpu import VENDORS, Vendor, gpu_access
from papercoder.sandbox.processes import ProcessTree
from papercoder.sandbox.seccomp import docker_profile
from papercoder.sandbox.supervision import supervise

IMAGE = "python:3.11-slim"
_PATH = "/usr/local/bin:/usr/bin:/bin"
_NO_CONTAINER = 125
"""The client's exit code where no container could be created."""

_NO_DRIVER = "could not select device driver"


@dataclass(frozen=True)
class Docker:
    """Runs each command in a new container."""

    client: tuple[str, ...]
    """The docker client, with the options that select the engine."""

    image: str = IMAGE
    vendors: tuple[Vendor, ...] = VENDORS
    """The vendors whose GPUs to look for."""

    name: str = "docker"

    @property
    def python(self) -> str:
        """The image's interpreter."""
        return "/usr/local/bin/python3"

    @property
    def system(self) -> str:
        """The image, which determines both Python and platform."""
        return f"the image {self.image}"

    async def run(self, command: Command) -> Outcome:
        """Run a command in a new container and remove the container.

        Raises:
            SandboxError: the client could not be started, or the engine cannot pass GPUs to containers.
        """
        container = Container(self.client, f"papercoder-{mark()}-{uuid.uuid4().hex[:12]}")
        with temporary_folder() as folder:
            profile = folder / "seccomp.json"
            profile.write_text(docker_profile(), encoding="ascii")
            argv = (*self.prefix(command, container.name, str(profile)), self.image, *command.argv)
            outcome = await supervise(
                argv, container, command.limits, command.folder.source, self.name, on_line=command.on_line
            )
        if command.gpu and outcome.exit_code == _NO_CONTAINER and _NO_DRIVER in outcome.output:
            raise SandboxError(
                "docker cannot pass this machine's GPUs to a container. Install the NVIDIA Container Toolkit, or run "
                "without --gpu."
            )
        return outcome.model_copy(update={"notes": (*outcome.notes, *gpu_access(command.gpu, self.vendors).notes)})

    def prefix(self, command: Command, container: str, profile: str) -> tuple[str, ...]:
        """The command line up to the image.

        Args:
            command: the command.
            container: a name for the container.
            profile: path of the system call filter. The engine itself gives each container its own session keyring.
        """
        limits, gpus = command.limits, gpu_access(command.gpu, self.vendors)
        variables = {**standard_environment(_PATH), **dict(gpus.variables), **command.environment}
        return (
            *(*self.client, "run", "--name", container, "--init", "--pull", "missing"),
            *("--network", "bridge" if command.phase == "install" else "none"),
            *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            *("--security-opt", f"seccomp={profile}", "--ipc", "private", "--log-driver", "none"),
            *("--user", f"{os.getuid()}:{os.getgid()}", "--hostname", "sandbox"),
            *("--memory", str(limits.memory), "--memory-swap", str(limits.memory)),
            *("--pids-limit", str(limits.processes)),
            *("--ulimit", f"fsize={limits.disk}", "--ulimit", "core=0", "--shm-size", str(limits.scratch)),
            *("--tmpfs", f"/tmp:rw,nosuid,nodev,mode=1777,size={limits.scratch}"),  # noqa: S108
            *_mounts(command.readable, ",readonly"),
            *_mounts((*command.writable, command.folder), ""),
            *("--workdir", command.folder.target, "--entrypoint", ""),
            *(option for vendor in gpus.vendors for option in _gpu_options(vendor)),
            *(option for name, value in variables.items() for option in ("--env", f"{name}={value}")),
        )


def _mounts(binds: tuple[Bind, ...], mode: str) -> Iterator[str]:
    for bind in binds:
        source = str(bind.source.resolve()).replace('"', '""')
        # Quoted, because a comma in the name of a folder would begin another option.
        yield from ("--mount", f'type=bind,"source={source}",target={bind.target}{mode}')


def _gpu_options(vendor: Vendor) -> Iterator[str]:
    """All GPUs of a vendor, through its toolkit, or as ordinary devices where it has none."""
    if vendor.has_toolkit:
        yield from ("--gpus", "all")
        return
    for device in vendor.devices:
        yield from ("--device", device, "--group-add", str(Path(device).stat().st_gid))


@dataclass(frozen=True)
class Container:
    """The processes of a container, which outlives the client that started it."""

    client: tuple[str, ...]
    name: str
    notes: tuple[str, ...] = ("The docker engine limits memory and processes; the usage is not known.",)

    def wrap(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:  # noqa: ARG002
        """The command line as it is: the engine applies the limits."""
        return tuple(argv)

    def measure(self, _: int, /) -> Usage:
        """Unknown: each measurement would be a request to the engine."""
        return Usage()

    def pids(self, _: int, /) -> tuple[int, ...]:
        """None: the processes belong to the engine."""
        return ()

    async def kill(self, pid: int, /) -> Usage:
        """Ask the engine whether memory ran out, remove the container and kill the client."""
        killed = await self._ask("inspect", "--format", "{{.State.OOMKilled}}", self.name)
        await self.remove()
        await ProcessTree().kill(pid)
        return Usage(limit="memory" if killed == "true" else None)

    async def remove(self) -> None:
        """Remove the container, running or not."""
        await self._ask("rm", "--force", "--volumes", self.name)

    async def _ask(self, *arguments: str) -> str:
        return (await ask(*self.client, *arguments))[1]


async def ask(*argv: str, seconds: float = 20.0) -> tuple[int, str]:
    """Exit code and output of a docker client; (1, "") where the engine does not respond in time."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={}
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        return 1, ""
    return process.returncode or 0, output.decode(errors="replace").strip()


async def find_docker() -> Docker | str:
    """A docker engine that responds, or the reason why there is none. Removes containers that dead processes left."""
    program = shutil.which("docker")
    if not program:
        return "docker is not installed"
    host = os.environ.get("DOCKER_HOST")
    client = (program, *(("--host", host) if host else ()))
    code, _ = await ask(*client, "version", "--format", "{{.Server.Version}}")
    if code:
        return "the docker engine is not running"
    _, names = await ask(*client, "ps", "--all", "--filter", "name=^papercoder-", "--format", "{{.Names}}")
    for name in filter(is_abandoned, names.split()):
        await Container(client, name).remove()
    return Docker(client)
