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
    Tab("read", "Read", ("paper.json",), "The paper was not read yet. Paper and code stand here as soon as it is."),
    Tab(
        "coverage",
        "Coverage",
        ("planning/requirements.json",),
        "No requirements were extracted yet. A run extracts them first, with every profile but `papercoder`, `paper` "
        "and those of the plan alone.",
    ),
    Tab(
        "verdicts",
        "Verdicts",
        ("review/verdicts.json",),
        "The code was not reviewed yet. The profiles `review` and `full` hold it against every requirement.",
    ),
    Tab(
        "claims",
        "Claims",
        ("planning/claims.json",),
        "No claims were collected yet. The profile `full` collects the paper’s numbers, and runs of the whole "
        "reproduction are held against them.",
    ),
    Tab(
        "assumptions",
        "Assumptions",
        ("planning/requirements.json", "planning/config.json"),
        "Nothing was planned yet, so nothing was assumed. What the paper leaves open stands here once it is.",
    ),
    Tab(
        "configuration",
        "Configuration",
        ("planning/config.json",),
        "No configuration was designed yet. It follows the plan.",
    ),
    Tab(
        "design",
        "Design",
        ("planning/architecture.json", "planning/logic.json"),
        "Nothing was designed yet. The diagrams are drawn as soon as the architecture is there.",
    ),
    Tab(
        "steps",
        "Execution",
        ("execution/report.json",),
        "Nothing was executed yet. The profiles `repair` and `full` run the code in a sandbox.",
    ),
    Tab(
        "checks",
        "Checks",
        ("checking/report.json",),
        "The code was not checked yet. The profiles `repair` and `full` do so at their end.",
    ),
    Tab("costs", "Costs"),
    Tab(
        "changes",
        "Changes",
        ("repo/.git/HEAD",),
        "There is no code yet. Each stage that writes some makes a version, to be held against the others here.",
    ),
    Tab(
        "edit",
        "Edit",
        ("paper.json",),
        "Nothing was made yet that could be edited. The paper, as it was read, is the first that can.",
    ),
    Tab(
        "questions",
        "Questions",
        ("planning/plan.json",),
        "Nothing was planned yet. What the paper leaves open is a question for its authors as soon as it is.",
    ),
    Tab(
        "evaluation",
        "Evaluation",
        ("evaluation/evaluation.json",),
        "This run was not evaluated. `papercoder eval` with this run’s folder judges its repository, with or without "
        "the authors’ code or a rubric; the result stands here then.",
    ),
    Tab("losses", "Losses", ("paper.json",), "The paper was not read yet; what that loses is listed here."),
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
