"""Isolation by bubblewrap: its own namespaces, the system read-only, one folder to write to, no network."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts.execution import Outcome
from papercoder.sandbox.cage import Cage
from papercoder.sandbox.cgroup import make_group
from papercoder.sandbox.contract import Bind, Caps, Command, standard_environment
from papercoder.sandbox.devices import SHARED, own_devices
from papercoder.sandbox.gpu import VENDORS, Vendor, lend
from papercoder.sandbox.interpreter import base_python, this_system
from papercoder.sandbox.processes import Tree
from papercoder.sandbox.supervision import supervise

_SYSTEM = ("/usr", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
_MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
_NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/pki", "/etc/ca-certificates")
_READ_ONLY = ("/proc", "/dev", "/")
"""Root in here is root outside where PaperCoder is run by root: it could write the kernel's settings in `/proc`."""

_OPTIONAL = ("--size", "--disable-userns")


@dataclass(frozen=True)
class Bubblewrap:
    """Runs commands by a `bwrap` that was found to work."""

    program: str
    options: frozenset[str] = frozenset(_OPTIONAL)
    """What this version of it offers of what older ones do not."""

    vendors: tuple[Vendor, ...] = VENDORS
    """Whose GPUs it looks for."""

    name: str = "bubblewrap"

    @property
    def python(self) -> str:
        """The interpreter that PaperCoder itself runs on, without its packages."""
        return str(base_python())

    @property
    def system(self) -> str:
        """That of PaperCoder itself."""
        return this_system()

    async def run(self, command: Command) -> Outcome:
        """Run a command in namespaces of its own.

        Raises:
            SandboxError: `bwrap` could not be started.
        """
        cage: Cage = make_group(command.caps) or Tree()
        gpus = lend(command.gpu, self.vendors)
        with own_devices(gpus.devices) as devices:
            argv = (*self.prefix(command, devices or ()), "--", *_counted(command.caps), *command.argv)
            outcome = await supervise(argv, cage, command.caps, command.folder.source, self.name)
        shared = (SHARED,) if devices is None else ()
        return outcome.model_copy(update={"notes": (*outcome.notes, *shared, *gpus.notes)})

    def prefix(self, command: Command, devices: tuple[Bind, ...] = ()) -> tuple[str, ...]:
        """The command line up to the command, with these device files over the machine's own."""
        gpus = lend(command.gpu, self.vendors)
        return (
            self.program,
            *_namespaces(command),
            *self._if_offered("--disable-userns"),
            *self._places(command.caps),
            *_each("--dev-bind-try", gpus.devices),
            *_binds("--dev-bind", devices),
            *_system(),
            *_each("--ro-bind-try", gpus.readable),
            *_each("--ro-bind-try", _NETWORK if command.phase == "install" else ()),
            *_binds("--ro-bind", command.readable),
            *_binds("--bind", (*command.writable, command.folder)),
            *(part for place in _READ_ONLY for part in ("--remount-ro", place)),
            *("--chdir", command.folder.target),
            *_variables({**standard_environment("/usr/bin:/bin"), **dict(gpus.variables), **command.environment}),
        )

    def _places(self, caps: Caps) -> Iterator[str]:
        yield from ("--proc", "/proc", "--dev", "/dev")
        for place in ("/dev/shm", "/tmp"):  # noqa: S108
            yield from self._if_offered("--size", str(caps.scratch))
            yield from ("--tmpfs", place)

    def _if_offered(self, *option: str) -> tuple[str, ...]:
        return option if option[0] in self.options else ()


def _namespaces(command: Command) -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-all", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox")
    yield from ("--die-with-parent", "--new-session", "--cap-drop", "ALL")
    if command.phase == "install":
        yield "--share-net"


def _system() -> Iterator[str]:
    """The system's programs and libraries and the interpreter; of `/etc` and the home folder no more than they need."""
    yield from _each("--ro-bind-try", _SYSTEM)
    for place in map(Path, _MERGED):
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        elif place.is_dir():
            yield from ("--ro-bind", str(place), str(place))
    if not Path(sys.base_prefix).is_relative_to("/usr"):
        yield from ("--ro-bind", sys.base_prefix, sys.base_prefix)


def _each(option: str, places: tuple[str, ...]) -> Iterator[str]:
    for place in places:
        yield from (option, os.path.realpath(place), place)


def _binds(option: str, binds: tuple[Bind, ...]) -> Iterator[str]:
    for bind in binds:
        yield from (option, str(bind.source.resolve()), bind.target)


def _counted(caps: Caps) -> tuple[str, ...]:
    """Has the kernel count the processes of the new namespace; those of root it does not count."""
    return (_PRLIMIT, f"--nproc={caps.processes}") if Path(_PRLIMIT).exists() else ()


_PRLIMIT = "/usr/bin/prlimit"


def _variables(variables: Mapping[str, str]) -> Iterator[str]:
    yield "--clearenv"
    for name, value in variables.items():
        yield from ("--setenv", name, value)


async def find_bubblewrap() -> Bubblewrap | str:
    """A bubblewrap that was seen to isolate a command, or one sentence on why there is none."""
    program = shutil.which("bwrap")
    if not program:
        return "bubblewrap is not installed"
    found = Bubblewrap(program, await asyncio.to_thread(_offered, program))
    return await asyncio.to_thread(_complaint, found) or found


def _offered(program: str) -> frozenset[str]:
    answer = subprocess.run([program, "--help"], capture_output=True, text=True, check=False, env={})
    words = (answer.stdout + answer.stderr).split()
    return frozenset(option for option in _OPTIONAL if option in words)


def _complaint(found: Bubblewrap) -> str | None:
    probe = Command(("/usr/bin/env", "true"), Bind(Path("/usr/share"), "/repository"))
    argv = [*found.prefix(probe), "--", *probe.argv]
    try:
        tried = subprocess.run(argv, capture_output=True, text=True, check=False, env={}, timeout=20)
    except subprocess.TimeoutExpired:
        return "bubblewrap does not answer"
    said = tried.stderr.strip().rpartition("\n")[2] or f"exit code {tried.returncode}"
    return f"bubblewrap cannot isolate here ({said})" if tried.returncode else None
