"""Selects a sandbox: the one that is asked for, or else the first that works here."""

from collections.abc import Awaitable, Callable

from papercoder.errors import SandboxError
from papercoder.sandbox.bubblewrap import find_bubblewrap
from papercoder.sandbox.contract import Sandbox
from papercoder.sandbox.docker import find_docker
from papercoder.sandbox.subprocess import Subprocess

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
        f"Nothing was executed because no sandbox works here: {'; '.join(reasons)}; on a machine without valuable "
        "data, `--sandbox subprocess` runs the code without isolation."
    )
