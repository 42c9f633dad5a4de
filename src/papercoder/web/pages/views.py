"""The views of a run's result: each has its own address, with its options in the query."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from nicegui import run, ui
from starlette.requests import Request

from papercoder.artifacts import Evaluation
from papercoder.evaluation import rendering as evaluation_page
from papercoder.report import load
from papercoder.report.rendering import Links, Section, parts_style, section
from papercoder.runs import folder as run_folder
from papercoder.web.parts import tabs
from papercoder.web.parts.changes import changes_html
from papercoder.web.parts.verdicts import coverage_html, verdicts_html
from papercoder.web.server import layout
from papercoder.web.server.state import Web


@dataclass(frozen=True)
class ViewRequest:
    """The run, its folder and the query of a request for a view."""

    name: str
    folder: Path
    query: Mapping[str, str]


Draw = Callable[[ViewRequest], Awaitable[Markup]]

_VIEW_OF_SECTION = {"requirements": "verdicts", "cost": "costs"}
"""Section of the report -> view, if their names differ."""


class RunLinks(Links):
    """Links from the sections of a report to the views of a run."""

    def __init__(self, run: str) -> None:
        self.run = run

    def need(self, requirement: str) -> str:
        """A requirement in paper and code."""
        return tabs.address(self.run, "read", r=requirement)

    def line(self, path: str, line: int) -> str:
        """A line of code beside the paper."""
        return tabs.address(self.run, "read", file=path, line=line)

    def view(self, section: str) -> str:
        """The view of a section."""
        return tabs.address(self.run, _VIEW_OF_SECTION.get(section, section))

    def paper(self, anchor: str) -> str:
        """A place in the paper."""
        return tabs.address(self.run, "read", at=anchor)

    def correction(self, anchor: str) -> str:
        """The page that corrects a place in the paper."""
        return tabs.address(self.run, "correct", at=anchor)


def register(web: Web) -> None:
    """Register `/run/NAME/VIEW` for every view."""
    ui.add_head_html(f"<style>{parts_style('.report')}{evaluation_page.body_style('.report')}</style>", shared=True)
    for name, draw in _VIEWS.items():
        _register_view(web, tabs.BY_NAME[name], draw)


def _register_view(web: Web, tab: tabs.Tab, draw: Draw) -> None:
    @ui.page(f"/run/{{name}}/{tab.name}", response_timeout=90)
    async def view(name: str, request: Request) -> None:
        with layout.page(f"{name}, {tab.label.lower()}"):
            folder = web.runs_folder.run(name)
            bar = tabs.bar(name, folder, tab.name)
            if not tabs.is_available(tab, folder):
                tabs.show_empty(web, name, tab)
                return
            shown_request = ViewRequest(name, folder, dict(request.query_params))
            shown = ui.html(await draw(shown_request), sanitize=False).classes(f"report view-{tab.name}")

            async def redraw() -> None:
                bar.set_content(tabs.bar_html(name, folder, tab.name))
                shown.set_content(await draw(shown_request))

            tabs.refresh_on_progress(web, name, redraw)


def _section(name: Section) -> Draw:
    """A section of the report, unchanged."""

    def render(request: ViewRequest) -> Markup:
        return section(load(request.folder), name, RunLinks(request.name))

    return _in_thread(render)


def _in_thread(render: Callable[[ViewRequest], Markup]) -> Draw:
    async def draw(request: ViewRequest) -> Markup:
        return await run.io_bound(render, request) or Markup()

    return draw


def _coverage(request: ViewRequest) -> Markup:
    return coverage_html(load(request.folder), RunLinks(request.name))


def _verdicts(request: ViewRequest) -> Markup:
    return verdicts_html(request.name, load(request.folder), RunLinks(request.name), request.query)


async def _changes(request: ViewRequest) -> Markup:
    return await changes_html(request.folder / "repo", request.query)


def _evaluation(request: ViewRequest) -> Markup:
    (path,) = tabs.BY_NAME["evaluation"].needs
    return evaluation_page.body(run_folder.load(request.folder, path, Evaluation))


_VIEWS: dict[str, Draw] = {
    "coverage": _in_thread(_coverage),
    "verdicts": _in_thread(_verdicts),
    "claims": _section("claims"),
    "assumptions": _section("assumptions"),
    "data": _section("data"),
    "configuration": _section("configuration"),
    "design": _section("architecture"),
    "steps": _section("execution"),
    "checks": _section("checks"),
    "costs": _section("cost"),
    "changes": _changes,
    "evaluation": _in_thread(_evaluation),
    "losses": _section("losses"),
}
