"""Writes the generated repository to disk and commits it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from papercoder.artifacts import SourceFile
from papercoder.repository.git import History
from papercoder.runs.run import Run

Files = tuple[SourceFile, ...]


@dataclass(frozen=True)
class Publisher:
    """Writes files into `repo/` and commits them."""

    run: Run[Any]
    history: History

    async def __call__(self, files: Files, message: str) -> Files:
        """Write and commit files; returns them as they are used: with the user's text if the user edited a file."""
        used = []
        for file in files:
            text = await self.run.write_text(f"repo/{file.path}", file.text)
            used.append(SourceFile(path=file.path, text=text))
            if file.path.endswith(".sh"):
                (self.run.folder / "repo" / file.path).chmod(0o755)
        if files:
            await self.history.commit(message, tuple(file.path for file in files))
        return tuple(used)

    def edited(self, files: Files) -> frozenset[str]:
        """The paths of the files that the user edited; they are used unchanged."""
        return self.edited_paths(file.path for file in files)

    def edited_paths(self, paths: Iterable[str]) -> frozenset[str]:
        """Those of these paths whose files the user edited."""
        return frozenset(path for path in paths if self.run.is_edited(f"repo/{path}"))

    async def finish(self, files: Files) -> None:
        """Delete files of earlier plans that are not among these, and commit every remaining change."""
        deleted = await self.run.prune("repo", {file.path for file in files})
        if deleted:
            await self.history.commit("Remove files that the plan no longer has", (), deleted)
        await self.history.commit_remaining("Files in use", tuple(file.path for file in files))
