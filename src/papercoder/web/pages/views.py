"""The views of a run's result beside paper and code: each is one address, and what is asked of it stands in it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from nicegui import run, ui
from starlette.requests import Request

from papercoder.artifacts import Evaluation
from papercoder.evaluation import rendering as judged
from papercoder.report import load
from papercoder.report.rendering import Section, parts_style, section
from papercoder.runs import folder as run_folder
from papercoder.web.parts import tabs
from papercoder.web.parts.changes import changes_html
from papercoder.web.parts.coverage import coverage_html
from papercoder.web.parts.going import keep_up, wait_for
from papercoder.web.parts.links import RunLinks
from papercoder.web.parts.verdicts import verdicts_html
from papercoder.web.server import layout as frame
from papercoder.web.server.state import Web


@dataclass(frozen=True)
class Asked:
    """What a browser asks to see."""

    name: str
    folder: Path
    query: Mapping[str, str]


Draw = Callable[[Asked], Awaitable[Markup]]


def register(web: Web) -> None:
    """Put up `/run/NAME/VIEW` for every view."""
    ui.add_head_html(f"<style>{parts_style('.report')}{judged.body_style('.report')}</style>", shared=True)
    for name, draw in _DRAWN.items():
        _put_up(web, tabs.BY_NAME[name], draw)


def _put_up(web: Web, tab: tabs.Tab, draw: Draw) -> None:
    @ui.page(f"/run/{{name}}/{tab.name}", response_timeout=90)
    async def view(name: str, request: Request) -> None:
        with frame.page(f"{name}, {tab.label.lower()}"):
            folder = web.shelf.run(name)
            bar = tabs.bar(name, folder, tab.name)
            if not tabs.is_there(tab, folder):
                wait_for(web, name, tab)
                return
            asked = Asked(name, folder, dict(request.query_params))
            shown = ui.html(await draw(asked), sanitize=False).classes(f"report view-{tab.name}")

            async def redraw() -> None:
                bar.set_content(tabs.bar_html(name, folder, tab.name))
                shown.set_content(await draw(asked))

            keep_up(web, name, redraw)


def _section(name: Section) -> Draw:
    """A section of the report as it is there."""

    def render(asked: Asked) -> Markup:
        return section(load(asked.folder), name, RunLinks(asked.name))

    return _in_thread(render)


def _in_thread(render: Callable[[Asked], Markup]) -> Draw:
    async def draw(asked: Asked) -> Markup:
        return await run.io_bound(render, asked) or Markup()

    return draw


def _coverage(asked: Asked) -> Markup:
    return coverage_html(load(asked.folder), RunLinks(asked.name))


def _verdicts(asked: Asked) -> Markup:
    return verdicts_html(asked.name, load(asked.folder), RunLinks(asked.name), asked.query)


async def _changes(asked: Asked) -> Markup:
    return await changes_html(asked.folder / "repo", asked.query)


def _evaluation(asked: Asked) -> Markup:
    (where,) = tabs.BY_NAME["evaluation"].needs
    return judged.body(run_folder.load(asked.folder, where, Evaluation))


_DRAWN: dict[str, Draw] = {
    "coverage": _in_thread(_coverage),
    "verdicts": _in_thread(_verdicts),
    "claims": _section("claims"),
    "assumptions": _section("assumptions"),
    "configuration": _section("configuration"),
    "design": _section("architecture"),
    "steps": _section("execution"),
    "checks": _section("checks"),
    "costs": _section("cost"),
    "changes": _changes,
    "evaluation": _in_thread(_evaluation),
    "losses": _section("losses"),
}
