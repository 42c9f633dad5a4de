"""The folders that an agent can reach, the paths of names in them, and the configuration for the agent to paste."""

import json
import os
import shlex
import sys
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from papercoder.artifacts import Paper
from papercoder.concurrency import run_in_thread
from papercoder.errors import PaperError, RunFolderError
from papercoder.files.regular import is_file
from papercoder.paper.addresses import online_source
from papercoder.paper.reading import read_within_limits
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


ClientName = Literal["claude", "codex", "cursor", "vscode"]

TOKEN = "PAPERCODER_MCP_TOKEN"  # noqa: S105  the name of a variable
_TIME_LIMIT = 3600
"""Seconds that a call may take: trials take long."""


def client_config(client: ClientName, arguments: tuple[str, ...], url: str | None = None) -> str:
    """Where to paste what, ready to print.

    Args:
        client: the coding agent.
        arguments: of `papercoder`, for a server that the agent starts itself.
        url: of a server that is already running; its token is then in the variable PAPERCODER_MCP_TOKEN.
    """
    return _TEXTS[client](url) if url else _STARTED[client]([_program(), *arguments])


def _program() -> str:
    """The command that starts PaperCoder, by its full path, since agents may have another PATH."""
    beside = Path(sys.executable).with_name("papercoder")
    return str(beside) if beside.exists() else "papercoder"


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


def _claude(command: list[str]) -> str:
    server = {"type": "stdio", "command": command[0], "args": command[1:]}
    return (
        f"Run this in your project:\n\n  claude mcp add papercoder -- {shlex.join(command)}\n\n"
        f"or paste this into .mcp.json of your project:\n\n{_json({'mcpServers': {'papercoder': server}})}"
    )


def _codex(command: list[str]) -> str:
    return (
        "Paste this into ~/.codex/config.toml:\n\n[mcp_servers.papercoder]\n"
        f"command = {json.dumps(command[0])}\nargs = {json.dumps(command[1:])}\n"
        f"tool_timeout_sec = {_TIME_LIMIT}"
    )


def _cursor(command: list[str]) -> str:
    server = {"command": command[0], "args": command[1:]}
    return f"Paste this into .cursor/mcp.json of your project:\n\n{_json({'mcpServers': {'papercoder': server}})}"


def _vscode(command: list[str]) -> str:
    server = {"type": "stdio", "command": command[0], "args": command[1:]}
    return f"Paste this into .vscode/mcp.json of your project:\n\n{_json({'servers': {'papercoder': server}})}"


def _claude_http(url: str) -> str:
    server = {"type": "http", "url": url, "headers": {"Authorization": f"Bearer ${{{TOKEN}}}"}}
    return f"Paste this into .mcp.json of your project:\n\n{_json({'mcpServers': {'papercoder': server}})}"


def _codex_http(url: str) -> str:
    return (
        f'Paste this into ~/.codex/config.toml:\n\n[mcp_servers.papercoder]\nurl = "{url}"\n'
        f'bearer_token_env_var = "{TOKEN}"\ntool_timeout_sec = {_TIME_LIMIT}'
    )


def _cursor_http(url: str) -> str:
    server = {"url": url, "headers": {"Authorization": f"Bearer ${{env:{TOKEN}}}"}}
    return f"Paste this into .cursor/mcp.json of your project:\n\n{_json({'mcpServers': {'papercoder': server}})}"


def _vscode_http(url: str) -> str:
    asked = {"type": "promptString", "id": "papercoder-token", "description": "PaperCoder token", "password": True}
    server = {"type": "http", "url": url, "headers": {"Authorization": "Bearer ${input:papercoder-token}"}}
    config = {"inputs": [asked], "servers": {"papercoder": server}}
    return f"Paste this into .vscode/mcp.json of your project:\n\n{_json(config)}"


_STARTED = {"claude": _claude, "codex": _codex, "cursor": _cursor, "vscode": _vscode}
_TEXTS = {"claude": _claude_http, "codex": _codex_http, "cursor": _cursor_http, "vscode": _vscode_http}
