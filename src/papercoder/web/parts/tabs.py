"""The views of a run: their tabs, their addresses, and their refresh while the run makes progress."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup
from nicegui import background_tasks, ui

from papercoder.errors import PaperCoderError
from papercoder.files.regular import is_file
from papercoder.report.rendering import environment
from papercoder.web.runs.view import View
from papercoder.web.server import layout
from papercoder.web.server.state import Web


@dataclass(frozen=True)
class Tab:
    """A view of a run."""

    name: str
    """Last part of its address, `/run/RUN/NAME`; empty for the run itself."""

    label: str
    needs: tuple[str, ...] = ()
    """The view exists once one of these files of the run folder does; always if there are none."""

    empty: str = ""
    """What to show before that."""


TABS = (
    Tab("", "Run"),
    Tab("read", "Read", ("paper.json",), "The paper has not been read yet."),
    Tab(
        "coverage",
        "Coverage",
        ("planning/requirements.json",),
        "No requirements yet. The profiles `requirements`, `review`, `repair` and `full` extract them.",
    ),
    Tab(
        "verdicts",
        "Verdicts",
        ("review/verdicts.json",),
        "Not reviewed yet. The profiles `review`, `repair` and `full` review the code against every requirement.",
    ),
    Tab(
        "claims",
        "Claims",
        ("planning/claims.json",),
        "No claims yet. The profiles `repair` and `full` collect the paper’s numbers and compare a full reproduction "
        "with them.",
    ),
    Tab(
        "assumptions",
        "Assumptions",
        ("planning/requirements.json", "planning/config.json"),
        "No plan yet. Assumptions appear here once there is one.",
    ),
    Tab(
        "configuration",
        "Configuration",
        ("planning/config.json",),
        "No configuration yet. It follows the plan.",
    ),
    Tab(
        "design",
        "Design",
        ("planning/architecture.json", "planning/logic.json"),
        "No design yet. Diagrams appear once the architecture is ready.",
    ),
    Tab(
        "steps",
        "Execution",
        ("execution/report.json",),
        "Not executed yet. The profiles `repair` and `full` execute the code in a sandbox.",
    ),
    Tab(
        "checks",
        "Checks",
        ("checking/report.json",),
        "Not checked yet. The profiles `repair` and `full` check the code at their end.",
    ),
    Tab(
        "data",
        "Data",
        ("planning/data.json",),
        "No list of data yet. The profiles `requirements`, `review`, `repair` and `full` list what the paper uses.",
    ),
    Tab("costs", "Costs"),
    Tab(
        "changes",
        "Changes",
        ("repo/.git/HEAD",),
        "No code yet. Each stage that writes code adds a version to compare.",
    ),
    Tab(
        "edit",
        "Edit",
        ("paper.json",),
        "Nothing to edit yet.",
    ),
    Tab(
        "questions",
        "Questions",
        ("planning/plan.json",),
        "No plan yet. Questions for the authors appear once there is one.",
    ),
    Tab(
        "evaluation",
        "Evaluation",
        ("evaluation/evaluation.json",),
        "Not evaluated yet. Run `papercoder eval` with this run’s folder.",
    ),
    Tab("losses", "Losses", ("paper.json",), "The paper has not been read yet."),
)

BY_NAME = {tab.name: tab for tab in TABS}


def is_available(tab: Tab, folder: Path) -> bool:
    """Does the view exist yet?"""
    return not tab.needs or any(is_file(folder, name) for name in tab.needs)


def address(run: str, view: str, **query: object) -> str:
    """The address of a view of a run."""
    pairs = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in query.items() if value != "")
    path = f"/run/{quote(run, safe='')}" + (f"/{view}" if view else "")
    return f"{path}?{pairs}" if pairs else path


def bar_html(run: str, folder: Path, here: str) -> Markup:
    """Links to the available views; the first nine have their number as key."""
    shown = [tab for tab in TABS if tab.name == here or is_available(tab, folder)]
    template = environment("papercoder.web").get_template("tabs.html")
    rows = [(tab, address(run, tab.name), tab.name == here) for tab in shown]
    return Markup(template.render(run=run, rows=rows))  # noqa: S704  the template escapes


def bar(run: str, folder: Path, here: str) -> ui.html:
    """Draw the tabs, scrolled to this view."""
    ui.run_javascript("showTab()")
    return ui.html(bar_html(run, folder, here), sanitize=False).classes("tab-bar")


def refresh_on_progress(web: Web, run: str, redraw: Callable[[], Awaitable[None]]) -> None:
    """Redraw a view whenever a stage has made something, until the browser leaves."""
    watcher, client = web.watchers.of(run), ui.context.client
    drawn = _progress_mark(watcher.look())

    async def draw() -> None:
        with suppress(PaperCoderError):  # an invalid artifact ends the run, and the run's page reports it
            await redraw()

    def listen(view: View) -> None:
        nonlocal drawn
        if _progress_mark(view) != drawn:
            drawn = _progress_mark(view)
            background_tasks.create_lazy(draw(), name=f"redraw-{client.id}")

    client.on_delete(watcher.listen(listen))


def show_empty(web: Web, run: str, tab: Tab) -> None:
    """Explain what to do in place of a view that does not exist yet, and load it once it does."""
    layout.empty(tab.empty, "Watch the run", address(run, ""))
    reload_when(web, run, lambda: is_available(tab, web.runs_folder.run(run)))


def reload_when(web: Web, run: str, condition: Callable[[], bool]) -> None:
    """Reload the page once a condition holds."""
    client = ui.context.client

    async def check() -> None:
        if condition():
            client.run_javascript("location.reload()")

    refresh_on_progress(web, run, check)


def _progress_mark(view: View) -> tuple[object, ...]:
    """Changes whenever a view may have something new."""
    return (view.state, len(view.steps), *((stage.summary.name, stage.done) for stage in view.stages))
