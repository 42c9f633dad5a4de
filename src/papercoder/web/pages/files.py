"""The tab Files: every artifact of a run and file of its repository, to read, edit and download, and its versions."""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from nicegui import run, ui
from starlette.requests import Request

from papercoder.errors import RunFolderError
from papercoder.files.regular import is_file, walk
from papercoder.report import load
from papercoder.report.rendering import environment, section
from papercoder.runs.summary import stage_of
from papercoder.web.parts.changes import changes_html
from papercoder.web.parts.code_text import code_html, read_source
from papercoder.web.parts.run_header import RunHeader
from papercoder.web.parts.tabs import BY_NAME, RunLinks, address, is_available, refresh_on_progress, show_empty
from papercoder.web.server import layout
from papercoder.web.server.messages import for_page
from papercoder.web.server.state import Web

_OWN = ("paper.json", "paper.md", "events.jsonl", "report.html", "report.md", "data.lock.json")
"""Files of a run folder that are in no folder of their own."""

_FOLDERS = (
    "planning",
    "analysis",
    "review",
    "checking",
    "execution",
    "repair",
    "reproduction",
    "diagnosis",
    "evaluation",
    "notes",
)
"""Folders of artifacts, in the order of the stages."""

_MOST = 2_000
"""Files of a folder that are listed."""


@dataclass(frozen=True)
class Entry:
    """A file in the list."""

    path: str
    name: str
    """As it is shown: without its folder."""


def entries(folder: Path) -> dict[str, list[Entry]]:
    """Group -> its files: the repository, then the artifacts by stage."""
    found: dict[str, list[Entry]] = {}
    for group in ("repo", *_FOLDERS):
        files = walk(folder, group, lambda each: each.name != "__pycache__" and not each.name.startswith("."))
        paths = sorted(map(str, files), key=lambda path: (not path.endswith(".py"), path.startswith("tests/"), path))
        if paths:
            found["repository" if group == "repo" else group] = [
                Entry(f"{group}/{path}", path) for path in paths[:_MOST]
            ]
    own = [Entry(name, name) for name in _OWN if is_file(folder, name)]
    return found | ({"run": own} if own else {})


def tree_html(name: str, groups: dict[str, list[Entry]], here: str) -> Markup:
    """Links to all files; the group of the open one is open."""
    shown = {
        group: [(entry.name, address(name, "files", path=entry.path), entry.path == here) for entry in files]
        for group, files in groups.items()
    }
    template = environment("papercoder.web").get_template("file_tree.html")
    return Markup(template.render(groups=shown))  # noqa: S704  the template escapes


def register(web: Web) -> None:
    """Register `/run/NAME/files`: `path` is a file of the run folder, `line` a line of it."""

    @ui.page("/run/{name}/files", response_timeout=60)
    async def files(name: str, request: Request, path: str = "", line: str = "") -> None:
        with layout.page(f"{web.runs_folder.label(name)}, files", wide=True):
            folder = web.runs_folder.run(name)
            RunHeader(web, name, "files")
            if not is_available(BY_NAME["files"], folder):
                show_empty(web, name, BY_NAME["files"])
                return
            with ui.element("div").classes("browsing"):
                tree = ui.html("", sanitize=False)
                shown = ui.html("", sanitize=False).classes("report view-files")

            async def fill() -> None:
                tree.set_content(tree_html(name, entries(folder), path))
                shown.set_content(await _content(name, folder, path, line, dict(request.query_params)))

            await fill()
            refresh_on_progress(web, name, fill)


async def _content(name: str, folder: Path, path: str, line: str, query: dict[str, str]) -> Markup:
    if path:
        return await run.io_bound(_file, name, folder, path, line) or Markup()
    if "before" in query or "changes" in query:
        return await changes_html(folder / "repo", query)
    return await run.io_bound(_design, name, folder) or Markup()


def _design(name: str, folder: Path) -> Markup:
    """What the repository is made of."""
    return section(load(folder), "architecture", RunLinks(name))


def _file(name: str, folder: Path, path: str, line: str) -> Markup:
    known = {entry.path for files in entries(folder).values() for entry in files}
    if path not in known:
        raise RunFolderError(f"{path[:120]!r} is not a file of this run. Choose one in the list.")
    number = int(line) if line.isascii() and line.isdecimal() and len(line) < 9 else 1
    template = environment("papercoder.web").get_template("file.html")
    try:
        source = read_source(folder, path, "")
        text, problem = code_html(source, {}, number, lambda at: address(name, "files", path=path, line=at)), ""
    except RunFolderError as error:
        text, problem = Markup(), for_page(str(error))
    is_code = path.startswith("repo/")
    links = {
        "beside": address(name, "read", file=path.removeprefix("repo/")) if is_code and path.endswith(".py") else "",
        "edit": address(name, "edit", artifact=path) if _is_editable(path) else "",
        "download": address(name, f"file/{path}"),
    }
    values = {"path": path, "text": text, "problem": problem, "links": links}
    return Markup(template.render(**values))  # noqa: S704  the template escapes


def _is_editable(path: str) -> bool:
    return path == "paper.json" or stage_of(path) in {"planning", "analysis", "coding"}
