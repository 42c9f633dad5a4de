"""A filter of system calls for the code in a sandbox.

Everything is allowed except what opens a way around the sandbox's other layers: calls with a large attack surface in
the kernel (io_uring, bpf, perf, userfaultfd), sockets that reach the host without a network (vsock), the keys of the
user, new namespaces, and memory that no limit counts. Programs for machine learning need none of them, and most
programs that would use one have a fallback for kernels without it.

The same rules are written in two forms: as a program of the kernel's packet filter, which bubblewrap loads (see
`seccomp(2)` and `linux/filter.h`), and as a profile for docker.
"""

import errno
import json
import platform
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_WHOLE = 0xFFFFFFFF


@dataclass(frozen=True)
class Condition:
    """Compares the lower 32 bits of an argument of a system call: `argument & mask == value`."""

    argument: int
    """Its position, from 0."""

    value: int
    mask: int = _WHOLE


@dataclass(frozen=True)
class Rule:
    """A system call that fails, always or under conditions that must all hold."""

    call: str
    error: int
    """What it fails with, such as `errno.EPERM`."""

    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Architecture:
    """A processor architecture, as the kernel names and numbers it."""

    audit: int
    """`AUDIT_ARCH_*`: with another one, the numbers below would mean other calls."""

    position: int
    """The position of its numbers in `_NUMBERS`."""

    highest: int | None = None
    """The first number of a second set of numbers for the same calls, which is forbidden."""


_ARCHITECTURES = {"x86_64": Architecture(0xC000003E, 0, 0x40000000), "aarch64": Architecture(0xC00000B7, 1)}

_NUMBERS = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "prctl": (157, 167),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "shmget": (29, 194),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
"""System call -> its numbers on x86_64 and aarch64."""

_MISSING = ("io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_secret", "shmget", "clone3")
"""Calls that fail as on a kernel without them, so that programs use their fallback. The flags of `clone3` cannot be
filtered; the C library then uses `clone`."""

_CONDITIONAL = frozenset({"clone", "ioctl", "memfd_create", "prctl", "socket", "socketpair", "unshare"})

_NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
"""The flags `CLONE_NEW*`, except that for new threads' clocks in `clone`, where its bit has another meaning."""

_FAMILIES, _ALLOWED_FAMILIES = range(46), frozenset({1, 2, 10, 16})
"""All address families, and those of ordinary programs: unix, internet 4 and 6, netlink (lists network interfaces)."""

_TERMINAL_INPUT = (0x5412, 0x541C)
"""`TIOCSTI` and `TIOCLINUX`, which type into a terminal."""

_SET_DUMPABLE = 4
"""Of `prctl`. A process that is not dumpable hides its open files and its memory from us."""


def rules(uncounted_memory: bool = True) -> tuple[Rule, ...]:
    """What is forbidden.

    Args:
        uncounted_memory: whether to allow memory in files without a name (`memfd_create`), which only a control group
            counts.
    """
    always = [call for call in _NUMBERS if call not in _CONDITIONAL]
    found = [Rule(call, errno.ENOSYS if call in _MISSING else errno.EPERM) for call in always]
    if not uncounted_memory:
        found.append(Rule("memfd_create", errno.ENOSYS))
    for flag in _NAMESPACES:
        condition = (Condition(0, flag, flag),)
        found.append(Rule("unshare", errno.EPERM, condition))
        if flag > 0xFF:
            found.append(Rule("clone", errno.EPERM, condition))
    for call in ("socket", "socketpair"):
        denied = (family for family in _FAMILIES if family not in _ALLOWED_FAMILIES)
        found += (Rule(call, errno.EAFNOSUPPORT, (Condition(0, family),)) for family in denied)
    found += (Rule("ioctl", errno.EPERM, (Condition(1, request),)) for request in _TERMINAL_INPUT)
    found.append(Rule("prctl", errno.EPERM, (Condition(0, _SET_DUMPABLE), Condition(1, 0))))
    return tuple(found)


_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
"""Offsets in `struct seccomp_data`."""


def filter_program(uncounted_memory: bool = True, machine: str | None = None) -> bytes | None:
    """The rules as instructions of the kernel's packet filter; None for an unknown architecture.

    Args:
        uncounted_memory: as for `rules`.
        machine: as `platform.machine()` names it; None: this machine.
    """
    architecture = _ARCHITECTURES.get(machine or platform.machine())
    if not architecture:
        return None
    by_call: dict[str, list[Rule]] = {}
    for rule in rules(uncounted_memory):
        by_call.setdefault(rule.call, []).append(rule)
    program = [
        _instruction(_LOAD, _ARCHITECTURE_AT),
        _instruction(_EQUAL, architecture.audit, matched=1, otherwise=0),
        _instruction(_RETURN, _FAIL | errno.ENOSYS),
        _instruction(_LOAD, _NUMBER_AT),
    ]
    if architecture.highest:
        program.append(_instruction(_AT_LEAST, architecture.highest, matched=0, otherwise=1))
        program.append(_instruction(_RETURN, _FAIL | errno.ENOSYS))
    for call, same in by_call.items():
        block = [instruction for rule in same for instruction in _of_rule(rule)]
        block.append(_instruction(_RETURN, _ALLOW))
        number = _NUMBERS[call][architecture.position]
        program += (_instruction(_EQUAL, number, matched=0, otherwise=len(block)), *block)
    return b"".join((*program, _instruction(_RETURN, _ALLOW)))


def _of_rule(rule: Rule) -> Iterator[bytes]:
    """Fail if all conditions hold, else continue after these instructions."""
    sizes = [2 if condition.mask == _WHOLE else 3 for condition in rule.conditions]
    for position, condition in enumerate(rule.conditions):
        yield _instruction(_LOAD, _ARGUMENTS_AT + 8 * condition.argument)
        if condition.mask != _WHOLE:
            yield _instruction(_AND, condition.mask)
        yield _instruction(_EQUAL, condition.value, matched=0, otherwise=sum(sizes[position + 1 :]) + 1)
    yield _instruction(_RETURN, _FAIL | rule.error)


def _instruction(code: int, value: int, *, matched: int = 0, otherwise: int = 0) -> bytes:
    """A `struct sock_filter`. A comparison skips `matched` or `otherwise` instructions."""
    return struct.pack("<HBBI", code, matched, otherwise, value)


def docker_profile() -> str:
    """The rules as a seccomp profile for docker, in JSON."""
    forbidden = [
        {
            "names": [rule.call],
            "action": "SCMP_ACT_ERRNO",
            "errnoRet": rule.error,
            "args": [
                {"index": one.argument, "value": one.mask, "valueTwo": one.value, "op": "SCMP_CMP_MASKED_EQ"}
                for one in rule.conditions
            ],
        }
        for rule in rules()
    ]
    architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "architectures": architectures, "syscalls": forbidden})
