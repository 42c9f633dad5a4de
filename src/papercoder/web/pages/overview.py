"""The first tab of a run: its outcome, and what to do next."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nicegui import run, ui

from papercoder.evaluation import rendering as evaluation_page
from papercoder.files.regular import is_file
from papercoder.report import Report, load
from papercoder.report.formatting import LABELS, plural
from papercoder.report.model import State
from papercoder.report.rendering import parts_style, section
from papercoder.web.parts import live
from papercoder.web.parts.run_header import RunHeader
from papercoder.web.parts.tabs import RunLinks, address, refresh_on_progress
from papercoder.web.runs.view import View
from papercoder.web.server import layout
from papercoder.web.server.layout import Label, Link, alert, button, do
from papercoder.web.server.state import Web


@dataclass(frozen=True)
class NextStep:
    """Something that a user may do now."""

    title: str
    text: str
    label: str
    """Of its button."""

    target: str = ""
    """Address; empty: resumes the run."""


def next_steps(view: View, report: Report, folder: Path, run: str) -> Iterator[NextStep]:
    """What to do now, the most useful first."""
    if view.is_active:
        yield NextStep("The run is working", live.now(view), "Watch it", address(run, "progress"))
    elif view.state != "complete":
        text = "Continues where it stopped; nothing is paid for twice."
        yield NextStep("The run is not complete", text, "Resume")
    yield from _of_execution(report, run)
    if not view.is_active and is_file(folder, "repo/trials.py"):
        yield from _of_claims(report, run)
    yield from _of_requirements(report, run)
    if assumed := len(report.assumptions):
        text = f"The paper leaves {plural(assumed, 'choice')} open. Check them, or ask the authors."
        yield NextStep(f"Check {plural(assumed, 'assumption')}", text, "Show them", address(run, "assumptions"))
    if report.has_code and not view.is_active:
        text = "The whole repository as a zip: code, configuration, tests and how to run it."
        yield NextStep("Take the code", text, "Download", address(run, "repository.zip"))
    if is_file(folder, "report.html") and not view.is_active:
        yield NextStep(
            "Share the result", "One page that works offline.", "Open the report", address(run, "report.html")
        )


def _of_execution(report: Report, run: str) -> Iterator[NextStep]:
    failed = next((step for step in report.steps if step.status == "failed"), None)
    if failed:
        text = "Read what the command printed, correct the code, and resume the run."
        yield NextStep(
            f"The step “{failed.step}” failed", text, "Show the output", address(run, "progress") + "#execution"
        )


def _of_claims(report: Report, run: str) -> Iterator[NextStep]:
    results = address(run, "results")
    if missing := [item.source.name for item in report.data if item.state in {"missing", "changed", "cached"}]:
        text = "Trials without their data give toy results: " + ", ".join(missing[:4]) + "."
        yield NextStep(f"Get {plural(len(missing), 'missing data set')}", text, "Get the data", f"{results}#get-data")
    verdicts = report.claim_verdicts
    differs = verdicts["differs"] + report.ordering_verdicts["differs"]
    if differs and report.diagnosis is None:
        title = f"Find out why {plural(differs, 'claim')} {'differs' if differs == 1 else 'differ'}"
        text = "Tries other readings of the paper and suspected faults, and measures which explains the difference."
        yield NextStep(title, text, "Diagnose", f"{results}#diagnose")
    if not_run := verdicts["not_run"]:
        text = f"{not_run} of {plural(len(report.claims), 'claim')} have no measurement yet. You set the budget."
        yield NextStep("Measure the claims", text, "Set a budget", f"{results}#reproduce")


def _of_requirements(report: Report, run: str) -> Iterator[NextStep]:
    unmet = {state: report.states[state] for state in _UNMET if report.states[state]}
    if unmet:
        text = "By the review: " + ", ".join(f"{count} {LABELS[state]}" for state, count in unmet.items()) + "."
        title = f"Look at {plural(sum(unmet.values()), 'requirement')} that the code does not meet in full"
        yield NextStep(title, text, "Show them", address(run, "read", state=next(iter(unmet))))


_UNMET: tuple[State, ...] = ("contradicts", "missing", "partly")


def register(web: Web) -> None:
    """Register `/run/NAME`."""
    ui.add_head_html(f"<style>{parts_style('.report')}{evaluation_page.body_style('.report')}</style>", shared=True)

    @ui.page("/run/{name}", response_timeout=60)
    async def overview(name: str) -> None:
        with layout.page(web.runs_folder.label(name)):
            web.runs_folder.run(name)
            RunHeader(web, name, "")
            await Overview(web, name).draw()


class Overview:
    """The outcome in one browser."""

    def __init__(self, web: Web, name: str) -> None:
        self._web, self._name = web, name
        self._outcome = ui.html("", sanitize=False).classes("report view-overview")
        self._next = ui.element("section").classes("next-steps").mark("next-steps")

    async def draw(self) -> None:
        """Draw the outcome, and again whenever the run has made something."""
        await self._fill()
        refresh_on_progress(self._web, self._name, self._fill)

    async def _fill(self) -> None:
        folder = self._web.runs_folder.run(self._name)
        report = await run.io_bound(load, folder)
        if report is None:  # the server is shutting down
            return
        view = self._web.watchers.of(self._name).look()
        if view.is_active and report.execution is None:
            self._outcome.set_content(live.beginning(view))
        else:
            self._outcome.set_content(await run.io_bound(section, report, "observed", RunLinks(self._name)) or "")
        found = tuple(next_steps(view, report, folder, self._name))
        self._next.clear()
        with self._next:
            layout.heading("What to do next", 2)
            for position, step in enumerate(found):
                self._draw_step(step, is_first=position == 0)

    def _draw_step(self, step: NextStep, *, is_first: bool) -> None:
        with ui.element("article").classes("next-step"):
            with ui.element("div"):
                layout.heading(step.title, 3)
                Label(step.text).classes("soft")
            kind = "button main" if is_first else "button"
            if step.target:
                Link(step.label, step.target).classes(kind)
                return
            wrong = alert()
            button(step.label, do(self._resume, wrong), "main" if is_first else "").mark("resume-next")

    async def _resume(self) -> None:
        await self._web.active_runs.resume(self._name)
