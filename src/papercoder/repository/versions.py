"""The versions of a generated repository: its commits, and what changed between two of them. Reads, never writes.

The folder may come from elsewhere, and with it git's settings in it: nothing that they name is run.
"""

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path

from papercoder.errors import RunFolderError

_MOST = 500
"""Commits that are listed, the newest first."""

_LONGEST = 2_000_000
"""Bytes of a difference that are read."""

_FIELDS = "%H%x00%ct%x00%s"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Version:
    """A commit."""

    id: str
    when: int
    """Seconds since the epoch."""

    message: str


@dataclass(frozen=True)
class Difference:
    """A unified diff."""

    text: str
    cut: bool
    """True where there is more than can be shown."""


@dataclass(frozen=True)
class Versions:
    """Those of one repository."""

    folder: Path

    async def list(self) -> tuple[Version, ...]:
        """The newest first; none where there is no history.

        Raises:
            RunFolderError: git is missing, or cannot read the history.
        """
        if not (self.folder / ".git").is_dir():
            return ()
        heads = await self._git("for-each-ref", "--count=1", "refs/heads")
        log = await self._git("log", f"--max-count={_MOST}", f"--format={_FIELDS}") if heads.text else heads
        rows = (line.split("\0", maxsplit=2) for line in log.text.splitlines())
        return tuple(Version(row[0], int(row[1]), row[2]) for row in rows if len(row) == 3)

    async def difference(self, before: str, after: str) -> Difference:
        """What changed from one commit to another.

        Raises:
            RunFolderError: one of them is no commit here, or git cannot read it.
        """
        for name in (before, after):
            if not _COMMIT.fullmatch(name):
                raise RunFolderError(f"{name[:80]!r} is no version; choose one from the list.")
        return await self._git("diff", "--no-ext-diff", "--no-textconv", "--no-color", "-M", before, after, "--")

    async def _git(self, *arguments: str) -> Difference:
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                f"--git-dir={self.folder / '.git'}",
                *_STILL,
                *arguments,
                cwd=self.folder,
                env=_environment(self.folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except FileNotFoundError as error:
            raise RunFolderError("git was not found; install it to see the versions.") from error
        return await _read(process, f"git {arguments[0]} failed in {self.folder}")


async def _read(process: asyncio.subprocess.Process, failure: str) -> Difference:
    """What a process prints, up to the cap; it is ended there."""
    assert process.stdout
    assert process.stderr
    complaint = asyncio.create_task(process.stderr.read())
    taken = bytearray()
    while len(taken) <= _LONGEST and (part := await process.stdout.read(65_536)):
        taken += part
    if len(taken) > _LONGEST:
        process.kill()
        await asyncio.gather(process.wait(), complaint)
        return Difference(taken[:_LONGEST].decode(errors="replace"), cut=True)
    if await process.wait():
        raise RunFolderError(f"{failure}: {(await complaint).decode(errors='replace').strip()}")
    return Difference(taken.decode(errors="replace"), cut=False)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    still = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_NO_LAZY_FETCH": "1"}
    return {**kept, **still, "GIT_OPTIONAL_LOCKS": "0", "HOME": str(folder), "LC_ALL": "C.UTF-8"}


_STILL = (
    "--no-pager",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "log.showSignature=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "core.quotePath=false"),
)
"""Whatever the repository's own settings say."""
