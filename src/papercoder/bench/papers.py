"""How a bench reads its papers: each once, a few at a time, for a PDF takes a process of its own."""

import asyncio
import os
from pathlib import Path

from papercoder.artifacts import Paper, Paragraph, Section
from papercoder.errors import PaperError
from papercoder.operations.environment import PaperReader, read_in_thread
from papercoder.runs.folder import read_text


class Reader:
    """Reads papers for all trials of a process."""

    def __init__(self, at_once: int | None = None) -> None:
        self._slots = asyncio.Semaphore(at_once or os.cpu_count() or 1)
        self._read: dict[str, asyncio.Task[Paper]] = {}

    async def __call__(self, source: str | Path) -> Paper:
        """The paper; a trial that is interrupted takes it away from no other.

        Raises:
            PaperError: it cannot be read.
        """
        key = str(source)
        if key not in self._read:
            self._read[key] = asyncio.create_task(self._in_turn(source))
        return await asyncio.shield(self._read[key])

    async def _in_turn(self, source: str | Path) -> Paper:
        async with self._slots:
            return await read_in_thread(source)


def with_addendum(read: PaperReader, addendum: Path | None) -> PaperReader:
    """Read papers with this text as their last section."""
    if addendum is None:
        return read

    async def both(source: str | Path) -> Paper:
        return _extended(await read(source), addendum)

    return both


def _extended(paper: Paper, addendum: Path) -> Paper:
    text = read_text(addendum)
    if not text or not text.strip():
        raise PaperError(f"{addendum}: the addendum is missing or empty; leave it out of the manifest.")
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    blocks = tuple(Paragraph(anchor=f"addendum¶{number}", text=part) for number, part in enumerate(parts, start=1))
    section = Section(anchor="addendum", level=1, title="Addendum", blocks=blocks)
    return paper.model_copy(update={"sections": (*paper.sections, section)})
