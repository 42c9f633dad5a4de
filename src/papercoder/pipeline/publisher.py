"""The repository on disk: what is written into it, and its history."""

from dataclasses import dataclass

from papercoder.agents.agent import Agents
from papercoder.artifacts import SourceFile
from papercoder.repository.history import History
from papercoder.runs.run import Run

Files = tuple[SourceFile, ...]


@dataclass(frozen=True)
class Publisher:
    """Writes files into `repo/` and commits them."""

    run: Run[Agents]
    history: History

    async def __call__(self, files: Files, message: str) -> Files:
        """Write and commit files; returns what is in use, which is the user's text where the user edited a file."""
        used = []
        for file in files:
            text = await self.run.keep(f"repo/{file.path}", file.text)
            used.append(SourceFile(path=file.path, text=text))
            if file.path.endswith(".sh"):
                (self.run.folder / "repo" / file.path).chmod(0o755)
        if files:
            await self.history.commit(message, tuple(file.path for file in files))
        return tuple(used)

    def theirs(self, files: Files) -> frozenset[str]:
        """The paths of those that the user edited, which are used as they are."""
        return frozenset(file.path for file in files if self.run.is_users(f"repo/{file.path}"))

    async def finish(self, files: Files) -> None:
        """Delete what earlier versions of the plan wrote and is not among these files, and commit all that is."""
        gone = await self.run.prune("repo", {file.path for file in files})
        if gone:
            await self.history.commit("Files that the plan has no more", (), gone)
        await self.history.settle("What is in use", tuple(file.path for file in files))
