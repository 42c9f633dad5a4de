"""Papers of a bench: each is read once for all of its entries, a few at a time."""

import asyncio
import os
from pathlib import Path

from papercoder.artifacts import Paper, Paragraph, Section
from papercoder.errors import PaperError
from papercoder.operations.environment import PaperReader, read_in_thread
from papercoder.runs.folder import read_given_text


class SharedReader:
    """Reads papers for all entries of a process."""

    def __init__(self, at_once: int | None = None) -> None:
        """Limit how many papers are read at the same time; a PDF takes a process of its own. Default: the CPUs."""
        self._slots = asyncio.Semaphore(at_once or os.cpu_count() or 1)
        self._papers: dict[str, asyncio.Task[Paper]] = {}

    async def __call__(self, source: str | Path) -> Paper:
        """Read a paper, or return it if it was read before. Cancelling one entry does not cancel it for others.

        Raises:
            PaperError: the paper cannot be read.
        """
        key = str(source)
        if key not in self._papers:
            self._papers[key] = asyncio.create_task(self._read(source))
        return await asyncio.shield(self._papers[key])

    async def _read(self, source: str | Path) -> Paper:
        async with self._slots:
            return await read_in_thread(source)


def with_addendum(read: PaperReader, addendum: Path | None) -> PaperReader:
    """A reader that appends this text to papers as their last section."""
    if addendum is None:
        return read

    async def read_both(source: str | Path) -> Paper:
        paper, text = await read(source), read_given_text(addendum)
        if not text or not text.strip():
            raise PaperError(f"{addendum}: the addendum is missing or empty. Leave it out of the manifest.")
        parts = [part.strip() for part in text.split("\n\n") if part.strip()]
        blocks = tuple(Paragraph(anchor=f"addendum¶{number}", text=part) for number, part in enumerate(parts, start=1))
        section = Section(anchor="addendum", level=1, title="Addendum", blocks=blocks)
        return paper.model_copy(update={"sections": (*paper.sections, section)})

    return read_both
