"""The views of a run and the way between them; a view is offered where there is something to see."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup
from nicegui import ui

from papercoder.report.rendering import environment


@dataclass(frozen=True)
class Tab:
    """A view of a run."""

    name: str
    """Its part of the address, `/run/NAME/name`; empty for the run itself."""

    label: str
    needs: tuple[str, ...] = ()
    """Files of the run folder, one of which it shows; none: it is there from the start."""

    empty: str = ""
    """What to do where none of them is there."""


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


def is_there(tab: Tab, folder: Path) -> bool:
    """Is there something to see?"""
    return not tab.needs or any((folder / name).is_file() for name in tab.needs)


def address(run: str, view: str, **asked: object) -> str:
    """Of a view of a run, with what is asked of it."""
    query = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in asked.items() if value != "")
    path = f"/run/{quote(run, safe='')}" + (f"/{view}" if view else "")
    return f"{path}?{query}" if query else path


def bar_html(run: str, folder: Path, here: str) -> Markup:
    """The way between the views that there are; the first nine have their number as key."""
    shown = [tab for tab in TABS if tab.name == here or is_there(tab, folder)]
    template = environment("papercoder.web").get_template("tabs.html")
    rows = [(tab, address(run, tab.name), tab.name == here) for tab in shown]
    return Markup(template.render(run=run, rows=rows))  # noqa: S704  the template escapes


def bar(run: str, folder: Path, here: str) -> ui.html:
    """Draw it, with this view in sight also where the window is narrow."""
    ui.run_javascript("showTab()")
    return ui.html(bar_html(run, folder, here), sanitize=False).classes("ways")
