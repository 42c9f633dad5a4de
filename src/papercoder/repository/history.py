"""The git history of a generated repository: commits, versions and the differences between them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from papercoder.errors import RunFolderError
from papercoder.files.regular import delete, walk, write_failure
from papercoder.files.temporary import temporary_folder
from papercoder.repository.git import Output, run_git

_MAX_VERSIONS = 500
_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Version:
    """A commit."""

    id: str
    when: int
    """Seconds since the epoch."""

    message: str


@dataclass(frozen=True)
class History:
    """The git history of a folder."""

    folder: Path
    when: int = 0
    """The time of all commits, in seconds since the epoch, so that a resumed run makes the same history."""

    async def init(self) -> None:
        """Make the folder a git repository, and remove the locks of a git process that was killed in it.

        Raises:
            RunFolderError: git is missing, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(write_failure(self.folder, error)) from error
        for path in walk(self.folder, ".git"):
            if path.suffix == ".lock":
                delete(self.folder, f".git/{path}")
        await self._git("init", "--quiet", "--initial-branch=main")

    async def commit(self, message: str, paths: tuple[str, ...], deleted: tuple[str, ...] = ()) -> None:
        """Commit these files, and the deletion of others, if anything changed.

        A resumed run writes the same files again; a state that already has its commit gets no second one.

        Raises:
            RunFolderError: git failed.
        """
        if await self._stage(paths, deleted) and not await self._has_commit(message, paths):
            await self._git("commit", "--quiet", "--no-verify", "-m", message)

    async def commit_remaining(self, message: str, paths: tuple[str, ...]) -> None:
        """Commit those of these files that differ from the last commit, and leave nothing staged.

        Raises:
            RunFolderError: git failed.
        """
        if await self._stage(paths, ()):
            await self._git("commit", "--quiet", "--no-verify", "-m", message)

    async def commit_branch(self, branch: str, message: str, texts: Mapping[str, str]) -> None:
        """Commit the last commit with these files changed as a branch, without touching the folder's files.

        Args:
            branch: is created, or moved to the new commit.
            message: of the commit.
            texts: path -> text.

        Raises:
            RunFolderError: git failed.
        """
        with temporary_folder() as scratch:
            content, index = scratch / "content", {"GIT_INDEX_FILE": str(scratch / "index")}
            await self._git("read-tree", "HEAD", variables=index)
            for path, text in texts.items():
                content.write_text(text, encoding="utf-8", newline="\n")
                blob = (await self._git("hash-object", "-w", "--no-filters", str(content))).strip()
                await self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", variables=index)
            tree = (await self._git("write-tree", variables=index)).strip()
        commit = (await self._git("commit-tree", tree, "-p", "HEAD", "-m", message)).strip()
        await self._git("update-ref", f"refs/heads/{branch}", commit)

    async def versions(self) -> tuple[Version, ...]:
        """The latest commits, newest first; empty if there is no history.

        Raises:
            RunFolderError: git is missing, or cannot read the history.
        """
        if not (self.folder / ".git").is_dir() or not await self._git("for-each-ref", "--count=1", "refs/heads"):
            return ()
        log = await self._git("log", f"--max-count={_MAX_VERSIONS}", "--format=%H%x00%ct%x00%s")
        rows = (line.split("\0", maxsplit=2) for line in log.splitlines())
        return tuple(Version(row[0], int(row[1]), row[2]) for row in rows if len(row) == 3)

    async def diff(self, before: str, after: str) -> Output:
        """What changed from one commit to another.

        Raises:
            RunFolderError: one of them is not a commit of this repository, or git cannot read it.
        """
        for name in (before, after):
            if not _COMMIT.fullmatch(name):
                raise RunFolderError(f"{name[:80]!r} is not a version; choose one from the list.")
        return await self._run("diff", "--no-ext-diff", "--no-textconv", "--no-color", "-M", before, after, "--")

    async def _stage(self, paths: tuple[str, ...], deleted: tuple[str, ...]) -> bool:
        await self._git("reset", "--quiet")
        if paths:
            await self._git("add", "--force", "--", *paths)
        if deleted:
            await self._git("rm", "--cached", "--quiet", "--ignore-unmatch", "--", *deleted)
        return bool((await self._git("diff", "--cached", "--name-only")).strip())

    async def _has_commit(self, message: str, paths: tuple[str, ...]) -> bool:
        """Whether a commit with this message has these files as they are now."""
        for line in (await self._git("log", "--all", "--format=%H %s")).splitlines() if paths else ():
            commit, _, subject = line.partition(" ")
            if subject == message and not await self._git("diff", "--cached", "--name-only", commit, "--", *paths):
                return True
        return False

    async def _git(self, *arguments: str, variables: Mapping[str, str] = _NO_VARIABLES) -> str:
        return (await self._run(*arguments, variables=variables)).text

    async def _run(self, *arguments: str, variables: Mapping[str, str] = _NO_VARIABLES) -> Output:
        signature = {"NAME": "PaperCoder", "EMAIL": "papercoder@localhost", "DATE": f"{self.when} +0000"}
        signed = {f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in signature.items()}
        return await run_git(self.folder, *arguments, variables={**signed, **variables})
