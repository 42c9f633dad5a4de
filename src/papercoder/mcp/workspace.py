"""What an agent may reach: the runs folder, the folders that the user named, and the way from a name to a path."""

import os
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from papercoder.artifacts import Paper
from papercoder.concurrency import run_in_thread
from papercoder.errors import PaperError, RunFolderError
from papercoder.files.regular import is_file
from papercoder.paper.addresses import online_source
from papercoder.paper.limited_reading import read_within_limits
from papercoder.runs.folder import load
from papercoder.web.runs.folder import RunsFolder

_LONGEST = 200
"""Characters of a name in a message."""

_MOST_PAPERS = 8
"""Parsed papers that are kept."""


class Workspace:
    """The runs folder and the folders that the user named; nothing else is read, written or executed."""

    def __init__(self, root: Path, allowed: Iterable[Path] = ()) -> None:
        """Use these folders.

        Args:
            root: the runs folder; it need not exist yet.
            allowed: folders with papers and repositories.

        Raises:
            RunFolderError: one of them is not a folder.
        """
        if root.exists() and not root.is_dir():
            raise RunFolderError(f"{root} is not a folder. Give a folder for runs.")
        self.runs = RunsFolder(root)
        self.allowed = tuple(Path(os.path.realpath(folder)) for folder in allowed)
        if missing := next((folder for folder in self.allowed if not folder.is_dir()), None):
            raise RunFolderError(f"--allow {missing}: there is no such folder.")
        self._papers: OrderedDict[tuple[str, float], Paper] = OrderedDict()

    def repository(self, name: str) -> Path:
        """The repository of a run, or one in the named folders.

        Raises:
            RunFolderError: there is none of this name, or it is elsewhere.
        """
        if not self.runs.is_run(name):
            return self._inside(name)
        if not (repository := self.runs.run(name) / "repo").is_dir():
            raise RunFolderError(f"The run {name} has no repository yet. Call run_status to see how far it is.")
        return repository

    def source(self, text: str) -> str:
        """The source of a paper: an arXiv id, an address, or the path of a file or folder.

        Raises:
            RunFolderError: it is neither an id or an address of a paper nor in the runs folder or the named folders.
        """
        return online_source(text) or str(self._inside(text))

    async def paper(self, name: str) -> Paper:
        """The paper of a run, or the one at a source.

        Raises:
            PaperError: it cannot be read.
            RunFolderError: there is no such run or source, or it is elsewhere.
        """
        if self.runs.is_run(name) and is_file(folder := self.runs.run(name), "paper.json"):
            return load(folder, "paper.json", Paper)
        return await run_in_thread(self._read, self.source(name))

    def _read(self, source: str) -> Paper:
        key = source, Path(source).stat().st_mtime if Path(source).exists() else 0.0
        if key not in self._papers:
            self._papers[key] = read_within_limits(source)
        self._papers.move_to_end(key)
        while len(self._papers) > _MOST_PAPERS:
            self._papers.popitem(last=False)
        return self._papers[key]

    def _inside(self, text: str) -> Path:
        if "\0" not in text:
            for folder in (self.runs.root, *self.allowed):
                found = Path(os.path.realpath(folder / text))
                if found.is_relative_to(folder) and os.path.lexists(found):
                    return found
        places = ", ".join(map(str, (self.runs.root, *self.allowed)))
        raise RunFolderError(
            f"{text[:_LONGEST]!r} is not a run, and not a file or folder in {places}. The user can name further "
            "folders: papercoder mcp --allow FOLDER."
        )


def located(paper: Paper, anchor: str) -> str:
    """A section, or a single block, of a paper as Markdown; the outline without an anchor.

    Raises:
        PaperError: the paper has no such anchor.
    """
    if not anchor:
        return outline(paper)
    if anchor == "abstract":
        return paper.abstract
    section = paper.section(anchor)
    if section is None:
        raise PaperError(f"The paper has no anchor {anchor[:_LONGEST]!r}. Call read_paper without one to list them.")
    if section.anchor == anchor:
        return section.render()
    blocks = tuple(block for block in section.blocks if block.anchor == anchor)
    return section.model_copy(update={"blocks": blocks}).render()


def outline(paper: Paper) -> str:
    """Title, abstract, and the anchors of all sections, equations, tables, algorithms and figures."""
    lines = [f"# {paper.title}", "", paper.abstract, ""]
    for section in paper.sections:
        lines.append(f"{'  ' * (section.level - 1)}- [{section.anchor}] {section.title}")
        marked = [block.anchor for block in section.blocks if "¶" not in block.anchor]
        if marked:
            lines.append(f"{'  ' * section.level}{', '.join(marked)}")
    if paper.losses:
        lines += ["", "May have been misread:", *(f"- {loss.message}" for loss in paper.losses)]
    return "\n".join(lines)
