"""The generated repository's git history: one commit a stage, by PaperCoder, whatever the user's git settings are."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from papercoder.errors import RunFolderError
from papercoder.runs.store import write_failure


@dataclass(frozen=True)
class History:
    """The history of a folder."""

    folder: Path
    when: int
    """Seconds since the epoch; every commit bears it, so that a resumed run makes the same history."""

    async def begin(self) -> None:
        """Make the folder a git repository, and clear the locks of a git that was killed in it.

        Raises:
            RunFolderError: git is missing, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(write_failure(self.folder, error)) from error
        for left in (self.folder / ".git").rglob("*.lock"):
            left.unlink(missing_ok=True)
        await self._git("init", "--quiet", "--initial-branch=main")

    async def commit(self, message: str, paths: tuple[str, ...], gone: tuple[str, ...] = ()) -> None:
        """Commit these files and no others, and the loss of those that are gone; nothing where nothing changed.

        A run that goes on writes what it had written before; what has its commit already gets no second one.

        Raises:
            RunFolderError: git failed.
        """
        if await self._stage(paths, gone) and not await self._has_commit(message, paths):
            await self._git("commit", "--quiet", "--no-verify", "-m", message)

    async def settle(self, message: str, paths: tuple[str, ...]) -> None:
        """Commit these files wherever they differ from the last commit, and leave nothing staged.

        Raises:
            RunFolderError: git failed.
        """
        if await self._stage(paths, ()):
            await self._git("commit", "--quiet", "--no-verify", "-m", message)

    async def _stage(self, paths: tuple[str, ...], gone: tuple[str, ...]) -> bool:
        await self._git("reset", "--quiet")
        if paths:
            await self._git("add", "--force", "--", *paths)
        if gone:
            await self._git("rm", "--cached", "--quiet", "--ignore-unmatch", "--", *gone)
        return bool((await self._git("diff", "--cached", "--name-only")).strip())

    async def _has_commit(self, message: str, paths: tuple[str, ...]) -> bool:
        """Is there a commit of this name in which these files are as they are now?"""
        for line in (await self._git("log", "--all", "--format=%H %s")).splitlines() if paths else ():
            commit, _, subject = line.partition(" ")
            if subject == message and not await self._git("diff", "--cached", "--name-only", commit, "--", *paths):
                return True
        return False

    async def _git(self, *arguments: str) -> str:
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                *_UNTOUCHED,
                *arguments,
                cwd=self.folder,
                env=self._environment(),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except FileNotFoundError as error:
            raise RunFolderError("git was not found; install it and run the same command again.") from error
        output, complaint = await process.communicate()
        if process.returncode:
            reason = complaint.decode(errors="replace").strip()
            raise RunFolderError(f"git {arguments[0]} failed in {self.folder}: {reason}")
        return output.decode(errors="replace")

    def _environment(self) -> dict[str, str]:
        who = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in self._signature()}
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
        return {**kept, **who, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(self.folder)}

    def _signature(self) -> tuple[tuple[str, str], ...]:
        return ("NAME", "PaperCoder"), ("EMAIL", "papercoder@localhost"), ("DATE", f"{self.when} +0000")


_UNTOUCHED = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false")
