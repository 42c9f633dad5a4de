"""Isolation by a container engine, for where bubblewrap is not at hand."""

import asyncio
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts.execution import Outcome
from papercoder.errors import SandboxError
from papercoder.sandbox.cage import Reading
from papercoder.sandbox.contract import Bind, Command, standard_environment
from papercoder.sandbox.gpu import VENDORS, Vendor, lend
from papercoder.sandbox.processes import Tree
from papercoder.sandbox.supervision import supervise

IMAGE = "python:3.11-slim"
_PATH = "/usr/local/bin:/usr/bin:/bin"
_ENGINE_FAILED = 125
"""Exit code of the client where no container came to be."""

_NO_DRIVER = "could not select device driver"


@dataclass(frozen=True)
class Docker:
    """Runs each command in a container of its own."""

    client: tuple[str, ...]
    """The engine's client and the options that say where the engine is."""

    image: str = IMAGE
    vendors: tuple[Vendor, ...] = VENDORS
    """Whose GPUs it looks for, on this machine."""

    name: str = "docker"

    @property
    def python(self) -> str:
        """The image's interpreter."""
        return "/usr/local/bin/python3"

    @property
    def system(self) -> str:
        """The image's."""
        return f"the image {self.image}"

    async def run(self, command: Command) -> Outcome:
        """Run a command in a new container, and remove it.

        Raises:
            SandboxError: the engine's client could not be started, or has no way to hand GPUs over.
        """
        container = Container(self.client, f"papercoder-{uuid.uuid4().hex[:12]}")
        argv = (*self.prefix(command, container.name), self.image, *command.argv)
        outcome = await supervise(argv, container, command.caps, command.folder.source, self.name)
        if command.gpu and outcome.exit_code == _ENGINE_FAILED and _NO_DRIVER in outcome.output:
            raise SandboxError(
                "docker cannot hand this machine's GPUs to a container. Install the NVIDIA Container Toolkit, or leave "
                "--gpu out."
            )
        return outcome.model_copy(update={"notes": (*outcome.notes, *lend(command.gpu, self.vendors).notes)})

    def prefix(self, command: Command, container: str) -> tuple[str, ...]:
        """The command line up to the image."""
        caps, gpus = command.caps, lend(command.gpu, self.vendors)
        return (
            *(*self.client, "run", "--name", container, "--init", "--pull", "missing"),
            *("--network", "bridge" if command.phase == "install" else "none"),
            *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            *("--user", f"{os.getuid()}:{os.getgid()}", "--hostname", "sandbox"),
            *("--memory", str(caps.memory), "--memory-swap", str(caps.memory), "--pids-limit", str(caps.processes)),
            *("--ulimit", f"fsize={caps.disk}", "--ulimit", "core=0", "--shm-size", str(caps.scratch)),
            *("--tmpfs", f"/tmp:rw,nosuid,nodev,mode=1777,size={caps.scratch}"),  # noqa: S108
            *_mounts(command.readable, ",readonly"),
            *_mounts((*command.writable, command.folder), ""),
            *("--workdir", command.folder.target, "--entrypoint", ""),
            *(option for vendor in gpus.vendors for option in _cards(vendor)),
            *_variables({**standard_environment(_PATH), **dict(gpus.variables), **command.environment}),
        )


def _mounts(binds: tuple[Bind, ...], mode: str) -> Iterator[str]:
    for bind in binds:
        yield from ("--mount", f"type=bind,source={bind.source.resolve()},target={bind.target}{mode}")


def _cards(vendor: Vendor) -> Iterator[str]:
    """All GPUs of a vendor; with a toolkit the engine knows what they need, else they are devices like any other."""
    if vendor.has_toolkit:
        yield from ("--gpus", "all")
        return
    for device in vendor.devices:
        yield from ("--device", device, "--group-add", str(Path(device).stat().st_gid))


def _variables(variables: Mapping[str, str]) -> Iterator[str]:
    for name, value in variables.items():
        yield from ("--env", f"{name}={value}")


@dataclass(frozen=True)
class Container:
    """A container, which outlives the client that started it."""

    client: tuple[str, ...]
    name: str
    notes: tuple[str, ...] = ("The engine holds memory and processes; how much was used is not known.",)

    def start(self, argv: Sequence[str], file_bytes: int) -> tuple[str, ...]:  # noqa: ARG002
        """The client needs no limits; the engine has them."""
        return tuple(argv)

    def read(self, _: int, /) -> Reading:
        """The engine would have to be asked for each look."""
        return Reading()

    def pids(self, _: int, /) -> tuple[int, ...]:
        """They belong to the engine."""
        return ()

    async def end(self, pid: int, /) -> Reading:
        """Ask the engine whether memory ran out, have it remove the container, then end the client."""
        killed = await self._ask("inspect", "--format", "{{.State.OOMKilled}}", self.name)
        await self.discard()
        await Tree().end(pid)
        return Reading(reached="memory" if killed == "true" else None)

    async def discard(self) -> None:
        """Remove the container, running or not."""
        await self._ask("rm", "--force", "--volumes", self.name)

    async def _ask(self, *arguments: str) -> str:
        return (await ask(*self.client, *arguments))[1]


async def ask(*argv: str, seconds: float = 20.0) -> tuple[int, str]:
    """Exit code and output of a client of the engine; 1 and nothing where it does not answer."""
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
    """A container engine that answers, or one sentence on why there is none."""
    program = shutil.which("docker")
    if not program:
        return "docker is not installed"
    host = os.environ.get("DOCKER_HOST")
    client = (program, *(("--host", host) if host else ()))
    code, _ = await ask(*client, "version", "--format", "{{.Server.Version}}")
    return "no container engine answers docker" if code else Docker(client)
