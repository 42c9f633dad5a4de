"""Which sandbox: the one asked for, else the first that works here, else none."""

from collections.abc import Awaitable, Callable

from papercoder.errors import SandboxError
from papercoder.sandbox.bubblewrap import find_bubblewrap
from papercoder.sandbox.contract import Sandbox
from papercoder.sandbox.docker import find_docker
from papercoder.sandbox.plain import Plain

Find = Callable[[], Awaitable[Sandbox | str]]
"""Returns a sandbox, or in a few words why there is none."""


async def _plain() -> Sandbox:
    return Plain()


ISOLATED: dict[str, Find] = {"bubblewrap": find_bubblewrap, "docker": find_docker}
"""By name, in order of preference."""

SANDBOXES: dict[str, Find] = {**ISOLATED, "plain": _plain}
"""All that can be asked for by name."""


async def choose(name: str | None = None) -> Sandbox | None:
    """The sandbox of this name; without a name the first that isolates, or None where none does (see `why_none`).

    Raises:
        SandboxError: the one that was asked for is unknown, or does not work here.
    """
    if name is None:
        return await _first()
    if name not in SANDBOXES:
        raise SandboxError(f"There is no sandbox {name!r}; there are {', '.join(SANDBOXES)}.")
    found = await SANDBOXES[name]()
    if isinstance(found, str):
        raise SandboxError(f"The sandbox {name} cannot be used: {found}. Leave it out to take what works here.")
    return found


async def _first() -> Sandbox | None:
    for find in ISOLATED.values():
        if not isinstance(found := await find(), str):
            return found
    return None


async def why_none() -> str:
    """One sentence on why nothing can be executed here, and what to do about it."""
    reasons = [found for find in ISOLATED.values() if isinstance(found := await find(), str)]
    return (
        f"Nothing was executed, for no isolation is available: {'; '.join(reasons)}. Install bubblewrap or start "
        "docker; or, in a machine that may be lost, ask for the sandbox `plain`, which isolates nothing."
    )
